/*
 * An allocation on its way through the zones: what alloc.c (the passes) and alloc_slow.c (what is done when
 * the first finds nothing) share. For those two.
 */
#ifndef MMSIM_MM_ALLOC_REQUEST_H
#define MMSIM_MM_ALLOC_REQUEST_H

#include "model/mm/watermark.h"

/* Which mark a pass over the zones leaves. */
enum pass {
	PASS_LOW,
	PASS_MIN,
	PASS_HIGH, /* before someone is killed: has memory come back meanwhile? */
	PASS_LAST, /* 2.4.0: a quarter of the min mark */
};

struct request {
	struct page_alloc *pa;
	struct cpu *c;
	const struct zonelist *list;
	u64 nodes; /* that it may have memory of, a bit each */
	u32 gfp, order;
	enum zone_type highest;
	enum migratetype type;
	u32 alloc; /* ALLOC_* */
	enum ladder_kind served; /* answer: by what */
};

/* get_page_from_freelist(): the first zone that has more than the mark and a block. */
u64 alloc_pass(struct request *r, enum pass pass);
/* __alloc_pages_slowpath() */
u64 alloc_slow(struct request *r);

#endif
