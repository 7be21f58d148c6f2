#include "model/hw/walker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/explain.h"
#include "model/hw/tlb.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct walker_stats
static const struct stat_desc walker_table[] = { WALKER_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

/* Address bits above those that a table of this level translates, and the address space. */
static u64 pwc_key(const struct walker *w, u64 va, u16 asid, u32 level)
{
	u64 prefix = (va & ((1ull << w->format->va_bits) - 1)) >> w->format->shift[level + 1];

	return prefix << 16 | asid;
}

static u32 pwc_set(const struct pwc_array *a, u64 key)
{
	return (u32)(key >> 16) & (a->tags.sets - 1);
}

/* Where the walk starts: the table that is nearest to the page and known. Returns its level. */
static u32 pwc_start(struct walker *w, u64 va, u64 *table)
{
	u32 level, id;

	for (level = 0; level + 1 < w->format->levels; level++) {
		struct pwc_array *a = &w->pwc[level];
		u64 key = pwc_key(w, va, w->asid, level);

		if (!a->present)
			continue;
		id = tags_find(&a->tags, pwc_set(a, key), key);
		if (id == TAG_MISS)
			continue;
		tags_touch(&a->tags, id);
		w->st.pwc_hits++;
		*table = a->table[id];
		return level;
	}
	*table = w->root;
	return w->format->levels - 1u;
}

static void pwc_fill(struct walker *w, u64 va, u32 level, u64 table)
{
	struct pwc_array *a = &w->pwc[level];
	u64 key = pwc_key(w, va, w->asid, level);
	u32 id, set;

	if (!a->present)
		return;
	set = pwc_set(a, key);
	id = tags_find(&a->tags, set, key);
	if (id == TAG_MISS) {
		id = tags_victim(&a->tags, set);
		tags_put(&a->tags, id, key);
	}
	a->table[id] = table;
}

static u64 read_entry(struct walker *w, u64 pa, u32 level, u64 *now)
{
	struct mem_req r = { .pa = pa & ~w->line_mask, .cls = MEM_PTE };
	u64 done;

	if (w->format->root_on_chip && level + 1u == w->format->levels)
		return pt_read(w->format, w->ptmem, pa);
	if (explain_on())
		explain_open(*now, "entry of level %u at 0x%" PRIx64, level, pa);
	done = port_read(w->port, &r, *now);
	if (explain_on())
		explain_close(done, "%s", "");
	w->st.pte_reads++;
	hist_add(w->pte_latency, done - *now, 1);
	*now = done;
	return pt_read(w->format, w->ptmem, pa);
}

/* Sets bits in an entry that lacks them: a locked write to its line, which the walk waits for. */
static u64 update_entry(struct walker *w, u64 pa, u64 e, u32 level, u32 flags, u64 *now)
{
	const struct pt_format *f = w->format;
	struct mem_req r = { .pa = pa, .bytes = f->entry_bytes, .cls = MEM_PTE };

	if ((f->flags(e, level) & flags) == flags)
		return e;
	e = f->encode(f->pa(e, level), f->flags(e, level) | flags, level);
	pt_write(f, w->ptmem, pa, e);
	w->st.pte_writes++;
	if (explain_on())
		explain_open(*now, "accessed or dirty bit of level %u", level);
	*now = port_write(w->port, &r, *now);
	if (explain_on())
		explain_close(*now, "%s", "");
	return e;
}

static bool permits(u32 flags, enum access_kind access)
{
	if (!(flags & PTE_USER))
		return false;
	if (access == ACCESS_WRITE)
		return flags & PTE_WRITE;
	return access == ACCESS_READ || (flags & PTE_EXEC);
}

/* From table to table. Fills in the walk's answers but the time, which *now carries. */
static void descend(struct walker *w, struct walk *k, u64 *now)
{
	const struct pt_format *f = w->format;
	u64 table, pa, e;
	u32 level = pwc_start(w, k->va, &table), flags;

	for (;; level--) {
		pa = pt_entry_pa(f, table, k->va, level);
		e = read_entry(w, pa, level, now);
		flags = f->flags(e, level);
		if (!(flags & PTE_PRESENT))
			return;
		if (flags & PTE_LEAF)
			break;
		update_entry(w, pa, e, level, PTE_ACCESSED, now);
		table = f->pa(e, level);
		pwc_fill(w, k->va, level - 1, table);
	}
	k->present = true;
	k->ok = permits(flags, k->access);
	if (!k->ok)
		return;
	e = update_entry(w, pa, e, level, PTE_ACCESSED | (k->access == ACCESS_WRITE ? PTE_DIRTY : 0), now);
	flags = f->flags(e, level);
	k->size = pt_leaf_size(f, flags, level);
	k->entry = tlb_entry(align_down(f->pa(e, level), 1ull << page_size_shift[k->size]), k->size, flags);
}

static u64 *free_walker(struct walker *w)
{
	u64 *first = w->busy;
	u32 i;

	for (i = 1; i < w->count; i++) {
		if (w->busy[i] < *first)
			first = &w->busy[i];
	}
	return first;
}

void walker_walk(struct walker *w, struct walk *k, u64 now)
{
	u64 *busy = free_walker(w), start = MAX(now, *busy);

	w->st.walks++;
	w->st.wait_cycles += start - now;
	k->ok = false;
	k->present = false;
	k->done = start;
	if (explain_on())
		explain_open(now, "page walk");
	if (explain_on() && start != now)
		explain_hop(now, start, "no walker is free");
	descend(w, k, &k->done);
	if (explain_on())
		explain_close(k->done, ": %s", k->ok ? page_size_name[k->size] : k->present ? "forbidden" :
									      "not present");
	w->st.faults += !k->ok;
	w->st.cycles += k->done - start;
	if (!time_stands)
		*busy = k->done;
}

static void pwc_init(struct pwc_array *a, const struct tlb_array_cfg *cfg, u32 level, u64 seed)
{
	u32 ways = cfg->ways ? cfg->ways : cfg->entries;
	char name[16];

	if (!cfg->entries)
		return;
	snprintf(name, sizeof(name), "pwc.%u", level);
	tags_init(&a->tags, cfg->entries / ways, ways, cfg->replacement, seed, name);
	a->table = xcalloc(tags_ids(&a->tags), sizeof(*a->table));
	a->present = true;
}

void walker_init(struct walker *w, const struct walker_params *p)
{
	u32 i;

	*w = (struct walker){ .format = p->format,
			      .ptmem = p->ptmem,
			      .port = p->port,
			      .pte_latency = p->pte_latency,
			      .line_mask = p->line - 1u,
			      .count = p->cfg->count };
	for (i = 0; i < NR_PWC_LEVELS; i++)
		pwc_init(&w->pwc[i], &p->pwc->level[i], i, p->seed);
}

void walker_fini(struct walker *w)
{
	u32 i;

	for (i = 0; i < NR_PWC_LEVELS; i++) {
		if (!w->pwc[i].present)
			continue;
		tags_fini(&w->pwc[i].tags);
		free(w->pwc[i].table);
	}
}

void walker_stats_add(const struct walker *w, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, walker_table, &w->st);
}

void walker_sane(const struct walker *w)
{
	u32 i;

	for (i = 0; i < NR_PWC_LEVELS; i++) {
		if (w->pwc[i].present)
			tags_sane(&w->pwc[i].tags);
	}
}

static void pwc_flush(struct walker *w, bool any_asid, u16 asid, u64 start, u64 last)
{
	u64 va_mask = w->format ? (1ull << w->format->va_bits) - 1 : 0;
	u32 level, id;

	for (level = 0; w->format && level + 1 < w->format->levels; level++) {
		struct pwc_array *a = &w->pwc[level];
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

void walker_flush_range(struct walker *w, u16 asid, u64 start, u64 end)
{
	pwc_flush(w, false, asid, start, end - 1);
}

void walker_flush_asid(struct walker *w, u16 asid)
{
	pwc_flush(w, false, asid, 0, ~(u64)0);
}

void walker_flush_all(struct walker *w)
{
	pwc_flush(w, true, 0, 0, ~(u64)0);
}
