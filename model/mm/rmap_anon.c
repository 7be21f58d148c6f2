#include "model/mm/rmap_anon.h"

#define MM_RIGHTS (MM_READ | MM_WRITE | MM_EXEC)

/* anon_vma_compatible(): b begins where a ends. */
static bool compatible(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->object == b->object && !((a->flags ^ b->flags) & ~MM_RIGHTS) &&
	       linear_page_index(a, a->end) == b->pgoff;
}

/* The VMA's place among those of its address space; s->n: it is not one of them, but the implicit one. */
static u32 place_of(const struct vma_set *s, const struct vma *v)
{
	u32 low = 0, high = s->n;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (s->v[mid]->start < v->start)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n && s->v[low] == v ? low : s->n;
}

static bool suits(const struct rmap *r, struct cpu *c, const struct vma *a, const struct vma *b,
		  const struct vma *near, bool (*shares)(const struct vma *v))
{
	rmap_load_vma(r, c, near, r->vma.start, 2 * r->k->layout.word);
	rmap_load_vma(r, c, near, r->vma.anon_vma, r->k->layout.word);
	return compatible(a, b) && shares(near);
}

const struct vma *rmap_find_mergeable(struct rmap *r, struct cpu *c, const struct vma *v,
				      bool (*shares)(const struct vma *v))
{
	const struct vma_set *s = &v->mm->vmas;
	u32 i = place_of(s, v);

	if (i + 1 < s->n && suits(r, c, v, s->v[i + 1], s->v[i + 1], shares))
		return s->v[i + 1];
	if (i && i < s->n && suits(r, c, s->v[i - 1], v, s->v[i - 1], shares))
		return s->v[i - 1];
	return NULL;
}
