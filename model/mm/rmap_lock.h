/*
 * Locks of reverse mapping: spinlocks until 2.6.38 (anon_vma) and 2.6.39 (i_mmap), mutexes after that, and
 * rw_semaphores since 3.8 and 3.19, whose readers are together, but not with one that asked before them to
 * change something. Held for times, see model/sim/holds.h. For rmap*.c and who has one.
 */
#ifndef MMSIM_MM_RMAP_LOCK_H
#define MMSIM_MM_RMAP_LOCK_H

#include "model/base/types.h"
#include "model/sim/holds.h"

/* Of both kinds the last time for which it was held; rmap_held has more, as long as it has them. */
struct rmap_lock {
	u64 va;    /* its line */
	u64 since; /* who has it got it to read, or asked for it to change something */
	struct hold changed, read;
};

enum rmap_locking { RMAP_READ, RMAP_WRITE };
enum rmap_lock_kind { RMAP_LOCK_ANON, RMAP_LOCK_FILE };

struct rmap;
struct cpu;

/* va: its line. */
void rmap_lock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_lock_kind kind, u64 va,
	       enum rmap_locking how);
/* False: others have it. */
bool rmap_trylock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_lock_kind kind, u64 va,
		  enum rmap_locking how);
void rmap_unlock(struct rmap *r, struct cpu *c, struct rmap_lock *l, enum rmap_locking how);

#endif
