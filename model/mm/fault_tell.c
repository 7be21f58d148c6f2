#include "model/mm/fault_tell.h"

/* Who counts in several of them is told by the first. */
static const struct outcome {
	size_t counter;
	enum timeline_kind kind;
	enum access_cause cause;
} outcomes[] = {
	{ offsetof(struct fault_stats, segv), TL_FAULT_SEGV, CAUSE_MINOR },
	{ offsetof(struct fault_stats, oom), TL_FAULT_OOM, CAUSE_MINOR },
	{ offsetof(struct fault_stats, cow), TL_FAULT_COW, CAUSE_COW },
	{ offsetof(struct fault_stats, huge), TL_FAULT_HUGE, CAUSE_HUGE },
	{ offsetof(struct fault_stats, zero), TL_FAULT_ZERO, CAUSE_ZERO },
	{ offsetof(struct fault_stats, zero_page), TL_FAULT_ZERO_PAGE, CAUSE_ZERO_PAGE },
	{ offsetof(struct fault_stats, file), TL_FAULT_FILE, CAUSE_FILE },
	{ offsetof(struct fault_stats, swap), TL_FAULT_SWAP, CAUSE_SWAP },
	{ offsetof(struct fault_stats, reuse), TL_FAULT_REUSE, CAUSE_MINOR },
	{ offsetof(struct fault_stats, spurious), TL_FAULT_SPURIOUS, CAUSE_MINOR },
};

static const struct outcome waits = { .kind = TL_FAULT_WAIT, .cause = CAUSE_MAJOR };

static u64 counter(const struct fault_stats *st, size_t offset)
{
	return *(const u64 *)((const char *)st + offset);
}

static const struct outcome *outcome(const struct fault_stats *before, const struct fault_stats *now)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (counter(now, outcomes[i].counter) != counter(before, outcomes[i].counter))
			return &outcomes[i];
	return &waits;
}

/* enum x86_pf_error_code of arch/x86/include/asm/trap_pf.h */
#define PF_PROT  1u
#define PF_WRITE 2u
#define PF_USER  4u
#define PF_INSTR 16u

void fault_trace(const struct kernel *k, struct cpu *c, const struct trap *t)
{
	u64 code = PF_USER | (t->present ? PF_PROT : 0);

	code |= t->access == ACCESS_WRITE ? PF_WRITE : t->access == ACCESS_EXEC ? PF_INSTR : 0;
	charge_trace(&k->charger, c, TRACE_FAULT_USER, TRACE(t->va, code), NULL);
}

void fault_tell(const struct kernel *k, struct cpu *c, const struct trap *t, const struct fault_stats *before,
		u64 begin)
{
	const struct outcome *o = outcome(before, &k->fault);
	bool major = k->fault.major != before->major;

	if (o != &waits || c->cause != CAUSE_RECLAIM) /* for which it waits, then */
		cpu_note_cause(c, major ? CAUSE_MAJOR : o->cause);
	charge_end(&k->charger, c, o->kind, begin, t->va, major);
}
