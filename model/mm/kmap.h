/*
 * Addresses for pages of high memory, which have none of their own: kmap() and kmap_atomic(), and the fixmap
 * behind the latter. A page that lies in the direct map needs neither and keeps its address there.
 *
 * kmap(): slots in a ring, mapped by global entries, so they survive a context switch and every CPU may use
 * them. A page that is not used any more keeps its slot until the ring wraps; then all slots without users
 * are cleared and all CPUs flush (mm/highmem.c:flush_all_zero_pkmaps()). When all slots are used it waits:
 * it may sleep.
 *
 * kmap_atomic(): a slot a CPU and level of nesting, written at each use and invalidated on this CPU alone: at
 * its beginning until 2.6.10, at its end since (kpte_clear_flush()). Nobody may sleep in between.
 *
 * Not modelled: kmap_local's slots of a thread (since 5.11, as if they were the CPU's), the other names of
 * atomic slots. For model/mm.
 */
#ifndef MMSIM_MM_KMAP_H
#define MMSIM_MM_KMAP_H

#include "model/base/map64.h"
#include "model/mm/mm.h"

#define KMAP_STATS(X)                                                              \
	X(maps, "calls", "of kmap() for pages of high memory")                     \
	X(found, "calls", "of those, that found the page's slot")                  \
	X(looked_at, "slots", "in the search for others")                          \
	X(wraps, "times", "the ring began anew, which flushes")                    \
	X(flushes, "flushes", "of all CPUs' TLBs for it")                          \
	X(cleared, "slots", "without users, cleared then")                         \
	X(waits, "calls", "that found all slots in use, and wait")                 \
	X(misuses, "calls", "that may sleep where nobody may, or unbalanced ones") \
	X(atomics, "calls", "of kmap_atomic() for pages of high memory")           \
	X(low, "calls", "of either for pages of low memory, where there is high memory")

struct kmap_stats {
	KMAP_STATS(STAT_FIELD)
};

#define KM_TYPE_NR 13u /* asm-i386/kmap_types.h; nesting is at most that deep */

struct kmaps {
	struct kernel *k;
	u32 slots, last; /* last_pkmap_nr */
	u32 *count;      /* a slot: 0 free, 1 mapped without users, n + 1 of n users */
	u64 *pfn;
	struct map64 slot_of; /* pfn -> slot */
	u64 pte;              /* pa of slot 0's entry */
	u64 *fix_pte;         /* a CPU and level: pa of its entry */
	u32 depth[MAX_CPUS];
	struct spinlock lock;
	struct kmap_stats st;
};

/* The kernel must have its tables. NULL: no memory for those of the slots. */
struct kmaps *kmaps_new(struct kernel *k);
void kmaps_free(struct kmaps *m);
void kmaps_stats_add(const struct kmaps *m, struct stats *s); /* registers mm.kmap.* */
void kmaps_sane(const struct kmaps *m);

/* Frames by their numbers. An address; 0: all slots are in use, the caller waits and calls again. */
u64 kmap(struct kernel *k, struct cpu *c, u64 pfn);
void kunmap(struct kernel *k, struct cpu *c, u64 pfn);
/* Always an address. Nested ones end in the opposite order. */
u64 kmap_atomic(const struct kernel *k, struct cpu *c, u64 pfn);
void kunmap_atomic(const struct kernel *k, struct cpu *c, u64 va);
/* That hardware thread is about to sleep, or to run something else: counts it if it must not. */
void kmap_might_sleep(const struct kernel *k, const struct cpu *c);

#endif
