#include "analysis/mrc.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/arena.h"

const char *const mrc_kind_name[NR_MRC_KINDS] = { "data", "fetch", "all" };

struct process {
	u32 pid, space;
};

/* Fetches from one unit in a row. */
struct fetch {
	u64 unit;
	u32 n;
};

/* What a run of a block fetches. */
struct code {
	const struct fetch *fetch;
	u32 n;
};

/* Of all blocks, by units of one size. */
struct code_units {
	struct code *block;
	u32 n, max;
};

/* The curves of a thread, or of all of them. */
struct stream {
	struct stackdist *of[NR_MRC_KINDS][MRC_MAX_UNITS]; /* NULL: not asked for */
};

struct mrc_state {
	struct code_units code[MRC_MAX_UNITS];
	struct arena *arena;
	struct process *process;
	u32 n_processes, n_spaces;
	struct stream *stream;
	u32 n_streams;
};

static void add_stream(struct mrc *m)
{
	struct mrc_state *st = m->state;
	const struct mrc_cfg *cfg = m->cfg;
	struct stream *s;
	u32 kind, unit;

	st->stream = xrealloc(st->stream, (st->n_streams + 1) * sizeof(*st->stream));
	s = &st->stream[st->n_streams];
	memset(s, 0, sizeof(*s));
	m->curve = xrealloc(m->curve, (m->n_curves + NR_MRC_KINDS * cfg->n_units) * sizeof(*m->curve));
	for (unit = 0; unit < cfg->n_units; unit++) {
		for (kind = 0; kind < NR_MRC_KINDS; kind++) {
			if (!cfg->kind[kind])
				continue;
			s->of[kind][unit] = stackdist_new(unit ? 1 : cfg->rate, cfg->seed);
			m->curve[m->n_curves++] =
				(struct mrc_curve){ kind, unit, st->n_streams, s->of[kind][unit] };
		}
	}
	st->n_streams++;
}

void mrc_init(struct mrc *m, const struct mrc_cfg *cfg)
{
	*m = (struct mrc){ .cfg = cfg, .state = xcalloc(1, sizeof(*m->state)) };
	m->state->arena = arena_new();
	if (!cfg->per_thread)
		add_stream(m);
}

void mrc_fini(struct mrc *m)
{
	u32 i;

	for (i = 0; i < m->n_curves; i++)
		stackdist_free(m->curve[i].dist);
	for (i = 0; i < m->cfg->n_units; i++)
		free(m->state->code[i].block);
	arena_free(m->state->arena);
	free(m->state->process);
	free(m->state->stream);
	free(m->state);
	free(m->curve);
	free(m->thread);
}

static struct process *process_of(struct mrc_state *st, u32 pid)
{
	u32 i;

	for (i = 0; i < st->n_processes; i++)
		if (st->process[i].pid == pid)
			return &st->process[i];
	st->process = xrealloc(st->process, (st->n_processes + 1) * sizeof(*st->process));
	st->process[i] = (struct process){ pid, st->n_spaces++ };
	st->n_processes++;
	return &st->process[i];
}

static const struct stream *stream_of(struct mrc *m, const struct trace_packet *p)
{
	u32 i;

	if (!m->cfg->per_thread)
		return &m->state->stream[0];
	for (i = 0; i < m->n_threads; i++)
		if (m->thread[i].pid == p->pid && m->thread[i].tid == p->tid)
			return &m->state->stream[i];
	m->thread = xrealloc(m->thread, (m->n_threads + 1) * sizeof(*m->thread));
	m->thread[m->n_threads++] = (struct mrc_thread){ p->pid, p->tid };
	add_stream(m);
	return &m->state->stream[i];
}

static void touch_data(struct stackdist *d, u32 space, const struct tr_block *b, const u64 *addr, u32 shift)
{
	u64 unit, last;
	u32 i;

	for (i = 0; i < b->n_slots; i++) {
		if (b->slot[i].kind == TR_PREFETCH)
			continue;
		last = (addr[i] + b->slot[i].size - 1) >> shift;
		for (unit = addr[i] >> shift; unit < last; unit++)
			stackdist_touch(d, space, unit);
		stackdist_touch(d, space, last);
	}
}

/* Of fetches from one unit in a row all but the first find it where it was. */
static void touch_code(struct stackdist *d, u32 space, const struct code *code)
{
	u32 i;

	for (i = 0; i < code->n; i++) {
		stackdist_touch(d, space, code->fetch[i].unit);
		stackdist_again(d, code->fetch[i].n - 1);
	}
}

static void touch_run(struct mrc *m, const struct stream *s, u32 space, u32 block, const struct tr_block *b,
		      const u64 *addr)
{
	u32 unit, shift;

	for (unit = 0; unit < m->cfg->n_units; unit++) {
		const struct code *code = &m->state->code[unit].block[block];

		shift = (u32)__builtin_ctz(m->cfg->unit[unit]);
		if (s->of[MRC_DATA][unit])
			touch_data(s->of[MRC_DATA][unit], space, b, addr, shift);
		if (s->of[MRC_FETCH][unit])
			touch_code(s->of[MRC_FETCH][unit], space, code);
		if (!s->of[MRC_ALL][unit])
			continue;
		touch_code(s->of[MRC_ALL][unit], space, code);
		touch_data(s->of[MRC_ALL][unit], space, b, addr, shift);
	}
}

/* Fetches of a block by units; or only counts them where fetch is NULL. */
static u32 list_fetches(const struct tr_block *b, u32 shift, struct fetch *fetch)
{
	u64 va = b->pc, unit, last = ~(u64)0;
	u32 n = 0, i;

	for (i = 0; i < b->n_insns; va += b->insn_size[i++]) {
		for (unit = va >> shift; unit <= (va + b->insn_size[i] - 1) >> shift; unit++) {
			n += unit != last;
			last = unit;
			if (!fetch)
				continue;
			fetch[n - 1].unit = unit;
			fetch[n - 1].n++;
		}
	}
	return n;
}

static void learn_block(struct mrc_state *st, struct code_units *u, const struct tr_block *b, u32 shift)
{
	u32 n = list_fetches(b, shift, NULL);
	struct fetch *fetch = arena_alloc(st->arena, MAX(n, 1) * sizeof(*fetch), 8);

	if (u->n == u->max) {
		u->max = MAX(2 * u->max, 1024);
		u->block = xrealloc(u->block, u->max * sizeof(*u->block));
	}
	list_fetches(b, shift, fetch);
	u->block[u->n++] = (struct code){ fetch, n };
}

static void learn_blocks(struct mrc *m, const struct trace *t, u32 n)
{
	struct code_units *u;
	u32 i;

	for (i = 0; i < m->cfg->n_units; i++)
		for (u = &m->state->code[i]; u->n < n;)
			learn_block(m->state, u, trace_block(t, u->n), (u32)__builtin_ctz(m->cfg->unit[i]));
}

static void touch_chunk(struct mrc *m, const struct trace *t, const struct stream *s, u32 space,
			const struct tr_chunk *chunk)
{
	const u64 *addr = chunk->addr;
	u32 i;

	for (i = 0; i < chunk->n_runs; i++) {
		const struct tr_block *b = trace_block(t, chunk->block[i]);

		touch_run(m, s, space, chunk->block[i], b, addr);
		addr += b->n_slots;
		m->references += b->n_slots + b->n_insns;
	}
}

void mrc_packet(struct mrc *m, struct trace *t, struct tr_cursor *c, const struct trace_packet *p)
{
	const struct stream *s = stream_of(m, p);
	struct process *process = process_of(m->state, p->pid);
	struct tr_chunk chunk;

	learn_blocks(m, t, p->n_blocks);
	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		touch_chunk(m, t, s, process->space, &chunk);
		if (chunk.event && chunk.event->kind == TR_EV_EXEC)
			process->space = m->state->n_spaces++;
	}
}

void mrc_finish(struct mrc *m)
{
	u32 i;

	for (i = 0; i < m->n_curves; i++)
		stackdist_finish(m->curve[i].dist);
}
