#include "model/hw/tlb_prefetch.h"

#include "model/base/error.h"
#include "model/sim/explain.h"

/* In the order of enum tlb_prefetch_kind. */
static const struct tlb_prefetcher_ops *const tlb_prefetchers[] = { &tlb_prefetch_none,
								     &tlb_prefetch_next_page };

#define STAT_STRUCT struct tlb_prefetch_stats
static const struct stat_desc prefetch_table[] = { TLB_PREFETCH_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

static u32 nothing(const struct tlb_prefetch_event *e, u64 *va)
{
	return 0;
}

const struct tlb_prefetcher_ops tlb_prefetch_none = { "none", nothing };

void tlb_prefetch_init(struct tlb_prefetcher *p, const struct tlb_prefetch_cfg *cfg, struct tlb *tlb,
		       struct walker *walker)
{
	*p = (struct tlb_prefetcher){ .ops = tlb_prefetchers[cfg->prefetcher], .tlb = tlb, .walker = walker };
}

void tlb_prefetch_stats_add(const struct tlb_prefetcher *p, struct stats *s, const char *prefix)
{
	if (p->ops == &tlb_prefetch_none)
		return;
	stats_add(s, prefix, prefetch_table, &p->st);
	tlb_prefetched_stats_add(p->tlb, s, prefix);
}

static void fetch(struct tlb_prefetcher *p, u64 va, u64 now)
{
	struct walk k = { .va = va, .access = ACCESS_READ };

	if (tlb_holds(p->tlb, va, p->walker->asid))
		return;
	if (!walker_is_free(p->walker, now)) {
		p->st.prefetch_dropped++;
		return;
	}
	walker_walk(p->walker, &k, now);
	p->st.prefetch_issued++;
	p->st.prefetch_failed += !k.ok;
	if (k.ok)
		tlb_fill(p->tlb, va, p->walker->asid, k.size, k.entry | TLB_PREFETCHED);
}

/* Pages beyond the end of what the tables translate do not exist. */
static bool same_space(const struct tlb_prefetcher *p, u64 va, u64 other)
{
	return !((va ^ other) >> p->walker->format->va_bits);
}

static void ask(struct tlb_prefetcher *p, const struct tlb_prefetch_event *e, u64 now)
{
	u64 va[TLB_PREFETCH_MAX];
	u32 i, n = p->ops->next(e, va);

	ASSERT(n <= TLB_PREFETCH_MAX);
	if (explain_on())
		explain_mute();
	for (i = 0; i < n; i++) {
		if (same_space(p, e->va, va[i]))
			fetch(p, va[i], now);
	}
	if (explain_on())
		explain_unmute();
}

void tlb_prefetch_miss(struct tlb_prefetcher *p, const struct walk *k)
{
	u64 bytes = 1ull << page_size_shift[k->size];
	const struct tlb_prefetch_event e = { align_down(k->va, bytes), bytes, true };

	ask(p, &e, k->asked);
}

void tlb_prefetch_hit(struct tlb_prefetcher *p, const struct tlb_hit *h, u64 va, u64 now)
{
	u64 bytes = 1ull << page_size_shift[h->size];
	const struct tlb_prefetch_event e = { align_down(va, bytes), bytes, false };

	if (!tlb_first_use(p->tlb, h))
		return;
	p->st.prefetch_late += walker_ready(p->walker, va, now) > now;
	ask(p, &e, now);
}
