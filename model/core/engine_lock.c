/* Calls that lock mappings, or fault in what is mapped: mlock() and its kin, MAP_LOCKED, MAP_POPULATE. */
#include "model/core/engine_state.h"

/* include/uapi/asm-generic/mman.h */
#define LOCK_ONFAULT 1u /* MLOCK_ONFAULT */
#define ALL_CURRENT  1u /* MCL_CURRENT */
#define ALL_ONFAULT  4u /* MCL_ONFAULT */

bool engine_is_lock_call(const struct tr_event *ev)
{
	return ev->flags >= TR_CALL_MLOCK && ev->flags <= TR_CALL_MUNLOCKALL;
}

/* Goes on where it waited. */
enum step engine_populate(struct engine *e, struct thread *th, u64 addr, u64 len)
{
	return mm_populate(th->proc->mm, e->on->cpu, addr, len, &th->io.next) ? STEP_DONE
									      : engine_block(e, th);
}

/* Whether what is locked is faulted in. */
static bool lock(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;
	struct mm *mm = th->proc->mm;
	struct cpu *c = e->on->cpu;

	switch (ev->flags) {
	case TR_CALL_MLOCK:
		e->st.refused += mm_mlock(mm, c, ev->addr, ev->len) != MM_OK;
		return !(ev->addr2 & LOCK_ONFAULT);
	case TR_CALL_MUNLOCK:
		e->st.refused += mm_munlock(mm, c, ev->addr, ev->len) != MM_OK;
		return false;
	case TR_CALL_MLOCKALL:
		mm_mlockall(mm, c, (u32)ev->addr2);
		return (ev->addr2 & (ALL_CURRENT | ALL_ONFAULT)) == ALL_CURRENT;
	default:
		mm_munlockall(mm, c);
		return false;
	}
}

enum step engine_lock_call(struct engine *e, struct thread *th)
{
	bool all = th->event.flags == TR_CALL_MLOCKALL;

	if (!th->io.begun && !lock(e, th))
		return STEP_DONE;
	th->io.begun = true;
	return all ? engine_populate(e, th, 0, kernel_user_end(e->p.kernel))
		   : engine_populate(e, th, th->event.addr, th->event.len);
}
