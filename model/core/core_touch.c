/*
 * What a piece of the kernel's code touches of its objects each time (arch/cpu.h: touch), as one: where the
 * lines and their translations are is remembered by piece of code, and as long as the objects are the same
 * and all is there, the accesses are a row of hits that do nothing but renew times of last use. Otherwise
 * they are made one by one. As line_runs.h, for several stretches, which need not lie side by side.
 */
#include "model/core/core_state.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/sim/explain.h"

#define GROUP_LINES 48u
#define GROUP_PAGES 8u

/* Uses without a look after lines had gone: where they always go, looking is in vain. */
#define GROUP_PAUSE 4u

struct group_page {
	u64 *used;
	u32 last; /* of the lines, is in it */
	/* The translation, and what it was. */
	const u64 *at, *entry;
	u64 key, value;
};

struct line_group {
	u64 object[CPU_OBJECTS];
	u64 gone; /* all was there when so much was gone of what is hot */
	u32 pause;
	u32 n_lines, n_pages; /* no lines: they are not known */
	u32 stores, lookups;
	struct group_page page[GROUP_PAGES];
	u64 line[GROUP_LINES];
	u64 write; /* bit i: line i is stored to */
	u16 id[GROUP_LINES];
};

_Static_assert(GROUP_LINES <= 64, "line_group.write has a bit a line");

struct line_group *core_groups_new(const struct core *c)
{
	u32 i;

	for (i = 0; i < c->dtlb.n_arrays; i++)
		if (!c->dtlb.array[i].hot)
			return NULL;
	return c->data ? xcalloc(CPU_CODES, sizeof(struct line_group)) : NULL;
}

void core_groups_forget(struct core *c)
{
	u32 i;

	for (i = 0; c->group && i < CPU_CODES; i++)
		c->group[i].n_lines = 0;
}

/* ---- using what is known ---- */

static always_inline bool is_of(const struct line_group *g, const u64 *object)
{
	u64 other = 0;
	u32 i;

	for (i = 0; i < CPU_OBJECTS; i++)
		other |= g->object[i] ^ object[i];
	return !other;
}

static always_inline bool pages_are_there(const struct line_group *g)
{
	const struct group_page *p = g->page, *end = p + g->n_pages;

	for (; p < end; p++)
		if (*p->at != p->key || *p->entry != p->value)
			return false;
	return true;
}

/* The line is there and not on its way, and a use renews times alone. */
static bool is_at_hand(struct core *c, u32 id, u64 line, bool write)
{
	const struct cache *l1 = &c->l1d;
	u64 now = core_cycle(c);

	return l1->tags.key[id] == line && line_is_plain(l1, id, write) &&
	       mshr_ready(&l1->mshr, line, now) <= now;
}

/*
 * What was gone may have come back since: its lines end the group again when they go. As long as they have
 * not, none of them is on its way either.
 */
static noinline bool lines_are_there(struct core *c, struct line_group *g)
{
	u32 i;

	for (i = 0; i < g->n_lines; i++)
		if (!is_at_hand(c, g->id[i], g->line[i], g->write >> i & 1))
			return false;
	for (i = 0; i < g->n_lines; i++)
		hot_watch(c->l1d.hot, g->id[i]);
	g->gone = c->l1d.hot->gone;
	return true;
}

/* False: lines are used one by one. */
static always_inline bool all_is_there(struct core *c, struct line_group *g)
{
	if (unlikely(explain_on()))
		return false;
	if (pages_are_there(g) && (likely(g->gone == c->l1d.hot->gone) || lines_are_there(c, g)))
		return true;
	g->n_lines = 0;
	g->pause = GROUP_PAUSE;
	return false;
}

/* Stores come behind those that wait. */
static noinline void take_time_each(struct core *c, const struct line_group *g, u32 part)
{
	u32 i;

	for (i = 0; i < g->n_lines; i++) {
		c->slots++;
		c->stall[part]++;
		if (g->write >> i & 1 && c->sb.n)
			core_retire_store(c, core_cycle(c), part);
	}
}

static always_inline void take_time(struct core *c, const struct line_group *g, u32 part)
{
	if (unlikely(time_stands))
		return;
	if (g->write && c->sb.n) {
		take_time_each(c, g, part);
		return;
	}
	c->slots += g->n_lines;
	c->stall[part] += g->n_lines;
}

static always_inline void use(struct core *c, const struct line_group *g, u32 part)
{
	u64 *used = c->l1d.hot->used, now = c->clock + 1;
	u32 n = g->n_lines, i;

	for (i = 0; i < n; i++)
		used[g->id[i]] = now + i;
	for (i = 0; i < g->n_pages; i++)
		*g->page[i].used = now + g->page[i].last;
	c->clock += n;
	c->l1d.st.kernel_stores += g->stores;
	c->l1d.st.kernel_loads += n - g->stores;
	c->dtlb.st.kernel_lookups += g->lookups;
	c->account.total.lines += n;
	take_time(c, g, part);
}

/* ---- getting to know ---- */

/* False: there are too many pages. */
static bool add_page(struct line_group *g, const struct kernel_page *p)
{
	u32 i;

	for (i = 0; i < g->n_pages && g->page[i].used != p->used; i++)
		;
	if (i == GROUP_PAGES)
		return false;
	g->page[i] = (struct group_page){ .used = p->used,
					  .last = g->n_lines,
					  .at = p->at,
					  .key = p->key,
					  .entry = p->entry,
					  .value = p->value };
	g->n_pages = MAX(g->n_pages, i + 1);
	return true;
}

/*
 * The page of va, if its translation is there. It is used once more, as are those of all lines in their
 * order, so that the order of pages stays what it was.
 */
static bool find_page(struct core *c, u64 va, enum access_kind access, struct kernel_page *p)
{
	const struct kernel_page *known = core_known_page(c, va, false, access);
	struct tlb_hit h;
	u64 pa;

	if (known) {
		*p = *known;
		*p->used = ++c->clock;
		return true;
	}
	h = tlb_lookup_kernel(&c->dtlb, va);
	if (!h.entry || !tlb_grants(*h.entry, access) || !h.array->hot)
		return false;
	pa = tlb_pa(&h, va);
	*p = (struct kernel_page){ .delta = pa - va,
				   .skew = pa == va - c->cpu.direct_map ? 0 : va ^ pa,
				   .writes = tlb_writes_freely(*h.entry),
				   .used = &h.array->tags.used_at[h.id],
				   .at = &h.array->tags.key[h.id],
				   .key = h.array->tags.key[h.id],
				   .entry = h.entry,
				   .value = *h.entry };
	return true;
}

/* False: it is no line whose use renews times alone, or its page is one too many. */
static bool add_line(struct core *c, struct line_group *g, u64 va, bool write)
{
	const struct cache *l1 = &c->l1d;
	struct kernel_page p;
	u64 pa;
	u32 id;

	if (!find_page(c, va, write ? ACCESS_WRITE : ACCESS_READ, &p) || (write && !p.writes))
		return false;
	pa = va + p.delta;
	id = tags_find(&l1->tags,
		       (u32)(index_address(&l1->index, pa, p.skew) >> l1->line_shift) & l1->set_mask,
		       pa >> l1->line_shift);
	if (id == TAG_MISS || !is_at_hand(c, id, pa >> l1->line_shift, write) || !add_page(g, &p))
		return false;
	hot_watch(l1->hot, id);
	g->id[g->n_lines] = (u16)id;
	g->line[g->n_lines] = pa >> l1->line_shift;
	g->write |= (u64)write << g->n_lines;
	g->stores += write;
	g->n_lines++;
	return true;
}

static bool add_stretch(struct core *c, struct line_group *g, u64 va, u32 bytes, bool write)
{
	u64 last = va + bytes - 1, line = 1ull << c->l1d.line_shift;
	bool all = true;

	g->lookups += (u32)((last >> c->page_shift) - (va >> c->page_shift) + 1);
	for (va &= ~(line - 1); va <= last; va += line)
		all &= add_line(c, g, va, write);
	return all;
}

/* At most so many lines. */
static u32 lines_of(const struct core *c, const struct cpu_touches *t)
{
	u32 bytes = 0, i;

	for (i = 0; i < t->n; i++)
		bytes += t->touch[i].bytes;
	return (bytes >> c->l1d.line_shift) + 2 * t->n;
}

/* The accesses have just been made. */
static noinline void learn(struct core *c, struct line_group *g, const struct cpu_touches *t,
			   const u64 *object)
{
	const struct cpu_touch *p;
	bool all = true;

	if (lines_of(c, t) > GROUP_LINES)
		return;
	g->gone = c->l1d.hot->gone;
	g->n_lines = g->n_pages = g->stores = g->lookups = g->write = 0;
	for (p = t->touch; p < t->touch + t->n; p++)
		if (object[p->object])
			all &= add_stretch(c, g, object[p->object] + (u64)(s64)p->at, p->bytes, p->write);
	if (all)
		return;
	g->n_lines = 0;
	g->pause = GROUP_PAUSE;
}

/* Of objects that are new nothing is learnt yet: they may be others each time. */
static void note(struct core *c, struct line_group *g, const struct cpu_touches *t, const u64 *object)
{
	u32 i;

	if (!is_of(g, object)) {
		for (i = 0; i < CPU_OBJECTS; i++)
			g->object[i] = object[i];
		g->n_lines = g->pause = 0;
	} else if (g->pause) {
		g->pause--;
	} else if (!explain_on()) {
		learn(c, g, t, object);
	}
}

void core_kernel_touch(struct cpu *cpu, enum kernel_path path, const struct cpu_touches *t, const u64 *object)
{
	struct core *c = core_on_path(cpu, path);
	struct line_group *g;

	if (!c->group || !c->walker.kernel_root) {
		cpu_touch_each(cpu, path, t, object);
		return;
	}
	g = &c->group[t->code];
	if (g->n_lines && is_of(g, object)) {
		if (likely(all_is_there(c, g)))
			use(c, g, PART_KERNEL + path);
		else
			cpu_touch_each(cpu, path, t, object);
		return;
	}
	cpu_touch_each(cpu, path, t, object);
	note(c, g, t, object);
}
