#include "tests/ref/ref_tlb.h"

#include <stddef.h>

/* The array with the largest pages that are no larger than the page, and their size. */
static u32 array_for(const struct ref_tlb *t, u32 shift, u32 *held)
{
	u32 i, j, best = ~0u;

	*held = 0;
	for (i = 0; i < t->n_arrays; i++) {
		for (j = 0; j < t->array[i].n_shifts; j++) {
			u32 s = t->array[i].shifts[j];

			if (s <= shift && s >= *held) {
				*held = s;
				best = i;
			}
		}
	}
	return best;
}

static u64 set_of(const struct ref_tlb_array *a, u64 number)
{
	u64 base = 1ull << a->digit;

	if (!a->digit)
		return number % a->sets;
	return (number % base) ^ (number / base % base);
}

static bool matches(const struct ref_tlb_entry *e, u64 va, u32 space)
{
	return e->used && va - e->va < e->bytes && (e->global || e->space == space);
}

static struct ref_tlb_entry *room_for(struct ref_tlb *t, const struct ref_tlb_entry *new)
{
	struct ref_tlb_entry *e, *oldest = NULL, *empty = NULL;
	u32 n = 0;

	for (e = t->entry; e < t->entry + REF_TLB_MAX; e++) {
		if (!e->used) {
			empty = e;
			continue;
		}
		if (e->array != new->array || e->set != new->set)
			continue;
		if (e->va == new->va && e->bytes == new->bytes && e->global == new->global &&
		    (e->global || e->space == new->space))
			return e;
		n++;
		if (!oldest || e->when < oldest->when)
			oldest = e;
	}
	return n == t->array[new->array].ways ? oldest : empty;
}

void ref_tlb_fill(struct ref_tlb *t, u64 va, u32 space, u32 shift, u64 pa, bool global)
{
	struct ref_tlb_entry new = { .used = true, .global = global, .space = space }, *e;
	u32 held;

	new.array = array_for(t, shift, &held);
	if (new.array == ~0u)
		return;
	new.page_bytes = 1ull << shift;
	new.page = va / new.page_bytes * new.page_bytes;
	new.bytes = 1ull << held;
	new.va = va / new.bytes * new.bytes;
	new.pa = pa + (new.va - new.page);
	new.set = set_of(&t->array[new.array], new.va / new.bytes);
	e = room_for(t, &new);
	/* What is filled in again keeps its age. */
	new.when = e->used && e->va == new.va && e->bytes == new.bytes && e->global == new.global &&
				   (e->global || e->space == new.space) ?
			   e->when :
			   ++t->time;
	*e = new;
}

bool ref_tlb_lookup(struct ref_tlb *t, u64 va, u32 space, u64 *pa)
{
	struct ref_tlb_entry *e, *found = NULL;

	/* Where several answer: a space's own before global ones, small before large. */
	for (e = t->entry; e < t->entry + REF_TLB_MAX; e++) {
		if (!matches(e, va, space))
			continue;
		if (!found || e->global < found->global ||
		    (e->global == found->global && e->bytes < found->bytes))
			found = e;
	}
	if (!found)
		return false;
	found->when = ++t->time;
	*pa = found->pa + (va - found->va);
	return true;
}

void ref_tlb_flush(struct ref_tlb *t, u32 space, u64 start, u64 end)
{
	struct ref_tlb_entry *e;

	for (e = t->entry; e < t->entry + REF_TLB_MAX; e++)
		if ((e->global || e->space == space) && e->page < end && e->page + e->page_bytes > start)
			e->used = false;
}

void ref_tlb_flush_space(struct ref_tlb *t, u32 space)
{
	struct ref_tlb_entry *e;

	for (e = t->entry; e < t->entry + REF_TLB_MAX; e++)
		if (!e->global && e->space == space)
			e->used = false;
}

void ref_tlb_flush_all(struct ref_tlb *t)
{
	struct ref_tlb_entry *e;

	for (e = t->entry; e < t->entry + REF_TLB_MAX; e++)
		e->used = false;
}

u32 ref_tlb_entries(const struct ref_tlb *t)
{
	u32 i, n = 0;

	for (i = 0; i < REF_TLB_MAX; i++)
		n += t->entry[i].used;
	return n;
}
