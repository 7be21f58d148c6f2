/*
 * A list of texts of its own.
 */
#ifndef MMSIM_ANALYSIS_STRINGS_H
#define MMSIM_ANALYSIS_STRINGS_H

#include "model/base/types.h"

struct strings {
	char **at;
	u32 n;
};

void strings_add(struct strings *s, const char *text);
void strings_fini(struct strings *s);

#endif
