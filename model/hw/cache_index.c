#include "model/hw/cache_index.h"

#include "model/base/bits.h"

void index_init(struct cache_index *x, const struct cache_cfg *cfg, u64 page, u32 va_bits)
{
	u64 way = cfg->size / cfg->ways;

	*x = (struct cache_index){ .line_shift = log2_floor(cfg->line), .colours = 1 };
	if (!page || cfg->indexing == INDEX_PIPT)
		return;
	x->vivt = cfg->indexing == INDEX_VIVT;
	x->tagged = cfg->asid_tagged;
	x->va_lines = va_bits - x->line_shift;
	x->page_sets = (u32)(MIN(way, page) / cfg->line);
	x->colours = (u32)(way > page ? way / page : 1);
	x->aliases = x->vivt || x->colours > 1;
	x->by_kernel = x->aliases && cfg->alias == ALIAS_FLUSH;
	x->by_va = x->aliases ? ~(u64)0 : 0;
}
