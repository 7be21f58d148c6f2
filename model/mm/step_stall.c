/*
 * What steps take beside the issue of their instructions: atomics, the processor's own work at entry and
 * return, and what code costs that is run through once.
 *
 * Atomics are those of 6.x with SMP alternatives applied, from its sources: locks that are taken (their
 * release is a plain store on x86), reference and map counts, page flags, exchanges of entries. Half of them
 * are what kernels before 2.6.24 have, with one lock for what now has several; their uniprocessor builds have
 * no LOCK prefix at all (CONFIG_SMP). Atomics of per-CPU words have none either.
 *
 * What reverse mapping adds to them there is counted by itself, from mm/rmap.c of 2.5.65-mm3, 2.6.5 and
 * 2.6.9: a bit lock of the page is taken and given back by two atomics, PG_direct and PG_anon are set and
 * cleared by one each; since 2.6.9 a page's count is an atomic, and there is no lock.
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/charge.h"
#include "model/mm/step.h"

static const u8 atomics[NR_KERNEL_STEPS] = {
	[STEP_VMA_LOOKUP] = 2,     /* lock_vma_under_rcu(), vma_end_read() */
	[STEP_PTE_SET] = 1,        /* the table's lock */
	[STEP_LRU_ADD] = 1,        /* folio_get() */
	[STEP_LRU_DRAIN_PAGE] = 3, /* flag, folio_put(), a share of the lock and its neighbours' */
	[STEP_WP_FAULT] = 6,       /* folio_get(), its lock twice, the table's again, map count, exchange */
	[STEP_WP_REUSE] = 3,       /* the page is locked, unlocked, PG_anon_exclusive set */
	[STEP_FILE_FAULT] = 2,     /* the first page's lock */
	[STEP_FILE_PAGE] = 4,      /* reference, lock, map count, unlock */
	[STEP_FILE_WRITE] = 5,     /* the page's lock, dirty, the mapping's tag */
	[STEP_TABLE_ALLOC] = 3,    /* pgtables_bytes, the locks of table and mm */
	[STEP_HUGE_FAULT] = 4,     /* the same, and the deposit */
	[STEP_MMAP] = 6,           /* mmap_lock and what VMAs refer to */
	[STEP_MUNMAP] = 8,
	[STEP_MPROTECT] = 6,
	[STEP_MADVISE] = 4,
	[STEP_FORK] = 150, /* references to files, signals, credentials, namespaces */
	[STEP_FORK_VMA] = 5,
	[STEP_FORK_PAGE] = 3, /* reference, map count, ptep_set_wrprotect() */
	[STEP_EXIT_MM] = 200,
	[STEP_UNMAP_PAGE] = 4, /* exchange, map count, reference, LRU flag */
	[STEP_UNMAP_SHARED] = 3,
	[STEP_UNMAP_FILE] = 3,
	[STEP_PROTECT_PAGE] = 1, /* ptep_modify_prot_start() */
	[STEP_FLUSH] = 1,        /* tlb_gen */
	[STEP_PCP_ALLOC] = 1,    /* pcp_spin_trylock() */
	[STEP_PCP_FREE] = 1,
	[STEP_PCP_REFILL] = 1, /* the zone's lock */
	[STEP_PCP_DRAIN] = 1,
	[STEP_BUDDY_ALLOC] = 1,
	[STEP_BUDDY_FREE] = 1,
	[STEP_FALLBACK] = 1,
	[STEP_COMPACT_ISOLATE] = 3,
	[STEP_COMPACT_MOVE] = 12,
	[STEP_SLAB_REFILL] = 1,
	[STEP_SLAB_FLUSH] = 1,
	[STEP_SLUB_NODE] = 2,
	[STEP_SLUB_FREE_SLOW] = 1,
	[STEP_KMAP_NEW] = 1,
	[STEP_VMAP_AREA] = 2,
	[STEP_VUNMAP] = 2,
	[STEP_IPI_CALL] = 1,
	[STEP_IPI_TARGET] = 2,
	[STEP_IPI_QUEUE] = 1,
	[STEP_IPI_FLUSH] = 1,
	[STEP_SWAP_ALLOC] = 3,
	[STEP_SWAP_FREE] = 2,
	[STEP_SWAP_DUPLICATE] = 1,
	[STEP_SWAP_CACHE_FIND] = 1,
	[STEP_SWAP_CACHE_ADD] = 4,
	[STEP_SWAP_CACHE_DELETE] = 4,
	[STEP_SWAP_FAULT] = 6,
	[STEP_SWAP_IO] = 10,
	[STEP_MLOCK] = 6,
	[STEP_MLOCK_PAGE] = 3, /* PG_mlocked, the LRU flag, a share of its lock */
	[STEP_SHMEM_OUT] = 4, /* the list's mutex, the inode's lock twice, the page's */
	[STEP_SHMEM_IN] = 3,  /* the page is locked and unlocked, the inode's lock */
	[STEP_ISOLATE_BATCH] = 2,
	[STEP_ISOLATE_PAGE] = 2,
	[STEP_PUTBACK_PAGE] = 2,
	[STEP_SHRINK_PAGE] = 4,
	[STEP_REFERENCED_ENTRY] = 1, /* the accessed bit, test-and-clear */
	[STEP_UNMAP_ENTRY] = 3,
	[STEP_KSWAPD_WAKE] = 4,
	[STEP_KSWAPD_RUN] = 6,
	[STEP_TIMER_WORK] = 8,
};

static const u8 rmap_atomics[NR_KERNEL_STEPS] = {
	[STEP_RMAP_CHAIN_DIRECT] = 3, /* PG_direct is set */
	[STEP_RMAP_CHAIN_ADD] = 2,
	[STEP_RMAP_CHAIN_NEW] = 3, /* mostly a page's first chain: PG_direct is cleared */
	[STEP_RMAP_CHAIN_REMOVE] = 2,
	[STEP_RMAP_CHAIN_COUNT] = 2,
	[STEP_RMAP_CHAIN_UNCOUNT] = 2,
	[STEP_RMAP_PAGE_LOCK] = 1, /* the count becomes plain, the lock has two */
	[STEP_RMAP_ADD_ANONMM] = 1,
	[STEP_RMAP_ADD_ANON_VMA] = 1,
	[STEP_RMAP_REMOVE] = 1,
};

/* Interrupts that are off guard the lists; that they have a lock is of 6.0. */
static bool without_lock(enum kernel_step s, enum kernel_era era)
{
	return (s == STEP_PCP_ALLOC || s == STEP_PCP_FREE) && era < ERA_6_X;
}

static u32 atomics_of(enum kernel_step s, enum kernel_era era, u32 cpus)
{
	if (without_lock(s, era))
		return 0;
	if (era_class(era) >= CLASS_2_6_37)
		return atomics[s];
	if (cpus == 1)
		return 0;
	if (s == STEP_RMAP_COUNT)
		return era < ERA_2_6_9 ? 2 : 1;
	return (atomics[s] + 1u) / 2 + rmap_atomics[s];
}

/* The processor's own part in entry and return. */
static u64 entry_of(enum kernel_step s, const struct step_stalls *cost)
{
	return s == STEP_FAULT_ENTRY ? cost->trap : s == STEP_SYSCALL ? cost->syscall : 0;
}

void charger_stalls(struct charger *ch, enum kernel_era era, const struct step_stalls *cost, u32 cpus)
{
	u32 s;

	ch->runs = xcalloc(MAX_CPUS, sizeof(*ch->runs));
	for (s = 0; s < NR_KERNEL_STEPS; s++) {
		struct step_text *t = &ch->step[s];
		u64 lines = (t->instructions + INSTRUCTIONS_A_LINE - 1) / INSTRUCTIONS_A_LINE;

		t->stall = entry_of(s, cost) + atomics_of(s, era, cpus) * cost->atomic;
		t->once = MIN(lines, STEP_LINES_MAX) * cost->text_line;
	}
}

void charger_fini(struct charger *ch)
{
	free(ch->runs);
}
