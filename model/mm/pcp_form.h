/*
 * What the three forms of per-CPU lists (pcp.h) share: the table of a form, lists of blocks, and what
 * touching them costs. Private to pcp*.c.
 */
#ifndef MMSIM_MM_PCP_FORM_H
#define MMSIM_MM_PCP_FORM_H

#include "model/mm/buddy.h"
#include "model/mm/pcp.h"

/* No member may be NULL. */
struct pcp_form_ops {
	void (*init)(const struct zone *z, struct pcp *p, u32 cpus_of_node);
	bool (*takes)(const struct page_alloc *pa, u32 order);
	u32 (*list_of)(const struct page_alloc *pa, u32 order, enum migratetype type);
	u64 (*alloc)(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp,
		     bool *refilled);
	void (*free)(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold);
	void (*drain)(struct zone *z, struct cpu *c, struct pcp *p, u32 pages); /* no more than there are */
	bool (*decay)(struct zone *z, struct cpu *c, struct pcp *p);
	u8 count_at, head_at, head_step; /* in struct per_cpu_pages; of its i-th list */
	u8 word_step;                    /* heads also move by so many words a list, with 64 bits */
};
extern const struct pcp_form_ops pcp_hot_cold, pcp_merged, pcp_lists;
const struct pcp_form_ops *pcp_form(const struct page_alloc *pa);

/* batch = min(share, cap)/4, then of the form 2^n - 1 (0 for small zones); cap in bytes. zone_batchsize() */
u32 pcp_batch(const struct zone *z, u64 pages, u64 cap);
/* Eras before 2.6.16: without the rounding, and at least 1. */
u32 pcp_plain_batch(const struct zone *z, u64 pages, u64 cap);

/* ---- costs ---- */

/* A block of list i was linked or unlinked; other: its neighbour there, NO_PAGE: the head. Out of line. */
void pcp_charge_link(const struct zone *z, struct cpu *c, enum kernel_path path, const struct pcp *p, u32 i,
		     u64 pfn, u32 other);
/* Finding the set, and counting the event. */
void pcp_charge_set(const struct zone *z, struct cpu *c, const struct pcp *p);

static inline bool pcp_charged(const struct zone *z)
{
	return unlikely(z->pa->charger->on);
}

/* ---- lists ---- */

/* Behind a block of the list, NO_PAGE: before its first. */
static inline void pcp_insert(struct zone *z, struct pcp *p, u32 i, u32 pfn, u32 behind)
{
	struct free_list *l = &p->list[i];
	struct page *pg = page_of(&z->pa->map, pfn);

	pg->prev = behind;
	pg->next = behind == NO_PAGE ? l->first : page_of(&z->pa->map, behind)->next;
	if (pg->prev == NO_PAGE)
		l->first = pfn;
	else
		page_of(&z->pa->map, pg->prev)->next = pfn;
	if (pg->next == NO_PAGE)
		l->last = pfn;
	else
		page_of(&z->pa->map, pg->next)->prev = pfn;
	p->nr[i]++;
}

static inline void pcp_unlink(struct zone *z, struct pcp *p, u32 i, u32 pfn)
{
	struct free_list *l = &p->list[i];
	const struct page *pg = page_of(&z->pa->map, pfn);

	if (pg->prev == NO_PAGE)
		l->first = pg->next;
	else
		page_of(&z->pa->map, pg->prev)->next = pg->next;
	if (pg->next == NO_PAGE)
		l->last = pg->prev;
	else
		page_of(&z->pa->map, pg->next)->prev = pg->prev;
	p->nr[i]--;
}

/* ---- what all forms do with them ---- */

/* The block leaves for its user, from list i. */
static inline u64 pcp_hand_out(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 pfn, u32 pages)
{
	if (pcp_charged(z)) {
		const struct page *pg = page_of(&z->pa->map, pfn);

		pcp_charge_link(z, c, KPATH_PCP, p, i, pfn, pg->next != NO_PAGE ? pg->next : pg->prev);
	}
	pcp_unlink(z, p, i, pfn);
	page_of(&z->pa->map, pfn)->state = PAGE_ALLOCATED;
	p->count -= pages;
	z->pa->pcp_st.allocs += pages;
	return pfn;
}

/* What its user gives back, into list i behind a block, NO_PAGE: to its front. */
static inline void pcp_take_in(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 pfn, u32 order,
			       enum migratetype type, u32 behind)
{
	struct page *pg = page_of(&z->pa->map, pfn);

	pg->state = PAGE_PCP;
	pg->order = (u8)order;
	pg->type = (u8)type;
	if (pcp_charged(z)) {
		pcp_charge_set(z, c, p);
		pcp_charge_link(z, c, KPATH_PCP, p, i, pfn, behind == NO_PAGE ? p->list[i].first : behind);
	}
	pcp_insert(z, p, i, pfn, behind);
	p->count += 1u << order;
	z->pa->pcp_st.frees += 1u << order;
}

/* Where the blocks of a refill go: in their order behind the last or before the first one of the list, or to
 * its end so that the last of the list is the first that came. */
enum refill_to { TO_END, TO_FRONT, TO_END_BACKWARDS };

/* Blocks from the buddy into list i; returns how many there were. */
u32 pcp_refill(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 order, enum migratetype type, u32 gfp,
	       u32 blocks, enum refill_to to);
/* Of a list with blocks of all types: the first, or the last, of that type; NO_PAGE: there is none. */
u32 pcp_find(const struct zone *z, struct cpu *c, const struct pcp *p, u32 i, enum migratetype type,
	     bool last);
/* The last block of list i back to the buddy, whose lock is held; type: of the list there. */
void pcp_give_last(struct zone *z, struct cpu *c, struct pcp *p, u32 i, enum migratetype type);
void pcp_drain_begin(struct zone *z, struct cpu *c);
void pcp_drain_end(struct zone *z, struct cpu *c);

#endif
