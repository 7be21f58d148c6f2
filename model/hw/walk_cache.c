#include "model/hw/walk_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"

static void init_level(struct walk_cache *a, const struct tlb_array_cfg *cfg, const char *name, u32 level,
		       u64 seed)
{
	u32 ways = cfg->ways ? cfg->ways : cfg->entries;
	char full[32];

	if (!cfg->entries)
		return;
	snprintf(full, sizeof(full), "%s.%u", name, level);
	tags_init(&a->tags, cfg->entries / ways, ways, cfg->replacement, seed, full);
	a->table = xcalloc(tags_ids(&a->tags), sizeof(*a->table));
	a->present = true;
}

void walk_caches_init(struct walk_caches *w, const struct tlb_array_cfg *cfg, u32 levels,
		      const struct pt_format *format, const char *name, u64 seed)
{
	u32 i;

	*w = (struct walk_caches){ .format = format };
	for (i = 0; i < levels; i++)
		init_level(&w->level[i], &cfg[i], name, i, seed);
}

void walk_caches_fini(struct walk_caches *w)
{
	u32 i;

	for (i = 0; i < NR_PWC_LEVELS; i++) {
		if (!w->level[i].present)
			continue;
		tags_fini(&w->level[i].tags);
		free(w->level[i].table);
	}
}

void walk_caches_sane(const struct walk_caches *w)
{
	u32 i;

	for (i = 0; i < NR_PWC_LEVELS; i++) {
		if (w->level[i].present)
			tags_sane(&w->level[i].tags);
	}
}

void walk_caches_state(struct walk_caches *w, struct state *s, const char *owner)
{
	u32 i;

	for (i = 0; i < NR_PWC_LEVELS; i++) {
		struct walk_cache *a = &w->level[i];

		if (!a->present)
			continue;
		tags_state(&a->tags, s, owner);
		state_add(s, owner, "tables", a->table, tags_ids(&a->tags) * sizeof(*a->table));
	}
}

/* Address bits above those that a table of this level translates, and the address space. */
static u64 key_of(const struct walk_caches *w, u64 va, u16 asid, u32 level)
{
	u64 prefix = (va & ((1ull << w->format->va_bits) - 1)) >> w->format->shift[level + 1];

	return prefix << 16 | asid;
}

static u32 set_of(const struct walk_cache *a, u64 key)
{
	return (u32)(key >> 16) & (a->tags.sets - 1);
}

bool walk_caches_find(struct walk_caches *w, u64 va, u16 asid, u32 *level, struct walk_table *table)
{
	u32 l, id;

	for (l = 0; l + 1 < w->format->levels; l++) {
		struct walk_cache *a = &w->level[l];
		u64 key = key_of(w, va, asid, l);

		if (!a->present)
			continue;
		id = tags_use(&a->tags, set_of(a, key), key);
		if (id == TAG_MISS)
			continue;
		*table = a->table[id];
		*level = l;
		return true;
	}
	return false;
}

void walk_caches_put(struct walk_caches *w, u64 va, u16 asid, u32 level, const struct walk_table *table)
{
	struct walk_cache *a = &w->level[level];
	u64 key;
	u32 id, set;

	if (level + 1u >= w->format->levels || !a->present)
		return;
	key = key_of(w, va, asid, level);
	set = set_of(a, key);
	id = tags_find(&a->tags, set, key);
	if (id == TAG_MISS) {
		id = tags_victim(&a->tags, set);
		tags_put(&a->tags, id, key);
	}
	a->table[id] = *table;
}

void walk_caches_flush(struct walk_caches *w, bool any_asid, u16 asid, u64 start, u64 last)
{
	u64 va_mask = w->format ? (1ull << w->format->va_bits) - 1 : 0;
	u32 level, id;

	for (level = 0; w->format && level + 1 < w->format->levels; level++) {
		struct walk_cache *a = &w->level[level];
		u32 shift = w->format->shift[level + 1];

		for (id = 0; a->present && id < tags_ids(&a->tags); id++) {
			u64 key = a->tags.key[id];

			if (key == TAG_NO_KEY || (!any_asid && (u16)key != asid))
				continue;
			if (key >> 16 >= (start & va_mask) >> shift && key >> 16 <= (last & va_mask) >> shift)
				tags_drop(&a->tags, id);
		}
	}
}
