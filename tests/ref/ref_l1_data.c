#include "tests/ref/ref_l1_data.h"

#include <stdlib.h>

#include "model/base/error.h"

#define NO_LINE (~(u64)0)

static struct ref_l1_data *data_of(struct port *p)
{
	return container_of(p, struct ref_l1_data, port);
}

/* Where a line's versions are, NULL: it is not followed. */
static u64 *version(u64 *of, const struct ref_l1_data *d, u64 line)
{
	return line - d->base < REF_DATA_LINES ? &of[line - d->base] : NULL;
}

static u64 spy_read(struct port *p, struct mem_req *r, u64 now)
{
	return port_read(data_of(p)->below, r, now);
}

/* What comes down is what the copy held, or what is being stored. */
static u64 spy_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct ref_l1_data *d = data_of(p);
	u64 line = r->pa >> d->cache->line_shift, *m = version(d->memory, d, line);
	u32 id;

	if (m && r->bytes == 1u << d->cache->line_shift) {
		id = ref_l1_data_copy(d, r->pa);
		ASSERT(id != TAG_MISS);
		*m = d->copy[id];
	} else if (m) {
		*m = d->stored;
	}
	return port_write(d->below, r, now);
}

static void spy_expect(struct port *p, u64 pa, bool write)
{
	port_expect(data_of(p)->below, pa, write);
}

static u64 spy_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return port_upgrade(data_of(p)->below, r, now);
}

static void spy_gone(struct port *p, u64 pa, u64 now)
{
	port_gone(data_of(p)->below, pa, now);
}

static const struct port_ops spy_ops = { spy_read, spy_write, spy_expect, spy_upgrade, spy_gone };

void ref_l1_data_init(struct ref_l1_data *d, struct cache *c, u64 base_pa)
{
	u32 id;

	*d = (struct ref_l1_data){ .port = { &spy_ops }, .below = c->below, .cache = c };
	d->base = base_pa >> c->line_shift;
	d->copy = xcalloc(tags_ids(&c->tags), sizeof(*d->copy));
	d->held = xmalloc(tags_ids(&c->tags) * sizeof(*d->held));
	for (id = 0; id < tags_ids(&c->tags); id++)
		d->held[id] = NO_LINE;
	c->below = &d->port;
}

void ref_l1_data_fini(struct ref_l1_data *d)
{
	d->cache->below = d->below;
	free(d->copy);
	free(d->held);
}

void ref_l1_data_storing(struct ref_l1_data *d, u64 pa)
{
	d->stored = ++d->newest[(pa >> d->cache->line_shift) - d->base];
}

void ref_l1_data_look(struct ref_l1_data *d)
{
	const struct cache *c = d->cache;
	u64 line, *m;
	u32 id;

	for (id = 0; id < tags_ids(&c->tags); id++) {
		line = c->tags.key[id] == TAG_NO_KEY ? NO_LINE : cache_line_number(c, id);
		if (line == d->held[id])
			continue;
		m = version(d->memory, d, line);
		d->held[id] = line;
		d->copy[id] = m ? *m : 0;
	}
}

u32 ref_l1_data_copy(const struct ref_l1_data *d, u64 pa)
{
	u64 line = pa >> d->cache->line_shift;
	u32 id, found = TAG_MISS;

	for (id = 0; id < tags_ids(&d->cache->tags); id++) {
		if (d->held[id] != line)
			continue;
		ASSERT(found == TAG_MISS);
		found = id;
	}
	return found;
}

void ref_l1_data_stored(struct ref_l1_data *d, u64 pa)
{
	u32 id = ref_l1_data_copy(d, pa);

	if (id != TAG_MISS)
		d->copy[id] = d->stored;
}

void ref_l1_data_probed(struct ref_l1_data *d, u64 pa, bool dirty)
{
	u64 *m = version(d->memory, d, pa >> d->cache->line_shift);
	u32 id = ref_l1_data_copy(d, pa);

	ASSERT(!dirty || id != TAG_MISS);
	if (dirty)
		*m = d->copy[id];
	ASSERT(*m == d->newest[(pa >> d->cache->line_shift) - d->base]);
}

void ref_l1_data_loaded(const struct ref_l1_data *d, u64 pa)
{
	u32 id = ref_l1_data_copy(d, pa);

	ASSERT(id != TAG_MISS);
	ASSERT(d->copy[id] == d->newest[(pa >> d->cache->line_shift) - d->base]);
}
