#include "model/hw/prefetch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/hw/cache.h"
#include "model/sim/explain.h"

const struct prefetcher_ops *const prefetchers[NR_PREFETCHERS] = {
	[PREFETCH_NEXT_LINE] = &prefetch_next_line,
	[PREFETCH_ADJACENT] = &prefetch_adjacent,
	[PREFETCH_IP_STRIDE] = &prefetch_ip_stride,
	[PREFETCH_STREAM] = &prefetch_stream,
};

#define AT(field) offsetof(struct prefetch_cfg, field)

const struct opt prefetch_opts[] = {
	{ "page", OPT_SIZE, AT(page), "4K", 1024, 1ull << 30, "bytes",
	  "prefetchers stay in an aligned piece of that size", NULL },
	{ "reserve", OPT_U32, AT(reserve), "1", 0, 255, "lines", "MSHRs that prefetches leave free", NULL },
	{ "stores", OPT_BOOL, AT(stores), "yes", 0, 0, NULL, "prefetchers learn from stores, too", NULL },
	{ 0 },
};

struct prefetch {
	u32 n;
	struct {
		const struct prefetcher_ops *ops;
		void *state;
		bool cross_page;
	} part[NR_PREFETCHERS];
	enum mem_level level;
	u32 line_shift, page_shift, reserve;
	bool stores, sees_hits;
	prefetch_translate_fn translate; /* NULL: virtual is physical */
	void *arg;
};

/* Which prefetcher has a name of that many letters. */
static bool find_prefetcher(const char *name, size_t len, enum prefetcher_id *id)
{
	u32 i;

	for (i = 0; i < NR_PREFETCHERS; i++) {
		if (strlen(prefetchers[i]->name) == len && !strncmp(prefetchers[i]->name, name, len)) {
			*id = (enum prefetcher_id)i;
			return true;
		}
	}
	return false;
}

bool prefetch_parse(const char *text, struct prefetcher_list *list)
{
	bool seen[NR_PREFETCHERS] = { false };
	enum prefetcher_id id;
	size_t len;

	list->n = 0;
	if (!text || !*text || !strcmp(text, "none"))
		return true;
	for (;; text += len + 1) {
		len = strcspn(text, "+");
		if (!find_prefetcher(text, len, &id) || seen[id])
			return false;
		seen[id] = true;
		list->id[list->n++] = id;
		if (!text[len])
			return true;
	}
}

const char *prefetch_check(const struct prefetch_cfg *cfg, const char *text, u32 line, bool data,
			   const char **key)
{
	struct prefetcher_list list;
	u32 i;

	*key = "prefetcher";
	if (!prefetch_parse(text, &list))
		return "allowed are none, or next-line, adjacent, ip-stride, stream, each once, joined by +";
	if (!list.n)
		return NULL;
	*key = "prefetch.page";
	if (!is_pow2(cfg->page) || cfg->page < line)
		return "a page is a power of two of bytes, and no less than a line";
	for (i = 0; i < list.n; i++) {
		if (list.id[i] == PREFETCH_ADJACENT && !is_pow2(cfg->of[PREFETCH_ADJACENT].block)) {
			*key = "prefetch.adjacent.block";
			return "lines that are fetched together are a power of two of bytes";
		}
		if (prefetchers[list.id[i]]->crosses && cfg->of[list.id[i]].cross_page && !data) {
			*key = list.id[i] == PREFETCH_NEXT_LINE ? "prefetch.next-line.cross_page" :
								  "prefetch.ip-stride.cross_page";
			return "only prefetchers of l1d know virtual addresses, and so what the next page is";
		}
	}
	return NULL;
}

struct prefetch *prefetch_new(const struct prefetch_cfg *cfg, const char *text, enum mem_level level,
			      u32 line_shift)
{
	struct prefetcher_list list;
	struct prefetch *p;
	u32 i;

	ASSERT(prefetch_parse(text, &list));
	if (!list.n)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->level = level;
	p->line_shift = line_shift;
	p->page_shift = log2_floor(cfg->page);
	p->reserve = cfg->reserve;
	p->stores = cfg->stores;
	for (i = 0; i < list.n; i++) {
		const struct prefetcher_ops *ops = prefetchers[list.id[i]];
		const struct prefetcher_cfg *own = &cfg->of[list.id[i]];

		p->part[p->n].ops = ops;
		p->part[p->n].state = ops->create(own, line_shift, p->page_shift);
		p->part[p->n++].cross_page = ops->crosses && own->cross_page;
		p->sees_hits |= ops->sees_hits && own->hits;
	}
	return p;
}

void prefetch_state(struct prefetch *p, struct state *s, const char *owner)
{
	u32 i;

	for (i = 0; i < p->n; i++)
		p->part[i].ops->keep(p->part[i].state, s, owner);
}

void prefetch_free(struct prefetch *p)
{
	u32 i;

	if (!p)
		return;
	for (i = 0; i < p->n; i++)
		p->part[i].ops->destroy(p->part[i].state);
	free(p);
}

void prefetch_translate_by(struct prefetch *p, prefetch_translate_fn translate, void *arg)
{
	p->translate = translate;
	p->arg = arg;
}

bool prefetch_sees_hits(const struct prefetch *p)
{
	return p->sees_hits;
}

u32 prefetch_reserve(const struct prefetch *p)
{
	return p->reserve;
}

/*
 * The streamer of Intel's L2 monitors what L1 asks for, for loads, stores, fetches and by its prefetchers
 * (Optimization Reference Manual, "Data Prefetching"). The walker's reads have no streams.
 */
static bool learns_from(const struct prefetch *p, enum mem_class cls)
{
	switch (cls) {
	case MEM_PTE:
		return false;
	case MEM_RFO:
	case MEM_KERNEL_RFO:
		return p->stores;
	case MEM_PREFETCH:
		return p->level != MEM_L1;
	default:
		return true;
	}
}

/* Brings the line at one address that a prefetcher told, if it may. */
static void bring(struct cache *c, const struct mem_req *r, u64 addr, bool cross_page, u64 now)
{
	const struct prefetch *p = c->prefetch;
	u64 at = r->pa ^ (p->level == MEM_L1 ? r->skew : 0), start = now;
	struct mem_req want = { .pa = r->pa + (addr - at),
				.skew = r->skew,
				.kernel_va = r->kernel_va,
				.kernels = r->kernels,
				.turns_out = r->turns_out,
				.ip = r->ip,
				.service = r->service,
				.cls = MEM_PREFETCH };

	if (addr >> p->line_shift == at >> p->line_shift)
		return;
	if ((addr ^ at) >> p->page_shift) {
		if (!cross_page || r->kernel_va)
			return;
		want.pa = addr;
		if (p->translate && !p->translate(p->arg, addr, &want.pa, &start)) {
			c->st.prefetch_dropped++;
			return;
		}
		want.skew = addr ^ want.pa;
	}
	cache_prefetch(c, &want, now, start);
}

/* What comes of a wish nobody waits for. */
static void tell_wish(const struct prefetch *p, u32 part, u64 addr, u64 now)
{
	if (!explain_on())
		return;
	explain_hop(now, now, "%s %s wants 0x%" PRIx64, mem_level_name[p->level], p->part[part].ops->name,
		    addr);
	explain_mute();
}

void prefetch_after(struct cache *c, const struct mem_req *r, bool miss, bool first_use, u64 now)
{
	struct prefetch *p = c->prefetch;
	struct prefetch_access a = { r->pa ^ (p->level == MEM_L1 ? r->skew : 0), r->ip, miss, first_use };
	struct mem_req seen = *r;
	struct prefetch_wishes w;
	u32 i, k;

	if (!learns_from(p, r->cls))
		return;
	for (i = 0; i < p->n; i++) {
		w.n = 0;
		p->part[i].ops->learn(p->part[i].state, &a, &w);
		for (k = 0; k < w.n; k++) {
			tell_wish(p, i, w.addr[k], now);
			bring(c, &seen, w.addr[k], p->part[i].cross_page, now);
			if (explain_on())
				explain_unmute();
		}
	}
}
