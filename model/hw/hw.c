#include "model/hw/hw.h"

#include <stdio.h>
#include <string.h>

static const char *const port_names[] = { "l1d", "l2", NULL };

const struct opt walker_opts[] = {
	{ "count", OPT_U32, offsetof(struct walker_cfg, count), "4", 1, 16, "walks", "page walks at a time",
	  NULL },
	{ "port", OPT_ENUM, offsetof(struct walker_cfg, port), "l1d", 0, 0, NULL,
	  "the cache where page-table entries are read", port_names },
	{ "coalesce", OPT_BOOL, offsetof(struct walker_cfg, coalesce), "no", 0, 0, NULL,
	  "four neighbouring 4K pages that are alike and lie together become one of 16K in the TLBs", NULL },
	{ "pwc_latency", OPT_TIME, offsetof(struct walker_cfg, pwc_latency), "0", 0, 0, "cycles or time",
	  "that a walk spends in the page-walk caches before it reads", NULL },
	{ "read_latency", OPT_TIME, offsetof(struct walker_cfg, read_latency), "0", 0, 0, "cycles or time",
	  "that the walker takes for each entry, beside the cache's time to read it", NULL },
	{ 0 },
};

const char *const mem_level_name[NR_MEM_LEVELS] = { "l1", "l2", "l3", "l4", "remote", "dram" };

static bool blame(struct cfg_fault *f, const char *prefix, const char *key, const char *why)
{
	snprintf(f->key, sizeof(f->key), "%s%s%s", prefix, *prefix ? "." : "", key);
	snprintf(f->why, sizeof(f->why), "%s", why);
	return false;
}

static bool check_cache(const struct cache_cfg *c, const char *name, u32 level, u64 page, struct cfg_fault *f)
{
	const char *key = "size", *why = cache_check(c, level, page, &key);

	if (!why && c->size)
		why = prefetch_check(&c->prefetch, c->prefetcher, c->line, !strcmp(name, "l1d"), &key);
	return why ? blame(f, name, key, why) : true;
}

const struct cache_cfg *hw_level(const struct hw_cfg *c, enum mem_level level)
{
	return level == MEM_L2 ? &c->l2 : level == MEM_L3 ? &c->l3 : &c->l4;
}

void hw_resolve(struct hw_cfg *c, u64 memory)
{
	c->sockets = MAX(c->sockets, 1);
	c->numa.nodes = c->numa.nodes ? c->numa.nodes : c->sockets;
	c->numa.memory = memory;
}

u32 hw_most_sharers(const struct hw_cfg *c, u32 cores)
{
	return cores / MAX(MAX(c->sockets, c->numa.nodes), 1);
}

u32 hw_sharers(const struct cache_cfg *c, u32 cores)
{
	return c->sharers ? MIN(c->sharers, cores) : cores;
}

/* above: how many cores share an instance of the level above, which must be those of this one's. */
static bool check_sharers(const struct cache_cfg *c, const char *name, u32 cores, u32 above,
			  struct cfg_fault *f)
{
	u32 n = hw_sharers(c, cores);
	char why[128];

	if (n % above == 0 && cores % n == 0)
		return true;
	if (n < above)
		snprintf(why, sizeof(why), "%u cores share it, but %u share the level above", n, above);
	else
		snprintf(why, sizeof(why),
			 "%u cores cannot be divided by %u, or these by the %u of the level above", cores, n,
			 above);
	return blame(f, name, "sharers", why);
}

/* The levels above one, as far as it depends on them. */
struct upper {
	u32 cores;    /* that share an instance of the level right above */
	u64 size;     /* of what stands in such an instance, with the levels above it, at least */
	bool shared;  /* the level right above is none of a core's own, even of one core alone */
	bool through; /* it is written through */
};

static bool check_inclusion(const struct cache_cfg *c, const char *name, u32 cores, const struct upper *u,
			    struct cfg_fault *f)
{
	u32 n = hw_sharers(c, cores) / u->cores;
	char why[160];

	if (c->inclusion == INCLUSION_EXCLUSIVE && u->through)
		return blame(f, name, "inclusion",
			     "a level that is written through cannot stand above an exclusive one");
	if (n > DIRECTORY_MAX_CHILDREN) {
		snprintf(why, sizeof(why), "%u caches would meet above it, at most %u can", n,
			 DIRECTORY_MAX_CHILDREN);
		return blame(f, name, "sharers", why);
	}
	if (c->inclusion != INCLUSION_INCLUSIVE || c->size >= u->size * n)
		return true;
	snprintf(why, sizeof(why),
		 "an inclusive level of %llu bytes cannot hold the %llu bytes that stand above it",
		 (unsigned long long)c->size, (unsigned long long)u->size * n);
	return blame(f, name, "size", why);
}

/* One level below the first, which then is the one above the next. */
static bool check_level(const struct cache_cfg *c, enum mem_level level, u32 cores, u64 page,
			struct upper *u, struct cfg_fault *f)
{
	const char *name = mem_level_name[level];

	if (!check_cache(c, name, level + 1, page, f))
		return false;
	if (!c->size)
		return true;
	if (u->shared && hw_private(c))
		return blame(f, name, "sharers", "a core has it alone, but the level above is to be shared");
	if (!check_sharers(c, name, cores, u->cores, f) || !check_inclusion(c, name, cores, u, f))
		return false;
	u->size = c->inclusion == INCLUSION_EXCLUSIVE ? u->size * (hw_sharers(c, cores) / u->cores) : 0;
	u->size += c->size;
	u->cores = hw_sharers(c, cores);
	u->shared = !hw_private(c);
	u->through = c->write == WRITE_THROUGH;
	return true;
}

static bool check_nodes(const struct hw_cfg *c, u32 cores, struct cfg_fault *f)
{
	u32 sockets = MAX(c->sockets, 1), nodes = MAX(c->numa.nodes, 1);
	const char *key, *why;

	if (cores % sockets)
		return blame(f, "", "sockets",
			     "every one must have as many cores: cores is no multiple of it");
	if (MAX(sockets, nodes) % MIN(sockets, nodes))
		return blame(f, "numa", "nodes",
			     "either sockets have as many nodes each, or nodes as many sockets each");
	why = numa_check(&c->numa, cores, &key);
	return why ? blame(f, "numa", key, why) : true;
}

static bool check_caches(const struct hw_cfg *c, u32 cores, u64 page, struct cfg_fault *f)
{
	struct upper u = { .cores = 1, .size = c->l1i.size + c->l1d.size,
			   .through = c->l1i.write == WRITE_THROUGH || c->l1d.write == WRITE_THROUGH };
	enum mem_level level;

	if (!check_cache(&c->l1i, "l1i", 1, page, f) || !check_cache(&c->l1d, "l1d", 1, page, f))
		return false;
	if (c->l1i.line != c->l1d.line)
		return blame(f, "l1i", "line", "every level has the same line; l1d.line says otherwise");
	for (level = MEM_L2; level <= MEM_L4; level++) {
		const struct cache_cfg *l = hw_level(c, level);

		if (!check_level(l, level, hw_most_sharers(c, cores), page, &u, f))
			return false;
		if (l->size && l->line != c->l1d.line)
			return blame(f, mem_level_name[level], "line",
				     "every level has the same line; l1d.line says otherwise");
	}
	if (cores / u.cores > DIRECTORY_MAX_CHILDREN)
		return blame(f, "l4", "sharers",
			     "more than 64 caches would meet above DRAM; let more cores share a level");
	return true;
}

/* needed: the page size for which there must be room; NR_PAGE_SIZES: none. */
static bool check_tlb(const struct tlb_cfg *c, const char *name, enum page_size needed, struct cfg_fault *f)
{
	const char *key = "entries", *why = tlb_check(c, needed, &key);
	char prefix[32];
	u32 i;

	if (why)
		return blame(f, name, key, why);
	for (i = 0; i < NR_PAGE_SIZES; i++) {
		why = tlb_array_check(&c->own[i], &key);
		snprintf(prefix, sizeof(prefix), "%s.%s", name, page_size_name[i]);
		if (why)
			return blame(f, prefix, key, why);
	}
	return true;
}

static bool check_pwc(const struct tlb_array_cfg *c, u32 levels, const char *of, struct cfg_fault *f)
{
	static const char *const name[NR_PWC_LEVELS] = { "pwc.pde", "pwc.pdpte", "pwc.pml4e", "pwc.pml5e" };
	const char *key, *why;
	char full[32];
	u32 i;

	for (i = 0; i < levels; i++) {
		why = tlb_array_check(&c[i], &key);
		snprintf(full, sizeof(full), "%s%s", of, name[i]);
		if (why)
			return blame(f, full, key, why);
	}
	return true;
}

static bool check_nested(const struct nested_cfg *c, struct cfg_fault *f)
{
	const char *key, *why = tlb_array_check(&c->tlb, &key);

	return why ? blame(f, "nested.tlb", key, why) : check_pwc(c->pwc, NESTED_PWC_LEVELS, "nested.", f);
}

bool hw_check(const struct hw_cfg *c, u32 cores, enum page_size page, struct cfg_fault *f)
{
	u64 bytes = page == NR_PAGE_SIZES ? 0 : 1ull << page_size_shift[page];
	const char *key, *why = dram_check(&c->dram, &key);

	if (why)
		return blame(f, "dram", key, why);
	if (!check_nodes(c, cores, f) || !check_caches(c, cores, bytes, f) ||
	    !check_pwc(c->pwc.level, NR_PWC_LEVELS, "", f) || !check_nested(&c->nested, f))
		return false;
	if (c->walker.port == WALKER_L2 && (!c->l2.size || c->l2.inclusion == INCLUSION_EXCLUSIVE))
		return blame(f, "walker", "port",
			     "there is no l2 (l2.size = 0) or it is exclusive, and gives away what is read; "
			     "use l1d");
	if (c->stlb_prefetch.prefetcher && !tlb_has_entries(&c->stlb))
		return blame(f, "stlb", "prefetcher", "there is no stlb to prefetch into");
	return check_tlb(&c->itlb, "itlb", page, f) && check_tlb(&c->dtlb, "dtlb", page, f) &&
	       check_tlb(&c->stlb, "stlb", NR_PAGE_SIZES, f);
}
