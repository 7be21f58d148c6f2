#include "analysis/kmem_recording.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/mm/zone.h"

#define PAGEBLOCK_ORDER 9u

/* While reading. */
struct reader {
	struct kmem_recording *r;
	const struct kmem_zoneinfo *info;
	struct map64 freed; /* pfn -> step of the mm_page_free that was not said again yet */
	struct map64 votes; /* pageblock * 4 + type -> blocks that moved as of that type */
	struct map64 drain; /* pageblock -> type that a drain said */
	struct {
		u32 burst;   /* that goes on, NO_BURST: none */
		u32 free_by; /* the last event was a free by that task, NO_TASK: it was not */
		u64 last;    /* step */
	} cpu[MAX_CPUS];
};

#define NO_BURST (~0u)
#define NO_TASK  (~0u)

void kmem_bursts_add(struct kmem_bursts *b, const struct kmem_burst *burst)
{
	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 64;
		b->burst = xrealloc(b->burst, b->room * sizeof(*b->burst));
	}
	b->burst[b->n++] = *burst;
}

static struct kmem_step *add_step(struct kmem_recording *r, const struct kmem_event *ev, enum kmem_act act,
				  u32 zone)
{
	struct kmem_step *s;

	if (r->n == r->room) {
		r->room = r->room ? 2 * r->room : 4096;
		r->step = xrealloc(r->step, r->room * sizeof(*r->step));
	}
	s = &r->step[r->n++];
	*s = (struct kmem_step){
		.time_ns = ev->time_ns, .pfn = ev->pfn, .pid = ev->pid, .cpu = (u16)ev->cpu
	};
	s->act = (u8)act;
	s->zone = (u8)zone;
	s->order = (u8)ev->order;
	s->type = (u8)(ev->migratetype < NR_PCP_TYPES ? ev->migratetype : MIGRATE_MOVABLE);
	return s;
}

/* ---- types of pageblocks ---- */

static void vote(struct reader *rd, const struct kmem_event *ev)
{
	u64 block = ev->pfn >> PAGEBLOCK_ORDER, key = block * 4 + MIN(ev->migratetype, 3);
	u64 *n = map64_find(&rd->votes, key);

	if (ev->kind == KMEM_PCPU_DRAIN)
		map64_set(&rd->drain, block, ev->migratetype);
	map64_set(&rd->votes, key, n ? *n + 1 : 1);
}

static void set_type(const struct reader *rd, struct kmem_step *s)
{
	u64 block = s->pfn >> PAGEBLOCK_ORDER, most = 0, *n;
	u32 t;

	s->type = MIGRATE_MOVABLE;
	n = map64_find(&rd->drain, block);
	if (n) {
		s->type = (u8)(*n < NR_PCP_TYPES ? *n : MIGRATE_MOVABLE);
		return;
	}
	for (t = 0; t < NR_PCP_TYPES; t++) {
		n = map64_find(&rd->votes, block * 4 + t);
		if (n && *n > most) {
			most = *n;
			s->type = (u8)t;
		}
	}
	s->guessed = !most;
	rd->r->guessed += !most;
}

/* ---- the kernel's bursts ---- */

static bool goes_on(const struct kmem_burst *b, const struct kmem_event *ev, u32 zone, bool drain)
{
	if (b->drain != drain || b->zone != zone)
		return false;
	return drain || (b->order == ev->order && b->type == ev->migratetype);
}

static void add_drained(struct kmem_recording *r, u32 burst, const struct kmem_event *ev)
{
	if (r->n_drained == r->room_drained) {
		r->room_drained = r->room_drained ? 2 * r->room_drained : 1024;
		r->drained = xrealloc(r->drained, r->room_drained * sizeof(*r->drained));
	}
	r->drained[r->n_drained++] = (struct kmem_drained){ burst, (u8)ev->order, (u8)ev->migratetype };
}

static void take_block(struct reader *rd, const struct kmem_event *ev, u32 zone)
{
	struct kmem_recording *r = rd->r;
	bool drain = ev->kind == KMEM_PCPU_DRAIN;
	u32 at = rd->cpu[ev->cpu].burst;

	if (at == NO_BURST || !goes_on(&r->kernel.burst[at], ev, zone, drain)) {
		struct kmem_burst b = { .step = r->n, .cpu = (u16)ev->cpu, .zone = (u8)zone, .drain = drain };
		enum kmem_act act = drain ? KMEM_ACT_DRAIN : KMEM_ACT_REFILL;

		b.order = (u8)ev->order;
		b.type = (u8)ev->migratetype;
		b.tick = drain && rd->cpu[ev->cpu].free_by != ev->pid;
		if (drain && !b.tick)
			b.step = rd->cpu[ev->cpu].last;
		at = rd->cpu[ev->cpu].burst = r->kernel.n;
		kmem_bursts_add(&r->kernel, &b);
		add_step(r, ev, b.tick ? KMEM_ACT_TICK : act, zone)->burst = at;
	}
	r->kernel.burst[at].pages += 1ull << ev->order;
	r->kernel.burst[at].blocks++;
	if (drain)
		add_drained(r, at, ev);
}

/* ---- events ---- */

static void take_free(struct reader *rd, const struct kmem_event *ev, u32 zone)
{
	map64_set(&rd->freed, ev->pfn, rd->r->n);
	add_step(rd->r, ev, KMEM_ACT_FREE, zone);
}

/* The page that was said to be freed reaches its list only now. */
static void take_batched(struct reader *rd, const struct kmem_event *ev, u32 zone)
{
	u64 *at = map64_find(&rd->freed, ev->pfn), said;
	u8 order;

	rd->r->batched++;
	if (!at)
		return;
	said = *at;
	map64_remove(&rd->freed, ev->pfn);
	if (rd->r->step[said].cpu != ev->cpu)
		return;
	rd->r->step[said].act = KMEM_ACT_NONE;
	order = rd->r->step[said].order;
	add_step(rd->r, ev, KMEM_ACT_FREE, zone)->order = order;
}

static void take_page(struct reader *rd, const struct kmem_event *ev, u32 zone)
{
	bool block = ev->kind == KMEM_ZONE_LOCKED ? ev->percpu_refill : ev->kind == KMEM_PCPU_DRAIN;

	if (ev->kind == KMEM_ZONE_LOCKED || ev->kind == KMEM_PCPU_DRAIN || ev->kind == KMEM_PAGE_ALLOC)
		vote(rd, ev);
	if (block) {
		take_block(rd, ev, zone);
		return;
	}
	rd->cpu[ev->cpu].burst = NO_BURST;
	rd->cpu[ev->cpu].free_by = NO_TASK;
	rd->cpu[ev->cpu].last = rd->r->n;
	if (ev->kind == KMEM_PAGE_FREE || ev->kind == KMEM_PAGE_FREE_BATCHED)
		rd->cpu[ev->cpu].free_by = ev->pid;
	if (ev->kind == KMEM_PAGE_ALLOC)
		add_step(rd->r, ev, KMEM_ACT_ALLOC, zone);
	else if (ev->kind == KMEM_PAGE_FREE)
		take_free(rd, ev, zone);
	else if (ev->kind == KMEM_PAGE_FREE_BATCHED)
		take_batched(rd, ev, zone);
}

static void take_event(struct reader *rd, const struct kmem_event *ev)
{
	struct kmem_recording *r = rd->r;
	int zone;

	if (!r->events++)
		r->first_ns = ev->time_ns;
	r->last_ns = ev->time_ns;
	if (ev->kind > KMEM_EXTFRAG)
		return;
	r->extfrags += ev->kind == KMEM_EXTFRAG;
	if (ev->kind == KMEM_EXTFRAG)
		return;
	if (ev->pfn == KMEM_NO_PFN) {
		r->failed++;
		return;
	}
	zone = ev->order < MAX_ORDERS && ev->cpu < rd->info->cpus ? kmem_zone_of(rd->info, ev->pfn) : -1;
	if (zone < 0)
		r->outside++;
	else
		take_page(rd, ev, (u32)zone);
}

/* ---- afterwards ---- */

/* From a refill to the allocation of its first page everything else on that CPU goes past the lists. */
static void mark_past(struct kmem_recording *r, u64 refill)
{
	const struct kmem_step *first = &r->step[refill];
	u64 i, end;

	for (end = refill + 1; end < r->n; end++) {
		const struct kmem_step *s = &r->step[end];

		if (s->cpu != first->cpu)
			continue;
		if (s->act == KMEM_ACT_REFILL)
			return;
		if (s->act == KMEM_ACT_ALLOC && s->pfn == first->pfn)
			break;
	}
	if (end == r->n)
		return;
	r->kernel.burst[first->burst].step = end;
	for (i = refill + 1; i < end; i++) {
		struct kmem_step *s = &r->step[i];

		if (s->cpu != first->cpu || (s->act != KMEM_ACT_ALLOC && s->act != KMEM_ACT_FREE))
			continue;
		s->past = true;
		r->past++;
	}
}

static void settle(struct reader *rd)
{
	struct kmem_recording *r = rd->r;
	u64 i;

	for (i = 0; i < r->n; i++) {
		if (r->step[i].act == KMEM_ACT_FREE)
			set_type(rd, &r->step[i]);
		else if (r->step[i].act == KMEM_ACT_REFILL)
			mark_past(r, i);
	}
}

static void read_all(struct reader *rd, struct kmem_file *f, const char *path, bool keep_going)
{
	char err[TR_ERRBUF];
	struct kmem_event ev;
	enum trace_status status;

	while ((status = kmem_next(f, &ev, err)) != TRACE_END) {
		if (status == TRACE_ERROR) {
			if (!keep_going)
				die("%s: %s (--keep-going leaves out what is damaged)", path, err);
			rd->r->damaged++;
			continue;
		}
		take_event(rd, &ev);
	}
	rd->r->others = kmem_others(f);
}

void kmem_recording_read(struct kmem_recording *r, const char *path, const struct kmem_zoneinfo *info,
			 bool keep_going)
{
	struct reader rd = { .r = r, .info = info };
	char err[TR_ERRBUF];
	struct kmem_file *f = kmem_open(path, err);
	u32 i;

	if (!f)
		die("%s", err);
	*r = (struct kmem_recording){ 0 };
	for (i = 0; i < MAX_CPUS; i++)
		rd.cpu[i].burst = rd.cpu[i].free_by = NO_BURST;
	read_all(&rd, f, path, keep_going);
	settle(&rd);
	kmem_close(f);
	map64_fini(&rd.freed);
	map64_fini(&rd.votes);
	map64_fini(&rd.drain);
}

void kmem_recording_fini(struct kmem_recording *r)
{
	free(r->step);
	free(r->kernel.burst);
	free(r->drained);
}
