#include "model/mm/mmap_lock.h"

/* Of the lock in mm_struct, include/linux/sched.h and mm_types.h of the trees. */
static const u8 lock_offset[NR_ERA_CLASSES] = { 28, 44, 96, 184 };
/* Of vm_refcnt in vm_area_struct, 6.15 on. */
#define VMA_LOCK_OFFSET 128u

static bool has_vma_locks(const struct kernel *k)
{
	return k->cfg.era == ERA_6_X;
}

static void touch_lock(struct mm *mm, struct cpu *c, enum kernel_path path)
{
	if (mm->va)
		charge_store(&mm->k->charger, c, path, mm->va + lock_offset[era_class(mm->k->cfg.era)], 8);
}

static void wait_until(struct mm *mm, struct cpu *c, u64 *counter, u64 until)
{
	if (!c || !mm->k->charger.on || c->ops->now(c) >= until)
		return;
	++*counter;
	mm->k->mmap_lock.wait_cycles += until - c->ops->now(c);
	c->ops->wait_until(c, KPATH_LOCK, until);
}

static u64 now(const struct mm *mm, struct cpu *c)
{
	return c && mm->k->charger.on ? c->ops->now(c) : 0;
}

void fault_lock(struct mm *mm, struct cpu *c, const struct vma *v, u64 va)
{
	struct mmap_lock *l = &mm->lock;
	u64 free = rw_free_at(&l->times, true, now(mm, c));

	mm->k->mmap_lock.reads++;
	if (!has_vma_locks(mm->k) || !v || !v->va) {
		touch_lock(mm, c, KPATH_FAULT);
		wait_until(mm, c, &mm->k->mmap_lock.read_waits, free);
		l->since = now(mm, c);
		return;
	}
	charge_store(&mm->k->charger, c, KPATH_FAULT, v->va + VMA_LOCK_OFFSET, 4);
	if (va >= l->start && va < l->end)
		wait_until(mm, c, &mm->k->mmap_lock.read_waits, free);
	l->since = now(mm, c);
}

void fault_unlock(struct mm *mm, struct cpu *c, struct vma *v)
{
	if (has_vma_locks(mm->k) && v && v->va) {
		charge_store(&mm->k->charger, c, KPATH_FAULT, v->va + VMA_LOCK_OFFSET, 4);
		hold_add(&v->read, mm->lock.since, now(mm, c));
		return;
	}
	touch_lock(mm, c, KPATH_FAULT);
	rw_add(&mm->lock.times, true, mm->lock.since, now(mm, c));
}

/* vma_start_write() of each VMA that will change. */
static u64 vmas_free_at(struct mm *mm, u64 start, u64 end, u64 when)
{
	u32 i;

	for (i = vma_index(&mm->vmas, start); i < mm->vmas.n && mm->vmas.v[i]->start < end; i++)
		when = MAX(when, hold_free_at(&mm->vmas.v[i]->read, when));
	return when;
}

void mmap_write_lock(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	struct mmap_lock *l = &mm->lock;
	u64 free;

	mm->k->mmap_lock.writes++;
	touch_lock(mm, c, KPATH_SYSCALL);
	l->since = now(mm, c);
	free = rw_free_at(&l->times, false, l->since);
	if (has_vma_locks(mm->k))
		free = vmas_free_at(mm, start, end, free);
	wait_until(mm, c, &mm->k->mmap_lock.write_waits, free);
	l->start = start;
	l->end = end;
}

void mmap_write_unlock(struct mm *mm, struct cpu *c)
{
	touch_lock(mm, c, KPATH_SYSCALL);
	rw_add(&mm->lock.times, false, mm->lock.since, now(mm, c));
}
