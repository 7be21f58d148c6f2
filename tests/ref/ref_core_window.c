#include "tests/ref/ref_core_window.h"

#include <stdlib.h>
#include <string.h>

#define NO_LINE (~(u64)0)

/* A span of slots in an access's life, up to `end`. */
struct span {
	u64 end;
	enum core_part part;
};

struct miss {
	u64 line, start, ready; /* cycles */
};

struct ref {
	const struct ref_window_cfg *cfg;
	struct ref_window_result *r;
	u64 *lines, *used; /* by set and way */
	u64 clock;
	struct miss *miss;
	u32 n_misses;
	u64 *drained; /* slots, of each store */
	u32 n_stores;
	u64 last_drained;
	u64 *data; /* slot of each access's data */
	u64 *dispatch, *retired; /* by instruction; retired: the slot after */
	struct span span[5]; /* of the access at hand */
	u32 n_spans;
};

/* Cycle from which on the line can be had; *wait: cycles for want of an MSHR. */
static u64 fetch(struct ref *x, u64 line, u64 cycle, u64 *wait)
{
	u64 start = cycle;
	u32 i, busy;

	for (;; start++) {
		for (i = busy = 0; i < x->n_misses; i++)
			busy += x->miss[i].start <= start && start < x->miss[i].ready;
		if (busy < x->cfg->mshrs)
			break;
	}
	*wait = start - cycle;
	x->r->mshr_waits += start != cycle;
	x->miss[x->n_misses++] = (struct miss){ line, start, start + x->cfg->memory };
	return start + x->cfg->memory;
}

/* Whether the line is there, which it is afterwards. */
static bool look_up(struct ref *x, u64 line)
{
	u32 first = (u32)(line % x->cfg->sets) * x->cfg->ways, oldest = first, i;
	bool hit = false;

	for (i = first; i < first + x->cfg->ways; i++) {
		if (x->lines[i] == line) {
			oldest = i;
			hit = true;
			break;
		}
		if (x->used[i] < x->used[oldest])
			oldest = i;
	}
	x->lines[oldest] = line;
	x->used[oldest] = ++x->clock;
	return hit;
}

/* When a line that is there arrives; 0: it has, by that cycle. */
static u64 arrives(const struct ref *x, u64 line, u64 cycle)
{
	u64 ready = 0;
	u32 i;

	for (i = 0; i < x->n_misses; i++) {
		if (x->miss[i].line == line && x->miss[i].ready > cycle && x->miss[i].ready > ready)
			ready = x->miss[i].ready;
	}
	return ready;
}

static void add_span(struct ref *x, u64 end, enum core_part part)
{
	x->span[x->n_spans++] = (struct span){ end, part };
}

struct outcome {
	bool hit; /* at once */
	u64 done; /* cycle */
	u64 wait; /* for an MSHR */
	enum core_part part;
};

static struct outcome reach(struct ref *x, const struct ref_window_access *a, u64 slot)
{
	u64 cycle = slot / x->cfg->width, ready;
	struct outcome o = { .done = cycle + x->cfg->hit, .part = PART_L1 };

	if (!look_up(x, a->line)) {
		x->r->load_misses += a->kind == TR_LOAD;
		x->r->store_misses += a->kind != TR_LOAD;
		o.done = fetch(x, a->line, cycle, &o.wait);
		o.part = PART_DRAM;
		return o;
	}
	ready = arrives(x, a->line, cycle);
	x->r->pending_hits += ready != 0;
	o.hit = ready <= o.done;
	if (!o.hit)
		o.done = ready;
	return o;
}

/* The slot at which everything is drained that retired before slot `at`; in order. */
static void retire_store(struct ref *x, u64 at, u64 ready, u64 *complete)
{
	u64 waiting;
	u32 i;

	for (;; at++) {
		for (i = 0, waiting = 0; i < x->n_stores; i++)
			waiting += x->drained[i] > at;
		if (waiting < x->cfg->store_buffer)
			break;
	}
	add_span(x, at, PART_STORE_BUFFER);
	*complete = MAX(*complete, at + 1);
	x->last_drained = MAX(x->last_drained, ready);
	x->drained[x->n_stores++] = x->last_drained;
}

/* Each slot from the end of the instruction before to the own last one. */
static void give_slots(struct ref *x, u64 from, u64 complete)
{
	u64 slot;
	u32 i;

	for (slot = from; slot + 1 < complete; slot++) {
		for (i = 0; i < x->n_spans && x->span[i].end <= slot; i++)
			;
		x->r->stall[i < x->n_spans ? x->span[i].part : PART_BASE]++;
	}
}

/* An access of instruction n, after `before`, when older ones have retired. Returns when it is complete. */
static u64 make(struct ref *x, const struct ref_window_access *a, u32 index, u64 *dispatch, u64 before)
{
	const struct ref_window_cfg *cfg = x->cfg;
	u64 start = *dispatch, complete, waited, began;
	struct outcome o;

	x->n_spans = 0;
	if (a->dep && a->dep <= index)
		start = MAX(start, x->data[index - a->dep]);
	add_span(x, start, PART_L1);
	if (a->kind == TR_ATOMIC) {
		start = MAX(start, before);
		add_span(x, start, PART_BASE); /* older ones retire */
		start = MAX(start, x->last_drained);
		add_span(x, start, PART_STORE_BUFFER);
	}
	began = start / cfg->width;
	o = reach(x, a, start);
	if (a->kind == TR_LOAD)
		hist_add(&x->r->loads, o.done - began, 1);
	waited = MAX(start, (began + o.wait) * cfg->width);
	if (!o.wait)
		waited = start;
	add_span(x, waited, PART_MSHR_FULL);
	complete = waited + 1;
	x->data[index] = o.hit ? start + cfg->hit * cfg->width : o.done * cfg->width;
	if (a->kind == TR_STORE && !o.hit)
		x->data[index] = start; /* nobody waits for a store's line */
	if (a->kind == TR_STORE) {
		retire_store(x, MAX(waited, before), o.hit ? 0 : o.done * cfg->width, &complete);
	} else if (!o.hit) {
		complete = MAX(complete, o.done * cfg->width);
		add_span(x, complete - 1, o.part);
	}
	give_slots(x, before, complete);
	if (a->kind == TR_ATOMIC)
		*dispatch = complete - 1; /* what follows dispatches after it */
	return complete;
}

static void init(struct ref *x, u32 n, u64 n_insns)
{
	u32 lines = x->cfg->sets * x->cfg->ways, i;

	x->lines = malloc(lines * sizeof(u64));
	x->used = calloc(lines, sizeof(u64));
	x->miss = calloc(n + 1, sizeof(*x->miss));
	x->drained = calloc(n + 1, sizeof(u64));
	x->data = calloc(n + 1, sizeof(u64));
	x->dispatch = calloc(n_insns + 1, sizeof(u64));
	x->retired = calloc(n_insns + 1, sizeof(u64));
	for (i = 0; i < lines; i++)
		x->lines[i] = NO_LINE;
	memset(x->r, 0, sizeof(*x->r));
}

static void fini(struct ref *x)
{
	free(x->lines);
	free(x->used);
	free(x->miss);
	free(x->drained);
	free(x->data);
	free(x->dispatch);
	free(x->retired);
}

void ref_window_run(const struct ref_window_cfg *cfg, const struct ref_window_access *access, u32 n,
		    u64 n_insns, struct ref_window_result *result)
{
	struct ref x = { .cfg = cfg, .r = result };
	u64 i, before, complete;
	u32 next = 0;

	init(&x, n, n_insns);
	for (i = 0; i < n_insns; i++) {
		before = i ? x.retired[i - 1] : 0;
		x.dispatch[i] = i ? x.dispatch[i - 1] + 1 : 0;
		if (i >= cfg->window)
			x.dispatch[i] = MAX(x.dispatch[i], x.retired[i - cfg->window]);
		for (; next < n && access[next].insn == i; next++) {
			complete = make(&x, &access[next], next, &x.dispatch[i], before);
			before = MAX(before, complete - 1); /* it retires once, after its last access */
		}
		x.retired[i] = MAX(before, x.dispatch[i]) + 1;
	}
	result->slots = n_insns ? x.retired[n_insns - 1] : 0;
	fini(&x);
}
