/*
 * Locks of reverse mapping: spinlocks until 2.6.38 (anon_vma) and 2.6.39 (i_mmap), mutexes after that, and
 * rw_semaphores since 3.8 and 3.19. Busy until a cycle, see charge.h; readers of an rw_semaphore are
 * together. For rmap*.c and who has one.
 */
#ifndef MMSIM_MM_RMAP_LOCK_H
#define MMSIM_MM_RMAP_LOCK_H

#include "model/base/types.h"

struct rmap_lock {
	u64 va, since;     /* of who had it last to change something: its line, and when he got it */
	u64 busy_until;    /* cycle until which somebody has it alone */
	u64 readers_until; /* and the last of those who have it together */
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
