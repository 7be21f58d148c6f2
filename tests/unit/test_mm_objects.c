/*
 * The kernel's objects behind address spaces and threads, and the lines that its paths touch: every mapping
 * has a vm_area_struct and all come back, every access finds a kernel mapping, and an anonymous write fault
 * touches as many lines as were counted on a 6.12 kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/slab_impl.h"
#include "tests/ref/ref_kernel_cpu.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE  4096ull
#define BASE  0x10000000ull
#define SPACE 512u /* pages in which everything is mapped */
#define MMS   4u

struct lines {
	struct map64 read, written, text;
	bool on;
};

struct bench {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_kernel_cpu cpu;
	struct cpu *c;
	const struct cpu_ops *ref; /* the ops that `ops` stands before */
	struct cpu_ops ops;
	struct lines lines;
};

static struct bench *bench; /* the ops have no other way to it */

static void note(struct map64 *set, u64 va, u32 bytes)
{
	u64 line;

	for (line = va >> 6; bench->lines.on && bytes && line <= (va + bytes - 1) >> 6; line++)
		map64_set(set, line, 1);
}

static void note_load(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	note(&bench->lines.read, va, bytes);
	bench->ref->load(c, path, va, bytes);
}

static void note_store(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	note(&bench->lines.written, va, bytes);
	bench->ref->store(c, path, va, bytes);
}

static void note_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	note(&bench->lines.text, va, bytes);
	bench->ref->execute(c, path, va, bytes, instructions);
}

static struct bench *bench_new(enum kernel_layout layout, enum kernel_era era)
{
	struct bench *b = bench = xcalloc(1, sizeof(*b));
	struct kernel_params p = {
		.cfg = &b->cfg, .memory = 32 << 20, .hz = 1000000000, .seed = 1, .cpus = 1
	};

	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .asids = 6,
				      .layout = layout,
				      .era = era,
				      .placement = FRAME_BUDDY,
				      .charge = true,
				      .flush_ceiling = 33,
				      .stack_limit = 1 << 20,
				      .instruction_scale = 100 };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	ref_kernel_cpu_init(&b->cpu, b->k);
	b->c = &b->cpu.cpu;
	b->ref = b->c->ops;
	b->ops = *b->ref;
	b->ops.load = note_load;
	b->ops.store = note_store;
	b->ops.execute = note_execute;
	b->c->ops = &b->ops;
	return b;
}

static void bench_free(struct bench *b)
{
	kernel_check(b->k);
	ref_kernel_cpu_fini(&b->cpu);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	map64_fini(&b->lines.read);
	map64_fini(&b->lines.written);
	map64_fini(&b->lines.text);
	free(b);
}

static u64 tasks(const struct kernel *k)
{
	const struct task *t;
	u64 n = 0;

	for (t = k->tasks; t; t = t->next)
		n++;
	return n;
}

static void fault(struct bench *b, struct mm *mm, u64 va)
{
	struct trap t = { .va = va, .access = ACCESS_WRITE };

	mm_load(mm, b->c);
	assert_int_equal(kernel_ops.fault(b->k, b->c, mm, &t), TRAP_RETRY);
}

static u64 active(struct bench *b, const char *cache)
{
	const struct kmem_cache *kc = kmem_cache_find(b->k->slabs, cache);

	return kc ? kc->in_use : 0;
}

/* 16 slots a node: enough nodes for all mappings and gaps, at least one in three filled. */
static void check_nodes(struct bench *b, const struct mm *const *mm)
{
	u64 slots = 0, least = 0, i;

	for (i = 0; i < MMS; i++) {
		slots += mm[i] ? mm[i]->nodes.n * 16 : 0;
		least += mm[i] ? 2 * mm[i]->vmas.n : 0;
	}
	assert_int_equal(active(b, "maple_node"), slots / 16);
	assert_true(slots >= least && slots <= 3 * least + MMS * 32);
}

static void random_step(struct bench *b, struct mm **mm, struct rng *r)
{
	struct mm **m = &mm[rng_below(r, MMS)], **to = &mm[rng_below(r, MMS)];
	u64 at = BASE + rng_below(r, SPACE) * PAGE, len = (1 + rng_below(r, 20)) * PAGE;
	struct mm_map map = { .addr = at, .len = len, .flags = MM_READ | MM_WRITE };

	if (!*m)
		*m = mm_new(b->k, false);
	switch (rng_below(r, 8)) {
	case 0:
		mm_munmap(*m, b->c, at, len);
		break;
	case 1:
		mm_mprotect(*m, b->c, at, len, rng_below(r, 2) ? MM_READ : MM_READ | MM_WRITE);
		break;
	case 2:
		mm_mremap(*m, b->c, at, len, at + SPACE * PAGE, len);
		break;
	case 3:
		if (!*to)
			*to = mm_fork(*m, b->c);
		break;
	case 4:
		if (rng_below(r, 8))
			break;
		mm_put(*m, b->c);
		*m = NULL;
		break;
	default:
		mm_mmap(*m, b->c, &map);
		fault(b, *m, at);
	}
}

static void objects_follow_mappings(enum kernel_layout layout, enum kernel_era era)
{
	struct bench *b = bench_new(layout, era);
	struct mm *mm[MMS] = { NULL };
	u64 vmas, mms;
	struct rng r;
	u32 i, j;

	rng_init(&r, era, "mappings");
	for (i = 0; i < 2000; i++) {
		random_step(b, mm, &r);
		for (vmas = mms = j = 0; j < MMS; j++) {
			vmas += mm[j] ? mm[j]->vmas.n : 0;
			mms += mm[j] != NULL;
		}
		assert_int_equal(active(b, "vm_area_struct"), vmas);
		assert_int_equal(active(b, "mm_struct"), mms);
		if (era == ERA_6_X)
			check_nodes(b, (const struct mm *const *)mm);
	}
	for (j = 0; j < MMS; j++)
		if (mm[j])
			mm_put(mm[j], b->c);
	assert_int_equal(active(b, "vm_area_struct"), 0);
	assert_int_equal(active(b, "mm_struct"), 0);
	assert_int_equal(active(b, "maple_node"), 0);
	bench_free(b);
}

static void test_mappings_have_objects(void **state)
{
	objects_follow_mappings(KERNEL_LAYOUT_X86_64, ERA_6_X);
	objects_follow_mappings(KERNEL_LAYOUT_X86_64, ERA_2_6_37);
	objects_follow_mappings(KERNEL_LAYOUT_I386, ERA_2_6_9);
	objects_follow_mappings(KERNEL_LAYOUT_I386_PAE, ERA_2_4_0);
}

/* Beside the idle one of the hardware thread; a stack is 16 KB in 6.x, 8 KB before. */
static void test_threads_have_tasks(void **state)
{
	static const struct {
		enum kernel_era era;
		u64 bytes;
	} eras[] = { { ERA_6_X, 16384 }, { ERA_2_6_37, 8192 }, { ERA_2_6_9, 8192 }, { ERA_2_4_0, 8192 } };
	struct task *t[64];
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, eras[i].era);

		for (n = 0; n < ARRAY_SIZE(t); n++) {
			t[n] = kernel_task_new(b->k, b->c);
			assert_non_null(t[n]);
			kernel_task_run(b->k, b->c, t[n]);
			ref_kernel_touch(&b->cpu, t[n]->stack - 1);
			ref_kernel_touch(&b->cpu, t[n]->stack - eras[i].bytes);
			assert_true(!n || t[n]->stack - t[n - 1]->stack >= eras[i].bytes ||
				    t[n - 1]->stack - t[n]->stack >= eras[i].bytes);
		}
		assert_int_equal(tasks(b->k), 65);
		if (eras[i].era > ERA_2_4_21)
			assert_int_equal(active(b, "task_struct"), 65);
		for (n = 0; n < ARRAY_SIZE(t); n++)
			kernel_task_free(b->k, b->c, t[n]);
		assert_int_equal(tasks(b->k), 1);
		assert_ptr_equal(b->k->cpu[0].task, b->k->cpu[0].idle);
		bench_free(b);
	}
}

/*
 * Counted on 6.12 between two marks in a process of some ten mappings: 41 lines of objects and 19 of kernel
 * data read, 19 of objects and 22 of the stack written, three struct pages and a table, 235 lines of text.
 */
static void test_fault_touches_the_counted_lines(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X);
	struct mm *mm = mm_new(b->k, false);
	struct mm_map map = { .len = 64 * PAGE, .flags = MM_READ | MM_WRITE };
	u32 i;

	for (i = 0; i < 10; i++) {
		map.addr = BASE + i * 100 * PAGE;
		map.flags ^= i % 2 ? MM_EXEC : 0;
		mm_mmap(mm, b->c, &map);
	}
	/* The second page of a table, from a list that has pages, in the middle of an LRU batch. */
	fault(b, mm, BASE);
	b->lines.on = true;
	fault(b, mm, BASE + PAGE);
	b->lines.on = false;
	assert_in_range(b->lines.read.n, (41 + 19) * 80 / 100, (41 + 19) * 120 / 100);
	assert_in_range(b->lines.written.n, (19 + 22 + 3) * 80 / 100, (19 + 22 + 4) * 120 / 100);
	assert_in_range(b->lines.text.n, 235 * 80 / 100, 235 * 120 / 100);
	mm_put(mm, b->c);
	bench_free(b);
}

/* Without memory there is no address space, whichever part of it finds none, also where nobody is charged. */
static void test_no_memory_is_no_space(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X);
	u64 *held = xcalloc(8192, sizeof(*held)), n = 0, pfn, left;
	struct mm *mm[256], *last;
	u32 i, made;

	while ((pfn = alloc_pages(b->k->pa, NULL, GFP_KERNEL | GFP_NORETRY, 0)) != NO_FRAME)
		held[n++] = pfn;
	for (left = 1; left <= 48; left++) {
		free_pages(b->k->pa, NULL, held[--n], 0);
		for (made = 0; (last = mm_new(b->k, false)); made++)
			mm[made] = last;
		for (i = 0; i < made; i++)
			mm_put(mm[i], b->c);
	}
	assert_true(made > 0);
	assert_int_equal(active(b, "mm_struct"), 0);
	while (n)
		free_pages(b->k->pa, NULL, held[--n], 0);
	free(held);
	bench_free(b);
}

struct entries {
	struct mm *mm;
	u32 present, writable, dirty;
};

static void count_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct entries *e = arg;
	u32 flags = pte_flags(e->mm, entry);

	e->present += (flags & PTE_PRESENT) != 0;
	e->writable += (flags & PTE_WRITE) != 0;
	e->dirty += (flags & PTE_DIRTY) != 0;
}

static struct entries entries_of(struct mm *mm)
{
	struct entries e = { .mm = mm };

	pgtable_each(mm, BASE, BASE + 8 * PAGE, count_entry, &e);
	return e;
}

/* Up to 2.6.13 a child gets the entries of shared memory, too, writable and clean; then it faults them in. */
static void forks_shared_memory(enum kernel_era era, u32 copied)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, era);
	struct mm *mm = mm_new(b->k, false), *child;
	struct mm_map map = {
		.addr = BASE, .len = 8 * PAGE, .flags = MM_READ | MM_WRITE | MM_SHARED, .object = 7
	};
	struct entries of_parent, of_child;
	u32 i;

	mm_mmap(mm, b->c, &map);
	for (i = 0; i < 8; i++)
		fault(b, mm, BASE + i * PAGE);
	child = mm_fork(mm, b->c);
	of_parent = entries_of(mm);
	of_child = entries_of(child);
	assert_int_equal(of_parent.writable, 8);
	assert_int_equal(of_parent.dirty, 8);
	assert_int_equal(of_child.present, copied);
	assert_int_equal(of_child.writable, copied);
	assert_int_equal(of_child.dirty, 0);
	mm_put(mm, b->c);
	kernel_check(b->k);
	mm_put(child, b->c);
	bench_free(b);
}

static void test_fork_of_shared_memory(void **state)
{
	forks_shared_memory(ERA_2_4_21, 8);
	forks_shared_memory(ERA_2_6_9, 8);
	forks_shared_memory(ERA_2_6_18, 0);
	forks_shared_memory(ERA_6_X, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mappings_have_objects),
		cmocka_unit_test(test_threads_have_tasks),
		cmocka_unit_test(test_fault_touches_the_counted_lines),
		cmocka_unit_test(test_no_memory_is_no_space),
		cmocka_unit_test(test_fork_of_shared_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
