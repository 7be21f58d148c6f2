/*
 * SLAB and SLUB beside published numbers: objects and orders of slabs that /proc/slabinfo showed, limits of
 * arrays, what SLUB of a running 6.18 says in sysfs, the pte_chains of a database machine of 2002; and that
 * nothing is lost when memory is short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/mm/shrinker.h"
#include "tests/ref/ref_pages.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define DIRECT_32 0xc0000000ull
#define DIRECT_64 0xffff888000000000ull

struct machine {
	struct ref_pages pages;
	struct slabs *s;
	struct ref_slab_cpu cpu[4];
};

static struct machine *machine_new(enum kernel_era era, enum slab_form form, u32 word, u32 line, u32 cpus,
				   u64 bytes)
{
	struct machine *m = xcalloc(1, sizeof(*m));
	struct page_alloc_cfg cfg = { .era = era, .bytes = bytes, .shift = 12, .nodes = 1, .cpus = cpus };
	u32 i;

	cfg.word = word;
	cfg.direct_map = word == 4 ? DIRECT_32 : DIRECT_64;
	ref_pages_init(&m->pages, &cfg);
	m->s = slabs_new_from(&m->pages.pa, &ref_pages_ops, form, line);
	for (i = 0; i < 4; i++)
		ref_slab_cpu_init(&m->cpu[i], i, 0);
	return m;
}

static void machine_free(struct machine *m)
{
	slabs_sane(m->s);
	slabs_free(m->s);
	ref_pages_fini(&m->pages);
	free(m);
}

/* Rows of /proc/slabinfo: objsize, objperslab, pagesperslab; flags of the cache. */
struct row {
	u32 size, num, pages, flags;
};

static void check_rows(enum kernel_era era, u32 line, const struct row *r)
{
	struct machine *m = machine_new(era, SLAB_CLASSIC, 4, line, 2, 256 << 20);
	struct slab_info i;

	for (; r->size; r++) {
		kmem_cache_info(kmem_cache_create(m->s, "x", r->size, 0, r->flags), &i);
		if (i.objperslab != r->num || i.pagesperslab != r->pages)
			print_message("%u bytes: %u objects, %u pages\n", r->size, i.objperslab,
				      i.pagesperslab);
		assert_int_equal(i.objsize, r->size);
		assert_int_equal(i.objperslab, r->num);
		assert_int_equal(i.pagesperslab, r->pages);
	}
	machine_free(m);
}

/* From slabinfos mailed to linux-kernel: 2.6.0 to 2.6.12 on i386, where kmem_bufctl_t is short. */
static void test_slabinfo_short(void **state)
{
	static const struct row rows[] = {
		{ 32, 119, 1, 0 },
		{ 64, 61, 1, 0 },
		{ 128, 31, 1, 0 },
		{ 160, 25, 1, 0 },
		{ 192, 20, 1, 0 },
		{ 224, 18, 1, 0 },
		{ 256, 15, 1, 0 },
		{ 80, 49, 1, 0 },
		{ 40, 96, 1, 0 },
		{ 44, 88, 1, 0 },
		{ 36, 107, 1, 0 },
		{ 96, 41, 1, 0 },
		{ 144, 27, 1, 0 },
		{ 384, 10, 1, 0 },
		{ 416, 9, 1, 0 },
		{ 448, 9, 1, 0 },
		{ 576, 7, 1, 0 },
		{ 896, 4, 1, 0 },
		{ 960, 4, 1, 0 },
		{ 1664, 4, 2, 0 },
		{ 1176, 3, 1, SLAB_RECLAIM },
		{ 4096, 1, 1, 0 },
		{ 0 },
	};

	check_rows(ERA_2_6_9, 32, rows);
	check_rows(ERA_2_6_5, 32, rows);
}

/* The same from 2.6.14 on, where it is an int. */
static void test_slabinfo_int(void **state)
{
	static const struct row rows[] = {
		{ 32, 113, 1, 0 }, { 64, 59, 1, 0 },  { 160, 24, 1, 0 }, { 224, 17, 1, 0 },
		{ 16, 203, 1, 0 }, { 24, 145, 1, 0 }, { 448, 9, 1, 0 },  { 108, 36, 1, 0 },
		{ 256, 15, 1, 0 }, { 184, 21, 1, 0 }, { 368, 10, 1, 0 }, { 384, 10, 1, 0 },
		{ 704, 11, 2, 0 }, { 2048, 2, 1, 0 }, { 4096, 1, 1, 0 }, { 0 },
	};

	check_rows(ERA_2_6_18, 32, rows);
}

static void check_tunables(struct machine *m, u32 size, u32 limit, u32 batch, u32 shared)
{
	struct slab_info i;

	kmem_cache_info(kmem_cache_create(m->s, "x", size, 0, 0), &i);
	assert_int_equal(i.limit, limit);
	assert_int_equal(i.batchcount, batch);
	assert_int_equal(i.shared, shared);
}

static void test_tunables(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 4, 64 << 20);

	check_tunables(m, 256, 120, 60, 8);
	check_tunables(m, 260, 54, 27, 8);
	check_tunables(m, 1028, 24, 12, 8);
	check_tunables(m, 4096, 24, 12, 8);
	check_tunables(m, 4100, 8, 4, 0);
	check_tunables(m, 131072, 8, 4, 0);
	machine_free(m);
	m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 1, 64 << 20);
	check_tunables(m, 32, 120, 60, 0);
	machine_free(m);
	m = machine_new(ERA_2_4_21, SLAB_CLASSIC, 4, 32, 4, 64 << 20);
	check_tunables(m, 32, 252, 126, 0);
	check_tunables(m, 512, 124, 62, 0);
	check_tunables(m, 2048, 60, 30, 0);
	check_tunables(m, 8192, 0, 0, 0);
	machine_free(m);
	m = machine_new(ERA_2_4_21, SLAB_CLASSIC, 4, 32, 1, 64 << 20);
	check_tunables(m, 32, 0, 0, 0);
	machine_free(m);
}

/* Colours: what is left over in lines; off-slab descriptors from 512 bytes on, unless they fit beside. */
static void test_colours(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 2, 64 << 20);
	struct slab_info i;

	kmem_cache_info(kmem_cache_create(m->s, "x", 448, 0, SLAB_HWCACHE_ALIGN), &i);
	assert_int_equal(i.colours, 0); /* 4096 - 9 * 448 - 64 = 0 */
	kmem_cache_info(kmem_cache_create(m->s, "x", 416, 0, SLAB_HWCACHE_ALIGN), &i);
	assert_int_equal(i.colours, (4096 - 9 * 416 - 64) / 32);
	assert_false(i.off_slab);
	kmem_cache_info(kmem_cache_create(m->s, "x", 512, 0, SLAB_HWCACHE_ALIGN), &i);
	assert_true(i.off_slab);
	assert_int_equal(i.objperslab, 8);
	kmem_cache_info(kmem_cache_create(m->s, "x", 576, 0, SLAB_HWCACHE_ALIGN), &i);
	assert_false(i.off_slab); /* 4096 - 7 * 576 = 64, which holds 24 + 7 * 2 */
	assert_int_equal(i.colours, 0);
	machine_free(m);
}

struct slub_row {
	const char *name;
	u32 order, num, min_partial;
};

/* /sys/kernel/slab of a 6.18 guest with two processors. */
static void test_slub_live(void **state)
{
	static const struct slub_row rows[] = {
		{ "kmalloc-256", 0, 16, 5 }, { "kmalloc-512", 1, 16, 5 }, { "kmalloc-1k", 2, 16, 5 },
		{ "kmalloc-2k", 3, 16, 5 },  { "kmalloc-4k", 3, 8, 6 },   { "kmalloc-8k", 3, 4, 6 },
	};
	struct machine *m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	struct slab_info i;
	u32 r;

	for (r = 0; r < ARRAY_SIZE(rows); r++) {
		kmem_cache_info(kmem_cache_find(m->s, rows[r].name), &i);
		assert_int_equal(i.pagesperslab, 1 << rows[r].order);
		assert_int_equal(i.objperslab, rows[r].num);
		assert_int_equal(i.min_partial, rows[r].min_partial);
	}
	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-256"), &i);
	assert_int_equal(i.cpu_partial, 7); /* 2 * 52 / 16 */
	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-64"), &i);
	assert_int_equal(i.cpu_partial, 4); /* 2 * 120 / 64 */
	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-8k"), &i);
	assert_int_equal(i.cpu_partial, 3);
	assert_null(kmem_cache_find(m->s, "kmalloc-16k"));
	machine_free(m);
}

/* SLUB before 3.2: no partial slabs of CPUs; a node keeps by the logarithm of the size. */
static void test_slub_old(void **state)
{
	struct machine *m = machine_new(ERA_2_6_37, SLAB_SLUB, 8, 64, 4, 64 << 20);
	struct slab_info i;

	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-256"), &i);
	assert_int_equal(i.min_partial, 8);
	assert_int_equal(i.cpu_partial, 0);
	assert_int_equal(i.objperslab, 16);
	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-8192"), &i);
	assert_int_equal(i.min_partial, 10);
	assert_int_equal(i.objperslab, 4);
	machine_free(m);
}

static void test_kmalloc_classes(void **state)
{
	static const u32 old[] = { 32, 64, 96, 128, 192, 256, 512 };
	static const u32 slub[] = { 8, 16, 32, 64, 96, 128, 192, 256 };
	u32 bytes[MAX_KMALLOC_CLASSES], n;

	n = slab_kmalloc_classes(SLAB_CLASSIC, ERA_2_6_9, 4096, 32, bytes);
	assert_memory_equal(bytes, old, sizeof(old));
	assert_int_equal(n, 15);
	assert_int_equal(bytes[n - 1], 131072);
	assert_int_equal(slab_kmalloc_classes(SLAB_CLASSIC, ERA_2_6_9, 4096, 64, bytes), 14);
	assert_int_equal(bytes[2], 128);
	assert_int_equal(slab_kmalloc_classes(SLAB_CLASSIC, ERA_2_6_9, 4096, 128, bytes), 13);
	assert_int_equal(slab_kmalloc_classes(SLAB_CLASSIC, ERA_2_4_21, 4096, 32, bytes), 13);
	n = slab_kmalloc_classes(SLAB_SLUB, ERA_6_X, 4096, 64, bytes);
	assert_memory_equal(bytes, slub, sizeof(slub));
	assert_int_equal(n, 13);
	assert_int_equal(bytes[n - 1], 8192);
}

/*
 * P. Wong's decision support run on an 8-way PIII, September 2002: 3,411,018 pte_chains of 32 bytes, 104 MB,
 * in 30,186 slabs, 118 MB. Slabs of that time have 113 of them, which 2.4's rules give, too.
 */
static void test_pte_chains_of_a_database(void **state)
{
	struct machine *m = machine_new(ERA_2_4_21, SLAB_CLASSIC, 4, 32, 1, 128 << 20);
	struct kmem_cache *k = slabs_named(m->s, "pte_chain");
	struct slab_info i;
	u32 n;

	for (n = 0; n < 3411018; n++)
		assert_true(kmem_cache_alloc(k, NULL, GFP_KERNEL) != 0);
	kmem_cache_info(k, &i);
	assert_int_equal(i.objsize, 32);
	assert_int_equal(i.objperslab, 113);
	assert_int_equal(i.active_objs, 3411018);
	assert_int_equal(i.num_slabs, 30186);
	assert_int_equal((i.num_slabs * 4096 + (1 << 19)) >> 20, 118);
	assert_int_equal((i.active_objs * i.objsize + (1 << 19)) >> 20, 104);
	machine_free(m);
}

static void fill_and_empty(struct machine *m, struct kmem_cache *k, u32 objects)
{
	u64 *va = xmalloc(objects * sizeof(*va));
	u32 i;

	for (i = 0; i < objects; i++) {
		va[i] = kmem_cache_alloc(k, &m->cpu[i % m->s->cpus].cpu, GFP_KERNEL);
		assert_true(va[i] != 0);
	}
	slabs_sane(m->s);
	for (i = 0; i < objects; i++)
		kmem_cache_free(k, &m->cpu[i / 7 % m->s->cpus].cpu, va[i]);
	slabs_sane(m->s);
	free(va);
}

/* All pages come back, whatever CPU has freed. */
static void check_shrink(enum kernel_era era, enum slab_form form, u32 word)
{
	struct machine *m = machine_new(era, form, word, 64, 4, 64 << 20);
	struct kmem_cache *small, *large;
	u64 before, full;

	assert_true(slabs_boot(m->s));
	small = kmem_cache_create(m->s, "small", 48, 0, 0);
	large = kmem_cache_create(m->s, "large", 1200, 0, SLAB_HWCACHE_ALIGN);
	slabs_shrink(m->s, NULL);
	before = m->pages.in_use;
	assert_int_equal(before, m->s->st.pages);
	fill_and_empty(m, small, 20000);
	fill_and_empty(m, large, 2000);
	full = m->pages.in_use;
	assert_int_equal(full, m->s->st.pages);
	assert_int_equal(slabs_shrink(m->s, &m->cpu[0].cpu), full - before);
	assert_int_equal(m->pages.in_use, before);
	machine_free(m);
}

static void test_shrink(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		check_shrink(era, era_slab_form(era), era < ERA_2_6_26 ? 4 : 8);
		check_shrink(era, SLAB_CLASSIC, 8);
		check_shrink(era, SLAB_SLUB, 4);
	}
}

/* The reaper empties what nobody uses in the end, by fifths of arrays and of the lists. */
static void test_reap(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 2, 64 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", 32, 0, 0);
	struct slab_info info;
	u32 i;

	fill_and_empty(m, k, 5000);
	kmem_cache_info(k, &info);
	assert_true(info.num_slabs > 0);
	/* free_limit is (1 + 2) * 60 + 119 = 299 objects; as many as that may be in arrays beside. */
	assert_true(info.num_slabs <= (299 + 2 * 120 + 480 + 118) / 119 + 1);
	for (i = 0; i < 80; i++)
		slabs_reap(m->s, &m->cpu[i % 2].cpu);
	kmem_cache_info(k, &info);
	assert_int_equal(info.num_slabs, 0);
	assert_true(m->s->st.reaped > 0);
	machine_free(m);
}

/* 2.4 takes four fifths of the empty slabs of the best of ten caches, from where it last stopped. */
static void test_reap_24(void **state)
{
	struct machine *m = machine_new(ERA_2_4_21, SLAB_CLASSIC, 4, 32, 1, 64 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", 32, 0, 0);
	static const u64 freed[] = { 8, 1, 1, 0 };
	struct slab_info info;
	u32 i;

	fill_and_empty(m, k, 1130);
	kmem_cache_info(k, &info);
	assert_int_equal(info.num_slabs, 10);
	for (i = 0; i < ARRAY_SIZE(freed); i++) {
		u64 pages = 0;
		u32 calls;

		for (calls = 0; calls <= m->s->n_caches / 10 && !pages; calls++)
			pages = slabs_reap(m->s, &m->cpu[0].cpu);
		assert_int_equal(pages, freed[i]);
	}
	machine_free(m);
}

/* Constructors write whole objects, once a slab; other objects of a fresh slab are not touched by SLAB. */
static void test_constructor(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 64, 2, 64 << 20);
	struct kmem_cache *plain = kmem_cache_create(m->s, "plain", 256, 0, 0);
	struct kmem_cache *made = kmem_cache_create(m->s, "made", 256, 0, SLAB_CONSTRUCTED);
	u64 stores;

	assert_true(kmem_cache_alloc(plain, &m->cpu[0].cpu, GFP_KERNEL) != 0);
	stores = m->cpu[0].stores;
	assert_true(kmem_cache_alloc(made, &m->cpu[1].cpu, GFP_KERNEL) != 0);
	/* 15 objects of 4 lines, or parts of 5: the first does not begin with a line. */
	assert_in_range(m->cpu[1].stores - stores, 15 * 4, 15 * 5);
	machine_free(m);
}

/* A hit of SLAB: pointer to the array, its header, the entry; nothing else. */
static void test_lines_of_slab(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 2, 64 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", 32, 0, 0);
	struct ref_slab_cpu *c = &m->cpu[1];
	u64 va = kmem_cache_alloc(k, &c->cpu, GFP_KERNEL),
	    entry = k->array[1].va + 16 + k->array[1].avail * 4;

	ref_slab_cpu_init(c, 1, 0);
	kmem_cache_free(k, &c->cpu, va);
	assert_true(ref_slab_cpu_touched(c, k->va + 4));
	assert_true(ref_slab_cpu_touched(c, k->array[1].va));
	assert_true(ref_slab_cpu_touched(c, entry));
	assert_int_equal(c->loads, 1);
	assert_int_equal(c->stores, 2);
	assert_int_equal(kmem_cache_alloc(k, &c->cpu, GFP_KERNEL), va);
	assert_int_equal(c->loads, 3);
	assert_int_equal(c->stores, 3);
	assert_int_equal(c->instructions[KPATH_SLAB], 22 + 20);
	machine_free(m);
}

/* A hit of SLUB: kmem_cache, kmem_cache_cpu, the object's pointer in its middle and the next object's. */
static void test_lines_of_slub(void **state)
{
	struct machine *m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", 256, 0, 0);
	struct ref_slab_cpu *c = &m->cpu[1];
	u64 va = kmem_cache_alloc(k, &c->cpu, GFP_KERNEL), next;

	ref_slab_cpu_init(c, 1, 0);
	next = kmem_cache_alloc(k, &c->cpu, GFP_KERNEL);
	assert_int_equal(next, va + 256);
	assert_true(ref_slab_cpu_touched(c, k->va));
	assert_true(ref_slab_cpu_touched(c, k->cpu[1].va));
	assert_true(ref_slab_cpu_touched(c, next + 128));
	assert_true(ref_slab_cpu_touched(c, next + 256 + 128));
	assert_int_equal(c->loads, 3);
	assert_int_equal(c->stores, 1);
	kmem_cache_free(k, &c->cpu, next);
	assert_true(ref_slab_cpu_touched(c, page_struct_va(&m->pages.pa.map, (va - DIRECT_64) >> 12)));
	assert_int_equal(c->loads, 5);
	assert_int_equal(c->stores, 3);
	assert_int_equal(c->instructions[KPATH_SLAB], 95 + 99);
	machine_free(m);
}

/* An object that another CPU frees goes to the list of the slab, from which its CPU refills. */
static void test_remote_free(void **state)
{
	struct machine *m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", 1024, 0, 0);
	u64 va[16], grown;
	u32 i;

	for (i = 0; i < 16; i++)
		va[i] = kmem_cache_alloc(k, &m->cpu[0].cpu, GFP_KERNEL);
	grown = m->s->st.grown;
	kmem_cache_free(k, &m->cpu[1].cpu, va[3]);
	kmem_cache_free(k, &m->cpu[1].cpu, va[5]);
	assert_int_equal(kmem_cache_alloc(k, &m->cpu[0].cpu, GFP_KERNEL), va[5]);
	assert_int_equal(kmem_cache_alloc(k, &m->cpu[0].cpu, GFP_KERNEL), va[3]);
	assert_int_equal(m->s->st.grown, grown);
	machine_free(m);
}

static void test_kmalloc(void **state)
{
	struct machine *m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	struct slab_info i;
	u64 a, b, before;

	a = kmalloc(m->s, NULL, 100, GFP_KERNEL);
	kmem_cache_info(kmem_cache_find(m->s, "kmalloc-128"), &i);
	assert_int_equal(i.num_slabs, 1);
	assert_ptr_equal(kmem_cache_of(m->s, a), kmem_cache_find(m->s, "kmalloc-128"));
	assert_int_equal(ksize(m->s, a), 128);
	b = kmalloc(m->s, NULL, 100, GFP_KERNEL | GFP_DMA);
	kmem_cache_info(kmem_cache_find(m->s, "dma-kmalloc-128"), &i);
	assert_int_equal(i.num_slabs, 1);
	kfree(m->s, NULL, a);
	kfree(m->s, NULL, b);
	slabs_shrink(m->s, NULL);
	before = m->pages.in_use;
	a = kmalloc(m->s, NULL, 8193, GFP_KERNEL);
	assert_null(kmem_cache_of(m->s, a));
	assert_int_equal(ksize(m->s, a), 16384);
	assert_int_equal(m->pages.in_use, before + 4);
	kfree(m->s, NULL, a);
	assert_int_equal(m->pages.in_use, before);
	assert_int_equal(m->s->st.large, 1);
	machine_free(m);
	m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 2, 64 << 20);
	assert_int_equal(kmalloc(m->s, NULL, 131073, GFP_KERNEL), 0);
	assert_int_equal(m->s->st.failed, 1);
	machine_free(m);
}

/* Names of recordings: a cache of the kernel's, or one of its own; sizes that no slab can hold. */
static void test_caches_by_name(void **state)
{
	struct machine *m = machine_new(ERA_2_6_9, SLAB_CLASSIC, 4, 32, 2, 64 << 20);
	char name[] = "packet";
	struct kmem_cache *k = kmem_cache_find_or_create(m->s, name, 300);

	name[0] = 'x';
	assert_ptr_equal(kmem_cache_find(m->s, "packet"), k);
	assert_ptr_equal(kmem_cache_find_or_create(m->s, "packet", 1), k);
	assert_null(kmem_cache_find_or_create(m->s, name, 0));
	assert_null(kmem_cache_create(m->s, "huge", 1 << 20, 0, 0));
	machine_free(m);
	m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	assert_non_null(kmem_cache_create(m->s, "large", 1 << 20, 0, 0));
	assert_null(kmem_cache_create(m->s, "huge", 8 << 20, 0, 0));
	machine_free(m);
}

/* Memory ends: what was got stays usable, nothing leaks, and the next request after a free works again. */
static void check_hostile(enum kernel_era era, enum slab_form form, u32 size)
{
	struct machine *m = machine_new(era, form, era < ERA_2_6_26 ? 4 : 8, 64, 4, 4 << 20);
	struct kmem_cache *k = kmem_cache_create(m->s, "x", size, 0, 0);
	u64 *va = xmalloc((4 << 20) / size * sizeof(*va)), before;
	u32 n = 0, i, misses = 0;

	slabs_shrink(m->s, NULL);
	before = m->pages.in_use;
	m->pages.fail_one_in = 3;
	while (misses < 50) {
		va[n] = kmem_cache_alloc(k, &m->cpu[(n + misses) / 64 % 4].cpu, GFP_KERNEL);
		misses += !va[n];
		n += !!va[n];
	}
	assert_int_equal(m->s->st.failed, misses);
	m->pages.fail_one_in = 0;
	slabs_sane(m->s);
	for (i = 0; i < n; i++)
		kmem_cache_free(k, &m->cpu[i / 32 % 4].cpu, va[i]);
	slabs_shrink(m->s, NULL);
	assert_int_equal(m->pages.in_use, before);
	va[0] = kmem_cache_alloc(k, NULL, GFP_KERNEL);
	assert_true(va[0] != 0);
	kmem_cache_free(k, NULL, va[0]);
	free(va);
	machine_free(m);
}

static void test_hostile(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		check_hostile(era, era_slab_form(era), 32);
		check_hostile(era, era_slab_form(era), 700);
		check_hostile(era, era_slab_form(era), 2000);
	}
}

/* A machine in which not even the caches of caches can be made is not one. */
static void test_no_memory_at_boot(void **state)
{
	struct machine *m;
	u64 pages;

	for (pages = 1; pages < 64; pages++) {
		m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 4, 4096 * pages);
		if (m->s) {
			slabs_boot(m->s);
			machine_free(m);
			continue;
		}
		ref_pages_fini(&m->pages);
		free(m);
	}
}

/* What the host keeps is small beside the objects. */
static void test_host_memory(void **state)
{
	struct machine *m = machine_new(ERA_6_X, SLAB_SLUB, 8, 64, 2, 64 << 20);
	u32 i;

	for (i = 0; i < m->s->n_caches; i++) {
		const struct slab_geometry *g = &m->s->cache[i]->g;

		assert_true(sizeof(struct slab) + 12 + g->num * 2 < (4096u << g->order) / 2);
	}
	machine_free(m);
}

static u64 count_1000(void *arg)
{
	return 1000;
}

static u64 scan_half(void *arg, u64 nr)
{
	*(u64 *)arg += nr;
	return nr / 2;
}

/* do_shrink_slab(): delta = (freeable >> priority) * 4 / seeks, at most 2 * freeable, batches of 128. */
static void test_shrinker(void **state)
{
	u64 asked = 0;
	struct shrinker s = { count_1000, scan_half, &asked, DEFAULT_SEEKS, 0, 0 };

	assert_int_equal(shrinker_goal(&s, 1000, 12), 0);
	assert_int_equal(shrinker_goal(&s, 1000, 2), 500);
	assert_int_equal(shrinker_goal(&s, 1000, 0), 2000);
	assert_int_equal(shrinker_run(&s, 2), 3 * 64);
	assert_int_equal(asked, 384);
	assert_int_equal(s.deferred, 500 - 384);
	s.seeks = 0;
	assert_int_equal(shrinker_goal(&s, 1000, 12), 500);
	s.deferred = 1 << 20;
	assert_int_equal(shrinker_goal(&s, 1000, 0), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slabinfo_short),
		cmocka_unit_test(test_slabinfo_int),
		cmocka_unit_test(test_tunables),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_slub_live),
		cmocka_unit_test(test_slub_old),
		cmocka_unit_test(test_kmalloc_classes),
		cmocka_unit_test(test_pte_chains_of_a_database),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_reap),
		cmocka_unit_test(test_reap_24),
		cmocka_unit_test(test_constructor),
		cmocka_unit_test(test_lines_of_slab),
		cmocka_unit_test(test_lines_of_slub),
		cmocka_unit_test(test_remote_free),
		cmocka_unit_test(test_kmalloc),
		cmocka_unit_test(test_caches_by_name),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_no_memory_at_boot),
		cmocka_unit_test(test_host_memory),
		cmocka_unit_test(test_shrinker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
