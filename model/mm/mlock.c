/*
 * mlock(), mlock2(), mlockall() and their ends: mm/mlock.c. Mappings become locked (MM_LOCKED), pages that
 * are there unevictable (lru.h), and what is missing is faulted in (__mm_populate()), as after a MAP_LOCKED
 * or MAP_POPULATE.
 *
 * Not modelled: RLIMIT_MEMLOCK, as a recorded call has succeeded; how often a page is locked, which 5.18 on
 * counts: a page that one mapping lets go is found by reclaim if another one has it locked.
 */
#include "model/mm/fault_impl.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/mmap_lock.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/vma_object.h"

/* include/uapi/asm-generic/mman-common.h, mman.h */
#define ONFAULT     1u /* MLOCK_ONFAULT */
#define ALL_CURRENT 1u /* MCL_CURRENT, MCL_FUTURE */
#define ALL_FUTURE  2u

/* ---- pages that are there ---- */

struct locking {
	struct mm *mm;
	struct cpu *c;
	const struct vma *vma;
};

static void change_page(struct locking *l, u64 pfn)
{
	struct kernel *k = l->mm->k;
	const struct page *p = rmap_page(k, pfn);

	if (!p || !p->mapping || !k->lru)
		return;
	kernel_step(k, l->c, STEP_MLOCK_PAGE);
	if (l->vma->flags & MM_LOCKED)
		lru_mlock(k, l->c, l->vma, pfn);
	else if (p->marks & PG_UNEVICTABLE)
		lru_rescue(k, l->c, pfn);
}

static void change_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct locking *l = arg;

	change_page(l, pte_pfn(l->mm, entry));
}

/* The first page stands in the lists for all of them. */
static void change_huge(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct locking *l = arg;

	change_page(l, l->mm->k->format->pa(entry, level) >> FRAME_SHIFT);
}

/* ---- mappings ---- */

/* mlock_fixup() of each mapping in the range, whose ends are boundaries. */
static void change_range(struct mm *mm, struct cpu *c, u64 start, u64 end, bool lock)
{
	struct vma_set *s = &mm->vmas;
	struct locking l = { .mm = mm, .c = c };
	struct gather g;
	u32 i;

	lru_add_drain(mm->k, c);
	gather_begin(&g, mm, c);
	huge_split_ends(&g, KPATH_SYSCALL, start, end);
	gather_flush(&g);
	vma_isolate(s, c, start, end);
	for (i = vma_index(s, start); i < s->n && s->v[i]->start < end; i++) {
		struct vma *v = s->v[i];

		if (!(v->flags & MM_LOCKED) == !lock)
			continue;
		v->flags ^= MM_LOCKED;
		l.vma = v;
		pgtable_each(mm, v->start, v->end, change_entry, &l);
		pgtable_each_huge(mm, v->start, v->end, change_huge, &l);
	}
	vma_merge(s, c, start, end);
	vma_objects_settle(mm, c);
}

static enum mm_result change(struct mm *mm, struct cpu *c, u64 addr, u64 len, bool lock)
{
	struct kernel *k = mm->k;
	u64 start, end;

	++*(lock ? &k->call.mlock : &k->call.munlock);
	kernel_path_step(k, c, mm, STEP_SYSCALL);
	kernel_path_step(k, c, mm, STEP_MLOCK);
	if (!mm_range(mm, addr, len, &start, &end)) {
		k->call.failed++;
		return MM_INVALID;
	}
	mmap_write_lock(mm, c, start, end);
	if (start < end)
		change_range(mm, c, start, end, lock);
	mmap_write_unlock(mm, c);
	return MM_OK;
}

enum mm_result mm_mlock(struct mm *mm, struct cpu *c, u64 addr, u64 len)
{
	return change(mm, c, addr, len, true);
}

enum mm_result mm_munlock(struct mm *mm, struct cpu *c, u64 addr, u64 len)
{
	return change(mm, c, addr, len, false);
}

void mm_mlockall(struct mm *mm, struct cpu *c, u32 flags)
{
	mm->new_flags = flags & ALL_FUTURE ? MM_LOCKED : 0;
	change(mm, c, 0, flags & ALL_CURRENT ? mm->k->user_end : 0, true);
}

bool mm_locks_new(const struct mm *mm)
{
	return mm->new_flags & MM_LOCKED;
}

void mm_munlockall(struct mm *mm, struct cpu *c)
{
	mm->new_flags = 0;
	change(mm, c, 0, mm->k->user_end, false);
}

/* ---- faulting in ---- */

/* populate_vma_page_range(): writes break copy-on-write where nobody shares the mapping. */
static bool populate_writes(const struct vma *v)
{
	return (v->flags & (MM_WRITE | MM_SHARED)) == MM_WRITE;
}

/* Whether a fault has to bring the page, or a write's right. */
static bool is_missing(struct mm *mm, u64 va, bool write)
{
	const struct pt_format *f = mm->k->format;
	u32 level = mm->k->huge_top;
	u64 at = pgtable_upper(mm, NULL, KPATH_SYSCALL, va, level, false), entry;

	for (; at != NO_ENTRY && level > 0; level--) {
		entry = pte_read(mm, at);
		if (huge_entry(mm->k, entry, level))
			return write && !(f->flags(entry, level) & PTE_WRITE);
		at = pgtable_lower(mm, NULL, KPATH_SYSCALL, at, va, level, false);
	}
	entry = at == NO_ENTRY ? 0 : pte_read(mm, at);
	return !entry || entry_is_swap(f, entry) || (write && !(pte_flags(mm, entry) & PTE_WRITE));
}

/* False: it has to wait. An error ends it, as it does the call. */
static bool populate_page(struct mm *mm, struct cpu *c, u64 va, bool write, u64 *at, u64 end)
{
	enum trap_result got = TRAP_RETRY;

	kernel_step(mm->k, c, STEP_POPULATE_PAGE);
	if (is_missing(mm, va, write))
		got = fault_populate(mm, c, va, write);
	if (got == TRAP_BLOCK)
		return false;
	*at = got == TRAP_RETRY ? va + page_size(mm->k) : end;
	return true;
}

bool mm_populate(struct mm *mm, struct cpu *c, u64 addr, u64 len, u64 *at)
{
	struct vma_set *s = &mm->vmas;
	u64 start, end;
	u32 i;

	if (!len || !mm_range(mm, addr, len, &start, &end))
		return true;
	*at = MAX(*at, start);
	for (i = vma_index(s, *at); *at < end && i < s->n && s->v[i]->start < end; i = vma_index(s, *at)) {
		const struct vma *v = s->v[i];
		bool write = populate_writes(v);

		*at = MAX(*at, v->start);
		if (!(v->flags & (MM_READ | MM_WRITE | MM_EXEC)))
			*at = v->end;
		else if (!populate_page(mm, c, *at, write, at, end))
			return false;
	}
	return true;
}
