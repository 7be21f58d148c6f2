#include "model/mm/huge.h"

#include "model/base/error.h"
#include "model/mm/lru.h"
#include "model/mm/rmap.h"

static u64 nr_pages(const struct kernel *k, u32 level)
{
	return huge_size(k, level) >> k->page_shift;
}

/* Frame number of page i. */
static u64 page_at(const struct kernel *k, u64 entry, u32 level, u64 i)
{
	return (k->format->pa(entry, level) >> FRAME_SHIFT) + (i << (k->page_shift - FRAME_SHIFT));
}

static bool asked_for(const struct kernel *k, const struct vma *v, u32 level)
{
	if (level > 1 || v->flags & MM_HUGETLB)
		return v->flags & MM_HUGETLB;
	if (k->cfg.thp == KERNEL_THP_MADVISE)
		return v->flags & MM_HUGEPAGE;
	return k->cfg.thp && !(v->flags & MM_NOHUGEPAGE);
}

bool huge_wanted(struct mm *mm, const struct page_view *p, u64 va, u32 level)
{
	u64 size = huge_size(mm->k, level), start = align_down(va, size);
	const struct vma *v = &p->vma;

	if (mm->k->format->leaf[level] == NR_PAGE_SIZES || p->mixed || v->object ||
	    !asked_for(mm->k, v, level))
		return false;
	return start >= v->start && start + size <= v->end &&
	       (!p->implicit || !vma_overlaps(&mm->vmas, start, start + size));
}

/* Physical address of entry i of a table that is not one of level 0. */
static u64 entry_of(const struct kernel *k, u64 table_pfn, u64 i)
{
	return (table_pfn << FRAME_SHIFT) + i * k->format->entry_bytes;
}

static u64 withdraw(struct kernel *k, u64 entry_pa)
{
	const u64 *p = map64_find(&k->deposits, entry_pa);
	u64 pfn;

	ASSERT(p);
	pfn = *p;
	map64_remove(&k->deposits, entry_pa);
	return pfn;
}

/* The tables that waited for the page of an entry are not needed any more; n: of those below, the first. */
static void forget(struct kernel *k, struct cpu *c, u64 entry_pa, u32 level, u64 n)
{
	u64 table = withdraw(k, entry_pa), i;

	for (i = 0; level > 1 && i < n; i++)
		forget(k, c, entry_of(k, table, i), level - 1, 1u << k->format->bits[level - 2]);
	pgtable_free_page(k, c, table);
}

/*
 * The table that a later split will need, kept by its entry; and by its own entries those that the pages
 * into which it splits will need.
 */
static bool deposit(struct kernel *k, struct cpu *c, u64 entry_pa, u32 level)
{
	u64 pfn = pgtable_new_page(k, c), i;

	if (pfn == NO_FRAME)
		return false;
	map64_set(&k->deposits, entry_pa, pfn);
	for (i = 0; level > 1 && i < 1u << k->format->bits[level - 1]; i++) {
		if (deposit(k, c, entry_of(k, pfn, i), level - 1))
			continue;
		forget(k, c, entry_pa, level, i);
		return false;
	}
	return true;
}

static void forget_all(struct kernel *k, struct cpu *c, u64 entry_pa, u32 level)
{
	forget(k, c, entry_pa, level, 1u << k->format->bits[level - 1]);
}

static u32 huge_order(const struct kernel *k, u32 level)
{
	return k->format->shift[level] - k->page_shift;
}

/* vma_thp_gfp_mask(), defrag "madvise": without advice a block that is there or none. 1 GB is hugetlb's. */
static u32 huge_gfp(const struct vma *v, u32 level)
{
	if (level > 1)
		return GFP_TRANSHUGE | GFP_RETRY_MAYFAIL;
	return v->flags & MM_HUGEPAGE ? GFP_TRANSHUGE : GFP_TRANSHUGE_LIGHT;
}

static u64 new_block(struct kernel *k, struct cpu *c, const struct vma *v, u64 entry_pa, u64 va, u32 level)
{
	u64 pfn, step = page_size(k) >> FRAME_SHIFT, i;

	if (!deposit(k, level == 1 ? c : NULL, entry_pa, level))
		return NO_FRAME;
	pfn = page_alloc(k, c, huge_gfp(v, level), huge_order(k, level), va);
	if (pfn == NO_FRAME) {
		forget_all(k, level == 1 ? c : NULL, entry_pa, level);
		return NO_FRAME;
	}
	for (i = 0; i < nr_pages(k, level); i++)
		page_zero(k, c, pfn + i * step);
	return pfn;
}

/* Pages of hugetlb are in no list; nor is what reverse mapping does not know. */
static bool is_reclaimable(const struct kernel *k, const struct vma *v, u64 pfn)
{
	const struct page *p = rmap_page(k, pfn);

	return k->lru && p && p->mapping && !(v->flags & MM_HUGETLB);
}

/* mm/huge_memory.c:__do_huge_pmd_anonymous_page() */
bool huge_map(struct mm *mm, struct cpu *c, struct vma *v, u64 entry_pa, u64 va, u32 level, bool write)
{
	struct kernel *k = mm->k;
	u32 flags = PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	u64 pfn = new_block(k, c, v, entry_pa, align_down(va, huge_size(k, level)), level);

	if (pfn == NO_FRAME) {
		k->huge.fallbacks++;
		k->cpu[c->id].reclaim_until = 0; /* a small page is tried now */
		return false;
	}
	if (v->flags & MM_WRITE)
		flags |= PTE_WRITE;
	if (v->flags & MM_EXEC)
		flags |= PTE_EXEC;
	pte_write(mm, c, KPATH_FAULT, entry_pa, k->format->encode(pfn << FRAME_SHIFT, flags, level));
	rmap_add_new_huge(
		k, c,
		&(struct rmap_entry){ mm, v, align_down(va, huge_size(k, level)), entry_pa, pfn, level });
	if (is_reclaimable(k, v, pfn)) {
		lru_lock(k, v, pfn);
		lru_add_large(k, c, pfn);
	}
	k->huge.faults++;
	k->huge.gigantic += level > 1;
	return true;
}

/* mm_get_huge_zero_folio(): unmovable, and cleared once. */
static bool get_zero(struct kernel *k, struct cpu *c)
{
	u64 i;

	if (k->huge_zero_pfn != NO_FRAME)
		return true;
	k->huge_zero_pfn = page_alloc(k, c, GFP_TRANSHUGE & ~GFP_MOVABLE, huge_order(k, 1), ~(u64)0);
	if (k->huge_zero_pfn == NO_FRAME) {
		k->huge.zero_fails++;
		k->cpu[c->id].reclaim_until = 0;
		return false;
	}
	for (i = 0; i < nr_pages(k, 1); i++)
		page_zero(k, c, k->huge_zero_pfn + i);
	k->huge.zero_allocs++;
	return true;
}

/* The zero page of 4 KB is what it is split into. */
bool huge_wants_zero(const struct kernel *k, const struct page_view *p, u32 level)
{
	return k->cfg.era == ERA_6_X && k->zero_pfn != NO_FRAME && k->page_shift == FRAME_SHIFT &&
	       level == 1 && !p->implicit && !(p->vma.flags & MM_HUGETLB);
}

/* set_huge_zero_folio() */
bool huge_map_zero(struct mm *mm, struct cpu *c, const struct page_view *p, u64 entry_pa, u32 level)
{
	struct kernel *k = mm->k;
	u32 flags = PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_ACCESSED;

	if (!deposit(k, c, entry_pa, level))
		return false;
	if (!get_zero(k, c)) {
		forget_all(k, c, entry_pa, level);
		k->huge.fallbacks++;
		return false;
	}
	frame_get_block(k->frames, k->huge_zero_pfn, huge_order(k, level));
	flags |= p->vma.flags & MM_EXEC ? PTE_EXEC : 0;
	pte_write(mm, c, KPATH_FAULT, entry_pa,
		  k->format->encode(k->huge_zero_pfn << FRAME_SHIFT, flags, level));
	k->huge.zero_faults++;
	return true;
}

bool huge_deposit(struct mm *child, struct cpu *c, struct vma *v, u64 entry_pa, u32 level)
{
	return rmap_prepare_huge(child, c, v, level) &&
	       deposit(child->k, level == 1 ? c : NULL, entry_pa, level);
}

void huge_withdraw(struct mm *child, struct cpu *c, u64 entry_pa, u32 level)
{
	forget_all(child->k, level == 1 ? c : NULL, entry_pa, level);
}

/* mm/huge_memory.c:copy_huge_pmd() */
void huge_share(struct mm *child, struct cpu *c, struct vma *v, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct kernel *k = child->k;
	const struct pt_format *f = k->format;
	u32 flags = f->flags(entry, level) & ~(PTE_WRITE | PTE_ACCESSED);

	frame_get_block(k->frames, page_at(k, entry, level, 0), huge_order(k, level));
	pte_write(child, c, KPATH_FORK, entry_pa, f->encode(f->pa(entry, level), flags, level));
	rmap_dup_huge(k, c,
		      &(struct rmap_entry){ child, v, va, entry_pa, page_at(k, entry, level, 0), level });
}

bool huge_is_sole(const struct mm *mm, u64 entry, u32 level)
{
	u64 i;

	for (i = 0; i < nr_pages(mm->k, level); i++)
		if (frame_refs(mm->k->frames, page_at(mm->k, entry, level, i)) != 1)
			return false;
	return true;
}

struct each_huge {
	struct gather *g;
	enum kernel_path path;
	u32 level; /* only pages of this one */
};

/* __split_huge_zero_page_pmd(): each small page is the small zero page. */
static void split_zero(const struct each_huge *e, u64 table, u32 flags)
{
	struct kernel *k = e->g->mm->k;
	const struct pt_format *f = k->format;
	u32 i;

	for (i = 0; i < 1u << f->bits[0]; i++) {
		frame_get(k->frames, k->zero_pfn);
		pt_write(f, k->ptmem, table + i * f->entry_bytes,
			 f->encode(k->zero_pfn << FRAME_SHIFT, flags, 0));
	}
	frame_put_block(k->frames, e->g->c, k->huge_zero_pfn, huge_order(k, 1));
}

/* mm/huge_memory.c:__split_huge_pmd_locked(). Into pages of the next smaller size. */
static void split_entry(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	const struct each_huge *e = arg;
	struct kernel *k = e->g->mm->k;
	const struct pt_format *f = k->format;
	u32 flags = f->flags(entry, level), n = 1u << f->bits[level - 1];
	u64 table, i;

	if (level != e->level)
		return;
	table = withdraw(k, entry_pa) << FRAME_SHIFT;
	if (huge_is_zero(k, page_at(k, entry, level, 0)))
		split_zero(e, table, flags);
	for (i = 0; i < n && !huge_is_zero(k, page_at(k, entry, level, 0)); i++) {
		pt_write(f, k->ptmem, table + i * f->entry_bytes,
			 f->encode(f->pa(entry, level) + (i << f->shift[level - 1]), flags, level - 1));
		if (level > 1)
			continue;
		rmap_moved(k, NULL,
			   &(struct rmap_entry){ .mm = e->g->mm,
						 .va = va + (i << f->shift[0]),
						 .entry_pa = table + i * f->entry_bytes,
						 .pfn = page_at(k, entry, level, i) },
			   entry_pa);
	}
	if (level == 1 && rmap_page(k, page_at(k, entry, level, 0)))
		k->thp.pages_split += lru_split_large(k, e->g->c, page_at(k, entry, level, 0));
	rmap_table(e->g->mm, NULL, table >> FRAME_SHIFT, va, level - 1);
	kernel_store(k, e->g->c, e->path, table, n * f->entry_bytes);
	pte_write(e->g->mm, e->g->c, e->path, entry_pa, f->encode(table, PTE_TABLE, level));
	gather_huge(e->g, va, level);
	k->huge.splits++;
}

static void split_level(struct gather *g, enum kernel_path path, u64 start, u64 end, u32 level)
{
	struct each_huge e = { g, path, level };

	if (start < end)
		pgtable_each_huge(g->mm, start, end, split_entry, &e);
}

void huge_split(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	u32 level;

	for (level = g->mm->k->huge_top; level > 0; level--)
		split_level(g, path, start, end, level);
}

void huge_split_ends(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	u32 level;

	for (level = g->mm->k->huge_top; level > 0; level--) {
		u64 size = huge_size(g->mm->k, level);

		if (start % size)
			split_level(g, path, start, start + 1, level);
		if (end % size)
			split_level(g, path, end - 1, end, level);
	}
}

/* mm/huge_memory.c:zap_huge_pmd() */
static void zap_entry(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	const struct each_huge *e = arg;
	struct kernel *k = e->g->mm->k;
	bool sole = huge_is_sole(e->g->mm, entry, level);

	kernel_step(k, e->g->c, sole ? STEP_UNMAP_PAGE : STEP_UNMAP_SHARED);
	pte_write(e->g->mm, e->g->c, e->path, entry_pa, 0);
	rmap_remove_huge(k, e->g->c,
			 &(struct rmap_entry){ .mm = e->g->mm,
					       .va = va,
					       .entry_pa = entry_pa,
					       .pfn = page_at(k, entry, level, 0),
					       .level = level },
			 e->path);
	gather_huge(e->g, va, level);
	gather_block(e->g, page_at(k, entry, level, 0), huge_order(k, level));
	forget_all(k, level == 1 ? e->g->c : NULL, entry_pa, level);
}

void huge_zap(struct gather *g, u64 start, u64 end)
{
	struct each_huge e = { .g = g, .path = KPATH_UNMAP };

	if (start < end)
		pgtable_each_huge(g->mm, start, end, zap_entry, &e);
}
