#include "model/hw/cache_virtual.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/sim/explain.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct cache_virtual_stats
static const struct stat_desc virtual_table[] = { CACHE_VIRTUAL_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void cache_init_virtual(struct cache *c, const struct cache_params *p)
{
	u32 ids = tags_ids(&c->tags);

	index_init(&c->index, p->cfg, p->page, p->va_bits);
	way_init(&c->way, p->cfg->way_predictor, time_to_cycles(p->cfg->way_mispredict, p->hz), ids);
	if (!c->index.vivt)
		return;
	c->index.line = xcalloc(ids, sizeof(*c->index.line));
	c->index.grants = xcalloc(ids, 1);
}

void cache_fini_virtual(struct cache *c)
{
	way_fini(&c->way);
	free(c->index.line);
	free(c->index.grants);
}

void cache_stats_add_virtual(const struct cache *c, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, virtual_table, &c->virtual);
}

/* ---- lines ---- */

u32 cache_find_synonym(const struct cache *c, u64 line)
{
	const struct cache_index *x = &c->index;
	u32 colour, way, set, id;

	for (colour = 0; colour < x->colours; colour++) {
		set = colour * x->page_sets + ((u32)line & (x->page_sets - 1));
		if (!x->vivt) {
			id = tags_find(&c->tags, set, line);
			if (id != TAG_MISS)
				return id;
			continue;
		}
		for (way = 0, id = set << c->tags.way_shift; way < c->tags.ways; way++, id++)
			if (x->line[id] == line && c->tags.key[id] != TAG_NO_KEY)
				return id;
	}
	return TAG_MISS;
}

static bool is_there(const struct cache *c, u32 id)
{
	return c->tags.key[id] != TAG_NO_KEY;
}

static void learn_way(struct cache *c, u32 id, u64 va)
{
	u32 first = tags_set(&c->tags, id) << c->tags.way_shift;
	u32 loser = way_learn(&c->way, first, c->tags.ways, id, va);

	hot_end_line(c->hot, id);
	hot_end_line(c->hot, loser);
}

void cache_fill_virtual(struct cache *c, u32 id, const struct mem_req *r)
{
	if (unlikely(c->index.vivt)) {
		c->index.line[id] = r->pa >> c->line_shift;
		c->index.grants[id] = 0;
	}
	if (unlikely(c->way.utag))
		learn_way(c, id, r->pa ^ r->skew);
}

u64 cache_predict_way(struct cache *c, u32 id, const struct mem_req *r, u64 now, u64 done)
{
	u64 va = r->pa ^ r->skew;

	if (way_right(&c->way, id, va))
		return done;
	c->virtual.way_mispredicts++;
	if (explain_on())
		explain_hop(now, now, "%s predicts another way", mem_level_name[c->level]);
	learn_way(c, id, va);
	return MAX(done, now + c->latency + c->way.penalty);
}

/* ---- vivt: hits ---- */

static u32 find_virtual(const struct cache *c, u64 va)
{
	return tags_find(&c->tags, cache_set(c, va >> c->line_shift),
			 index_virtual_key(&c->index, va, false));
}

u32 cache_virtual_hit(const struct cache *c, u64 va, enum access_kind access)
{
	u32 id = find_virtual(c, va);

	return id != TAG_MISS && c->index.grants[id] >> access & 1 ? id : TAG_MISS;
}

bool cache_virtual_grants(const struct cache *c, u64 va, enum access_kind access, u64 *pa)
{
	u32 id = cache_virtual_hit(c, va, access);

	if (id == TAG_MISS)
		return false;
	*pa = c->index.line[id] << c->line_shift | (va & ((1ull << c->line_shift) - 1));
	return true;
}

void cache_virtual_learn(struct cache *c, u64 va, u32 grants)
{
	u32 id = find_virtual(c, va);

	if (id != TAG_MISS)
		c->index.grants[id] = (u8)grants;
}

/* ---- flushes ---- */

bool cache_switch(struct cache *c, u16 asid)
{
	bool other = c->index.asid && asid != c->index.asid;

	ASSERT(!c->index.vivt || c->index.va_lines + log2_ceil((u64)asid + 1) <= 64);
	c->index.asid = asid;
	return c->index.vivt && other && !c->index.tagged;
}

static u32 lines_of(const struct cache *c)
{
	return c->tags.sets * c->tags.ways;
}

static void flush_line(struct cache *c, u32 id, u64 now)
{
	c->virtual.virtual_flushes++;
	cache_evict(c, id, now);
}

/* Whether a line's key is of that address space. One that is not tagged holds only the present one's. */
static bool of_space(const struct cache_index *x, u64 key, u16 asid)
{
	if (asid == KERNEL_ASID)
		return !(key >> x->va_lines);
	return x->tagged ? key >> x->va_lines == asid : key >> x->va_lines && asid == x->asid;
}

u32 cache_flush_range(struct cache *c, u16 asid, u64 start, u64 end, u64 now)
{
	const struct cache_index *x = &c->index;
	u64 mask = (1ull << x->va_lines) - 1;
	u64 first = start >> c->line_shift & mask, last = (end - 1) >> c->line_shift & mask;
	u32 id;

	if (!x->vivt)
		return 0;
	for (id = 0; id < tags_ids(&c->tags); id++) {
		u64 key = c->tags.key[id];

		if (is_there(c, id) && of_space(x, key, asid) && (key & mask) >= first &&
		    (key & mask) <= last)
			flush_line(c, id, now);
	}
	return (u32)MIN(last - first + 1, lines_of(c));
}

u32 cache_flush_asid(struct cache *c, u16 asid, u64 now)
{
	u32 id;

	if (!c->index.vivt)
		return 0;
	for (id = 0; id < tags_ids(&c->tags); id++)
		if (is_there(c, id) && of_space(&c->index, c->tags.key[id], asid))
			flush_line(c, id, now);
	return lines_of(c);
}

u32 cache_flush_all(struct cache *c, u64 now)
{
	u32 id;

	if (!c->index.vivt)
		return 0;
	for (id = 0; id < tags_ids(&c->tags); id++)
		if (is_there(c, id))
			flush_line(c, id, now);
	return lines_of(c);
}

u32 cache_flush_alias(struct cache *c, u64 va, u64 pa, u64 page, u64 now)
{
	u64 line = (pa & ~(page - 1)) >> c->line_shift, end = line + (page >> c->line_shift);
	u64 skew = va ^ pa;
	struct mem_req r = { .pa = pa, .cls = MEM_LOAD, .skew = skew };
	struct cache_place at = cache_place(c, &r);
	u32 id = cache_find_synonym(c, pa >> c->line_shift);

	if (id == TAG_MISS || (tags_set(&c->tags, id) == at.set && c->tags.key[id] == at.key))
		return 0;
	for (; line < end; line++) {
		r.pa = line << c->line_shift;
		at = cache_place(c, &r);
		id = cache_find_synonym(c, line);
		if (id == TAG_MISS || (tags_set(&c->tags, id) == at.set && c->tags.key[id] == at.key))
			continue;
		c->virtual.alias_evictions++;
		c->virtual.alias_flushes++;
		cache_evict(c, id, MAX(now, mshr_ready(&c->mshr, line, now)));
	}
	return (u32)(page >> c->line_shift);
}

/* ---- checks ---- */

static void way_sane(const struct cache *c, u32 id)
{
	u32 first = tags_set(&c->tags, id) << c->tags.way_shift, i;

	for (i = first; i < id; i++)
		ASSERT(c->way.utag[i] != c->way.utag[id] || c->way.utag[id] == WAY_UNKNOWN);
}

void cache_sane_virtual(const struct cache *c)
{
	u32 id;

	for (id = 0; (c->index.aliases || c->way.utag) && id < tags_ids(&c->tags); id++) {
		if (!is_there(c, id))
			continue;
		if (c->index.aliases)
			ASSERT(cache_find_synonym(c, cache_line_number(c, id)) == id);
		if (c->way.utag)
			way_sane(c, id);
	}
}
