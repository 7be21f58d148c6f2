#include "model/mm/oom.h"

#include <math.h>

#include "model/mm/asid.h"
#include "model/mm/footprint.h"
#include "model/mm/pgtable.h"
#include "model/mm/vmscan.h"
#include "model/mm/zap.h"

static u64 mapped_bytes(const struct mm *mm)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < mm->vmas.n; i++)
		n += mm->vmas.v[i]->end - mm->vmas.v[i]->start;
	return n;
}

static void count_table(void *arg, u64 pfn, u32 level, u64 va)
{
	++*(u64 *)arg;
}

/*
 * oom_badness(): resident pages, swap and page tables since 2.6.36, without oom_score_adj, which recordings
 * do not tell; before that the size of what is mapped, by the square root of the CPU time in units of about 8
 * s and by the fourth root of the run time in 1024 s, both of which are 1 for a recording's length.
 */
static u64 badness(const struct mm *mm)
{
	u64 tables = 0;

	if (mm->k->cfg.era < ERA_2_6_37)
		return mapped_bytes(mm) >> FRAME_SHIFT;
	pgtable_each_table(mm, count_table, &tables);
	return mm->rss.anon + mm->rss.file + mm->rss.swap + tables;
}

static struct mm *select(struct kernel *k, struct cpu *c, u32 group)
{
	struct mm *mm, *worst = NULL;
	u64 points, most = 0;

	kernel_path_step(k, c, NULL, STEP_OOM_KILL);
	for (mm = k->mms; mm; mm = mm->next) {
		kernel_path_step(k, c, mm, STEP_OOM_TASK);
		points = mm->oom_victim || (group && mm->group != group) ? 0 : badness(mm);
		if (points > most) {
			most = points;
			worst = mm;
		}
	}
	return worst;
}

/* __oom_reap_task_mm(): private mappings only. */
static void reap(struct mm *mm, struct cpu *c)
{
	struct gather g;
	u32 i;

	gather_begin(&g, mm, c);
	if (mm->implicit_maps)
		zap_range(&g, 0, mm->k->user_end);
	for (i = 0; !mm->implicit_maps && i < mm->vmas.n; i++)
		if (!(mm->vmas.v[i]->flags & MM_SHARED))
			zap_range(&g, mm->vmas.v[i]->start, mm->vmas.v[i]->end);
	gather_flush(&g);
}

/* Simulated time is short: kernel.time_scale divides this period too. */
static u64 second_of(const struct kernel *k)
{
	return k->hz / MAX(k->cfg.time_scale, 1);
}

/*
 * out_of_memory() up to 2.6.9: nobody is killed before ten calls within more than a second, none of which
 * came 5 s after the one before; and none within 5 s of the last kill. Who asked tries again after a while.
 */
static bool is_patient(struct kernel *k, u64 now)
{
	struct oom_calls *o = &k->oom;
	u64 second = second_of(k);

	if (!o->n || now - o->last > 5 * second)
		*o = (struct oom_calls){ .first = now, .killed = o->killed, .kills = o->kills };
	o->last = now;
	o->n++;
	if (now - o->first < second || o->n < 10 || (o->kills && now - o->killed < 5 * second))
		return true;
	o->killed = now;
	o->kills++;
	return false;
}

/* blk_congestion_wait() of 2.6.9, yield() of 2.4. In a fault the thread waits, and begins again. */
static bool try_later(struct kernel *k, struct cpu *c, u64 now)
{
	u64 until = now + MAX(second_of(k) / 50, 1);

	if (k->cpu[c->id].in_fault) {
		k->cpu[c->id].reclaim_until = until;
		return false;
	}
	c->ops->wait_until(c, KPATH_IO_WAIT, until);
	return true;
}

bool oom_kill(struct kernel *k, struct cpu *c, u32 group)
{
	struct mm *victim;
	bool own;

	if (!c)
		return false;
	if (k->cfg.era <= ERA_2_6_9 && !group && is_patient(k, c->ops->now(c)))
		return try_later(k, c, c->ops->now(c));
	victim = select(k, c, group);
	if (!victim)
		return false;
	own = victim == k->asids[c->id].loaded;
	victim->oom_victim = true;
	k->reclaim.oom_kills++;
	k->reclaim.oom_pages += victim->rss.anon + victim->rss.file;
	timeline_instant(k->charger.timeline, c->id, TL_OOM_KILL, c->ops->now(c), 0,
			 victim->rss.anon + victim->rss.file);
	if (!own && !k->table_walks)
		reap(victim, c);
	return !own;
}
