/*
 * Programs whose pages go to swap and come back, in all eras and on all devices: each page keeps its own
 * contents, which a twin has by address, through forks, writes, calls, and what reclaim does, here done by
 * hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/page_io.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/swap_impl.h"
#include "model/mm/workingset.h"
#include "tests/ref/ref_blockdev.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE    4096ull
#define BASE    0x40000000ull
#define PAGES   192u /* of the space in which everything happens */
#define MEMORY  (24ull << 20)
#define NR_MMS  5u
#define RW      (MM_READ | MM_WRITE)
#define NOTHING 0u /* contents of a page that nobody has written */

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct rng rng;
	struct mm *mm[NR_MMS];
	bool mapped[NR_MMS][PAGES];
	u32 expected[NR_MMS][PAGES]; /* contents */
	u32 *in_frame, *in_slot;     /* contents of each frame and, as last written, slot */
	u64 *cached;                 /* page of each slot when its contents were looked at */
	u32 written;                 /* contents that there were so far */
};

/* ---- contents ---- */

static u64 entry_of(struct env *e, struct mm *mm, u32 page)
{
	u64 pa = pgtable_entry(mm, NULL, KPATH_FAULT, BASE + page * PAGE, false);

	return pa == NO_ENTRY ? 0 : pte_read(mm, pa);
}

static u32 contents_of(struct env *e, struct mm *mm, u64 entry)
{
	u64 slot, pfn;

	if (!entry)
		return NOTHING;
	if (!entry_is_swap(e->k->format, entry))
		return e->in_frame[pte_pfn(mm, entry)];
	slot = pte_swap_slot(mm, entry);
	pfn = swap_cache_page(e->k, slot);
	return pfn == NO_FRAME ? e->in_slot[slot] : e->in_frame[pfn];
}

/* Pages that came into the cache were read; a page that leaves it may be in the way of another one's
 * contents. */
static void follow_cache(struct env *e)
{
	u64 slot, pfn;

	for (slot = 1; slot < e->k->swap->n; slot++) {
		pfn = swap_cache_page(e->k, slot);
		if (pfn != NO_FRAME && pfn != e->cached[slot])
			e->in_frame[pfn] = e->in_slot[slot];
		e->cached[slot] = pfn;
	}
}

static void check_contents(struct env *e)
{
	u32 m, i;

	for (m = 0; m < NR_MMS; m++)
		for (i = 0; e->mm[m] && i < PAGES; i++)
			assert_int_equal(contents_of(e, e->mm[m], entry_of(e, e->mm[m], i)),
					 e->expected[m][i]);
}

/* ---- what programs do ---- */

/* False: there is no memory, or no right. */
static bool access_page(struct env *e, u32 m, u32 page, enum access_kind kind)
{
	struct cpu *c = &e->cpu->cpu;
	enum trap_result got;
	u32 traps, waits = 0;

	while ((got = ref_access(e->cpu, e->mm[m], BASE + page * PAGE, kind, &traps)) == TRAP_BLOCK) {
		follow_cache(e);
		assert_true(++waits < 5);
		c->ops->wait_until(c, KPATH_LOCK, c->block_until);
	}
	follow_cache(e);
	return got == TRAP_RETRY;
}

/* What a walker does at the first write, where the kernel has not done it before. */
static void set_dirty(struct env *e, u32 m, u32 page)
{
	const struct pt_format *f = e->k->format;
	u64 pa = pgtable_entry(e->mm[m], NULL, KPATH_FAULT, BASE + page * PAGE, false);
	u64 entry = pte_read(e->mm[m], pa);

	pte_write(e->mm[m], NULL, KPATH_FAULT, pa,
		  f->encode(f->pa(entry, 0), f->flags(entry, 0) | PTE_DIRTY, 0));
}

static void touch(struct env *e, u32 m, u32 page, bool write)
{
	u32 before = contents_of(e, e->mm[m], entry_of(e, e->mm[m], page));
	u64 entry, pfn;

	if (!access_page(e, m, page, write ? ACCESS_WRITE : ACCESS_READ))
		return;
	assert_true(e->mapped[m][page]);
	entry = entry_of(e, e->mm[m], page);
	pfn = pte_pfn(e->mm[m], entry);
	assert_true(pte_flags(e->mm[m], entry) & PTE_PRESENT);
	if (pfn == e->k->zero_pfn) {
		assert_int_equal(before, NOTHING);
		return;
	}
	/* A copy, or what was read around the cache. */
	e->in_frame[pfn] = before;
	if (!write)
		return;
	e->in_frame[pfn] = e->expected[m][page] = ++e->written;
	set_dirty(e, m, page);
}

static void set_range(struct env *e, u32 m, u32 from, u32 to, bool mapped)
{
	for (; from < to; from++) {
		e->mapped[m][from] = mapped;
		e->expected[m][from] = NOTHING;
	}
}

static void map_range(struct env *e, u32 m, u32 from, u32 to)
{
	struct mm_map map = { .addr = BASE + from * PAGE, .len = (to - from) * PAGE, .flags = RW | MM_ANON };

	assert_int_equal(mm_mmap(e->mm[m], &e->cpu->cpu, &map), MM_OK);
	set_range(e, m, from, to, true);
}

static void move_range(struct env *e, u32 m, u32 from, u32 to, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (!e->mapped[m][from + i])
			return;
	if (from + n > to && to + n > from)
		return;
	if (mm_mremap(e->mm[m], &e->cpu->cpu, BASE + from * PAGE, n * PAGE, BASE + to * PAGE, n * PAGE) !=
	    MM_OK)
		return;
	for (i = 0; i < n; i++) {
		e->mapped[m][to + i] = true;
		e->expected[m][to + i] = e->expected[m][from + i];
	}
	set_range(e, m, from, from + n, false);
}

static void copy_mm(struct env *e, u32 from, u32 to)
{
	e->mm[to] = mm_fork(e->mm[from], &e->cpu->cpu);
	if (!e->mm[to])
		return;
	memcpy(e->mapped[to], e->mapped[from], sizeof(e->mapped[to]));
	memcpy(e->expected[to], e->expected[from], sizeof(e->expected[to]));
}

static void end_mm(struct env *e, u32 m)
{
	mm_put(e->mm[m], &e->cpu->cpu);
	e->mm[m] = NULL;
}

/* ---- what reclaim does ---- */

struct taking {
	struct env *e;
	struct mm *mm;
	u64 pfn;
};

static void take_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct taking *t = arg;
	struct kernel *k = t->e->k;
	struct cpu *c = &t->e->cpu->cpu;
	struct page *p = rmap_page(k, t->pfn);

	if (pte_pfn(t->mm, entry) != t->pfn)
		return;
	if (pte_flags(t->mm, entry) & PTE_DIRTY)
		p->marks |= PG_DIRTY;
	pte_write(t->mm, c, KPATH_RECLAIM, entry_pa, pte_swap(t->mm, p->swap - 1));
	swap_duplicate(k, c, p->swap - 1);
	t->mm->rss.swap++;
	rmap_remove(k, c, &(struct rmap_entry){ .mm = t->mm, .va = va, .entry_pa = entry_pa, .pfn = t->pfn },
		    KPATH_RECLAIM);
	tlb_flush_page(t->mm, c, va);
	frame_put(k->frames, c, t->pfn);
}

/* Writes the page if it has to be; out: it leaves the cache too, if nothing is in the way. */
static void write_out(struct env *e, u64 pfn, bool out)
{
	struct kernel *k = e->k;
	struct cpu *c = &e->cpu->cpu;
	struct page *p = rmap_page(k, pfn);
	u64 slot = p->swap - 1;

	if (!page_io_over(p, c->ops->now(c)))
		return;
	if (p->marks & PG_DIRTY) {
		u64 end = swap_write(k, c, pfn);

		if (p->marks & PG_DIRTY)
			return;
		e->in_slot[slot] = e->in_frame[pfn];
		if (out)
			c->ops->wait_until(c, KPATH_LOCK, end);
	}
	if (!out || !page_io_over(p, c->ops->now(c)) || frame_refs(k->frames, pfn) != 1)
		return;
	frame_get(k->frames, pfn);
	swap_cache_remove(k, c, pfn, workingset_eviction(k, pfn));
	frame_put_cold(k->frames, c, pfn);
}

static void swap_out(struct env *e, u64 pfn, bool out)
{
	struct taking t = { .e = e, .pfn = pfn };
	struct page *p = rmap_page(e->k, pfn);

	if (!p || !p->mapcount || !swap_add(e->k, &e->cpu->cpu, pfn))
		return;
	e->cached[p->swap - 1] = pfn;
	for (t.mm = e->k->mms; t.mm; t.mm = t.mm->next)
		pgtable_each(t.mm, 0, e->k->user_end, take_entry, &t);
	assert_int_equal(p->mapcount, 0);
	write_out(e, pfn, out);
}

static void reclaim_page(struct env *e, u32 m, u32 page)
{
	u64 entry = entry_of(e, e->mm[m], page), pfn;
	bool out = rng_below(&e->rng, 2);

	if (!entry)
		return;
	if (entry_is_swap(e->k->format, entry))
		pfn = swap_cache_page(e->k, pte_swap_slot(e->mm[m], entry));
	else
		pfn = pte_pfn(e->mm[m], entry);
	if (pfn == NO_FRAME || pfn == e->k->zero_pfn)
		return;
	if (entry_is_swap(e->k->format, entry))
		write_out(e, pfn, out);
	else
		swap_out(e, pfn, out);
}

/* ---- machines ---- */

struct machine {
	enum kernel_era era;
	u32 layout, device;
	u64 swap_pages;
	u32 rmap; /* kernel.rmap: enum rmap_scheme + 1, or */
};
#define BY_ERA 0

static struct env *env_new(const struct machine *m, u64 seed)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = {
		.cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = seed, .cpus = 1
	};

	e->cfg = (struct kernel_cfg){ .era = m->era,
				      .layout = m->layout,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .zero_page = true,
				      .instruction_scale = 100,
				      .placement = FRAME_BUDDY,
				      .rmap = m->rmap,
				      .swap = { .device = m->device,
						.page_cluster = 3,
						.size = m->swap_pages * PAGE,
						.zram = { 10, 5, 15, 55 } },
				      .blockdev = { ref_disk, ref_flash, ref_flash } };
	e->ptmem = ptmem_new(MEMORY / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->in_frame = calloc(MEMORY / PAGE, sizeof(*e->in_frame));
	e->in_slot = calloc(e->k->swap->n, sizeof(*e->in_slot));
	e->cached = malloc(e->k->swap->n * sizeof(*e->cached));
	memset(e->cached, 0xff, e->k->swap->n * sizeof(*e->cached));
	rng_init(&e->rng, seed, "swap");
	return e;
}

static void env_free(struct env *e)
{
	u32 m;

	for (m = 0; m < NR_MMS; m++)
		if (e->mm[m])
			end_mm(e, m);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->in_frame);
	free(e->in_slot);
	free(e->cached);
	free(e->cpu);
	free(e);
}

static void step(struct env *e)
{
	u32 m = (u32)rng_below(&e->rng, NR_MMS), page = (u32)rng_below(&e->rng, PAGES - 16);
	u32 to = (u32)rng_below(&e->rng, PAGES - 16), n = 1 + (u32)rng_below(&e->rng, 16);
	struct cpu *c = &e->cpu->cpu;
	u64 what = rng_below(&e->rng, 4000);

	if (!e->mm[m]) {
		e->mm[m] = mm_new(e->k, false);
		set_range(e, m, 0, PAGES, false);
		map_range(e, m, 0, PAGES);
		return;
	}
	if (what < 8 && m != to % NR_MMS && !e->mm[to % NR_MMS])
		copy_mm(e, m, to % NR_MMS);
	else if (what < 12)
		end_mm(e, m);
	else if (what < 30)
		map_range(e, m, page, page + n);
	else if (what < 40) {
		assert_int_equal(mm_munmap(e->mm[m], c, BASE + page * PAGE, n * PAGE), MM_OK);
		set_range(e, m, page, page + n, false);
	} else if (what < 60) {
		move_range(e, m, page, to, n);
	} else if (what < 70) {
		mm_madvise(e->mm[m], c, BASE + page * PAGE, n * PAGE, 4);
		memset(&e->expected[m][page], 0, n * sizeof(e->expected[m][0]));
	} else if (what < 90) {
		mm_mprotect(e->mm[m], c, BASE + page * PAGE, n * PAGE, what & 1 ? MM_READ : RW);
	} else if (what < 1700) {
		reclaim_page(e, m, page);
	} else {
		touch(e, m, page, what % 3);
	}
	follow_cache(e);
}

static void run(const struct machine *m, u64 seed, u32 steps)
{
	struct env *e = env_new(m, seed);
	const struct swap_stats *st = &e->k->swap->st;
	u32 i;

	for (i = 0; i < steps; i++) {
		step(e);
		if (i % 8 == 0)
			check_contents(e);
		if (i % 64 == 0) {
			kernel_check(e->k);
			ref_tlb_check(e->cpu);
		}
	}
	assert_true(st->written > steps / 40 && st->read > steps / 100 && e->k->fault.swap > steps / 40);
	assert_true(e->k->fault.major && e->k->fault.cow);
	env_free(e);
}

#define SWAP_HDD  BLOCKDEV_HDD
#define SWAP_NVME BLOCKDEV_NVME

static const struct machine machines[] = {
	{ ERA_2_4_0, KERNEL_LAYOUT_I386, SWAP_HDD, 700, BY_ERA },
	{ ERA_2_4_21, KERNEL_LAYOUT_I386, SWAP_HDD, 2000, BY_ERA },
	{ ERA_2_6_9, KERNEL_LAYOUT_I386_PAE, SWAP_HDD, 700, BY_ERA },
	{ ERA_2_6_18, KERNEL_LAYOUT_X86_64, SWAP_HDD, 700, BY_ERA },
	{ ERA_2_6_37, KERNEL_LAYOUT_X86_64, SWAP_NVME, 700, BY_ERA },
	{ ERA_2_6_37, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 700, BY_ERA },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 1500, BY_ERA },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_HDD, 700, BY_ERA },
	{ ERA_2_6_18, KERNEL_LAYOUT_X86_64, SWAP_NVME, 700, RMAP_PTE_CHAIN + 1 },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 700, RMAP_OBJRMAP + 1 },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 700, RMAP_ANON_VMA + 1 },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 700, RMAP_NONE + 1 },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 1500, BY_ERA },
	{ ERA_6_X, KERNEL_LAYOUT_SV39, SWAP_NVME, 300, BY_ERA },
	{ ERA_6_X, KERNEL_LAYOUT_ARM64_4K, SWAP_ZRAM, 300, BY_ERA },
};

static void contents_survive(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		run(&machines[i], i + 1, 20000);
}

/* Two slots, and then five: most of what reclaim wants is refused. */
static void hardly_any_slots(void **state)
{
	static const struct machine small[] = {
		{ ERA_2_6_9, KERNEL_LAYOUT_I386, SWAP_HDD, 3, BY_ERA },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 6, BY_ERA },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 6, BY_ERA },
	};
	struct env *e;
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(small); i++) {
		e = env_new(&small[i], i);
		for (j = 0; j < 4000; j++) {
			step(e);
			check_contents(e);
			if (j % 32 == 0)
				kernel_check(e->k);
		}
		assert_true(e->k->swap->st.full);
		env_free(e);
	}
}

/* ---- single faults ---- */

/* Writes pages first..first+n-1 of a new program and sends them to the device, out of the cache. */
static struct env *swapped(const struct machine *m, u32 n)
{
	struct env *e = env_new(m, 1);
	u32 i;

	e->mm[0] = mm_new(e->k, false);
	map_range(e, 0, 0, PAGES);
	for (i = 0; i < n; i++)
		touch(e, 0, i, true);
	for (i = 0; i < n; i++)
		swap_out(e, pte_pfn(e->mm[0], entry_of(e, e->mm[0], i)), true);
	assert_int_equal(e->mm[0]->rss.swap, n);
	assert_int_equal(e->k->swap->st.cached, 0);
	follow_cache(e);
	return e;
}

static enum trap_result fault_at(struct env *e, u32 page, enum access_kind kind)
{
	u32 traps;

	return ref_access(e->cpu, e->mm[0], BASE + page * PAGE, kind, &traps);
}

/* A thread that has to wait is told until when, and the same fault then finds the page: one major fault. */
static void a_major_fault_waits(void **state)
{
	static const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 1000, BY_ERA };
	struct env *e = swapped(&m, 64);
	struct cpu *c = &e->cpu->cpu;
	u64 faults = e->k->pgfault, now;

	assert_int_equal(fault_at(e, 20, ACCESS_READ), TRAP_BLOCK);
	now = c->ops->now(c);
	assert_true(c->block_until > now + 30000 && c->block_until < now + 1000000);
	assert_int_equal(e->k->fault.major, 0);
	assert_int_equal(e->k->pgfault, faults);
	/* Too early: it waits for the same transfer. */
	assert_int_equal(fault_at(e, 20, ACCESS_READ), TRAP_BLOCK);
	assert_int_equal(blockdev_stats(e->k->swap->dev)->reads, 1);
	c->ops->wait_until(c, KPATH_LOCK, c->block_until);
	assert_int_equal(fault_at(e, 20, ACCESS_READ), TRAP_RETRY);
	assert_int_equal(e->k->fault.major, 1);
	assert_int_equal(e->k->fault.swap, 1);
	assert_int_equal(e->k->pgfault, faults + 1);
	assert_int_equal(e->k->fault.blocked, 2);
	follow_cache(e);
	env_free(e);
}

/* The first window of a VMA is of 8 pages; what it has read are minor faults, and hits that make the next as
 * large. */
static void readahead_of_a_vma(void **state)
{
	static const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 1000, BY_ERA };
	struct env *e = swapped(&m, 64);
	const struct swap_stats *st = &e->k->swap->st;
	u32 i;

	assert_true(access_page(e, 0, 0, ACCESS_READ));
	/* Not next to the last fault, which was page 0 of nothing: 3 pages before it, which there are none
	 * of. */
	assert_int_equal(st->read, 5);
	for (i = 1; i < 5; i++)
		assert_true(access_page(e, 0, i, ACCESS_READ));
	assert_int_equal(st->readahead_hits, 4);
	assert_int_equal(e->k->fault.major, 1);
	assert_int_equal(e->k->fault.minor, 64 + 4);
	/* 4 hits: 8 pages from here on. */
	assert_true(access_page(e, 0, 5, ACCESS_READ));
	assert_int_equal(st->read, 5 + 8);
	assert_int_equal(e->k->fault.major, 2);
	env_free(e);
}

/* The aligned block of 8 slots, of which the first is the header. */
static void readahead_of_a_block(void **state)
{
	static const struct machine m = { ERA_2_6_9, KERNEL_LAYOUT_I386, SWAP_HDD, 1000, BY_ERA };
	struct env *e = swapped(&m, 64);
	const struct swap_stats *st = &e->k->swap->st;

	/* Page i went to slot i + 1. */
	assert_int_equal(pte_swap_slot(e->mm[0], entry_of(e, e->mm[0], 20)), 21);
	assert_true(access_page(e, 0, 20, ACCESS_READ));
	assert_int_equal(st->read, 8);
	assert_true(swap_cache_page(e->k, 16) != NO_FRAME && swap_cache_page(e->k, 23) != NO_FRAME);
	assert_true(swap_cache_page(e->k, 15) == NO_FRAME && swap_cache_page(e->k, 24) == NO_FRAME);
	assert_int_equal(blockdev_stats(e->k->swap->dev)->reads, 1);
	assert_true(access_page(e, 0, 3, ACCESS_READ));
	assert_int_equal(st->read, 15);
	env_free(e);
}

/* zram: no waiting, no cache, no readahead, and the slot is free at once; the thread pays for decompression.
 */
static void zram_goes_around_the_cache(void **state)
{
	static const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 1000, BY_ERA };
	struct env *e = swapped(&m, 64);
	const struct swap_stats *st = &e->k->swap->st;
	u64 used = st->used, zram = e->cpu->cycles[KPATH_ZRAM];

	assert_int_equal(fault_at(e, 20, ACCESS_READ), TRAP_RETRY);
	assert_int_equal(st->read, 1);
	assert_int_equal(st->added - st->removed, 0);
	assert_int_equal(st->used, used - 1);
	assert_int_equal(e->k->fault.major, 1);
	assert_true(e->cpu->cycles[KPATH_ZRAM] > zram);
	follow_cache(e);
	env_free(e);
}

/* A page that two processes have in one slot is read once, and copied for who writes. */
static void shared_slots(void **state)
{
	static const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_NVME, 1000, BY_ERA };
	struct env *e = swapped(&m, 1);
	u64 slot = pte_swap_slot(e->mm[0], entry_of(e, e->mm[0], 0));

	copy_mm(e, 0, 1);
	assert_int_equal(swap_count(e->k, slot), 2);
	touch(e, 0, 0, false);
	assert_int_equal(swap_count(e->k, slot), 1);
	assert_false(pte_flags(e->mm[0], entry_of(e, e->mm[0], 0)) & PTE_WRITE);
	touch(e, 1, 0, true);
	assert_int_equal(e->k->fault.cow, 1);
	assert_int_equal(e->k->swap->st.read, 1);
	check_contents(e);
	touch(e, 0, 0, true);
	assert_int_equal(e->k->fault.cow, 1);
	assert_int_equal(e->k->fault.reuse, 1);
	assert_int_equal(e->k->swap->st.used,
			 63); /* what the slot cache holds: 64 were taken, one is free again */
	check_contents(e);
	env_free(e);
}

/* Every format tells an entry with a slot from an empty one and from one with a page, and gives the slot
 * back. */
static void entries_of_all_formats(void **state)
{
	static const struct pt_format *const formats[] = { &pt_x86_64,    &pt_x86_64_la57, &pt_i386,
							   &pt_i386_pae,  &pt_arm64_4k,    &pt_riscv_sv39,
							   &pt_riscv_sv48 };
	struct kernel k = { 0 };
	struct mm mm = { .k = &k };
	const struct vma none = { .flags = 0 }, all = { .flags = MM_READ | MM_WRITE | MM_EXEC };
	u64 slot;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		const struct pt_format *f = k.format = formats[i];
		u64 most = (1ull << (f->pa_bits - FRAME_SHIFT)) - 2;

		for (slot = 0; slot <= most; slot = slot == most ? most + 1 : MIN(slot * 2 + 1, most)) {
			u64 entry = pte_swap(&mm, slot);

			assert_true(entry_is_swap(f, entry));
			assert_int_equal(pte_swap_slot(&mm, entry), slot);
			assert_false(f->flags(entry, 0) & PTE_PRESENT);
		}
		assert_false(entry_is_swap(f, 0));
		assert_false(entry_is_swap(f, pte_make(&none, &mm, 5, true, 0)));
		assert_false(entry_is_swap(f, pte_make(&all, &mm, 5, true, PTE_ACCESSED)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_all_formats),     cmocka_unit_test(a_major_fault_waits),
		cmocka_unit_test(readahead_of_a_vma),         cmocka_unit_test(readahead_of_a_block),
		cmocka_unit_test(zram_goes_around_the_cache), cmocka_unit_test(shared_slots),
		cmocka_unit_test(hardly_any_slots),           cmocka_unit_test(contents_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
