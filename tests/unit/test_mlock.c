/*
 * mlock() and its kin: what is locked is there and stays, in every form of reclaim; what is unlocked can go;
 * a twin of bits a page says what should be locked after random calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/lru.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/swap.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE   4096ull
#define BASE   0x40000000ull
#define PAGES  512u
#define MEMORY (16ull << 20)
#define RW     (MM_READ | MM_WRITE)

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	struct mm *mm;
	bool woken; /* kswapd */
};

static void wake(void *arg, struct cpu *c, u32 node, u64 when)
{
	((struct env *)arg)->woken = true;
}

static struct env *env_new(enum kernel_era era, u32 layout, u32 reclaim)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){ .era = era,
				      .layout = layout,
				      .reclaim = reclaim,
				      .swappiness = 60,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .zero_page = true,
				      .instruction_scale = 100,
				      .time_scale = 1000000,
				      .placement = FRAME_BUDDY,
				      .swap = { .device = SWAP_ZRAM,
						.page_cluster = 3,
						.size = 4 * MEMORY,
						.zram = { 30, 0, 10, 20 } } };
	e->ptmem = ptmem_new(MEMORY / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	e->mm = mm_new(e->k, false);
	mm_load(e->mm, e->c);
	kernel_on_wake(e->k, wake, e);
	return e;
}

static void env_free(struct env *e)
{
	kernel_check(e->k);
	mm_put(e->mm, e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu);
	free(e);
}

static void map(struct env *e, u64 page, u64 n, u32 flags)
{
	struct mm_map m = { .addr = BASE + page * PAGE, .len = n * PAGE, .flags = flags | MM_ANON };

	assert_int_equal(mm_mmap(e->mm, e->c, &m), MM_OK);
}

static u64 entry_at(const struct env *e, u64 page)
{
	u64 pa = pgtable_entry(e->mm, NULL, KPATH_FAULT, BASE + page * PAGE, false);

	return pa == NO_ENTRY ? 0 : pte_read(e->mm, pa);
}

static bool is_there(const struct env *e, u64 page)
{
	u64 entry = entry_at(e, page);

	return entry && !entry_is_swap(e->k->format, entry);
}

static void use(struct env *e, u64 page, bool write)
{
	enum trap_result got;
	u32 traps;

	while ((got = ref_access(e->cpu, e->mm, BASE + page * PAGE, write ? ACCESS_WRITE : ACCESS_READ,
				 &traps)) == TRAP_BLOCK)
		e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->block_until);
	assert_int_equal(got, TRAP_RETRY);
	while (e->woken) {
		e->woken = false;
		kernel_run_threads(e->k, e->c, 0);
	}
}

static void populate(struct env *e, u64 page, u64 n)
{
	u64 at = 0;

	while (!mm_populate(e->mm, e->c, BASE + page * PAGE, n * PAGE, &at))
		e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->block_until);
}

static void lock(struct env *e, u64 page, u64 n)
{
	assert_int_equal(mm_mlock(e->mm, e->c, BASE + page * PAGE, n * PAGE), MM_OK);
	populate(e, page, n);
}

static u64 unevictable(const struct env *e)
{
	lru_add_drain(e->k, e->c);
	return lru_pages(e->k, 0, LRU_UNEVICTABLE) +
	       (e->k->lru->units > 1 ? lru_pages(e->k, 1, LRU_UNEVICTABLE) : 0);
}

/* Everything else goes to swap, and comes, and goes. */
static void press(struct env *e)
{
	u64 i, far = 4096, n = MEMORY / PAGE;

	map(e, far, n, RW);
	for (i = 0; i < 2 * n; i++)
		use(e, far + i % n, true);
	assert_int_equal(mm_munmap(e->mm, e->c, BASE + far * PAGE, n * PAGE), MM_OK);
}

static const struct {
	enum kernel_era era;
	u32 layout, reclaim;
} kernels[] = {
	{ ERA_2_4_21, KERNEL_LAYOUT_I386, 0 },   { ERA_2_6_9, KERNEL_LAYOUT_I386, 0 },
	{ ERA_2_6_18, KERNEL_LAYOUT_X86_64, 0 }, { ERA_2_6_37, KERNEL_LAYOUT_X86_64, 0 },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, 0 },    { ERA_6_X, KERNEL_LAYOUT_X86_64, RECLAIM_MGLRU + 1 },
};

/* Pages 0 to 99, of which 20 to 59 are locked: those are there afterwards, the others are not all. */
static void locked_pages_stay(void **state)
{
	u64 i, there, k;

	for (k = 0; k < ARRAY_SIZE(kernels); k++) {
		struct env *e = env_new(kernels[k].era, kernels[k].layout, kernels[k].reclaim);
		bool split = kernels[k].era >= ERA_2_6_26;

		map(e, 0, 100, RW);
		for (i = 0; i < 40; i++)
			use(e, i, true);
		lock(e, 20, 40);
		/* What was missing is there now, each by a fault; what was there is in the list. */
		for (i = 20; i < 60; i++)
			assert_true(is_there(e, i));
		assert_int_equal(e->k->fault.zero, 60);
		assert_int_equal(unevictable(e), split ? 40 : 0);
		press(e);
		for (i = 20; i < 60; i++)
			assert_true(is_there(e, i));
		assert_int_equal(unevictable(e), split ? 40 : 0);
		for (there = 0, i = 0; i < 20; i++)
			there += is_there(e, i);
		assert_in_range(there, 0, 5);

		assert_int_equal(mm_munlock(e->mm, e->c, BASE + 20 * PAGE, 40 * PAGE), MM_OK);
		assert_int_equal(unevictable(e), 0);
		kernel_check(e->k);
		press(e);
		for (there = 0, i = 20; i < 60; i++)
			there += is_there(e, i);
		assert_in_range(there, 0, 10);
		env_free(e);
	}
}

/* Zero pages, which nobody may write to, are replaced; what may not be touched is left. */
static void populating(void **state)
{
	struct env *e = env_new(ERA_6_X, KERNEL_LAYOUT_X86_64, 0);
	u64 i;

	map(e, 0, 8, RW);
	map(e, 8, 4, MM_READ);
	map(e, 12, 4, 0);
	for (i = 0; i < 12; i++)
		use(e, i, false);
	assert_int_equal(e->k->fault.zero_page, 12);
	lock(e, 0, 16);
	for (i = 0; i < 8; i++)
		assert_true(pte_flags(e->mm, entry_at(e, i)) & PTE_WRITE);
	for (i = 8; i < 12; i++)
		assert_int_equal(pte_pfn(e->mm, entry_at(e, i)), e->k->zero_pfn);
	for (i = 12; i < 16; i++)
		assert_int_equal(entry_at(e, i), 0);
	assert_int_equal(unevictable(e), 8);
	env_free(e);
}

/* mlockall(MCL_FUTURE) is of what comes, and ends with the address space: a child has nothing locked. */
static void all_of_them(void **state)
{
	struct env *e = env_new(ERA_6_X, KERNEL_LAYOUT_X86_64, 0);
	struct mm *child;
	u64 i;

	map(e, 0, 8, RW);
	mm_mlockall(e->mm, e->c, 2);
	assert_false(mm_vma(e->mm, BASE)->flags & MM_LOCKED);
	map(e, 100, 8, RW);
	assert_true(mm_vma(e->mm, BASE + 100 * PAGE)->flags & MM_LOCKED && mm_locks_new(e->mm));
	populate(e, 100, 8);
	assert_int_equal(unevictable(e), 8);
	mm_mlockall(e->mm, e->c, 1 | 2);
	populate(e, 0, 200);
	assert_int_equal(unevictable(e), 16);
	child = mm_fork(e->mm, e->c);
	assert_false(mm_locks_new(child) || mm_vma(child, BASE)->flags & MM_LOCKED);
	mm_put(child, e->c);
	mm_munlockall(e->mm, e->c);
	assert_int_equal(unevictable(e), 0);
	assert_false(mm_locks_new(e->mm));
	for (i = 0; i < e->mm->vmas.n; i++)
		assert_false(e->mm->vmas.v[i]->flags & MM_LOCKED);
	assert_int_equal(e->k->call.mlock, 2);
	assert_int_equal(e->k->call.munlock, 1);
	env_free(e);
}

/* Bits, one a page: mapped, locked. */
static void random_calls(void **state)
{
	struct env *e = env_new(ERA_6_X, KERNEL_LAYOUT_X86_64, 0);
	bool mapped[PAGES] = { false }, locked[PAGES] = { false }, later = false;
	struct rng rng;
	u32 step, i;

	rng_init(&rng, 5, "mlock");
	for (step = 0; step < 4000; step++) {
		u32 from = (u32)rng_below(&rng, PAGES - 40), n = 1 + (u32)rng_below(&rng, 40);

		switch (rng_below(&rng, 9)) {
		case 0:
			map(e, from, n, RW);
			memset(mapped + from, true, n);
			memset(locked + from, later, n);
			break;
		case 1:
			mm_munmap(e->mm, e->c, BASE + from * PAGE, n * PAGE);
			memset(mapped + from, false, n);
			break;
		case 2:
			later = rng_below(&rng, 2);
			if (rng_below(&rng, 10))
				break;
			mm_mlockall(e->mm, e->c, later ? 3 : 1);
			memset(locked, true, PAGES);
			break;
		case 3:
			if (rng_below(&rng, 10))
				break;
			mm_munlockall(e->mm, e->c);
			memset(locked, later = false, PAGES);
			break;
		case 4 ... 5:
			lock(e, from, n);
			memset(locked + from, true, n);
			for (i = from; i < from + n; i++)
				assert_int_equal(is_there(e, i), mapped[i]);
			break;
		case 6:
			mm_munlock(e->mm, e->c, BASE + from * PAGE, n * PAGE);
			memset(locked + from, false, n);
			break;
		default:
			for (i = from; i < from + n; i++)
				if (mapped[i])
					use(e, i, true);
		}
		later = mm_locks_new(e->mm);
		for (i = 0; i < PAGES; i++) {
			const struct vma *v = mm_vma(e->mm, BASE + i * PAGE);

			assert_int_equal(v != NULL, mapped[i]);
			assert_true(!v || !(v->flags & MM_LOCKED) == !locked[i]);
			if (!is_there(e, i))
				continue;
			/* A page of one mapping is unevictable if that is locked. */
			assert_int_equal(
				!(rmap_page(e->k, pte_pfn(e->mm, entry_at(e, i)))->marks & PG_UNEVICTABLE),
				!locked[i]);
		}
		if (step % 50 == 0)
			kernel_check(e->k);
	}
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locked_pages_stay),
		cmocka_unit_test(populating),
		cmocka_unit_test(all_of_them),
		cmocka_unit_test(random_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
