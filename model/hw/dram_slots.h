/*
 * The times at which a channel's column commands and a rank's activations are reserved, and the search for
 * the next one: the earliest time from which on JEDEC's gaps to all others hold, before and after. A later
 * request may thus take a gap before one that was reserved earlier, but never moves it.
 *
 * Only the latest are kept; what is older than the oldest kept one cannot be reserved any more. Not modelled:
 * the command bus (one command a clock).
 *
 * Called by dram.c.
 */
#ifndef MMSIM_HW_DRAM_SLOTS_H
#define MMSIM_HW_DRAM_SLOTS_H

#include "model/hw/dram_cfg.h"

/* Both are powers of two: the kept ones are rings in the order of their times. */
#define DRAM_COLUMNS     16u /* kept of a channel */
#define DRAM_ACTIVATIONS 8u  /* kept of a rank: two windows of tFAW */

/* Where the later of two column commands lies as seen from the earlier. */
enum dram_relation { OTHER_RANK = 0, SAME_RANK = 1, SAME_GROUP = 2, NR_DRAM_RELATIONS };

/* Ticks that a column command keeps from another, before and after it. */
struct dram_gap {
	u64 before, after;
};

struct dram_gaps {
	struct dram_gap gap[2][2][NR_DRAM_RELATIONS]; /* [write of the one][write of the other] */
	u64 longest;
	u64 longest_to[2],
		longest_from[2]; /* to a read or write that comes later, from one that is earlier */
};
void dram_gaps_init(struct dram_gaps *g, const u64 t[NR_DRAM_TIMES]);

struct dram_column {
	u64 at;
	u16 rank, group; /* small, that a column is two words */
	bool write;
};

struct dram_columns {
	u64 floor;
	u32 first, n;
	u32 turned; /* changes of direction that the last one added */
	struct dram_column c[DRAM_COLUMNS];
};
/* want->at: the earliest time, becomes the time taken. */
void dram_columns_take(struct dram_columns *s, const struct dram_gaps *g, struct dram_column *want);

struct dram_activation {
	u64 at;
	u32 group;
};

struct dram_activations {
	u64 floor;
	u32 first, n;
	struct dram_activation a[DRAM_ACTIVATIONS];
};
u64 dram_activations_take(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 earliest);

#endif
