/*
 * What the cores of a machine stand on: the shared levels, each of one or more instances, and DRAM, maybe in
 * nodes. Cores put their private caches on top of their ports. A level that some cores share has an instance
 * a group of that many neighbouring cores. A directory (coherence.h) stands above an instance, or DRAM, where
 * several of the next level up, or several cores, meet.
 */
#ifndef MMSIM_HW_MEMORY_H
#define MMSIM_HW_MEMORY_H

#include "model/hw/cache.h"
#include "model/hw/hw.h"
#include "model/hw/sharing.h"

struct memory;
/* Of a configuration that hw_check() accepts for that many cores. */
struct memory *memory_new(const struct hw_cfg *cfg, u32 cores, u64 hz, u64 seed);
void memory_free(struct memory *m);
/* Where a core's private caches send what they miss. */
struct port *memory_port(struct memory *m, u32 core);
/* What stands right above that port: a private cache, or an L1I and an L1D. To be said before any access. */
void memory_attach(struct memory *m, u32 core, struct above *above);
/* What caches on these ports must heed: NEEDS_* of cache.h. */
u32 memory_needs(const struct memory *m);
/* The lines with the most sharing misses, see sharing_top(). */
u32 memory_sharing_top(const struct memory *m, struct sharing_line *top, u32 n);
/*
 * Registers "l2.", "l3." and "l4." as far as they are shared, with a number ("l3_0.") where there are
 * several, and those of numa.h; of the directory above each "l3.directory.", "dram.directory." and so on.
 */
void memory_stats(const struct memory *m, struct stats *s);
/* Registers what a checkpoint holds of the memory of one core, where there are no directories. */
void memory_state(struct memory *m, struct state *s);
/* Calls fn for the lines of all shared levels, the last level first; see cache_each(). */
void memory_each_line(const struct memory *m, cache_line_fn fn, void *arg);
/* Writes every dirty line down, level by level, to DRAM. */
void memory_copy_back(struct memory *m, u64 now);
/* --check: walks the arrays; ASSERTs. */
void memory_sane(const struct memory *m);

#endif
