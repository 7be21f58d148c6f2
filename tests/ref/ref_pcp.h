/*
 * Naive per-CPU lists: each list an array whose first element is its front, moved as a whole at every change;
 * rules spelled out one by one, sizes worked out anew at every use. It takes blocks from a zone of its own
 * and gives them back there: that the same pages come out of both says that both asked for the same blocks in
 * the same order. Only order 0 for the old forms; one node.
 */
#ifndef MMSIM_REF_PCP_H
#define MMSIM_REF_PCP_H

#include "model/mm/alloc.h"

#define REF_PCP_LISTS 14u
#define REF_PCP_CPUS  4u

struct ref_pcp_list {
	u32 *pfn;
	u8 *order, *type;
	u32 n, room;
};

struct ref_pcp_set {
	struct ref_pcp_list list[REF_PCP_LISTS];
	u64 high;
	u32 factor, freed;
	bool freed_high_order;
};

struct ref_pcp {
	struct zone *zone; /* the twin's own */
	enum pcp_form form;
	enum kernel_era era;
	u32 cpus;
	struct ref_pcp_set cpu[REF_PCP_CPUS];
	u64 refills, refilled, drains, drained;
	u64 last_burst; /* pages of the last refill or drain */
};

void ref_pcp_init(struct ref_pcp *r, struct zone *z, enum pcp_form form, u32 cpus);
void ref_pcp_fini(struct ref_pcp *r);
u64 ref_pcp_alloc(struct ref_pcp *r, u32 cpu, u32 order, enum migratetype type, bool cold);
void ref_pcp_free(struct ref_pcp *r, u32 cpu, u64 pfn, u32 order, enum migratetype type, bool cold);
void ref_pcp_drain(struct ref_pcp *r, u32 cpu);
bool ref_pcp_tick(struct ref_pcp *r, u32 cpu);
u64 ref_pcp_count(const struct ref_pcp *r, u32 cpu);

#endif
