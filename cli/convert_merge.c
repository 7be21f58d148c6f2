/*
 * mmsim convert --merge: parts of one recording, as --from and --to cut them, become one again. A part
 * repeats the structure that those before it have (convert_cut.c), so of each thread as many events are
 * passed over as were written, and they must be the same.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "cli/convert.h"
#include "model/base/error.h"

/* A thread: what its structure was so far, an event a number. */
struct stream {
	u64 *hash;
	u64 n, cap;
	u64 passed; /* events of the part at hand that were passed over */
};

struct merger {
	struct convert_threads threads;
	struct stream *stream;
	struct rewriter *w;
	struct trace *t;
	struct convert_blocks blocks; /* of the part at hand */
	const char *part;
};

static u64 hash_of(const struct tr_event *ev)
{
	const u64 fields[] = { ev->kind, ev->prot,  ev->flags, ev->file,   ev->seq, ev->addr,
			       ev->len,  ev->addr2, ev->len2,  ev->offset, ev->arg };

	return XXH64(fields, sizeof(fields), ev->name ? XXH64(ev->name, strlen(ev->name), 1) : 0);
}

static struct stream *stream_of(struct merger *m, const struct trace_packet *p)
{
	u32 n = m->threads.n, i = convert_thread(&m->threads, p->pid, p->tid);

	if (m->threads.n > n) {
		m->stream = xrealloc(m->stream, m->threads.n * sizeof(*m->stream));
		m->stream[n] = (struct stream){ 0 };
	}
	return &m->stream[i];
}

static void remember(struct stream *s, u64 hash)
{
	if (s->n == s->cap) {
		s->cap = 2 * s->cap + 64;
		s->hash = xrealloc(s->hash, s->cap * sizeof(*s->hash));
	}
	s->hash[s->n++] = hash;
	s->passed++;
}

_Noreturn static void no_part(const struct merger *m, const struct trace_packet *p, const char *why)
{
	die("%s does not follow what comes before it: %s (process %u, thread %u); parts of one recording are "
	    "merged in "
	    "their order, as `mmsim convert --to X` and `--from X` cut them",
	    m->part, why, p->pid, p->tid);
}

static void put_runs(struct merger *m, const struct trace_packet *p, const struct stream *s,
		     const struct tr_chunk *chunk)
{
	struct tr_encoder *e = rewriter_thread(m->w, p->pid, p->tid, p->seen);
	const u64 *addr = chunk->addr;
	u32 i;

	if (chunk->n_runs && s->passed < s->n)
		no_part(m, p, "it has block runs that the others have, too");
	for (i = 0; i < chunk->n_runs; i++) {
		tr_encode_run(e, convert_block(&m->blocks, m->w, m->t, chunk->block[i]), addr);
		addr += trace_block(m->t, chunk->block[i])->n_slots;
	}
}

static void put_event(struct merger *m, const struct trace_packet *p, struct stream *s,
		      const struct tr_event *ev)
{
	u64 hash = hash_of(ev);

	if (convert_is_structure(ev)) {
		if (s->passed < s->n) {
			if (s->hash[s->passed++] != hash)
				no_part(m, p, "it has other events");
			return;
		}
		remember(s, hash);
	}
	tr_encode_event(rewriter_thread(m->w, p->pid, p->tid, p->seen), ev);
}

/* A later part begins in a process that the others have. */
static void check_known(struct merger *m, const struct trace_packet *p)
{
	u32 i;

	for (i = 0; i < m->threads.n; i++)
		if (m->threads.at[i].pid == p->pid)
			return;
	no_part(m, p, "it begins in a process of which they know nothing");
}

static void put_part(struct merger *m, bool first)
{
	struct tr_cursor *cursor = tr_cursor_new(m->t);
	struct trace_packet *p;
	struct tr_chunk chunk;
	struct stream *s;
	u32 i;

	for (i = 0; i < m->threads.n; i++)
		m->stream[i].passed = 0;
	while ((p = convert_next(m->t))) {
		if (!first)
			check_known(m, p);
		first = true;
		s = stream_of(m, p);
		for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk);) {
			put_runs(m, p, s, &chunk);
			if (chunk.event)
				put_event(m, p, s, chunk.event);
		}
		rewriter_end_packet(m->w, p->pid, p->tid);
		trace_packet_free(m->t, p);
	}
	tr_cursor_free(cursor);
}

void convert_merge(const char *const *in, u32 n, const char *out, const struct trace_opts *opts)
{
	struct merger m = { 0 };
	u32 i;

	for (i = 0; i < n; i++) {
		m.part = in[i];
		m.t = convert_open(in[i], opts);
		if (!m.w)
			m.w = convert_create(out, m.t);
		put_part(&m, !i);
		trace_close(m.t);
		free(m.blocks.id);
		m.blocks = (struct convert_blocks){ 0 };
	}
	convert_close(m.w);
	for (i = 0; i < m.threads.n; i++)
		free(m.stream[i].hash);
	free(m.stream);
	convert_threads_fini(&m.threads);
}
