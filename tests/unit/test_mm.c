/* The kernel's calls and faults, counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
#define BASE 0x7f0000000000ull

#define RW   (MM_READ | MM_WRITE)

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct cpu *c;
};

/* Times that tell their sums apart. */
static const struct kernel_cfg test_cfg = {
	.colours = 32,
	.zero_page = true,
	.flush_ceiling = 33,
	.asids = 6,
	.stack_limit = 64 * PAGE,
	.era = ERA_6_X,
	.charge = true,
	.instruction_scale = 100,
	.flush = { .cycles = 100 },
	.flush_all = { .cycles = 60 },
};

static struct env *env_new(const struct kernel_cfg *cfg, u64 frames)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = frames * PAGE, .hz = 1000000000, .seed = 1 };

	e->cfg = *cfg;
	e->ptmem = ptmem_new(frames);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	ref_cpu_init(&e->cpu, e->k);
	e->c = &e->cpu.cpu;
	return e;
}

/* Everything is given back but the zero page and what files keep. */
static void env_free(struct env *e, u64 file_pages)
{
	kernel_check(e->k);
	ref_tlb_check(&e->cpu);
	assert_int_equal(frames_in_use(e->k->frames), (e->k->zero_pfn != NO_FRAME) + file_pages);
	assert_int_equal(e->k->pgtable.pages, 0);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e);
}

static enum mm_result map(struct env *e, struct mm *mm, u64 addr, u64 pages, u32 flags)
{
	struct mm_map m = { .addr = addr, .len = pages * PAGE, .flags = flags | MM_ANON };

	return mm_mmap(mm, e->c, &m);
}

static enum mm_result map_file(struct env *e, struct mm *mm, u64 addr, u64 pages, u32 flags, u64 file,
			       u64 page)
{
	struct mm_map m = {
		.addr = addr, .len = pages * PAGE, .flags = flags, .object = file, .offset = page * PAGE
	};

	return mm_mmap(mm, e->c, &m);
}

/* Accesses and tells how many faults it took. */
static u32 touch(struct env *e, struct mm *mm, u64 va, enum access_kind access)
{
	u32 traps;

	assert_int_equal(ref_access(&e->cpu, mm, va, access, &traps), TRAP_RETRY);
	ref_tlb_check(&e->cpu);
	return traps;
}

static void assert_trap(struct env *e, struct mm *mm, u64 va, enum access_kind access,
			enum trap_result result)
{
	u32 traps;

	assert_int_equal(ref_access(&e->cpu, mm, va, access, &traps), result);
}

static void fresh_pages_fault_once(void **state)
{
	struct env *e = env_new(&test_cfg, 4096);
	struct mm *mm = mm_new(e->k, false);
	u64 i;

	map(e, mm, BASE, 1000, RW);
	for (i = 0; i < 2000; i++)
		assert_int_equal(touch(e, mm, BASE + i / 2 * PAGE, ACCESS_WRITE), i % 2 == 0);
	assert_int_equal(e->k->fault.minor, 1000);
	assert_int_equal(e->k->fault.zero, 1000);
	/* 1000 pages in two spans of 2 MB, one of 1 GB, one of 512 GB, and the root. */
	assert_int_equal(e->k->pgtable.pages, 5);
	assert_int_equal(e->cpu.zeroed, 1004); /* the root is made before there is a CPU */
	/*
	 * Counted on 6.12: 3,101 instructions with 625 for the allocation and 517 of clearing; every 31st
	 * fault puts 31 pages on the LRU lists, and the three tables take 90 each.
	 */
	assert_int_equal(e->cpu.cycles[KPATH_FAULT],
			 1000 * (3101 - 625 - 517) + 1000 / 31 * 31 * 374 + 4 * 90);
	assert_int_equal(e->cpu.stores, 1000 + 4);
	mm_put(mm, e->c);
	assert_int_equal(e->cpu.full_flushes, 1);
	env_free(e, 0);
}

static void zero_page_is_shared_until_written(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);
	u64 i, used, flushes;

	map(e, mm, BASE, 10, RW);
	touch(e, mm, BASE, ACCESS_READ);
	used = frames_in_use(e->k->frames);
	for (i = 1; i < 10; i++)
		assert_int_equal(touch(e, mm, BASE + i * PAGE, ACCESS_READ), 1);
	assert_int_equal(frames_in_use(e->k->frames), used);
	assert_int_equal(e->k->fault.zero_page, 10);
	flushes = e->cpu.page_flushes;
	assert_int_equal(touch(e, mm, BASE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.cow, 1);
	assert_int_equal(e->cpu.copied, 0); /* cleared, not copied */
	assert_int_equal(e->cpu.page_flushes, flushes + 1);
	assert_int_equal(e->cpu.last_flush, BASE);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void without_zero_page_reads_get_frames(void **state)
{
	struct kernel_cfg cfg = test_cfg;
	struct env *e;
	struct mm *mm;

	cfg.zero_page = false;
	e = env_new(&cfg, 256);
	mm = mm_new(e->k, false);
	map(e, mm, BASE, 2, RW);
	assert_int_equal(touch(e, mm, BASE, ACCESS_READ), 1);
	assert_int_equal(touch(e, mm, BASE, ACCESS_WRITE), 0);
	assert_int_equal(e->k->fault.zero, 1);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void fork_copies_on_write(void **state)
{
	struct env *e = env_new(&test_cfg, 1024);
	struct mm *parent = mm_new(e->k, false), *child;
	u64 i;

	map(e, parent, BASE, 8, RW);
	map(e, parent, BASE + 100 * PAGE, 4, RW | MM_SHARED);
	for (i = 0; i < 8; i++)
		touch(e, parent, BASE + i * PAGE, ACCESS_WRITE);
	touch(e, parent, BASE + 100 * PAGE, ACCESS_WRITE);
	child = mm_fork(parent, e->c);
	assert_non_null(child);
	ref_tlb_check(&e->cpu);
	/* 8 entries copied: stores to both sides; and the child's 3 tables below the root linked. */
	assert_int_equal(e->cpu.cycles[KPATH_FORK], 50000 + 2 * 1143 + 8 * 165);
	assert_int_equal(e->cpu.full_flushes, 1);
	/* Shared memory is found by a fault, private pages are there to be read. */
	assert_int_equal(touch(e, child, BASE, ACCESS_READ), 0);
	assert_int_equal(touch(e, child, BASE + 100 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.file, 2);
	/* Three pages written by the child are copied, then they are the parent's alone. */
	for (i = 0; i < 3; i++)
		assert_int_equal(touch(e, child, BASE + i * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.cow, 3);
	assert_int_equal(e->cpu.copied, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(touch(e, parent, BASE + i * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.reuse, 3);
	kernel_check(e->k);
	mm_put(child, e->c);
	/* The child is gone: the other five are the parent's alone too. */
	for (i = 3; i < 8; i++)
		assert_int_equal(touch(e, parent, BASE + i * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.reuse, 8);
	assert_int_equal(e->k->fault.cow, 3);
	mm_put(parent, e->c);
	env_free(e, 0);
}

static void files_share_frames(void **state)
{
	struct env *e = env_new(&test_cfg, 1024);
	struct mm *a = mm_new(e->k, false), *b = mm_new(e->k, false);
	u64 pa, pb;

	map_file(e, a, BASE, 4, MM_READ | MM_EXEC, 7, 0);
	map_file(e, b, BASE + 64 * PAGE, 4, RW, 7, 1);
	assert_int_equal(touch(e, a, BASE + PAGE, ACCESS_EXEC), 1);
	assert_int_equal(touch(e, b, BASE + 64 * PAGE, ACCESS_READ), 1);
	pa = ref_walk(e->ptmem, mm_root(a), BASE + PAGE) & 0xffffffffff000;
	pb = ref_walk(e->ptmem, mm_root(b), BASE + 64 * PAGE) & 0xffffffffff000;
	assert_int_equal(pa, pb);
	assert_int_equal(e->cpu.zeroed, 6); /* tables only */
	/* A private write copies; the file keeps its page. */
	assert_int_equal(touch(e, b, BASE + 64 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(touch(e, b, BASE + 65 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.cow, 2);
	assert_int_equal(e->cpu.copied, 2);
	assert_int_equal(e->k->fault.file, 2);
	mm_put(a, e->c);
	mm_put(b, e->c);
	env_free(e, 2);
}

/* A read fault of a file maps the aligned 16 pages around it, as far as its VMA goes. */
static void faults_map_around(void **state)
{
	struct kernel_cfg cfg = test_cfg;
	struct env *e;
	struct mm *mm;
	u64 i;

	cfg.fault_around = 70000; /* 64 KB, then */
	e = env_new(&cfg, 1024);
	mm = mm_new(e->k, false);
	map_file(e, mm, BASE + 4 * PAGE, 100, MM_READ | MM_EXEC, 1, 0);
	for (i = 4; i < 104; i++)
		touch(e, mm, BASE + i * PAGE, ACCESS_EXEC);
	/* 4-19 (moved up by the start of the VMA), then 20-31, 32-47, ..., 96-103. */
	assert_int_equal(e->k->fault.file, 1 + 1 + 5);
	assert_int_equal(e->k->fault.file_pages, 100);
	/* Counted on 6.12: 8,535 to 8,600 for 16 pages, of which 441 each; and the tables. */
	assert_int_equal(e->cpu.cycles[KPATH_FAULT], 7 * (8570 - 16 * 441) + 100 * 441 + 3 * 90);
	/* Writes do not; shared memory has only pages that somebody used. */
	map_file(e, mm, BASE, 4, RW | MM_SHARED | MM_ANON, 2, 0);
	assert_int_equal(touch(e, mm, BASE + PAGE, ACCESS_WRITE), 1);
	assert_int_equal(touch(e, mm, BASE + 2 * PAGE, ACCESS_READ), 1);
	mm_madvise(mm, e->c, BASE, 4 * PAGE, 4);
	assert_int_equal(touch(e, mm, BASE + 2 * PAGE, ACCESS_READ), 1);
	assert_int_equal(touch(e, mm, BASE + PAGE, ACCESS_WRITE), 0);
	assert_int_equal(touch(e, mm, BASE, ACCESS_READ), 1);
	mm_put(mm, e->c);
	env_free(e, 100);
}

static void bad_accesses_are_segv(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);
	char text[256];

	map(e, mm, BASE, 4, MM_READ);
	assert_trap(e, mm, BASE - 1, ACCESS_READ, TRAP_SEGV);
	assert_trap(e, mm, BASE + 4 * PAGE, ACCESS_READ, TRAP_SEGV);
	assert_trap(e, mm, BASE, ACCESS_WRITE, TRAP_SEGV);
	assert_trap(e, mm, BASE, ACCESS_EXEC, TRAP_SEGV);
	assert_trap(e, mm, ~0ull, ACCESS_READ, TRAP_SEGV);
	touch(e, mm, BASE, ACCESS_READ);
	assert_trap(e, mm, BASE, ACCESS_WRITE, TRAP_SEGV);
	assert_int_equal(e->k->fault.segv, 6);
	assert_int_equal(e->k->fault.minor, 1);
	mm_describe(mm, BASE + 5 * PAGE, text, sizeof(text));
	assert_non_null(strstr(text, "below: 0x7f0000000000-0x7f0000004000 r--p"));
	mm_describe(mm, BASE, text, sizeof(text));
	assert_non_null(strstr(text, "mapped: 0x7f0000000000"));
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void protection_is_withdrawn_and_returned(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);

	map(e, mm, BASE, 4, RW);
	touch(e, mm, BASE + PAGE, ACCESS_WRITE);
	mm_mprotect(mm, e->c, BASE + PAGE, PAGE, MM_READ);
	assert_int_equal(mm->vmas.n, 3);
	assert_int_equal(e->cpu.page_flushes, 1);
	ref_tlb_check(&e->cpu);
	assert_trap(e, mm, BASE + PAGE, ACCESS_WRITE, TRAP_SEGV);
	mm_mprotect(mm, e->c, BASE + PAGE, PAGE, 0);
	kernel_check(e->k);
	assert_trap(e, mm, BASE + PAGE, ACCESS_READ, TRAP_SEGV);
	/* PROT_NONE keeps the page: no new fault afterwards. */
	mm_mprotect(mm, e->c, BASE + PAGE, PAGE, RW);
	assert_int_equal(mm->vmas.n, 1);
	assert_int_equal(touch(e, mm, BASE + PAGE, ACCESS_WRITE), 0);
	assert_int_equal(mm_mprotect(mm, e->c, BASE, 9 * PAGE, RW), MM_INVALID);
	mm_put(mm, e->c);
	env_free(e, 0);
}

/* The flush of N pages costs N invalidations up to the ceiling, one of everything above it. */
static void flush_ceiling(void **state)
{
	u64 n, i;

	for (n = 31; n <= 36; n++) {
		struct env *e = env_new(&test_cfg, 256);
		struct mm *mm = mm_new(e->k, false);

		map(e, mm, BASE, 40, RW);
		for (i = 0; i < n; i++)
			touch(e, mm, BASE + i * PAGE, ACCESS_WRITE);
		mm_mprotect(mm, e->c, BASE, n * PAGE, MM_READ);
		assert_int_equal(e->cpu.page_flushes, n <= 33 ? n : 0);
		assert_int_equal(e->cpu.full_flushes, n > 33);
		assert_int_equal(e->cpu.cycles[KPATH_FLUSH], 200 + (n <= 33 ? n * 100 : 60));
		mm_put(mm, e->c);
		env_free(e, 0);
	}
}

static void munmap_frees_frames_and_tables(void **state)
{
	struct env *e = env_new(&test_cfg, 4096);
	struct mm *mm = mm_new(e->k, false);
	u64 i;

	map(e, mm, BASE, 1024, RW); /* two tables of the last level */
	for (i = 0; i < 1024; i += 8)
		touch(e, mm, BASE + i * PAGE, ACCESS_WRITE);
	assert_int_equal(e->k->pgtable.pages, 5);
	mm_munmap(mm, e->c, BASE, 256 * PAGE);
	assert_int_equal(e->k->pgtable.pages, 5); /* the rest of its span is mapped */
	mm_munmap(mm, e->c, BASE + 256 * PAGE, 256 * PAGE);
	assert_int_equal(e->k->pgtable.pages, 4);
	ref_tlb_check(&e->cpu);
	mm_munmap(mm, e->c, BASE, 4096 * PAGE);
	assert_int_equal(e->k->pgtable.pages, 1);
	assert_int_equal(frames_in_use(e->k->frames), 2);
	assert_int_equal(mm->vmas.n, 0);
	mm_put(mm, e->c);
	env_free(e, 0);
}

/* A table that translates nothing any more can still be in walk caches when it goes. */
static void freed_tables_leave_walk_caches(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);

	map(e, mm, BASE, 2, RW);
	touch(e, mm, BASE, ACCESS_WRITE);
	mm_madvise(mm, e->c, BASE, PAGE, 4);
	assert_int_equal(e->cpu.n_pwc, 0);
	assert_trap(e, mm, BASE + 8 * PAGE, ACCESS_READ, TRAP_SEGV);
	assert_int_equal(e->cpu.n_pwc, 3);
	mm_munmap(mm, e->c, BASE, 2 * PAGE);
	assert_int_equal(e->k->pgtable.pages, 1);
	ref_tlb_check(&e->cpu);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void mremap_moves_pages(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);
	u64 to = BASE + (1ull << 32), entry;

	map(e, mm, BASE, 4, RW);
	touch(e, mm, BASE + 2 * PAGE, ACCESS_WRITE);
	entry = ref_walk(e->ptmem, mm_root(mm), BASE + 2 * PAGE);
	assert_int_equal(mm_mremap(mm, e->c, BASE, 4 * PAGE, to, 8 * PAGE), MM_OK);
	ref_tlb_check(&e->cpu);
	assert_int_equal(ref_walk(e->ptmem, mm_root(mm), to + 2 * PAGE), entry);
	assert_int_equal(touch(e, mm, to + 2 * PAGE, ACCESS_WRITE), 0);
	assert_int_equal(touch(e, mm, to + 7 * PAGE, ACCESS_WRITE), 1);
	assert_trap(e, mm, BASE + 2 * PAGE, ACCESS_READ, TRAP_SEGV);
	assert_int_equal(mm->vmas.n, 1);
	/* Shrinking and growing in place. */
	assert_int_equal(mm_mremap(mm, e->c, to, 8 * PAGE, to, 3 * PAGE), MM_OK);
	assert_trap(e, mm, to + 3 * PAGE, ACCESS_READ, TRAP_SEGV);
	assert_int_equal(mm_mremap(mm, e->c, to, 3 * PAGE, to, 5 * PAGE), MM_OK);
	assert_int_equal(touch(e, mm, to + 4 * PAGE, ACCESS_READ), 1);
	assert_int_equal(touch(e, mm, to + 2 * PAGE, ACCESS_READ), 0);
	assert_int_equal(mm_mremap(mm, e->c, BASE, PAGE, to, PAGE), MM_INVALID);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void madvise_drops_pages(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *a = mm_new(e->k, false), *b = mm_new(e->k, false);

	map(e, a, BASE, 4, RW);
	touch(e, a, BASE, ACCESS_WRITE);
	assert_int_equal(mm_madvise(a, e->c, BASE, 4 * PAGE, 14), MM_OK); /* MADV_HUGEPAGE */
	assert_int_equal(e->k->call.madvise_ignored, 1);
	assert_int_equal(touch(e, a, BASE, ACCESS_WRITE), 0);
	mm_madvise(a, e->c, BASE, 4 * PAGE, 4);
	assert_int_equal(touch(e, a, BASE, ACCESS_WRITE), 1);
	mm_madvise(a, e->c, BASE, 4 * PAGE, 8);
	assert_int_equal(touch(e, a, BASE, ACCESS_WRITE), 1);
	/* A hole in shared memory is one for everybody. */
	map_file(e, a, BASE + 8 * PAGE, 2, RW | MM_SHARED | MM_ANON, 5, 0);
	map_file(e, b, BASE, 2, RW | MM_SHARED | MM_ANON, 5, 0);
	touch(e, a, BASE + 8 * PAGE, ACCESS_WRITE);
	touch(e, b, BASE, ACCESS_WRITE);
	mm_madvise(a, e->c, BASE + 8 * PAGE, PAGE, 4);
	assert_int_equal(touch(e, b, BASE, ACCESS_WRITE), 0);
	mm_madvise(a, e->c, BASE + 8 * PAGE, PAGE, 9);
	ref_tlb_check(&e->cpu);
	kernel_check(e->k);
	assert_int_equal(touch(e, b, BASE, ACCESS_WRITE), 1);
	mm_put(a, e->c);
	mm_put(b, e->c);
	env_free(e, 0);
}

static void heap_grows_and_shrinks(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);

	assert_int_equal(mm_brk(mm, e->c, 0x10000, 0x10000), MM_OK);
	assert_int_equal(mm->vmas.n, 0);
	mm_brk(mm, e->c, 0x10000, 0x13001);
	assert_int_equal(touch(e, mm, 0x13fff, ACCESS_WRITE), 1);
	mm_brk(mm, e->c, 0x10000, 0x18000);
	assert_int_equal(touch(e, mm, 0x13fff, ACCESS_WRITE), 0);
	assert_int_equal(touch(e, mm, 0x17fff, ACCESS_WRITE), 1);
	assert_int_equal(mm->vmas.n, 1);
	mm_brk(mm, e->c, 0x10000, 0x12000);
	assert_trap(e, mm, 0x12000, ACCESS_READ, TRAP_SEGV);
	mm_brk(mm, e->c, 0x10000, 0x10000);
	assert_int_equal(mm->vmas.n, 0);
	assert_int_equal(mm_brk(mm, e->c, 0x10000, 0xffff), MM_INVALID);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void stack_grows_down(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, false);

	map(e, mm, BASE, 2, RW | MM_GROWSDOWN);
	assert_int_equal(touch(e, mm, BASE - 10 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.stack_growth, 1);
	assert_int_equal(touch(e, mm, BASE - 62 * PAGE, ACCESS_WRITE), 1);
	assert_trap(e, mm, BASE - 62 * PAGE - 1, ACCESS_WRITE, TRAP_SEGV); /* the limit: 64 pages */
	assert_int_equal(mm->vmas.n, 1);
	/* Another mapping keeps its distance. */
	map(e, mm, BASE + (1ull << 30), 1, RW | MM_GROWSDOWN);
	map(e, mm, BASE + (1ull << 30) - 300 * PAGE, 1, RW);
	assert_int_equal(touch(e, mm, BASE + (1ull << 30) - 43 * PAGE, ACCESS_WRITE), 1);
	assert_trap(e, mm, BASE + (1ull << 30) - 44 * PAGE, ACCESS_WRITE, TRAP_SEGV);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void implicit_maps_cover_everything(void **state)
{
	struct env *e = env_new(&test_cfg, 256);
	struct mm *mm = mm_new(e->k, true), *child;

	assert_int_equal(touch(e, mm, 0, ACCESS_READ), 1);
	assert_int_equal(touch(e, mm, 0xffffffffffffffff, ACCESS_EXEC), 1);
	assert_int_equal(touch(e, mm, BASE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.zero, 3); /* even the reads */
	child = mm_fork(mm, e->c);
	assert_int_equal(touch(e, child, BASE, ACCESS_READ), 0);
	assert_int_equal(touch(e, child, BASE, ACCESS_WRITE), 1);
	mm_munmap(child, e->c, BASE, PAGE);
	kernel_check(e->k);
	assert_int_equal(touch(e, child, BASE, ACCESS_WRITE), 1);
	/* Bits that tables do not have are ignored, also where something is mapped. */
	map_file(e, child, BASE, 1, MM_READ, 9, 0);
	assert_trap(e, child, BASE + (1ull << 60), ACCESS_WRITE, TRAP_SEGV);
	assert_int_equal(touch(e, child, BASE + (1ull << 60), ACCESS_READ), 1);
	kernel_check(e->k);
	mm_put(child, e->c);
	mm_put(mm, e->c);
	env_free(e, 1);
}

static void out_of_memory_is_a_result(void **state)
{
	struct env *e = env_new(&test_cfg, 16);
	struct mm *mm = mm_new(e->k, false);
	u64 i;

	map(e, mm, BASE, 64, RW);
	/* 16 frames: the zero page, 4 tables, 11 pages. */
	for (i = 0; i < 11; i++)
		touch(e, mm, BASE + i * PAGE, ACCESS_WRITE);
	assert_trap(e, mm, BASE + 11 * PAGE, ACCESS_WRITE, TRAP_OOM);
	assert_int_equal(e->k->fault.oom, 1);
	assert_null(mm_fork(mm, e->c));
	assert_null(mm_new(e->k, false));
	kernel_check(e->k);
	mm_munmap(mm, e->c, BASE, 6 * PAGE);
	/* What was unmapped can be used again. */
	assert_int_equal(touch(e, mm, BASE + 11 * PAGE, ACCESS_WRITE), 1);
	mm_put(mm, e->c);
	env_free(e, 0);
}

/* Ids are given away in turn, whoever uses them (choose_new_asid()), and flushed then. */
static void asids_go_to_those_that_run(void **state)
{
	struct env *e = env_new(&test_cfg, 64);
	struct mm *mm[8];
	u32 i, k;

	for (i = 0; i < 8; i++) {
		mm[i] = mm_new(e->k, false);
		assert_int_equal(mm_asid(mm[i], e->c), 0);
	}
	for (i = 0; i < 6; i++)
		mm_load(mm[i], e->c);
	for (i = 0; i < 6; i++)
		for (k = 0; k < i; k++)
			assert_int_not_equal(mm_asid(mm[i], e->c), mm_asid(mm[k], e->c));
	assert_int_equal(e->k->flush.recycled, 0);
	mm_load(mm[0], e->c);
	mm_load(mm[6], e->c);
	assert_int_equal(mm_asid(mm[0], e->c), 0);
	assert_int_equal(e->k->flush.recycled, 1);
	assert_int_equal(e->cpu.full_flushes, 1);
	i = mm_asid(mm[1], e->c);
	mm_put(mm[4], e->c);
	mm_load(mm[7], e->c);
	assert_int_equal(mm_asid(mm[7], e->c), i);
	assert_int_equal(mm_asid(mm[1], e->c), 0);
	for (i = 0; i < 8; i++)
		if (i != 4)
			mm_put(mm[i], e->c);
	env_free(e, 0);
}

static void ids_are_those_of_era_and_layout(void **state)
{
	static const struct {
		u32 era, layout, asids, expected;
	} row[] = {
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, ASIDS_ERA, 6 },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64_LA57, ASIDS_ERA, 6 },
		{ ERA_2_6_37, KERNEL_LAYOUT_X86_64, ASIDS_ERA, 0 },
		{ ERA_6_X, KERNEL_LAYOUT_I386, ASIDS_ERA, 0 },
		{ ERA_2_4_0, KERNEL_LAYOUT_I386_PAE, ASIDS_ERA, 0 },
		{ ERA_6_X, KERNEL_LAYOUT_ARM64_16K, ASIDS_ERA, 4095 },
		{ ERA_6_X, KERNEL_LAYOUT_SV39, ASIDS_ERA, 4095 },
		{ ERA_2_4_0, KERNEL_LAYOUT_I386, 17, 17 },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, 0, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct kernel_cfg cfg = { .era = row[i].era, .layout = row[i].layout, .asids = row[i].asids };

		assert_int_equal(kernel_asids(&cfg), row[i].expected);
	}
}

static void spurious_faults_are_counted(void **state)
{
	struct env *e = env_new(&test_cfg, 64);
	struct mm *mm = mm_new(e->k, false);
	struct trap t = { .va = BASE, .access = ACCESS_WRITE };

	map(e, mm, BASE, 1, RW);
	touch(e, mm, BASE, ACCESS_WRITE);
	assert_int_equal(kernel_ops.fault(e->k, e->c, mm, &t), TRAP_RETRY);
	assert_int_equal(e->k->fault.spurious, 1);
	mm_put(mm, e->c);
	env_free(e, 0);
}

static void counters_have_their_names(void **state)
{
	static const char *const names[] = { "mm.fault.minor", "mm.fault.major",      "mm.fault.cow",
					     "mm.fault.zero",  "mm.fault.file",       "mm.fault.spurious",
					     "mm.fault.segv",  "mm.vmstat.pgfault",   "mm.frames.total",
					     "mm.frames.free", "mm.frames.allocated", "mm.frames.freed",
					     "mm.frames.peak", "mm.pgtable.pages",    "mm.flush.pages" };
	struct env *e = env_new(&test_cfg, 64);
	struct mm *mm = mm_new(e->k, false);
	struct stats *s = stats_new();
	u32 i;

	kernel_stats(e->k, s);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_true(stats_has(s, names[i]));
	map(e, mm, BASE, 3, RW);
	for (i = 0; i < 3; i++)
		touch(e, mm, BASE + i * PAGE, ACCESS_WRITE);
	assert_int_equal(stats_value(s, "mm.vmstat.pgfault"), 3);
	assert_int_equal(stats_value(s, "mm.frames.total"), 64);
	assert_int_equal(stats_value(s, "mm.frames.free"), 64 - 1 - 4 - 3);
	assert_int_equal(stats_value(s, "mm.vmstat.nr_page_table_pages"), 4);
	stats_free(s);
	mm_put(mm, e->c);
	env_free(e, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_pages_fault_once),
		cmocka_unit_test(zero_page_is_shared_until_written),
		cmocka_unit_test(without_zero_page_reads_get_frames),
		cmocka_unit_test(fork_copies_on_write),
		cmocka_unit_test(files_share_frames),
		cmocka_unit_test(faults_map_around),
		cmocka_unit_test(bad_accesses_are_segv),
		cmocka_unit_test(protection_is_withdrawn_and_returned),
		cmocka_unit_test(flush_ceiling),
		cmocka_unit_test(munmap_frees_frames_and_tables),
		cmocka_unit_test(freed_tables_leave_walk_caches),
		cmocka_unit_test(mremap_moves_pages),
		cmocka_unit_test(madvise_drops_pages),
		cmocka_unit_test(heap_grows_and_shrinks),
		cmocka_unit_test(stack_grows_down),
		cmocka_unit_test(implicit_maps_cover_everything),
		cmocka_unit_test(out_of_memory_is_a_result),
		cmocka_unit_test(asids_go_to_those_that_run),
		cmocka_unit_test(ids_are_those_of_era_and_layout),
		cmocka_unit_test(spurious_faults_are_counted),
		cmocka_unit_test(counters_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
