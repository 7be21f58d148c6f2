#include "model/mm/vma.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

static void vma_free(struct vma_set *s, struct vma *v, struct cpu *c)
{
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

static bool mergeable(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->object == b->object &&
	       vma_offset(a, a->end) == b->offset;
}

void vma_merge(struct vma_set *s, u64 start, u64 end)
{
	u32 i = vma_index(s, start ? start - 1 : 0);

	while (i + 1 < s->n && s->v[i + 1]->start <= end) {
		struct vma *a = s->v[i], *b = s->v[i + 1];

		if (!mergeable(a, b)) {
			i++;
			continue;
		}
		a->end = b->end;
		a->anon |= b->anon;
		vma_free(s, b, NULL); /* a has the object too */
		array_close(s, i + 1, 1);
	}
}

void vma_insert(struct vma_set *s, const struct vma *like)
{
	struct vma *v = xmalloc(sizeof(*v));

	ASSERT(like->start < like->end && !vma_overlaps(s, like->start, like->end));
	*v = *like;
	v->va = 0;
	s->fresh = true;
	if (v->object)
		object_get(v->object);
	array_open(s, vma_index(s, v->start), v);
	vma_merge(s, v->start, v->end);
}

/* Makes va a boundary. */
static void split(struct vma_set *s, u64 va)
{
	u32 i = vma_index(s, va);
	struct vma *a, *b;

	if (i == s->n || s->v[i]->start >= va)
		return;
	a = s->v[i];
	b = xmalloc(sizeof(*b));
	*b = *a;
	b->start = va;
	b->va = 0;
	s->fresh = true;
	b->offset = vma_offset(a, va);
	a->end = va;
	if (b->object)
		object_get(b->object);
	array_open(s, i + 1, b);
}

void vma_isolate(struct vma_set *s, u64 start, u64 end)
{
	split(s, start);
	split(s, end);
}

/* Makes start..end whole VMAs and tells how many, from which index on. */
static u32 cut_out(struct vma_set *s, u64 start, u64 end, u32 *first)
{
	u32 n = 0;

	vma_isolate(s, start, end);
	*first = vma_index(s, start);
	while (*first + n < s->n && s->v[*first + n]->start < end)
		n++;
	return n;
}

void vma_remove(struct vma_set *s, struct cpu *c, u64 start, u64 end)
{
	u32 first, n = cut_out(s, start, end, &first), i;

	for (i = 0; i < n; i++)
		vma_free(s, s->v[first + i], c);
	array_close(s, first, n);
}

void vma_move(struct vma_set *s, u64 start, u64 end, u64 delta)
{
	u32 first, n = cut_out(s, start, end, &first), i;
	struct vma **moved = xmalloc(n * sizeof(*moved));

	for (i = 0; i < n; i++)
		moved[i] = s->v[first + i];
	array_close(s, first, n);
	ASSERT(!vma_overlaps(s, start + delta, end + delta));
	for (i = 0; i < n; i++) {
		moved[i]->start += delta;
		moved[i]->end += delta;
		array_open(s, vma_index(s, moved[i]->start), moved[i]);
	}
	vma_merge(s, start + delta, end + delta);
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
			ASSERT(!mergeable(s->v[i - 1], v));
		}
	}
}
