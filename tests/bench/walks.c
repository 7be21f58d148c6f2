/*
 * How many visits of reverse mapping a second are charged, on one core of Golden Cove with each scheme in a
 * kernel of its time: a page after the other is asked who maps it. CPU time.
 *
 *   walks [--json] [NAME]
 *
 *   list        10,000 mappings of one file, of which each page is in one: all are looked at
 *   anon_vma    1,000 children with a page of their own each: half of them are looked at, down their tables
 *   pte_chain   a page of 200 address spaces: entries of its chain
 *   anonmm, anon_vma_chain, objrmap   the same by address spaces, VMAs of a family, VMAs of a file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/mm/alloc.h"
#include "model/mm/rmap.h"

#define PAGE     4096ull
#define AREA     0x10000000ull
#define CHILDREN 1000u
#define RW       (MM_READ | MM_WRITE)

struct bench {
	struct machine *m;
	struct kernel *k;
	struct cpu *cpu;
	struct mm *mm, *child[CHILDREN];
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void init(struct bench *b, const char *kernel, const char *rmap, const char *file)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char key[64];

	*b = (struct bench){ 0 };
	config_load(c, "machines", "golden-cove");
	config_load(c, "kernels", kernel);
	snprintf(key, sizeof(key), "kernel.rmap=%s", rmap);
	config_set(c, key);
	snprintf(key, sizeof(key), "kernel.rmap_file=%s", file);
	config_set(c, key);
	config_set(c, "memory.size=1G");
	machine_check(&cfg, c);
	b->m = machine_new(&cfg, 0);
	config_free(c);
	b->k = b->m->kernel;
	b->cpu = core_cpu(b->m->cores[0]);
	b->mm = mm_new(b->k, false);
	mm_load(b->mm, b->cpu);
	kernel_task_run(b->k, b->cpu, kernel_task_new(b->k, b->cpu));
}

static void map(struct bench *b, u64 addr, u64 pages, u64 object, u64 index)
{
	const struct mm_map map = { .addr = addr,
				    .len = pages * PAGE,
				    .flags = RW | (object ? MM_SHARED : MM_ANON),
				    .object = object,
				    .offset = index * PAGE };

	if (mm_mmap(b->mm, b->cpu, &map) != MM_OK)
		fail("the program cannot map its memory");
}

static void touch(struct bench *b, struct mm *mm, u64 va)
{
	const struct trap t = { .va = va, .access = ACCESS_WRITE };

	mm_load(mm, b->cpu);
	if (kernel_ops.fault(b->k, b->cpu, mm, &t) != TRAP_RETRY)
		fail("a page cannot be had");
}

static void fork_children(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		b->child[i] = mm_fork(b->mm, b->cpu);
		if (!b->child[i])
			fail("a process cannot be had");
	}
}

/* 10,000 windows of 7 pages, a page between them, as of rmap-test's third command. */
static void set_list(struct bench *b)
{
	u32 i;

	for (i = 0; i < 10000; i++) {
		map(b, AREA + i * 8 * PAGE, 7, 1, i * 8);
		if (i % 500 == 0)
			touch(b, b->mm, AREA + i * 8 * PAGE);
	}
}

/* Of each child a page that it has alone. */
static void set_own(struct bench *b)
{
	u32 i;

	map(b, AREA, 1, 0, 0);
	touch(b, b->mm, AREA);
	fork_children(b, CHILDREN);
	for (i = 0; i < CHILDREN; i++)
		touch(b, b->child[i], AREA);
}

static void set_shared(struct bench *b, u64 object)
{
	u32 i, n = 199, pages = 16, p;

	map(b, AREA, pages, object, 0);
	for (p = 0; p < pages; p++)
		touch(b, b->mm, AREA + p * PAGE);
	fork_children(b, n);
	for (i = 0; object && i < n; i++)
		for (p = 0; p < pages; p++)
			touch(b, b->child[i], AREA + p * PAGE);
}

static void set_family(struct bench *b)
{
	set_shared(b, 0);
}

static void set_file(struct bench *b)
{
	set_shared(b, 1);
}

static bool look(struct rmap_walk *w, const struct rmap_entry *e)
{
	return true;
}

/* Walks to every page that somebody maps; returns visits. */
static u64 walk_all(struct bench *b)
{
	const struct memmap *m = &b->k->pa->map;
	struct rmap_walk w = { .k = b->k, .c = b->cpu, .path = KPATH_RECLAIM, .entry = look };
	u64 visits = 0;

	for (w.pfn = 0; w.pfn < m->pages; w.pfn++) {
		if (!memmap_has(m, w.pfn)) {
			w.pfn |= PAGE_CHUNK - 1;
			continue;
		}
		if (!page_of(m, w.pfn)->mapcount || !rmap_walk(&w))
			continue;
		visits += w.vmas;
	}
	return visits;
}

static const struct row {
	const char *name, *what, *kernel, *rmap, *file;
	void (*set)(struct bench *b);
} rows[] = {
	{ "list", "VMA of a list, another part of the file", "linux-2.6.5-i386", "objrmap", "list",
	  set_list },
	{ "anon_vma", "VMA of a list, another page there", "linux-2.6.9-i386", "anon_vma", "prio_tree",
	  set_own },
	{ "pte_chain", "entry of a chain", "linux-2.6.5-i386", "pte_chain", "list", set_family },
	{ "anonmm", "address space of a family", "linux-2.6.5-i386", "anonmm", "list", set_family },
	{ "anon_vma_chain", "VMA of a family in a tree", "linux-6.x", "anon_vma_chain", "interval_tree",
	  set_family },
	{ "objrmap", "VMA of a file in a tree", "linux-6.x", "anon_vma_chain", "interval_tree", set_file },
};

/* Nanoseconds of a visit: the best of some rounds of at least a million. */
static double measure(const struct row *r)
{
	struct bench b;
	double best = 0, t;
	u64 visits;
	u32 i;

	init(&b, r->kernel, r->rmap, r->file);
	r->set(&b);
	for (i = 0; i < 4; i++) {
		visits = 0;
		t = cpu_seconds();
		while (visits < 1000000)
			visits += walk_all(&b);
		t = (cpu_seconds() - t) / (double)visits * 1e9;
		best = !i || t < best ? t : best;
	}
	machine_free(b.m);
	return best;
}

int main(int argc, char **argv)
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	const char *only = argc > 1 + json ? argv[1 + json] : NULL;
	double ns;
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (only && strcmp(only, rows[i].name))
			continue;
		ns = measure(&rows[i]);
		if (json)
			printf("%s\"%s\": %.1f", n++ ? ", " : "{", rows[i].name, ns);
		else
			printf("%-44s %8.1f ns %8.2f million a second\n", rows[i].what, ns, 1e3 / ns);
	}
	if (json)
		puts("}");
	return 0;
}
