/*
 * vmalloc, vmap, ioremap: addresses against a twin that tries every place, what is flushed when, what a
 * failure leaves behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/kpgtable.h"
#include "model/mm/slab.h"
#include "model/mm/vmalloc.h"
#include "tests/ref/ref_kernel_cpu.h"

#define PAGE  4096ull
#define MB(n) ((u64)(n) << 20)
#define CPUS  3u

struct bench {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct vmalloc *v;
	struct ref_kernel_cpu cpu[CPUS];
};

static struct bench *bench_with(u32 layout, enum kernel_era era, enum frame_placement placement)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct kernel_params p = {
		.cfg = &b->cfg, .memory = MB(64), .cpus = CPUS, .hz = 1000000000, .seed = 1
	};
	u32 i;

	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .asids = 1,
				      .layout = layout,
				      .era = era,
				      .charge = true,
				      .placement = placement,
				      .flush_ceiling = 33,
				      .instruction_scale = 100 };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	if (placement != FRAME_BUDDY) {
		b->k->kpgtable = kpgtable_new(b->k, DIRECT_PAGE_ERA);
		b->k->vmalloc = vmalloc_new(b->k);
	}
	b->v = b->k->vmalloc;
	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_init(&b->cpu[i], b->k);
	return b;
}

static struct bench *bench_new(u32 layout, enum kernel_era era)
{
	return bench_with(layout, era, FRAME_BUDDY);
}

static void bench_free(struct bench *b)
{
	u32 i;

	if (b->cfg.placement == FRAME_BUDDY)
		kernel_check(b->k);
	vmalloc_sane(b->v);
	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_fini(&b->cpu[i]);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b);
}

static struct cpu *cpu0(struct bench *b)
{
	return &b->cpu[0].cpu;
}

/* Every page of a mapping is there for every hardware thread, and a hole before and behind. */
static void touch_all(struct bench *b, u64 va, u64 bytes)
{
	u64 at;
	u32 i;

	for (i = 0; i < CPUS; i++)
		for (at = 0; at < bytes; at += PAGE)
			ref_kernel_touch(&b->cpu[i], va + at);
	assert_int_equal(kpgtable_pa(b->k->kpgtable, va - 1, NULL, NULL), NO_FRAME);
	assert_int_equal(kpgtable_pa(b->k->kpgtable, va + bytes, NULL, NULL), NO_FRAME);
}

static u64 flushes(const struct bench *b)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < CPUS; i++)
		sum += b->cpu[i].full_flushes;
	return sum;
}

/* ---- rules ---- */

static void a_page_is_left_free_behind_each(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386, ERA_2_6_9);
	u64 start = b->k->layout.vmalloc_start, one, two, three;

	one = vmalloc(b->k, cpu0(b), 5 * PAGE - 1);
	two = vmalloc(b->k, cpu0(b), PAGE);
	three = vmalloc(b->k, cpu0(b), 3 * PAGE);
	assert_int_equal(one, start);
	assert_int_equal(two, start + 6 * PAGE);
	assert_int_equal(three, start + 8 * PAGE);
	touch_all(b, one, 5 * PAGE);
	vfree(b->k, cpu0(b), one);
	assert_int_equal(vmalloc(b->k, cpu0(b), 6 * PAGE), three + 4 * PAGE);
	assert_int_equal(vmalloc(b->k, cpu0(b), 5 * PAGE), start);
	bench_free(b);
}

/* flush_tlb_all() in each vfree(); at the beginning in ioremap(), and in vmalloc() of 2.4.0. */
static void old_kernels_flush_at_once(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_0, ERA_2_4_21, ERA_2_6_9, ERA_2_6_18 };
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_I386, eras[i]);
		u64 want = 0, va;

		for (j = 0; j < 6; j++) {
			va = j % 2 ? ioremap(b->k, cpu0(b), MB(512), 2 * PAGE)
				   : vmalloc(b->k, cpu0(b), 2 * PAGE);
			want += j % 2 || eras[i] == ERA_2_4_0;
			assert_int_equal(flushes(b), want * CPUS);
			touch_all(b, va, 2 * PAGE);
			vfree(b->k, cpu0(b), va);
			assert_int_equal(flushes(b), ++want * CPUS);
			assert_int_equal(b->cpu[1].interrupts + b->cpu[2].interrupts, 2 * want);
			assert_int_equal(b->cpu[0].interrupts, 0);
		}
		bench_free(b);
	}
}

/* 32 MB x fls(3) = 64 MB of addresses, guard pages included; the mapping that goes beyond flushes for all. */
static void new_kernels_flush_once_for_many(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X);
	u64 n = 0, start = b->k->layout.vmalloc_start, va;

	while (!b->v->st.purges) {
		va = ioremap(b->k, cpu0(b), MB(512), MB(1));
		assert_int_equal(va & 0x7ffff, 0);
		vfree(b->k, cpu0(b), va);
		n++;
	}
	assert_int_equal(n, 16384 / 257 + 1);
	assert_int_equal(flushes(b), CPUS);
	assert_int_equal(b->v->st.lazy, 0);
	assert_int_equal(vmalloc(b->k, cpu0(b), PAGE), start);
	bench_free(b);
}

/* vm_unmap_aliases() of a range within the ceiling goes page by page in 6.x, all at once in 2.6.37. */
static void a_short_range_is_flushed_page_by_page(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X);
	u64 va = vmalloc(b->k, cpu0(b), 32 * PAGE);

	touch_all(b, va, 32 * PAGE);
	vfree(b->k, cpu0(b), va);
	assert_true(vmalloc_is_lazy(b->v, va + PAGE));
	vmalloc_purge(b->k, cpu0(b));
	assert_false(vmalloc_is_lazy(b->v, va + PAGE));
	assert_int_equal(flushes(b), 0);
	assert_int_equal(b->cpu[2].page_flushes, 33);
	bench_free(b);

	b = bench_new(KERNEL_LAYOUT_X86_64, ERA_2_6_37);
	vfree(b->k, cpu0(b), vmalloc(b->k, cpu0(b), PAGE));
	vmalloc_purge(b->k, cpu0(b));
	assert_int_equal(flushes(b), CPUS);
	bench_free(b);
}

/* 2.6.9: the power of two above the size, 8 KB for a page; later that of the size; 128 pages at most; 2.4:
 * no. */
static void devices_are_aligned(void **state)
{
	static const struct {
		enum kernel_era era;
		u64 bytes, align;
	} t[] = {
		{ ERA_2_6_9, PAGE, 2 * PAGE },    { ERA_2_6_9, 3 * PAGE, 4 * PAGE },
		{ ERA_2_6_9, MB(2), 128 * PAGE }, { ERA_6_X, PAGE, PAGE },
		{ ERA_2_4_21, MB(2), PAGE },      { ERA_6_X, 3 * PAGE, 4 * PAGE },
		{ ERA_6_X, MB(2), 128 * PAGE },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, t[i].era);
		u64 first = vmalloc(b->k, cpu0(b), PAGE), va;

		va = ioremap(b->k, cpu0(b), 0xfee00000, t[i].bytes);
		assert_int_equal(va, (first + 2 * PAGE + t[i].align - 1) & ~(t[i].align - 1));
		assert_int_equal(ref_kernel_touch(&b->cpu[1], va + 17), 0xfee00000 + 17);
		bench_free(b);
	}
}

static void pages_can_be_mapped_twice(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_2_6_9);
	const u64 pfn[3] = { 7, 900, 7 };
	u64 before = frames_in_use(b->k->frames), va = vmap(b->k, cpu0(b), pfn, 3), i;

	for (i = 0; i < 3; i++)
		assert_int_equal(ref_kernel_touch(&b->cpu[0], va + i * PAGE) >> 12, pfn[i]);
	vfree(b->k, cpu0(b), va);
	assert_true(frames_in_use(b->k->frames) - before <= 3);
	bench_free(b);
}

/* The image of AArch64 stands in vmalloc's range, and keeps its place. */
static void the_image_is_not_given_out(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_ARM64_4K, ERA_6_X);
	u64 va = vmalloc(b->k, cpu0(b), PAGE);

	assert_true(va >= b->k->layout.text + b->k->layout.image_bytes);
	vfree(b->k, cpu0(b), va);
	bench_free(b);
}

/* ---- failures ---- */

static void no_memory_leaves_nothing_behind(void **state)
{
	struct bench *b = bench_with(KERNEL_LAYOUT_X86_64, ERA_2_6_9, FRAME_SEQUENTIAL);
	u64 free_frames, tables, i;

	vfree(b->k, cpu0(b), vmalloc(b->k, cpu0(b), PAGE));
	while (frames_total(b->k->frames) - frames_in_use(b->k->frames) > 10)
		frame_alloc(b->k->frames, NULL, 0, 0, ~(u64)0, 0);
	tables = b->k->kpgtable->tables;
	for (i = 1; i < 40; i++) {
		u64 va = vmalloc(b->k, cpu0(b), i * PAGE);

		free_frames = frames_total(b->k->frames) - frames_in_use(b->k->frames);
		assert_int_equal(!va, i > 10);
		assert_int_equal(free_frames, va ? 10 - i : 10);
		if (va)
			vfree(b->k, cpu0(b), va);
	}
	assert_int_equal(b->k->kpgtable->tables, tables);
	assert_int_equal(b->v->n, 0);
	assert_int_equal(vmalloc(b->k, cpu0(b), 0), 0);
	assert_int_equal(vmalloc(b->k, cpu0(b), ~(u64)0), 0);
	assert_int_equal(vmalloc(b->k, cpu0(b), ~(u64)0 - PAGE), 0);
	bench_free(b);
}

/* The same with zones and slabs: whatever it fails for, every page is back. */
static void no_memory_of_zones(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_21, ERA_2_6_9, ERA_2_6_37, ERA_6_X };
	u64 *taken = calloc(MB(64) / PAGE, sizeof(*taken)), n, before;
	u32 i, left;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, eras[i]);

		for (n = 0; (taken[n] = alloc_pages(b->k->pa, cpu0(b), GFP_ATOMIC, 0)) != NO_FRAME;)
			n++;
		for (left = 0; left < 60; left++) {
			before = b->k->pa->st.allocated - b->k->pa->st.freed;
			assert_int_equal(vmalloc(b->k, cpu0(b), MB(1)), 0);
			vmalloc_purge(b->k, cpu0(b));
			slabs_shrink(b->k->slabs, cpu0(b));
			assert_true(b->k->pa->st.allocated - b->k->pa->st.freed <= before + 8);
			free_pages(b->k->pa, cpu0(b), taken[--n], 0);
		}
		while (n)
			free_pages(b->k->pa, cpu0(b), taken[--n], 0);
		assert_true(vmalloc(b->k, cpu0(b), MB(1)));
		bench_free(b);
	}
	free(taken);
}

static void no_addresses_is_a_result(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386, ERA_2_6_9);

	b->k->layout.vmalloc_end = b->k->layout.vmalloc_start + 8 * PAGE;
	assert_int_equal(vmalloc(b->k, cpu0(b), 8 * PAGE), 0);
	assert_true(vmalloc(b->k, cpu0(b), 7 * PAGE));
	assert_int_equal(ioremap(b->k, cpu0(b), 0, PAGE), 0);
	assert_int_equal(b->v->st.failed, 2);
	bench_free(b);
}

/* Addresses that wait for a flush are flushed when no others are left. */
static void full_of_lazy_addresses(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X);
	u64 va;

	b->k->layout.vmalloc_end = b->k->layout.vmalloc_start + 8 * PAGE;
	va = vmalloc(b->k, cpu0(b), 4 * PAGE);
	touch_all(b, va, 4 * PAGE);
	vfree(b->k, cpu0(b), va);
	assert_int_equal(vmalloc(b->k, cpu0(b), 7 * PAGE), va);
	assert_int_equal(b->v->st.purges, 1);
	touch_all(b, va, 7 * PAGE);
	bench_free(b);
}

/* ---- twin ---- */

#define TWIN_MAX 400u

struct twin_area {
	u64 start, pages; /* guard page included */
	bool lazy;
};

struct twin {
	struct twin_area a[TWIN_MAX];
	u32 n;
	u64 start, end, lazy;
	bool lazily;
};

static bool twin_fits(const struct twin *t, u64 start, u64 bytes)
{
	u32 i;

	for (i = 0; i < t->n; i++)
		if (start < t->a[i].start + t->a[i].pages * PAGE && t->a[i].start < start + bytes)
			return false;
	return start + bytes <= t->end;
}

/* The lowest of all places behind something at which nothing lies. */
static u64 twin_lowest(const struct twin *t, u64 pages, u64 align)
{
	u64 best = 0, at;
	u32 i;

	for (i = 0; i <= t->n; i++) {
		at = i < t->n ? t->a[i].start + t->a[i].pages * PAGE : t->start;
		at = (at + align - 1) / align * align;
		if (twin_fits(t, at, pages * PAGE) && (!best || at < best))
			best = at;
	}
	return best;
}

static void twin_purge(struct twin *t)
{
	u32 i, kept = 0;

	for (i = 0; i < t->n; i++)
		if (!t->a[i].lazy)
			t->a[kept++] = t->a[i];
	t->n = kept;
	t->lazy = 0;
}

static u64 twin_map(struct twin *t, u64 pages, u64 align)
{
	u64 at = twin_lowest(t, pages + 1, align);

	if (!at && t->lazy) {
		twin_purge(t);
		at = twin_lowest(t, pages + 1, align);
	}
	if (at)
		t->a[t->n++] = (struct twin_area){ at, pages + 1, false };
	return at;
}

static void twin_unmap(struct twin *t, u64 start)
{
	u32 i = 0;

	while (t->a[i].start != start)
		i++;
	if (t->lazily) {
		t->a[i].lazy = true;
		t->lazy += t->a[i].pages;
	} else {
		t->a[i] = t->a[--t->n];
	}
}

struct live {
	u64 va, pages;
};

struct twin_run {
	struct bench *b;
	struct twin t;
	struct rng rng;
	struct live live[TWIN_MAX];
	u32 n;
};

static u64 next_pow2(u64 x)
{
	u64 p = 1;

	while (p < x)
		p *= 2;
	return p;
}

static u64 ioremap_align(const struct twin_run *r, u64 pages)
{
	if (r->b->cfg.era < ERA_2_5_66)
		return 1;
	return r->t.lazily ? next_pow2(pages) : next_pow2(pages + 1);
}

static void run_map(struct twin_run *r, struct cpu *c)
{
	u64 pages = 1 + rng_below(&r->rng, 12), align = PAGE, va, want;

	if (rng_below(&r->rng, 3)) {
		va = vmalloc(r->b->k, c, pages * PAGE);
	} else {
		align = ioremap_align(r, pages) * PAGE;
		va = ioremap(r->b->k, c, rng_below(&r->rng, 1u << 19) * PAGE, pages * PAGE);
	}
	want = twin_map(&r->t, pages, align);
	assert_int_equal(va, want);
	if (!va)
		return;
	touch_all(r->b, va, pages * PAGE);
	r->live[r->n++] = (struct live){ va, pages };
}

static void run_unmap(struct twin_run *r, struct cpu *c)
{
	u32 i = (u32)rng_below(&r->rng, r->n);

	vfree(r->b->k, c, r->live[i].va);
	twin_unmap(&r->t, r->live[i].va);
	r->live[i] = r->live[--r->n];
}

/* A small range, so that it is full now and then; the limit of what waits is never reached in it. */
static void addresses_as_the_twin(u32 layout, enum kernel_era era, u64 seed)
{
	struct twin_run *r = calloc(1, sizeof(*r));
	u32 i;

	r->b = bench_new(layout, era);
	r->b->k->layout.vmalloc_end = r->b->k->layout.vmalloc_start + 500 * PAGE;
	r->t = (struct twin){ .start = r->b->k->layout.vmalloc_start,
			      .end = r->b->k->layout.vmalloc_end,
			      .lazily = era >= ERA_2_6_26 };
	rng_init(&r->rng, seed, "vmalloc");
	for (i = 0; i < 3000; i++) {
		struct cpu *c = &r->b->cpu[rng_below(&r->rng, CPUS)].cpu;

		if (!r->n || rng_below(&r->rng, 100) < 52)
			run_map(r, c);
		else
			run_unmap(r, c);
	}
	assert_true(r->b->v->st.failed > 0);
	bench_free(r->b);
	free(r);
}

static void addresses_as_the_twins(void **state)
{
	addresses_as_the_twin(KERNEL_LAYOUT_I386, ERA_2_4_21, 1);
	addresses_as_the_twin(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, 2);
	addresses_as_the_twin(KERNEL_LAYOUT_X86_64, ERA_2_6_37, 3);
	addresses_as_the_twin(KERNEL_LAYOUT_X86_64, ERA_6_X, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_left_free_behind_each),
		cmocka_unit_test(old_kernels_flush_at_once),
		cmocka_unit_test(new_kernels_flush_once_for_many),
		cmocka_unit_test(a_short_range_is_flushed_page_by_page),
		cmocka_unit_test(devices_are_aligned),
		cmocka_unit_test(pages_can_be_mapped_twice),
		cmocka_unit_test(the_image_is_not_given_out),
		cmocka_unit_test(no_memory_leaves_nothing_behind),
		cmocka_unit_test(no_memory_of_zones),
		cmocka_unit_test(no_addresses_is_a_result),
		cmocka_unit_test(full_of_lazy_addresses),
		cmocka_unit_test(addresses_as_the_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
