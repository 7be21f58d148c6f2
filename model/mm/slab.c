#include "model/mm/slab_impl.h"

#include <stdlib.h>
#include <string.h>

#define STAT_STRUCT struct slabs_stats
static const struct stat_desc slab_stats[] = { SLAB_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* What /proc/slabinfo calls a class of kmalloc(). */
static char *class_name(const struct slabs *s, u32 bytes, enum kmalloc_kind kind)
{
	static const char *const prefix[] = { "kmalloc-", "dma-kmalloc-", "kmalloc-rcl-" };

	if (s->form == SLAB_CLASSIC)
		return xasprintf(kind == KMALLOC_DMA ? "size-%u(DMA)" : "size-%u", bytes);
	if (s->era == ERA_6_X && bytes >= 1024)
		return xasprintf("%s%uk", prefix[kind], bytes / 1024);
	return xasprintf("%s%u", prefix[kind], bytes);
}

static struct kmem_cache *class_create(struct slabs *s, u32 class, enum kmalloc_kind kind)
{
	static const u32 kind_flags[] = { 0, SLAB_DMA, SLAB_RECLAIM };
	u32 bytes = s->class_bytes[class];
	u32 flags = s->form == SLAB_CLASSIC ? SLAB_HWCACHE_ALIGN : 0;
	char *name = class_name(s, bytes, kind);
	struct kmem_cache *k = kmem_cache_create(s, name, bytes, 0, flags | kind_flags[kind]);

	if (!k) {
		free(name);
		return NULL;
	}
	k->own_name = name;
	return s->kmalloc[kind][class] = k;
}

struct kmem_cache *kmalloc_cache(const struct slabs *s, u64 bytes, enum kmalloc_kind kind)
{
	u32 class;

	if (bytes <= KMALLOC_SMALL)
		class = s->class_of[(bytes + 7) / 8];
	else
		for (class = 0; class < s->classes && s->class_bytes[class] < bytes; class ++)
			;
	return class < s->classes ? s->kmalloc[kind][class] : NULL;
}

/* Memory of a cache's own struct: an object of the cache of caches, which itself is part of the image. */
static u64 cache_struct(struct slabs *s)
{
	if (s->cache_cache)
		return kmem_cache_alloc(s->cache_cache, NULL, GFP_KERNEL);
	return slab_boot_alloc(s, &s->boot, slab_layout(s->form, s->era, s->word).cache, s->line);
}

static void cache_free_host(struct kmem_cache *k)
{
	struct slab *sl, *next;
	u32 i;

	for (i = 0; k->array && i < k->s->cpus; i++)
		free(k->array[i].entry);
	for (i = 0; k->node && i < k->n_nodes; i++) {
		if (k->node[i].shared)
			free(k->node[i].shared->entry);
		free(k->node[i].shared);
	}
	for (sl = k->spare; sl; sl = next) {
		next = sl->next;
		free(sl);
	}
	free(k->array);
	free(k->cpu);
	free(k->node);
	free(k->own_name);
	free(k);
}

/* What was made of one before memory ran out: its struct and arrays are lost, as nobody destroys caches. */
struct kmem_cache *kmem_cache_create(struct slabs *s, const char *name, u32 bytes, u32 align, u32 flags)
{
	struct kmem_cache *k = xcalloc(1, sizeof(*k));

	ASSERT(bytes);
	*k = (struct kmem_cache){ .s = s, .name = name, .object_size = bytes, .flags = flags };
	k->g = s->form == SLAB_SLUB ? slab_slub_geometry(s, bytes, align, flags)
				    : slab_classic_geometry(s, bytes, align, flags);
	/* Every page of a slab has a struct page of its own: no block that is one chunk, memmap.h. */
	if (!k->g.num || k->g.order >= MIN(s->pa->max_order, PAGE_CHUNK_SHIFT)) {
		cache_free_host(k);
		return NULL;
	}
	k->reciprocal = (u32)(((1ull << 32) + k->g.size - 1) / k->g.size);
	k->va = cache_struct(s);
	if (!k->va || !s->ops->setup(k)) {
		cache_free_host(k);
		return NULL;
	}
	s->cache = xrealloc(s->cache, (s->n_caches + 1) * sizeof(*s->cache));
	s->cache[s->n_caches++] = k;
	return k;
}

struct kmem_cache *kmem_cache_find(const struct slabs *s, const char *name)
{
	u32 i;

	for (i = 0; i < s->n_caches; i++)
		if (!strcmp(s->cache[i]->name, name))
			return s->cache[i];
	return NULL;
}

struct kmem_cache *kmem_cache_find_or_create(struct slabs *s, const char *name, u32 bytes)
{
	struct kmem_cache *k = kmem_cache_find(s, name);
	char *own;

	if (k || !bytes)
		return k;
	own = xstrdup(name);
	k = kmem_cache_create(s, own, bytes, 0, 0);
	if (k)
		k->own_name = own;
	else
		free(own);
	return k;
}

struct kmem_cache *kmem_cache_of(const struct slabs *s, u64 va)
{
	const struct page *p = page_of(&s->pa->map, (va - s->direct_map) >> s->shift);

	return p->flags & PAGE_SLAB ? s->slab[p->private]->cache : NULL;
}

/* The caches of caches, then kmalloc()'s: mm/slab.c, slub.c:kmem_cache_init(). */
static bool bootstrap(struct slabs *s)
{
	struct slab_layout l = slab_layout(s->form, s->era, s->word);
	u32 kind, i, kinds = s->form == SLAB_SLUB && s->era == ERA_6_X ? NR_KMALLOC_KINDS : KMALLOC_DMA + 1;

	if (s->form == SLAB_SLUB) {
		s->node_cache = kmem_cache_create(s, "kmem_cache_node", l.node, 0, SLAB_HWCACHE_ALIGN);
		if (!s->node_cache)
			return false;
	}
	s->cache_cache = kmem_cache_create(s, "kmem_cache", l.cache, 0, SLAB_HWCACHE_ALIGN);
	if (!s->cache_cache)
		return false;
	for (kind = 0; kind < kinds; kind++)
		for (i = 0; i < s->classes; i++)
			if (!class_create(s, i, kind))
				return false;
	s->booted = true;
	return true;
}

static void classes_init(struct slabs *s)
{
	u32 i, class = 0;

	s->classes = slab_kmalloc_classes(s->form, s->era, s->page_bytes, s->line, s->class_bytes);
	for (i = 0; i < ARRAY_SIZE(s->class_of); i++) {
		while (class < s->classes && s->class_bytes[class] < i * 8)
			class ++;
		s->class_of[i] = (u8) class;
	}
}

struct slabs *slabs_new_from(struct page_alloc *pa, const struct slab_pages *pages, enum slab_form form,
			     u32 line)
{
	struct slabs *s = xcalloc(1, sizeof(*s));
	struct slab_layout l;

	*s = (struct slabs){ .pa = pa, .pages = pages, .ch = pa->charger, .form = form, .line = line };
	s->era = form == SLAB_SLUB ? MAX(pa->cfg.era, ERA_2_6_26) : MIN(pa->cfg.era, ERA_2_6_18);
	s->ops = form == SLAB_SLUB ? &slab_slub_ops : &slab_classic_ops;
	s->word = pa->cfg.word;
	s->cpus = MAX(pa->cfg.cpus, 1u);
	s->nodes = MAX(pa->cfg.nodes, 1u);
	s->shift = pa->cfg.shift;
	s->page_bytes = 1u << s->shift;
	s->direct_map = pa->cfg.direct_map;
	s->percpu = xcalloc(s->cpus, sizeof(*s->percpu));
	s->reap_ticks = xcalloc(s->cpus, sizeof(*s->reap_ticks));
	l = slab_layout(form, s->era, s->word);
	s->arrays = l.arrays;
	s->array_header = l.array_header;
	s->desc_header = l.desc;
	s->bufctl = l.bufctl;
	classes_init(s);
	if (!bootstrap(s)) {
		slabs_free(s);
		return NULL;
	}
	return s;
}

/* The pages are the allocator's business, which goes, too. */
void slabs_free(struct slabs *s)
{
	u32 i;

	for (i = 0; i < s->slabs_end; i++)
		free(s->slab[i]);
	for (i = 0; i < s->n_caches; i++)
		cache_free_host(s->cache[i]);
	free(s->cache);
	free(s->slab);
	free(s->free_index);
	free(s->percpu);
	free(s->boot_pfn);
	free(s->reap_ticks);
	free(s);
}

/* By what an object was served, or taken back, as counters tell; what a new slab needs may be served inside.
 */
static enum ladder_kind alloc_kind(const struct slabs_stats *from, const struct slabs_stats *to)
{
	if (to->grown != from->grown)
		return LADDER_OBJECT_GROW;
	if (to->node_refills != from->node_refills)
		return LADDER_OBJECT_NODE;
	return to->refills == from->refills ? LADDER_OBJECT_CPU : LADDER_OBJECT_SHARED;
}

static enum ladder_kind free_kind(const struct slabs_stats *from, const struct slabs_stats *to)
{
	if (to->shrunk != from->shrunk)
		return LADDER_OBJECT_FREE_SLAB;
	return to->free_hits == from->free_hits ? LADDER_OBJECT_FREE_SLOW : LADDER_OBJECT_FREE_CPU;
}

static u64 alloc_measured(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	const struct slabs_stats from = k->s->st;
	struct ladder *l = k->s->ch->ladder;
	struct ladder_scope scope;
	u64 va;

	ladder_begin(l, c, &scope);
	va = k->s->ops->alloc(k, c, gfp);
	ladder_end(l, &scope, va ? alloc_kind(&from, &k->s->st) : LADDER_OBJECT_FAILED);
	return va;
}

static void free_measured(struct kmem_cache *k, struct cpu *c, u64 va)
{
	const struct slabs_stats from = k->s->st;
	struct ladder *l = k->s->ch->ladder;
	struct ladder_scope scope;

	ladder_begin(l, c, &scope);
	k->s->ops->free(k, c, va);
	ladder_end(l, &scope, free_kind(&from, &k->s->st));
}

static u64 cache_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	bool measured = ladder_is_on(k->s->ch->ladder, c);
	u64 va = measured ? alloc_measured(k, c, gfp) : k->s->ops->alloc(k, c, gfp);

	if (unlikely(!va)) {
		k->s->st.failed++;
		return 0;
	}
	k->in_use++;
	k->s->st.in_use++;
	k->s->st.allocs++;
	if (gfp & GFP_ZERO)
		slab_charge_object(k, c, KPATH_ZERO, va);
	return va;
}

static void cache_free(struct kmem_cache *k, struct cpu *c, u64 va)
{
	k->in_use--;
	k->s->st.in_use--;
	k->s->st.frees++;
	if (ladder_is_on(k->s->ch->ladder, c))
		free_measured(k, c, va);
	else
		k->s->ops->free(k, c, va);
}

static void tell_alloc(const struct slabs *s, struct cpu *c, const struct kmem_cache *k, u64 va, u64 bytes,
		       u32 gfp, bool kmalloc)
{
	charge_trace(s->ch, c, kmalloc ? TRACE_KMALLOC : TRACE_CACHE_ALLOC,
		     TRACE(va, bytes, k ? k->g.size : va ? ksize(s, va) : 0, gfp), k ? k->name : NULL);
}

u64 kmem_cache_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	u64 va = cache_alloc(k, c, gfp);

	if (tracer_on(k->s->ch->tracer))
		tell_alloc(k->s, c, k, va, k->object_size, gfp, false);
	return va;
}

void kmem_cache_free(struct kmem_cache *k, struct cpu *c, u64 va)
{
	charge_trace(k->s->ch, c, TRACE_CACHE_FREE, TRACE(va), k->name);
	cache_free(k, c, va);
}

static u64 kmalloc_large(struct slabs *s, struct cpu *c, u64 bytes, u32 gfp)
{
	u32 order = 0;
	u64 pfn;

	while (order < MAX_ORDERS && (u64)s->page_bytes << order < bytes)
		order++;
	if (s->form == SLAB_CLASSIC || order >= MAX_ORDERS) {
		s->st.failed++;
		return 0;
	}
	s->st.large++;
	pfn = s->pages->get(s->pa, c, (gfp & ~(GFP_HIGHMEM | GFP_MOVABLE)) | GFP_COMP, order);
	if (pfn != NO_FRAME)
		return s->direct_map + (pfn << s->shift);
	s->st.failed++;
	return 0;
}

u64 kmalloc(struct slabs *s, struct cpu *c, u64 bytes, u32 gfp)
{
	enum kmalloc_kind kind = KMALLOC_NORMAL;
	struct kmem_cache *k;
	u64 va;

	if (unlikely(gfp & GFP_DMA))
		kind = KMALLOC_DMA;
	else if (unlikely(gfp & GFP_RECLAIMABLE && s->kmalloc[KMALLOC_RECLAIM][0]))
		kind = KMALLOC_RECLAIM;
	k = kmalloc_cache(s, bytes, kind);
	if (unlikely(!k)) {
		va = kmalloc_large(s, c, bytes, gfp);
	} else {
		charge_step(s->ch, c, STEP_KMALLOC);
		va = cache_alloc(k, c, gfp);
	}
	if (tracer_on(s->ch->tracer))
		tell_alloc(s, c, k, va, bytes, gfp, true);
	return va;
}

/* Whose object it is says its struct page. */
void kfree(struct slabs *s, struct cpu *c, u64 va)
{
	u64 pfn = (va - s->direct_map) >> s->shift;
	struct kmem_cache *k = kmem_cache_of(s, va);
	const struct page *p = page_of(&s->pa->map, pfn);

	charge_trace(s->ch, c, TRACE_KFREE, TRACE(va), NULL);
	if (s->form == SLAB_CLASSIC)
		charge_load(s->ch, c, KPATH_SLAB, page_struct_va(&s->pa->map, pfn), s->word);
	if (likely(k)) {
		cache_free(k, c, va);
		return;
	}
	ASSERT(p->state == PAGE_ALLOCATED);
	s->pages->put(s->pa, c, pfn, p->order);
}

u64 ksize(const struct slabs *s, u64 va)
{
	const struct kmem_cache *k = kmem_cache_of(s, va);

	if (k)
		return k->object_size;
	return (u64)s->page_bytes << page_of(&s->pa->map, (va - s->direct_map) >> s->shift)->order;
}

/* Those whose slabs have descriptors elsewhere go first: these are objects of the others. */
u64 slabs_shrink(struct slabs *s, struct cpu *c)
{
	u64 before = s->st.pages;
	u32 i;

	for (i = s->n_caches; i-- > 0;)
		if (s->cache[i]->g.off_slab)
			s->ops->shrink(s->cache[i], c);
	for (i = s->n_caches; i-- > 0;)
		if (!s->cache[i]->g.off_slab)
			s->ops->shrink(s->cache[i], c);
	return before - s->st.pages;
}

u64 slabs_reap(struct slabs *s, struct cpu *c)
{
	u64 before = s->st.pages;

	if (s->form == SLAB_SLUB)
		return 0;
	if (s->era <= ERA_2_4_21)
		slab_reap_24(s, c);
	else
		slab_reap_26(s, c);
	return before - s->st.pages;
}

void slabs_stats_add(struct slabs *s, struct stats *st)
{
	stats_add(st, "mm.slab", slab_stats, &s->st);
	stats_set_level(st, "mm.slab.in_use");
	stats_set_level(st, "mm.slab.pages");
}

void slabs_each_block(const struct slabs *s, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	u32 i;

	for (i = 0; i < s->slabs_end; i++)
		if (s->slab[i])
			fn(arg, s->slab[i]->pfn, s->slab[i]->order);
	for (i = 0; i < s->n_boot_pfns; i++)
		fn(arg, s->boot_pfn[2 * i], s->boot_pfn[2 * i + 1]);
}

/* Every page of a slab says so. */
static u64 pages_sane(const struct slabs *s)
{
	u64 pages = 0, pfn;
	u32 i;

	for (i = 0; i < s->slabs_end; i++) {
		const struct slab *sl = s->slab[i];

		if (!sl)
			continue;
		ASSERT(sl->index == i);
		for (pfn = sl->pfn; pfn < sl->pfn + (1ull << sl->order); pfn++) {
			ASSERT(page_of(&s->pa->map, pfn)->flags & PAGE_SLAB);
			ASSERT(page_of(&s->pa->map, pfn)->private == i);
		}
		pages += 1ull << sl->order;
	}
	for (i = 0; i < s->n_boot_pfns; i++)
		pages += 1ull << s->boot_pfn[2 * i + 1];
	return pages;
}

void slabs_sane(const struct slabs *s)
{
	u64 in_use = 0;
	u32 i;

	ASSERT(pages_sane(s) == s->st.pages);
	for (i = 0; i < s->n_caches; i++) {
		s->ops->sane(s->cache[i]);
		in_use += s->cache[i]->in_use;
	}
	ASSERT(in_use == s->st.in_use && s->st.allocs == s->st.frees + in_use);
}

void kmem_cache_info(const struct kmem_cache *k, struct slab_info *i)
{
	*i = (struct slab_info){ .name = k->name, .objsize = k->g.size, .objperslab = k->g.num };
	i->pagesperslab = 1u << k->g.order;
	i->colours = k->g.colours;
	i->colour_off = k->g.colour_off;
	i->off_slab = k->g.off_slab;
	k->s->ops->info(k, i);
}

void slabs_each(const struct slabs *s, slab_info_fn fn, void *arg)
{
	struct slab_info info;
	u32 i;

	for (i = 0; i < s->n_caches; i++) {
		kmem_cache_info(s->cache[i], &info);
		fn(arg, &info);
	}
}

struct slab_page_count slabs_page_count(const struct slabs *s, u32 node)
{
	struct slab_page_count n = { 0 };
	const struct slab *sl;
	u32 i;

	for (i = 0; i < s->slabs_end; i++) {
		sl = s->slab[i];
		if (sl && sl->node == node)
			*(sl->cache->flags & SLAB_RECLAIM ? &n.reclaimable : &n.unreclaimable) +=
				1ull << sl->order;
	}
	for (i = 0; i < s->n_boot_pfns; i++)
		if (s->pages->node(s->pa, s->boot_pfn[2 * i]) == node)
			n.unreclaimable += 1ull << s->boot_pfn[2 * i + 1];
	return n;
}
