/*
 * What the kernel's paths did on a hardware thread: counted in total as they go, and given to each path when
 * another takes over.
 */
#include "model/core/core_state.h"

#include <stdio.h>

static void add_difference(struct kernel_tally *sum, const struct kernel_tally *to,
			   const struct kernel_tally *from)
{
#define X(field, unit, help) sum->field += to->field - from->field;
	KERNEL_TALLY(X)
#undef X
}

void core_kernel_turn(struct core *c, enum kernel_path path)
{
	struct kernel_account *a = &c->account;

	add_difference(&a->of[a->path], &a->total, &a->mark);
	a->mark = a->total;
	a->path = path;
}

void core_kernel_tally(struct cpu *cpu, struct kernel_tally *t)
{
	struct core *c = core_of(cpu);

	*t = c->account.total;
	t->cycles = core_cycle(c);
}

void core_kernel_sync(struct core *c)
{
	struct kernel_account *a = &c->account;
	u64 pure = c->l1d.st.kernel_loads + c->l1d.st.kernel_stores - a->sampled;

	core_kernel_turn(c, a->path);
	c->lat.kernel.bin[hist_index(c->hit_latency)] += pure - a->pure;
	a->pure = pure;
}

#define STAT_STRUCT struct kernel_tally
static const struct stat_desc tally_table[] = { KERNEL_TALLY(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void core_kernel_stats(struct core *c, struct stats *s)
{
	char name[64];
	u32 i;

	for (i = 0; i < NR_KERNEL_PATHS; i++) {
		snprintf(name, sizeof(name), "core%u.kernel.%s", c->id, kernel_path_name[i]);
		stats_add(s, name, tally_table, &c->account.of[i]);
	}
}
