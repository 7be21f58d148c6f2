#include "model/mm/lru.h"

#include "model/mm/alloc.h"
#include "model/mm/footprint.h"

/*
 * Pages in a batch: 2.4 has none; PAGEVEC_SIZE was 16 (2.5), 14 (2.6.10), 15 (4.15); FOLIO_BATCH_SIZE is 31
 * since 6.11 (include/linux/pagevec.h).
 */
static u32 batch_size(enum kernel_era era)
{
	if (era <= ERA_2_4_21)
		return 1;
	if (era <= ERA_2_6_9)
		return 16;
	return era <= ERA_2_6_37 ? 14 : LRU_BATCH_MAX;
}

static void drain(struct kernel *k, struct cpu *c, struct lru_batch *b)
{
	u32 i;

	for (i = 0; i < b->n; i++) {
		kernel_step(k, c, STEP_LRU_DRAIN_PAGE);
		if (k->pa)
			charge_store(&k->charger, c, KPATH_FAULT,
				     page_struct_va(&k->pa->map, b->pfn[i] >> (k->page_shift - FRAME_SHIFT)),
				     8);
	}
	b->n = 0;
}

void lru_add(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct lru_batch *b = &k->cpu[c->id].lru;

	kernel_path_step(k, c, NULL, STEP_LRU_ADD);
	b->pfn[b->n++] = pfn;
	if (b->n == batch_size(k->cfg.era))
		drain(k, c, b);
}
