/* --check: the whole state, walked from the outside and compared with what the parts say of themselves. */
#include "model/base/error.h"
#include "model/mm/asid.h"
#include "model/mm/alloc.h"
#include "model/mm/check_owners.h"
#include "model/mm/check_swap.h"
#include "model/mm/huge.h"
#include "model/mm/kmap.h"
#include "model/mm/kpgtable.h"
#include "model/mm/page_cache.h"
#include "model/mm/pte.h"
#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/vmalloc.h"

struct check {
	const struct kernel *k;
	struct mm *mm;
	struct map64 refs; /* pfn -> users found */
	u64 tables, deposits;
};

static void found(struct check *ch, u64 pfn)
{
	u64 *n = map64_find(&ch->refs, pfn);

	if (n)
		++*n;
	else
		map64_set(&ch->refs, pfn, 1);
}

static void found_page(void *arg, u64 pfn)
{
	found(arg, pfn);
}

/* An entry in a run says where the run begins, and its neighbour continues it. */
static void check_run(const struct check *ch, u64 va, u64 entry_pa, u64 entry)
{
	const struct pt_format *f = ch->k->format;
	u64 page = 1ull << ch->k->page_shift, in_run = (page << ch->k->contig_order) - 1, next;

	ASSERT(ch->k->contig_order && !((f->pa(entry, 0) ^ va) & in_run & ~(page - 1)));
	if (!((va + page) & in_run & ~(page - 1)))
		return;
	next = pte_read(ch->mm, entry_pa + f->entry_bytes);
	ASSERT((f->flags(next, 0) & PTE_CONTIG) && f->pa(next, 0) == f->pa(entry, 0) + page);
}

/* An entry lies in a VMA and grants no more than it; a private page that is writable has one user. */
static void check_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct check *ch = arg;
	struct page_view p = page_view(ch->mm, va);
	const struct vma *v = &p.vma;
	u32 flags = pte_flags(ch->mm, entry);
	u64 pfn = pte_pfn(ch->mm, entry);

	ASSERT(p.mapped);
	found(ch, pfn);
	if (flags & PTE_CONTIG)
		check_run(ch, va, entry_pa, entry);
	if (!(flags & PTE_PRESENT)) {
		ASSERT(!(v->flags & (MM_READ | MM_WRITE | MM_EXEC)) && (flags & PTE_GLOBAL));
		return;
	}
	ASSERT(v->flags & (MM_READ | MM_WRITE | MM_EXEC));
	ASSERT(!(flags & PTE_WRITE) || (v->flags & MM_WRITE));
	ASSERT(!(flags & PTE_EXEC) == !(v->flags & MM_EXEC) || ch->k->format->always_exec);
	ASSERT(!(flags & PTE_WRITE) || (v->flags & MM_SHARED) || check_users(ch->k, pfn) == 1);
	ASSERT(v->anon || pfn == ch->k->zero_pfn ||
	       (v->object && object_page(v->object, page_index(ch->k, v, va)) == pfn));
}

/* A table waits for a large page, and others for what it would be split into. */
static void check_deposit(struct check *ch, u64 entry_pa, u32 level)
{
	const struct pt_format *f = ch->k->format;
	const u64 *table = map64_find(&ch->k->deposits, entry_pa);
	u64 i;

	ASSERT(table);
	found(ch, *table);
	ch->tables++;
	ch->deposits++;
	for (i = 0; level > 1 && i < 1u << f->bits[level - 1]; i++)
		check_deposit(ch, (*table << FRAME_SHIFT) + i * f->entry_bytes, level - 1);
}

/* A large page lies in one mapping of private memory. */
static void check_huge(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct check *ch = arg;
	const struct kernel *k = ch->k;
	struct page_view p = page_view(ch->mm, va);
	u32 flags = k->format->flags(entry, level);
	u64 pfn = k->format->pa(entry, level) >> FRAME_SHIFT, step = page_size(k) >> FRAME_SHIFT, i;

	ASSERT(p.mapped && p.vma.start <= va && va + huge_size(k, level) <= p.vma.end);
	ASSERT((p.vma.anon || huge_is_zero(k, pfn)) && !p.vma.object && !p.mixed && (flags & PTE_PRESENT));
	ASSERT(!(flags & PTE_WRITE) || ((p.vma.flags & MM_WRITE) && huge_is_sole(ch->mm, entry, level)));
	ASSERT(!(flags & PTE_EXEC) == !(p.vma.flags & MM_EXEC) || k->format->always_exec);
	check_deposit(ch, entry_pa, level);
	for (i = 0; i < huge_size(k, level) >> k->page_shift; i++)
		found(ch, pfn + i * step);
}

/* A table below the root translates some of a VMA. */
static void check_table(void *arg, u64 pfn, u32 level, u64 va)
{
	struct check *ch = arg;
	u64 size = 1ull << (ch->k->format->shift[level] + ch->k->format->bits[level]);

	ASSERT(ch->mm->implicit_maps || pfn == ch->mm->root >> FRAME_SHIFT ||
	       vma_overlaps(&ch->mm->vmas, va, va + size));
	ASSERT(ptmem_has(ch->k->ptmem, pfn) && frame_refs(ch->k->frames, pfn) == 1);
	found(ch, pfn);
	ch->tables++;
}

static void check_mm(struct check *ch, struct mm *mm)
{
	ch->mm = mm;
	vma_sane(&mm->vmas);
	pgtable_each(mm, 0, 1ull << mm->k->format->va_bits, check_entry, ch);
	pgtable_each_huge(mm, 0, 1ull << mm->k->format->va_bits, check_huge, ch);
	pgtable_each_table(mm, check_table, ch);
}

static void check_objects(struct check *ch)
{
	const struct object *o;
	u64 index, entry;

	for (o = ch->k->objects.first; o; o = o->next) {
		ASSERT(o->users || !o->anon || o->lasts);
		for (index = 0; (entry = cache_index_next(&o->pages, &index)); index++)
			if (!cache_is_value(entry))
				found(ch, cache_pfn(entry));
	}
	page_cache_check(ch->k);
}

static void held(void *arg, u64 pfn)
{
	found(arg, pfn);
}

/* What allocation events took is theirs alone. */
static void check_kevents(struct check *ch)
{
	const struct kevent_stats *st = &ch->k->kevent;
	u64 before = ch->refs.n;

	kevents_each_frame(ch->k, held, ch);
	ASSERT(ch->refs.n - before == st->pages && st->pages_taken == st->pages_given + st->pages);
	ASSERT(st->objects_taken == st->objects_given + st->objects);
}

/* Every fault has one outcome. */
static void check_faults(const struct fault_stats *f, u64 pgfault)
{
	ASSERT(f->minor + f->major == f->zero + f->zero_page + f->huge + f->cow + f->reuse + f->file +
					      f->swap + f->spurious);
	ASSERT(pgfault == f->minor + f->major + f->oom);
}

/* From the root down, without what the walker or the kernel's paths share. */
static u32 walk(const struct kernel *k, u64 root, u64 va, u64 *pa)
{
	const struct pt_format *f = k->format;
	u64 table = root, entry;
	u32 level, flags;

	for (level = f->levels - 1u;; level--) {
		entry = pt_read(f, k->ptmem, pt_entry_pa(f, table, va, level));
		flags = f->flags(entry, level);
		if (!(flags & PTE_PRESENT))
			return 0;
		table = f->pa(entry, level);
		if (flags & PTE_LEAF || !level)
			break;
	}
	*pa = table + (va & ((1ull << f->shift[level]) - 1));
	return flags;
}

bool kernel_translates(const struct kernel *k, const struct cpu *c, u16 asid, u64 va, u64 *pa, u32 *flags)
{
	const struct asid *id;

	va &= (1ull << k->format->va_bits) - 1;
	if (asid == KERNEL_ASID) {
		*flags = walk(k, c->kernel_root, va, pa);
		return *flags & PTE_PRESENT;
	}
	id = &k->asids[c->id].id[asid];
	if (!id->mm || id->gen != id->mm->tlb_gen)
		return false;
	*flags = walk(k, id->mm->root, va, pa);
	return true;
}

/* What the kernel has for its own mappings. */
static void check_maps(struct check *ch)
{
	const struct kernel *k = ch->k;

	if (k->kpgtable)
		kpgtable_each_table(k->kpgtable, found_page, ch);
	if (k->vmalloc) {
		vmalloc_sane(k->vmalloc);
		vmalloc_each_page(k->vmalloc, found_page, ch);
	}
	if (k->kmaps)
		kmaps_sane(k->kmaps);
}

void kernel_check(const struct kernel *k)
{
	struct check ch = { .k = k };
	const struct map64_slot *s;
	struct mm *mm;
	u64 i;

	frames_sane(k->frames);
	asids_sane(k);
	check_faults(&k->fault, k->pgfault);
	if (k->zero_pfn != NO_FRAME)
		found(&ch, k->zero_pfn);
	for (i = 0; k->huge_zero_pfn != NO_FRAME && i < huge_size(k, 1) >> FRAME_SHIFT; i++)
		found(&ch, k->huge_zero_pfn + i);
	for (mm = k->mms; mm; mm = mm->next)
		check_mm(&ch, mm);
	check_maps(&ch);
	check_objects(&ch);
	check_kevents(&ch);
	if (k->pa) {
		page_alloc_sane(k->pa);
		slabs_sane(k->slabs);
		rmap_check(k);
		swap_each_page(k, found_page, &ch);
		check_swap(k);
		lru_sane(k);
		memcg_sane(k);
		check_owners(k, &ch.refs);
	}
	for (s = map64_next(&ch.refs, NULL); s; s = map64_next(&ch.refs, s))
		ASSERT(frame_refs(k->frames, s->key) == s->value);
	ASSERT(ch.refs.n == frames_in_use(k->frames));
	ASSERT(ch.deposits == k->deposits.n);
	ASSERT(ch.tables == k->pgtable.pages && ch.tables == k->pgtable.allocated - k->pgtable.freed);
	map64_fini(&ch.refs);
}
