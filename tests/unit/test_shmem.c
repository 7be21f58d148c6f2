/*
 * Shared memory in swap, in all eras and on all devices: each page keeps its own contents, which a twin has
 * by object and index, whoever maps it and wherever it lies; its slot has one user; and nothing is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shmem.h"
#include "model/mm/swap_impl.h"
#include "model/mm/vmscan.h"
#include "tests/ref/ref_blockdev.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE    4096ull
#define BASE    0x40000000ull
#define OBJECTS 3u
#define PAGES   48u /* of each */
#define NR_MMS  4u
#define RW      (MM_READ | MM_WRITE)
#define NOTHING 0u /* contents of what nobody has written */

struct machine {
	enum kernel_era era;
	u32 layout, device;
	u32 rmap; /* kernel.rmap: enum rmap_scheme + 1, or 0 for the era's */
	bool page_cache;
};

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	struct rng rng;
	struct mm *mm[NR_MMS];
	u8 mapped[NR_MMS][OBJECTS];      /* 0, MM_SHARED, or MM_ANON for a private mapping */
	u32 own[NR_MMS][OBJECTS][PAGES]; /* contents of pages that a private mapping has copied */
	u32 contents[OBJECTS][PAGES];    /* as programs should find them */
	u32 *in_frame, *in_slot;         /* where they lie */
	u64 *cached;                     /* page of each slot when that was looked at last */
	u32 written;
	bool woken; /* kswapd */
};

static void wake(void *arg, struct cpu *c, u32 node, u64 when)
{
	((struct env *)arg)->woken = true;
}

static struct env *env_of_group(const struct machine *m, u64 memory, u64 slots, struct memcg_cfg group)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = memory, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){ .era = m->era,
				      .layout = m->layout,
				      .rmap = m->rmap,
				      .page_cache = m->page_cache,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .zero_page = true,
				      .instruction_scale = 100,
				      .time_scale = 1000000,
				      .swappiness = 60,
				      .fault_around = 16 * PAGE,
				      .placement = FRAME_BUDDY,
				      .swap = { .device = m->device,
						.page_cluster = 3,
						.size = slots * PAGE,
						.zram = { 10, 5, 15, 55 } },
				      .group = { group },
				      .blockdev = { ref_disk, ref_flash, ref_flash } };
	e->ptmem = ptmem_new(memory / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	e->in_frame = calloc(memory / PAGE, sizeof(*e->in_frame));
	e->in_slot = calloc(slots + 1, sizeof(*e->in_slot));
	e->cached = malloc((slots + 1) * sizeof(*e->cached));
	memset(e->cached, 0xff, (slots + 1) * sizeof(*e->cached));
	rng_init(&e->rng, 7, "shmem");
	return e;
}

static struct env *env_new(const struct machine *m, u64 memory, u64 slots)
{
	return env_of_group(m, memory, slots, (struct memcg_cfg){ 0 });
}

/* Nobody has a slot when everybody is gone. */
static void env_free(struct env *e)
{
	u32 m;

	for (m = 0; m < NR_MMS; m++)
		if (e->mm[m])
			mm_put(e->mm[m], e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->in_frame);
	free(e->in_slot);
	free(e->cached);
	free(e->cpu);
	free(e);
}

static u64 va_of(u32 object, u32 page)
{
	return BASE + ((u64)object * 2 * PAGES + page) * PAGE;
}

/* Some files of a tmpfs, which have names, and shared memory, which has none that lasts. */
static u64 id_of(u32 object)
{
	return 100 + object;
}

static struct object *object_at(struct env *e, u32 object)
{
	const u64 *o = map64_find(&e->k->objects.by_id, id_of(object));

	return o ? (struct object *)(uintptr_t)*o : NULL;
}

static u64 entry_at(const struct env *e, struct mm *mm, u64 va)
{
	u64 pa = pgtable_entry(mm, NULL, KPATH_FAULT, va, false);

	return pa == NO_ENTRY ? 0 : pte_read(mm, pa);
}

static void map_object(struct env *e, u32 m, u32 object, u8 how)
{
	struct mm_map map = { .addr = va_of(object, 0),
			      .len = PAGES * PAGE,
			      .object = id_of(object),
			      .flags = RW | MM_ANON | MM_SHARED };

	if (how == MM_ANON)
		map.flags = RW;
	assert_int_equal(mm_mmap(e->mm[m], e->c, &map), MM_OK);
	e->mapped[m][object] = how;
	memset(e->own[m][object], 0, sizeof(e->own[m][object]));
}

/* ---- where contents lie ---- */

/* What came into the cache of what lay on the device was read. */
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

static u32 found(struct env *e, u32 object, u32 page)
{
	struct object *o = object_at(e, object);
	u64 pfn = o ? object_page(o, page) : NO_FRAME, slot;

	if (pfn != NO_FRAME)
		return e->in_frame[pfn];
	if (!o || !shmem_in_swap(o, page))
		return NOTHING;
	slot = shmem_slot(o, page);
	pfn = swap_cache_page(e->k, slot);
	return pfn == NO_FRAME ? e->in_slot[slot] : e->in_frame[pfn];
}

static void check_contents(struct env *e)
{
	u32 i, page;

	for (i = 0; i < OBJECTS; i++)
		for (page = 0; page < PAGES; page++)
			assert_int_equal(found(e, i, page), e->contents[i][page]);
}

/* ---- programs ---- */

static void wait_for_it(struct env *e)
{
	follow_cache(e);
	e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->block_until);
}

static void use(struct env *e, u32 m, u32 object, u32 page, bool write)
{
	u32 before = found(e, object, page), traps, waits = 0;
	struct mm *mm = e->mm[m];
	u64 va = va_of(object, page), pfn, pa, entry = entry_at(e, mm, va);
	bool is_private = e->mapped[m][object] == MM_ANON;
	enum trap_result got;

	/* A private copy stays where it is, until a write has to copy it again after a fork. */
	if (e->own[m][object][page]) {
		before = e->own[m][object][page];
		assert_int_equal(e->in_frame[pte_pfn(mm, entry)], before);
	}

	mm_load(mm, e->c);
	while ((got = ref_access(e->cpu, mm, va, write ? ACCESS_WRITE : ACCESS_READ, &traps)) == TRAP_BLOCK) {
		assert_true(++waits < 6);
		wait_for_it(e);
	}
	assert_int_equal(got, TRAP_RETRY);
	follow_cache(e);
	pa = pgtable_entry(mm, NULL, KPATH_FAULT, va, false);
	pfn = pte_pfn(mm, pte_read(mm, pa));
	if (!e->own[m][object][page] && object_page(object_at(e, object), page) != NO_FRAME)
		e->in_frame[object_page(object_at(e, object), page)] = before;
	e->in_frame[pfn] = before;
	assert_true((is_private && (write || e->own[m][object][page])) ||
		    page_object(rmap_page(e->k, pfn)) == object_at(e, object));
	if (!write)
		return;
	pte_write(mm, NULL, KPATH_FAULT, pa,
		  e->k->format->encode(e->k->format->pa(pte_read(mm, pa), 0),
				       e->k->format->flags(pte_read(mm, pa), 0) | PTE_DIRTY, 0));
	e->in_frame[pfn] = ++e->written;
	*(is_private ? &e->own[m][object][page] : &e->contents[object][page]) = e->written;
}

/* ---- reclaim ---- */

/* Looks at one page as it would at one of a list. */
static void shrink(struct env *e, u64 pfn, bool may_swap, u32 gfp)
{
	struct scan s = { .k = e->k,
			  .c = e->c,
			  .gfp = gfp,
			  .highest = ZONE_MOVABLE,
			  .may_swap = may_swap,
			  .want = 1,
			  .until = ~(u64)0 };
	struct page_batch b = { .pfn = { (u32)pfn }, .n = 1 };

	lru_add_drain(e->k, e->c);
	lru_remove(e->k, e->c, pfn);
	frame_get(e->k->frames, pfn);
	shrink_pages(&s, &b);
	putback_pages(&s, &b);
}

/* Up to 2.4 page tables are scanned for what is not in the active list: everything that was not used goes. */
static void unmap_by_scan(struct env *e, u64 pfn)
{
	struct scan s = {
		.k = e->k, .c = e->c, .gfp = GFP_KERNEL, .highest = ZONE_MOVABLE, .until = ~(u64)0
	};

	lru_add_drain(e->k, e->c);
	lru_remove(e->k, e->c, pfn);
	rmap_page(e->k, pfn)->marks &= (u16)~PG_ACTIVE;
	lru_insert(e->k, e->c, pfn, false);
	swap_out(&s, 1000);
}

/* A page of the object, wherever it is, is looked at; what is written then is on the device. */
static void reclaim(struct env *e, u32 object, u32 page)
{
	struct object *o = object_at(e, object);
	u64 pfn = o ? object_page(o, page) : NO_FRAME, slot;
	u32 what = found(e, object, page);

	if (!o)
		return;
	if (pfn == NO_FRAME && shmem_in_swap(o, page))
		pfn = swap_cache_page(e->k, shmem_slot(o, page));
	if (pfn == NO_FRAME)
		return;
	if (!rmap_can_walk(e->k, rmap_page(e->k, pfn)) && rng_below(&e->rng, 2))
		unmap_by_scan(e, pfn);
	shrink(e, pfn, rng_below(&e->rng, 8), rng_below(&e->rng, 8) ? GFP_KERNEL : GFP_NOFS);
	if (!shmem_in_swap(o, page)) {
		/* Nobody has written to what is free again. */
		assert_true(object_page(o, page) == pfn || what == NOTHING);
		return;
	}
	slot = shmem_slot(o, page);
	assert_int_equal(swap_count(e->k, slot), 1);
	e->cached[slot] = swap_cache_page(e->k, slot);
	if (e->cached[slot] == NO_FRAME || !(rmap_page(e->k, pfn)->marks & PG_DIRTY))
		e->in_slot[slot] = what;
}

/* ---- histories ---- */

static void punch(struct env *e, u32 m, u32 object, u32 page, u32 n)
{
	u32 i;

	if (e->mapped[m][object] != MM_SHARED)
		return;
	assert_int_equal(mm_madvise(e->mm[m], e->c, va_of(object, page), n * PAGE, 9), MM_OK);
	memset(&e->contents[object][page], 0, n * sizeof(e->contents[0][0]));
	/* unmap_mapping_range() takes away the private copies too where the page is still the file's. */
	for (i = 0; i < NR_MMS; i++)
		if (e->mm[i])
			assert_int_equal(e->mapped[i][object] && entry_at(e, e->mm[i], va_of(object, page)) &&
						 !e->own[i][object][page],
					 0);
}

static bool is_mapped_somewhere(const struct env *e, u32 object)
{
	u32 m;

	for (m = 0; m < NR_MMS; m++)
		if (e->mm[m] && e->mapped[m][object])
			return true;
	return false;
}

/* Objects without a name in a file system go with their last mapping. */
static void forget_gone(struct env *e)
{
	u32 i;

	for (i = 1; i < OBJECTS; i++)
		if (!is_mapped_somewhere(e, i)) {
			assert_null(object_at(e, i));
			memset(e->contents[i], 0, sizeof(e->contents[i]));
		}
}

static void begin_or_end(struct env *e, u32 m, u32 from)
{
	if (e->mm[m]) {
		mm_put(e->mm[m], e->c);
		e->mm[m] = NULL;
		memset(e->mapped[m], 0, sizeof(e->mapped[m]));
	} else if (e->mm[from]) {
		e->mm[m] = mm_fork(e->mm[from], e->c);
		memcpy(e->mapped[m], e->mapped[from], sizeof(e->mapped[m]));
		memcpy(e->own[m], e->own[from], sizeof(e->own[m]));
	} else {
		e->mm[m] = mm_new(e->k, false);
	}
}

static void step(struct env *e)
{
	u32 m = (u32)rng_below(&e->rng, NR_MMS), object = (u32)rng_below(&e->rng, OBJECTS);
	u32 page = (u32)rng_below(&e->rng, PAGES - 4), what = (u32)rng_below(&e->rng, 2000);

	if (what < 20 || !e->mm[m]) {
		begin_or_end(e, m, (u32)rng_below(&e->rng, NR_MMS));
	} else if (what < 40) {
		assert_int_equal(mm_munmap(e->mm[m], e->c, va_of(object, 0), PAGES * PAGE), MM_OK);
		e->mapped[m][object] = 0;
	} else if (!e->mapped[m][object]) {
		map_object(e, m, object, what % 4 || !is_mapped_somewhere(e, object) ? MM_SHARED : MM_ANON);
	} else if (what < 60) {
		punch(e, m, object, page, 1 + what % 4);
	} else if (what < 1100) {
		reclaim(e, object, page);
	} else {
		use(e, m, object, page, what & 1);
	}
	follow_cache(e);
	forget_gone(e);
}

static const struct machine machines[] = {
	{ ERA_2_4_21, KERNEL_LAYOUT_I386, BLOCKDEV_HDD, 0, false },
	{ ERA_2_4_21, KERNEL_LAYOUT_I386, BLOCKDEV_HDD, 0, true },
	{ ERA_2_5_66, KERNEL_LAYOUT_I386, BLOCKDEV_HDD, 0, true },
	{ ERA_2_6_9, KERNEL_LAYOUT_I386_PAE, BLOCKDEV_HDD, 0, true },
	{ ERA_2_6_18, KERNEL_LAYOUT_X86_64, BLOCKDEV_HDD, 0, false },
	{ ERA_2_6_26, KERNEL_LAYOUT_X86_64, BLOCKDEV_SATA_SSD, 0, true },
	{ ERA_2_6_37, KERNEL_LAYOUT_X86_64, BLOCKDEV_NVME, 0, true },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, BLOCKDEV_NVME, 0, false },
	{ ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 0, true },
	{ ERA_6_X, KERNEL_LAYOUT_ARM64_4K, BLOCKDEV_HDD, RMAP_PTE_CHAIN + 1, true },
};

static void history(const struct machine *m, u32 steps)
{
	struct env *e = env_new(m, 32ull << 20, 128);
	const struct swap_stats *st = &e->k->swap->st;
	u32 i;

	kernel_file_is_shmem(e->k, e->c, id_of(0));
	for (i = 0; i < steps; i++) {
		step(e);
		if (i % 8 == 0)
			check_contents(e);
		if (i % 64 == 0) {
			kernel_check(e->k);
			ref_tlb_check(e->cpu);
		}
	}
	assert_true(st->shmem_out > steps / 60 && st->shmem_in > steps / 100);
	assert_true(st->shmem_in <= st->shmem_out);
	assert_true(st->written && st->read && e->k->fault.major);
	env_free(e);
}

static void contents_survive(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		history(&machines[i], 12000);
}

/* ---- one page ---- */

/* Two processes have it; they get the same frame back, for one read, and the slot is free. */
static void one_slot_for_all(void **state)
{
	const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, BLOCKDEV_NVME, 0, true };
	struct env *e = env_new(&m, 32ull << 20, 64);
	const struct swap_stats *st = &e->k->swap->st;
	struct object *o;
	u64 pfn, major, slot;
	u32 i;

	for (i = 0; i < 2; i++) {
		e->mm[i] = mm_new(e->k, false);
		map_object(e, i, 0, MM_SHARED);
		use(e, i, 0, 5, true);
	}
	o = object_at(e, 0);
	pfn = object_page(o, 5);
	assert_int_equal(rmap_page(e->k, pfn)->mapcount, 2);
	assert_int_equal(e->mm[0]->rss.shmem, 1);
	assert_int_equal(e->mm[0]->rss.file, 1);
	for (i = 0; i < 4 && !st->shmem_out; i++)
		shrink(e, pfn, true, GFP_KERNEL);
	slot = shmem_slot(o, 5);
	e->in_slot[slot] = e->contents[0][5];
	assert_true(shmem_in_swap(o, 5));
	assert_int_equal(swap_count(e->k, slot), 1);
	assert_int_equal(st->written, 1);
	assert_int_equal(st->shmem, 1);
	/* Entries are empty, not of swap; nobody has it resident. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(entry_at(e, e->mm[i], va_of(0, 5)), 0);
		assert_int_equal(e->mm[i]->rss.shmem, 0);
		assert_int_equal(e->mm[i]->rss.swap, 0);
	}
	/* The device has it: it leaves the cache. */
	e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->ops->now(e->c) + 100000000);
	shrink(e, pfn, true, GFP_KERNEL);
	assert_int_equal(swap_cache_page(e->k, slot), NO_FRAME);
	assert_int_equal(st->used, 1);
	kernel_check(e->k);
	major = e->k->fault.major;
	use(e, 1, 0, 5, false);
	use(e, 0, 0, 5, false);
	assert_int_equal(e->k->fault.major, major + 1);
	assert_int_equal(st->read, 1);
	assert_int_equal(st->used, 0);
	assert_int_equal(st->shmem, 0);
	assert_int_equal(pte_pfn(e->mm[0], entry_at(e, e->mm[0], va_of(0, 5))), object_page(o, 5));
	assert_int_equal(pte_pfn(e->mm[1], entry_at(e, e->mm[1], va_of(0, 5))), object_page(o, 5));
	assert_int_equal(e->mm[0]->rss.shmem, 1);
	env_free(e);
}

/* Looks that a page needs from its last use until it is being written: one more until 2.6.29. */
static u32 looks(enum kernel_era era)
{
	const struct machine m = { era, KERNEL_LAYOUT_X86_64, BLOCKDEV_NVME, RMAP_ANON_VMA + 1, false };
	struct env *e = env_new(&m, 32ull << 20, 64);
	u32 n = 0;
	u64 pfn;

	e->mm[0] = mm_new(e->k, false);
	map_object(e, 0, 0, MM_SHARED);
	use(e, 0, 0, 0, true);
	pfn = object_page(object_at(e, 0), 0);
	/* It was used: that is looked at first. */
	shrink(e, pfn, true, GFP_KERNEL);
	for (; !e->k->swap->st.shmem_out; n = 1)
		shrink(e, pfn, true, GFP_KERNEL);
	for (; !e->k->swap->st.written; n++)
		shrink(e, pfn, true, GFP_KERNEL);
	env_free(e);
	return n;
}

static void round_once_more(void **state)
{
	assert_int_equal(looks(ERA_2_6_9), 2);
	assert_int_equal(looks(ERA_2_6_18), 2);
	assert_int_equal(looks(ERA_2_6_37), 1);
	assert_int_equal(looks(ERA_6_X), 1);
}

/* Without room in swap it stays, and is active. A page that was only read needs none: it is a hole again. */
static void without_room(void **state)
{
	const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 0, true };
	struct env *e = env_new(&m, 32ull << 20, 64);
	u64 pfn, i;

	e->mm[0] = mm_new(e->k, false);
	map_object(e, 0, 0, MM_SHARED);
	use(e, 0, 0, 0, true);
	use(e, 0, 0, 20, false);
	use(e, 0, 0, 40, true);
	pfn = object_page(object_at(e, 0), 0);
	for (i = 0; i < 3; i++)
		shrink(e, pfn, false, GFP_KERNEL);
	assert_int_equal(object_page(object_at(e, 0), 0), pfn);
	assert_true(rmap_page(e->k, pfn)->marks & PG_ACTIVE);
	assert_int_equal(e->k->swap->st.shmem_out, 0);
	/* Nor may a path that holds a file system's locks begin it. */
	pfn = object_page(object_at(e, 0), 40);
	for (i = 0; i < 4; i++)
		shrink(e, pfn, true, GFP_NOFS);
	assert_int_equal(object_page(object_at(e, 0), 40), pfn);
	assert_false(rmap_page(e->k, pfn)->mapcount || rmap_page(e->k, pfn)->marks & PG_ACTIVE);

	pfn = object_page(object_at(e, 0), 20);
	for (i = 0; i < 3 && object_page(object_at(e, 0), 20) == pfn; i++)
		shrink(e, pfn, false, GFP_KERNEL);
	assert_int_equal(object_page(object_at(e, 0), 20), NO_FRAME);
	assert_false(shmem_in_swap(object_at(e, 0), 20));
	use(e, 0, 0, 20, false);
	env_free(e);
}

/* ---- whole programs ---- */

/* Twice as much as there is memory, by two processes: everything goes on, and is found again. */
static void more_than_memory(const struct machine *m)
{
	struct env *e = env_new(m, 24ull << 20, 16384);
	struct mm_map map = {
		.addr = BASE, .len = 40ull << 20, .object = 9, .flags = RW | MM_ANON | MM_SHARED
	};
	const struct swap_stats *st = &e->k->swap->st;
	u64 i, pages = map.len / PAGE;
	enum trap_result got;
	u32 who, traps;

	kernel_on_wake(e->k, wake, e);
	for (who = 0; who < 2; who++) {
		e->mm[who] = mm_new(e->k, false);
		assert_int_equal(mm_mmap(e->mm[who], e->c, &map), MM_OK);
	}
	for (i = 0; i < 3 * pages; i++) {
		struct mm *mm = e->mm[i / 7 % 2];

		mm_load(mm, e->c);
		e->cpu->n_tlb = e->cpu->n_pwc = 0;
		while ((got = ref_access(e->cpu, mm, BASE + i % pages * PAGE, ACCESS_WRITE, &traps)) ==
		       TRAP_BLOCK)
			e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->block_until);
		assert_int_equal(got, TRAP_RETRY);
		while (e->woken) {
			e->woken = false;
			kernel_run_threads(e->k, e->c, 0);
		}
	}
	kernel_check(e->k);
	assert_int_equal(e->k->reclaim.oom_kills, 0);
	assert_true(st->shmem_out > pages && st->shmem_in > pages / 2);
	assert_int_equal(st->shmem_out - st->shmem_in, st->shmem);
	env_free(e);
}

static void all_go_on(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		more_than_memory(&machines[i]);
}

/* Slots count for the group whose the pages were, and only as many as it may have are taken. */
static void slots_of_a_group(void **state)
{
	const struct machine m = { ERA_6_X, KERNEL_LAYOUT_X86_64, SWAP_ZRAM, 0, true };
	const struct memcg_cfg group = { "g", 64 * PAGE, 48 * PAGE, "all" };
	struct env *e = env_of_group(&m, 32ull << 20, 512, group);
	u32 i, object;

	e->mm[0] = mm_new(e->k, false);
	mm_join_group(e->mm[0], NULL, 1);
	for (object = 0; object < 2; object++)
		map_object(e, 0, object, MM_SHARED);
	for (i = 0; i < 2 * PAGES; i++)
		use(e, 0, i % 2, i / 2, true);
	assert_in_range(e->k->swap->st.shmem, 1, 48);
	assert_int_equal(memcg_shmem(e->k, 1), e->k->swap->st.shmem);
	kernel_check(e->k);
	map_object(e, 0, 0, MM_SHARED);
	mm_munmap(e->mm[0], e->c, BASE, 2 * OBJECTS * PAGES * PAGE);
	assert_int_equal(memcg_shmem(e->k, 1), 0);
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slot_for_all), cmocka_unit_test(round_once_more),
		cmocka_unit_test(without_room),     cmocka_unit_test(all_go_on),
		cmocka_unit_test(contents_survive), cmocka_unit_test(slots_of_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
