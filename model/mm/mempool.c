#include "model/mm/mempool.h"

#include <stdlib.h>

#include "model/arch/addr.h"
#include "model/base/error.h"

bool mempool_init(struct mempool *p, struct page_alloc *pa, struct cpu *c, u32 min, u32 order)
{
	u64 pfn;

	*p = (struct mempool){ .pa = pa, .min = min, .order = order };
	p->element = xcalloc(min, sizeof(*p->element));
	while (p->n < min) {
		pfn = alloc_pages(pa, c, GFP_KERNEL, order);
		if (pfn == NO_FRAME) {
			mempool_fini(p, c);
			return false;
		}
		p->element[p->n++] = pfn;
	}
	return true;
}

void mempool_fini(struct mempool *p, struct cpu *c)
{
	while (p->n)
		free_pages(p->pa, c, p->element[--p->n], p->order);
	free(p->element);
	p->element = NULL;
}

/* The first try neither reclaims nor touches the kernel's own reserves: that is what the pool is for. */
u64 mempool_alloc(struct mempool *p, struct cpu *c, u32 gfp)
{
	u64 pfn = alloc_pages(p->pa, c, (gfp & ~GFP_DIRECT_RECLAIM) | GFP_NOMEMALLOC | GFP_NORETRY, p->order);

	if (pfn != NO_FRAME)
		return pfn;
	if (!p->n)
		return NO_FRAME;
	p->fallbacks++;
	return p->element[--p->n];
}

void mempool_free(struct mempool *p, struct cpu *c, u64 pfn)
{
	if (p->n < p->min)
		p->element[p->n++] = pfn;
	else
		free_pages(p->pa, c, pfn, p->order);
}
