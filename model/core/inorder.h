/*
 * The hot loop of both cores, from top to bottom as the hardware works: fetch a run's lines, then make its
 * data accesses in program order. What the window core adds (window.h) hangs on accesses that are not hot:
 * between those, dispatch and retirement go on in step.
 *
 *  An access goes down three steps: a hot line (hw/hot.h: its
 * times of last use are renewed), a plain hit (the orders move, time does not), and core_mem.c for
 * everything else. What a run adds to the counters whatever happens is one vector addition.
 *
 * On a recording of sort (1.9 data accesses and 1.2 fetched lines a run) 85 % of the data accesses and 9 in
 * 10 fetched lines are hot. Instructions of the host a run in this file: 222 where the shortcut knew only the
 * line and the page used last in their sets, 145 with times instead of orders.
 *
 * Included by core.c alone. Forced inlining with constant arguments makes copies of the loop for either
 * core, for translation on or off, for traces with or without dependences, and for lines of 64 bytes.
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

/* Whether the translation that a lookup found is on its way yet, as there may be in the window core. */
static always_inline bool on_its_way(const struct core *c, u64 va, u32 size, u64 at)
{
	const struct mshr_file *m = &c->filling;

	return unlikely(m->last * c->width > at) &&
	       (mshr_ready(m, core_filling_key(va, size, true), 0) * c->width > at ||
		mshr_ready(m, core_filling_key(va, size, false), 0) * c->width > at);
}

/*
 * A hit in L1 and TLB that moves their orders but takes no time, and makes the line hot. False: it is more
 * than that.
 */
static always_inline bool plain_hit(struct core *c, struct cache *l1, struct tlb *t, u64 at, u64 va,
				    enum access_kind access, bool window, bool xlate, u32 line_shift)
{
	bool write = access == ACCESS_WRITE, free = true;
	u64 pa = va, *page_used = &c->no_page;
	struct tlb_hit h = { 0 };
	u32 id;

	if (xlate && unlikely(l1->index.vivt))
		return core_virtual_hit(c, l1, at, va, access);
	if (xlate && !core_tlb_hit(c, t, va, access, &h, &pa))
		return false;
	if (window && xlate && on_its_way(c, va, h.size, at))
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
	core_note_stores(c);
	return c->sb.n < c->sb.cap;
}

/*
 * Out of the hot loop at the instruction that is dispatched in slot `at`, which has room in the window; from
 * here on c->slots is the time of its access.
 */
static always_inline void loop_leave(struct core *c, u64 at, bool window)
{
	c->slots = c->dispatched = at;
	if (!window)
		return;
	c->retired = at + c->window.lag;
	c->settled = core_cycle_of(c, at);
}

/* Back in it. Returns the slot in which the instruction was dispatched in the end. */
static always_inline u64 loop_enter(struct core *c, u64 at, bool window)
{
	struct window *w = &c->window;
	u64 held, older;

	if (!window)
		return c->slots;
	older = MAX(c->retired, c->dispatched);
	held = MAX(c->retired, c->slots);
	window_stall(w, c->dispatched - at);
	w->lag = held - c->dispatched;
	if (held > older)
		window_hold(w, c->dispatched, held + 1);
	return c->dispatched;
}

/* Moves t on until there is room in the window for the instruction `insn` of the run. */
static always_inline void await_room(struct core *c, u64 *t, u32 insn, bool window)
{
	if (window && unlikely(*t + insn >= c->window.limit))
		*t += window_wait(&c->window, *t + insn);
}

/* A segment that is more than a plain hit. Until it is there nothing dispatches. */
static always_inline enum core_stop make_fetch(struct core *c, const struct code_seg *seg, u64 *t,
					       bool window)
{
	u64 at = *t + seg->insn;
	enum core_stop stop;

	loop_leave(c, at, window);
	stop = core_fetch(c, seg->va);
	c->dispatched = c->slots;
	*t = loop_enter(c, at, window) - seg->insn;
	return stop;
}

/* Fetches a run's lines; t is the issue slot of its first instruction. */
static always_inline enum core_stop run_fetch(struct core *c, const struct code_block *b, u64 *t,
					      u64 *clock, bool window, bool xlate, u32 line_shift)
{
	const struct code_seg *seg = b->seg, *end = seg + b->n_segs;
	const struct hot_lines *hot = c->l1i.hot;
	enum core_stop stop = CORE_DONE;

	for (; seg < end; seg++) {
		if (likely(hot_hit(hot, seg->va, seg->va, HOT_READ, 0, clock, line_shift)))
			continue;
		c->clock = *clock;
		await_room(c, t, 0, window); /* what the run's later instructions wait for comes later */
		if (unlikely(c->fetch_delay.cycles) ||
		    unlikely(!plain_hit(c, &c->l1i, &c->itlb, *t + seg->insn, seg->va, ACCESS_EXEC, false,
					xlate, line_shift)))
			stop = make_fetch(c, seg, t, window);
		*clock = c->clock;
		if (unlikely(stop != CORE_DONE))
			break;
	}
	return stop;
}

/* Drawn once an access: one that had to wait for the other cores has drawn already. */
static always_inline bool chance_to_depend(struct core *c)
{
	if (!c->waits_at)
		c->depends = rng_below(&c->rng, DEPEND_ALL) < c->depend;
	return c->depends;
}

/* The slot at which the data is there that the access's address comes from; 0: it comes from none. */
static always_inline u64 producer_ready(struct core *c, const struct code_slot *s)
{
	if (s->dep == TR_DEP_UNKNOWN)
		return s->kind == TR_LOAD && c->depend && chance_to_depend(c) ? c->load_ready : 0;
	return s->dep && s->dep < READY_RING ? c->ready[(c->accesses - s->dep) % READY_RING] : 0;
}

/*
 * The slot at which the access can start: that of its instruction, or when its producer's data is there. In
 * order the instruction waits for it.
 */
static always_inline u64 await_producer(struct core *c, const struct code_slot *s, u64 *t, bool window)
{
	u64 ready = producer_ready(c, s), at;

	await_room(c, t, s->insn, window);
	at = *t + s->insn;
	if (ready <= at)
		return at;
	if (!window) {
		c->stall[PART_L1] += ready - at;
		*t += ready - at;
	}
	return ready;
}

/* Window core: a hit that started late, in slot `start`, because of its producer. */
static always_inline void hold_hit(struct core *c, u64 at, u64 start)
{
	struct window *w = &c->window;

	if (start <= at + w->lag)
		return;
	c->stall[PART_L1] += start - (at + w->lag);
	w->lag = start - at;
	window_hold(w, at, start + 1);
}

/* Remembers when the access's data is there, for those that depend on it. */
static always_inline void announce(struct core *c, const struct code_slot *s, u64 ready)
{
	c->ready[c->accesses++ % READY_RING] = ready;
	if (s->kind != TR_STORE)
		c->load_ready = ready;
}

/*
 * A plain hit on data: in one line, a load or a store. Whether a line or page is on its way is asked for the
 * slot of dispatch, as the shortcut may serve any access from then on; a store retires in slot `retire`.
 */
static always_inline bool plain_data(struct core *c, const struct code_slot *s, u64 at, u64 retire, u64 va,
				     bool window, bool xlate, u32 line_shift)
{
	if (unlikely((va ^ (va + s->last)) >> line_shift || s->kind > TR_STORE || c->delay.cycles))
		return false;
	if (!s->writes)
		return plain_hit(c, &c->l1d, &c->dtlb, at, va, ACCESS_READ, window, xlate, line_shift);
	if (c->sb.n && unlikely(!store_room(c, retire)))
		return false;
	if (!plain_hit(c, &c->l1d, &c->dtlb, at, va, ACCESS_WRITE, window, xlate, line_shift))
		return false;
	if (c->sb.n)
		sb_push(&c->sb, retire, 0); /* behind those that wait */
	return true;
}

/*
 * What is not hot; it can start in slot `start` at the earliest, or as soon as it is dispatched. The
 * instruction's identity is its block's address plus its number in it, which no instruction of another block
 * has, as none is shorter than a byte.
 */
static always_inline enum core_stop make_access(struct core *c, const struct code_block *b,
						const struct code_slot *s, u64 va, u64 *t, u64 start,
						bool window, bool xlate, u32 line_shift)
{
	u64 at, retire;
	enum core_stop stop;

	await_room(c, t, s->insn, window);
	at = retire = *t + s->insn;
	start = MAX(start, at);
	if (window)
		retire = MAX(start, at + c->window.lag);
	c->access_ready = start + c->hit_latency * c->width;
	if (likely(plain_data(c, s, at, retire, va, window, xlate, line_shift))) {
		if (window)
			hold_hit(c, at, start);
		return CORE_DONE;
	}
	loop_leave(c, at, window);
	core_stall(c, start, PART_L1);
	stop = core_access(c, b, s, va);
	*t = loop_enter(c, at, window) - s->insn;
	return stop;
}

/* Makes a run's data accesses from *slot on. */
static always_inline enum core_stop run_data(struct core *c, const struct code_block *b, const u64 *addr,
					     const struct code_slot **slot, u64 *t, u64 *clock, bool window,
					     bool xlate, bool deps, u32 line_shift)
{
	const struct code_slot *s = *slot, *end = b->slot + b->n_slots;
	const struct hot_lines *hot = c->l1d.hot;
	enum core_stop stop;
	u64 start = 0;

	for (addr += s - b->slot; s < end; s++, addr++) {
		if (deps)
			start = await_producer(c, s, t, window);
		if (likely(hot_hit(hot, *addr, *addr + s->last, s->writes & 1, s->writes & c->not_hot, clock,
				   line_shift))) {
			if (deps)
				announce(c, s, start + c->hit_latency * c->width);
			if (deps && window)
				hold_hit(c, *t + s->insn, start);
			continue;
		}
		c->clock = *clock;
		stop = make_access(c, b, s, *addr, t, start, window, xlate, line_shift);
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
						 code_counts *sum, bool timed, bool window, bool xlate,
						 bool far, u32 line_shift)
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
			await_room(c, &t, 0, window); /* hot accesses have not */
			if (unlikely(t >= until))
				break;
			stop = run_fetch(c, b, &t, &clock, window, xlate, line_shift);
			if (unlikely(stop != CORE_DONE))
				break;
			count0 += b->count[0];
			count1 += b->count[1];
		} else {
			slot += ch->slot;
			t -= slot->insn;
			ch->begun = false;
		}
		if (timed && (unlikely(b->deps) || far))
			stop = run_data(c, b, addr, &slot, &t, &clock, window, xlate, true, line_shift);
		else
			stop = run_data(c, b, addr, &slot, &t, &clock, window, xlate, false, line_shift);
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
	return run_chunk_as(c, ch, until, sum, true, false, true, false, COMMON_LINE_SHIFT);
}

static always_inline enum core_stop run_chunk(struct core *c, struct core_chunk *ch, u64 until,
					      code_counts *sum, bool xlate, bool far)
{
	return run_chunk_as(c, ch, until, sum, true, false, xlate, far, c->l1d.line_shift);
}

/* Time stands: an instruction a slot, whatever the core, and nothing depends on anything. */
static noinline enum core_stop run_timeless_chunk(struct core *c, struct core_chunk *ch, u64 until,
						  code_counts *sum)
{
	enum core_stop stop;

	stop = run_chunk_as(c, ch, until, sum, false, false, c->xlate, false, c->l1d.line_shift);
	c->dispatched = c->retired = c->slots;
	return stop;
}

/* The clocks of the window go on from where the last chunk, or whoever moved c->slots since, left them. */
static noinline enum core_stop run_window_chunk(struct core *c, struct core_chunk *ch, u64 until,
						code_counts *sum, bool far)
{
	struct window *w = &c->window;
	enum core_stop stop;

	window_stall(w, c->slots - w->left);
	w->lag = c->retired > c->slots ? c->retired - c->slots : 0;
	if (c->xlate && c->l1d.line_shift == COMMON_LINE_SHIFT)
		stop = run_chunk_as(c, ch, until, sum, true, true, true, far, COMMON_LINE_SHIFT);
	else
		stop = run_chunk_as(c, ch, until, sum, true, true, c->xlate, far, c->l1d.line_shift);
	await_room(c, &c->slots, 0, true);
	w->left = c->slots;
	c->retired = c->slots + w->lag;
	return stop;
}

#endif
