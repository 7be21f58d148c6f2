/* Reverse mapping is told of VMAs: both the structure that their object has, and the half of private pages.
 */
#include "model/base/error.h"
#include "model/mm/rmap_halves.h"

/* On whose account: a call's, unless it is a fork or an exit. */
static struct rmap *on_path(const struct mm *mm, enum kernel_path path)
{
	struct rmap *r = mm ? mm->k->rmap : NULL;

	if (r)
		r->path = path;
	return r;
}

bool rmap_fork_mm(struct mm *from, struct mm *to, struct cpu *c)
{
	struct rmap *r = on_path(to, KPATH_FORK);

	return !r || !r->anon->fork_mm || r->anon->fork_mm(r, c, from, to);
}

void rmap_exit_mm(struct mm *mm, struct cpu *c)
{
	struct rmap *r = on_path(mm, KPATH_UNMAP);

	if (r && r->anon->exit_mm)
		r->anon->exit_mm(r, c, mm);
}

static void link_object(struct rmap *r, struct cpu *c, struct vma *v)
{
	if (!v->object)
		return;
	rmap_lock(r, c, &v->object->i_mmap.lock, RMAP_LOCK_FILE, rmap_i_mmap_lock_va(r, v->object),
		  RMAP_WRITE);
	r->i_mmap->link(r, c, v->object, v);
	rmap_unlock(r, c, &v->object->i_mmap.lock, RMAP_WRITE);
}

static void unlink_object(struct rmap *r, struct cpu *c, struct vma *v)
{
	if (!v->object)
		return;
	rmap_lock(r, c, &v->object->i_mmap.lock, RMAP_LOCK_FILE, rmap_i_mmap_lock_va(r, v->object),
		  RMAP_WRITE);
	r->i_mmap->unlink(r, c, v->object, v);
	rmap_unlock(r, c, &v->object->i_mmap.lock, RMAP_WRITE);
}

void rmap_link(struct mm *mm, struct cpu *c, struct vma *v)
{
	struct rmap *r = on_path(mm, KPATH_SYSCALL);

	v->mm = mm;
	if (r)
		link_object(r, c, v);
}

void rmap_unlink(struct mm *mm, struct cpu *c, struct vma *v)
{
	struct rmap *r = on_path(mm, KPATH_UNMAP);

	if (!r)
		return;
	if (r->anon->unlink)
		r->anon->unlink(r, c, v);
	unlink_object(r, c, v);
}

void rmap_before_change(struct mm *mm, struct cpu *c, struct vma *v)
{
	struct rmap *r = on_path(mm, KPATH_SYSCALL);

	if (!r)
		return;
	if (r->anon->before_change)
		r->anon->before_change(r, c, v);
	if (r->i_mmap->moves)
		unlink_object(r, c, v);
}

void rmap_after_change(struct mm *mm, struct cpu *c, struct vma *v)
{
	struct rmap *r = on_path(mm, KPATH_SYSCALL);

	if (!r)
		return;
	if (r->anon->after_change)
		r->anon->after_change(r, c, v);
	if (r->i_mmap->moves)
		link_object(r, c, v);
}

bool rmap_fork_vma(struct mm *to_mm, struct cpu *c, struct vma *from, struct vma *to)
{
	struct rmap *r = on_path(to_mm, KPATH_FORK);

	to->mm = to_mm;
	if (!r)
		return true;
	link_object(r, c, to);
	return !r->anon->fork_vma || r->anon->fork_vma(r, c, from, to);
}

void rmap_split(struct mm *mm, struct cpu *c, struct vma *from, struct vma *to)
{
	struct rmap *r = on_path(mm, KPATH_SYSCALL);

	if (r && r->anon->split)
		r->anon->split(r, c, from, to);
}

void rmap_merge(struct mm *mm, struct cpu *c, struct vma *keep, struct vma *gone)
{
	struct rmap *r = on_path(mm, KPATH_SYSCALL);

	if (r && r->anon->merge)
		r->anon->merge(r, c, keep, gone);
}

bool rmap_mergeable(const struct mm *mm, const struct vma *a, const struct vma *b)
{
	const struct rmap *r = mm ? mm->k->rmap : NULL;

	return !r || !r->anon->mergeable || r->anon->mergeable(r, a, b);
}

struct vma *rmap_entry_vma(const struct rmap_walk *w, const struct rmap_entry *e)
{
	struct vma *v = e->vma ? e->vma : mm_vma(e->mm, e->va);

	ASSERT(v);
	return v;
}

struct each_vma {
	rmap_vma_fn fn;
	void *arg;
};

static bool call_vma(struct i_mmap_scan *s, struct vma *v)
{
	const struct each_vma *e = s->arg;
	u64 last = v->pgoff + ((v->end - v->start) >> FRAME_SHIFT) - 1;

	rmap_load_range(s->r, s->c, v);
	if (v->pgoff <= s->last && s->first <= last)
		e->fn(e->arg, v);
	return true;
}

bool rmap_each_vma(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last, rmap_vma_fn fn,
		   void *arg)
{
	struct each_vma e = { fn, arg };
	struct i_mmap_scan s = {
		.r = k->rmap, .c = c, .first = first, .last = last, .vma = call_vma, .arg = &e
	};

	if (!k->rmap)
		return false;
	s.r->path = KPATH_UNMAP;
	rmap_lock(s.r, c, &o->i_mmap.lock, RMAP_LOCK_FILE, rmap_i_mmap_lock_va(s.r, o), RMAP_READ);
	s.r->i_mmap->scan(&s, o);
	rmap_unlock(s.r, c, &o->i_mmap.lock, RMAP_READ);
	return true;
}
