#include "model/mm/vma.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/rmap.h"

static void vma_free(struct vma_set *s, struct vma *v, struct cpu *c)
{
	rmap_unlink(s->mm, c, v);
	if (v->object)
		object_put(v->object, c);
	if (v->va && s->n_gone == s->cap_gone) {
		s->cap_gone = MAX(s->cap_gone * 2, 16);
		s->gone = xrealloc(s->gone, s->cap_gone * sizeof(*s->gone));
	}
	if (v->va)
		s->gone[s->n_gone++] = v->va;
	free(v);
}

void vma_set_fini(struct vma_set *s, struct cpu *c)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		vma_free(s, s->v[i], c);
	free(s->v);
	free(s->gone);
	*s = (struct vma_set){ 0 };
}

u32 vma_index(struct vma_set *s, u64 va)
{
	u32 low = 0, high = s->n;

	if (s->last < s->n && s->v[s->last]->start <= va && va < s->v[s->last]->end)
		return s->last;
	while (low < high) {
		u32 mid = (low + high) / 2;

		if (s->v[mid]->end > va)
			high = mid;
		else
			low = mid + 1;
	}
	s->last = low;
	return low;
}

struct vma *vma_find(struct vma_set *s, u64 va)
{
	u32 i = vma_index(s, va);

	return i < s->n && s->v[i]->start <= va ? s->v[i] : NULL;
}

bool vma_overlaps(struct vma_set *s, u64 start, u64 end)
{
	u32 i = vma_index(s, start);

	return i < s->n && s->v[i]->start < end;
}

static void array_open(struct vma_set *s, u32 i, struct vma *v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
	s->v[i] = v;
	s->n++;
}

static void array_close(struct vma_set *s, u32 i, u32 n)
{
	if (!n)
		return;
	memmove(&s->v[i], &s->v[i + n], (s->n - i - n) * sizeof(*s->v));
	s->n -= n;
}

/* mm/vma.c:vma_merge(), can_vma_merge_after() */
static bool mergeable(const struct vma_set *s, const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->object == b->object &&
	       vma_offset(a, a->end) == b->offset && linear_page_index(a, a->end) == b->pgoff &&
	       rmap_mergeable(s->mm, a, b);
}

static void set_range(struct vma *v, u64 start, u64 end)
{
	v->pgoff += (start >> FRAME_SHIFT) - (v->start >> FRAME_SHIFT);
	if (v->object)
		v->offset += start - v->start;
	v->start = start;
	v->end = end;
}

void vma_resize(struct vma_set *s, struct cpu *c, struct vma *v, u64 start, u64 end)
{
	rmap_before_change(s->mm, c, v);
	set_range(v, start, end);
	rmap_after_change(s->mm, c, v);
}

void vma_merge(struct vma_set *s, struct cpu *c, u64 start, u64 end)
{
	u32 i = vma_index(s, start ? start - 1 : 0);

	while (i + 1 < s->n && s->v[i + 1]->start <= end) {
		struct vma *a = s->v[i], *b = s->v[i + 1];

		if (!mergeable(s, a, b)) {
			i++;
			continue;
		}
		rmap_merge(s->mm, c, a, b);
		array_close(s, i + 1, 1);
		a->anon |= b->anon;
		vma_resize(s, c, a, a->start, b->end);
		vma_free(s, b, c); /* a has the object too */
	}
}

/* So that a walk of reverse mapping meets one line of the host's for a VMA. */
#define HOST_LINE 64u

static struct vma *vma_new(const struct vma *like)
{
	struct vma *v = xaligned(HOST_LINE, align_up(sizeof(*v), HOST_LINE));

	*v = *like;
	v->va = 0;
	v->rmap = (struct vma_rmap){ 0 };
	return v;
}

struct vma *vma_copy(struct vma_set *s, const struct vma *like)
{
	struct vma *v = vma_new(like);

	ASSERT(like->start < like->end && !vma_overlaps(s, like->start, like->end));
	s->fresh = true;
	if (v->object)
		object_get(v->object);
	array_open(s, vma_index(s, v->start), v);
	return v;
}

/* A neighbour grows over what is to be mapped. */
static bool extend(struct vma_set *s, struct cpu *c, const struct vma *like)
{
	u32 i = vma_index(s, like->start);
	struct vma *below = i ? s->v[i - 1] : NULL, *above = i < s->n ? s->v[i] : NULL;

	if (below && mergeable(s, below, like))
		vma_resize(s, c, below, below->start, like->end);
	else if (above && mergeable(s, like, above))
		vma_resize(s, c, above, like->start, above->end);
	else
		return false;
	return true;
}

void vma_insert(struct vma_set *s, struct cpu *c, const struct vma *like)
{
	ASSERT(like->start < like->end && !vma_overlaps(s, like->start, like->end));
	if (extend(s, c, like))
		vma_merge(s, c, like->start, like->end);
	else
		rmap_link(s->mm, c, vma_copy(s, like));
}

/* Makes va a boundary. */
static void split(struct vma_set *s, struct cpu *c, u64 va)
{
	u32 i = vma_index(s, va);
	struct vma *a, *b;

	if (i == s->n || s->v[i]->start >= va)
		return;
	a = s->v[i];
	b = vma_new(a);
	set_range(b, va, a->end);
	s->fresh = true;
	vma_resize(s, c, a, a->start, va);
	if (b->object)
		object_get(b->object);
	array_open(s, i + 1, b);
	rmap_link(s->mm, c, b);
	rmap_split(s->mm, c, a, b);
}

void vma_isolate(struct vma_set *s, struct cpu *c, u64 start, u64 end)
{
	split(s, c, start);
	split(s, c, end);
}

/* Makes start..end whole VMAs and tells how many, from which index on. */
static u32 cut_out(struct vma_set *s, struct cpu *c, u64 start, u64 end, u32 *first)
{
	u32 n = 0;

	vma_isolate(s, c, start, end);
	*first = vma_index(s, start);
	while (*first + n < s->n && s->v[*first + n]->start < end)
		n++;
	return n;
}

void vma_remove(struct vma_set *s, struct cpu *c, u64 start, u64 end)
{
	u32 first, n = cut_out(s, c, start, end, &first), i;

	for (i = 0; i < n; i++)
		vma_free(s, s->v[first + i], c);
	array_close(s, first, n);
}

/* What has private pages keeps their indices: mm/vma.c:copy_vma(). */
static void move_one(struct vma_set *s, struct cpu *c, struct vma *v, u64 delta)
{
	rmap_before_change(s->mm, c, v);
	v->start += delta;
	v->end += delta;
	if (!v->object && !v->anon)
		v->pgoff = v->start >> FRAME_SHIFT;
	rmap_after_change(s->mm, c, v);
}

void vma_move(struct vma_set *s, struct cpu *c, u64 start, u64 end, u64 delta)
{
	u32 first, n = cut_out(s, c, start, end, &first), i;
	struct vma **moved = xmalloc(n * sizeof(*moved));

	for (i = 0; i < n; i++)
		moved[i] = s->v[first + i];
	array_close(s, first, n);
	ASSERT(!vma_overlaps(s, start + delta, end + delta));
	for (i = 0; i < n; i++) {
		move_one(s, c, moved[i], delta);
		array_open(s, vma_index(s, moved[i]->start), moved[i]);
	}
	vma_merge(s, c, start + delta, end + delta);
	free(moved);
}

void vma_sane(const struct vma_set *s)
{
	u32 i;

	for (i = 0; i < s->n; i++) {
		const struct vma *v = s->v[i];

		ASSERT(v->start < v->end && !((v->start | v->end | v->offset) & FRAME_MASK));
		ASSERT(v->object ? v->object->users > 0 : v->offset == 0);
		if (i) {
			ASSERT(s->v[i - 1]->end <= v->start);
			ASSERT((s->mm && s->mm->k->rmap) || !mergeable(s, s->v[i - 1], v));
		}
	}
}
