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

static struct rmap_held *place_of(struct rmap *r, u64 va)
{
	return &r->held[va / 64 % RMAP_HELD_LOCKS];
}

/* The cycle, `when` or later, at which it can be had; without memory of it, as its last times have it. */
static u64 free_at(struct rmap *r, const struct rmap_lock *l, u64 va, enum rmap_locking how, u64 when)
{
	const struct rmap_held *h = place_of(r, va);
	bool reads = is_shared(r, how);

	if (h->va == va)
		return rw_free_at(&h->times, reads, when);
	when = hold_free_at(&l->changed, when);
	return reads ? when : hold_free_at(&l->read, when);
}

static void had(struct rmap *r, struct rmap_lock *l, bool reads, u64 until)
{
	struct rmap_held *h = place_of(r, l->va);

	if (h->va != l->va)
		*h = (struct rmap_held){ .va = l->va };
	rw_add(&h->times, reads, l->since, until);
	hold_add(reads ? &l->read : &l->changed, l->since, until);
}

/* The lock is had; who reads has asked for nothing that others could not have meanwhile. */
static void got(const struct rmap *r, struct rmap_lock *l, u64 va, enum rmap_locking how, u64 asked, u64 from)
{
	l->va = va;
	l->since = is_shared(r, how) ? from : asked;
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
	u64 now, until;

	++*taken(r, kind);
	if (!charged(r, c))
		return;
	rmap_step(r, c, STEP_RMAP_LOCK, 1);
	rmap_store(r, c, va, 4);
	now = c->ops->now(c);
	until = free_at(r, l, va, how, now);
	got(r, l, va, how, now, until);
	if (now >= until)
		return;
	waited(r, kind, until - now);
	c->ops->wait_until(c, KPATH_LOCK, until);
}

bool rmap_trylock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_lock_kind kind, u64 va,
		  enum rmap_locking how)
{
	u64 now;

	if (charged(r, c)) {
		rmap_step(r, c, STEP_RMAP_LOCK, 1);
		rmap_store(r, c, va, 4);
		now = c->ops->now(c);
		if (now < free_at(r, l, va, how, now)) {
			r->st.busy++;
			return false;
		}
		got(r, l, va, how, now, now);
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
	had(r, l, is_shared(r, how), now);
}
