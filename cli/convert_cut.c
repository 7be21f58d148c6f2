/*
 * mmsim convert --from, --to: a part of a recording.
 *
 * A place is found in one thread; where the others are then, the recording's order tells: a thread is before
 * the place as long as it knows of no event later than those that the place's thread knew of. Before the part
 * only structure is kept, so that all is mapped, opened and alive where it begins; behind it nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/convert.h"
#include "model/base/error.h"

/* Where a stream is: runs and events so far, and the highest number that its thread knows of. */
struct place {
	u64 steps, insns, known;
};

struct cut {
	u32 thread; /* of the place */
	u64 steps, known;
	bool given;
};

struct cutter {
	struct trace *t;
	u32 pid, tid; /* of the thread in which instructions are counted */
	struct convert_threads threads;
	struct place *at; /* one a thread */
	struct cut from, to;
};

static struct place *place_of(struct cutter *c, const struct trace_packet *p, u32 *thread)
{
	u32 n = c->threads.n;

	*thread = convert_thread(&c->threads, p->pid, p->tid);
	if (c->threads.n > n) {
		c->at = xrealloc(c->at, c->threads.n * sizeof(*c->at));
		c->at[n] = (struct place){ 0 };
	}
	c->at[*thread].known = MAX(c->at[*thread].known, p->seen);
	return &c->at[*thread];
}

static void step_event(struct place *at, const struct tr_event *ev)
{
	at->steps++;
	at->known = MAX(at->known, ev->seq);
}

/* ---- finding the places ---- */

struct search {
	const struct convert_place *wanted;
	struct cut *found;
	u64 passed; /* of the mark */
};

static void find(struct search *s, u32 thread, const struct place *at)
{
	*s->found = (struct cut){ thread, at->steps, at->known, true };
}

static bool is_open(const struct search *s)
{
	return s->wanted->given && !s->found->given;
}

/* The first process's main thread, whose packets need not be the first; or the first thread, if there is
 * none. */
static void find_leader(struct cutter *c, const char *in, const struct trace_opts *opts)
{
	struct trace_packet *p;
	bool any = false, found = false;

	c->t = convert_open(in, opts);
	while (!found && (p = convert_next(c->t))) {
		if (!any) {
			c->pid = p->pid;
			c->tid = p->tid;
		}
		any = true;
		found = p->pid == c->pid && p->tid == c->pid;
		trace_packet_free(c->t, p);
	}
	c->tid = found ? c->pid : c->tid;
	trace_close(c->t);
}

static bool is_leader(const struct cutter *c, u32 thread)
{
	return c->threads.at[thread].pid == c->pid && c->threads.at[thread].tid == c->tid;
}

static void search_runs(struct cutter *c, struct search *s, u32 thread, struct place *at,
			const struct tr_chunk *chunk)
{
	struct place here = *at;
	u32 i;

	if (!is_open(s) || s->wanted->mark || !is_leader(c, thread))
		return;
	for (i = 0; i <= chunk->n_runs; i++) {
		if (here.insns >= s->wanted->insns) {
			find(s, thread, &here);
			return;
		}
		if (i < chunk->n_runs)
			here.insns += trace_block(c->t, chunk->block[i])->n_insns;
		here.steps++;
	}
}

static void search_event(struct search *s, u32 thread, const struct place *at, const struct tr_event *ev)
{
	if (is_open(s) && s->wanted->mark && ev->kind == TR_EV_MARK && ev->name &&
	    !strcmp(ev->name, s->wanted->mark) && ++s->passed == s->wanted->nth)
		find(s, thread, at);
}

static void search_chunk(struct cutter *c, struct search *s, u32 thread, struct place *at,
			 const struct tr_chunk *chunk)
{
	u32 i;

	for (i = 0; i < 2; i++)
		search_runs(c, &s[i], thread, at, chunk);
	for (i = 0; i < chunk->n_runs; i++)
		at->insns += trace_block(c->t, chunk->block[i])->n_insns;
	at->steps += chunk->n_runs;
	if (!chunk->event)
		return;
	step_event(at, chunk->event);
	for (i = 0; i < 2; i++)
		search_event(&s[i], thread, at, chunk->event);
}

static void need(const struct cutter *c, const struct search *s, const char *option)
{
	u64 insns = 0;
	u32 i;

	if (!is_open(s))
		return;
	if (s->wanted->mark)
		die("%s: the mark '%s' is passed %" PRIu64
		    " times; `mmsim info` lists the marks of a recording",
		    option, s->wanted->mark, s->passed);
	for (i = 0; i < c->threads.n; i++)
		if (is_leader(c, i))
			insns = c->at[i].insns;
	die("%s: the main thread has %" PRIu64 " instructions", option, insns);
}

static void search(struct cutter *c, const char *in, const struct trace_opts *opts,
		   const struct convert_place *from, const struct convert_place *to)
{
	struct search s[2] = { { from, &c->from, 0 }, { to, &c->to, 0 } };
	struct trace_packet *p;
	struct tr_cursor *cursor;
	struct tr_chunk chunk;
	struct place *at;
	u32 thread;

	find_leader(c, in, opts);
	c->t = convert_open(in, opts);
	cursor = tr_cursor_new(c->t);
	while ((is_open(&s[0]) || is_open(&s[1])) && (p = convert_next(c->t))) {
		at = place_of(c, p, &thread);
		for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk);)
			search_chunk(c, s, thread, at, &chunk);
		trace_packet_free(c->t, p);
	}
	need(c, &s[0], "--from");
	need(c, &s[1], "--to");
	tr_cursor_free(cursor);
	trace_close(c->t);
}

/* ---- writing the part ---- */

static bool is_before(const struct cut *cut, u32 thread, const struct place *at)
{
	return thread == cut->thread ? at->steps < cut->steps : at->known <= cut->known;
}

static bool is_behind(const struct cutter *c, u32 thread, const struct place *at)
{
	return c->to.given && !is_before(&c->to, thread, at);
}

static bool is_inside(const struct cutter *c, u32 thread, const struct place *at)
{
	return !is_behind(c, thread, at) && !(c->from.given && is_before(&c->from, thread, at));
}

struct writer {
	struct cutter *c;
	struct rewriter *w;
	struct convert_blocks blocks;
};

static void write_chunk(struct writer *w, struct tr_encoder *e, u32 thread, struct place *at,
			const struct tr_chunk *chunk)
{
	const u64 *addr = chunk->addr;
	struct place event;
	u32 i;

	for (i = 0; i < chunk->n_runs; i++) {
		if (is_inside(w->c, thread, at))
			tr_encode_run(e, convert_block(&w->blocks, w->w, w->c->t, chunk->block[i]), addr);
		addr += trace_block(w->c->t, chunk->block[i])->n_slots;
		at->steps++;
	}
	if (!chunk->event)
		return;
	event = *at;
	event.known = MAX(event.known, chunk->event->seq); /* others know of it once it has happened */
	if (!is_behind(w->c, thread, &event) &&
	    (is_inside(w->c, thread, &event) || convert_is_structure(chunk->event)))
		tr_encode_event(e, chunk->event);
	step_event(at, chunk->event);
}

static void write_part(struct cutter *c, const char *in, const char *out, const struct trace_opts *opts)
{
	struct writer w = { .c = c };
	struct trace_packet *p;
	struct tr_cursor *cursor;
	struct tr_chunk chunk;
	struct place *at;
	u32 thread;

	c->t = convert_open(in, opts);
	w.w = convert_create(out, c->t);
	cursor = tr_cursor_new(c->t);
	while ((p = convert_next(c->t))) {
		at = place_of(c, p, &thread);
		for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk);)
			write_chunk(&w, rewriter_thread(w.w, p->pid, p->tid, p->seen), thread, at, &chunk);
		rewriter_end_packet(w.w, p->pid, p->tid);
		trace_packet_free(c->t, p);
	}
	tr_cursor_free(cursor);
	trace_close(c->t);
	convert_close(w.w);
	free(w.blocks.id);
}

void convert_cut(const char *in, const char *out, const struct trace_opts *opts,
		 const struct convert_place *from, const struct convert_place *to)
{
	struct cutter c = { 0 };
	u32 i;

	if (!strcmp(in, "-"))
		die("a part is cut out of a file, which is read twice, not of standard input");
	search(&c, in, opts, from, to);
	for (i = 0; i < c.threads.n; i++)
		c.at[i] = (struct place){ 0 };
	write_part(&c, in, out, opts);
	convert_threads_fini(&c.threads);
	free(c.at);
}
