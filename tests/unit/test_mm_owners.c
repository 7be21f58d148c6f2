/* --check finds whoever has a page: all kinds of owners add up in each era, and a page without one, with two,
 * or in two places ends the run. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/slab_impl.h"
#include "model/mm/vmalloc.h"
#include "tests/ref/ref_kernel_cpu.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE   4096ull
#define BASE   0x10000000ull
#define MEMORY (64ull << 20)

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_kernel_cpu cpu;
	struct cpu *c;
	struct mm *mm;
	struct task *task;
	struct kevents *events;
	u64 area;
};

static void touch(struct env *e, u64 va)
{
	struct trap t = { .va = va, .access = ACCESS_WRITE };

	assert_int_equal(kernel_ops.fault(e->k, e->c, e->mm, &t), TRAP_RETRY);
}

/* Some of each kind: a program, a thread, vmalloc(), recorded pages and objects, one too large for a slab. */
static void use(struct env *e)
{
	const struct mm_map map = { .addr = BASE, .len = 64 * PAGE, .flags = MM_READ | MM_WRITE };
	const struct kevent block = { .name = 1, .order = 2, .gfp = GFP_KERNEL };
	const struct kevent small = { .name = 1, .bytes = 100, .gfp = GFP_KERNEL };
	const struct kevent large = { .name = 2, .bytes = 100000, .gfp = GFP_KERNEL };
	u64 i;

	e->mm = mm_new(e->k, false);
	mm_load(e->mm, e->c);
	mm_mmap(e->mm, e->c, &map);
	for (i = 0; i < 64; i += 3)
		touch(e, BASE + i * PAGE);
	e->task = kernel_task_new(e->k, e->c);
	assert_non_null(e->task);
	e->area = vmalloc(e->k, e->c, 20 * PAGE);
	assert_true(e->area);
	e->events = kevents_new(e->k);
	kevents_page_alloc(e->events, e->c, &block);
	kevents_object_alloc(e->events, e->c, &small);
	kevents_object_alloc(e->events, e->c, &large);
	assert_int_equal(e->k->kevent.failed, 0);
}

static struct env *env_new(enum kernel_layout layout, enum kernel_era era)
{
	struct env *e = xcalloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){ .colours = 1,
				      .layout = layout,
				      .era = era,
				      .placement = FRAME_BUDDY,
				      .boot = KERNEL_BOOT_AGED,
				      .boot_occupancy = 30,
				      .boot_fragmentation = 50,
				      .zero_page = true,
				      .charge = true,
				      .flush_ceiling = 33,
				      .instruction_scale = 100 };
	p.format = kernel_format(&e->cfg);
	e->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	e->k = kernel_new(&p);
	ref_kernel_cpu_init(&e->cpu, e->k);
	e->c = &e->cpu.cpu;
	use(e);
	return e;
}

static void env_free(struct env *e)
{
	ref_kernel_cpu_fini(&e->cpu);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e);
}

static void test_all_add_up(void **state)
{
	static const u8 layouts[] = { KERNEL_LAYOUT_X86_64, KERNEL_LAYOUT_I386_PAE, KERNEL_LAYOUT_ARM64_64K };
	u32 l, era;

	for (l = 0; l < ARRAY_SIZE(layouts); l++) {
		for (era = 0; era < NR_ERAS; era++) {
			struct env *e = env_new(layouts[l], era);

			kernel_check(e->k);
			kernel_task_free(e->k, e->c, e->task);
			vfree(e->k, e->c, e->area);
			mm_put(e->mm, e->c);
			drain_all_pages(e->k->pa, e->c);
			kernel_check(e->k);
			env_free(e);
		}
	}
}

/* ---- what is planted ---- */

static void leak_page(struct env *e)
{
	alloc_pages(e->k->pa, e->c, GFP_KERNEL, 0);
}

static void leak_block(struct env *e)
{
	alloc_pages(e->k->pa, e->c, GFP_KERNEL, 3);
}

/* Its frame says that a user of frames has it, and none does. */
static void leak_frame(struct env *e)
{
	frame_alloc(e->k->frames, e->c, GFP_KERNEL, 0, ~(u64)0, 0);
}

static void lose_stack(struct env *e)
{
	e->k->tasks = e->k->tasks->next;
	e->k->tasks->prev = NULL;
}

static struct slab *some_slab(struct env *e)
{
	struct slab **s = e->k->slabs->slab;

	while (!*s)
		s++;
	return *s;
}

static void free_slab_pages(struct env *e)
{
	struct slab *s = some_slab(e);

	free_pages(e->k->pa, e->c, s->pfn, s->order);
}

/* A slab's page in a program's table, too: as its entry would say. */
static void two_owners(struct env *e)
{
	u64 pfn = some_slab(e)->pfn;

	page_of(&e->k->pa->map, pfn)->flags |= PAGE_FRAME;
}

static void lose_free_block(struct env *e)
{
	struct zone *z = &e->k->pa->zone[e->k->pa->n_zones - 1];
	u32 order = e->k->pa->max_order, type, pfn = NO_PAGE;

	while (pfn == NO_PAGE && order--)
		for (type = 0; type < NR_MIGRATETYPES && pfn == NO_PAGE; type++)
			pfn = z->area[order].list[type].first;
	page_of(&e->k->pa->map, pfn)->state = PAGE_UNUSED;
}

static void lose_object(struct env *e)
{
	e->k->kevents = NULL; /* the set, with all that it holds */
	e->k->kevent = (struct kevent_stats){ 0 };
}

/* A child does it: --check has to end it. */
static void assert_caught(void (*plant)(struct env *e))
{
	struct env *e = env_new(KERNEL_LAYOUT_I386, ERA_2_6_9);
	int status;
	pid_t child;

	kernel_check(e->k);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		signal(SIGABRT, SIG_DFL); /* cmocka has a handler */
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		plant(e);
		kernel_check(e->k);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	env_free(e);
}

static void test_leaks_are_caught(void **state)
{
	static void (*const plant[])(struct env * e) = {
		leak_page,       leak_block, leak_frame,      lose_stack,
		free_slab_pages, two_owners, lose_free_block, lose_object,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(plant); i++)
		assert_caught(plant[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_add_up),
		cmocka_unit_test(test_leaks_are_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
