/*
 * The kernel's own tables: direct map, image and struct pages of every layout, walked by the manuals' bits
 * (tests/ref/ref_pt).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/kpgtable.h"
#include "model/mm/pgtable.h"
#include "tests/ref/ref_pt.h"

#define KB(n)      ((u64)(n) << 10)
#define MB(n)      ((u64)(n) << 20)
#define GB(n)      ((u64)(n) << 30)
#define NR_LAYOUTS (KERNEL_LAYOUT_SV48 + 1)

struct bench {
	enum ref_pt_kind kind;
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct kpgtable *kp;
};

static struct bench *bench_new(u32 layout, enum kernel_era era, u64 memory, enum direct_page direct)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct kernel_params p = { .cfg = &b->cfg, .memory = memory, .hz = 1000000000, .seed = 1 };

	b->kind = (enum ref_pt_kind)layout;
	b->cfg = (struct kernel_cfg){ .colours = 1, .asids = 1, .layout = layout, .era = era };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	b->kp = kpgtable_new(b->k, direct);
	assert_non_null(b->kp);
	return b;
}

static void bench_free(struct bench *b)
{
	kpgtable_free(b->kp);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b);
}

static struct ref_pt ref_walk_at(const struct bench *b, u64 va)
{
	return ref_pt_walk(b->kind, b->ptmem, kpgtable_root(b->kp), va);
}

/* Intel SDM volume 3, 4.5: G is bit 8; Arm ARM D8: nG is bit 11; RISC-V: G is bit 5. */
static bool is_global(const struct bench *b, const struct ref_pt *r)
{
	u64 entry = pt_read(b->k->format, b->ptmem, r->entry_pa);

	if (b->kind >= REF_SV39)
		return entry >> 5 & 1;
	return b->kind >= REF_ARM_4K ? !(entry >> 11 & 1) : entry >> 8 & 1;
}

/* AArch64 says by another bit, 53, what the kernel may execute; the walker of the tests knows users'. */
static bool may_execute(const struct bench *b, const struct ref_pt *r)
{
	u64 entry = pt_read(b->k->format, b->ptmem, r->entry_pa);

	return b->kind >= REF_ARM_4K && b->kind <= REF_ARM_64K ? !(entry >> 53 & 1) : r->exec;
}

static struct ref_pt mapped(const struct bench *b, u64 va, u64 pa)
{
	struct ref_pt r = ref_walk_at(b, va);
	enum page_size size;
	u32 flags;

	assert_true(r.present && r.write && r.accessed && r.dirty && !r.user);
	assert_int_equal(r.pa, pa);
	assert_true(is_global(b, &r));
	assert_int_equal(kpgtable_pa(b->kp, va, &flags, &size), pa);
	assert_int_equal(page_size_shift[size], r.page_shift);
	r.exec = may_execute(b, &r);
	assert_int_equal(!!(flags & PTE_EXEC), r.exec);
	return r;
}

static void nothing(const struct bench *b, u64 va)
{
	assert_false(ref_walk_at(b, va).present);
	assert_int_equal(kpgtable_pa(b->kp, va, NULL, NULL), NO_FRAME);
}

/* Random addresses and the ends of the direct map, and the bytes around it; the image. */
static void whole_layout(u32 which, u64 memory, u64 seed)
{
	struct bench *b = bench_new(which, ERA_6_X, memory, DIRECT_PAGE_ERA);
	const struct layout *l = &b->k->layout;
	struct rng rng;
	u32 i;

	rng_init(&rng, seed, "kpgtable");
	mapped(b, l->direct_map, 0);
	mapped(b, l->direct_map + l->direct_end - 1, l->direct_end - 1);
	nothing(b, l->direct_map + l->direct_end);
	nothing(b, l->direct_map - 1);
	for (i = 0; i < 300; i++) {
		u64 pa = rng_below(&rng, l->direct_end), in_image = rng_below(&rng, l->image_bytes);

		mapped(b, l->direct_map + pa, pa);
		assert_true(mapped(b, layout_image_va(l) + in_image, l->text_pa + in_image).exec);
		nothing(b, l->vmalloc_end - 1 - rng_below(&rng, MB(64)));
	}
	bench_free(b);
}

static void all_layouts(void **state)
{
	u32 which;

	for (which = 0; which < NR_LAYOUTS; which++) {
		whole_layout(which, MB(64), which);
		whole_layout(which, GB(3) + MB(5), which);
	}
}

/* Size of the page at a physical address of the direct map. */
static u64 page_at(const struct bench *b, u64 pa)
{
	return 1ull << mapped(b, b->k->layout.direct_map + pa, pa).page_shift;
}

static void check_pages(u32 layout, enum kernel_era era, enum direct_page direct, u64 memory, u64 first,
			u64 low, u64 high, u64 last)
{
	struct bench *b = bench_new(layout, era, memory, direct);
	u64 end = b->k->layout.direct_end;

	assert_int_equal(page_at(b, 0), first);
	assert_int_equal(page_at(b, MB(80)), low);
	assert_int_equal(page_at(b, MIN(GB(1), end - MB(64))), high);
	assert_int_equal(page_at(b, end - 1), last);
	bench_free(b);
}

/* Pages of the direct map: at 0, at 80 MB, from 1 GB on, at its end. */
static void pages_of_the_direct_map(void **state)
{
	const u64 odd = GB(3) + MB(4) + KB(4);

	check_pages(KERNEL_LAYOUT_X86_64, ERA_6_X, DIRECT_PAGE_ERA, odd, KB(4), MB(2), GB(1), KB(4));
	check_pages(KERNEL_LAYOUT_X86_64, ERA_2_6_37, DIRECT_PAGE_ERA, odd, GB(1), GB(1), GB(1), KB(4));
	check_pages(KERNEL_LAYOUT_X86_64, ERA_2_6_9, DIRECT_PAGE_ERA, GB(4), MB(2), MB(2), MB(2), MB(2));
	check_pages(KERNEL_LAYOUT_X86_64, ERA_6_X, DIRECT_PAGE_2M, GB(4), KB(4), MB(2), MB(2), MB(2));
	check_pages(KERNEL_LAYOUT_X86_64, ERA_6_X, DIRECT_PAGE_4K, GB(1), KB(4), KB(4), KB(4), KB(4));
	check_pages(KERNEL_LAYOUT_I386, ERA_2_6_9, DIRECT_PAGE_ERA, GB(2), MB(4), MB(4), MB(4), MB(4));
	check_pages(KERNEL_LAYOUT_I386, ERA_2_6_37, DIRECT_PAGE_ERA, GB(2), KB(4), MB(4), MB(4), MB(4));
	check_pages(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, DIRECT_PAGE_ERA, GB(8), MB(2), MB(2), MB(2), MB(2));
	check_pages(KERNEL_LAYOUT_I386, ERA_2_6_9, DIRECT_PAGE_4K, GB(2), KB(4), KB(4), KB(4), KB(4));
	check_pages(KERNEL_LAYOUT_ARM64_4K, ERA_6_X, DIRECT_PAGE_ERA, GB(4), GB(1), GB(1), GB(1), GB(1));
	check_pages(KERNEL_LAYOUT_ARM64_16K, ERA_6_X, DIRECT_PAGE_ERA, GB(4), MB(32), MB(32), MB(32), MB(32));
	check_pages(KERNEL_LAYOUT_ARM64_64K, ERA_6_X, DIRECT_PAGE_ERA, GB(4), MB(512), MB(512), MB(512),
		    MB(512));
	check_pages(KERNEL_LAYOUT_SV39, ERA_6_X, DIRECT_PAGE_2M, GB(4), MB(2), MB(2), MB(2), MB(2));
}

/* 1 TB by pages of 1 GB: the tables of the first one, two of the third level and one above, and the image's.
 */
static void a_terabyte_costs_a_few_tables(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X, GB(1024), DIRECT_PAGE_ERA);

	assert_true(b->kp->tables <= 8);
	bench_free(b);
}

static void count_table(void *arg, u64 pfn)
{
	++*(u64 *)arg;
}

static void small_pages_come_and_go(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X, MB(64), DIRECT_PAGE_ERA);
	u64 va = b->k->layout.vmalloc_start + MB(2) - KB(8), entry, tables = 0;
	struct kmapping m = {
		.va = va, .pa = MB(4), .bytes = KB(16), .flags = PTE_KERNEL, .largest = PAGE_4K
	};

	assert_true(kpgtable_map(b->kp, &m));
	assert_int_equal(mapped(b, va + KB(16) - 1, MB(4) + KB(16) - 1).page_shift, 12);
	nothing(b, va + KB(16));
	assert_int_equal(kpgtable_unmap(b->kp, NULL, KPATH_VMALLOC, va, KB(20)), 4);
	nothing(b, va);
	entry = kpgtable_entry(b->kp, va);
	kpgtable_set(b->kp, NULL, KPATH_KMAP, entry, MB(8));
	mapped(b, va + 5, MB(8) + 5);
	kpgtable_set(b->kp, NULL, KPATH_KMAP, entry, NO_FRAME);
	nothing(b, va);
	kpgtable_each_table(b->kp, count_table, &tables);
	assert_int_equal(tables, b->kp->tables);
	bench_free(b);
}

/* Struct pages by pages of 2 MB, whole ones; parts of nodes that meet in one of them share it. */
static void struct_pages(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X, GB(1), DIRECT_PAGE_ERA);
	u64 va = b->k->layout.vmemmap;

	assert_true(kpgtable_map_memmap(b->kp, va, MB(64), MB(7), true));
	assert_int_equal(mapped(b, va + MB(8) - 1, MB(72) - 1).page_shift, 21);
	assert_true(kpgtable_map_memmap(b->kp, va + MB(7), MB(71), MB(5), true));
	assert_int_equal(mapped(b, va + MB(11), MB(75)).page_shift, 21);
	assert_true(kpgtable_map_memmap(b->kp, va + MB(32), MB(128) + KB(4), KB(16), true));
	assert_int_equal(mapped(b, va + MB(32) + KB(12), MB(128) + KB(16)).page_shift, 12);
	bench_free(b);
}

static void no_memory_is_a_result(void **state)
{
	struct kernel_cfg cfg = { .colours = 1, .asids = 1, .era = ERA_6_X };
	struct kernel_params p = { .cfg = &cfg, .memory = KB(64), .hz = 1000000000, .seed = 1 };
	u64 i;

	p.format = kernel_format(&cfg);
	for (i = 0; i < 6; i++) {
		struct kernel *k;

		p.ptmem = ptmem_new(16);
		k = kernel_new(&p);
		while (frames_total(k->frames) - frames_in_use(k->frames) > i)
			frame_alloc(k->frames, NULL, 0, 0, ~(u64)0, 0);
		assert_null(kpgtable_new(k, DIRECT_PAGE_ERA));
		kernel_free(k);
		ptmem_free(p.ptmem);
	}
}

/* Struct pages of several nodes, which meet within a large page or do not: each is mapped to its node's part.
 */
static void check_memmap(u32 layout, u32 nodes, u64 memory)
{
	struct kernel_cfg cfg = {
		.colours = 1, .asids = 1, .layout = layout, .era = ERA_6_X, .placement = FRAME_BUDDY
	};
	struct kernel_params p = {
		.cfg = &cfg, .memory = memory, .nodes = nodes, .hz = 1000000000, .seed = 1
	};
	struct kernel *k;
	u64 pfn;

	/* Nodes of Linux end with a section, whose struct pages fill pages; those of two do not share one. */
	p.format = kernel_format(&cfg);
	if ((memory >> p.format->shift[0]) / nodes * era_page_bytes(ERA_6_X, 8) % (1u << p.format->shift[0]))
		return;
	p.ptmem = ptmem_new(memory >> FRAME_SHIFT);
	k = kernel_new(&p);
	for (pfn = 0; k->layout.vmemmap && pfn < k->pa->map.pages; pfn += pfn % 64 ? 63 : 1)
		assert_int_equal(kpgtable_pa(k->kpgtable, page_struct_va(&k->pa->map, pfn), NULL, NULL),
				 page_struct_pa(k->pa, pfn));
	kernel_free(k);
	ptmem_free(p.ptmem);
}

static void test_struct_pages_of_nodes(void **state)
{
	static const u64 sizes[] = { MB(64), MB(128), MB(130), MB(192), MB(512), MB(1000), GB(2) };
	u32 layout, nodes, i;

	for (layout = 0; layout < NR_LAYOUTS; layout++)
		for (nodes = 1; nodes <= 4; nodes++)
			for (i = 0; i < ARRAY_SIZE(sizes); i++)
				if (!kernel_layout_check(
					    &(struct kernel_cfg){ .layout = layout, .era = ERA_6_X },
					    sizes[i]))
					check_memmap(layout, nodes, sizes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_layouts),
		cmocka_unit_test(pages_of_the_direct_map),
		cmocka_unit_test(a_terabyte_costs_a_few_tables),
		cmocka_unit_test(small_pages_come_and_go),
		cmocka_unit_test(struct_pages),
		cmocka_unit_test(no_memory_is_a_result),
		cmocka_unit_test(test_struct_pages_of_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
