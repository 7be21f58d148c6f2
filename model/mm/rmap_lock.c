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

/* When those let it go who had it to change something; without memory of them, as late as any of them did. */
static u64 changed_until(struct rmap *r, const struct rmap_lock *l, u64 va, u64 when)
{
	const struct rmap_held *h = place_of(r, va);
	u32 i = 0;

	if (when >= l->busy_until || h->va != va)
		return MAX(when, l->busy_until);
	while (i < SPIN_HOLDS) {
		if (when < h->at[i].from || when >= h->at[i].until) {
			i++;
			continue;
		}
		when = h->at[i].until;
		i = 0;
	}
	return when;
}

/* The cycle, `when` or later, at which it can be had. */
static u64 free_at(struct rmap *r, const struct rmap_lock *l, u64 va, enum rmap_locking how, u64 when)
{
	u64 until = changed_until(r, l, va, when);

	return is_shared(r, how) ? until : MAX(until, l->readers_until);
}

static void had(struct rmap *r, struct rmap_lock *l, u64 until)
{
	struct rmap_held *h = place_of(r, l->va);

	if (h->va != l->va)
		*h = (struct rmap_held){ .va = l->va };
	h->at[h->n % SPIN_HOLDS].from = l->since;
	h->at[h->n++ % SPIN_HOLDS].until = until;
	l->busy_until = MAX(l->busy_until, until);
}

/* The lock is had from now on. */
static void got(const struct rmap *r, struct rmap_lock *l, u64 va, enum rmap_locking how, u64 now)
{
	if (is_shared(r, how))
		return;
	l->va = va;
	l->since = now;
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
	got(r, l, va, how, until);
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
		got(r, l, va, how, now);
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
		had(r, l, now);
}
