/*
 * What the events between block runs do: one small function a kind, in the array at the end.
 */
#include "model/core/engine_state.h"

#include <stdio.h>

#include "model/base/error.h"
#include "model/sim/time.h"

/* A read or write moves at most that much (MAX_RW_COUNT, include/linux/fs.h). */
#define MAX_COPY 0x7ffff000ull
/* Longer waits for the outside are a damaged recording's; a day, in ns. */
#define MAX_SLEEP (86400ull * 1000000000u)

static void charge_syscall(struct engine *e)
{
	kernel_syscall(e->p.kernel, e->on->cpu);
}

/* ---- the address space; the kernel's calls charge their own time ---- */

static u32 protection(u8 prot)
{
	u32 flags = 0;

	if (prot & TR_PROT_READ)
		flags |= MM_READ;
	if (prot & TR_PROT_WRITE)
		flags |= MM_WRITE;
	if (prot & TR_PROT_EXEC)
		flags |= MM_EXEC;
	return flags;
}

/* Who shares pages: files by what they are, shared anonymous memory by its mapping. */
static u64 object_of(struct engine *e, const struct recording *r, const struct tr_event *ev)
{
	if (ev->file != TR_NO_FILE)
		return engine_file(e, r, ev->file);
	return ev->flags & TR_MAP_SHARED ? 1ull << 63 | ++e->shared_objects : 0;
}

static void settle(struct engine *e, enum mm_result result)
{
	if (result != MM_OK)
		e->st.refused++;
}

/*
 * Addresses beyond those of any machine are damage, which is counted; others are a program that does not fit.
 */
#define MACHINE_VA_END (1ull << 48)

static void refuse_misfit(const struct engine *e, const struct tr_event *ev)
{
	u64 end = ev->addr + ev->len;

	if (end < ev->addr || end > MACHINE_VA_END || kernel_fits(e->p.kernel, ev->addr, ev->len))
		return;
	die("the recording maps 0x%llx-0x%llx, which is not in the user space of kernel.layout; choose a "
	    "layout with as many address bits as the recorded machine had (x86-64, arm64-4k), pack it with "
	    "layout.rebase = yes, or record the program for a machine like that of the layout",
	    (unsigned long long)ev->addr, (unsigned long long)end);
}

static enum step do_map(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;
	struct mm_map map = {
		.addr = ev->addr,
		.len = ev->len,
		.flags = protection(ev->prot),
		.object = object_of(e, th->rec, ev),
		.offset = ev->offset == TR_NO_OFFSET ? 0 : ev->offset,
	};

	refuse_misfit(e, ev);
	engine_file_is_mapped(e, th, ev);
	if (ev->flags & TR_MAP_SHARED)
		map.flags |= MM_SHARED;
	if (ev->file == TR_NO_FILE)
		map.flags |= MM_ANON;
	if (ev->flags & TR_MAP_HUGETLB)
		map.flags |= MM_HUGETLB;
	if (ev->flags & TR_MAP_LOCKED)
		map.flags |= MM_LOCKED;
	if (ev->flags & TR_MAP_GROWSDOWN)
		map.flags |= MM_GROWSDOWN;
	if (ev->flags & TR_MAP_HEAP) {
		map.flags |= MM_HEAP;
		th->proc->brk = ev->addr + ev->len;
	}
	if (!th->io.begun)
		settle(e, mm_mmap(th->proc->mm, e->on->cpu, &map));
	th->io.begun = true;
	return ev->flags & (TR_MAP_LOCKED | TR_MAP_POPULATE) || mm_locks_new(th->proc->mm)
		       ? engine_populate(e, th, ev->addr, ev->len)
		       : STEP_DONE;
}

static enum step do_unmap(struct engine *e, struct thread *th)
{
	settle(e, mm_munmap(th->proc->mm, e->on->cpu, th->event.addr, th->event.len));
	return STEP_DONE;
}

static enum step do_remap(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;

	settle(e, mm_mremap(th->proc->mm, e->on->cpu, ev->addr, ev->len, ev->addr2, ev->len2));
	return STEP_DONE;
}

static enum step do_protect(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;

	settle(e, mm_mprotect(th->proc->mm, e->on->cpu, ev->addr, ev->len, protection(ev->prot)));
	return STEP_DONE;
}

static enum step do_advise(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;

	settle(e, mm_madvise(th->proc->mm, e->on->cpu, ev->addr, ev->len, (u32)ev->arg));
	return STEP_DONE;
}

static enum step do_brk(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;

	th->proc->brk = ev->addr;
	if (!th->io.begun)
		settle(e, mm_brk(th->proc->mm, e->on->cpu, ev->addr2, ev->addr));
	th->io.begun = true;
	if (!mm_locks_new(th->proc->mm) || ev->addr <= ev->addr2)
		return STEP_DONE;
	return engine_populate(e, th, ev->addr2, ev->addr - ev->addr2);
}

/* ---- threads and processes ---- */

static enum step do_clone(struct engine *e, struct thread *th)
{
	struct thread *child = recording_thread(th->rec, th->proc->pid, (u32)th->event.arg);

	charge_syscall(e);
	child->alive = true;
	if (child->state == THREAD_STARVED)
		engine_ready(e, child, core_now(e->on->core));
	return STEP_DONE;
}

static enum step do_fork(struct engine *e, struct thread *th)
{
	struct process *p = th->proc, *child = recording_process(th->rec, (u32)th->event.arg);

	if (child == p)
		return STEP_DONE;
	engine_end_mm(e, child);
	child->born = true;
	child->brk = p->brk;
	/* Who was killed for its memory has no children, whatever the recording says. */
	child->mm = p->mm ? mm_fork(p->mm, e->on->cpu) : NULL;
	if (child->mm)
		mm_join_group(child->mm, NULL, child->pid);
	e->st.processes += p->mm != NULL;
	e->st.oom += p->mm && !child->mm;
	return STEP_DONE;
}

/* The thread goes on alone. Threads that it will make later may be known already, from packets read ahead. */
static void end_others(struct thread *th)
{
	struct thread *other;

	for (other = th->proc->threads; other; other = other->next_of_process)
		if (other != th)
			other->draining |= other->alive;
}

static enum step do_exec(struct engine *e, struct thread *th)
{
	struct process *p = th->proc;

	charge_syscall(e);
	end_others(th);
	engine_end_mm(e, p);
	p->brk = 0;
	if (th->event.arg)
		p->mm = mm_new(e->p.kernel, false);
	if (p->mm)
		mm_join_group(p->mm, th->event.name, p->pid);
	if (th->event.arg && !p->mm)
		e->st.oom++;
	return STEP_DONE;
}

/* Also of a thread that a simulated signal has ended already. */
static enum step do_exit(struct engine *e, struct thread *th)
{
	if (th->event.flags & TR_EXIT_GROUP) {
		end_others(th);
		engine_end_mm(e, th->proc);
	}
	return engine_end_thread(e, th);
}

/* ---- waiting ---- */

static enum step do_wake(struct engine *e, struct thread *th)
{
	e->st.wakes++;
	charge_syscall(e);
	return STEP_DONE;
}

static enum step do_wait(struct engine *e, struct thread *th)
{
	e->st.waits++;
	th->waiting = th->resting = true;
	charge_syscall(e);
	return STEP_DONE;
}

static enum step do_sleep(struct engine *e, struct thread *th)
{
	u64 ns = MIN(th->event.arg, MAX_SLEEP);
	u64 cycles = ps_to_cycles(ns * 10 * e->p.cfg->sleep_scale, e->p.hz);

	e->st.sleeps++;
	e->st.sleep_ns += ns;
	charge_syscall(e);
	if (!cycles)
		return STEP_DONE;
	th->has_chunk = false;
	return engine_sleep(e, th, core_now(e->on->core) + cycles);
}

/* ---- the kernel on the program's behalf ---- */

static enum step copy(struct engine *e, struct thread *th, bool write)
{
	u64 before = th->copied;
	enum core_stop stop = CORE_DONE;

	if (engine_has_file(e, &th->event))
		return engine_file_io(e, th, write);
	engine_note_place(e, true);
	if (e->mode == ENGINE_SKIP)
		engine_repeat(e, true);
	else
		stop = core_user_copy(e->on->core, th->event.addr, MIN(th->event.len, MAX_COPY), write,
				      &th->copied);
	e->st.user_bytes += th->copied - before;
	switch (stop) {
	case CORE_QUANTUM:
	case CORE_AHEAD:
		return STEP_AGAIN;
	case CORE_BLOCK:
		return engine_block(e, th);
	case CORE_OOM:
		return engine_kill_oom(e, th);
	case CORE_SEGV:
		e->st.efaults++;
		break;
	case CORE_DONE:
		break;
	}
	charge_syscall(e);
	return STEP_DONE;
}

static enum step do_read(struct engine *e, struct thread *th)
{
	return copy(e, th, true);
}

static enum step do_write(struct engine *e, struct thread *th)
{
	return copy(e, th, false);
}

static enum step do_syscall(struct engine *e, struct thread *th)
{
	if (engine_is_file_call(e, &th->event))
		return engine_file_call(e, th);
	if (engine_is_lock_call(&th->event))
		return engine_lock_call(e, th);
	e->st.syscalls++;
	e->syscalls[MIN(th->event.arg, ENGINE_SYSCALLS - 1)]++;
	charge_syscall(e);
	return STEP_DONE;
}

static enum step do_mark(struct engine *e, struct thread *th)
{
	e->st.marks++;
	e->marked = true;
	snprintf(e->mark, sizeof(e->mark), "%s", th->event.name ? th->event.name : "");
	timeline_mark(e->timeline, e->on->id, core_now(e->on->core), e->mark);
	return STEP_DONE;
}

static enum step do_lost(struct engine *e, struct thread *th)
{
	e->st.lost++;
	return STEP_DONE;
}

/* Calls that a timeline shows; 0: it does not. */
static const u8 shown_as[TR_NR_EVENTS] = {
	[TR_EV_MAP] = TL_CALL_MMAP,         [TR_EV_UNMAP] = TL_CALL_MUNMAP,
	[TR_EV_REMAP] = TL_CALL_MREMAP,     [TR_EV_PROTECT] = TL_CALL_MPROTECT,
	[TR_EV_ADVISE] = TL_CALL_MADVISE,   [TR_EV_BRK] = TL_CALL_BRK,
	[TR_EV_FORK] = TL_CALL_FORK,        [TR_EV_EXEC] = TL_CALL_EXEC,
	[TR_EV_EXIT] = TL_CALL_EXIT,        [TR_EV_READ] = TL_CALL_READ,
	[TR_EV_WRITE] = TL_CALL_WRITE,
};

static void tell_call(const struct engine *e, const struct tr_event *ev, u64 begin)
{
	if (shown_as[ev->kind])
		timeline_span(e->timeline, e->on->id, (enum timeline_kind)shown_as[ev->kind], begin,
			      core_now(e->on->core), ev->kind == TR_EV_FORK ? ev->arg : ev->addr, ev->len);
}

/* What an event needs to happen at all. */
enum need {
	NEEDS_NOTHING,
	NEEDS_MM,   /* an address space; a thread that a signal has ended still changes it for the others */
	NEEDS_LIFE, /* a thread that runs */
};

/* Kinds without a row only count. */
static const struct handler {
	enum need need;
	enum step (*happen)(struct engine *e, struct thread *th);
} handlers[TR_NR_EVENTS] = {
	[TR_EV_MAP] = { NEEDS_MM, do_map },        [TR_EV_UNMAP] = { NEEDS_MM, do_unmap },
	[TR_EV_REMAP] = { NEEDS_MM, do_remap },    [TR_EV_PROTECT] = { NEEDS_MM, do_protect },
	[TR_EV_ADVISE] = { NEEDS_MM, do_advise },  [TR_EV_BRK] = { NEEDS_MM, do_brk },
	[TR_EV_CLONE] = { NEEDS_MM, do_clone },    [TR_EV_FORK] = { NEEDS_NOTHING, do_fork },
	[TR_EV_EXEC] = { NEEDS_MM, do_exec },      [TR_EV_EXIT] = { NEEDS_NOTHING, do_exit },
	[TR_EV_WAKE] = { NEEDS_LIFE, do_wake },    [TR_EV_WAIT] = { NEEDS_LIFE, do_wait },
	[TR_EV_SLEEP] = { NEEDS_LIFE, do_sleep },  [TR_EV_READ] = { NEEDS_LIFE, do_read },
	[TR_EV_WRITE] = { NEEDS_LIFE, do_write },  [TR_EV_SYSCALL] = { NEEDS_LIFE, do_syscall },
	[TR_EV_MARK] = { NEEDS_NOTHING, do_mark }, [TR_EV_LOST] = { NEEDS_NOTHING, do_lost },
	[TR_EV_FILE] = { NEEDS_NOTHING, engine_name_file },
	[TR_EV_PAGE_ALLOC] = { NEEDS_LIFE, engine_page_alloc },
	[TR_EV_PAGE_FREE] = { NEEDS_LIFE, engine_page_free },
	[TR_EV_SLAB_ALLOC] = { NEEDS_LIFE, engine_object_alloc },
	[TR_EV_SLAB_FREE] = { NEEDS_LIFE, engine_object_free },
};

static bool can_happen(const struct thread *th, enum need need)
{
	return need == NEEDS_NOTHING || (th->proc->mm && (need == NEEDS_MM || !th->draining));
}

/* Waits for its turn. STEP_DONE: it is. */
static enum step await_turn(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;
	const struct order *o = &th->rec->order;
	u64 before = order_before(ev), when = 0;

	if (!order_passed(o, before))
		return engine_wait_order(e, th, before, before);
	if (th->proc->mm && !th->assumed && ev->seq && !order_is_late(o, ev) &&
	    order_takes_away(ev, th->proc->brk) && !engine_others_stand(th, ev->seq, &when))
		return engine_wait_taking(e, th);
	engine_idle_until(e, MAX(when, order_time(o, before)));
	if (engine_others_turn(e))
		return STEP_AGAIN;
	th->assumed = th->resting = false;
	return STEP_DONE;
}

/* It is over: others may pass its number from now on. */
static enum step happened(struct engine *e, const struct tr_event *ev, struct recording *r, enum step s)
{
	if (s == STEP_AGAIN)
		return s;
	order_happened(&r->order, ev, core_now(e->on->core));
	engine_changed(e, r);
	return s;
}

enum step engine_event(struct engine *e, struct thread *th)
{
	const struct handler *h = &handlers[th->event.kind];
	const struct tr_event ev = th->event;
	struct recording *r = th->rec;
	enum step s;
	u64 begin;

	if (th->event.kind == TR_EV_NONE)
		return STEP_DONE;
	if (!th->event_begun) {
		s = engine_is_alloc(ev.kind) ? engine_await_alloc(e, th) : STEP_DONE;
		if (s == STEP_DONE)
			s = await_turn(e, th);
		if (s != STEP_DONE)
			return s;
		order_apply(&r->order, &ev);
		order_happened(&r->order, &ev, core_now(e->on->core));
		engine_changed(e, r);
		e->st.events++;
		if (unlikely(e->profile != NULL))
			e->profile->event(e->profile->arg, r->index, th->proc->pid, &ev);
		th->event_begun = true;
	}
	if (!h->happen || !can_happen(th, h->need))
		return happened(e, &ev, r, STEP_DONE);
	begin = core_now(e->on->core);
	s = h->happen(e, th);
	tell_call(e, &ev, begin);
	return happened(e, &ev, r, s);
}
