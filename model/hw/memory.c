#include "model/hw/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/cache.h"
#include "model/sim/time.h"

/* A shared level, or DRAM: n instances, each of `sharers` neighbouring cores. */
struct floor {
	enum mem_level level;
	u32 sharers, n;
	u64 latency;
	struct cache *cache;    /* an instance each; none of DRAM */
	struct directory **dir; /* above each; NULL: one child stands above each */
	u32 child;              /* cores of a child */
};

#define MAX_FLOORS 4u

struct memory {
	struct floor floor[MAX_FLOORS]; /* DRAM first */
	u32 n_floors, cores;
	struct numa_cfg nodes;
	struct numa *numa;
	struct sharing sharing;
};

#define for_each_cache(m, f, i)                                                      \
	for (f = (m)->floor + (m)->n_floors - 1; f > (m)->floor; f--)                \
		for (i = 0; i < f->n; i++)

#define for_each_directory(m, f, i)                                                  \
	for (f = (m)->floor + (m)->n_floors; f-- > (m)->floor;)                      \
		for (i = 0; f->dir && i < f->n; i++)

static struct port *memory_of(struct memory *m, u32 core)
{
	return numa_port(m->numa, numa_node_of_core(&m->nodes, m->cores, core));
}

/* What a core, or the level that is being built, puts itself on. */
static struct port *top_port(struct memory *m, u32 core)
{
	const struct floor *f = &m->floor[m->n_floors - 1];
	u32 i = core / f->sharers;

	if (f->dir)
		return directory_port(f->dir[i], core % f->sharers / f->child);
	return f->cache ? &f->cache[i].port : memory_of(m, core);
}

static void top_attach(struct memory *m, u32 core, struct above *above)
{
	const struct floor *f = &m->floor[m->n_floors - 1];
	u32 i = core / f->sharers;

	if (f->dir)
		directory_attach(f->dir[i], core % f->sharers / f->child, above);
	else if (f->cache)
		cache_attach(&f->cache[i], above);
}

u32 memory_needs(const struct memory *m)
{
	const struct floor *f = &m->floor[m->n_floors - 1];
	u32 needs = f->cache ? cache_needs(&f->cache[0]) : 0;

	return needs | (f->dir ? NEEDS_DIRECTORY : 0);
}

/* The children of a directory above DRAM stand in nodes. */
static void place_children(struct memory *m, struct directory *d, u32 child)
{
	u32 i;

	for (i = 0; i < m->cores / child; i++)
		directory_place(d, i, numa_node_of_core(&m->nodes, m->cores, i * child));
}

/* Directories above the instances of the last floor, if several children of that many cores meet there. */
static void add_directories(struct memory *m, const struct hw_cfg *cfg, u32 child, u64 hz)
{
	const struct coherence_cfg *c = &cfg->coherence;
	struct floor *f = &m->floor[m->n_floors - 1];
	struct directory_params p = {
		.children = f->sharers / child,
		.line = cfg->l1d.line,
		.tells = memory_needs(m) & (NEEDS_DIRECTORY | NEEDS_EXCLUSIVE),
		.forward = c->forward,
		.transfer = time_to_cycles(f->cache ? c->transfer : c->far_transfer, hz),
		.probe = time_to_cycles(f->cache ? c->probe : c->far_probe, hz),
		.reach = f->latency,
		.sharing = &m->sharing,
		.numa = f->cache ? NULL : m->numa,
	};
	struct directory **dir;
	u32 i;

	if (p.children == 1)
		return;
	dir = xcalloc(f->n, sizeof(struct directory *));
	for (i = 0; i < f->n; i++) {
		p.below = f->cache ? &f->cache[i].port : memory_of(m, 0);
		dir[i] = directory_new(&p);
		if (f->cache)
			cache_attach(&f->cache[i], directory_above(dir[i]));
		else
			place_children(m, dir[i], child);
	}
	f->dir = dir;
	f->child = child;
}

static void add_floor(struct memory *m, const struct hw_cfg *cfg, enum mem_level level, u64 hz, u64 seed)
{
	const struct cache_cfg *c = hw_level(cfg, level);
	struct floor f = { .level = level, .sharers = hw_sharers(c, hw_most_sharers(cfg, m->cores)),
			   .latency = time_to_cycles(c->latency, hz) };
	u32 i;

	f.n = m->cores / f.sharers;
	f.cache = xcalloc(f.n, sizeof(*f.cache));
	add_directories(m, cfg, f.sharers, hz);
	for (i = 0; i < f.n; i++) {
		struct cache_params p = { .cfg = c, .name = mem_level_name[level], .level = level, .hz = hz,
					  .below = top_port(m, i * f.sharers), .seed = seed + i,
					  .needs = memory_needs(m) };

		cache_init(&f.cache[i], &p);
		top_attach(m, i * f.sharers, &f.cache[i].above);
	}
	m->floor[m->n_floors++] = f;
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
	m->nodes = cfg->numa;
	m->numa = numa_new(&cfg->numa, &cfg->dram, cfg->l1d.line, reach(cfg, hz), hz);
	m->floor[m->n_floors++] = (struct floor){ .level = MEM_DRAM, .sharers = cores, .n = 1,
						  .latency = reach(cfg, hz) };
	for (level = MEM_L4; level >= MEM_L2; level--) {
		const struct cache_cfg *c = hw_level(cfg, level);

		if (c->size && !hw_private(c))
			add_floor(m, cfg, level, hz, seed);
	}
	add_directories(m, cfg, 1, hz);
	return m;
}

void memory_free(struct memory *m)
{
	const struct floor *f;
	u32 i;

	if (!m)
		return;
	for_each_directory(m, f, i)
		directory_free(f->dir[i]);
	for_each_cache(m, f, i)
		cache_fini(&f->cache[i]);
	for (i = 0; i < m->n_floors; i++) {
		free(m->floor[i].cache);
		free(m->floor[i].dir);
	}
	numa_free(m->numa);
	sharing_fini(&m->sharing);
	free(m);
}

struct port *memory_port(struct memory *m, u32 core)
{
	return top_port(m, core);
}

void memory_attach(struct memory *m, u32 core, struct above *above)
{
	top_attach(m, core, above);
}

u32 memory_sharing_top(const struct memory *m, struct sharing_line *top, u32 n)
{
	return sharing_top(&m->sharing, top, n);
}

static void instance_name(const struct floor *f, u32 i, const char *what, char *name, size_t size)
{
	if (f->n == 1)
		snprintf(name, size, "%s%s", mem_level_name[f->level], what);
	else
		snprintf(name, size, "%s_%u%s", mem_level_name[f->level], i, what);
}

void memory_stats(const struct memory *m, struct stats *s)
{
	const struct floor *f;
	char name[32];
	u32 i;

	for_each_cache(m, f, i) {
		instance_name(f, i, "", name, sizeof(name));
		cache_stats_add(&f->cache[i], s, name);
	}
	for_each_directory(m, f, i) {
		instance_name(f, i, ".directory", name, sizeof(name));
		directory_stats_add(f->dir[i], s, name);
	}
	numa_stats_add(m->numa, s);
}

void memory_state(struct memory *m, struct state *s)
{
	const struct floor *f;
	char name[32];
	u32 i;

	for_each_cache(m, f, i) {
		instance_name(f, i, "", name, sizeof(name));
		cache_state(&f->cache[i], s, name);
	}
	numa_state(m->numa, s);
}

void memory_each_line(const struct memory *m, cache_line_fn fn, void *arg)
{
	const struct floor *f;
	u32 i;

	for (f = m->floor; f < m->floor + m->n_floors; f++)
		for (i = 0; f->cache && i < f->n; i++)
			cache_each(&f->cache[i], fn, arg);
}

void memory_copy_back(struct memory *m, u64 now)
{
	const struct floor *f;
	u32 i;

	for_each_cache(m, f, i)
		cache_copy_back(&f->cache[i], now);
}

void memory_sane(const struct memory *m)
{
	const struct floor *f;
	u32 i;

	for_each_cache(m, f, i)
		cache_sane(&f->cache[i]);
	for_each_directory(m, f, i)
		directory_sane(f->dir[i]);
}
