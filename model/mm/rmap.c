/* What is common to all schemes of reverse mapping: counts, and which half is asked. */
#include "model/mm/rmap_halves.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"

/* include/linux/rmap.h of each tree; 2.6.34 to 3.6 kept objects' VMAs in the priority tree. */
static const u8 era_scheme[NR_ERAS] = {
	[ERA_2_4_0] = RMAP_NONE,      [ERA_2_4_21] = RMAP_NONE,           [ERA_2_5_66] = RMAP_PTE_CHAIN,
	[ERA_2_6_5] = RMAP_PTE_CHAIN, [ERA_2_6_9] = RMAP_ANON_VMA,        [ERA_2_6_18] = RMAP_ANON_VMA,
	[ERA_2_6_26] = RMAP_ANON_VMA, [ERA_2_6_37] = RMAP_ANON_VMA_CHAIN, [ERA_6_X] = RMAP_ANON_VMA_CHAIN,
};

static enum rmap_file file_of(const struct kernel *k, enum rmap_scheme scheme)
{
	if (k->cfg.rmap_file)
		return (enum rmap_file)(k->cfg.rmap_file - 1);
	if (scheme < RMAP_ANON_VMA)
		return RMAP_FILE_LIST;
	return k->cfg.era == ERA_6_X ? RMAP_FILE_INTERVAL_TREE : RMAP_FILE_PRIO_TREE;
}

void rmap_boot(struct kernel *k)
{
	enum rmap_scheme scheme = k->cfg.rmap ? (enum rmap_scheme)(k->cfg.rmap - 1)
					      : (enum rmap_scheme)era_scheme[k->cfg.era];
	struct rmap *r;

	if (k->page_shift != FRAME_SHIFT)
		return;
	r = xcalloc(1, sizeof(*r));
	r->k = k;
	r->anon = rmap_anon_half(scheme);
	r->file = rmap_file_half(scheme);
	r->i_mmap = rmap_i_mmap(file_of(k, scheme));
	r->rw_locks = k->cfg.era == ERA_6_X;
	rmap_set_layout(r);
	if (r->anon->init)
		r->anon->init(r);
	k->rmap = r;
}

void rmap_free(struct rmap *r)
{
	if (!r)
		return;
	if (r->anon->free)
		r->anon->free(r);
	free(r);
}

struct page *rmap_page(const struct kernel *k, u64 pfn)
{
	if (!k->rmap || pfn == k->zero_pfn || !memmap_has(&k->pa->map, pfn))
		return NULL;
	return page_of(&k->pa->map, pfn);
}

/* Parts of a page of 1 GB have a struct page when it is broken, but were never noted. */
static struct page *tracked(const struct kernel *k, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);

	return p && p->mapping ? p : NULL;
}

static const struct rmap_ops *half(const struct rmap *r, const struct page *p)
{
	return page_is_anon(p) ? r->anon : r->file;
}

bool rmap_can_walk(const struct kernel *k, const struct page *p)
{
	return k->rmap && half(k->rmap, p)->walk;
}

/* ---- pages ---- */

static void touch_page(const struct rmap *r, struct cpu *c, u64 pfn, u32 offset, u32 bytes)
{
	rmap_store(r, c, page_struct_va(&r->k->pa->map, pfn) + offset, bytes);
}

/*
 * A kernel that has no reverse mapping here pays for that of its era, as far as objects and chains are not
 * what makes it.
 */
static void step_without(const struct kernel *k, struct cpu *c, u64 pfn, enum kernel_step s,
			 enum kernel_path path)
{
	const struct step_text *t = &k->charger.step[s];

	if (!k->rmap && c && k->charger.on && pfn != k->zero_pfn && era_scheme[k->cfg.era] != RMAP_NONE)
		c->ops->execute(c, path, t->va, t->bytes, t->instructions);
}

static enum kernel_step era_add_step(enum kernel_era era)
{
	if (era_scheme[era] == RMAP_PTE_CHAIN)
		return STEP_RMAP_CHAIN_DIRECT;
	return era_scheme[era] == RMAP_ANON_VMA ? STEP_RMAP_ADD_ANON_VMA : STEP_RMAP_ADD_CHAIN_VMA;
}

static bool prepare(struct mm *mm, struct cpu *c, struct vma *v, const struct rmap_ops *ops, u32 pages,
		    enum kernel_path path)
{
	struct rmap *r = mm->k->rmap;
	bool done;

	r->path = path;
	done = !ops->prepare || ops->prepare(r, c, v, pages);
	r->st.failed += !done;
	return done;
}

bool rmap_prepare(struct mm *mm, struct cpu *c, struct vma *v)
{
	return !mm->k->rmap || prepare(mm, c, v, mm->k->rmap->anon, 1, KPATH_FAULT);
}

bool rmap_prepare_dup(struct mm *mm, struct cpu *c, struct vma *v, u64 pfn)
{
	const struct page *p = tracked(mm->k, pfn);

	return !p || prepare(mm, c, v, half(mm->k->rmap, p), 1, KPATH_FORK);
}

bool rmap_prepare_object(struct mm *mm, struct cpu *c, struct vma *v)
{
	return !mm->k->rmap || prepare(mm, c, v, mm->k->rmap->file, 1, KPATH_FAULT);
}

/* One more (1) or one fewer (-1): add_mm_counter(). */
static void count_rss(struct mm *mm, const struct page *p, s32 pages)
{
	*(page_is_anon(p) ? &mm->rss.anon : &mm->rss.file) += (u64)(s64)pages;
	if (!page_is_anon(p) && p->marks & PG_SWAPBACKED)
		mm->rss.shmem += (u64)(s64)pages;
}

static void add_first(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive,
		      enum kernel_path path)
{
	struct page *p = rmap_page(k, e->pfn);
	struct rmap *r = k->rmap;

	ASSERT(!p->mapcount);
	r->path = path;
	p->mapping = PAGE_MAPPING_ANON;
	p->marks = (u16)((p->marks & ~PG_EXCLUSIVE) | PG_SWAPBACKED | (exclusive ? PG_EXCLUSIVE : 0));
	if (r->anon->add_new)
		r->anon->add_new(r, c, p, e);
	ASSERT(page_is_anon(p));
	p->mapcount = 1;
	k->rmap->mapped++;
	count_rss(e->mm, p, 1);
	r->st.adds++;
	touch_page(r, c, e->pfn, r->page->mapping, 2 * k->layout.word);
	touch_page(r, c, e->pfn, r->page->mapcount, 4);
}

static void add_steps(const struct kernel *k, struct cpu *c, const struct rmap_entry *e,
		      enum kernel_path path)
{
	step_without(k, c, e->pfn, era_add_step((enum kernel_era)k->cfg.era), path);
	if (!k->rmap || k->rmap->anon != &rmap_none)
		kernel_path_step(k, c, e->mm, STEP_RMAP_ADD);
}

static void add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path)
{
	add_steps(k, c, e, path);
	if (rmap_page(k, e->pfn))
		add_first(k, c, e, true, path);
}

void rmap_add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	add_new(k, c, e, KPATH_FAULT);
}

void rmap_add_swapped(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive)
{
	struct page *p = rmap_page(k, e->pfn);

	if (!p->mapcount) {
		add_steps(k, c, e, KPATH_FAULT);
		add_first(k, c, e, exclusive, KPATH_FAULT);
		return;
	}
	rmap_add(k, c, e);
	if (exclusive)
		p->marks |= PG_EXCLUSIVE;
}

static void add(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path)
{
	struct page *p = tracked(k, e->pfn);
	struct rmap *r = k->rmap;

	step_without(k, c, e->pfn, STEP_RMAP_COUNT, path);
	if (!p)
		return;
	r->path = path;
	if (half(r, p)->add)
		half(r, p)->add(r, c, p, e);
	r->mapped += !p->mapcount++;
	p->marks &= (u16)~PG_EXCLUSIVE;
	count_rss(e->mm, p, 1);
	r->st.adds++;
	touch_page(r, c, e->pfn, r->page->mapcount, 4);
}

void rmap_add(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	add(k, c, e, KPATH_FAULT);
}

void rmap_dup(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	add(k, c, e, KPATH_FORK);
}

void rmap_remove(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path)
{
	struct page *p = tracked(k, e->pfn);
	struct rmap *r = k->rmap;

	step_without(k, c, e->pfn, STEP_RMAP_REMOVE, path);
	if (!p)
		return;
	ASSERT(p->mapcount);
	r->path = path;
	if (half(r, p)->remove)
		half(r, p)->remove(r, c, p, e);
	r->mapped -= !--p->mapcount;
	count_rss(e->mm, p, -1);
	r->st.removes++;
	if (p->marks & PG_UNEVICTABLE)
		lru_rescue(k, c, e->pfn);
	touch_page(r, c, e->pfn, r->page->mapcount, 4);
}

void rmap_moved(struct kernel *k, struct cpu *c, const struct rmap_entry *e, u64 from)
{
	struct page *p = tracked(k, e->pfn);
	struct rmap *r = k->rmap;

	if (!p || !half(r, p)->moved)
		return;
	r->path = KPATH_SYSCALL;
	half(r, p)->moved(r, c, p, e, from);
}

/* others: entries that map it, and will go on. */
static bool can_be_at(const struct kernel *k, const struct page *p, u32 others, u64 va)
{
	return !others || !half(k->rmap, p)->fits || half(k->rmap, p)->fits(p, va);
}

bool rmap_can_share(const struct kernel *k, u64 pfn, u64 va)
{
	const struct page *p = tracked(k, pfn);

	return !p || can_be_at(k, p, p->mapcount, va);
}

bool rmap_can_move(const struct kernel *k, u64 pfn, u64 va)
{
	const struct page *p = tracked(k, pfn);

	return !p || can_be_at(k, p, p->mapcount - 1, va);
}

void rmap_copied(struct kernel *k)
{
	k->rmap->st.copied++;
}

void rmap_migrate(struct kernel *k, struct cpu *c, u64 from, u64 to)
{
	struct page *p = rmap_page(k, from), *q = rmap_page(k, to);

	if (!p)
		return;
	q->mapping = p->mapping;
	q->index = p->index;
	q->rmap = p->rmap;
	q->mapcount = p->mapcount;
	q->marks = p->marks & (u16) ~(PG_LRU | PG_BATCHED);
	q->group = p->group;
	lru_replace(k, from, to);
	p->mapping = p->rmap = p->mapcount = p->group = 0;
	k->rmap->path = KPATH_COMPACT;
	touch_page(k->rmap, c, to, k->rmap->page->mapping, 2 * k->layout.word);
	touch_page(k->rmap, c, to, k->rmap->page->mapcount, 4);
}

static u64 huge_pages(const struct kernel *k, u32 level)
{
	return 1ull << (k->format->shift[level] - FRAME_SHIFT);
}

bool rmap_prepare_huge(struct mm *mm, struct cpu *c, struct vma *v, u32 level)
{
	const struct kernel *k = mm->k;

	return !k->rmap || level > 1 ||
	       prepare(mm, c, v, k->rmap->anon, (u32)huge_pages(k, level), KPATH_FORK);
}

u64 rmap_mapped_pages(const struct kernel *k)
{
	return k->rmap ? k->rmap->mapped : 0;
}

typedef void (*each_page_fn)(struct kernel *k, struct cpu *c, const struct rmap_entry *e,
			     enum kernel_path path);

/* One page pays for all of them, as the head of a compound page does. */
static void each_page(struct kernel *k, struct cpu *c, const struct rmap_entry *e, each_page_fn fn,
		      enum kernel_path path)
{
	u64 n = huge_pages(k, e->level), i;
	struct rmap_entry one = *e;

	if (!k->rmap)
		fn(k, c, e, path);
	if (!k->rmap || !memmap_has(&k->pa->map, e->pfn))
		return;
	for (i = 0; i < n; i++) {
		fn(k, i ? NULL : c, &one, path);
		one.pfn++;
		one.va += FRAME_SIZE;
	}
}

void rmap_add_new_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	each_page(k, c, e, add_new, KPATH_FAULT);
}

void rmap_dup_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	each_page(k, c, e, add, KPATH_FORK);
}

void rmap_remove_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path)
{
	each_page(k, c, e, rmap_remove, path);
}

void rmap_table(struct mm *mm, struct cpu *c, u64 pfn, u64 va, u32 level)
{
	struct kernel *k = mm->k;
	struct page *p = rmap_page(k, pfn);

	if (!p)
		return;
	p->mapping = (uintptr_t)mm;
	p->index = va >> k->format->shift[level] >>
		   k->format->bits[level] << (k->format->shift[level] + k->format->bits[level] - FRAME_SHIFT);
	p->rmap = level;
	k->rmap->path = KPATH_FAULT;
	if (k->rmap->anon->table)
		k->rmap->anon->table(k->rmap, c, pfn);
}

void rmap_table_gone(struct kernel *k, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);

	if (p)
		p->mapping = p->index = p->rmap = 0;
}

/* ---- walks ---- */

static void count_walk(struct rmap_stats *st, const struct rmap_walk *w)
{
	u64 *bins[] = { &st->walks_1,  &st->walks_3,   &st->walks_7,   &st->walks_15,  &st->walks_31,
			&st->walks_63, &st->walks_127, &st->walks_255, &st->walks_511, &st->walks_1023 };
	u32 bin = w->vmas ? 31u - (u32)__builtin_clz(w->vmas) : 0;

	++*(bin < ARRAY_SIZE(bins) ? bins[bin] : &st->walks_more);
	st->walks++;
	st->vmas += w->vmas;
	st->walk_max = MAX(st->walk_max, w->vmas);
	st->nodes += w->nodes;
	st->tested += w->tested;
	st->found += w->found;
}

bool rmap_walk(struct rmap_walk *w)
{
	struct rmap *r = w->k->rmap;
	struct page *p = rmap_page(w->k, w->pfn);
	const struct rmap_ops *ops = p ? half(r, p) : NULL;

	if (!ops || !ops->walk)
		return false;
	w->vmas = w->nodes = w->tested = w->found = 0;
	w->left = p->mapcount;
	w->busy = false;
	r->path = w->path;
	rmap_step(r, w->c, STEP_RMAP_WALK, 1);
	if (w->left)
		ops->walk(w, p);
	count_walk(&r->st, w);
	return true;
}

void rmap_referenced_done(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);

	if (p && half(k->rmap, p)->referenced_done)
		half(k->rmap, p)->referenced_done(k->rmap, c, p);
}

/* ---- counters ---- */

#define STAT_STRUCT struct rmap_stats
static const struct stat_desc stat_rows[] = { RMAP_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct rmap_object_stats
static const struct stat_desc object_rows[] = { RMAP_OBJECT_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void rmap_stats_add(const struct rmap *r, struct stats *s)
{
	stats_add(s, "mm.rmap", stat_rows, &r->st);
	stats_set_level(s, "mm.rmap.walk_max");
#define X(id, cache, plural)                                                        \
	stats_add(s, "mm.rmap." plural, object_rows, &r->object[RMAP_OBJECT_##id]); \
	stats_set_level(s, "mm.rmap." plural ".objects");                           \
	stats_set_level(s, "mm.rmap." plural ".bytes");
	RMAP_OBJECTS(X)
#undef X
}
