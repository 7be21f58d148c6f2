#include "model/mm/fault_tell.h"

/* Who counts in several of them is told by the first. */
static const struct {
	size_t counter;
	enum timeline_kind kind;
} outcomes[] = {
	{ offsetof(struct fault_stats, segv), TL_FAULT_SEGV },
	{ offsetof(struct fault_stats, oom), TL_FAULT_OOM },
	{ offsetof(struct fault_stats, cow), TL_FAULT_COW },
	{ offsetof(struct fault_stats, huge), TL_FAULT_HUGE },
	{ offsetof(struct fault_stats, zero), TL_FAULT_ZERO },
	{ offsetof(struct fault_stats, zero_page), TL_FAULT_ZERO_PAGE },
	{ offsetof(struct fault_stats, file), TL_FAULT_FILE },
	{ offsetof(struct fault_stats, reuse), TL_FAULT_REUSE },
	{ offsetof(struct fault_stats, spurious), TL_FAULT_SPURIOUS },
};

static u64 counter(const struct fault_stats *st, size_t offset)
{
	return *(const u64 *)((const char *)st + offset);
}

static enum timeline_kind outcome(const struct fault_stats *before, const struct fault_stats *now)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (counter(now, outcomes[i].counter) != counter(before, outcomes[i].counter))
			return outcomes[i].kind;
	return TL_FAULT_WAIT;
}

void fault_tell(const struct kernel *k, struct cpu *c, const struct trap *t, const struct fault_stats *before,
		u64 begin)
{
	if (timeline_on(k->charger.timeline))
		charge_end(&k->charger, c, outcome(before, &k->fault), begin, t->va,
			   k->fault.major != before->major);
}
