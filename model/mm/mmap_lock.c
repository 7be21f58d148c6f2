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

	mm->k->mmap_lock.reads++;
	if (!has_vma_locks(mm->k) || !v || !v->va) {
		touch_lock(mm, c, KPATH_FAULT);
		wait_until(mm, c, &mm->k->mmap_lock.read_waits, l->written_until);
		return;
	}
	charge_store(&mm->k->charger, c, KPATH_FAULT, v->va + VMA_LOCK_OFFSET, 4);
	if (va >= l->start && va < l->end)
		wait_until(mm, c, &mm->k->mmap_lock.read_waits, l->written_until);
}

void fault_unlock(struct mm *mm, struct cpu *c, struct vma *v)
{
	if (has_vma_locks(mm->k) && v && v->va) {
		charge_store(&mm->k->charger, c, KPATH_FAULT, v->va + VMA_LOCK_OFFSET, 4);
		v->read_until = MAX(v->read_until, now(mm, c));
		return;
	}
	touch_lock(mm, c, KPATH_FAULT);
	mm->lock.read_until = MAX(mm->lock.read_until, now(mm, c));
}

/* vma_start_write() of each VMA that will change. */
static u64 readers_until(struct mm *mm, u64 start, u64 end)
{
	u64 until = mm->lock.read_until;
	u32 i;

	if (!has_vma_locks(mm->k))
		return until;
	for (i = vma_index(&mm->vmas, start); i < mm->vmas.n && mm->vmas.v[i]->start < end; i++)
		until = MAX(until, mm->vmas.v[i]->read_until);
	return until;
}

void mmap_write_lock(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	struct mmap_lock *l = &mm->lock;

	mm->k->mmap_lock.writes++;
	touch_lock(mm, c, KPATH_SYSCALL);
	wait_until(mm, c, &mm->k->mmap_lock.write_waits,
		   MAX(l->written_until, readers_until(mm, start, end)));
	l->start = start;
	l->end = end;
}

void mmap_write_unlock(struct mm *mm, struct cpu *c)
{
	touch_lock(mm, c, KPATH_SYSCALL);
	mm->lock.written_until = MAX(mm->lock.written_until, now(mm, c));
}
