#include "model/mm/tlb_batch.h"

#include "model/mm/shootdown.h"

/* mm/rmap.c:should_defer_flush() with arch_tlbbatch_should_defer(). */
static bool puts_off(const struct mm *mm, const struct cpu *c)
{
	return mm->k->rules.batches && (mm->cpus & ~(1ull << c->id));
}

void tlb_batch_add(struct tlb_batch *b, struct mm *mm, struct cpu *c, u64 va, bool dirty)
{
	if (!puts_off(mm, c)) {
		tlb_flush_page(mm, c, va);
		return;
	}
	b->cpus |= tlb_put_off(mm, c);
	b->pages++;
	b->pending = true;
	b->dirty |= dirty;
}

void tlb_batch_flush(struct tlb_batch *b, struct kernel *k, struct cpu *c)
{
	if (!b->pending)
		return;
	tlb_flush_cpus(k, c, b->cpus);
	k->shootdown.batches++;
	k->shootdown.batched_pages += b->pages;
	*b = (struct tlb_batch){ 0 };
}

void tlb_batch_flush_dirty(struct tlb_batch *b, struct kernel *k, struct cpu *c)
{
	if (b->dirty)
		tlb_batch_flush(b, k, c);
}
