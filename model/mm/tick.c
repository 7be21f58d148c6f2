/* What happens by the clock: when, in which kernels, and what. */
#include "model/mm/kthread.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/khugepaged.h"
#include "model/mm/pcp.h"
#include "model/mm/slab.h"
#include "model/mm/writeback.h"
#include "model/sim/time.h"

const char *const kernel_tick_name[NR_KERNEL_TICKS] = {
#define X(id, key, def, name, help) name,
	KERNEL_TICKS(X)
#undef X
};

/* round_jiffies(): timers of a CPU are three jiffies of 1 ms behind those of the one before it. */
#define STAGGER_PS 3000000000ull

static enum slab_form slab_form(const struct kernel *k)
{
	return k->cfg.slab ? (enum slab_form)(k->cfg.slab - 1) : era_slab_form((enum kernel_era)k->cfg.era);
}

/*
 * Each CPU folds its counters of pages by a work of its own since 2.6.22 (mm/vmstat.c). SLAB has a timer
 * since 2.5 (mm/slab.c:cache_reap()); 2.4 reaps when it reclaims. Proactive compaction came with 5.9.
 */
static bool has_tick(const struct kernel *k, enum kernel_tick what)
{
	switch (what) {
	case KERNEL_TICK_VMSTAT:
		return k->cfg.era >= ERA_2_6_26;
	case KERNEL_TICK_REAP:
		return k->cfg.era > ERA_2_4_21 && slab_form(k) == SLAB_CLASSIC;
	case KERNEL_TICK_COMPACTION:
		return k->cfg.era == ERA_6_X;
	case KERNEL_TICK_FLUSHER:
		return k->cfg.page_cache != PAGE_CACHE_OFF && k->page_shift == FRAME_SHIFT;
	case KERNEL_TICK_KHUGEPAGED:
		return khugepaged_runs(k);
	case NR_KERNEL_TICKS:
		break;
	}
	return false;
}

struct kthreads *kthreads_new(struct kernel *k, u64 hz)
{
	struct kthreads *t = xcalloc(1, sizeof(*t));
	const u64 cycles[NR_KERNEL_TICKS] = {
#define X(id, key, def, name, help) time_to_cycles(k->cfg.key, hz),
		KERNEL_TICKS(X)
#undef X
	};
	u32 scale = MAX(k->cfg.time_scale, 1), i;

	t->k = k;
	t->node = xcalloc(k->nodes, sizeof(*t->node));
	t->stagger = ps_to_cycles(STAGGER_PS / scale, hz);
	for (i = 0; i < NR_KERNEL_TICKS; i++)
		if (cycles[i] && k->cfg.placement == FRAME_BUDDY && has_tick(k, (enum kernel_tick)i))
			t->period[i] = MAX(cycles[i] / scale, 1);
	return t;
}

void kthreads_free(struct kthreads *t)
{
	free(t->node);
	free(t);
}

u32 kernel_nodes(const struct kernel *k)
{
	return k->nodes;
}

bool kernel_tick_is_of_node(enum kernel_tick what)
{
	return what == KERNEL_TICK_COMPACTION || what == KERNEL_TICK_FLUSHER ||
	       what == KERNEL_TICK_KHUGEPAGED;
}

u32 kernel_tick_places(const struct kernel *k, enum kernel_tick what, u32 cpus)
{
	if (what == KERNEL_TICK_FLUSHER || what == KERNEL_TICK_KHUGEPAGED)
		return 1;
	return kernel_tick_is_of_node(what) ? k->nodes : cpus;
}

u64 kernel_tick_period(const struct kernel *k, enum kernel_tick what)
{
	return k->kthreads->period[what];
}

u64 kernel_tick_first(const struct kernel *k, enum kernel_tick what, u32 of)
{
	return k->kthreads->period[what] + of * k->kthreads->stagger;
}

u64 kernel_ticks(const struct kernel *k, enum kernel_tick what)
{
	return k->kthreads->ticks[what];
}

/* refresh_cpu_vm_stats(): the counters are exact already, the lists of pages are not forgotten. */
static void vmstat_tick(struct kernel *k, struct cpu *c)
{
	struct zone *z;

	for (z = k->pa->zone; z < k->pa->zone + k->pa->n_zones; z++) {
		charge_step(&k->charger, c, STEP_VMSTAT_ZONE);
		charge_load(&k->charger, c, KPATH_KTHREAD, percpu_va(k->pa, c->id, percpu_pcp(z)),
			    PERCPU_PCP_BYTES);
		pcp_tick(z, c, c->id);
	}
}

static void reap(struct kernel *k, struct cpu *c)
{
	k->kthreads->st.reaped += slabs_reap(k->slabs, c);
}

void kernel_tick(struct kernel *k, struct cpu *c, enum kernel_tick what, u32 node)
{
	struct task *task = k->cpu[c->id].task;
	u64 begin = charge_begin(&k->charger, c);

	k->kthreads->ticks[what]++;
	kernel_task_run(k, c, NULL);
	switch (what) {
	case KERNEL_TICK_VMSTAT:
		kernel_path_step(k, c, NULL, STEP_TIMER_WORK);
		vmstat_tick(k, c);
		break;
	case KERNEL_TICK_REAP:
		kernel_path_step(k, c, NULL, STEP_TIMER_WORK);
		reap(k, c);
		break;
	case KERNEL_TICK_COMPACTION:
		kcompactd_tick(k->kthreads, c, node);
		break;
	case KERNEL_TICK_FLUSHER:
		kernel_path_step(k, c, NULL, STEP_TIMER_WORK);
		writeback_tick(k, c);
		break;
	case KERNEL_TICK_KHUGEPAGED:
		khugepaged_tick(k, c);
		break;
	case NR_KERNEL_TICKS:
		break;
	}
	kernel_task_run(k, c, task);
	charge_end(&k->charger, c, TL_TICK, begin, what, node);
}
