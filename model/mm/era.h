/*
 * Which Linux's rules are followed. An era stands for the versions from it up to the next; what differs
 * between eras is a table in the file of the mechanism, by enum kernel_era, with its source. Each mechanism
 * can be chosen by itself too (kernel.pcp, kernel.slab, ...); "era" there means the one of the era.
 *
 * Anyone in model/mm may include this.
 */
#ifndef MMSIM_MM_ERA_H
#define MMSIM_MM_ERA_H

#include "model/base/types.h"

enum kernel_era {
	ERA_2_4_0,
	ERA_2_4_21, /* 2.4.10+, Arcangeli's VM */
	ERA_2_5_66,
	ERA_2_6_5,
	ERA_2_6_9,  /* 2.6.7 to 2.6.10 */
	ERA_2_6_18, /* 2.6.11 to 2.6.24 */
	ERA_2_6_26, /* 2.6.25 to 2.6.33 */
	ERA_2_6_37, /* 2.6.34 to 5.x */
	ERA_6_X,    /* 6.7 on */
	NR_ERAS,
};
extern const char *const era_names[]; /* "2.4.0", ..., NULL */

/* Eras for which instructions were counted or estimated: columns of the table of steps (step.h). */
enum era_class { CLASS_2_4, CLASS_2_6_9, CLASS_2_6_37, CLASS_6_X, NR_ERA_CLASSES };

static inline enum era_class era_class(enum kernel_era era)
{
	if (era <= ERA_2_4_21)
		return CLASS_2_4;
	if (era <= ERA_2_6_18)
		return CLASS_2_6_9;
	return era <= ERA_2_6_37 ? CLASS_2_6_37 : CLASS_6_X;
}

/* Pageblocks and free lists have a migratetype: since 2.6.24. */
static inline bool era_has_types(enum kernel_era era)
{
	return era >= ERA_2_6_26;
}

/* Bytes of a struct page; 32-bit layouts are told by word = 4. Source: facts of each tree, see era.c. */
u32 era_page_bytes(enum kernel_era era, u32 word);

#endif
