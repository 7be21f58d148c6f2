#include "cli/bbv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct bbv {
	FILE *f;
	const char *path;
	u64 interval, insns, end;
	u64 intervals;
	bool any;
	u32 pid, tid;
	u64 *count; /* by block: instructions in this interval */
	u32 n;      /* blocks that there is room for */
	u32 *met;   /* blocks of this interval, in the order in which they were met */
	u32 n_met;
};

struct bbv *bbv_new(const char *path, u64 interval)
{
	struct bbv *b = xcalloc(1, sizeof(*b));

	b->path = path;
	b->interval = b->end = interval;
	b->f = fopen(path, "w");
	if (!b->f)
		fail("cannot write '%s': %s", path, strerror(errno));
	return b;
}

void bbv_packet(struct bbv *b, const struct trace_packet *p)
{
	if (b->any && (b->pid != p->pid || b->tid != p->tid))
		die("--bbv: the recording has several threads, whose order is not known before the replay; "
		    "SimPoint's intervals are of one");
	b->any = true;
	b->pid = p->pid;
	b->tid = p->tid;
}

static void end_interval(struct bbv *b)
{
	u32 i;

	if (!b->n_met)
		return;
	fputc('T', b->f);
	for (i = 0; i < b->n_met; i++) {
		fprintf(b->f, "%s:%u:%" PRIu64, i ? " " : "", b->met[i] + 1, b->count[b->met[i]]);
		b->count[b->met[i]] = 0;
	}
	fputc('\n', b->f);
	b->n_met = 0;
	b->intervals++;
}

static void make_room(struct bbv *b, u32 block)
{
	u32 n = MAX(block + 1, b->n * 2);

	if (block < b->n)
		return;
	b->count = xrealloc(b->count, n * sizeof(*b->count));
	b->met = xrealloc(b->met, n * sizeof(*b->met));
	memset(b->count + b->n, 0, (n - b->n) * sizeof(*b->count));
	b->n = n;
}

void bbv_runs(struct bbv *b, struct trace *t, const struct tr_chunk *chunk)
{
	u32 i;

	for (i = 0; i < chunk->n_runs; i++) {
		u32 block = chunk->block[i], insns = trace_block(t, block)->n_insns;

		if (!insns)
			continue;
		make_room(b, block);
		if (!b->count[block])
			b->met[b->n_met++] = block;
		b->count[block] += insns;
		b->insns += insns;
		if (b->insns < b->end)
			continue;
		end_interval(b);
		b->end += b->interval;
	}
}

u64 bbv_close(struct bbv *b)
{
	u64 n;

	end_interval(b);
	n = b->intervals;
	if (ferror(b->f) | fclose(b->f))
		fail("cannot write '%s': %s", b->path, strerror(errno));
	free(b->count);
	free(b->met);
	free(b);
	return n;
}
