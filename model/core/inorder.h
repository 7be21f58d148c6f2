/*
 * The hot loop of the in-order core, from top to bottom as the hardware works: fetch a run's lines, then
 * make its data accesses in program order. An access goes down three steps: a hot line (hw/hot.h: its
 * times of last use are renewed), a plain hit (the orders move, time does not), and core_mem.c for
 * everything else. What a run adds to the counters whatever happens is one vector addition.
 *
 * On a recording of sort (1.9 data accesses and 1.2 fetched lines a run) 85 % of the data accesses and 9 in
 * 10 fetched lines are hot. Instructions of the host a run in this file: 222 where the shortcut knew only the
 * line and the page used last in their sets, 145 with times instead of orders.
 *
 * Included by core.c alone. Forced inlining with constant arguments makes copies of the loop for
 * translation on or off, for traces with or without dependences, and for lines of 64 bytes.
 */
#ifndef MMSIM_CORE_INORDER_H
#define MMSIM_CORE_INORDER_H

#include "model/core/core_state.h"
#include "model/sim/explain.h"

#define COMMON_LINE_SHIFT 6u

/*
 * Whether the access lies in one line that is hot for it; if so the line and its page are the newest. write:
 * HOT_READ or HOT_WRITE; never: bits that say that it cannot be.
 */
static always_inline bool hot_hit(const struct hot_lines *h, u64 va, u64 last, u32 write, u64 never,
				  u64 *clock, u32 line_shift)
{
	u64 line = va >> line_shift;
	const struct hot_line *row = &h->row[line % HOT_ROWS];

	if ((row->number[write] ^ line) | (line ^ last >> line_shift) | never)
		return false;
	++*clock;
	*row->line_used = *clock;
	*row->page_used = *clock;
	return true;
}

/*
 * A hit in L1 and TLB that moves their orders but takes no time, and makes the line hot. False: it is more
 * than that.
 */
static always_inline bool plain_hit(struct core *c, struct cache *l1, struct tlb *t, u64 at, u64 va,
				    enum access_kind access, bool xlate, u32 line_shift)
{
	bool write = access == ACCESS_WRITE, free = true;
	u64 pa = va, *page_used = &c->no_page;
	struct tlb_hit h;
	u32 id;

	if (xlate && !core_tlb_hit(c, t, va, access, &h, &pa))
		return false;
	if (unlikely(l1->mshr.last * c->width > at) &&
	    (explain_on() || mshr_ready(&l1->mshr, pa >> line_shift, 0) * c->width > at))
		return false;
	id = cache_plain_hit(l1, va, pa, write, line_shift);
	if (unlikely(id == TAG_MISS))
		return false;
	if (xlate) {
		if (unlikely(!h.array->hot))
			return true;
		page_used = &h.array->tags.used_at[h.id];
		free = tlb_writes_freely(*h.entry);
	}
	hot_set(l1->hot, id, va >> line_shift, page_used, free && l1->state[id] & LINE_DIRTY);
	return true;
}

/* Whether there is room at slot `at` for a store that hits while others wait in the store buffer. */
static always_inline bool store_room(struct core *c, u64 at)
{
	sb_expire(&c->sb, at);
	c->sb_busy = c->sb.n ? ~0u : 0;
	return c->sb.n < c->sb.cap;
}

/* Fetches a run's lines; t is the issue slot of its first instruction. */
static always_inline enum core_stop run_fetch(struct core *c, const struct code_block *b, u64 *t,
					      u64 *clock, bool xlate, u32 line_shift)
{
	const struct code_seg *seg = b->seg, *end = seg + b->n_segs;
	const struct hot_lines *hot = c->l1i.hot;
	enum core_stop stop = CORE_DONE;

	for (; seg < end; seg++) {
		if (likely(hot_hit(hot, seg->va, seg->va, HOT_READ, 0, clock, line_shift)))
			continue;
		c->clock = *clock;
		if (unlikely(!plain_hit(c, &c->l1i, &c->itlb, *t + seg->insn, seg->va, ACCESS_EXEC, xlate,
					line_shift))) {
			c->slots = *t + seg->insn;
			stop = core_fetch(c, seg->va);
			*t = c->slots - seg->insn;
		}
		*clock = c->clock;
		if (unlikely(stop != CORE_DONE))
			break;
	}
	return stop;
}

/*
 * The slot at which the access's address is known: that of its instruction, or when its producer's data is
 * there.
 */
static always_inline void await_producer(struct core *c, const struct code_slot *s, u64 *t)
{
	u64 at = *t + s->insn, ready = 0;

	if (s->dep == TR_DEP_UNKNOWN) {
		if (s->kind == TR_LOAD && c->depend && rng_below(&c->rng, DEPEND_ALL) < c->depend)
			ready = c->load_ready;
	} else if (s->dep && s->dep < READY_RING) {
		ready = c->ready[(c->accesses - s->dep) % READY_RING];
	}
	if (ready <= at)
		return;
	c->stall[PART_L1] += ready - at;
	*t += ready - at;
}

/* Remembers when the access's data is there, for those that depend on it. */
static always_inline void announce(struct core *c, const struct code_slot *s, u64 ready)
{
	c->ready[c->accesses++ % READY_RING] = ready;
	if (s->kind != TR_STORE)
		c->load_ready = ready;
}

/* A plain hit on data: in one line, a load or a store. */
static always_inline bool plain_data(struct core *c, const struct code_slot *s, u64 at, u64 va, bool xlate,
				     u32 line_shift)
{
	if (unlikely((va ^ (va + s->last)) >> line_shift || s->kind > TR_STORE))
		return false;
	if (!s->writes)
		return plain_hit(c, &c->l1d, &c->dtlb, at, va, ACCESS_READ, xlate, line_shift);
	if (c->sb.n && unlikely(!store_room(c, at)))
		return false;
	if (!plain_hit(c, &c->l1d, &c->dtlb, at, va, ACCESS_WRITE, xlate, line_shift))
		return false;
	if (c->sb.n)
		sb_push(&c->sb, at, 0); /* behind those that wait */
	return true;
}

/* What is not hot. */
static always_inline enum core_stop make_access(struct core *c, const struct code_slot *s, u64 va, u64 *t,
						bool xlate, u32 line_shift)
{
	u64 at = *t + s->insn;
	enum core_stop stop;

	c->access_ready = at + c->hit_latency * c->width;
	if (likely(plain_data(c, s, at, va, xlate, line_shift)))
		return CORE_DONE;
	c->slots = at;
	stop = core_access(c, va, s->last + 1, s->kind);
	*t = c->slots - s->insn;
	return stop;
}

/* Makes a run's data accesses from *slot on. */
static always_inline enum core_stop run_data(struct core *c, const struct code_block *b, const u64 *addr,
					     const struct code_slot **slot, u64 *t, u64 *clock, bool xlate,
					     bool deps, u32 line_shift)
{
	const struct code_slot *s = *slot, *end = b->slot + b->n_slots;
	const struct hot_lines *hot = c->l1d.hot;
	enum core_stop stop;

	for (addr += s - b->slot; s < end; s++, addr++) {
		if (deps)
			await_producer(c, s, t);
		if (likely(hot_hit(hot, *addr, *addr + s->last, s->writes & 1, s->writes & c->sb_busy, clock,
				   line_shift))) {
			if (deps)
				announce(c, s, *t + s->insn + c->hit_latency * c->width);
			continue;
		}
		c->clock = *clock;
		stop = make_access(c, s, *addr, t, xlate, line_shift);
		*clock = c->clock;
		if (unlikely(stop != CORE_DONE)) {
			*slot = s;
			return stop;
		}
		if (deps)
			announce(c, s, c->access_ready);
	}
	return CORE_DONE;
}

/* Executes runs of a chunk until it ends, a trap stops it, or the slot `until` is reached. */
static always_inline enum core_stop run_chunk_as(struct core *c, struct core_chunk *ch, u64 until,
						 code_counts *sum, bool xlate, bool far, u32 line_shift)
{
	const u32 *run = ch->block + ch->run, *end = ch->block + ch->n_runs;
	const u64 *addr = ch->addr + ch->at;
	const struct code_slot *slot;
	const struct code_block *b;
	enum core_stop stop = CORE_DONE;
	code_counts count0 = { 0 }, count1 = { 0 };
	u64 t = c->slots, clock = c->clock;

	for (; run < end; run++) {
		b = &ch->code->block[*run];
		slot = b->slot;
		if (likely(!ch->begun)) {
			stop = CORE_QUANTUM;
			if (unlikely(t >= until))
				break;
			stop = run_fetch(c, b, &t, &clock, xlate, line_shift);
			if (unlikely(stop != CORE_DONE))
				break;
			count0 += b->count[0];
			count1 += b->count[1];
		} else {
			slot += ch->slot;
			t -= slot->insn;
			ch->begun = false;
		}
		if (unlikely(b->deps) || far)
			stop = run_data(c, b, addr, &slot, &t, &clock, xlate, true, line_shift);
		else
			stop = run_data(c, b, addr, &slot, &t, &clock, xlate, false, line_shift);
		if (unlikely(stop != CORE_DONE)) {
			ch->slot = (u32)(slot - b->slot);
			ch->begun = true;
			t += slot->insn;
			break;
		}
		t += b->n_insns;
		addr += b->n_slots;
	}
	ch->run = (u32)(run - ch->block);
	ch->at = (u32)(addr - ch->addr);
	c->slots = t;
	c->clock = clock;
	sum[0] = count0;
	sum[1] = count1;
	return stop;
}

static noinline enum core_stop run_common_chunk(struct core *c, struct core_chunk *ch, u64 until,
						code_counts *sum)
{
	return run_chunk_as(c, ch, until, sum, true, false, COMMON_LINE_SHIFT);
}

static always_inline enum core_stop run_chunk(struct core *c, struct core_chunk *ch, u64 until,
					      code_counts *sum, bool xlate, bool far)
{
	return run_chunk_as(c, ch, until, sum, xlate, far, c->l1d.line_shift);
}

#endif
