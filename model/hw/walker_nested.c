#include "model/hw/walker_nested.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/walker.h"
#include "model/sim/explain.h"

#define STAT_STRUCT struct nested_stats
static const struct stat_desc nested_stat_table[] = { NESTED_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

void nested_init(struct nested *n, const struct nested_cfg *cfg, struct stage2 *host, u64 seed)
{
	u32 ways;

	*n = (struct nested){ .host = host };
	if (!host)
		return;
	n->combined = cfg->walk_caches == NESTED_COMBINED;
	walk_caches_init(&n->caches, cfg->pwc, NESTED_PWC_LEVELS, stage2_format(host), "nested.pwc", seed);
	n->has_tlb = cfg->tlb.entries != 0;
	if (!n->has_tlb)
		return;
	ways = cfg->tlb.ways ? cfg->tlb.ways : cfg->tlb.entries;
	tags_init(&n->tlb, cfg->tlb.entries / ways, ways, cfg->tlb.replacement, seed, "nested.tlb");
	n->tlb_page = xcalloc(tags_ids(&n->tlb), sizeof(*n->tlb_page));
}

void nested_fini(struct nested *n)
{
	if (n->has_tlb) {
		tags_fini(&n->tlb);
		free(n->tlb_page);
	}
	if (n->host)
		walk_caches_fini(&n->caches);
}

void nested_stats_add(const struct nested *n, struct stats *s, const char *prefix)
{
	if (n->host)
		stats_add(s, prefix, nested_stat_table, &n->st);
}

void nested_sane(const struct nested *n)
{
	if (n->has_tlb)
		tags_sane(&n->tlb);
	if (n->host)
		walk_caches_sane(&n->caches);
}

/* From table to table of the host, as walker.c does it for the guest's, but that nothing is missing. */
u64 nested_page(struct walker *w, u64 gpa, enum page_size *size, u64 *now)
{
	struct nested *n = &w->nested;
	const struct pt_format *f = stage2_format(n->host);
	struct walk_table t = { .pa = stage2_root(n->host) };
	u32 level = f->levels - 1u, flags;
	u64 fault = stage2_touch(n->host, gpa), pa, e;

	n->st.nested_walks++;
	n->st.nested_faults += fault != 0;
	if (explain_on() && fault + w->pwc_latency)
		explain_hop(*now, *now + fault + w->pwc_latency, fault ? "the host maps the page" :
									     "host's page-walk caches");
	*now += fault + w->pwc_latency;
	n->st.nested_pwc_hits += walk_caches_find(&n->caches, gpa, 0, &level, &t);
	for (;; level--) {
		pa = pt_entry_pa(f, t.pa, gpa, level);
		n->st.nested_reads++;
		walker_read(w, pa, level, "host's ", now);
		e = pt_read(f, stage2_ptmem(n->host), pa);
		flags = f->flags(e, level);
		ASSERT(flags & PTE_PRESENT);
		if (flags & PTE_LEAF)
			break;
		t.pa = t.host = f->pa(e, level);
		walk_caches_put(&n->caches, gpa, 0, level - 1, &t);
	}
	*size = f->leaf[level];
	return f->pa(e, level) | (gpa & ((1ull << page_size_shift[*size]) - 1));
}

u64 nested_table(struct walker *w, u64 gpa, u64 *now)
{
	struct nested *n = &w->nested;
	u32 shift = stage2_page_shift(n->host), set, id;
	u64 page = gpa >> shift, in_page = (1ull << shift) - 1, host;
	enum page_size size;

	if (!n->has_tlb)
		return nested_page(w, gpa, &size, now);
	set = (u32)page & (n->tlb.sets - 1);
	id = tags_use(&n->tlb, set, page);
	if (id != TAG_MISS) {
		n->st.nested_tlb_hits++;
		return n->tlb_page[id] | (gpa & in_page);
	}
	host = nested_page(w, gpa, &size, now);
	id = tags_victim(&n->tlb, set);
	tags_put(&n->tlb, id, page);
	n->tlb_page[id] = host & ~in_page;
	return host;
}
