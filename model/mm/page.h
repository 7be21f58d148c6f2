/*
 * Pages of more than 4 KB, and recordings that were made with pages of 4 KB: mappings keep the recording's
 * boundaries, so several of them can lie in one page. The rule:
 *
 * - a page that one mapping has alone is that mapping's, also where it fills only a part of it;
 * - a page of several is private memory with the rights of them all together;
 * - it goes away with the last of them, and keeps its frame while others come and go;
 * - a page of an object is known by the object's byte at its start: mappings that differ in the offset modulo
 *   the page size have frames of their own, where a kernel would have refused one of them.
 *
 * With pages of 4 KB none of this happens: a page lies in one VMA. For model/mm.
 */
#ifndef MMSIM_MM_PAGE_H
#define MMSIM_MM_PAGE_H

#include "model/mm/gather.h"

static inline u64 page_size(const struct kernel *k)
{
	return 1ull << k->page_shift;
}

static inline u64 page_down(const struct kernel *k, u64 va)
{
	return align_down(va, page_size(k));
}

static inline u64 page_up(const struct kernel *k, u64 va)
{
	return align_up(va, page_size(k));
}

/* What the page at va is to the tables, as if it were one VMA. */
struct page_view {
	struct vma vma;
	bool mapped; /* false: nothing is */
	bool mixed;  /* it lies in several VMAs */
	bool implicit;
	struct vma *real; /* that the view is a copy of; NULL: several */
};
struct page_view page_view(struct mm *mm, u64 va);
/* The page of v's object that va's page shows. */
u64 page_index(const struct kernel *k, const struct vma *v, u64 va);
/* Pages of an object that lie in its bytes start..end: first to last; none if first > last. */
void page_indices(const struct kernel *k, u64 start, u64 end, u64 *first, u64 *last);
/* The VMAs of va's page have private pages from now on. */
void page_set_anon(struct mm *mm, u64 va);
/* Makes start..end the whole pages in which nothing is mapped outside of it; start > end if there is none. */
void page_range(struct mm *mm, u64 *start, u64 *end);
/* Brings entries of start..end in line with what is mapped there now; charged to `path`. */
void page_refresh(struct gather *g, enum kernel_path path, u64 start, u64 end);
/* The same for the pages in which start or end lies, if they are shared with what lies outside. */
void page_refresh_ends(struct gather *g, enum kernel_path path, u64 start, u64 end);

/*
 * frame_alloc() from the node that kernel.numa says; c NULL: no core asks. Movable pages, which are a
 * program's, are charged to its group.
 */
u64 page_alloc(struct kernel *k, struct cpu *c, u32 gfp, u32 order, u64 va);
/* Whole pages, frame by frame. */
void page_zero(const struct kernel *k, struct cpu *c, u64 pfn);
void page_copy(const struct kernel *k, struct cpu *c, u64 to, u64 from);

#endif
