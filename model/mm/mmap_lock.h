/*
 * What keeps faults and changes of an address space apart: mmap_sem, called mmap_lock since 5.8, which every
 * fault takes to read and every call that changes mappings to write; since 6.4 a fault takes the lock of its
 * VMA instead, and waits only for a change of that one (mm/memory.c:lock_vma_under_rcu()).
 *
 * A sleeping lock, but as paths run at once it is held for times (model/sim/holds.h), and who waits keeps the
 * core. Readers are together; a writer waits for those before it, and who comes after it waits behind it, as
 * rwsem's have done from 2.4 on (lib/rwsem.c: a waiter in the count sends readers to the queue). Taking it to
 * read writes its line too, which goes from core to core. Not modelled: optimistic spinning; the VMA's lock
 * as an object of its own, 6.4 to 6.14. For model/mm.
 */
#ifndef MMSIM_MM_MMAP_LOCK_H
#define MMSIM_MM_MMAP_LOCK_H

#include "model/mm/mm.h"

/* A fault in the VMA, NULL: there is none there; until fault_unlock(). */
void fault_lock(struct mm *mm, struct cpu *c, const struct vma *v, u64 va);
void fault_unlock(struct mm *mm, struct cpu *c, struct vma *v);
/* A call that changes what is mapped in start..end. */
void mmap_write_lock(struct mm *mm, struct cpu *c, u64 start, u64 end);
void mmap_write_unlock(struct mm *mm, struct cpu *c);

#endif
