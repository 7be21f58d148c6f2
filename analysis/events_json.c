#include "analysis/events_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/out.h"
#include "model/base/error.h"
#include "model/sim/time.h"

#define DEVICE_LANES 64u /* of a device; the last one has what overlaps with all of them, as "b" and "e" */
#define MAX_LANES    4096u

/* A thread id below its process's: a lane has a number from 1. */
#define CORE_TID(core)       (2 * (core) + 1)
#define IRQ_TID(core)        (2 * (core) + 2)
#define KTHREAD_TID(k, node) ((k)*MAX_LANES / 64 + (node) + 1)
#define DEVICE_TID(d, lane)  ((d)*DEVICE_LANES + (lane) + 1)

u32 events_core_of(u32 tid)
{
	return (tid - 1) / 2;
}

u32 events_device_of(u32 tid)
{
	return (tid - 1) / DEVICE_LANES;
}

struct events {
	struct out out;
	struct timeline timeline;
	u64 hz;
	u64 lines;              /* of the array so far */
	u64 async;              /* number of the last request that overlaps others */
	u8 named[3][MAX_LANES]; /* lanes by process */
	u64 busy_until[NR_TIMELINE_DEVICES][DEVICE_LANES]; /* cycle */
};

static void begin_line(struct events *ev)
{
	fputs(ev->lines++ ? ",\n" : "\n", ev->out.f);
}

/* ---- lanes ---- */

static const char *const process_names[] = { "cores", "kernel threads", "devices" };

static void name_process(struct events *ev, u32 pid)
{
	begin_line(ev);
	fprintf(ev->out.f, "{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}",
		pid, process_names[pid - 1]);
	begin_line(ev);
	fprintf(ev->out.f,
		"{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%u}}", pid,
		pid);
}

static void name_device(struct events *ev, u32 device, u32 lane)
{
	if (lane)
		fprintf(ev->out.f, "%s %u", timeline_devices[device], lane + 1);
	else
		fputs(timeline_devices[device], ev->out.f);
}

/* "core 3", "core 3 interrupts", "kswapd0", "swap device", "swap device 2" */
static void name_lane(struct events *ev, u32 pid, u32 tid, const struct timeline_event *e)
{
	const struct timeline_kind_info *kind = &timeline_kinds[e->kind];

	begin_line(ev);
	fprintf(ev->out.f,
		"{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"", pid,
		tid);
	if (pid == EVENTS_PID_KTHREADS)
		fprintf(ev->out.f, "%s%" PRIu64, kind->name, e->arg[0]);
	else if (pid == EVENTS_PID_DEVICES)
		name_device(ev, e->of, (tid - 1) % DEVICE_LANES);
	else
		fprintf(ev->out.f, "core %u%s", e->of, kind->lane == TL_LANE_IRQ ? " interrupts" : "");
	fputs("\"}}", ev->out.f);
	begin_line(ev);
	fprintf(ev->out.f,
		"{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":"
		"%u}}",
		pid, tid, tid);
}

static void need_lane(struct events *ev, u32 pid, u32 tid, const struct timeline_event *e)
{
	u8 *named = ev->named[pid - 1];

	ASSERT(tid < MAX_LANES);
	if (!named[0]) {
		named[0] = 1;
		name_process(ev, pid);
	}
	if (!named[tid]) {
		named[tid] = 1;
		name_lane(ev, pid, tid, e);
	}
}

/* The first lane of the device that is free then; the last one never is. */
static u32 device_lane(struct events *ev, const struct timeline_event *e)
{
	u64 *busy = ev->busy_until[e->of];
	u32 lane = 0;

	while (busy[lane] > e->start && lane < DEVICE_LANES - 1)
		lane++;
	if (lane < DEVICE_LANES - 1)
		busy[lane] = e->end;
	return lane;
}

/* ---- events ---- */

/* Microseconds, to the nanosecond. */
static void put_time(struct events *ev, const char *name, u64 ns)
{
	fprintf(ev->out.f, ",\"%s\":%" PRIu64 ".%03u", name, ns / 1000, (u32)(ns % 1000));
}

static u64 to_ns(const struct events *ev, u64 cycle)
{
	return cycles_to_ps(cycle, ev->hz) / 1000;
}

static void put_arg(struct events *ev, const char *name, u64 value)
{
	if (!strcmp(name, "address"))
		fprintf(ev->out.f, ",\"%s\":\"0x%" PRIx64 "\"", name, value);
	else if (*name)
		fprintf(ev->out.f, ",\"%s\":%" PRIu64, name, value);
}

/* What stands in a mark's name is the user's. */
static void put_text(struct events *ev, const char *text)
{
	json_t *string = json_string(text);
	char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	if (quoted)
		fprintf(ev->out.f, ",\"text\":%s", quoted);
	free(quoted);
	json_decref(string);
}

/* An event up to its time. What overlaps on a lane is told apart by a number. */
static void put_head(struct events *ev, const char *ph, u32 pid, u32 tid, const char *category,
		     const struct timeline_event *e)
{
	begin_line(ev);
	fprintf(ev->out.f, "{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"%s\"", timeline_kinds[e->kind].name,
		category, ph);
	if (*ph == 'b' || *ph == 'e')
		fprintf(ev->out.f, ",\"id\":%" PRIu64, ev->async);
	fprintf(ev->out.f, ",\"pid\":%u,\"tid\":%u", pid, tid);
}

static void put_args(struct events *ev, const struct timeline_event *e)
{
	const struct timeline_kind_info *kind = &timeline_kinds[e->kind];

	fprintf(ev->out.f, ",\"args\":{\"cycle\":%" PRIu64, e->start);
	if (!e->instant)
		fprintf(ev->out.f, ",\"cycles\":%" PRIu64, e->end - e->start);
	put_arg(ev, kind->arg[0], e->arg[0]);
	put_arg(ev, kind->arg[1], e->arg[1]);
	if (e->text)
		put_text(ev, e->text);
	fputs("}}", ev->out.f);
}

static void put_event(struct events *ev, u32 pid, u32 tid, const char *category,
		      const struct timeline_event *e)
{
	u64 start = to_ns(ev, e->start);

	need_lane(ev, pid, tid, e);
	put_head(ev, e->instant ? "i" : "X", pid, tid, category, e);
	if (e->instant)
		fputs(",\"s\":\"t\"", ev->out.f);
	put_time(ev, "ts", start);
	if (!e->instant)
		put_time(ev, "dur", to_ns(ev, e->end) - start);
	put_args(ev, e);
}

/* The beginning and the end of what overlaps with others on its lane. */
static void put_async(struct events *ev, u32 pid, u32 tid, const char *category,
		      const struct timeline_event *e)
{
	need_lane(ev, pid, tid, e);
	ev->async++;
	put_head(ev, "b", pid, tid, category, e);
	put_time(ev, "ts", to_ns(ev, e->start));
	put_args(ev, e);
	put_head(ev, "e", pid, tid, category, e);
	put_time(ev, "ts", to_ns(ev, e->end));
	fputc('}', ev->out.f);
}

static void tell_request(struct events *ev, const struct timeline_event *e)
{
	const char *category = timeline_kinds[e->kind].category;
	u32 lane;

	ASSERT(e->of < NR_TIMELINE_DEVICES);
	lane = device_lane(ev, e);
	if (lane < DEVICE_LANES - 1)
		put_event(ev, EVENTS_PID_DEVICES, DEVICE_TID(e->of, lane), category, e);
	else
		put_async(ev, EVENTS_PID_DEVICES, DEVICE_TID(e->of, lane), category, e);
}

static void tell(void *arg, const struct timeline_event *e)
{
	const struct timeline_kind_info *kind = &timeline_kinds[e->kind];
	struct events *ev = arg;

	switch (kind->lane) {
	case TL_LANE_CPU:
		put_event(ev, EVENTS_PID_CORES, CORE_TID(e->of), kind->category, e);
		break;
	case TL_LANE_IRQ:
		put_event(ev, EVENTS_PID_CORES, IRQ_TID(e->of), kind->category, e);
		break;
	case TL_LANE_KTHREAD:
		put_event(ev, EVENTS_PID_CORES, CORE_TID(e->of), kind->category, e);
		put_event(ev, EVENTS_PID_KTHREADS, KTHREAD_TID(e->kind - TL_KSWAPD, (u32)e->arg[0]),
			  EVENTS_ON_CORE, e);
		break;
	case TL_LANE_DEVICE:
		tell_request(ev, e);
		break;
	}
}

/* ---- beginning and end ---- */

struct events *events_new(const char *dir, u64 hz, u64 limit)
{
	struct events *ev = xcalloc(1, sizeof(*ev));

	ev->hz = hz;
	ev->timeline = (struct timeline){ .tell = tell, .arg = ev, .paused = true, .limit = limit };
	out_open(&ev->out, dir, EVENTS_FILE);
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", ev->out.f);
	return ev;
}

struct timeline *events_timeline(struct events *ev)
{
	return &ev->timeline;
}

static void put_limit(struct events *ev)
{
	const struct timeline *t = &ev->timeline;

	begin_line(ev);
	fprintf(ev->out.f,
		"{\"name\":\"limit of %" PRIu64 " events reached: %" PRIu64
		" more are left out\",\"cat\":\"limit\",\"ph\":\"i\",\"s\":\"g\",\"pid\":%u,\"tid\":0",
		t->limit, t->dropped, EVENTS_PID_CORES);
	put_time(ev, "ts", to_ns(ev, t->cut_at));
	fprintf(ev->out.f, ",\"args\":{\"cycle\":%" PRIu64 "}}", t->cut_at);
}

static void put_counts(struct events *ev)
{
	const struct timeline *t = &ev->timeline;
	const char *comma = "";
	u32 i;

	fprintf(ev->out.f,
		"\n],\"otherData\":{\"clock_hz\":%" PRIu64 ",\"events\":%" PRIu64 ",\"left_out\":%" PRIu64
		",\"counts\":{",
		ev->hz, t->told + t->dropped, t->dropped);
	for (i = 0; i < NR_TIMELINE_KINDS; i++) {
		if (!t->count[i])
			continue;
		fprintf(ev->out.f, "%s\"%s\":%" PRIu64, comma, timeline_kinds[i].name, t->count[i]);
		comma = ",";
	}
	fputs("}}}\n", ev->out.f);
}

void events_close(struct events *ev)
{
	if (ev->timeline.dropped)
		put_limit(ev);
	put_counts(ev);
	out_close(&ev->out);
	free(ev);
}

/* ---- against the counters ---- */

static const struct {
	enum timeline_kind kind;
	const char *counter;
} counted[] = {
	{ TL_FAULT_ZERO, "mm.fault.zero" },
	{ TL_FAULT_ZERO_PAGE, "mm.fault.zero_page" },
	{ TL_FAULT_HUGE, "mm.fault.huge" },
	{ TL_FAULT_COW, "mm.fault.cow" },
	{ TL_FAULT_REUSE, "mm.fault.reuse" },
	{ TL_FAULT_FILE, "mm.fault.file" },
	{ TL_FAULT_SPURIOUS, "mm.fault.spurious" },
	{ TL_FAULT_SEGV, "mm.fault.segv" },
	{ TL_FAULT_OOM, "mm.fault.oom" },
	{ TL_IPI, "mm.shootdown.ipis" },
	{ TL_MARK, "replay.marks" },
	{ TL_FAULT_SWAP, "mm.fault.swap" },
	{ TL_FAULT_WAIT, "mm.fault.blocked" },
	{ TL_KSWAPD, "mm.kthread.kswapd_slices" },
	{ TL_RECLAIM_WAIT, "mm.reclaim.waits" },
	{ TL_OOM_KILL, "mm.reclaim.oom_kills" },
	{ TL_SWAP_READ, "mm.blockdev.swap.reads" },
	{ TL_SWAP_WRITE, "mm.blockdev.swap.writes" },
	{ TL_SHOOTDOWN, "mm.shootdown.waits" },
};

char *events_miscounted(const struct timeline *t, const struct counters *c)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(counted); i++) {
		u64 told = t->count[counted[i].kind], count = counters_get(c, counted[i].counter);

		if (counters_has(c, counted[i].counter) && told != count)
			return xasprintf("timeline: %" PRIu64 " events %s against %s = %" PRIu64, told,
					 timeline_kinds[counted[i].kind].name, counted[i].counter, count);
	}
	return NULL;
}
