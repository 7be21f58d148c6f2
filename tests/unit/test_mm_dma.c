/* Memory for devices: where it may lie; and machines whose struct pages fill what the kernel has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/dma.h"
#include "model/mm/kpgtable.h"
#include "tests/ref/ref_kernel_cpu.h"

#define PAGE  4096ull
#define MB(n) ((u64)(n) << 20)
#define GB(n) ((u64)(n) << 30)

struct bench {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_kernel_cpu cpu;
};

static struct bench *bench_new(u32 layout, enum kernel_era era, u64 memory)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct kernel_params p = { .cfg = &b->cfg, .memory = memory, .hz = 1000000000, .seed = 1 };

	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .placement = FRAME_BUDDY,
				      .asids = 1,
				      .layout = layout,
				      .era = era,
				      .charge = true,
				      .instruction_scale = 100 };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	ref_kernel_cpu_init(&b->cpu, b->k);
	return b;
}

static void bench_free(struct bench *b)
{
	kernel_check(b->k);
	ref_kernel_cpu_fini(&b->cpu);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b);
}

/* ---- DMA ---- */

static void masks_choose_zones(void **state)
{
	static const struct {
		u32 layout;
		enum kernel_era era;
		u32 bits;
		enum zone_type zone;
	} t[] = {
		{ KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, 24, ZONE_DMA },
		{ KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, 30, ZONE_DMA },
		{ KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, 32, ZONE_NORMAL },
		{ KERNEL_LAYOUT_I386_PAE, ERA_6_X, 30, ZONE_NORMAL },
		{ KERNEL_LAYOUT_X86_64, ERA_6_X, 24, ZONE_DMA },
		{ KERNEL_LAYOUT_X86_64, ERA_6_X, 32, ZONE_DMA32 },
		{ KERNEL_LAYOUT_X86_64, ERA_6_X, 40, ZONE_NORMAL },
		{ KERNEL_LAYOUT_ARM64_4K, ERA_6_X, 32, ZONE_DMA },
		{ KERNEL_LAYOUT_SV48, ERA_6_X, 32, ZONE_DMA32 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct bench *b = bench_new(t[i].layout, t[i].era, GB(6));
		u64 mask = (1ull << t[i].bits) - 1, dma = 0, va;

		va = dma_alloc(b->k, &b->cpu.cpu, 3 * PAGE, mask, GFP_KERNEL, &dma);
		assert_int_equal(va, b->k->layout.direct_map + dma);
		assert_int_equal(ref_kernel_touch(&b->cpu, va + 3 * PAGE - 1), dma + 3 * PAGE - 1);
		assert_int_equal(zone_of(b->k->pa, dma >> 12)->type, t[i].zone);
		assert_true(dma + 4 * PAGE - 1 <= mask);
		dma_free(b->k, &b->cpu.cpu, 3 * PAGE, va);
		bench_free(b);
	}
}

/* A mask within a zone: what the zone gives may lie too high, and lower zones are asked. */
static void any_mask_is_kept(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X, GB(6));
	u64 va[400], bytes[400], dma;
	struct rng rng;
	u32 n = 0, failed = 0;

	rng_init(&rng, 1, "dma");
	while (n < 400 && failed < 50) {
		u64 mask = (1ull << (22 + rng_below(&rng, 12))) - 1;

		bytes[n] = 1 + rng_below(&rng, MB(1));
		va[n] = dma_alloc(b->k, &b->cpu.cpu, bytes[n], mask, GFP_ATOMIC, &dma);
		assert_true(!va[n] || dma + bytes[n] - 1 <= mask);
		failed += !va[n];
		n += va[n] != 0;
	}
	assert_true(failed > 0);
	while (n--)
		dma_free(b->k, &b->cpu.cpu, bytes[n], va[n]);
	assert_int_equal(dma_alloc(b->k, &b->cpu.cpu, 0, ~(u64)0, GFP_KERNEL, &dma), 0);
	assert_int_equal(dma_alloc(b->k, &b->cpu.cpu, MB(64), ~(u64)0, GFP_KERNEL, &dma), 0);
	bench_free(b);
}

/* ---- 64 GB of 32 bits ---- */

/* Zone DMA keeps its pages; NORMAL has what the struct pages leave: 880 MB less 768, 640 and 512 MB and the
 * image. */
static void struct_pages_of_64_gb(void **state)
{
	static const struct {
		enum kernel_era era;
		u64 memmap;
	} t[] = { { ERA_2_4_21, MB(768) }, { ERA_2_5_66, MB(640) }, { ERA_2_6_9, MB(512) } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, t[i].era, GB(64));
		const struct zone *dma = &b->k->pa->zone[0], *normal = &b->k->pa->zone[1];
		u64 left = (MB(880) - t[i].memmap) / PAGE;

		assert_int_equal(normal->type, ZONE_NORMAL);
		assert_true(normal->managed <= left && normal->managed > left - MB(4) / PAGE);
		assert_true(dma->managed > MB(8) / PAGE);
		assert_true(normal->free + dma->free > MB(80) / PAGE);
		assert_int_equal(ref_kernel_touch(&b->cpu, page_struct_va(&b->k->pa->map, GB(64) / PAGE - 1)),
				 page_struct_pa(b->k->pa, GB(64) / PAGE - 1));
		bench_free(b);
	}
}

/* Every struct page has its address in the tables, on the memory that boot keeps for it. */
static void struct_pages_are_mapped(void **state)
{
	struct rng rng;
	u32 layout, i;

	rng_init(&rng, 1, "struct pages");
	for (layout = 0; layout <= KERNEL_LAYOUT_SV48; layout++) {
		struct bench *b = bench_new(layout, ERA_6_X, GB(1));
		const struct page_alloc *pa = b->k->pa;

		for (i = 0; i < 200; i++) {
			u64 pfn = i < 2 ? (i ? pa->map.pages - 1 : 0) : rng_below(&rng, pa->map.pages);

			assert_int_equal(ref_kernel_touch(&b->cpu, page_struct_va(&pa->map, pfn)),
					 page_struct_pa(pa, pfn));
		}
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_choose_zones),
		cmocka_unit_test(any_mask_is_kept),
		cmocka_unit_test(struct_pages_of_64_gb),
		cmocka_unit_test(struct_pages_are_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
