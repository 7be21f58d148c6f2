#include "model/hw/walker.h"

#include <inttypes.h>

#include "model/sim/explain.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct walker_stats
static const struct stat_desc walker_table[] = { WALKER_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

/* The tag of what a walk finds. */
static u16 tag_of(const struct walker *w, const struct walk *k)
{
	return k->kernels ? TLB_GLOBAL : w->asid;
}

/* Where the walk starts: the table that is nearest to the page and known. Returns its level. */
static u32 first_table(struct walker *w, const struct walk *k, struct walk_table *table)
{
	u32 level = w->format->levels - 1u;

	*table = (struct walk_table){ .pa = k->kernels ? w->kernel_root : w->root, .host = NO_FRAME };
	w->st.pwc_hits += walk_caches_find(&w->pwc, k->va, tag_of(w, k), &level, table);
	if (w->nested.host && !w->nested.combined)
		table->host = NO_FRAME;
	return level;
}

/* Finds out where a table is to be read, if that is not known yet. */
static void find_table(struct walker *w, const struct walk *k, u32 level, struct walk_table *table, u64 *now)
{
	if (table->host != NO_FRAME)
		return;
	table->host = w->nested.host ? nested_table(w, table->pa, now) : table->pa;
	walk_caches_put(&w->pwc, k->va, tag_of(w, k), level, table);
}

void walker_read(struct walker *w, u64 pa, u32 level, const char *whose, u64 *now)
{
	struct mem_req r = { .pa = pa,
			     .bytes = w->format->entry_bytes,
			     .cls = MEM_PTE,
			     .kernels = w->turns_out != NULL,
			     .turns_out = w->turns_out,
			     .service = w->service };
	u64 done;

	if (explain_on())
		explain_open(*now, "%sentry of level %u at 0x%" PRIx64, whose, level, pa);
	done = port_read(w->port, &r, *now) + w->read_latency;
	if (explain_on())
		explain_close(done, "%s", "");
	w->st.pte_reads++;
	hist_add(w->pte_latency, done - *now, 1);
	*now = done;
}

/* Sets bits in an entry that lacks them: a locked write to its line, which the walk waits for. */
static u64 update_entry(struct walker *w, const struct walk_table *t, u64 pa, u64 e, u32 level, u32 flags,
			u64 *now)
{
	const struct pt_format *f = w->format;
	struct mem_req r = { .pa = t->host + (pa - t->pa),
			     .bytes = f->entry_bytes,
			     .cls = MEM_PTE,
			     .kernels = w->turns_out != NULL,
			     .turns_out = w->turns_out,
			     .service = w->service };

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

static bool permits(u32 flags, const struct walk *k)
{
	enum access_kind access = k->access;

	if (!(flags & PTE_USER) && !k->kernels)
		return false;
	if (access == ACCESS_WRITE)
		return flags & PTE_WRITE;
	return access == ACCESS_READ || (flags & PTE_EXEC);
}

#define COALESCED 4u

/* Whether the page that an entry at pa maps, and its neighbours, make an aligned page of 16 KB. */
static bool coalesces(const struct walker *w, u64 va, u64 pa, u64 e, u32 level)
{
	const struct pt_format *f = w->format;
	u64 in_group = (COALESCED - 1) << FRAME_SHIFT, first, other;
	u32 i;

	if (!w->coalesce || w->nested.host || f->leaf[level] != PAGE_4K || ((f->pa(e, 0) ^ va) & in_group))
		return false;
	first = pa - (va >> FRAME_SHIFT) % COALESCED * f->entry_bytes;
	for (i = 0; i < COALESCED; i++) {
		other = pt_read(f, w->ptmem, first + i * f->entry_bytes);
		if (f->flags(other, 0) != f->flags(e, 0) ||
		    f->pa(other, 0) != (f->pa(e, 0) & ~in_group) + i * FRAME_SIZE)
			return false;
	}
	return true;
}

/* What the TLB gets: the page, or as much of it as the host has in one piece. */
static void found_page(struct walker *w, struct walk *k, u64 entry_pa, u64 e, u32 level, u64 *now)
{
	const struct pt_format *f = w->format;
	u32 flags = f->flags(e, level);
	enum page_size page = pt_leaf_size(f, flags, level), hosts;
	u64 in_page, pa;

	if (page == PAGE_4K && coalesces(w, k->va, entry_pa, e, level)) {
		page = PAGE_16K;
		w->st.coalesced++;
	}
	hosts = page;
	in_page = (1ull << page_size_shift[page]) - 1;
	pa = (f->pa(e, level) & ~in_page) | (k->va & in_page);

	if (w->nested.host)
		pa = nested_page(w, pa, &hosts, now);
	k->size = MIN(page, hosts);
	k->entry = tlb_entry(align_down(pa, 1ull << page_size_shift[k->size]), page, flags);
}

/* From table to table. Fills in the walk's answers but the time, which *now carries. */
static void descend(struct walker *w, struct walk *k, u64 *now)
{
	const struct pt_format *f = w->format;
	struct walk_table t;
	u32 level = first_table(w, k, &t), flags;
	u64 pa, e;

	for (;; level--) {
		pa = pt_entry_pa(f, t.pa, k->va, level);
		if (!f->root_on_chip || level + 1u < f->levels) {
			find_table(w, k, level, &t, now);
			walker_read(w, t.host + (pa - t.pa), level, "", now);
		}
		e = pt_read(f, w->ptmem, pa);
		flags = f->flags(e, level);
		if (!(flags & PTE_PRESENT))
			return;
		if (flags & PTE_LEAF)
			break;
		update_entry(w, &t, pa, e, level, PTE_ACCESSED, now);
		t = (struct walk_table){ .pa = f->pa(e, level), .host = NO_FRAME };
	}
	k->present = true;
	k->ok = permits(flags, k);
	if (!k->ok)
		return;
	flags = PTE_ACCESSED | (k->access == ACCESS_WRITE ? PTE_DIRTY : 0);
	e = update_entry(w, &t, pa, e, level, flags, now);
	found_page(w, k, pa, e, level, now);
}

/* The walk under way that will find the translation of va; one of later would slow one of before. */
static const struct walk *under_way(const struct walker *w, u16 tag, u64 va, u64 now)
{
	u32 i;

	for (i = 0; i < w->count; i++) {
		const struct walk *k = &w->walk[i];

		if (k->asked <= now && k->done > now && k->ok && w->walk_asid[i] == tag &&
		    !((k->va ^ va) >> page_size_shift[k->size]))
			return k;
	}
	return NULL;
}

u64 walker_ready(const struct walker *w, u64 va, u64 now)
{
	const struct walk *k = w->last > now ? under_way(w, w->asid, va, now) : NULL;

	return k ? k->done : now;
}

static bool merge(struct walker *w, struct walk *k, u64 now)
{
	const struct walk *other = w->last > now ? under_way(w, tag_of(w, k), k->va, now) : NULL;

	if (!other || !tlb_grants(other->entry, k->access))
		return false;
	w->st.merged++;
	if (explain_on())
		explain_hop(now, other->done, "the page is being walked");
	k->ok = k->present = true;
	k->size = other->size;
	k->entry = other->entry;
	k->done = other->done;
	return true;
}

/* The one whose last walk ends first. */
static u32 free_walker(const struct walker *w)
{
	u32 i, first = 0;

	for (i = 1; i < w->count; i++) {
		if (w->walk[i].done < w->walk[first].done)
			first = i;
	}
	return first;
}

static void tell_start(const struct walker *w, u64 now, u64 start)
{
	explain_open(now, "page walk");
	if (start != now)
		explain_hop(now, start, "no walker is free");
	if (w->pwc_latency)
		explain_hop(start, start + w->pwc_latency, "page-walk caches");
}

static void tell_end(const struct walk *k)
{
	const char *found = k->present ? "forbidden" : "not present";

	explain_close(k->done, ": %s", k->ok ? page_size_name[k->size] : found);
}

bool walker_is_free(const struct walker *w, u64 now)
{
	u64 first;

	return !mshr_full(&w->busy, now, &first);
}

void walker_walk(struct walker *w, struct walk *k, u64 now)
{
	u64 start;
	u32 i;

	k->asked = now;
	if (merge(w, k, now))
		return;
	start = mshr_start(&w->busy, now);
	w->st.walks++;
	w->st.wait_cycles += start - now;
	k->ok = false;
	k->present = false;
	k->done = start + w->pwc_latency;
	w->turns_out = k->kernels ? w->kernel_turns_out : NULL;
	if (explain_on())
		tell_start(w, now, start);
	descend(w, k, &k->done);
	if (explain_on())
		tell_end(k);
	w->st.faults += !k->ok;
	w->st.cycles += k->done - start;
	if (time_stands)
		return;
	mshr_add(&w->busy, k->va, start, k->done);
	i = free_walker(w);
	w->walk[i] = *k;
	w->walk_asid[i] = tag_of(w, k);
	w->last = MAX(w->last, k->done);
}

void walker_init(struct walker *w, const struct walker_params *p)
{
	*w = (struct walker){ .format = p->format,
			      .ptmem = p->ptmem,
			      .port = p->port,
			      .pte_latency = p->pte_latency,
			      .pwc_latency = time_to_cycles(p->cfg->pwc_latency, p->hz),
			      .read_latency = time_to_cycles(p->cfg->read_latency, p->hz),
			      .coalesce = p->cfg->coalesce,
			      .count = p->cfg->count,
			      .busy.cap = p->cfg->count };
	walk_caches_init(&w->pwc, p->pwc->level, NR_PWC_LEVELS, p->format, "pwc", p->seed);
	nested_init(&w->nested, p->nested, p->host, p->seed);
}

void walker_fini(struct walker *w)
{
	walk_caches_fini(&w->pwc);
	nested_fini(&w->nested);
}

void walker_stats_add(const struct walker *w, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, walker_table, &w->st);
	nested_stats_add(&w->nested, s, prefix);
}

void walker_state(struct walker *w, struct state *s, const char *owner)
{
	walk_caches_state(&w->pwc, s, owner);
	state_add(s, owner, "stats", &w->st, sizeof(w->st));
}

void walker_sane(const struct walker *w)
{
	walk_caches_sane(&w->pwc);
	nested_sane(&w->nested);
}

static bool meets(const struct walk *k, u64 start, u64 last)
{
	u64 size = 1ull << page_size_shift[tlb_page(k->entry)], first = align_down(k->va, size);

	return first <= last && first + size - 1 >= start;
}

static void flush(struct walker *w, bool any_asid, u16 asid, u64 start, u64 last)
{
	u32 i;

	walk_caches_flush(&w->pwc, any_asid, asid, start, last);
	/* Nobody may wait for what a walk under way has found there. */
	for (i = 0; i < w->count; i++) {
		if ((any_asid || w->walk_asid[i] == asid) && meets(&w->walk[i], start, last))
			w->walk[i].ok = false;
	}
}

void walker_flush_range(struct walker *w, u16 asid, u64 start, u64 end)
{
	flush(w, false, asid, start, end - 1);
}

void walker_flush_asid(struct walker *w, u16 asid)
{
	flush(w, false, asid, 0, ~(u64)0);
}

void walker_drop_tables(struct walker *w, u16 asid)
{
	walk_caches_flush(&w->pwc, false, asid, 0, ~(u64)0);
}

void walker_flush_all(struct walker *w)
{
	flush(w, true, 0, 0, ~(u64)0);
}
