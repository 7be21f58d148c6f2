/* What a checkpoint holds of a core, and how lines come into its caches without a program. */
#include "model/core/core_state.h"

void core_log_traps(struct core *c, struct trap_log *log)
{
	c->trap_log = log;
}

void core_state(struct core *c, struct state *s)
{
	u32 i;

	state_add(s, "core", "clock", &c->clock, sizeof(c->clock));
	cache_state(&c->l1i, s, "l1i");
	cache_state(&c->l1d, s, "l1d");
	for (i = 0; i < c->n_lower; i++)
		cache_state(&c->lower[i], s, "lower");
}

void core_translation_state(struct core *c, struct state *s)
{
	state_add(s, "core", "clock", &c->clock, sizeof(c->clock));
	if (!c->xlate)
		return;
	tlb_state(&c->itlb, s, "itlb");
	tlb_state(&c->dtlb, s, "dtlb");
	if (c->has_stlb)
		tlb_state(&c->stlb, s, "stlb");
	walker_state(&c->walker, s, "walker");
	state_add(s, "stlb", "prefetcher", &c->tlb_prefetcher.st, sizeof(c->tlb_prefetcher.st));
}

void core_restored(struct core *c)
{
	core_forget(c);
}

void core_cache_lines(const struct core *c, bool code, cache_line_fn fn, void *arg)
{
	u32 i;

	for (i = c->n_lower; !code && i--;)
		cache_each(&c->lower[i], fn, arg);
	cache_each(code ? &c->l1i : &c->l1d, fn, arg);
}

void core_warm(struct core *c, u64 pa, bool fetch, bool dirty)
{
	struct mem_req r = { .pa = pa, .cls = fetch ? MEM_FETCH : MEM_KERNEL_LOAD, .kernel_va = !fetch };

	if (dirty) {
		r.cls = MEM_KERNEL_RFO;
		r.bytes = 1;
		port_write(&c->l1d.port, &r, core_cycle(c));
	} else {
		port_read(fetch ? &c->l1i.port : &c->l1d.port, &r, core_cycle(c));
	}
}

/* It asks as the walker does, from whom no prefetcher learns. */
void core_warm_below(struct core *c, u64 pa, bool fetch)
{
	struct cache *l1 = fetch ? &c->l1i : &c->l1d;
	struct mem_req r = {
		.pa = pa, .cls = MEM_PTE, .bytes = 1, .kernels = true, .service = l1->kernel_service
	};

	if (c->host) {
		stage2_touch(c->host, pa);
		r.pa = stage2_pa(c->host, pa);
	}
	port_read(l1->below, &r, core_cycle(c));
	/* A directory knows that a walker keeps nothing, coherence.c. */
	if (l1->tells && !l1->coherent)
		port_gone(l1->below, r.pa, core_cycle(c));
}
