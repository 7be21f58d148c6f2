/* What is common to all schemes of reverse mapping: counts, and which half is asked. */
#include "model/mm/rmap.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"
#include "model/mm/page_layout.h"
#include "model/mm/rmap_halves.h"

#define STAT_STRUCT struct rmap_stats
static const struct stat_desc stat_rows[] = { RMAP_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

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
	if (scheme == RMAP_OBJRMAP || scheme == RMAP_ANONMM)
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
	r->file = rmap_file_half(scheme, file_of(k, scheme));
	k->rmap = r;
}

void rmap_free(struct rmap *r)
{
	if (!r)
		return;
	if (r->anon->free)
		r->anon->free(r);
	if (r->file->free && r->file != r->anon)
		r->file->free(r);
	free(r);
}

void rmap_stats_add(const struct rmap *r, struct stats *s)
{
	stats_add(s, "mm.rmap", stat_rows, &r->st);
}

struct page *rmap_page(const struct kernel *k, u64 pfn)
{
	if (!k->rmap || pfn == k->zero_pfn || !memmap_has(&k->pa->map, pfn))
		return NULL;
	return page_of(&k->pa->map, pfn);
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

static void touch_page(const struct kernel *k, struct cpu *c, u64 pfn, enum kernel_path path)
{
	charge_store(&k->charger, c, path, page_struct_va(&k->pa->map, pfn), 8);
}

bool rmap_prepare(struct mm *mm, struct cpu *c, struct vma *v)
{
	struct rmap *r = mm->k->rmap;
	const struct rmap_ops *ops;
	bool done;

	if (!r)
		return true;
	ops = r->anon;
	done = !ops->prepare || ops->prepare(r, c, v);
	if (done && v->object && r->file != ops && r->file->prepare)
		done = r->file->prepare(r, c, v);
	r->st.failed += !done;
	return done;
}

static u64 *rss_of(struct mm *mm, const struct page *p)
{
	return page_is_anon(p) ? &mm->rss.anon : &mm->rss.file;
}

static void add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive)
{
	struct page *p = rmap_page(k, e->pfn);

	kernel_path_step(k, c, e->mm, STEP_RMAP_ADD);
	if (!p)
		return;
	ASSERT(!p->mapcount);
	p->mapping = PAGE_MAPPING_ANON;
	p->marks |= exclusive ? PG_SWAPBACKED | PG_EXCLUSIVE : PG_SWAPBACKED;
	if (k->rmap->anon->add_new)
		k->rmap->anon->add_new(k->rmap, c, p, e);
	ASSERT(page_is_anon(p));
	p->mapcount = 1;
	k->rmap->mapped++;
	e->mm->rss.anon++;
	k->rmap->st.adds++;
	touch_page(k, c, e->pfn, KPATH_FAULT);
}

void rmap_add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	add_new(k, c, e, true);
}

void rmap_add_swapped(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive)
{
	struct page *p = rmap_page(k, e->pfn);

	if (!page_is_anon(p)) {
		add_new(k, c, e, exclusive);
		return;
	}
	rmap_add(k, c, e);
	if (exclusive)
		p->marks |= PG_EXCLUSIVE;
}

void rmap_add(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	struct page *p = rmap_page(k, e->pfn);

	if (!p)
		return;
	ASSERT(p->mapping);
	if (half(k->rmap, p)->add)
		half(k->rmap, p)->add(k->rmap, c, p, e);
	k->rmap->mapped += !p->mapcount++;
	p->marks &= (u16)~PG_EXCLUSIVE;
	++*rss_of(e->mm, p);
	k->rmap->st.adds++;
	touch_page(k, c, e->pfn, KPATH_FAULT);
}

void rmap_remove(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	struct page *p = rmap_page(k, e->pfn);

	if (!p)
		return;
	ASSERT(p->mapcount);
	if (half(k->rmap, p)->remove)
		half(k->rmap, p)->remove(k->rmap, c, p, e);
	k->rmap->mapped -= !--p->mapcount;
	--*rss_of(e->mm, p);
	k->rmap->st.removes++;
	touch_page(k, c, e->pfn, KPATH_UNMAP);
}

void rmap_moved(struct kernel *k, struct cpu *c, const struct rmap_entry *e, u64 from)
{
	struct page *p = rmap_page(k, e->pfn);

	if (p && half(k->rmap, p)->moved)
		half(k->rmap, p)->moved(k->rmap, c, p, e, from);
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
	touch_page(k, c, to, KPATH_COMPACT);
}

u64 rmap_mapped_pages(const struct kernel *k)
{
	return k->rmap ? k->rmap->mapped : 0;
}

typedef void (*each_page_fn)(struct kernel *k, struct cpu *c, const struct rmap_entry *e);

/* One page pays for all of them, as the head of a compound page does. */
static void each_page(struct kernel *k, struct cpu *c, const struct rmap_entry *e, each_page_fn fn)
{
	u64 n = 1ull << (k->format->shift[e->level] - FRAME_SHIFT), i;
	struct rmap_entry one = *e;

	if (!k->rmap || !memmap_has(&k->pa->map, e->pfn))
		return;
	for (i = 0; i < n; i++) {
		fn(k, i ? NULL : c, &one);
		one.pfn++;
		one.va += FRAME_SIZE;
	}
}

void rmap_add_new_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	each_page(k, c, e, rmap_add_new);
}

void rmap_add_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	each_page(k, c, e, rmap_add);
}

void rmap_remove_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e)
{
	each_page(k, c, e, rmap_remove);
}

/* ---- VMAs ---- */

bool rmap_fork_mm(struct mm *from, struct mm *to, struct cpu *c)
{
	struct rmap *r = to->k->rmap;

	return !r || !r->anon->fork_mm || r->anon->fork_mm(r, c, from, to);
}

void rmap_exit_mm(struct mm *mm, struct cpu *c)
{
	struct rmap *r = mm->k->rmap;

	if (r && r->anon->exit_mm)
		r->anon->exit_mm(r, c, mm);
}

typedef void (*vma_fn)(struct rmap *r, struct cpu *c, struct vma *v);

/* Each half has its own view; one that serves both is asked once. */
static void both(struct mm *mm, struct cpu *c, struct vma *v, vma_fn anon, vma_fn file)
{
	struct rmap *r = mm->k->rmap;

	if (anon)
		anon(r, c, v);
	if (file && v->object && r->file != r->anon)
		file(r, c, v);
}

#define BOTH(mm, c, v, fn)                                          \
	do {                                                        \
		struct rmap *r_ = (mm) ? (mm)->k->rmap : NULL;      \
		if (r_)                                             \
			both(mm, c, v, r_->anon->fn, r_->file->fn); \
	} while (0)

void rmap_link(struct mm *mm, struct cpu *c, struct vma *v)
{
	v->mm = mm;
	BOTH(mm, c, v, link);
}

void rmap_unlink(struct mm *mm, struct cpu *c, struct vma *v)
{
	BOTH(mm, c, v, unlink);
}

void rmap_before_change(struct mm *mm, struct cpu *c, struct vma *v)
{
	BOTH(mm, c, v, before_change);
}

void rmap_after_change(struct mm *mm, struct cpu *c, struct vma *v)
{
	BOTH(mm, c, v, after_change);
}

bool rmap_fork_vma(struct mm *to_mm, struct cpu *c, struct vma *from, struct vma *to)
{
	struct rmap *r = to_mm->k->rmap;

	if (!r)
		return true;
	if (r->anon->fork_vma && !r->anon->fork_vma(r, c, from, to))
		return false;
	return !from->object || r->file == r->anon || !r->file->fork_vma || r->file->fork_vma(r, c, from, to);
}

typedef void (*pair_fn)(struct rmap *r, struct cpu *c, struct vma *a, struct vma *b);

static void both_pairs(struct rmap *r, struct cpu *c, struct vma *a, struct vma *b, pair_fn anon,
		       pair_fn file)
{
	if (anon)
		anon(r, c, a, b);
	if (file && a->object && r->file != r->anon)
		file(r, c, a, b);
}

void rmap_split(struct mm *mm, struct cpu *c, struct vma *from, struct vma *to)
{
	struct rmap *r = mm ? mm->k->rmap : NULL;

	if (r)
		both_pairs(r, c, from, to, r->anon->split, r->file->split);
}

void rmap_merge(struct mm *mm, struct cpu *c, struct vma *keep, struct vma *gone)
{
	struct rmap *r = mm ? mm->k->rmap : NULL;

	if (r)
		both_pairs(r, c, keep, gone, r->anon->merge, r->file->merge);
}

bool rmap_mergeable(const struct mm *mm, const struct vma *a, const struct vma *b)
{
	const struct rmap *r = mm ? mm->k->rmap : NULL;

	return !r || !r->anon->mergeable || r->anon->mergeable(r, a, b);
}

/* ---- walks ---- */

u64 linear_page_index(const struct vma *v, u64 va)
{
	return vma_pgoff(v) + ((va - v->start) >> FRAME_SHIFT);
}

u64 vma_address(const struct vma *v, u64 index)
{
	u64 first = vma_pgoff(v);

	if (index < first || index - first >= (v->end - v->start) >> FRAME_SHIFT)
		return ~(u64)0;
	return v->start + ((index - first) << FRAME_SHIFT);
}

bool rmap_walk(struct rmap_walk *w)
{
	struct rmap *r = w->k->rmap;
	struct page *p = rmap_page(w->k, w->pfn);

	if (!p || !half(r, p)->walk)
		return false;
	w->vmas = w->tested = w->found = 0;
	w->left = p->mapcount;
	if (w->left)
		half(r, p)->walk(w, p);
	r->st.walks++;
	r->st.vmas += w->vmas;
	r->st.tested += w->tested;
	r->st.found += w->found;
	return true;
}
