#include "model/mm/rmap_halves.h"

#include "model/mm/slab.h"

const struct rmap_ops rmap_none = { .name = "none" };

const struct rmap_ops *rmap_anon_half(enum rmap_scheme scheme)
{
	static const struct rmap_ops *const halves[NR_RMAP_SCHEMES] = {
		[RMAP_NONE] = &rmap_none,         [RMAP_PTE_CHAIN] = &rmap_pte_chain,
		[RMAP_OBJRMAP] = &rmap_pte_chain, [RMAP_ANONMM] = &rmap_anonmm,
		[RMAP_ANON_VMA] = &rmap_anon_vma, [RMAP_ANON_VMA_CHAIN] = &rmap_anon_vma_chain,
	};

	return halves[scheme];
}

const struct rmap_ops *rmap_file_half(enum rmap_scheme scheme)
{
	if (scheme == RMAP_NONE)
		return &rmap_none;
	if (scheme == RMAP_PTE_CHAIN)
		return &rmap_pte_chain;
	return scheme == RMAP_OBJRMAP ? &rmap_objrmap_chain : &rmap_objrmap;
}

const struct i_mmap_ops *rmap_i_mmap(enum rmap_file file)
{
	static const struct i_mmap_ops *const structures[NR_RMAP_FILES] = {
		[RMAP_FILE_LIST] = &i_mmap_list,
		[RMAP_FILE_PRIO_TREE] = &i_mmap_prio_tree,
		[RMAP_FILE_INTERVAL_TREE] = &i_mmap_interval_tree,
	};

	return structures[file];
}

static const char *const caches[NR_RMAP_OBJECTS] = {
#define X(id, cache, plural) cache,
	RMAP_OBJECTS(X)
#undef X
};

bool rmap_object_cache(struct rmap *r, enum rmap_object what)
{
	struct slab_info info;

	if (r->cache[what])
		return true;
	r->cache[what] = slabs_named(r->k->slabs, caches[what]);
	if (!r->cache[what])
		return false;
	kmem_cache_info(r->cache[what], &info);
	r->object_bytes[what] = info.objsize;
	return true;
}

u64 rmap_object_new(struct rmap *r, struct cpu *c, enum rmap_object what)
{
	struct rmap_object_stats *st = &r->object[what];
	u64 va = rmap_object_cache(r, what) ? kmem_cache_alloc(r->cache[what], c, GFP_KERNEL) : 0;

	if (va) {
		st->allocated++;
		st->objects++;
		st->bytes += r->object_bytes[what];
	}
	return va;
}

u64 rmap_object_need(struct rmap *r, struct cpu *c, enum rmap_object what)
{
	u64 va = rmap_object_new(r, c, what);

	r->st.unbacked += !va;
	return va;
}

void rmap_object_free(struct rmap *r, struct cpu *c, enum rmap_object what, u64 va)
{
	struct rmap_object_stats *st = &r->object[what];

	if (!va)
		return;
	kmem_cache_free(r->cache[what], c, va);
	st->freed++;
	st->objects--;
	st->bytes -= r->object_bytes[what];
}

void rmap_count(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	rmap_step(r, c, STEP_RMAP_COUNT, 1);
}

void rmap_uncount(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	rmap_step(r, c, STEP_RMAP_REMOVE, 1);
	rmap_page_lock(r, c);
}

void rmap_page_lock(struct rmap *r, struct cpu *c)
{
	if (r->k->cfg.era < ERA_2_6_9)
		rmap_step(r, c, STEP_RMAP_PAGE_LOCK, 1);
}

void rmap_touch_path(struct rmap *r, struct cpu *c, const struct interval_node *n,
		     void (*touch)(const struct rmap *r, struct cpu *c, const struct interval_node *n))
{
	u32 levels = 0;

	if (!r->k->charger.on || !c)
		return;
	for (n = n->parent; n; n = n->parent) {
		touch(r, c, n);
		levels++;
	}
	rmap_step(r, c, STEP_RMAP_LINK_INTERVAL, 1);
	rmap_step(r, c, STEP_RMAP_LINK_INTERVAL_LEVEL, levels);
}
