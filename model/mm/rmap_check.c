/* Reverse mapping against a scan of all page tables: counts, resident sets, and that walks find all of it. */
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/mm/alloc.h"
#include "model/mm/page_cache.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap_halves.h"

/*
 * Walks end when they have visited so many VMAs between them: all pages of a file that thousands of VMAs show
 * would take minutes. Counts are compared for each page.
 */
#define VISITS_MAX (1u << 24)

struct scan {
	struct kernel *k;
	struct mm *mm;
	struct mm_rss rss;
	struct map64 maps; /* pfn -> entries that map it */
};

static void count(struct scan *s, u64 pfn)
{
	const struct page *p = rmap_page(s->k, pfn);
	u64 *n;

	if (!p || !p->mapping)
		return;
	n = map64_find(&s->maps, pfn);
	if (n)
		++*n;
	else
		map64_set(&s->maps, pfn, 1);
	++*(page_is_anon(p) ? &s->rss.anon : &s->rss.file);
	s->rss.shmem += page_object(p) && page_object(p)->anon;
}

static void count_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct scan *s = arg;

	count(s, pte_pfn(s->mm, entry));
}

static void count_huge(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct scan *s = arg;
	const struct pt_format *f = s->k->format;
	u64 pfn = f->pa(entry, level) >> FRAME_SHIFT, n = 1ull << (f->shift[level] - FRAME_SHIFT), i;

	for (i = 0; i < n; i++)
		count(s, pfn + i);
}

static void count_swap(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	((struct scan *)arg)->rss.swap++;
}

static void scan_mm(struct scan *s, struct mm *mm)
{
	s->mm = mm;
	s->rss = (struct mm_rss){ 0 };
	pgtable_each(mm, 0, s->k->user_end, count_entry, s);
	pgtable_each_huge(mm, 0, s->k->user_end, count_huge, s);
	pgtable_each_swap(mm, 0, s->k->user_end, count_swap, s);
	ASSERT(s->rss.anon == mm->rss.anon && s->rss.file == mm->rss.file && s->rss.swap == mm->rss.swap &&
	       s->rss.shmem == mm->rss.shmem);
}

/* Where a walk has been: each entry once, and every one is where it says. */
struct found {
	struct map64 entries; /* its address, and for parts of large pages which part */
};

static bool note(struct rmap_walk *w, const struct rmap_entry *e)
{
	struct found *f = w->arg;
	u64 key = e->entry_pa << 12 ^ (e->level ? e->va >> FRAME_SHIFT & 511 : 512);

	ASSERT(pgtable_upper(e->mm, NULL, w->path, e->va, e->level, false) == e->entry_pa);
	ASSERT(!e->vma || (e->vma->mm == e->mm && e->vma->start <= e->va && e->va < e->vma->end));
	ASSERT(!map64_find(&f->entries, key));
	map64_set(&f->entries, key, 1);
	return true;
}

/* Returns how many VMAs were visited. */
static u64 walk_page(struct kernel *k, u64 pfn, u64 entries)
{
	struct found f = { 0 };
	struct rmap_walk w = { .k = k, .pfn = pfn, .entry = note, .arg = &f };

	if (rmap_walk(&w))
		ASSERT(w.found == entries && f.entries.n == entries);
	map64_fini(&f.entries);
	return w.vmas;
}

static void check_pages(const struct scan *s)
{
	const struct map64_slot *slot;
	const struct rmap *r = s->k->rmap;
	u64 visits = 0;

	for (slot = map64_next(&s->maps, NULL); slot; slot = map64_next(&s->maps, slot)) {
		const struct page *p = rmap_page(s->k, slot->key);
		const struct rmap_ops *ops = page_is_anon(p) ? r->anon : r->file;

		ASSERT(p->mapcount == slot->value);
		if (visits < VISITS_MAX)
			visits += walk_page(s->k, slot->key, slot->value);
		if (ops->sane_page)
			ops->sane_page(r, p);
	}
}

/* An object's VMAs are all in its structure. */
static void check_objects(const struct rmap *r)
{
	const struct object *o;

	for (o = r->k->objects.first; o; o = o->next)
		ASSERT(r->i_mmap->sane(o) == o->users);
}

/* Pages that nobody maps say so. */
static void check_unmapped(const struct scan *s)
{
	const struct memmap *m = &s->k->pa->map;
	u64 pfn;

	for (pfn = 0; pfn < m->pages; pfn++) {
		if (!memmap_has(m, pfn))
			pfn |= PAGE_CHUNK - 1;
		else if (page_of(m, pfn)->mapcount)
			ASSERT(map64_find(&s->maps, pfn));
	}
}

void rmap_check(const struct kernel *kernel)
{
	struct scan s = { .k = (struct kernel *)kernel };
	struct rmap_stats before;
	struct rmap *r = s.k->rmap;
	struct mm *mm;

	if (!r)
		return;
	before = r->st;
	for (mm = s.k->mms; mm; mm = mm->next)
		scan_mm(&s, mm);
	check_pages(&s);
	check_unmapped(&s);
	check_objects(r);
	if (r->anon->sane)
		r->anon->sane(r);
	r->st = before;
	map64_fini(&s.maps);
}
