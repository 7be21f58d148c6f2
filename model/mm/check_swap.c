#include "model/mm/check_swap.h"

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shmem.h"

struct entries {
	struct mm *mm;
	struct map64 slots; /* slot -> entries that have it */
	u64 n;
};

/* Page tables have slots of private memory alone. */
static void found_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct entries *e = arg;
	u64 slot = pte_swap_slot(e->mm, entry), *n = map64_find(&e->slots, slot);
	struct page_view p = page_view(e->mm, va);

	ASSERT(p.mapped && p.vma.anon);
	e->n++;
	if (n)
		++*n;
	else
		map64_set(&e->slots, slot, 1);
}

void check_swap(const struct kernel *k)
{
	struct entries e = { 0 };

	for (e.mm = k->mms; e.mm; e.mm = e.mm->next) {
		u64 before = e.n;

		pgtable_each_swap(e.mm, 0, k->user_end, found_entry, &e);
		ASSERT(e.n - before == e.mm->rss.swap);
	}
	shmem_check(k, &e.slots);
	swap_sane(k, &e.slots);
	map64_fini(&e.slots);
}

u32 check_users(const struct kernel *k, u64 pfn)
{
	const struct page *p = rmap_page(k, pfn);

	return frame_refs(k->frames, pfn) - (p && p->swap);
}
