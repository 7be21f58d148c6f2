#include "model/hw/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/cache.h"
#include "model/sim/time.h"

/* A level that cores share: n instances, each of `sharers` neighbouring cores. */
struct shared_level {
	enum mem_level level;
	u32 sharers, n;
	struct cache *cache;
};

#define NR_SHARED 3u

struct memory {
	struct shared_level shared[NR_SHARED]; /* the farthest first */
	u32 n_shared, cores;
	struct dram *dram;
};

/* The port that core number `core` sees below the first n shared levels' tops. */
static struct port *port_on(struct memory *m, u32 n, u32 core)
{
	const struct shared_level *l;

	if (!n)
		return dram_port(m->dram);
	l = &m->shared[n - 1];
	return &l->cache[core / l->sharers].port;
}

static void instance_name(const struct shared_level *l, u32 i, char *name, size_t size)
{
	if (l->n == 1)
		snprintf(name, size, "%s", mem_level_name[l->level]);
	else
		snprintf(name, size, "%s_%u", mem_level_name[l->level], i);
}

static void add_level(struct memory *m, const struct cache_cfg *cfg, enum mem_level level, u64 hz, u64 seed)
{
	struct shared_level *l = &m->shared[m->n_shared];
	u32 i;

	l->level = level;
	l->sharers = hw_sharers(cfg, m->cores);
	l->n = m->cores / l->sharers;
	l->cache = xcalloc(l->n, sizeof(*l->cache));
	for (i = 0; i < l->n; i++) {
		struct cache_params p = { .cfg = cfg, .name = mem_level_name[level], .level = level,
					  .below = port_on(m, m->n_shared, i * l->sharers), .hz = hz,
					  .seed = seed + i };

		cache_init(&l->cache[i], &p);
	}
	m->n_shared++;
}

/* The latency of the last cache before DRAM. */
static u64 reach(const struct hw_cfg *cfg, u64 hz)
{
	const struct cache_cfg *last = &cfg->l1d;
	enum mem_level level;

	for (level = MEM_L2; level <= MEM_L4; level++)
		last = hw_level(cfg, level)->size ? hw_level(cfg, level) : last;
	return time_to_cycles(last->latency, hz);
}

struct memory *memory_new(const struct hw_cfg *cfg, u32 cores, u64 hz, u64 seed)
{
	struct memory *m = xcalloc(1, sizeof(*m));
	enum mem_level level;

	m->cores = cores;
	m->dram = dram_new(&cfg->dram, cfg->l1d.line, reach(cfg, hz), hz);
	for (level = MEM_L4; level >= MEM_L2; level--) {
		const struct cache_cfg *c = hw_level(cfg, level);

		if (c->size && !hw_private(c))
			add_level(m, c, level, hz, seed);
	}
	return m;
}

/* Every shared cache, the farthest level first. */
#define for_each_cache(m, l, i)                                                       \
	for (l = (m)->shared; l < (m)->shared + (m)->n_shared; l++)                   \
		for (i = 0; i < l->n; i++)

void memory_free(struct memory *m)
{
	const struct shared_level *l;
	u32 i;

	if (!m)
		return;
	for_each_cache(m, l, i)
		cache_fini(&l->cache[i]);
	for (i = 0; i < m->n_shared; i++)
		free(m->shared[i].cache);
	dram_free(m->dram);
	free(m);
}

struct port *memory_port(struct memory *m, u32 core)
{
	return port_on(m, m->n_shared, core);
}

void memory_stats(const struct memory *m, struct stats *s)
{
	const struct shared_level *l;
	char name[16];
	u32 i;

	for (l = m->shared + m->n_shared; l-- > m->shared;) {
		for (i = 0; i < l->n; i++) {
			instance_name(l, i, name, sizeof(name));
			cache_stats_add(&l->cache[i], s, name);
		}
	}
	dram_stats_add(m->dram, s, "dram");
}

void memory_copy_back(struct memory *m, u64 now)
{
	const struct shared_level *l;
	u32 i;

	for (l = m->shared + m->n_shared; l-- > m->shared;) {
		for (i = 0; i < l->n; i++)
			cache_copy_back(&l->cache[i], now);
	}
}

void memory_sane(const struct memory *m)
{
	const struct shared_level *l;
	u32 i;

	for_each_cache(m, l, i)
		cache_sane(&l->cache[i]);
}
