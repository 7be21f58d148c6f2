#include "model/mm/object.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/cache_cost.h"
#include "model/mm/shmem.h"

void objects_init(struct objects *set, struct kernel *k)
{
	*set = (struct objects){ .k = k };
}

static void object_free(struct object *o, struct cpu *c)
{
	struct objects *set = o->set;

	object_drop_range(o, c, 0, CACHE_INDEX_END);
	cache_inode_free(set->k, c, o);
	map64_fini(&o->known);
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
	struct object *o;

	while ((o = set->first)) {
		object_free(o, NULL);
		ASSERT(set->first != o);
	}
	map64_fini(&set->by_id);
}

static struct object *find(const struct objects *set, u64 id)
{
	const u64 *p = id ? map64_find(&set->by_id, id) : NULL;

	return p ? (struct object *)(uintptr_t)*p : NULL;
}

static struct object *object_new(struct objects *set, struct cpu *c, u64 id, bool anon)
{
	struct object *o = xcalloc(1, sizeof(*o));

	o->id = id;
	o->anon = anon;
	o->set = set;
	o->bytes = OBJECT_ENDLESS;
	o->start = NO_FRAME;
	o->last_read = NO_FRAME;
	readahead_init(&o->ra);
	cache_inode_new(set->k, c, o);
	o->next = set->first;
	if (o->next)
		o->next->prev = o;
	set->first = o;
	if (id)
		map64_set(&set->by_id, id, (uintptr_t)o);
	return o;
}

struct object *object_named(struct objects *set, struct cpu *c, u64 id)
{
	struct object *o = find(set, id);

	return o ? o : object_new(set, c, id, false);
}

struct object *object_open(struct objects *set, struct cpu *c, u64 id, bool anon)
{
	struct object *o = find(set, id);

	if (!o)
		o = object_new(set, c, id, anon);
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
	if (--o->users == 0 && o->anon && !o->lasts)
		object_free(o, c);
}

/* mm/truncate.c:truncate_inode_pages_range() */
void object_drop_range(struct object *o, struct cpu *c, u64 first, u64 last)
{
	u64 index = first, entry;

	while ((entry = cache_index_next(&o->pages, &index)) && index <= last) {
		if (shmem_in_swap(o, index))
			shmem_forget(o->set->k, c, o, index);
		else if (cache_is_value(entry))
			page_cache_forget(o->set->k, c, o, index);
		else
			page_cache_drop(o->set->k, c, o, index);
	}
}
