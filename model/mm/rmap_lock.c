#include "model/mm/rmap_lock.h"

#include "model/mm/rmap_halves.h"

static bool charged(const struct rmap *r, const struct cpu *c)
{
	return r->k->charger.on && c;
}

static bool is_shared(const struct rmap *r, enum rmap_locking how)
{
	return r->rw_locks && how == RMAP_READ;
}

/* The cycle at which it can be had. */
static u64 free_at(const struct rmap *r, const struct rmap_lock *l, enum rmap_locking how)
{
	return is_shared(r, how) ? l->busy_until : MAX(l->busy_until, l->readers_until);
}

static u64 *taken(struct rmap *r, enum rmap_lock_kind kind)
{
	return kind == RMAP_LOCK_ANON ? &r->st.locks_anon : &r->st.locks_file;
}

static void waited(struct rmap *r, enum rmap_lock_kind kind, u64 cycles)
{
	if (kind == RMAP_LOCK_ANON) {
		r->st.waits_anon++;
		r->st.wait_cycles_anon += cycles;
	} else {
		r->st.waits_file++;
		r->st.wait_cycles_file += cycles;
	}
}

void rmap_lock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_lock_kind kind, u64 va,
	       enum rmap_locking how)
{
	u64 now, until = free_at(r, l, how);

	++*taken(r, kind);
	if (!charged(r, c))
		return;
	rmap_step(r, c, STEP_RMAP_LOCK, 1);
	rmap_store(r, c, va, 4);
	now = c->ops->now(c);
	if (now >= until)
		return;
	waited(r, kind, until - now);
	c->ops->wait_until(c, KPATH_LOCK, until);
}

bool rmap_trylock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_lock_kind kind, u64 va,
		  enum rmap_locking how)
{
	if (charged(r, c)) {
		rmap_step(r, c, STEP_RMAP_LOCK, 1);
		rmap_store(r, c, va, 4);
		if (c->ops->now(c) < free_at(r, l, how)) {
			r->st.busy++;
			return false;
		}
	}
	++*taken(r, kind);
	return true;
}

void rmap_unlock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_locking how)
{
	u64 now;

	if (!charged(r, c))
		return;
	now = c->ops->now(c);
	if (is_shared(r, how))
		l->readers_until = MAX(l->readers_until, now);
	else
		l->busy_until = now;
}
