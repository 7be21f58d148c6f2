/*
 * What the cores of a machine share: the L3 (and the L2 where l2.sharers is more than one), and DRAM. Cores
 * put their private caches on top of its port.
 */
#ifndef MMSIM_HW_MEMORY_H
#define MMSIM_HW_MEMORY_H

#include "model/hw/hw.h"

struct memory;
struct memory *memory_new(const struct hw_cfg *cfg, u64 hz, u64 seed);
void memory_free(struct memory *m);
/* Where a core's private caches send what they miss. */
struct port *memory_port(struct memory *m);
/* Registers "l2." and "l3." as far as they are shared, and "dram.". */
void memory_stats(const struct memory *m, struct stats *s);
/* Writes every dirty line down, level by level, to DRAM. */
void memory_copy_back(struct memory *m, u64 now);
/* --check: walks the arrays; ASSERTs. */
void memory_sane(const struct memory *m);

#endif
