/* Eviction from the oldest generation: lru_gen_shrink_lruvec(), evict_folios(), isolate_folios() of 6.12. */
#include "model/mm/footprint.h"
#include "model/mm/lru_gen.h"
#include "model/mm/vmscan.h"

#define MIN_BATCH 64u /* MIN_LRU_BATCH */

/*
 * should_run_aging(): fewer generations than there have to be, or the youngest has most of the pages, or the
 * oldest few.
 */
static bool should_age(const struct scan *s, const struct lruvec *v)
{
	u64 min = s->may_swap ? MIN(v->min_seq[0], v->min_seq[1]) : v->min_seq[1], seq, n;
	u64 total = 0, young = 0, old = 0;
	u32 file;

	if (min + MIN_NR_GENS > v->max_seq)
		return true;
	if (min + MIN_NR_GENS < v->max_seq)
		return false;
	for (file = s->may_swap ? 0 : 1; file < 2; file++) {
		for (seq = v->min_seq[file]; seq <= v->max_seq; seq++) {
			n = v->n[gen_list(seq, file)];
			total += n;
			young += seq == v->max_seq ? n : 0;
			old += seq + MIN_NR_GENS == v->max_seq ? n : 0;
		}
	}
	return young * MIN_NR_GENS > total || old * (MIN_NR_GENS + 2) < total;
}

/* positive_ctrl_err(): whether the other type's refaults, by its gain, are no more than this one's. */
static bool other_is_cheaper(const struct lruvec *v, bool other, const u32 gain[2])
{
	u64 total = MAX(v->gen_evicted[!other], MIN_BATCH), other_total = MAX(v->gen_evicted[other], 1);

	return v->gen_refaulted[other] < MIN_BATCH ||
	       v->gen_refaulted[other] * total * gain[!other] <=
		       (v->gen_refaulted[!other] + 1) * other_total * gain[other];
}

/* get_type_to_scan(), and isolate_folios() before it. Whether files are to be scanned. */
static bool choose_file(const struct scan *s, const struct lruvec *v)
{
	u32 swappiness = s->k->cfg.swappiness;
	const u32 gain[2] = { swappiness, 200 - swappiness };

	if (!s->may_swap || !swappiness)
		return true;
	if (v->min_seq[0] < v->min_seq[1])
		return false;
	if (v->min_seq[0] > v->min_seq[1])
		return true;
	return other_is_cheaper(v, true, gain);
}

/* Used more than once through files: the second tier, which stays for another generation. sort_folio() */
static bool is_protected(const struct page *p)
{
	return (p->marks & (PG_REFERENCED | PG_WORKINGSET)) == (PG_REFERENCED | PG_WORKINGSET);
}

/* scan_folios() */
static void take_oldest(struct scan *s, struct lruvec *v, bool file, struct page_batch *b)
{
	enum lru_list list = gen_list(v->min_seq[file], file);
	u64 left = v->n[list];
	struct page *p;
	u32 pfn;

	for (; left && v->tail[list] != NO_PAGE && is_protected(p = page_of(&s->k->pa->map, v->tail[list]));
	     left--) {
		pfn = v->tail[list];
		p->marks &= (u16)~PG_REFERENCED;
		lru_gen_protect(s->k, s->c, v, pfn);
	}
	isolate_pages(s, v, list, SWAP_CLUSTER_MAX, b);
}

/* Pages that were looked at. */
static u64 evict(struct scan *s, struct lruvec *v)
{
	struct page_batch b;
	u32 taken, freed;
	bool file;

	lru_gen_forget_empty(v, false);
	lru_gen_forget_empty(v, true);
	file = choose_file(s, v);
	take_oldest(s, v, file, &b);
	if (!b.n && s->may_swap && v->n[gen_list(v->min_seq[!file], !file)]) {
		file = !file;
		take_oldest(s, v, file, &b);
	}
	freed = shrink_pages(s, &b);
	taken = b.pages;
	putback_pages(s, &b);
	v->gen_evicted[file] += freed;
	scan_count(s, taken, freed, file);
	return taken;
}

/* get_nr_to_scan(); a generation is made where there are too few, or eviction would take what is young. */
void shrink_gen(struct scan *s, struct lruvec *v)
{
	u64 total = lru_gen_pages(v, true) + (s->may_swap ? lru_gen_pages(v, false) : 0), before = s->freed;
	u64 want = MAX(total >> s->priority, MIN(total, SWAP_CLUSTER_MAX)), looked_at = 0, n;

	lru_add_drain(s->k, s->c);
	while (looked_at < want && s->freed - before < s->want) {
		if (should_age(s, v))
			lru_gen_age(s->k, s->c, v);
		n = evict(s, v);
		if (!n)
			break;
		looked_at += n;
	}
}
