/*
 * A naive judge of DRAM commands: takes them in any order, sorts them by time, and checks every pair of them
 * against a list of rules in picoseconds, and every column command against the row that is open. It knows
 * nothing of how the model finds its times. For each rule it keeps how close two commands came to breaking
 * it.
 */
#ifndef MMSIM_REF_DRAM_H
#define MMSIM_REF_DRAM_H

#include "model/hw/dram.h"

enum ref_scope {
	REF_BANK,        /* same bank */
	REF_GROUP,       /* same bank group of a rank */
	REF_OTHER_GROUP, /* same rank, other group */
	REF_RANK,        /* same rank */
	REF_OTHER_RANK,  /* same channel, other rank */
};

struct ref_rule {
	const char *name;
	u32 first, second; /* masks of 1 << enum dram_command */
	enum ref_scope scope;
	u64 ps;
	u64 closest; /* answer: fewest ticks beyond ps, rounded up; ~0: no such pair */
};

struct ref_command {
	enum dram_command c;
	struct dram_place p;
	u64 tick;
};

struct ref_dram {
	u64 hz;
	u64 faw_ps, faw_closest;
	struct ref_rule *rule; /* ends with name NULL */
	struct ref_command *log;
	u32 n, cap;
	u32 broken; /* rules broken, each told on stderr */
};

/* To be given to dram_watch(). */
void ref_dram_note(void *arg, enum dram_command c, const struct dram_place *p, u64 tick);
void ref_dram_judge(struct ref_dram *r);
u64 ref_dram_ticks(const struct ref_dram *r, u64 ps);

#endif
