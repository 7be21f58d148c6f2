/*
 * /proc/zoneinfo of a kernel of 6.7 on: the zones with their marks, and what each CPU's list of pages holds.
 * For kmem_*.c and the verb.
 */
#ifndef MMSIM_ANALYSIS_KMEM_ZONEINFO_H
#define MMSIM_ANALYSIS_KMEM_ZONEINFO_H

#include "model/arch/cpu.h"

#define KMEM_ERRBUF 256u

struct kmem_pageset {
	u32 count, high, batch, high_min, high_max;
};

struct kmem_zone {
	u32 node;
	char name[16];
	u64 start, spanned, present, managed, free; /* pages */
	u64 boost, min, low, high;
	struct kmem_pageset cpu[MAX_CPUS];
};

#define KMEM_MAX_ZONES 64u

struct kmem_zoneinfo {
	struct kmem_zone zone[KMEM_MAX_ZONES]; /* those that have pages */
	u32 n, cpus;
};

/* False with err filled: what is wrong with the file, and in which line. */
bool kmem_zoneinfo_read(struct kmem_zoneinfo *info, const char *path, char err[KMEM_ERRBUF]);
/* The zone of a page; -1: none has it. */
int kmem_zone_of(const struct kmem_zoneinfo *info, u64 pfn);

#endif
