#include "model/mm/lru_gen.h"

#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

void lru_gen_init(struct lruvec *v)
{
	v->max_seq = MIN_NR_GENS + 1;
}

static void set_slot(struct page *p, u32 slot)
{
	p->marks = (u16)((p->marks & ((1u << PG_GEN_SHIFT) - 1)) | (slot + 1) << PG_GEN_SHIFT);
}

static bool is_file(const struct page *p)
{
	return !(p->marks & PG_SWAPBACKED);
}

/*
 * What was just faulted in (PG_ACTIVE) is of the youngest; what cannot be evicted at once, because it has no
 * place in swap yet or is being written, is not of the oldest.
 */
void lru_gen_place(struct lruvec *v, struct page *p)
{
	u64 seq = v->min_seq[is_file(p)];

	if (p->marks & PG_ACTIVE)
		seq = v->max_seq;
	else if ((!is_file(p) && !p->swap) || (p->marks & PG_RECLAIM && p->marks & (PG_DIRTY | PG_WRITEBACK)))
		seq++;
	p->marks &= (u16)~PG_ACTIVE;
	set_slot(p, gen_slot(seq));
}

u64 lru_gen_pages(const struct lruvec *v, bool file)
{
	u64 n = 0;
	u32 slot;

	for (slot = 0; slot < LRU_GENS; slot++)
		n += v->n[LRU_GEN_FIRST + slot * 2 + file];
	return n;
}

/* Without the cost of a list: flags and counts are changed where the page is (folio_update_gen()). */
static void move_to(struct kernel *k, u64 pfn, u64 seq)
{
	struct page *p = page_of(&k->pa->map, pfn);

	lru_remove(k, NULL, pfn);
	set_slot(p, gen_slot(seq));
	lru_insert(k, NULL, pfn, false);
}

void lru_gen_promote(struct kernel *k, struct lruvec *v, u64 pfn)
{
	const struct page *p = page_of(&k->pa->map, pfn);

	if (p->marks & PG_LRU && !(p->marks & PG_UNEVICTABLE) && page_gen_slot(p) != gen_slot(v->max_seq)) {
		move_to(k, pfn, v->max_seq);
		k->lru->st.promoted++;
	}
}

void lru_gen_protect(struct kernel *k, struct cpu *c, struct lruvec *v, u64 pfn)
{
	const struct page *p = page_of(&k->pa->map, pfn);

	move_to(k, pfn, v->min_seq[is_file(p)] + 1);
	charge_store(&k->charger, c, KPATH_RECLAIM, page_struct_va(&k->pa->map, pfn), 8);
}

/* ---- aging ---- */

struct age {
	struct kernel *k;
	struct cpu *c;
	struct mm *mm;
	struct lruvec *v;
	u64 line; /* of the page table that was loaded last */
};

/* walk_pte_range() */
static void age_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct age *a = arg;
	u64 pfn = pte_pfn(a->mm, entry);

	if (a->line != entry_pa >> 6) {
		a->line = entry_pa >> 6;
		kernel_load(a->k, a->c, KPATH_RECLAIM, entry_pa, a->k->format->entry_bytes);
	}
	kernel_step(a->k, a->c, STEP_AGE_ENTRY);
	if (!(pte_flags(a->mm, entry) & PTE_ACCESSED) || !rmap_page(a->k, pfn) ||
	    lruvec_of(a->k, pfn) != a->v)
		return;
	pte_write(a->mm, a->c, KPATH_RECLAIM, entry_pa, pte_without(a->mm, entry, PTE_ACCESSED));
	charge_store(&a->k->charger, a->c, KPATH_RECLAIM, page_struct_va(&a->k->pa->map, pfn), 8);
	lru_gen_promote(a->k, a->v, pfn);
}

/* walk_pmd_range_locked() */
static void age_huge(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct age *a = arg;
	const struct pt_format *f = a->k->format;
	u64 pfn = f->pa(entry, level) >> FRAME_SHIFT;

	kernel_load(a->k, a->c, KPATH_RECLAIM, entry_pa, f->entry_bytes);
	kernel_step(a->k, a->c, STEP_AGE_ENTRY);
	if (!(f->flags(entry, level) & PTE_ACCESSED) || !rmap_page(a->k, pfn) || lruvec_of(a->k, pfn) != a->v)
		return;
	pte_write(a->mm, a->c, KPATH_RECLAIM, entry_pa,
		  f->encode(f->pa(entry, level), f->flags(entry, level) & ~PTE_ACCESSED, level));
	lru_gen_promote(a->k, a->v, pfn);
}

/* The oldest of four generations makes room: its pages become those of the next one. inc_min_seq() */
static void merge_oldest(struct kernel *k, struct lruvec *v, bool file)
{
	enum lru_list oldest = gen_list(v->min_seq[file], file);

	while (v->tail[oldest] != NO_PAGE)
		move_to(k, v->tail[oldest], v->min_seq[file] + 1);
	v->min_seq[file]++;
	v->gen_refaulted[file] /= 2;
	v->gen_evicted[file] /= 2;
}

void lru_gen_forget_empty(struct lruvec *v, bool file)
{
	while (v->min_seq[file] + MIN_NR_GENS <= v->max_seq &&
	       v->head[gen_list(v->min_seq[file], file)] == NO_PAGE) {
		v->min_seq[file]++;
		v->gen_refaulted[file] /= 2;
		v->gen_evicted[file] /= 2;
	}
}

void lru_gen_age(struct kernel *k, struct cpu *c, struct lruvec *v)
{
	struct age a = { .k = k, .c = c, .v = v, .line = ~(u64)0 };
	u32 file;

	for (a.mm = k->mms; a.mm; a.mm = a.mm->next) {
		if (a.mm->group != v->group)
			continue;
		kernel_path_step(k, c, a.mm, STEP_AGE_MM);
		pgtable_each_huge(a.mm, 0, k->user_end, age_huge, &a);
		pgtable_each(a.mm, 0, k->user_end, age_entry, &a);
	}
	for (file = 0; file < 2; file++)
		if (v->max_seq - v->min_seq[file] + 1 == LRU_GENS)
			merge_oldest(k, v, file);
	v->max_seq++;
	k->lru->st.generations++;
}
