#include "model/hw/hw.h"

#include <stdio.h>
#include <string.h>

static const char *const port_names[] = { "l1d", "l2", NULL };

const struct opt walker_opts[] = {
	{ "count", OPT_U32, offsetof(struct walker_cfg, count), "4", 1, 16, "walks", "page walks at a time",
	  NULL },
	{ "port", OPT_ENUM, offsetof(struct walker_cfg, port), "l1d", 0, 0, NULL,
	  "the cache where page-table entries are read", port_names },
	{ "pwc_latency", OPT_TIME, offsetof(struct walker_cfg, pwc_latency), "0", 0, 0, "cycles or time",
	  "that a walk spends in the page-walk caches before it reads", NULL },
	{ 0 },
};

const char *const mem_level_name[NR_MEM_LEVELS] = { "l1", "l2", "l3", "l4", "remote", "dram" };

static bool blame(struct cfg_fault *f, const char *prefix, const char *key, const char *why)
{
	snprintf(f->key, sizeof(f->key), "%s.%s", prefix, key);
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

static bool check_caches(const struct hw_cfg *c, u32 cores, u64 page, struct cfg_fault *f)
{
	enum mem_level level;
	u32 above = 1;

	if (!check_cache(&c->l1i, "l1i", 1, page, f) || !check_cache(&c->l1d, "l1d", 1, page, f))
		return false;
	if (c->l1i.line != c->l1d.line)
		return blame(f, "l1i", "line", "every level has the same line; l1d.line says otherwise");
	for (level = MEM_L2; level <= MEM_L4; level++) {
		const struct cache_cfg *l = hw_level(c, level);
		const char *name = mem_level_name[level];

		if (!check_cache(l, name, level + 1, page, f))
			return false;
		if (!l->size)
			continue;
		if (l->line != c->l1d.line)
			return blame(f, name, "line",
				     "every level has the same line; l1d.line says otherwise");
		if (!check_sharers(l, name, cores, above, f))
			return false;
		above = hw_sharers(l, cores);
	}
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
	if (!check_caches(c, cores, bytes, f) || !check_pwc(c->pwc.level, NR_PWC_LEVELS, "", f) ||
	    !check_nested(&c->nested, f))
		return false;
	if (c->walker.port == WALKER_L2 && !c->l2.size)
		return blame(f, "walker", "port", "there is no l2 (l2.size = 0); use l1d");
	return check_tlb(&c->itlb, "itlb", page, f) && check_tlb(&c->dtlb, "dtlb", page, f) &&
	       check_tlb(&c->stlb, "stlb", NR_PAGE_SIZES, f);
}
