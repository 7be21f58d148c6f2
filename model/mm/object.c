#include "model/mm/object.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"

void objects_init(struct objects *set, struct frames *frames, struct page_alloc *pa)
{
	*set = (struct objects){ .frames = frames, .pa = pa };
}

static struct page *struct_page(const struct objects *set, u64 pfn)
{
	return set->pa ? page_of(&set->pa->map, pfn >> (set->pa->cfg.shift - FRAME_SHIFT)) : NULL;
}

/* mm/filemap.c:__filemap_remove_folio(): nobody maps it any more, or the frame goes now. */
static void let_go(struct object *o, struct cpu *c, u64 pfn)
{
	struct page *p = struct_page(o->set, pfn);

	if (p)
		p->mapping = 0;
	frame_put(o->set->frames, c, pfn);
}

static void object_free(struct object *o, struct cpu *c)
{
	struct objects *set = o->set;
	const struct map64_slot *s;

	for (s = map64_next(&o->pages, NULL); s; s = map64_next(&o->pages, s))
		let_go(o, c, s->value);
	map64_fini(&o->pages);
	if (o->id)
		map64_remove(&set->by_id, o->id);
	if (o->next)
		o->next->prev = o->prev;
	if (o->prev)
		o->prev->next = o->next;
	else
		set->first = o->next;
	free(o);
}

void objects_fini(struct objects *set)
{
	while (set->first)
		object_free(set->first, NULL);
	map64_fini(&set->by_id);
}

static struct object *find(const struct objects *set, u64 id)
{
	const u64 *p = id ? map64_find(&set->by_id, id) : NULL;

	return p ? (struct object *)(uintptr_t)*p : NULL;
}

struct object *object_open(struct objects *set, u64 id, bool anon)
{
	struct object *o = find(set, id);

	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->id = id;
		o->anon = anon;
		o->set = set;
		o->next = set->first;
		if (o->next)
			o->next->prev = o;
		set->first = o;
		if (id)
			map64_set(&set->by_id, id, (uintptr_t)o);
	}
	o->users++;
	return o;
}

void object_get(struct object *o)
{
	o->users++;
}

void object_put(struct object *o, struct cpu *c)
{
	ASSERT(o->users);
	if (--o->users == 0 && o->anon)
		object_free(o, c);
}

u64 object_page(const struct object *o, u64 index)
{
	const u64 *pfn = map64_find(&o->pages, index);

	return pfn ? *pfn : NO_FRAME;
}

void object_add(struct object *o, u64 index, u64 pfn)
{
	struct page *p = struct_page(o->set, pfn);

	ASSERT(object_page(o, index) == NO_FRAME);
	if (p) {
		p->mapping = (uintptr_t)o;
		p->index = index;
		p->marks |= o->anon ? PG_SWAPBACKED : 0;
	}
	map64_set(&o->pages, index, pfn);
}

void object_drop_range(struct object *o, struct cpu *c, u64 first, u64 last)
{
	u64 *index = xmalloc(o->pages.n * sizeof(*index)), n = 0;
	const struct map64_slot *s;

	for (s = map64_next(&o->pages, NULL); s; s = map64_next(&o->pages, s)) {
		if (s->key < first || s->key > last)
			continue;
		index[n++] = s->key;
		let_go(o, c, s->value);
	}
	while (n)
		map64_remove(&o->pages, index[--n]);
	free(index);
}
