#include "model/mm/slab_impl.h"

#include <stdlib.h>

void slab_list_add(struct slab_list *l, struct slab *sl, enum slab_place place)
{
	sl->prev = NULL;
	sl->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = sl;
	l->first = sl;
	l->n++;
	sl->place = (u8)place;
}

void slab_list_add_tail(struct slab_list *l, struct slab *sl, enum slab_place place)
{
	sl->next = NULL;
	sl->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = sl;
	l->last = sl;
	l->n++;
	sl->place = (u8)place;
}

void slab_list_del(struct slab_list *l, struct slab *sl)
{
	*(sl->prev ? &sl->prev->next : &l->first) = sl->next;
	*(sl->next ? &sl->next->prev : &l->last) = sl->prev;
	l->n--;
	sl->place = SLAB_NOWHERE;
}

void slab_list_sane(const struct slab_list *l, enum slab_place place)
{
	const struct slab *sl, *before = NULL;
	u64 n = 0;

	for (sl = l->first; sl; before = sl, sl = sl->next, n++)
		ASSERT(sl->prev == before && sl->place == place);
	ASSERT(l->last == before && l->n == n);
}

u32 slab_count_free(const struct slab *sl, u16 first)
{
	u32 n = 0;

	for (; first != SLAB_NONE; first = sl->link[first], n++)
		ASSERT(first < sl->objects && n < sl->objects);
	return n;
}

/* A page more for structures that stay; false: there is none. */
static bool bump_page(struct slabs *s, struct slab_bump *b, u32 bytes)
{
	u32 order = 0;
	u64 pfn;

	while (s->page_bytes << order < bytes)
		order++;
	pfn = s->pages->get(s->pa, NULL, GFP_KERNEL, order);
	if (pfn == NO_FRAME)
		return false;
	s->boot_pfn = xrealloc(s->boot_pfn, 2 * (s->n_boot_pfns + 1) * sizeof(u32));
	s->boot_pfn[2 * s->n_boot_pfns] = (u32)pfn;
	s->boot_pfn[2 * s->n_boot_pfns++ + 1] = order;
	s->st.pages += 1u << order;
	*b = (struct slab_bump){ s->direct_map + (pfn << s->shift), s->page_bytes << order };
	return true;
}

u64 slab_boot_alloc(struct slabs *s, struct slab_bump *b, u32 bytes, u32 align)
{
	u32 skip = (u32)(-b->va & (align - 1));
	u64 va;

	if (b->left < skip + bytes) {
		if (!bump_page(s, b, bytes))
			return 0;
		skip = 0;
	}
	va = b->va + skip;
	b->va += skip + bytes;
	b->left -= skip + bytes;
	return va;
}

static void index_take(struct slabs *s, struct slab *sl)
{
	if (s->n_free_index) {
		sl->index = s->free_index[--s->n_free_index];
	} else {
		if (s->slabs_end == s->slabs_room) {
			s->slabs_room = s->slabs_room ? 2 * s->slabs_room : 256;
			s->slab = xrealloc(s->slab, s->slabs_room * sizeof(*s->slab));
			s->free_index = xrealloc(s->free_index, s->slabs_room * sizeof(u32));
		}
		sl->index = s->slabs_end++;
	}
	s->slab[sl->index] = sl;
}

static void pages_mark(struct slabs *s, const struct slab *sl, bool on)
{
	u64 pfn;

	for (pfn = sl->pfn; pfn < sl->pfn + (1ull << sl->order); pfn++) {
		struct page *p = page_of(&s->pa->map, pfn);

		ASSERT(on != !!(p->flags & PAGE_SLAB));
		p->flags ^= PAGE_SLAB;
		p->private = on ? sl->index : 0;
	}
}

/* GFP flags of a slab's pages: never high memory, never movable; the objects are cleared by themselves. */
static u32 page_gfp(const struct kmem_cache *k, u32 gfp, u32 order)
{
	gfp &= ~(GFP_HIGHMEM | GFP_MOVABLE | GFP_ZERO | GFP_RECLAIMABLE);
	if (k->flags & SLAB_DMA)
		gfp |= GFP_DMA;
	if (k->flags & SLAB_RECLAIM)
		gfp |= GFP_RECLAIMABLE;
	return order ? gfp | GFP_COMP : gfp;
}

static struct slab *host_slab(struct kmem_cache *k)
{
	struct slab *sl = k->spare;

	if (!sl)
		return xmalloc(sizeof(*sl) + k->g.num * sizeof(sl->link[0]));
	k->spare = sl->next;
	return sl;
}

struct slab *slab_get(struct kmem_cache *k, struct cpu *c, u32 gfp, u32 order, u32 objects)
{
	struct slabs *s = k->s;
	u64 pfn = s->pages->get(s->pa, c, page_gfp(k, gfp, order), order);
	struct slab *sl;
	u32 i;

	if (pfn == NO_FRAME)
		return NULL;
	sl = host_slab(k);
	*sl = (struct slab){ .cache = k, .pfn = (u32)pfn, .order = (u8)order, .objects = (u16)objects };
	sl->va = s->direct_map + (pfn << s->shift);
	sl->node = (u8)s->pages->node(s->pa, pfn);
	for (i = 0; i < objects; i++)
		sl->link[i] = (u16)(i + 1);
	sl->link[objects - 1] = SLAB_NONE;
	index_take(s, sl);
	pages_mark(s, sl, true);
	s->st.pages += 1u << order;
	s->st.grown++;
	return sl;
}

void slab_put(struct slab *sl, struct cpu *c)
{
	struct kmem_cache *k = sl->cache;
	struct slabs *s = k->s;

	pages_mark(s, sl, false);
	s->slab[sl->index] = NULL;
	s->free_index[s->n_free_index++] = sl->index;
	s->st.pages -= 1u << sl->order;
	s->pages->put(s->pa, c, sl->pfn, sl->order);
	sl->next = k->spare;
	k->spare = sl;
}

void slab_charge_object(const struct kmem_cache *k, struct cpu *c, enum kernel_path path, u64 va)
{
	u64 end = va + k->object_size, next;

	for (; c && va < end; va = next) {
		next = MIN((va / k->s->line + 1) * k->s->line, end);
		charge_store(k->s->ch, c, path, va, (u32)(next - va));
	}
}
