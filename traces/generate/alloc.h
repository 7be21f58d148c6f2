/*
 * What the generators of allocation events share: each CPU is a thread of the recording, on which blocks of
 * pages or objects are taken and given back. Private to generate/.
 */
#ifndef MMSIM_TRACES_GENERATE_ALLOC_H
#define MMSIM_TRACES_GENERATE_ALLOC_H

#include "traces/generate/generate.h"

/* What is asked for, and how its user behaves. */
struct alloc_ask {
	u64 bytes;  /* of an object; 0: pages */
	u32 order;  /* of pages */
	u32 gfp;    /* TR_GFP_* */
	u64 touch;  /* bytes that are written after the allocation */
	u64 again;  /* bytes that are read before the free */
	u64 gap;    /* ns since the thread's last event */
	bool cold;  /* freed cold */
	bool reads; /* instead of writing after the allocation */
};

struct alloc_block {
	struct alloc_ask ask;
	u64 name;
};

struct alloc_work {
	struct generation *g;
	u32 cpus;
	u64 live; /* blocks in use at the same time, on one CPU */
	struct tr_encoder *enc[GENERATE_THREADS];
	struct tr_event last[GENERATE_THREADS]; /* of each CPU, not written yet: it may get a number */
	u64 names;                              /* given so far */
};

void alloc_begin(struct alloc_work *w, struct generation *g);
void alloc_end(struct alloc_work *w);
/* What the options say: pages of --order, or objects. */
struct alloc_ask alloc_usual(const struct generation *g);
struct alloc_block alloc_take(struct alloc_work *w, u32 cpu, const struct alloc_ask *ask);
void alloc_give(struct alloc_work *w, u32 cpu, const struct alloc_block *b);
/* Everything that happened so far on any CPU has happened before what follows on any CPU. */
void alloc_meet(struct alloc_work *w);
/* Room for n blocks; the caller frees it. */
struct alloc_block *alloc_room(u64 n);

#endif
