/*
 * A recording of a kernel's page allocator, prepared for a replay: events in the order in which pages reached
 * the lists, and what the kernel did with its per-CPU lists.
 *
 * What the events do not say is settled here, by what the kernel does (mm/page_alloc.c of 6.12):
 *
 * - free_unref_folios() says mm_page_free of a whole batch, then for each page mm_page_free_batched when it
 *   goes to its list. A page is freed once, at the second where there is one.
 * - A refill holds the lock of the CPU's lists until its first page is handed out (mm_page_alloc). What the
 *   same CPU does before that, it does in an interrupt that finds the lock taken: past the lists.
 * - A drain that no free of the same task came just before is the tick's.
 * - A page goes to the list of its pageblock's type, which is told by drains of other pages of the block,
 *   else by most of its allocations, else taken for movable.
 */
#ifndef MMSIM_ANALYSIS_KMEM_RECORDING_H
#define MMSIM_ANALYSIS_KMEM_RECORDING_H

#include "analysis/kmem_zoneinfo.h"
#include "traces/kmem_file.h"

enum kmem_act {
	KMEM_ACT_NONE, /* said again, or elsewhere */
	KMEM_ACT_ALLOC,
	KMEM_ACT_FREE,
	KMEM_ACT_TICK,
	KMEM_ACT_REFILL, /* a burst of the kernel's begins */
	KMEM_ACT_DRAIN,
};

struct kmem_step {
	u64 time_ns, pfn;
	u32 pid, burst; /* burst: of REFILL, DRAIN and TICK */
	u16 cpu;
	u8 act, zone, order, type; /* type: of the list */
	bool past;                 /* past the lists, in an interrupt */
	bool guessed;              /* type */
};

/* A refill or a drain: blocks that moved one after the other, without anything else on that CPU. */
struct kmem_burst {
	u64 step; /* the allocation or free that caused it; a tick's: its own */
	u64 pages, blocks;
	u16 cpu;
	u8 zone, order, type; /* of its first block */
	bool drain, tick;
};

struct kmem_bursts {
	struct kmem_burst *burst;
	u32 n, room;
};

struct kmem_recording {
	struct kmem_step *step;
	u64 n, room;
	struct kmem_bursts kernel;
	struct kmem_drained {
		u32 burst;
		u8 order, type;
	} * drained; /* blocks of drains, in order */
	u64 n_drained, room_drained;
	u64 events, others, damaged, batched, extfrags, outside; /* outside: of no zone or CPU */
	u64 past, guessed, failed;
	u64 first_ns, last_ns;
};

void kmem_bursts_add(struct kmem_bursts *b, const struct kmem_burst *burst);

/* die()s if it cannot be read; keep_going: damaged lines are counted and left out. */
void kmem_recording_read(struct kmem_recording *r, const char *path, const struct kmem_zoneinfo *info,
			 bool keep_going);
void kmem_recording_fini(struct kmem_recording *r);

#endif
