/*
 * The hot loop of the in-order core, from top to bottom as the hardware works: fetch a run's lines, then make its data
 * accesses in program order. What changes no state (the line and the page used last in their sets) is only counted,
 * and the counting is one vector addition a run; everything else goes to core_mem.c.
 *
 * Included by core.c alone. Forced inlining with constant arguments makes one copy of the loop for translation on or
 * off and for traces with or without dependences.
 */
#ifndef MMSIM_CORE_INORDER_H
#define MMSIM_CORE_INORDER_H

#include "model/core/core_state.h"

/* What the loop looks at for each access, kept in registers. */
struct hot {
	const struct shortcut *line, *page;
	u32 line_shift;
};

/* 0: the access lies in one line, and using that line and its page in this way changes nothing. */
static always_inline u64 hot_differs(const struct hot *h, u64 va, u32 size, u32 column, bool xlate)
{
	u64 line = va >> h->line_shift;
	u64 differs = shortcut_differs(h->line, line, column);

	differs |= line ^ (va + size - 1) >> h->line_shift;
	if (xlate)
		differs |= shortcut_differs(h->page, va >> FRAME_SHIFT, column);
	return differs;
}

/* Fetches a run's lines; t is the issue slot of its first instruction. */
static always_inline enum core_stop run_fetch(struct core *c, const struct code_block *b, u64 *t, bool xlate)
{
	const struct hot h = { &c->l1i.sc, &c->itlb.sc, c->l1i.line_shift };
	const struct code_seg *seg = b->seg, *end = seg + b->n_segs;
	enum core_stop stop;

	for (; seg < end; seg++) {
		if (likely(!hot_differs(&h, seg->va, 1, SHORT_READ, xlate)))
			continue;
		c->slots = *t + seg->insn;
		stop = core_fetch(c, seg->va);
		*t = c->slots - seg->insn;
		if (unlikely(stop != CORE_DONE))
			return stop;
	}
	return CORE_DONE;
}

/* The slot at which the access's address is known: that of its instruction, or when its producer's data is there. */
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

/* Makes a run's data accesses from slot *i on. */
static always_inline enum core_stop run_data(struct core *c, const struct code_block *b, const u64 *addr, u32 *i, u64 *t,
					     bool xlate, bool deps)
{
	const struct hot h = { &c->l1d.sc, &c->dtlb.sc, c->l1d.line_shift };
	const struct code_slot *s;
	enum core_stop stop;

	for (; *i < b->n_slots; (*i)++) {
		s = &b->slot[*i];
		if (deps)
			await_producer(c, s, t);
		if (likely(!hot_differs(&h, addr[*i], s->size, s->kind ? c->store_column : SHORT_READ, xlate))) {
			if (deps)
				announce(c, s, *t + s->insn + c->hit_latency * c->width);
			continue;
		}
		c->slots = *t + s->insn;
		stop = core_access(c, addr[*i], s->size, s->kind);
		*t = c->slots - s->insn;
		if (unlikely(stop != CORE_DONE))
			return stop;
		if (deps)
			announce(c, s, c->access_ready);
	}
	return CORE_DONE;
}

/* Executes runs of a chunk until it ends, a trap stops it, or the slot `until` is reached. */
static always_inline enum core_stop run_chunk(struct core *c, struct core_chunk *ch, u64 until, code_counts *sum,
					      bool xlate, bool deps)
{
	const struct code_block *const block = ch->code->block, *b;
	enum core_stop stop = CORE_DONE;
	code_counts count = { 0 };
	u64 t = c->slots;
	u32 i;

	for (; ch->run < ch->n_runs; ch->run++) {
		b = &block[ch->block[ch->run]];
		i = ch->slot;
		if (likely(!ch->begun)) {
			if (unlikely(t >= until)) {
				stop = CORE_QUANTUM;
				break;
			}
			stop = run_fetch(c, b, &t, xlate);
			if (unlikely(stop != CORE_DONE))
				break;
			count += b->count;
		} else {
			t -= b->slot[i].insn;
		}
		stop = run_data(c, b, ch->addr + ch->at, &i, &t, xlate, deps);
		if (unlikely(stop != CORE_DONE)) {
			ch->slot = i;
			ch->begun = true;
			t += b->slot[i].insn;
			break;
		}
		t += b->n_insns;
		ch->at += b->n_slots;
		ch->slot = 0;
		ch->begun = false;
	}
	c->slots = t;
	*sum = count;
	return stop;
}

#endif
