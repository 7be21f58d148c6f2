/*
 * One file of a directory of results: written beside its place under a temporary name and moved there when it
 * is complete, so that a full disk or a kill leaves the old file or none, never half of one.
 */
#ifndef MMSIM_ANALYSIS_OUT_H
#define MMSIM_ANALYSIS_OUT_H

#include <stdio.h>

struct out {
	FILE *f;
	char *path, *tmp;
};

/* Fails naming the file. */
void out_open(struct out *o, const char *dir, const char *name);
/* Flushes, checks, and moves the file to its place; fails naming the file. */
void out_close(struct out *o);

#endif
