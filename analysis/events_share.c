#include "analysis/events_share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

const char *const share_part_name[NR_SHARE_PARTS] = {
	"faults",     "major faults", "reclaim",        "compaction", "shootdown",
	"interrupts", "system calls", "kernel threads", "I/O",        "program",
};

static const struct {
	const char *category;
	enum share_part part;
} parts[] = {
	{ "sched", SHARE_PROGRAM },       { "fault", SHARE_FAULT },     { "alloc", SHARE_RECLAIM },
	{ "reclaim", SHARE_RECLAIM },     { "compact", SHARE_COMPACT }, { "oom", SHARE_RECLAIM },
	{ "shootdown", SHARE_SHOOTDOWN }, { "ipi", SHARE_IPI },         { "call", SHARE_CALL },
	{ "mark", SHARE_PROGRAM },        { "kthread", SHARE_KTHREAD }, { "io", SHARE_IO },
};

static enum share_part part_of(const struct events_row *r)
{
	u32 i;

	if (r->major || r->kind == TL_FAULT_WAIT)
		return SHARE_MAJOR;
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i].category, timeline_kinds[r->kind].category))
			return parts[i].part;
	return SHARE_PROGRAM;
}

/* ---- lanes ---- */

/* Spans of a lane of the file that no later one has held yet. */
struct open_spans {
	struct {
		u64 start, end;
	} * at;
	u32 n, cap;
	u32 lane; /* of the shares */
};

static u32 number_of(const struct events_lane *l)
{
	return l->pid == EVENTS_PID_KTHREADS ? l->tid
	       : l->pid == EVENTS_PID_CORES  ? events_core_of(l->tid)
					     : events_device_of(l->tid);
}

/* "core 0", also for its interrupts; "swap device", also for its further lanes. */
static void name_lane(struct share_lane *to, const struct events_lane *l)
{
	if (to->pid == EVENTS_PID_CORES)
		snprintf(to->name, sizeof(to->name), "core %u", to->number);
	else if (to->pid == EVENTS_PID_DEVICES)
		snprintf(to->name, sizeof(to->name), "%s",
			 to->number < NR_TIMELINE_DEVICES ? timeline_devices[to->number] : "?");
	else
		snprintf(to->name, sizeof(to->name), "%s", l->name ? l->name : "?");
}

const struct share_lane *events_share_lane(const struct events_shares *s, const struct events_lane *l)
{
	u32 i;

	for (i = 0; i < s->n_lanes; i++)
		if (s->lane[i].pid == l->pid && s->lane[i].number == number_of(l))
			return &s->lane[i];
	return NULL;
}

static int cores_first(const void *a, const void *b)
{
	const struct share_lane *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void make_lanes(const struct events_table *t, struct events_shares *s)
{
	struct share_lane *l;
	u32 i;

	s->lane = xcalloc(t->n_lanes, sizeof(*s->lane));
	for (i = 0; i < t->n_lanes; i++) {
		if (events_share_lane(s, &t->lane[i]))
			continue;
		l = &s->lane[s->n_lanes++];
		*l = (struct share_lane){ .pid = t->lane[i].pid, .number = number_of(&t->lane[i]) };
		name_lane(l, &t->lane[i]);
		l->cycles = xcalloc(s->n_pieces, sizeof(*l->cycles));
	}
	qsort(s->lane, s->n_lanes, sizeof(*s->lane), cores_first);
}

/* ---- time ---- */

static u64 piece_start(const struct events_shares *s, u32 i)
{
	return s->from + (u64)((unsigned __int128)(s->to - s->from) * i / s->n_pieces);
}

static u32 piece_of(const struct events_shares *s, u64 cycle)
{
	u32 i = (u32)((unsigned __int128)(cycle - s->from) * s->n_pieces / MAX(s->to - s->from, 1));

	for (i = MIN(i, s->n_pieces - 1); i && piece_start(s, i) > cycle; i--)
		;
	return i;
}

/* sign -1: not that part's after all. */
static void add(struct events_shares *s, struct share_lane *l, enum share_part part, u64 start, u64 end,
		double sign)
{
	u64 to;
	u32 i;

	if (l->pid != EVENTS_PID_KTHREADS)
		s->all[part] += sign * (double)(end - start);
	for (i = piece_of(s, start); start < end; start = to, i++) {
		to = i + 1 < s->n_pieces ? MIN(end, piece_start(s, i + 1)) : end;
		l->cycles[i][part] += sign * (double)(to - start);
	}
}

static void push(struct open_spans *o, u64 start, u64 end)
{
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->at = xrealloc(o->at, o->cap * sizeof(*o->at));
	}
	o->at[o->n].start = start;
	o->at[o->n++].end = end;
}

/* A span's own time is what lies between those that it holds, which came before it. */
static void take_span(struct events_shares *s, struct open_spans *o, const struct events_row *r)
{
	struct share_lane *l = &s->lane[o->lane];
	enum share_part part = part_of(r);
	u64 at = r->start;
	u32 first, i;

	for (first = o->n; first && o->at[first - 1].start >= r->start; first--)
		;
	for (i = first; i < o->n; i++) {
		if (o->at[i].start > at)
			add(s, l, part, at, o->at[i].start, 1);
		at = MAX(at, o->at[i].end);
	}
	if (r->end > at)
		add(s, l, part, at, r->end, 1);
	o->n = first;
	push(o, r->start, r->end);
}

/* An interrupt takes its time from the turn that it interrupts. */
static void take_interrupt(struct events_shares *s, struct share_lane *l, const struct events_row *r)
{
	add(s, l, SHARE_IPI, r->start, r->end, 1);
	add(s, l, SHARE_PROGRAM, r->start, r->end, -1);
}

/* Requests of a device that overlap are told once; they come by rising start, more or less. */
static void take_request(struct events_shares *s, struct open_spans *o, const struct events_row *r)
{
	u64 from = o->n ? MAX(r->start, o->at[0].end) : r->start;

	if (from >= r->end)
		return;
	add(s, &s->lane[o->lane], SHARE_IO, from, r->end, 1);
	o->n = 0;
	push(o, from, r->end);
}

static void find_range(const struct events_table *t, struct events_shares *s)
{
	u32 i;

	s->from = ~(u64)0;
	s->to = 0;
	for (i = 0; i < t->n; i++) {
		s->from = MIN(s->from, t->row[i].start);
		s->to = MAX(s->to, t->row[i].end);
	}
}

/* One for each lane of the file; those of a device share one. */
static struct open_spans *open_lanes(const struct events_table *t, const struct events_shares *s)
{
	struct open_spans *o = xcalloc(t->n_lanes, sizeof(*o));
	u32 i;

	for (i = 0; i < t->n_lanes; i++)
		o[i].lane = (u32)(events_share_lane(s, &t->lane[i]) - s->lane);
	return o;
}

static struct open_spans *of_device(struct open_spans *o, const struct events_table *t, u32 lane)
{
	u32 i;

	for (i = 0; i < lane && (o[i].lane != o[lane].lane || t->lane[i].pid != EVENTS_PID_DEVICES); i++)
		;
	return &o[i];
}

void events_shares_of(const struct events_table *t, u32 n_pieces, struct events_shares *s)
{
	struct open_spans *o;
	u32 i;

	*s = (struct events_shares){ .n_pieces = n_pieces };
	find_range(t, s);
	make_lanes(t, s);
	o = open_lanes(t, s);
	for (i = 0; i < t->n; i++) {
		const struct events_row *r = &t->row[i];
		const struct events_lane *l = &t->lane[r->lane];

		if (r->instant)
			continue;
		if (r->kind == TL_IPI)
			take_interrupt(s, &s->lane[o[r->lane].lane], r);
		else if (l->pid == EVENTS_PID_DEVICES)
			take_request(s, of_device(o, t, r->lane), r);
		else
			take_span(s, &o[r->lane], r);
	}
	for (i = 0; i < t->n_lanes; i++)
		free(o[i].at);
	free(o);
}

void events_shares_fini(struct events_shares *s)
{
	u32 i;

	for (i = 0; i < s->n_lanes; i++)
		free(s->lane[i].cycles);
	free(s->lane);
	*s = (struct events_shares){ 0 };
}
