/*
 * Which address chooses a first level's set, and which names the line: physical both (pipt), virtual and
 * physical (vipt), or virtual both (vivt). Where size / ways exceeds the page (vipt), and always in vivt,
 * one physical line could be in several places. It is in one at most: a miss first has the copy that another
 * virtual address brought given up (cache.c), written down if it is dirty. The level below can see to that
 * if it knows the virtual index bits of what it gave, as XiangShan's L2 does.
 *
 * Or the kernel sees to it: by frames of the page's colour (alias = colour: nothing is left to do but for
 * pages shared by addresses of different colours, which is done as above), or by flushes (alias = flush:
 * core_mem.c; what the kernel touches in its direct map is given up as above).
 *
 * Whoever has no virtual address (the walker, the kernel in its direct map) indexes as if it were the
 * physical one. In vivt the key holds the address space as well, so homonyms are told apart; where the
 * cache is not tagged so (asid_tagged = no), it has to be emptied at a switch.
 *
 * In vivt a line keeps what the page granted when the TLB was last asked for it, so a hit needs no TLB unless
 * it wants more; whoever drops a translation has to drop the page's lines as well (cache_virtual.h).
 *
 * Not here: latencies. For cache.[ch].
 */
#ifndef MMSIM_HW_CACHE_INDEX_H
#define MMSIM_HW_CACHE_INDEX_H

#include "model/hw/cache_cfg.h"
#include "model/hw/port.h"

struct cache_index {
	u64 by_va;     /* ~0: the virtual address chooses the set; 0: the physical one */
	bool aliases;  /* a physical line could be in more than one place */
	bool vivt;
	bool tagged;   /* vivt: by address space */
	bool by_kernel; /* aliases are the kernel's care: alias = flush */
	u32 line_shift;
	u32 page_sets; /* sets that the lines of a page have */
	u32 colours;   /* sets where a physical line can be */
	u32 va_lines;  /* log2 of the lines of an address space */
	u16 asid;      /* the address space of requests */
	/* vivt, by line id: the physical line, which else the key is, and a bit for each access granted. */
	u64 *line;
	u8 *grants;
};

/* page: bytes of the smallest page, 0: addresses are not translated, so all kinds of index are one. */
void index_init(struct cache_index *x, const struct cache_cfg *cfg, u64 page, u32 va_bits);

static always_inline u64 index_address(const struct cache_index *x, u64 pa, u64 skew)
{
	return pa ^ (skew & x->by_va);
}

/* ASID 0 is nobody's (mm/mm.h): the direct map's. */
static always_inline u64 index_virtual_key(const struct cache_index *x, u64 va, bool kernels)
{
	u64 asid = kernels ? 0 : x->tagged ? x->asid : 1;

	return (va >> x->line_shift & ((1ull << x->va_lines) - 1)) | asid << x->va_lines;
}

static inline bool index_is_kernels(const struct mem_req *r)
{
	return r->kernel_va || (!r->skew && r->cls == MEM_PTE);
}

/* What names the line that a request asks for. */
static always_inline u64 index_key(const struct cache_index *x, const struct mem_req *r)
{
	if (likely(!x->vivt))
		return r->pa >> x->line_shift;
	return index_virtual_key(x, r->pa ^ r->skew, index_is_kernels(r));
}

#endif
