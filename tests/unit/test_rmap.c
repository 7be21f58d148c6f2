/*
 * What each scheme of reverse mapping needs and does, against closed formulas and published figures: memory
 * of pte_chains (P. Wong, LKML 2002-09-09), lengths of anon_vma_chains, visits of walks (LWN 383162, commit
 * 5beb49305251), instructions of a visit counted on 6.12.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/pgtable.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/slab.h"
#include "tests/ref/ref_mm_cpu.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE 4096ull
#define BASE 0x10000000ull
#define RW   (MM_READ | MM_WRITE)
#define MB   (1ull << 20)

struct plan {
	u32 scheme, file;
	enum kernel_era era;
	enum kernel_layout layout;
	u32 line;
	u64 memory;
	bool charge, highpte;
};

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct rmap *r;
	struct ref_cpu *cpu[2];
	struct cpu *c;
};

static struct env *env_new(const struct plan *p)
{
	struct env *e = xcalloc(1, sizeof(*e));
	struct kernel_params params = {
		.cfg = &e->cfg, .memory = p->memory, .hz = 1000000000, .seed = 1, .cpus = 2, .line = p->line
	};
	u32 i;

	e->cfg = (struct kernel_cfg){ .era = p->era,
				      .layout = p->layout,
				      .rmap = p->scheme + 1,
				      .rmap_file = p->file + 1,
				      .highpte = p->highpte,
				      .placement = FRAME_BUDDY,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = p->charge,
				      .instruction_scale = 100 };
	e->ptmem = ptmem_new(p->memory / PAGE);
	params.format = kernel_format(&e->cfg);
	params.ptmem = e->ptmem;
	e->k = kernel_new(&params);
	e->r = e->k->rmap;
	for (i = 0; i < 2; i++) {
		e->cpu[i] = xcalloc(1, sizeof(*e->cpu[i]));
		ref_cpu_init(e->cpu[i], e->k);
	}
	e->c = &e->cpu[0]->cpu;
	return e;
}

static void env_free(struct env *e)
{
	kernel_check(e->k);
	while (e->k->mms)
		mm_put(e->k->mms, e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu[0]);
	free(e->cpu[1]);
	free(e);
}

static void map(struct env *e, struct mm *mm, u64 page, u64 pages, u64 object, u64 index)
{
	const struct mm_map m = { .addr = BASE + page * PAGE,
				  .len = pages * PAGE,
				  .flags = RW | (object ? MM_SHARED : MM_ANON),
				  .object = object,
				  .offset = index * PAGE };

	assert_int_equal(mm_mmap(mm, e->c, &m), MM_OK);
}

static void touch(struct env *e, struct mm *mm, u64 page)
{
	u32 traps;

	e->cpu[0]->n_tlb = e->cpu[0]->n_pwc = 0;
	assert_int_equal(ref_access(e->cpu[0], mm, BASE + page * PAGE, ACCESS_WRITE, &traps), TRAP_RETRY);
}

static void drop(struct env *e, struct mm *mm, u64 page)
{
	assert_int_equal(mm_madvise(mm, e->c, BASE + page * PAGE, PAGE, 4), MM_OK);
}

static struct mm *child_of(struct env *e, struct mm *mm)
{
	struct mm *child = mm_fork(mm, e->c);

	assert_non_null(child);
	return child;
}

static u64 pfn_at(struct env *e, struct mm *mm, u64 page)
{
	u64 entry_pa = pgtable_entry(mm, NULL, KPATH_FAULT, BASE + page * PAGE, false);

	return e->k->format->pa(pte_read(mm, entry_pa), 0) >> FRAME_SHIFT;
}

/* ---- walks ---- */

#define MAX_FOUND 64u

struct seen {
	const struct mm *mm[MAX_FOUND];
	u32 n;
};

static bool see(struct rmap_walk *w, const struct rmap_entry *e)
{
	struct seen *s = w->arg;

	if (s && s->n < MAX_FOUND)
		s->mm[s->n++] = e->mm;
	return true;
}

static struct rmap_walk walk(struct env *e, u64 pfn, struct seen *s)
{
	struct rmap_walk w = {
		.k = e->k, .c = e->c, .path = KPATH_RECLAIM, .pfn = pfn, .entry = see, .arg = s
	};

	assert_true(rmap_walk(&w));
	return w;
}

/* ---- pte_chain ---- */

static u32 slots_of(const struct plan *p)
{
	u32 word = p->layout == KERNEL_LAYOUT_X86_64 ? 8 : 4;
	u32 bytes = p->layout == KERNEL_LAYOUT_I386_PAE && p->highpte ? 8 : word;

	return (p->line - word) / bytes;
}

/* Pages of many counts, by children that give some of them back; what was one entry again is direct. */
static void chain_memory(const struct plan *p, u32 slots)
{
	struct env *e = env_new(p);
	struct mm *mm = mm_new(e->k, false), *child;
	u64 nodes = 0, pages = 200, i, k;
	struct rng rng;

	assert_int_equal(slots_of(p), slots);
	rng_init(&rng, 1, "chains");
	map(e, mm, 0, pages, 0, 0);
	for (i = 0; i < pages; i++)
		touch(e, mm, i);
	/* None has a chain; one node is ready. */
	assert_in_range(e->r->object[RMAP_OBJECT_PTE_CHAIN].objects, 0, 1);
	for (k = 0; k < 40; k++) {
		child = child_of(e, mm);
		for (i = 0; i < pages; i++)
			if (rng_below(&rng, 200) > i)
				drop(e, child, i);
	}
	for (i = 0; i < pages; i++) {
		u64 pfn = pfn_at(e, mm, i);
		u32 m = rmap_page(e->k, pfn)->mapcount;

		assert_int_equal(walk(e, pfn, NULL).found, m);
		rmap_referenced_done(e->k, e->c, pfn);
		nodes += m > 1 ? (m + slots - 1) / slots : 0;
	}
	assert_true(nodes > pages);
	assert_int_equal(rmap_prepare(mm, e->c, mm->vmas.v[0]), true);
	assert_int_equal(e->r->object[RMAP_OBJECT_PTE_CHAIN].objects, nodes + 1);
	assert_int_equal(e->r->object[RMAP_OBJECT_PTE_CHAIN].bytes, (nodes + 1) * p->line);
	env_free(e);
}

static void test_chain_memory(void **state)
{
	static const struct {
		struct plan plan;
		u32 slots;
	} cases[] = {
		{ { .layout = KERNEL_LAYOUT_I386, .line = 32 }, 7 },   /* Pentium III */
		{ { .layout = KERNEL_LAYOUT_I386, .line = 64 }, 15 },  /* Athlon */
		{ { .layout = KERNEL_LAYOUT_I386, .line = 128 }, 31 }, /* Pentium 4 */
		{ { .layout = KERNEL_LAYOUT_I386_PAE, .line = 32 }, 7 },
		{ { .layout = KERNEL_LAYOUT_I386_PAE, .line = 32, .highpte = true }, 3 },
		{ { .layout = KERNEL_LAYOUT_X86_64, .line = 64 }, 7 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan p = cases[i].plan;

		p.scheme = RMAP_PTE_CHAIN;
		p.era = ERA_2_5_66;
		p.memory = 64 * MB;
		chain_memory(&p, cases[i].slots);
	}
}

/* 3,411,018 nodes of 32 bytes in 30,186 slabs: 104 MB in 118 MB. */
static void test_chain_slabs(void **state)
{
	const struct plan p = { .scheme = RMAP_PTE_CHAIN,
				.era = ERA_2_5_66,
				.layout = KERNEL_LAYOUT_I386,
				.line = 32,
				.memory = 64 * MB };
	const u64 nodes = 3411018;
	struct env *e = env_new(&p);
	struct slab_info info;
	u64 slabs;

	kmem_cache_info(kmem_cache_find(e->k->slabs, "pte_chain"), &info);
	assert_int_equal(info.objperslab, 113);
	assert_int_equal(info.pagesperslab, 1);
	slabs = (nodes + info.objperslab - 1) / info.objperslab;
	assert_int_equal(slabs, 30186);
	assert_int_equal((nodes * info.objsize + MB / 2) / MB, 104);
	assert_int_equal((slabs * PAGE + MB / 2) / MB, 118);
	env_free(e);
}

/* Free slots are in the head alone: the last one added fills the place of one that goes. */
static void test_chain_order(void **state)
{
	const struct plan p = { .scheme = RMAP_PTE_CHAIN,
				.era = ERA_2_5_66,
				.layout = KERNEL_LAYOUT_I386,
				.line = 32,
				.memory = 64 * MB };
	static const u32 before[] = { 7, 6, 5, 4, 3, 2, 1, 0 }, after[] = { 6, 5, 4, 7, 2, 1, 0 };
	struct env *e = env_new(&p);
	struct mm *mm[8] = { mm_new(e->k, false) };
	struct seen s = { .n = 0 };
	u64 pfn;
	u32 i;

	map(e, mm[0], 0, 1, 0, 0);
	touch(e, mm[0], 0);
	for (i = 1; i < 8; i++)
		mm[i] = child_of(e, mm[0]);
	pfn = pfn_at(e, mm[0], 0);
	walk(e, pfn, &s);
	assert_int_equal(s.n, 8);
	for (i = 0; i < 8; i++)
		assert_ptr_equal(s.mm[i], mm[before[i]]);
	drop(e, mm[3], 0);
	s.n = 0;
	walk(e, pfn, &s);
	assert_int_equal(s.n, 7);
	for (i = 0; i < 7; i++)
		assert_ptr_equal(s.mm[i], mm[after[i]]);
	env_free(e);
}

/* ---- visits ---- */

#define CHILDREN 1000u

/*
 * LWN's 1,000 children that have written to pages of their parent's: with one anon_vma for all a walk finds
 * the one entry after 501 VMAs in the middle, after 1,001 at most; with chains at once.
 */
static void test_children(void **state)
{
	struct plan p = { .scheme = RMAP_ANON_VMA, .era = ERA_2_6_26, .memory = 512 * MB };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false), *child[CHILDREN];
	u64 visits = 0;
	u32 pass, i;

	for (pass = 0; pass < 2; pass++) {
		visits = 0;
		map(e, mm, 0, 2, 0, 0);
		touch(e, mm, 0);
		touch(e, mm, 1);
		for (i = 0; i < CHILDREN; i++)
			child[i] = child_of(e, mm);
		for (i = 0; i < CHILDREN; i++) {
			touch(e, child[i], 0);
			visits += walk(e, pfn_at(e, child[i], 0), NULL).vmas;
		}
		assert_in_range(visits, CHILDREN * 501 * 98 / 100 * !pass,
				CHILDREN * (pass ? 1 : 501 * 102 / 100));
		assert_int_equal(e->r->st.walk_max, pass ? 1 : CHILDREN + 1);
		/* What all still share is found in all of them. */
		assert_int_equal(walk(e, pfn_at(e, mm, 1), NULL).found, CHILDREN + 1);
		env_free(e);
		if (pass)
			break;
		p.scheme = RMAP_ANON_VMA_CHAIN;
		p.era = ERA_6_X;
		e = env_new(&p);
		mm = mm_new(e->k, false);
	}
}

/* Mappings of a file, of which each page is in one: a list is gone through, trees are asked. */
static void file_visits(u32 file, u32 windows)
{
	const struct plan p = { .scheme = RMAP_ANON_VMA, .file = file, .era = ERA_6_X, .memory = 128 * MB };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false);
	u32 i;

	for (i = 0; i < windows; i++)
		map(e, mm, i * 8, 7, 1, i * 8);
	for (i = 0; i < windows; i += 50) {
		struct rmap_walk w;

		touch(e, mm, i * 8 + i % 7);
		w = walk(e, pfn_at(e, mm, i * 8 + i % 7), NULL);
		assert_int_equal(w.found, 1);
		assert_int_equal(w.tested, 1);
		assert_int_equal(w.vmas, file == RMAP_FILE_LIST ? i + 1 : 1);
		assert_in_range(w.nodes, 0, file == RMAP_FILE_LIST ? 0 : 3 * 14);
	}
	env_free(e);
}

static void test_file_visits(void **state)
{
	file_visits(RMAP_FILE_LIST, 4000);
	file_visits(RMAP_FILE_PRIO_TREE, 4000);
	file_visits(RMAP_FILE_INTERVAL_TREE, 4000);
}

/* ---- anon_vma_chain ---- */

static u64 chains(const struct env *e)
{
	return e->r->object[RMAP_OBJECT_ANON_VMA_CHAIN].objects;
}

static u64 anon_vmas(const struct env *e)
{
	return e->r->object[RMAP_OBJECT_ANON_VMA].objects;
}

/* A VMA after d forks has d + 1 of them. */
static void chain_lengths(enum kernel_era era)
{
	const struct plan p = { .scheme = RMAP_ANON_VMA_CHAIN, .era = era, .memory = 64 * MB };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false);
	u64 d, before;

	map(e, mm, 0, 1, 0, 0);
	assert_int_equal(chains(e), 0);
	touch(e, mm, 0);
	assert_int_equal(chains(e), 1);
	for (d = 1; d <= 50; d++) {
		before = chains(e);
		mm = child_of(e, mm);
		assert_int_equal(chains(e) - before, d + 1);
		assert_int_equal(anon_vmas(e), d + 1);
	}
	env_free(e);
}

static void test_chain_lengths(void **state)
{
	chain_lengths(ERA_2_6_37);
	chain_lengths(ERA_6_X);
}

/*
 * Each child lives on alone: since 3.19 it takes over what nobody uses. The root is never taken over, and of
 * two others one is its parent's when it is made: three for one VMA.
 */
static void test_chain_reuse(void **state)
{
	struct plan p = { .scheme = RMAP_ANON_VMA_CHAIN, .era = ERA_2_6_37, .memory = 64 * MB };
	u32 pass, d;

	for (pass = 0; pass < 2; pass++, p.era = ERA_6_X) {
		struct env *e = env_new(&p);
		struct mm *mm = mm_new(e->k, false), *child;

		map(e, mm, 0, 1, 0, 0);
		touch(e, mm, 0);
		for (d = 1; d <= 100; d++) {
			child = child_of(e, mm);
			mm_put(mm, e->c);
			mm = child;
			touch(e, mm, 0);
		}
		if (p.era == ERA_2_6_37)
			assert_int_equal(anon_vmas(e), 101);
		else
			assert_int_equal(anon_vmas(e), 3);
		env_free(e);
	}
}

/*
 * A new one is made where each ancestor's has a VMA or two children, so that half of them have VMAs (commit
 * 7a3ef208e662): never more, beside the root, than twice as many as there have been VMAs at once.
 */
static void test_chain_bound(void **state)
{
	const struct plan p = { .scheme = RMAP_ANON_VMA_CHAIN, .era = ERA_6_X, .memory = 64 * MB };
	struct env *e = env_new(&p);
	struct mm *mm[20] = { mm_new(e->k, false) };
	u64 most = 1;
	struct rng rng;
	u32 i, step;

	rng_init(&rng, 1, "bound");
	map(e, mm[0], 0, 1, 0, 0);
	touch(e, mm[0], 0);
	for (step = 0; step < 3000; step++) {
		u32 from = (u32)rng_below(&rng, 20), to = (u32)rng_below(&rng, 20);
		u64 vmas = 0;

		if (!mm[from])
			continue;
		if (!mm[to]) {
			mm[to] = child_of(e, mm[from]);
		} else if (e->k->mms->next && rng_below(&rng, 2)) {
			mm_put(mm[to], e->c);
			mm[to] = NULL;
		} else {
			touch(e, mm[from], 0);
		}
		for (i = 0; i < 20; i++)
			vmas += mm[i] != NULL;
		most = MAX(most, vmas);
		assert_in_range(anon_vmas(e), 1, 2 * most + 1);
	}
	env_free(e);
}

/* ---- anonmm ---- */

static void test_anonmm_moves(void **state)
{
	const struct plan p = { .scheme = RMAP_ANONMM, .era = ERA_2_6_5, .memory = 64 * MB };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false), *child;
	u64 pfn;

	map(e, mm, 0, 2, 0, 0);
	touch(e, mm, 0);
	touch(e, mm, 1);
	/* Alone it goes where it is moved. */
	pfn = pfn_at(e, mm, 0);
	assert_int_equal(mm_mremap(mm, e->c, BASE, 2 * PAGE, BASE + 100 * PAGE, 2 * PAGE), MM_OK);
	assert_int_equal(pfn_at(e, mm, 100), pfn);
	assert_int_equal(walk(e, pfn, NULL).found, 1);
	assert_int_equal(e->r->st.copied, 0);
	/* Shared it is copied, and the other one keeps it. */
	child = child_of(e, mm);
	assert_int_equal(walk(e, pfn, NULL).found, 2);
	assert_int_equal(mm_mremap(child, e->c, BASE + 100 * PAGE, 2 * PAGE, BASE, 2 * PAGE), MM_OK);
	assert_int_equal(e->r->st.copied, 2);
	assert_int_equal(pfn_at(e, mm, 100), pfn);
	assert_true(pfn_at(e, child, 0) != pfn);
	assert_int_equal(walk(e, pfn, NULL).found, 1);
	assert_int_equal(walk(e, pfn_at(e, child, 0), NULL).found, 1);
	/* The parent's end leaves a page that was its own to the child. */
	child = child_of(e, mm);
	mm_put(mm, e->c);
	assert_int_equal(pfn_at(e, child, 100), pfn);
	assert_int_equal(walk(e, pfn, NULL).found, 1);
	env_free(e);
}

/* ---- what it costs ---- */

/* Of a page that the last one of n relatives has alone. */
static u64 unmap_walk_instructions(u32 n)
{
	const struct plan p = { .scheme = RMAP_ANON_VMA_CHAIN,
				.file = RMAP_FILE_INTERVAL_TREE,
				.era = ERA_6_X,
				.memory = 128 * MB,
				.charge = true };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false), *child = NULL;
	struct rmap_walk w = { .k = e->k, .c = e->c, .path = KPATH_RECLAIM, .entry = see, .unmaps = true };
	u64 before, took;
	u32 i;

	map(e, mm, 0, 1, 0, 0);
	touch(e, mm, 0);
	for (i = 1; i < n; i++) {
		child = child_of(e, mm);
		if (i + 1 < n)
			drop(e, child, 0);
	}
	drop(e, mm, 0);
	w.pfn = pfn_at(e, child, 0);
	before = e->cpu[0]->cycles[KPATH_RECLAIM];
	assert_true(rmap_walk(&w));
	assert_int_equal(w.vmas, n);
	assert_int_equal(w.found, 1);
	took = e->cpu[0]->cycles[KPATH_RECLAIM] - before;
	env_free(e);
	return took;
}

/* 465 instructions a VMA that is visited in vain, counted on 6.12 over 4 to 256 relatives. */
static void test_visit_instructions(void **state)
{
	u64 few = unmap_walk_instructions(4), many = unmap_walk_instructions(256);

	assert_int_equal(many - few, 252 * 465);
	/* A walk to one entry: 750 with 60 for its accessed bit. */
	assert_int_equal(few - 4 * 465 + 465 - 117 + 60, 750);
}

static bool take_away(struct rmap_walk *w, const struct rmap_entry *e)
{
	rmap_remove(w->k, w->c, e, KPATH_RECLAIM);
	pte_write(e->mm, w->c, KPATH_RECLAIM, e->entry_pa, 0);
	tlb_flush_page(e->mm, w->c, e->va);
	frame_put(w->k->frames, w->c, w->pfn);
	return true;
}

/* A walk that takes the entries away which it finds is reclaim's to its end. */
static void test_path_of_a_walk(void **state)
{
	static const u32 scheme[] = { RMAP_PTE_CHAIN, RMAP_ANONMM, RMAP_ANON_VMA, RMAP_ANON_VMA_CHAIN };
	struct plan p = {
		.file = RMAP_FILE_INTERVAL_TREE, .era = ERA_6_X, .memory = 64 * MB, .charge = true
	};
	u64 reclaim, unmap;
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(scheme); i++) {
		struct rmap_walk w = { .path = KPATH_RECLAIM, .entry = take_away, .unmaps = true };
		struct env *e;
		struct mm *mm;

		p.scheme = scheme[i];
		e = env_new(&p);
		mm = mm_new(e->k, false);
		map(e, mm, 0, 1, 0, 0);
		touch(e, mm, 0);
		for (j = 0; j < 3; j++)
			child_of(e, mm);
		w.k = e->k;
		w.c = e->c;
		w.pfn = pfn_at(e, mm, 0);
		unmap = e->cpu[0]->cycles[KPATH_UNMAP];
		reclaim = e->cpu[0]->cycles[KPATH_RECLAIM];
		frame_get(e->k->frames, w.pfn); /* reclaim's own, so that the page's end is not part of it */
		assert_true(rmap_walk(&w));
		assert_int_equal(w.found, 4);
		assert_int_equal(e->cpu[0]->cycles[KPATH_UNMAP], unmap);
		assert_true(e->cpu[0]->cycles[KPATH_RECLAIM] > reclaim);
		frame_put(e->k->frames, e->c, w.pfn);
		env_free(e);
	}
}

/* CPU 1 is back at the beginning, and what was held until now was held from there on. */
static void go_back(struct env *e)
{
	u32 i, j;

	memset(e->cpu[1]->cycles, 0, sizeof(e->cpu[1]->cycles));
	for (i = 0; i < RMAP_HELD_LOCKS; i++)
		for (j = 0; j < HOLDS; j++)
			e->r->held[i].times.changed.at[j].from = e->r->held[i].times.read.at[j].from = 0;
}

/* Two walks at the same time: a lock is one's at a time, but since they are rw_semaphores all readers'. */
static void lock_waits(u32 scheme, enum kernel_era era, bool waits)
{
	const struct plan p = { .scheme = scheme,
				.file = RMAP_FILE_INTERVAL_TREE,
				.era = era,
				.memory = 64 * MB,
				.charge = true };
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false), *child, *other;
	u64 anon, file, files;

	map(e, mm, 0, 1, 0, 0);
	map(e, mm, 10, 1, 1, 0);
	touch(e, mm, 0);
	touch(e, mm, 10);
	child = child_of(e, mm);
	other = child_of(e, mm);
	anon = pfn_at(e, mm, 0);
	file = pfn_at(e, mm, 10);
	e->cpu[1]->cycles[KPATH_FAULT] = e->c->ops->now(e->c);
	walk(e, anon, NULL);
	walk(e, file, NULL);
	e->c = &e->cpu[1]->cpu;
	assert_int_equal(walk(e, anon, NULL).found, 3);
	assert_true(walk(e, file, NULL).found > 0);
	assert_int_equal(e->r->st.waits_anon, waits);
	assert_int_equal(e->r->st.wait_cycles_anon > 0, waits);
	/* Who changes something waits for those who look. */
	go_back(e);
	files = e->r->st.waits_file;
	assert_int_equal(mm_munmap(child, e->c, BASE, PAGE), MM_OK);
	assert_int_equal(e->r->st.waits_anon, waits + (scheme != RMAP_ANONMM));
	go_back(e);
	assert_int_equal(mm_munmap(other, e->c, BASE + 10 * PAGE, PAGE), MM_OK);
	assert_int_equal(e->r->st.waits_file, files + 1);
	env_free(e);
}

static void test_locks(void **state)
{
	lock_waits(RMAP_ANON_VMA, ERA_2_6_26, true);
	lock_waits(RMAP_ANONMM, ERA_2_6_5, true);
	lock_waits(RMAP_ANON_VMA_CHAIN, ERA_2_6_37, true);
	lock_waits(RMAP_ANON_VMA_CHAIN, ERA_6_X, false);
}

/* 2.5's objrmap does not wait: the page counts as referenced. */
static void test_busy(void **state)
{
	const struct plan p = {
		.scheme = RMAP_OBJRMAP, .era = ERA_2_5_66, .memory = 64 * MB, .charge = true
	};
	struct env *e = env_new(&p);
	struct mm *mm = mm_new(e->k, false);
	struct rmap_walk w;
	u64 pfn;

	map(e, mm, 0, 1, 1, 0);
	touch(e, mm, 0);
	pfn = pfn_at(e, mm, 0);
	e->cpu[1]->cycles[KPATH_FAULT] = e->c->ops->now(e->c);
	w = walk(e, pfn, NULL);
	assert_true(!w.busy && w.found == 1);
	e->c = &e->cpu[1]->cpu;
	w = walk(e, pfn, NULL);
	assert_true(w.busy && w.found == 0);
	assert_int_equal(e->r->st.busy, 1);
	env_free(e);
}

/* mremap() moves mappings: what lies in implicit memory beside them stays, where its index finds it. */
static void test_implicit_memory_stays(void **state)
{
	const u32 schemes[] = { RMAP_ANONMM, RMAP_ANON_VMA, RMAP_ANON_VMA_CHAIN };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++) {
		const struct plan p = { .scheme = schemes[i], .era = ERA_6_X, .memory = 64 * MB };
		struct env *e = env_new(&p);
		struct mm *mm = mm_new(e->k, true);
		u64 stays, moves;

		touch(e, mm, 1);
		map(e, mm, 2, 1, 0, 0);
		touch(e, mm, 2);
		stays = pfn_at(e, mm, 1);
		moves = pfn_at(e, mm, 2);
		assert_int_equal(mm_mremap(mm, e->c, BASE, 3 * PAGE, BASE + 8 * PAGE, 3 * PAGE), MM_OK);
		assert_int_equal(pfn_at(e, mm, 1), stays);
		assert_int_equal(pfn_at(e, mm, 10), moves);
		assert_int_equal(walk(e, stays, NULL).found, 1);
		assert_int_equal(walk(e, moves, NULL).found, 1);
		env_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_memory), cmocka_unit_test(test_chain_slabs),
		cmocka_unit_test(test_chain_order),  cmocka_unit_test(test_children),
		cmocka_unit_test(test_file_visits),  cmocka_unit_test(test_chain_lengths),
		cmocka_unit_test(test_chain_reuse),  cmocka_unit_test(test_chain_bound),
		cmocka_unit_test(test_anonmm_moves),   cmocka_unit_test(test_visit_instructions),
		cmocka_unit_test(test_path_of_a_walk), cmocka_unit_test(test_locks),
		cmocka_unit_test(test_busy),           cmocka_unit_test(test_implicit_memory_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
