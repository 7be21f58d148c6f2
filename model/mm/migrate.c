#include "model/mm/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/page.h"
#include "model/mm/page_cache.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"

/* An entry that maps a page. */
struct mapping {
	struct mm *mm;
	u64 va, entry_pa;
};

struct migration {
	struct kernel *k;
	/* Of the page that is to be moved. */
	struct mapping *mapping;
	u32 n, cap;
	/* Without a reverse mapping that can walk: entries of each page of a chunk, of more than one the
	 * last. */
	u64 first; /* page of the chunk, NO_FRAME: of none */
	struct mapping last[PAGE_CHUNK];
	u32 entries[PAGE_CHUNK];
};

struct migration *migration_new(struct kernel *k)
{
	struct migration *m = xcalloc(1, sizeof(*m));

	m->k = k;
	m->first = NO_FRAME;
	return m;
}

void migration_free(struct migration *m)
{
	if (!m)
		return;
	free(m->mapping);
	free(m);
}

static void begin(void *arg)
{
	((struct migration *)arg)->first = NO_FRAME;
}

/* A frame counts 4 KB, a page of the allocator what the kernel's pages are. */
static u32 frame_order(const struct kernel *k)
{
	return k->page_shift - FRAME_SHIFT;
}

/* ---- who maps a page: by a scan of all tables ---- */

struct scan {
	struct migration *m;
	struct mm *mm;
};

static void note_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct scan *s = arg;
	u64 i = (pte_pfn(s->mm, entry) >> frame_order(s->m->k)) - s->m->first;

	if (i >= PAGE_CHUNK)
		return;
	s->m->last[i] = (struct mapping){ s->mm, va, entry_pa };
	s->m->entries[i]++;
}

static void scan_tables(struct migration *m, u64 page)
{
	struct scan s = { .m = m };

	m->first = align_down(page, PAGE_CHUNK);
	memset(m->entries, 0, sizeof(m->entries));
	for (s.mm = m->k->mms; s.mm; s.mm = s.mm->next)
		pgtable_each(s.mm, 0, m->k->user_end, note_entry, &s);
}

static void add_mapping(struct migration *m, const struct mapping *p)
{
	if (m->n == m->cap) {
		m->cap = MAX(m->cap * 2, 16);
		m->mapping = xrealloc(m->mapping, m->cap * sizeof(*m->mapping));
	}
	m->mapping[m->n++] = *p;
}

static bool is_in_run(const struct mapping *p)
{
	return pte_flags(p->mm, pte_read(p->mm, p->entry_pa)) & PTE_CONTIG;
}

/* A private page that one address space maps once. */
static bool find_by_scan(struct migration *m, u64 page)
{
	if (m->first == NO_FRAME || page - m->first >= PAGE_CHUNK)
		scan_tables(m, page);
	if (m->entries[page - m->first] != 1)
		return false;
	add_mapping(m, &m->last[page - m->first]);
	return frame_refs(m->k->frames, page << frame_order(m->k)) == 1;
}

/* What the scan knows goes with the page. */
static void scan_moved(struct migration *m, u64 from, u64 to)
{
	if (m->first == NO_FRAME)
		return;
	if (to - m->first < PAGE_CHUNK) {
		m->last[to - m->first] = m->mapping[0];
		m->entries[to - m->first] = m->n;
	}
	m->entries[from - m->first] = 0;
}

/* ---- the same by reverse mapping ---- */

static bool collect(struct rmap_walk *w, const struct rmap_entry *e)
{
	const struct mapping p = { e->mm, e->va, e->entry_pa };
	struct migration *m = w->arg;

	if (e->level)
		return false;
	add_mapping(m, &p);
	return true;
}

/* Nobody but its entries, and the object whose it is, has the page, and no device is at it. */
static bool is_idle(const struct kernel *k, const struct page *p, u64 pfn)
{
	u32 users = p->mapcount + !page_is_anon(p);

	return p->mapcount && !p->swap && !(p->marks & (PG_LOCKED | PG_WRITEBACK)) &&
	       frame_refs(k->frames, pfn) == users;
}

static bool find_by_rmap(struct migration *m, struct cpu *c, u64 pfn)
{
	struct rmap_walk w = { .k = m->k,
			       .c = c,
			       .path = KPATH_COMPACT,
			       .pfn = pfn,
			       .entry = collect,
			       .arg = m,
			       .unmaps = true };
	const struct page *p = rmap_page(m->k, pfn);

	if (!p->mapping || !is_idle(m->k, p, pfn))
		return false;
	rmap_walk(&w);
	return m->n == p->mapcount;
}

static bool found_again(struct rmap_walk *w, const struct rmap_entry *e)
{
	return true;
}

/* remove_migration_ptes() looks for the entries once more. */
static void walk_again(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct rmap_walk w = { .k = k, .c = c, .path = KPATH_COMPACT, .pfn = pfn, .entry = found_again };

	rmap_walk(&w);
}

/* ---- moving ---- */

static bool find_mappings(struct migration *m, struct cpu *c, u64 page)
{
	const struct page *p = rmap_page(m->k, page);
	u32 i;

	m->n = 0;
	if (!(p && rmap_can_walk(m->k, p) ? find_by_rmap(m, c, page) : find_by_scan(m, page)))
		return false;
	for (i = 0; i < m->n; i++)
		if (is_in_run(&m->mapping[i]))
			return false;
	return true;
}

/* The entry changes at once, where Linux puts a migration entry in between, and the old one is flushed. */
static void remap(struct cpu *c, const struct mapping *p, u64 to)
{
	struct mm *mm = p->mm;
	u32 flags = pte_flags(mm, pte_read(mm, p->entry_pa));

	pte_write(mm, c, KPATH_COMPACT, p->entry_pa,
		  mm->k->format->encode(to << mm->k->page_shift, flags, 0));
	if (flags & PTE_PRESENT)
		tlb_flush_page(mm, c, p->va);
}

static bool unmap_and_move(void *arg, struct cpu *c, u64 from, u64 to)
{
	struct migration *m = arg;
	struct kernel *k = m->k;
	u32 i;

	if (!c || k->table_walks || !find_mappings(m, c, from))
		return false;
	for (i = 0; i < m->n; i++)
		remap(c, &m->mapping[i], to);
	page_copy(k, c, to << frame_order(k), from << frame_order(k));
	if (k->rmap && rmap_page(k, from)->mapping && !page_is_anon(rmap_page(k, from)))
		page_cache_migrate(k, from, to);
	rmap_migrate(k, c, from, to);
	walk_again(k, c, to);
	scan_moved(m, from, to);
	return true;
}

const struct migrate_ops migration_ops = { begin, unmap_and_move };
