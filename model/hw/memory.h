/*
 * What the cores of a machine stand on: the shared levels, each of one or more instances, and DRAM. Cores
 * put their private caches on top of their ports. A level that some cores share has an instance a group of
 * that many neighbouring cores.
 */
#ifndef MMSIM_HW_MEMORY_H
#define MMSIM_HW_MEMORY_H

#include "model/hw/hw.h"

struct memory;
/* Of a configuration that hw_check() accepts for that many cores. */
struct memory *memory_new(const struct hw_cfg *cfg, u32 cores, u64 hz, u64 seed);
void memory_free(struct memory *m);
/* Where a core's private caches send what they miss. */
struct port *memory_port(struct memory *m, u32 core);
/*
 * Registers "l2.", "l3." and "l4." as far as they are shared, with a number ("l3_0.") where there are
 * several, and "dram.".
 */
void memory_stats(const struct memory *m, struct stats *s);
/* Writes every dirty line down, level by level, to DRAM. */
void memory_copy_back(struct memory *m, u64 now);
/* --check: walks the arrays; ASSERTs. */
void memory_sane(const struct memory *m);

#endif
