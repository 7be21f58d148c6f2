/* What the ways of editing a recording have in common. */
#include <stdlib.h>
#include <string.h>

#include "cli/convert.h"
#include "model/base/error.h"

bool convert_is_structure(const struct tr_event *ev)
{
	switch (ev->kind) {
	case TR_EV_SLEEP:
	case TR_EV_READ:
	case TR_EV_WRITE:
	case TR_EV_SYSCALL:
	case TR_EV_MARK:
	case TR_EV_PAGE_ALLOC:
	case TR_EV_PAGE_FREE:
	case TR_EV_SLAB_ALLOC:
	case TR_EV_SLAB_FREE:
		return ev->seq != 0;
	default:
		return true;
	}
}

u32 convert_thread(struct convert_threads *t, u32 pid, u32 tid)
{
	u32 i;

	for (i = t->n; i-- > 0;)
		if (t->at[i].pid == pid && t->at[i].tid == tid)
			return i;
	t->at = xrealloc(t->at, (t->n + 1) * sizeof(*t->at));
	t->at[t->n].pid = pid;
	t->at[t->n].tid = tid;
	return t->n++;
}

void convert_threads_fini(struct convert_threads *t)
{
	free(t->at);
}

u32 convert_block(struct convert_blocks *b, struct rewriter *w, const struct trace *t, u32 block)
{
	if (block >= b->n) {
		u32 n = MAX(block + 1, 2 * b->n);

		b->id = xrealloc(b->id, n * sizeof(*b->id));
		memset(b->id + b->n, 0, (n - b->n) * sizeof(*b->id));
		b->n = n;
	}
	if (!b->id[block])
		b->id[block] = rewriter_block(w, trace_block(t, block)) + 1;
	return b->id[block] - 1;
}

struct trace *convert_open(const char *in, const struct trace_opts *opts)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(in, opts, err);

	if (!t)
		die("%s", err);
	return t;
}

struct trace_packet *convert_next(struct trace *t)
{
	struct trace_packet *p = NULL;

	switch (trace_next(t, &p)) {
	case TRACE_OK:
		return p;
	case TRACE_ERROR:
		die("%s", trace_error(t));
	case TRACE_END:
		break;
	}
	if (trace_lost(t))
		warn("%s: %llu damaged pieces were skipped", trace_path(t),
		     (unsigned long long)trace_lost(t));
	return NULL;
}

struct rewriter *convert_create(const char *out, const struct trace *t)
{
	char err[TR_ERRBUF];
	struct rewriter *w = rewriter_open(out, trace_isa(t), err);

	if (!w)
		fail("%s", err);
	return w;
}

void convert_close(struct rewriter *w)
{
	char err[TR_ERRBUF];

	if (!rewriter_close(w, err))
		fail("%s", err);
}
