/* mmsim replay --decode-only: what reading and decoding a recording costs. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/replay.h"
#include "model/base/error.h"

struct decoded {
	u64 packets, runs, accesses, events;
};

static void decode(const struct replay_args *a, u32 file, struct decoded *d)
{
	struct trace *t = replay_open(a, file);
	struct tr_cursor *cursor = tr_cursor_new(t);
	enum trace_status status;
	struct trace_packet *p;
	struct tr_chunk chunk;

	while ((status = trace_next(t, &p)) == TRACE_OK) {
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk)) {
			d->runs += chunk.n_runs;
			d->accesses += chunk.n_addrs;
			d->events += chunk.event != NULL;
		}
		d->packets++;
		trace_packet_free(t, p);
	}
	if (status == TRACE_ERROR)
		die("%s", trace_error(t));
	tr_cursor_free(cursor);
	trace_close(t);
}

void replay_decode(const struct replay_args *a)
{
	double begin = host_seconds();
	struct decoded d = { 0 };
	struct results_host cost;
	u32 n, i;

	for (n = 0; n < a->loop; n++)
		for (i = 0; i < a->n_files; i++)
			decode(a, i, &d);
	cost = replay_cost(begin);
	if (a->quiet)
		return;
	printf("%" PRIu64 " packets, %" PRIu64 " block runs, %" PRIu64 " data accesses, %" PRIu64 " events\n",
	       d.packets, d.runs, d.accesses, d.events);
	printf("%.3f s CPU, %.3f s; %.2f ns a block run\n", cost.cpu_seconds, cost.wall_seconds,
	       d.runs ? cost.cpu_seconds * 1e9 / (double)d.runs : 0);
}
