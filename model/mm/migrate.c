#include "model/mm/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"

struct mapping {
	struct mm *mm;
	u64 va, entry_pa;
	u32 n; /* entries that map the page; of more than one only the last is known */
};

struct migration {
	struct kernel *k;
	u64 first; /* page of the chunk whose mappings are known, NO_FRAME: of none */
	struct mapping mapping[PAGE_CHUNK];
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

struct walk {
	struct migration *m;
	struct mm *mm;
};

static void note_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct walk *w = arg;
	u64 i = (pte_pfn(w->mm, entry) >> frame_order(w->m->k)) - w->m->first;

	if (i < PAGE_CHUNK)
		w->m->mapping[i] = (struct mapping){ w->mm, va, entry_pa, w->m->mapping[i].n + 1 };
}

static void find_mappings(struct migration *m, u64 page)
{
	struct walk w = { .m = m };

	m->first = align_down(page, PAGE_CHUNK);
	memset(m->mapping, 0, sizeof(m->mapping));
	for (w.mm = m->k->mms; w.mm; w.mm = w.mm->next)
		pgtable_each(w.mm, 0, m->k->user_end, note_entry, &w);
}

static bool movable(const struct migration *m, const struct mapping *p, u64 page)
{
	if (p->n != 1 || frame_refs(m->k->frames, page << frame_order(m->k)) != 1)
		return false;
	return !(pte_flags(p->mm, pte_read(p->mm, p->entry_pa)) & PTE_CONTIG);
}

/* The entry changes at once, where Linux puts a migration entry in between, and the old one is flushed. */
static void remap(struct cpu *c, const struct mapping *p, u64 from, u64 to)
{
	struct mm *mm = p->mm;
	u32 flags = pte_flags(mm, pte_read(mm, p->entry_pa));

	pte_write(mm, c, KPATH_COMPACT, p->entry_pa,
		  mm->k->format->encode(to << mm->k->page_shift, flags, 0));
	rmap_migrate(mm->k, c, from, to);
	if (flags & PTE_PRESENT)
		tlb_flush_page(mm, c, p->va);
}

static bool unmap_and_move(void *arg, struct cpu *c, u64 from, u64 to)
{
	struct migration *m = arg;
	struct mapping *p;

	if (!c || m->k->table_walks)
		return false;
	if (m->first == NO_FRAME || from - m->first >= PAGE_CHUNK)
		find_mappings(m, from);
	p = &m->mapping[from - m->first];
	if (!movable(m, p, from))
		return false;
	remap(c, p, from, to);
	page_copy(m->k, c, to << frame_order(m->k), from << frame_order(m->k));
	if (to - m->first < PAGE_CHUNK)
		m->mapping[to - m->first] = *p;
	p->n = 0;
	return true;
}

const struct migrate_ops migration_ops = { begin, unmap_and_move };
