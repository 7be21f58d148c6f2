/*
 * The streams of references in a recording whose stack distances are wanted: data accesses, instruction
 * fetches or both, by lines and by pages of any size, all in one pass.
 *
 * References are those that a machine's first level counts (README.md, "What is counted"): one that crosses
 * lines is one in each, low address first; a fetch is one an instruction and line; a run's fetches come
 * before its data accesses. An atomic asks for its line once. Software prefetches are left out.
 *
 * The order of threads is that of the recording's packets, or each thread is a stream of its own. Each
 * process has an address space of its own, and a new one after exec: what processes share is counted apart.
 * What the kernel does is left out, and so is that memory is unmapped.
 */
#ifndef MMSIM_ANALYSIS_MRC_H
#define MMSIM_ANALYSIS_MRC_H

#include "analysis/stackdist.h"
#include "traces/trace.h"

enum mrc_kind { MRC_DATA, MRC_FETCH, MRC_ALL, NR_MRC_KINDS };
extern const char *const mrc_kind_name[NR_MRC_KINDS];

#define MRC_MAX_UNITS 8u

struct mrc_cfg {
	bool kind[NR_MRC_KINDS];
	u32 unit[MRC_MAX_UNITS]; /* bytes, powers of two; the first is the line, the others are pages */
	u32 n_units;
	double rate; /* of the lines that are followed; pages are few, and all are */
	u64 seed;
	bool per_thread;
};

struct mrc_curve {
	enum mrc_kind kind;
	u32 unit;   /* index into the configuration's */
	u32 thread; /* index; 0 without per_thread */
	struct stackdist *dist;
};

struct mrc_thread {
	u32 pid, tid;
};

struct mrc {
	const struct mrc_cfg *cfg;
	struct mrc_curve *curve;
	u32 n_curves;
	struct mrc_thread *thread; /* streams, with per_thread */
	u32 n_threads;
	u64 references;
	struct mrc_state *state;
};

void mrc_init(struct mrc *m, const struct mrc_cfg *cfg);
void mrc_fini(struct mrc *m);
/* A packet of the one trace that this is about. */
void mrc_packet(struct mrc *m, struct trace *t, struct tr_cursor *c, const struct trace_packet *p);
/* After the last packet: results can be asked for. */
void mrc_finish(struct mrc *m);

#endif
