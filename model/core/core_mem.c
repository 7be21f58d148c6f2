/*
 * What a core does when an access is more than a plain hit: translation, the first-level caches, traps, and
 * where the time goes. Ordinary clear code.
 */
#include "model/core/core_state.h"

#include <inttypes.h>

#include "model/base/error.h"
#include "model/sim/explain.h"

void core_forget(struct core *c)
{
	hot_clear(c->l1i.hot);
	hot_clear(c->l1d.hot);
}

/* Store buffer. */

void core_retire_store(struct core *c, u64 ready, u32 part)
{
	struct store_buffer *sb = &c->sb;

	if (unlikely(time_stands))
		return;
	c->slots = MAX(c->slots, c->retired);
	sb_expire(sb, c->slots);
	if (sb->n == sb->cap) {
		core_stall(c, sb->done[sb->head], part);
		sb_expire(sb, c->slots);
	}
	sb_push(sb, c->slots, ready * c->width);
	core_note_stores(c);
}

static void drain_stores(struct core *c)
{
	struct store_buffer *sb = &c->sb;

	if (sb->n)
		core_stall(c, sb->last, PART_STORE_BUFFER);
	sb->n = 0;
	core_note_stores(c);
}

/* Translation. */

/*
 * Whether the cache beside a TLB is vivt, so that only those accesses look up that the cache cannot serve:
 * they are counted one by one. Else a run's lookups are counted when it begins.
 */
static bool is_vivt(const struct core *c, const struct tlb *t)
{
	return t == &c->itlb ? c->l1i.index.vivt : c->l1d.index.vivt;
}

/* The page may not be used in this way at all, as far as the entry tells. */
static bool forbids(u64 entry, enum access_kind access)
{
	return access == ACCESS_WRITE ? !(entry & PTE_WRITE) : !tlb_grants(entry, access);
}

/* The kernel's answer as the core sees it. CORE_DONE: try again. */
static enum core_stop trap_stop(struct core *c, const struct walk *k, enum trap_result result)
{
	switch (result) {
	case TRAP_RETRY:
		/* Where a page was present its frame may be another one now. */
		if (k->present)
			core_forget(c);
		return CORE_DONE;
	case TRAP_SEGV:
		return CORE_SEGV;
	case TRAP_OOM:
		return CORE_OOM;
	case TRAP_BLOCK:
		break;
	}
	return CORE_BLOCK;
}

/* Asks the kernel, when all older instructions have retired; younger ones dispatch when it returns. */
static enum core_stop take_trap(struct core *c, const struct walk *k)
{
	enum trap_result result;

	if (explain_on())
		explain_open(core_cycle(c), "page fault, %s", k->present ? "forbidden" : "not present");
	core_drain(c);
	c->trap = (struct trap){ .va = k->va, .access = k->access, .present = k->present };
	c->st.traps++;
	if (c->trap_log)
		trap_log_add(c->trap_log, &c->trap);
	result = c->kernel_ops->fault(c->kernel, &c->cpu, c->mm, &c->trap);
	if (explain_on())
		explain_close(core_cycle(c), "%s", "");
	core_dispatch_again(c);
	return trap_stop(c, k, result);
}

enum core_stop core_fault(struct core *c, const struct trap *t)
{
	const struct walk k = { .va = t->va, .access = t->access, .present = t->present };

	return take_trap(c, &k);
}

/*
 * Window core: others may use a translation that the TLB has already and that is still on its way. Where a
 * walk only sets the dirty bit nobody else waits.
 */
static void note_filling(struct core *c, const struct tlb *t, const struct walk *k, bool walks)
{
	if (!c->window.size || t != &c->dtlb)
		return;
	mshr_expire(&c->filling, c->settled);
	mshr_add(&c->filling, core_filling_key(k->va, k->size, walks), c->settled, k->done);
}

static void await_filling(struct core *c, const struct tlb *t, u64 va, u32 size)
{
	u64 from;

	if (t != &c->dtlb || !mshr_any(&c->filling, core_cycle(c)))
		return;
	from = core_cycle(c);
	core_stall_until(c, mshr_ready(&c->filling, core_filling_key(va, size, false), 0), PART_DTLB);
	core_stall_until(c, mshr_ready(&c->filling, core_filling_key(va, size, true), 0), PART_WALK);
	if (explain_on())
		explain_hop(from, core_cycle(c), "the translation is on its way");
}

/* Beside the lookup of the run, which makes a stopped access again or never. */
static void count_again(struct core *c, struct tlb *t)
{
	t->st.lookups += !is_vivt(c, t);
}

/* More faults than that in a row for one access: the kernel does not get anywhere. */
#define MAX_FAULTS 64u

/* Walks, faulting as often as it takes, and fills the TLBs. */
static enum core_stop translate_by_walk(struct core *c, struct tlb *t, struct walk *k, struct xlated *x)
{
	u64 stlb = c->has_stlb ? c->stlb.latency : 0;
	enum core_stop stop;
	u32 faults = 0;

	x->how = XLATE_WALK;
	for (;;) {
		if (explain_on() && stlb)
			explain_hop(core_cycle(c), core_cycle(c) + stlb, "stlb has none that serves");
		walker_walk(&c->walker, k, core_cycle(c) + stlb);
		core_stall_until(c, k->done, PART_WALK);
		if (k->ok)
			break;
		x->how = XLATE_FAULT;
		stop = take_trap(c, k);
		if (stop != CORE_DONE) {
			count_again(c, t);
			return stop;
		}
		ASSERT(++faults < MAX_FAULTS);
	}
	if (c->has_stlb)
		tlb_fill(&c->stlb, k->va, c->walker.asid, k->size, k->entry);
	tlb_fill(t, k->va, c->walker.asid, k->size, k->entry);
	x->entry = k->entry;
	x->pa = (k->entry & ~TLB_FLAGS) | (k->va & ((1ull << page_size_shift[k->size]) - 1));
	return CORE_DONE;
}

static void count_miss(struct tlb *t, enum tlb_asker asker)
{
	u64 *misses[] = { &t->st.misses, &t->st.kernel_misses, &t->st.prefetcher_misses };

	++*misses[asker];
}

static void count_stlb_lookup(struct core *c, enum tlb_asker asker, bool miss)
{
	struct tlb_stats *st = &c->stlb.st;
	u64 *lookups[] = { &st->lookups, &st->kernel_lookups, &st->prefetcher_lookups };

	++*lookups[asker];
	if (miss)
		count_miss(&c->stlb, asker);
}

/* Whether the second level, asked at `now`, has the translation; if so it goes into the first: at k->done. */
static bool translate_by_stlb(struct core *c, struct tlb *t, struct walk *k, enum tlb_asker asker, u64 now,
			      struct xlated *x)
{
	struct tlb_hit h;

	if (!c->has_stlb)
		return false;
	h = tlb_lookup(&c->stlb, k->va, c->walker.asid);
	count_stlb_lookup(c, asker, !h.entry);
	if (!h.entry)
		return false;
	if (!tlb_grants(*h.entry, k->access)) {
		if (forbids(*h.entry, k->access))
			tlb_drop(&c->stlb, &h);
		return false;
	}
	x->pa = tlb_pa(&h, k->va);
	x->entry = *h.entry;
	x->how = XLATE_STLB;
	k->done = walker_ready(&c->walker, k->va, now + c->stlb.latency);
	tlb_fill(t, k->va, c->walker.asid, h.size, *h.entry & ~TLB_PREFETCHED);
	k->size = h.size;
	note_filling(c, t, k, false);
	tlb_prefetch_hit(&c->tlb_prefetcher, &h, k->va, now + c->stlb.latency);
	return true;
}

static enum core_stop translate_miss(struct core *c, struct tlb *t, struct walk *k, bool kernels,
				     struct xlated *x)
{
	enum tlb_asker asker = kernels ? TLB_KERNEL : TLB_PROGRAM;
	u64 from = core_cycle(c);
	enum core_stop stop;

	count_miss(t, asker);
	if (!translate_by_stlb(c, t, k, asker, core_cycle(c), x)) {
		stop = translate_by_walk(c, t, k, x);
		if (stop != CORE_DONE)
			return stop;
		note_filling(c, t, k, true);
		tlb_prefetch_miss(&c->tlb_prefetcher, k);
		return CORE_DONE;
	}
	core_stall_until(c, from + c->stlb.latency, t == &c->itlb ? PART_ITLB : PART_DTLB);
	core_stall_until(c, k->done, PART_WALK);
	if (explain_on())
		explain_hop(from, core_cycle(c), "stlb hit");
	return CORE_DONE;
}

enum core_stop core_translate(struct core *c, struct tlb *t, u64 va, enum access_kind access, bool kernels,
			      struct xlated *x)
{
	struct walk k = { .va = va, .access = access };
	struct tlb_hit h;
	bool hit;

	x->how = XLATE_TLB;
	hit = core_tlb_hit(c, t, va, access, &h, &x->pa);
	if (explain_on())
		explain_hop(core_cycle(c), core_cycle(c), "%s %s", t == &c->itlb ? "itlb" : "dtlb",
			    hit ? "hit" : h.entry ? "has a translation that does not serve" : "miss");
	if (likely(hit)) {
		x->entry = *h.entry;
		await_filling(c, t, va, h.size);
		return CORE_DONE;
	}
	if (!h.entry)
		return translate_miss(c, t, &k, kernels, x);
	/*
	 * The dirty bit is to be set, or the page has to be asked for anew: a fault drops the translation
	 * first.
	 */
	if (forbids(*h.entry, access))
		tlb_drop(t, &h);
	return translate_by_walk(c, t, &k, x);
}

bool core_translate_quietly(struct core *c, u64 va, enum tlb_asker asker, u64 *pa, u64 *now)
{
	struct tlb_hit h = tlb_lookup(&c->dtlb, va, c->walker.asid);
	struct walk k = { .va = va, .access = ACCESS_READ };
	struct xlated x;

	if (h.entry) {
		*pa = tlb_pa(&h, va);
		return true;
	}
	count_miss(&c->dtlb, asker);
	if (translate_by_stlb(c, &c->dtlb, &k, asker, *now, &x)) {
		*now = k.done;
		*pa = x.pa;
		return true;
	}
	walker_walk(&c->walker, &k, *now + (c->has_stlb ? c->stlb.latency : 0));
	*now = k.done;
	if (!k.ok)
		return false;
	if (c->has_stlb)
		tlb_fill(&c->stlb, va, c->walker.asid, k.size, k.entry);
	tlb_fill(&c->dtlb, va, c->walker.asid, k.size, k.entry);
	note_filling(c, &c->dtlb, &k, true);
	tlb_prefetch_miss(&c->tlb_prefetcher, &k);
	*pa = (k.entry & ~TLB_FLAGS) | (va & ((1ull << page_size_shift[k.size]) - 1));
	return true;
}

/*
 * alias = flush: the kernel lets one virtual address of a line at a time be used (Wheeler and Bershad,
 * "Consistency Management for Virtually Indexed Caches", ASPLOS 1992; flush_dcache_page() of MIPS and ARMv6
 * does it when pages are mapped). An access by another while the old one's lines are in the cache is a fault,
 * which finds the page present and flushes its old lines. Faults of which no line is left are not taken.
 */
static enum core_stop settle_alias(struct core *c, struct cache *l1, struct tlb *t, u64 va,
				   enum access_kind access, struct xlated *x)
{
	const struct walk k = { .va = va, .access = access, .present = true };
	u32 lines = cache_flush_alias(l1, va, x->pa, 1ull << c->page_shift, core_cycle(c));
	enum core_stop stop;

	if (likely(!lines))
		return CORE_DONE;
	stop = take_trap(c, &k);
	core_spend_on_lines(c, lines);
	if (stop != CORE_DONE) {
		count_again(c, t);
		return stop;
	}
	t->st.lookups++;
	stop = core_translate(c, t, va, access, false, x);
	x->how = XLATE_FAULT;
	return stop;
}

/* vivt: a line keeps what its page grants. */
static void learn_grants(struct cache *l1, u64 va, u64 entry)
{
	u32 grants = 1u << ACCESS_READ;

	grants |= tlb_writes_freely(entry) ? 1u << ACCESS_WRITE : 0;
	grants |= entry & PTE_EXEC ? 1u << ACCESS_EXEC : 0;
	cache_virtual_learn(l1, va, grants);
}

bool core_virtual_hit(struct core *c, struct cache *l1, u64 at, u64 va, enum access_kind access)
{
	u32 id = cache_virtual_hit(l1, va, access);
	bool write = access == ACCESS_WRITE, free;

	if (id == TAG_MISS || (write && l1->write_through))
		return false;
	if (l1->mshr.last * c->width > at &&
	    (explain_on() || mshr_ready(&l1->mshr, l1->index.line[id], 0) * c->width > at))
		return false;
	if (!cache_use_plainly(l1, id, va, write))
		return false;
	free = l1->index.grants[id] >> ACCESS_WRITE & 1;
	hot_set(l1->hot, id, va >> l1->line_shift, &c->no_page, free && l1->state[id] & LINE_DIRTY);
	return true;
}

/* Fetches. */

/*
 * The address of what is fetched. *looked_up: the TLB was asked by a vivt cache, after it had missed, so its
 * latency comes on top.
 */
static enum core_stop translate_fetch(struct core *c, u64 va, struct xlated *x, bool *looked_up)
{
	enum core_stop stop;

	*looked_up = false;
	if (!c->xlate)
		return CORE_DONE;
	if (c->l1i.index.vivt) {
		if (cache_virtual_grants(&c->l1i, va, ACCESS_EXEC, &x->pa))
			return CORE_DONE;
		*looked_up = true;
		c->itlb.st.lookups++;
	}
	stop = core_translate(c, &c->itlb, va, ACCESS_EXEC, false, x);
	if (unlikely(c->l1i.index.by_kernel) && stop == CORE_DONE)
		stop = settle_alias(c, &c->l1i, &c->itlb, va, ACCESS_EXEC, x);
	return stop;
}

/* What a TLB adds to the cache's latency: it comes before or beside it, or after a vivt cache has missed. */
static void tell_tlb_time(const char *tlb, u64 now, u64 cycles, bool after)
{
	if (explain_on() && cycles)
		explain_hop(now, now + cycles, "%s, %s the cache", tlb, after ? "after" : "longer than");
}

/* Who came before an access or fetch is one of its hops, up to when it was made. */
static void tell_delay(const struct core_delay *d, u64 made)
{
	if (explain_on() && d->cycles)
		explain_hop(made - d->cycles, made, "delayed: %s", access_cause_name[d->cause]);
}

enum core_stop core_fetch(struct core *c, u64 va)
{
	struct xlated x = { .pa = va, .how = XLATE_TLB };
	u64 start = core_cycle(c), now, done;
	struct mem_req r = { .cls = MEM_FETCH, .ip = va };
	bool looked_up;
	enum core_stop stop;

	if (core_must_wait(c, c->dispatched))
		return CORE_AHEAD;
	c->began = start - c->fetch_delay.cycles;
	if (explain_on())
		explain_fetch(c->began, "line of 0x%" PRIx64, va);
	tell_delay(&c->fetch_delay, start);
	stop = translate_fetch(c, va, &x, &looked_up);
	c->fetch_delay = (struct core_delay){ 0 };
	if (unlikely(stop != CORE_DONE))
		return stop;
	r.pa = x.pa;
	r.skew = va ^ x.pa;
	now = core_cycle(c);
	tell_tlb_time("itlb", now, looked_up ? c->itlb.latency : c->fetch_latency - c->l1i.latency,
		      looked_up);
	done = cache_load(&c->l1i, &r, now + (looked_up ? c->itlb.latency : 0));
	if (looked_up)
		learn_grants(&c->l1i, va, x.entry);
	if (explain_on())
		explain_end(done - c->l1i.latency + c->fetch_latency, !time_stands);
	if (likely(x.how == XLATE_TLB && done == now + c->l1i.latency && c->began == start))
		return CORE_DONE;
	core_stall_until(c, done - c->l1i.latency, PART_FETCH);
	hist_add(&c->lat.fetch, done - c->l1i.latency + c->fetch_latency - c->began, 1);
	return CORE_DONE;
}

/* Data. */

/* One access on its way: what it is, and what has become of it so far. */
struct access {
	u64 va, pa; /* pa: of the part that was there last */
	u64 start;  /* cycle */
	u64 done;
	enum tr_kind kind;
	enum core_xlate how;
	enum mem_level served; /* of the part that was there last */
	u64 mshr_wait;
};

static const u8 level_part[NR_MEM_LEVELS] = { PART_L1, PART_L2,     PART_L3,
					       PART_L4, PART_REMOTE, PART_DRAM };

/* Brought from another core, or lost to one before: also if it is a prefetch that has brought it back. */
static void note_contention(struct core *c, u64 pa, bool remote)
{
	u64 *lost = core_lost(c, pa), line = pa >> c->l1d.line_shift;

	cache_note_contention(&c->l1d, pa, remote || *lost == line);
	if (*lost == line)
		*lost = ~(u64)0;
}

/* The bytes of an access that lie in one line. */
static void access_line(struct core *c, struct access *a, u64 va, u64 pa, u32 bytes, u64 tlb_latency)
{
	u64 now = core_cycle(c) + tlb_latency, done;
	struct mem_req r = { .pa = pa, .bytes = bytes, .skew = va ^ pa, .ip = c->ip };

	tell_tlb_time("dtlb", core_cycle(c), tlb_latency, c->l1d.index.vivt);
	if (a->kind == TR_LOAD) {
		r.cls = MEM_LOAD;
		done = cache_load(&c->l1d, &r, now);
	} else {
		r.cls = MEM_RFO;
		done = cache_store(&c->l1d, &r, now);
	}
	c->contends |= r.served == MEM_REMOTE;
	if (unlikely(c->contends))
		note_contention(c, pa, r.served == MEM_REMOTE);
	if (done >= a->done) {
		a->done = done;
		a->pa = pa;
		a->served = r.served;
		a->mshr_wait = r.mshr_wait;
	}
}

/* The same in a vivt cache: a line that is there and grants the access needs no translation. */
static enum core_stop access_virtual_lines(struct core *c, struct access *a, u64 va, u32 size)
{
	enum access_kind kind = a->kind == TR_LOAD ? ACCESS_READ : ACCESS_WRITE;
	u32 line = 1u << c->l1d.line_shift, part;
	struct xlated x = { .how = XLATE_TLB };
	bool known = false; /* x is of this page */
	enum core_stop stop = CORE_DONE;
	u64 pa, skew = 0;

	for (; size; size -= part, va += part) {
		part = MIN(size, line - ((u32)va & (line - 1)));
		known = known && !core_page_begins(c, va);
		if (cache_virtual_grants(&c->l1d, va, kind, &pa)) {
			if (explain_on())
				explain_hop(core_cycle(c), core_cycle(c), "no dtlb: the line grants it");
			access_line(c, a, va, pa, part, 0);
			continue;
		}
		if (!known) {
			c->dtlb.st.lookups++;
			stop = core_translate(c, &c->dtlb, va, kind, false, &x);
			if (unlikely(stop != CORE_DONE))
				return stop;
			skew = va ^ x.pa;
			known = true;
		}
		x.pa = va ^ skew;
		if (unlikely(c->l1d.index.by_kernel))
			stop = settle_alias(c, &c->l1d, &c->dtlb, va, kind, &x);
		if (unlikely(stop != CORE_DONE))
			return stop;
		a->how = MAX(a->how, x.how);
		access_line(c, a, va, x.pa, part, c->dtlb.latency);
		learn_grants(&c->l1d, va, x.entry);
	}
	return CORE_DONE;
}

/* Line by line, low address first, each with its own translation where a page begins. */
static enum core_stop access_lines(struct core *c, struct access *a, u64 va, u32 size)
{
	enum access_kind kind = a->kind == TR_LOAD ? ACCESS_READ : ACCESS_WRITE;
	u32 line = 1u << c->l1d.line_shift, part;
	struct xlated x = { .pa = va, .how = XLATE_TLB };
	enum core_stop stop;
	bool first = true;

	if (unlikely(c->l1d.index.vivt))
		return access_virtual_lines(c, a, va, size);
	for (; size; size -= part, va += part, x.pa += part, first = false) {
		part = MIN(size, line - ((u32)va & (line - 1)));
		if (c->xlate && (first || core_page_begins(c, va))) {
			c->dtlb.st.lookups += !first;
			stop = core_translate(c, &c->dtlb, va, kind, false, &x);
			if (unlikely(stop != CORE_DONE))
				return stop;
			a->how = MAX(a->how, x.how);
		}
		if (unlikely(c->l1d.index.by_kernel)) {
			stop = settle_alias(c, &c->l1d, &c->dtlb, va, kind, &x);
			if (stop != CORE_DONE)
				return stop;
			a->how = MAX(a->how, x.how);
		}
		access_line(c, a, va, x.pa, part, c->hit_latency - c->l1d.latency);
	}
	return CORE_DONE;
}

/* The lines and pages beyond the first are references of their own. */
static void count_straddle(struct core *c, const struct access *a, u64 va, u32 size)
{
	u64 last = va + size - 1;
	u64 lines = (last >> c->l1d.line_shift) - (va >> c->l1d.line_shift);
	u64 pages = (last >> c->page_shift) - (va >> c->page_shift);

	if (likely(!lines))
		return;
	c->st.line_straddles++;
	c->st.page_straddles += pages != 0;
	if (a->kind != TR_STORE)
		c->l1d.st.loads += lines;
	if (a->kind != TR_LOAD)
		c->l1d.st.stores += lines;
}

/* Of an access in one line the hops add up. */
static void tell_end(const struct core *c, const struct access *a, u64 va, u32 size)
{
	if (explain_on())
		explain_end(a->done, !((va ^ (va + size - 1)) >> c->l1d.line_shift || time_stands));
}

static void prefetch(struct core *c, u64 va)
{
	struct mem_req r = { .pa = va, .cls = MEM_PREFETCH };
	u64 now = core_cycle(c), free;

	if (c->l1d.index.vivt && cache_virtual_grants(&c->l1d, va, ACCESS_READ, &r.pa)) {
		r.skew = va ^ r.pa;
		cache_load(&c->l1d, &r, now);
		return;
	}
	c->dtlb.st.lookups += c->l1d.index.vivt;
	mshr_expire(&c->l1d.mshr, now);
	if (mshr_full(&c->l1d.mshr, now, &free) ||
	    (c->xlate && !core_translate_quietly(c, va, TLB_PROGRAM, &r.pa, &now))) {
		c->st.prefetches_dropped++;
		return;
	}
	r.skew = va ^ r.pa;
	cache_load(&c->l1d, &r, now);
}

/* The next instruction issues when the data is there: the last slot before that is this one's own. */
static void block_until_done(struct core *c, const struct access *a)
{
	core_stall_until(c, core_cycle(c) + a->mshr_wait, PART_MSHR_FULL);
	core_stall(c, a->done * c->width - 1, level_part[a->served]);
}

/* A load that is slower than a hit blocks. */
static void finish_load(struct core *c, const struct access *a)
{
	c->access_ready = a->done * c->width;
	block_until_done(c, a);
}

static void finish_store(struct core *c, const struct access *a)
{
	c->access_ready = c->slots;
	core_stall_until(c, core_cycle(c) + a->mshr_wait, PART_MSHR_FULL);
	core_retire_store(c, a->done, PART_STORE_BUFFER);
}

static u64 sampled_latency(const struct core *c, const struct access *a)
{
	return a->done - a->start + c->delay.cycles;
}

static u32 sampled_class(const struct core *c, const struct access *a)
{
	return core_class(a->how, MAX(c->cpu.cause, c->delay.cause));
}

static void profile(struct core *c, const struct access *a, bool store)
{
	const struct profile_sample s = {
		.va = a->va,
		.pa = a->pa,
		.ip = c->ip,
		.cycles = sampled_latency(c, a),
		.hit = c->hit_latency,
		.store = store,
		.served = a->served,
		.how = a->how,
	};

	c->profile->sample(c->profile->arg, c->id, &s);
}

static bool is_profiled(const struct core *c)
{
	return unlikely(c->profile != NULL) && c->profile->on && !time_stands;
}

static void sample_load(struct core *c, const struct access *a)
{
	if (is_profiled(c))
		profile(c, a, false);
	c->sampled_loads++;
	hist_add(&c->lat.load[a->served][sampled_class(c, a)], sampled_latency(c, a), 1);
}

static void sample_store(struct core *c, const struct access *a)
{
	if (is_profiled(c))
		profile(c, a, true);
	c->sampled_stores++;
	hist_add(&c->lat.store[a->served][sampled_class(c, a)], sampled_latency(c, a), 1);
}

/* Whether the line could be used as soon as an L1 hit's can. */
static bool as_a_hit(const struct core *c, const struct access *a, u64 issue)
{
	return a->how == XLATE_TLB && a->done == issue + c->hit_latency;
}

static enum core_stop access_load(struct core *c, u64 va, u32 size)
{
	struct access a = { .va = va, .start = core_cycle(c), .kind = TR_LOAD };
	enum core_stop stop = access_lines(c, &a, va, size);
	bool hit;

	if (unlikely(stop != CORE_DONE))
		return stop;
	tell_end(c, &a, va, size);
	count_straddle(c, &a, va, size);
	hit = as_a_hit(c, &a, a.start);
	if (!hit || c->delay.cycles)
		sample_load(c, &a);
	if (!hit)
		finish_load(c, &a);
	return CORE_DONE;
}

static enum core_stop access_store(struct core *c, u64 va, u32 size)
{
	struct access a = { .va = va, .start = core_cycle(c), .kind = TR_STORE };
	enum core_stop stop = access_lines(c, &a, va, size);
	bool hit;

	if (unlikely(stop != CORE_DONE))
		return stop;
	tell_end(c, &a, va, size);
	count_straddle(c, &a, va, size);
	hit = as_a_hit(c, &a, a.start);
	if (!hit || c->delay.cycles)
		sample_store(c, &a);
	if (!hit)
		finish_store(c, &a);
	else if (c->sb.n)
		core_retire_store(c, a.start, PART_STORE_BUFFER); /* writable at once, but behind others */
	return CORE_DONE;
}

/*
 * After all instructions and stores before it, and none after it starts until the line can be written: the
 * window is empty at both ends.
 */
static enum core_stop access_atomic(struct core *c, u64 va, u32 size)
{
	struct access a = { .va = va, .kind = TR_ATOMIC };
	enum core_stop stop;
	u64 issue;

	core_drain(c);
	a.start = core_cycle(c);
	drain_stores(c);
	issue = core_cycle(c);
	if (explain_on()) {
		explain_start(a.start - c->delay.cycles);
		tell_delay(&c->delay, a.start);
		explain_hop(a.start, issue, "store buffer drains");
	}
	stop = access_lines(c, &a, va, size);
	if (unlikely(stop != CORE_DONE))
		return stop;
	tell_end(c, &a, va, size);
	count_straddle(c, &a, va, size);
	if (issue != a.start || !as_a_hit(c, &a, issue) || c->delay.cycles)
		sample_store(c, &a);
	if (as_a_hit(c, &a, issue)) {
		c->access_ready = c->slots + c->hit_latency * c->width;
	} else {
		c->access_ready = a.done * c->width;
		block_until_done(c, &a);
	}
	core_dispatch_again(c);
	return CORE_DONE;
}

static enum core_stop access_as(struct core *c, u64 va, u32 size, enum tr_kind kind)
{
	switch (kind) {
	case TR_LOAD:
		return access_load(c, va, size);
	case TR_STORE:
		return access_store(c, va, size);
	case TR_ATOMIC:
		return access_atomic(c, va, size);
	default:
		prefetch(c, va);
		return CORE_DONE;
	}
}

enum core_stop core_access(struct core *c, const struct code_block *b, const struct code_slot *s, u64 va)
{
	enum tr_kind kind = s->kind;
	u32 size = s->last + 1;
	enum core_stop stop;

	if (core_must_wait(c, c->dispatched))
		return CORE_AHEAD;
	c->ip = b->pc + s->insn;
	c->access_ready = c->slots + c->hit_latency * c->width;
	c->began = core_cycle(c) - c->delay.cycles;
	c->cpu.cause = CAUSE_NONE;
	if (explain_on())
		explain_access(c->began, "%s of %u bytes at 0x%" PRIx64, tr_kind_name(kind), size, va);
	tell_delay(&c->delay, core_cycle(c));
	stop = access_as(c, va, size, kind);
	if (explain_on())
		explain_abandon(stop == CORE_DONE ? "nobody waits for it" : "it was not made");
	if (kind != TR_PREFETCH && stop != CORE_BLOCK)
		c->delay = (struct core_delay){ 0 };
	return stop;
}
