/* Allocation events: where and when they happen, and what they ask the kernel for. */
#include "model/core/engine_state.h"
#include "model/mm/kevents.h"
#include "model/sim/time.h"

/* Longer times between two events are a damaged recording's; a day, in ns. */
#define MAX_GAP (86400ull * 1000000000u)
/* Beyond every order that a kernel has. */
#define MAX_ORDER 32u

/* The flags of a recording, and the kernel's. */
static const struct {
	u32 tr, gfp;
} gfp_flags[] = {
	{ TR_GFP_DMA, GFP_DMA },
	{ TR_GFP_HIGHMEM, GFP_HIGHMEM },
	{ TR_GFP_DMA32, GFP_DMA32 },
	{ TR_GFP_MOVABLE, GFP_MOVABLE },
	{ TR_GFP_RECLAIMABLE, GFP_RECLAIMABLE },
	{ TR_GFP_HIGH, GFP_HIGH },
	{ TR_GFP_IO, GFP_IO },
	{ TR_GFP_FS, GFP_FS },
	{ TR_GFP_ZERO, GFP_ZERO },
	{ TR_GFP_DIRECT_RECLAIM, GFP_DIRECT_RECLAIM },
	{ TR_GFP_KSWAPD_RECLAIM, GFP_KSWAPD_RECLAIM },
	{ TR_GFP_NORETRY, GFP_NORETRY },
	{ TR_GFP_RETRY_MAYFAIL, GFP_RETRY_MAYFAIL },
	{ TR_GFP_NOFAIL, GFP_NOFAIL },
	{ TR_GFP_NOWARN, GFP_NOWARN },
	{ TR_GFP_COMP, GFP_COMP },
	{ TR_GFP_NOMEMALLOC, GFP_NOMEMALLOC },
	{ TR_GFP_MEMALLOC, GFP_MEMALLOC },
	{ TR_GFP_THISNODE, GFP_THISNODE },
	{ TR_GFP_COLD, GFP_COLD },
};

static u32 gfp_of(u64 recorded)
{
	u32 gfp = 0, i;

	for (i = 0; i < ARRAY_SIZE(gfp_flags); i++)
		if (recorded & gfp_flags[i].tr)
			gfp |= gfp_flags[i].gfp;
	return gfp;
}

/* ---- where and when ---- */

bool engine_is_alloc(enum tr_event_kind kind)
{
	return kind >= TR_EV_PAGE_ALLOC && kind <= TR_EV_SLAB_FREE;
}

/* The thread stays on the core of the event's CPU until an event of another comes. */
static enum step move(struct engine *e, struct thread *th)
{
	u32 core = TR_KMEM_CPU(th->event.flags) % e->p.n_cores;

	th->bound = core + 1;
	if (e->on->id == core)
		return STEP_DONE;
	engine_yield(e);
	return STEP_LEFT;
}

/* From one event's beginning to the next one's passes at least what is asked for of the recorded time. */
static enum step wait_gap(struct engine *e, struct thread *th)
{
	u64 ns = MIN(th->event.len2, MAX_GAP);
	u64 when = th->allocated_at + ps_to_cycles(ns * 10 * e->p.cfg->gap_scale, e->p.hz);

	if (th->gap_over || !th->allocated_at || when <= core_now(e->on->core))
		return STEP_DONE;
	th->gap_over = true;
	return engine_sleep(e, th, when);
}

enum step engine_await_alloc(struct engine *e, struct thread *th)
{
	enum step s;

	if (th->draining)
		return STEP_DONE;
	s = move(e, th);
	return s == STEP_DONE ? wait_gap(e, th) : s;
}

/* ---- what ---- */

static u64 touched(const struct engine *e, const struct tr_event *ev)
{
	if (e->mode == ENGINE_SKIP)
		return 0;
	switch ((enum engine_touch)e->p.cfg->touch) {
	case TOUCH_NOTHING:
		return ev->len;
	case TOUCH_LINE:
		return MAX(ev->len, e->p.line);
	case TOUCH_ALL:
		return ~(u64)0;
	}
	return 0;
}

static struct kevent request(const struct engine *e, const struct tr_event *ev)
{
	return (struct kevent){
		.name = ev->addr & KEVENT_NAME_MAX,
		.bytes = ev->arg,
		.touch = touched(e, ev),
		.order = (u32)MIN(ev->arg, MAX_ORDER),
		.gfp = gfp_of(ev->addr2),
		.node = ev->file - 1,
		.of_node = ev->file != 0,
		.cold = ev->flags & TR_KMEM_COLD,
		.stand_in = e->p.cfg->stand_ins,
		.reads = ev->flags & TR_KMEM_READS,
		.cache = ev->name,
	};
}

static bool is_wanted(const struct engine *e, enum tr_event_kind kind)
{
	bool pages = kind == TR_EV_PAGE_ALLOC || kind == TR_EV_PAGE_FREE;

	return e->p.cfg->allocations != (u32)(pages ? ALLOCATIONS_OBJECTS : ALLOCATIONS_PAGES);
}

typedef void (*kevent_fn)(struct kevents *s, struct cpu *c, const struct kevent *e);

static enum step ask(struct engine *e, struct thread *th, kevent_fn what)
{
	struct kevent k = request(e, &th->event);
	struct recording *r = th->rec;

	th->allocated_at = MAX(core_now(e->on->core), 1);
	if (!is_wanted(e, th->event.kind))
		return STEP_DONE;
	if (!r->kevents)
		r->kevents = kevents_new(e->p.kernel);
	what(r->kevents, e->on->cpu, &k);
	return STEP_DONE;
}

enum step engine_page_alloc(struct engine *e, struct thread *th)
{
	return ask(e, th, kevents_page_alloc);
}

enum step engine_page_free(struct engine *e, struct thread *th)
{
	return ask(e, th, kevents_page_free);
}

enum step engine_object_alloc(struct engine *e, struct thread *th)
{
	return ask(e, th, kevents_object_alloc);
}

enum step engine_object_free(struct engine *e, struct thread *th)
{
	return ask(e, th, kevents_object_free);
}
