/*
 * Way partitioning: classes of service, each with the ways of a level that it may fill (Intel's cache
 * allocation technology, SDM volume 3, 17.19). A class hits in every way. A class of which nothing is said
 * may fill all.
 *
 * A mask need not be of neighbouring ways, as it has to be in some processors.
 */
#ifndef MMSIM_HW_PARTITION_H
#define MMSIM_HW_PARTITION_H

#include "model/base/types.h"

#define PARTITION_CLASSES 16u /* as many as one hexadecimal digit names, and Skylake's last level has */
#define PARTITION_WAYS    64u

struct partition {
	u64 ways[PARTITION_CLASSES]; /* bit n: way n */
};

/*
 * text: masks of class 0, 1, ... as "0xff0,0x00f", or "" (all for all). NULL, or what is wrong with it for so
 * many ways.
 */
const char *partition_parse(struct partition *p, const char *text, u32 ways);
/* NULL: the text says nothing. It has been checked. */
struct partition *partition_new(const char *text, u32 ways);

#endif
