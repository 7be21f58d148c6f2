/*
 * What the kernel's work costs the host: nanoseconds for each line that is charged, beside those for a
 * reference of the program that hits, and pairs of allocation and free a second, functional and charged. The
 * machine is that of tests/ref/ref_hw_machine.h, kernel addresses translated by pages of 2 MB; a figure is
 * the best of some rounds, in CPU time.
 *
 *   charge [--json]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/base/error.h"
#include "model/core/core_state.h"
#include "model/mm/alloc.h"
#include "model/mm/charge.h"
#include "model/mm/slab.h"
#include "tests/ref/ref_hw_machine.h"

#define DIRECT     0xffff888000000000ull
#define TEXT       0xffffffff81000000ull
#define MEMORY     (1ull << 30)
#define K4         0x1000ull
#define M2         0x200000ull
#define TEXT_BYTES (8 * M2)
#define KERNEL     (PTE_WRITE | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define ROUNDS     5u
#define GROWN      (1u << 16)

struct bench {
	struct ref_machine m;
	struct ref_tables tables;
	struct cpu *cpu;
	struct charger charger;
	struct page_alloc *pages;
	struct slabs *slabs;
	struct kmem_cache *cache;
	u64 *object; /* GROWN of them */
	u32 block;
	bool json, begun;
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void init(struct bench *b)
{
	const struct tr_slot load = { .size = 8, .kind = TR_LOAD };
	u64 pa;

	ref_machine_cfg(&b->m);
	b->m.core_cfg.width = 6;
	b->m.core_cfg.store_buffer = 72;
	ref_machine_init(&b->m);
	b->cpu = core_cpu(b->m.core);
	b->cpu->direct_map = DIRECT;
	b->tables = b->m.tables;
	b->tables.next_frame = 0x30000;
	b->tables.root = b->tables.next_frame++ << FRAME_SHIFT;
	ptmem_add(b->tables.ptmem, b->tables.root >> FRAME_SHIFT);
	for (pa = 0; pa < MEMORY; pa += M2)
		ref_tables_map(&b->tables, DIRECT + pa, pa, 1, KERNEL);
	for (pa = 0; pa < TEXT_BYTES; pa += M2)
		ref_tables_map(&b->tables, TEXT + pa, MEMORY - TEXT_BYTES + pa, 1, KERNEL);
	b->cpu->ops->set_kernel_root(b->cpu, b->tables.root);
	b->block = ref_machine_block(&b->m, 0x400000, 8, (struct tr_slot[]){ load, load, load, load }, 4);
	charger_init(&b->charger, ERA_6_X, TEXT, 1u << 25, 100, true);
	b->charger.ladder = ladder_new(true);
	b->pages = page_alloc_new(&(struct page_alloc_cfg){ .era = ERA_6_X,
							    .pcp = PCP_LISTS,
							    .bytes = MEMORY,
							    .shift = FRAME_SHIFT,
							    .nodes = 1,
							    .cpus = 1,
							    .word = 8,
							    .direct_map = DIRECT },
				  &b->charger);
	b->slabs = slabs_new(b->pages, SLAB_SLUB, 64);
	b->cache = kmem_cache_create(b->slabs, "bench", 256, 0, 0);
	b->object = xcalloc(GROWN, sizeof(*b->object));
}

static void fini(struct bench *b)
{
	free(b->object);
	slabs_free(b->slabs);
	page_alloc_free(b->pages);
	ladder_free(b->charger.ladder);
	ref_machine_fini(&b->m);
}

/* Each does its thing n times, and returns how many units that were. */
static u64 program_hits(struct bench *b, u32 n)
{
	static u64 addr[4 * 4096];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = 0x10000000 + i % 256 * 64;
	for (i = 0; i < n / 4096; i++)
		ref_machine_run(&b->m, b->block, addr, 4096);
	return (u64)(n / 4096) * 4096 * 5;
}

/* Lines that no cache has; the instructions are not counted. */
static u64 program_misses(struct bench *b, u32 n)
{
	static u64 addr[4 * 4096];
	static u64 at;
	u32 i, k;

	for (i = 0; i < n / 4096; i++) {
		for (k = 0; k < ARRAY_SIZE(addr); k++)
			addr[k] = 0x10000000 + at++ % (1u << 20) * 64;
		ref_machine_run(&b->m, b->block, addr, 4096);
	}
	return (u64)(n / 4096) * 4096 * 4;
}

static u64 loads(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		b->cpu->ops->load(b->cpu, KPATH_BUDDY, DIRECT + i % 64 * 8 * 64, 8);
	return n;
}

static u64 stores(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		b->cpu->ops->store(b->cpu, KPATH_BUDDY, DIRECT + i % 64 * 8 * 64, 8);
	return n;
}

static u64 text(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n / 16; i++)
		b->cpu->ops->execute(b->cpu, KPATH_BUDDY, TEXT + i % 8 * 40 * 64, 16 * 64, 180);
	return n;
}

static u64 zero_warm(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n / 64; i++)
		b->cpu->ops->zero(b->cpu, KPATH_ZERO, DIRECT + i % 8 * K4, K4);
	return n;
}

static u64 zero_cold(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n / 64; i++)
		b->cpu->ops->zero(b->cpu, KPATH_ZERO, DIRECT + i % 0x10000 * K4, K4);
	return n;
}

static u64 copy_warm(struct bench *b, u32 n)
{
	u32 i;

	for (i = 0; i < n / 128; i++)
		b->cpu->ops->copy(b->cpu, KPATH_COPY, DIRECT + i % 4 * K4, DIRECT + (4 + i % 4) * K4, K4);
	return n;
}

static u64 pairs(struct bench *b, u32 n, bool charged)
{
	u64 pfn[8];
	u32 i, k;

	b->charger.on = b->charger.ladder->on = charged;
	for (i = 0; i < n / 8; i++) {
		for (k = 0; k < 8; k++)
			pfn[k] = alloc_pages(b->pages, b->cpu, GFP_HIGHUSER_MOVABLE, 0);
		for (k = 0; k < 8; k++)
			free_pages(b->pages, b->cpu, pfn[k], 0);
	}
	return n;
}

static u64 functional(struct bench *b, u32 n)
{
	return pairs(b, n, false);
}

static u64 charged(struct bench *b, u32 n)
{
	return pairs(b, n, true);
}

static u64 objects(struct bench *b, u32 n, bool charged)
{
	u64 va[8];
	u32 i, k;

	b->charger.on = b->charger.ladder->on = charged;
	for (i = 0; i < n / 8; i++) {
		for (k = 0; k < 8; k++)
			va[k] = kmem_cache_alloc(b->cache, b->cpu, GFP_KERNEL);
		for (k = 0; k < 8; k++)
			kmem_cache_free(b->cache, b->cpu, va[k]);
	}
	return n;
}

static u64 objects_functional(struct bench *b, u32 n)
{
	return objects(b, n, false);
}

static u64 objects_charged(struct bench *b, u32 n)
{
	return objects(b, n, true);
}

/* Slabs are made for all, which are freed in another order. */
static u64 slabs_grow(struct bench *b, u32 n, bool charged)
{
	u32 i, round;

	b->charger.on = b->charger.ladder->on = charged;
	for (round = 0; round < n / GROWN; round++) {
		for (i = 0; i < GROWN; i++)
			b->object[i] = kmem_cache_alloc(b->cache, b->cpu, GFP_KERNEL);
		for (i = 0; i < GROWN; i++)
			kmem_cache_free(b->cache, b->cpu, b->object[(i * 40503u + 12345u) % GROWN]);
	}
	return n;
}

static u64 grow_functional(struct bench *b, u32 n)
{
	return slabs_grow(b, n, false);
}

static u64 grow_charged(struct bench *b, u32 n)
{
	return slabs_grow(b, n, true);
}

/*
 * VMAs one after the other, two lines of each, with a step of 90 instructions, as a walk over those of an
 * object makes.
 */
#define VMA_BYTES 176u

static u64 visits(struct bench *b, u32 n, u32 vmas)
{
	u32 i;

	b->charger.on = true;
	for (i = 0; i < n; i++) {
		u64 va = DIRECT + (u64)(i % vmas) * VMA_BYTES;

		charge_step(&b->charger, b->cpu, STEP_TABLE_ALLOC);
		charge_load(&b->charger, b->cpu, KPATH_RECLAIM, va, 8);
		charge_load(&b->charger, b->cpu, KPATH_RECLAIM, va + 96, 8);
	}
	return n;
}

static u64 visits_few(struct bench *b, u32 n)
{
	return visits(b, n, 200);
}

static u64 visits_many(struct bench *b, u32 n)
{
	return visits(b, n, 10000);
}

/* Touches of lines by a charged pair, from a run of its own. */
static double lines_a_pair(struct bench *b)
{
	struct kernel_tally before, after;

	b->cpu->ops->tally(b->cpu, &before);
	charged(b, 80000);
	b->cpu->ops->tally(b->cpu, &after);
	return (double)(after.lines - before.lines) / 80000;
}

static const struct row {
	const char *name, *what;
	u64 (*run)(struct bench *b, u32 n);
	u32 n;
	bool rate; /* million a second, not nanoseconds */
} rows[] = {
	{ "reference", "a reference of the program that hits", program_hits, 4u << 20, false },
	{ "load", "a line loaded, hit", loads, 4u << 20, false },
	{ "store", "a line stored, hit", stores, 4u << 20, false },
	{ "text", "a line of text, hit", text, 8u << 20, false },
	{ "zero_warm", "a line zeroed, hit", zero_warm, 8u << 20, false },
	{ "zero_cold", "a line zeroed, not in any cache", zero_cold, 2u << 20, false },
	{ "copy_warm", "a line copied, hits: each of two", copy_warm, 8u << 20, false },
	{ "pairs_functional", "page allocated and freed, functional", functional, 2u << 20, true },
	{ "pairs_charged", "page allocated and freed, charged", charged, 1u << 20, true },
	{ "objects_functional", "object allocated and freed, functional", objects_functional, 2u << 20,
	  true },
	{ "objects_charged", "object allocated and freed, charged", objects_charged, 1u << 20, true },
	{ "slabs_functional", "the same with new slabs, freed at random", grow_functional, 1u << 20, true },
	{ "slabs_charged", "that, charged", grow_charged, 1u << 18, true },
	{ "visits_few", "VMA of 200 visited: 90 instructions, two lines", visits_few, 1u << 20, true },
	{ "visits_many", "VMA of 10,000 visited, which L1D has not", visits_many, 1u << 20, true },
	{ "reference_missed", "a reference of the program, not in any cache", program_misses, 1u << 18,
	  false },
};

static double measure(struct bench *b, const struct row *row)
{
	double best = 0, t;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		u64 n;

		t = cpu_seconds();
		n = row->run(b, row->n);
		t = (cpu_seconds() - t) / (double)n;
		best = !i || t < best ? t : best;
	}
	return row->rate ? 1e-6 / best : best * 1e9;
}

static void tell(struct bench *b, const char *name, const char *what, double value, const char *unit)
{
	if (b->json)
		printf("%s\"%s\": %.2f", b->begun ? ", " : "{", name, value);
	else
		printf("%-44s %8.2f %s\n", what, value, unit);
	b->begun = true;
}

int main(int argc, char **argv)
{
	struct bench b = { .json = argc > 1 && !strcmp(argv[1], "--json") };
	u32 i;

	init(&b);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tell(&b, rows[i].name, rows[i].what, measure(&b, &rows[i]),
		     rows[i].rate ? "million a second" : "ns");
	tell(&b, "lines_a_pair", "lines that a charged pair touches", lines_a_pair(&b), "");
	if (b.json)
		puts("}");
	fini(&b);
	return 0;
}
