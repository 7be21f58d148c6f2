#include "model/hw/memory.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/cache.h"
#include "model/sim/time.h"

struct memory {
	bool has_l2, has_l3;
	struct cache l2, l3;
	struct dram *dram;
	struct port *top;
};

static void add_level(struct memory *m, struct cache *c, const struct cache_params *p)
{
	struct cache_params with_below = *p;

	with_below.below = m->top;
	cache_init(c, &with_below);
	m->top = &c->port;
}

struct memory *memory_new(const struct hw_cfg *cfg, u64 hz, u64 seed)
{
	struct memory *m = xcalloc(1, sizeof(*m));
	const struct cache_cfg *last = cfg->l3.size ? &cfg->l3 : cfg->l2.size ? &cfg->l2 : &cfg->l1d;
	struct cache_params l3 = { .cfg = &cfg->l3, .name = "l3", .level = MEM_L3, .hz = hz, .seed = seed };
	struct cache_params l2 = { .cfg = &cfg->l2, .name = "l2", .level = MEM_L2, .hz = hz, .seed = seed };

	m->dram = dram_new(&cfg->dram, cfg->l1d.line, time_to_cycles(last->latency, hz), hz);
	m->top = dram_port(m->dram);
	m->has_l3 = cfg->l3.size != 0;
	m->has_l2 = cfg->l2.size != 0 && cfg->l2.sharers > 1;
	if (m->has_l3)
		add_level(m, &m->l3, &l3);
	if (m->has_l2)
		add_level(m, &m->l2, &l2);
	return m;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	if (m->has_l2)
		cache_fini(&m->l2);
	if (m->has_l3)
		cache_fini(&m->l3);
	dram_free(m->dram);
	free(m);
}

struct port *memory_port(struct memory *m)
{
	return m->top;
}

void memory_stats(const struct memory *m, struct stats *s)
{
	if (m->has_l2)
		cache_stats_add(&m->l2, s, "l2");
	if (m->has_l3)
		cache_stats_add(&m->l3, s, "l3");
	dram_stats_add(m->dram, s, "dram");
}

void memory_copy_back(struct memory *m, u64 now)
{
	if (m->has_l2)
		cache_copy_back(&m->l2, now);
	if (m->has_l3)
		cache_copy_back(&m->l3, now);
}

void memory_sane(const struct memory *m)
{
	if (m->has_l2)
		cache_sane(&m->l2);
	if (m->has_l3)
		cache_sane(&m->l3);
}
