/*
 * The multi-generational LRU of 6.1 on: pages lie in two to four generations, private ones and those of files
 * apart, in which they are evicted from the oldest. Aging makes a new youngest generation and moves there
 * what the accessed bits of all page tables say was used since; eviction moves there what a walk from a page
 * finds used around it. mm/vmscan.c: lru_gen_*, Documentation/mm/multigen_lru.rst.
 *
 * A page's generation is in its marks (PG_GEN). Not modelled: bloom filters, so that aging looks at every
 * table; tiers above the second; that what aging finds moves only when eviction comes to it; memcg's own
 * generations. For model/mm.
 */
#ifndef MMSIM_MM_LRU_GEN_H
#define MMSIM_MM_LRU_GEN_H

#include "model/mm/lru.h"

#define MIN_NR_GENS 2u /* include/linux/mmzone.h; the most is LRU_GENS */

static inline u32 gen_slot(u64 seq)
{
	return (u32)(seq % LRU_GENS);
}

static inline u32 page_gen_slot(const struct page *p)
{
	return (u32)(p->marks >> PG_GEN_SHIFT) - 1;
}

static inline enum lru_list gen_list(u64 seq, bool file)
{
	return (enum lru_list)(LRU_GEN_FIRST + gen_slot(seq) * 2 + file);
}

void lru_gen_init(struct lruvec *v);
/* A page comes in: which generation, lru_gen_add_folio(). Its marks say it afterwards. */
void lru_gen_place(struct lruvec *v, struct page *p);
/* A page was found used: it becomes one of the youngest. */
void lru_gen_promote(struct kernel *k, struct lruvec *v, u64 pfn);
/* Pages of a type, of all generations. */
u64 lru_gen_pages(const struct lruvec *v, bool file);
/* try_to_inc_max_seq(): the page tables are looked at, and a new generation begins. */
void lru_gen_age(struct kernel *k, struct cpu *c, struct lruvec *v);
/* The oldest generation is empty: try_to_inc_min_seq(). */
void lru_gen_forget_empty(struct lruvec *v, bool file);
/* The next younger generation, if the page is not of the youngest but one. */
void lru_gen_protect(struct kernel *k, struct cpu *c, struct lruvec *v, u64 pfn);

#endif
