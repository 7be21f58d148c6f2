/*
 * Every scheme of reverse mapping under random histories of several address spaces: after each few steps all
 * pages are compared with a scan of all page tables (rmap_check()). Beside calls and accesses, pages are
 * taken away by walks and come back, as reclaim and swap do it. In much memory and in little.
 *
 * MMSIM_TEST_LONG=1 in the environment: 40,000 steps a history, 6 million in all; a larger number: so many a
 * history. An argument chooses tests by name ("test_anon*"), so that a long run can be done in parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/slab.h"
#include "tests/ref/ref_blockdev.h"
#include "tests/ref/ref_mm_cpu.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE 4096ull
/* 2 MB boundaries and tables of several levels lie in the space. */
#define BASE     ((1ull << 30) - 700 * PAGE)
#define SPACE    1400u /* pages */
#define MMS      10u
#define FILES    4u
#define MB       (1ull << 20)

#define MAX_GONE 16u

static u64 copied; /* pages that anonmm could not keep track of */

struct world {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu[2];
	struct cpu *c;
	struct mm *mm[MMS];
	struct rng rng;
	u64 swapped, copied, ooms;
};

struct plan {
	u32 scheme, file; /* as kernel.rmap, kernel.rmap_file: enum + 1 */
	enum kernel_era era;
	enum kernel_layout layout;
	u64 memory;
	bool charge, thp, implicit;
	u32 swap; /* kernel.swap.device, 0: none */
};

static u32 pick(struct world *w, u32 n)
{
	return (u32)rng_below(&w->rng, n);
}

static u64 va_of(u32 page)
{
	return BASE + page * PAGE;
}

static void pick_range(struct world *w, u32 *s, u32 *e)
{
	u32 n = 1 + pick(w, pick(w, 12) ? 12 : 700);

	*s = pick(w, SPACE);
	*e = MIN(*s + n, SPACE);
}

static u32 pick_rights(struct world *w)
{
	static const u32 rights[] = { MM_READ | MM_WRITE, MM_READ | MM_WRITE,
				      MM_READ | MM_WRITE, MM_READ,
				      MM_READ | MM_EXEC,  0 };

	return rights[pick(w, ARRAY_SIZE(rights))];
}

/* ---- calls ---- */

static void do_mmap(struct world *w, struct mm *mm)
{
	struct mm_map map = { .flags = pick_rights(w) };
	u32 s, e, kind = pick(w, 8);

	pick_range(w, &s, &e);
	if (kind < 4)
		map.flags |= MM_ANON;
	else if (kind == 4)
		map.flags |= MM_ANON | MM_SHARED, map.object = pick(w, 2) ? FILES + 1 : 0;
	else
		map.flags |= kind == 5 ? 0 : MM_SHARED, map.object = 1 + pick(w, FILES);
	if (kind == 3)
		map.flags |= MM_GROWSDOWN;
	map.addr = va_of(s);
	map.len = (e - s) * PAGE;
	map.offset = pick(w, 16) * PAGE;
	assert_int_equal(mm_mmap(mm, w->c, &map), MM_OK);
}

static void do_mremap(struct world *w, struct mm *mm)
{
	u32 fs, fe, ts, te;

	pick_range(w, &fs, &fe);
	pick_range(w, &ts, &te);
	if (pick(w, 2))
		te = MIN(ts + (fe - fs), SPACE);
	if (pick(w, 4) == 0) {
		te = MIN(fs + te - ts, SPACE);
		ts = fs;
	}
	w->ooms += mm_mremap(mm, w->c, va_of(fs), (fe - fs) * PAGE, va_of(ts), (te - ts) * PAGE) == MM_NOMEM;
}

static void do_madvise(struct world *w, struct mm *mm)
{
	static const u32 advices[] = { 4, 8, 9 };
	u32 s, e;

	pick_range(w, &s, &e);
	assert_int_equal(mm_madvise(mm, w->c, va_of(s), (e - s) * PAGE, advices[pick(w, 3)]), MM_OK);
}

/* Little of it: what is locked cannot be reclaimed. */
static void do_lock(struct world *w, struct mm *mm)
{
	u32 s = pick(w, SPACE), n = MIN(1 + pick(w, 20), SPACE - s);
	u64 at = 0;

	if (pick(w, 3)) {
		if (pick(w, 4))
			mm_munlock(mm, w->c, va_of(0), SPACE * PAGE);
		else
			mm_munlockall(mm, w->c);
		return;
	}
	if (pick(w, 8) == 0)
		mm_mlockall(mm, w->c, pick(w, 16) ? 2 : 3);
	assert_int_equal(mm_mlock(mm, w->c, va_of(s), n * PAGE), MM_OK);
	mm_load(mm, w->c);
	while (!mm_populate(mm, w->c, va_of(s), n * PAGE, &at))
		w->c->ops->wait_until(w->c, KPATH_IO_WAIT, w->c->block_until);
}

static void do_fork(struct world *w, struct mm *mm)
{
	u32 to = pick(w, MMS);

	if (w->mm[to])
		return;
	w->mm[to] = mm_fork(mm, w->c);
	w->ooms += !w->mm[to];
}

static void touch(struct world *w, struct mm *mm, u32 page, bool write)
{
	struct ref_cpu *cpu = container_of(w->c, struct ref_cpu, cpu);
	enum access_kind access = write ? ACCESS_WRITE : ACCESS_READ;
	enum trap_result got;
	u32 traps;

	while ((got = ref_access(cpu, mm, va_of(page), access, &traps)) == TRAP_BLOCK)
		w->c->ops->wait_until(w->c, KPATH_IO_WAIT, w->c->block_until);
	w->ooms += got == TRAP_OOM;
}

static void do_touches(struct world *w, struct mm *mm)
{
	u32 s = pick(w, SPACE), n = pick(w, 120), i;

	for (i = s; i < MIN(s + n, SPACE); i++)
		touch(w, mm, i, pick(w, 3));
}

/* ---- reclaim and swap ---- */

struct gone {
	struct world *w;
	struct rmap_entry entry[MAX_GONE];
	u64 old[MAX_GONE]; /* what stood in it */
	u32 n;
	bool keeps; /* only looks */
};

static bool take_away(struct rmap_walk *walk, const struct rmap_entry *e)
{
	struct gone *g = walk->arg;
	struct world *w = g->w;

	assert_ptr_equal(rmap_entry_vma(walk, e), mm_vma(e->mm, e->va));
	if (g->keeps || e->level || g->n == MAX_GONE || pick(w, 8) == 0)
		return pick(w, 8);
	g->entry[g->n] = *e;
	g->old[g->n++] = pte_read(e->mm, e->entry_pa);
	rmap_remove(w->k, w->c, e, KPATH_RECLAIM);
	pte_write(e->mm, w->c, KPATH_RECLAIM, e->entry_pa, 0);
	tlb_flush_page(e->mm, w->c, e->va);
	return true;
}

static void put_back(struct world *w, const struct gone *g, u32 i, bool exclusive)
{
	struct rmap_entry e = g->entry[i];

	/* A copy would be made, or the OOM killer came by; here nothing comes back. */
	if (e.mm->oom_victim || !rmap_can_share(w->k, e.pfn, e.va)) {
		frame_put(w->k->frames, w->c, e.pfn);
		w->copied++;
		return;
	}
	e.vma = mm_vma(e.mm, e.va);
	if (page_is_anon(rmap_page(w->k, e.pfn)))
		rmap_add_swapped(w->k, w->c, &e, exclusive);
	else
		rmap_add(w->k, w->c, &e);
	pte_write(e.mm, w->c, KPATH_FAULT, e.entry_pa, g->old[i]);
	w->swapped++;
}

/* The next page from a random one on that somebody maps; NULL: there is none. */
static struct page *some_page(struct world *w, u64 *pfn)
{
	const struct memmap *m = &w->k->pa->map;
	u64 from = rng_below(&w->rng, m->pages), i;

	for (i = 0; i < m->pages; i++) {
		*pfn = (from + i) % m->pages;
		if (memmap_has(m, *pfn) && page_of(m, *pfn)->mapcount)
			return page_of(m, *pfn);
	}
	return NULL;
}

static void do_swap(struct world *w)
{
	struct gone g = { .w = w, .keeps = pick(w, 3) == 0 };
	struct rmap_walk walk = { .k = w->k,
				  .c = w->c,
				  .path = KPATH_RECLAIM,
				  .entry = take_away,
				  .arg = &g,
				  .unmaps = pick(w, 2) };
	struct page *p = some_page(w, &walk.pfn);
	bool exclusive;
	u32 i;

	if (!p)
		return;
	/* What MADV_FREE let go never goes to swap. */
	g.keeps |= page_is_anon(p) && !(p->marks & PG_SWAPBACKED);
	if (!rmap_walk(&walk))
		return;
	assert_true(walk.found <= walk.vmas && walk.found <= walk.tested);
	if (g.keeps)
		rmap_referenced_done(w->k, w->c, walk.pfn);
	exclusive = g.n == 1 && !p->mapcount && pick(w, 2);
	while (g.n) {
		i = pick(w, g.n);
		if (pick(w, 4)) {
			if (rmap_prepare(g.entry[i].mm, w->c, mm_vma(g.entry[i].mm, g.entry[i].va)))
				put_back(w, &g, i, exclusive);
			else
				frame_put(w->k->frames, w->c, walk.pfn);
		} else {
			frame_put(w->k->frames, w->c, walk.pfn);
		}
		g.n--;
		g.entry[i] = g.entry[g.n];
		g.old[i] = g.old[g.n];
	}
}

/* ---- histories ---- */

static void one_call(struct world *w, u32 m)
{
	struct mm *mm = w->mm[m];
	u32 s, e;

	pick_range(w, &s, &e);
	switch (pick(w, 64)) {
	case 0 ... 3:
		do_mmap(w, mm);
		break;
	case 4 ... 5:
		assert_int_equal(mm_munmap(mm, w->c, va_of(s), (e - s) * PAGE), MM_OK);
		break;
	case 6 ... 8:
		mm_mprotect(mm, w->c, va_of(s), (e - s) * PAGE, pick_rights(w));
		break;
	case 9:
		if (pick(w, 2))
			do_madvise(w, mm);
		else
			do_lock(w, mm);
		break;
	case 10 ... 13:
		do_mremap(w, mm);
		break;
	case 14 ... 20:
		do_fork(w, mm);
		break;
	case 21:
		mm_brk(mm, w->c, va_of(100), va_of(100 + pick(w, 50)));
		break;
	case 22:
		mm_put(mm, w->c);
		w->mm[m] = NULL;
		break;
	case 23 ... 34:
		do_swap(w);
		break;
	default:
		do_touches(w, mm);
	}
}

/* A program in much of the space, some of it a file's. */
static void do_new(struct world *w, u32 m, bool implicit)
{
	struct mm_map map = { .addr = BASE, .len = SPACE * PAGE, .flags = MM_READ | MM_WRITE | MM_ANON };
	struct mm_map file = {
		.addr = va_of(300), .len = 100 * PAGE, .flags = MM_READ | MM_WRITE, .object = 1
	};

	w->mm[m] = mm_new(w->k, implicit);
	if (!w->mm[m] || implicit)
		return;
	assert_int_equal(mm_mmap(w->mm[m], w->c, &map), MM_OK);
	file.flags |= pick(w, 2) ? MM_SHARED : 0;
	assert_int_equal(mm_mmap(w->mm[m], w->c, &file), MM_OK);
}

static void world_init(struct world *w, const struct plan *p, u64 seed)
{
	struct kernel_params params = {
		.cfg = &w->cfg, .memory = p->memory, .hz = 1000000000, .seed = seed, .cpus = 2
	};
	u32 i;

	*w = (struct world){ .cfg = { .era = p->era,
				      .layout = p->layout,
				      .rmap = p->scheme,
				      .rmap_file = p->file,
				      .placement = FRAME_BUDDY,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = p->charge,
				      .instruction_scale = 100,
				      .stack_limit = 1u << 20,
				      .fault_around = 16 * PAGE,
				      .thp = p->thp,
				      .zero_page = true } };
	w->cfg.blockdev.nvme = ref_flash;
	if (p->swap)
		w->cfg.swap = (struct swap_cfg){
			.device = p->swap,
			.page_cluster = 3,
			.size = 4 * MB,
			.zram = { .same = 10, .incompressible = 10, .smallest = 20, .largest = 60 }
		};
	w->ptmem = ptmem_new(p->memory / PAGE);
	params.format = kernel_format(&w->cfg);
	params.ptmem = w->ptmem;
	w->k = kernel_new(&params);
	for (i = 0; i < 2; i++) {
		w->cpu[i] = xcalloc(1, sizeof(*w->cpu[i]));
		ref_cpu_init(w->cpu[i], w->k);
	}
	rng_init(&w->rng, seed, "rmap");
}

/* Objects of reverse mapping are gone with those who had them; a CPU keeps one chain ready. */
static void check_ended(const struct world *w)
{
	const struct rmap *r = w->k->rmap;
	u32 i;

	copied += r->st.copied;
	assert_int_equal(r->st.adds, r->st.removes);
	for (i = 0; i < NR_RMAP_OBJECTS; i++) {
		assert_int_equal(r->object[i].objects, r->object[i].allocated - r->object[i].freed);
		assert_in_range(r->object[i].objects, 0, i == RMAP_OBJECT_PTE_CHAIN ? 2 : 0);
	}
}

static void world_fini(struct world *w)
{
	u32 i;

	for (i = 0; i < MMS; i++)
		if (w->mm[i])
			mm_put(w->mm[i], w->c);
	/* Any preparation gives back what a large page left over. */
	check_ended(w);
	kernel_check(w->k);
	kernel_free(w->k);
	ptmem_free(w->ptmem);
	free(w->cpu[0]);
	free(w->cpu[1]);
}

static u64 steps(void)
{
	const char *text = getenv("MMSIM_TEST_LONG");
	u64 n = text ? strtoull(text, NULL, 10) : 0;

	return !text ? 1000 : n > 1 ? n : 40000;
}

static void history(const struct plan *p, u64 seed)
{
	struct world w;
	u64 i;

	world_init(&w, p, seed);
	for (i = 0; i < steps(); i++) {
		u32 m = pick(&w, MMS);

		w.c = &w.cpu[pick(&w, 2)]->cpu;
		if (!w.mm[m] && pick(&w, 12) == 0)
			do_new(&w, m, p->implicit);
		if (w.mm[m])
			one_call(&w, m);
		if (w.cpu[0]->n_tlb > 4000 || w.cpu[1]->n_tlb > 4000)
			w.cpu[0]->n_tlb = w.cpu[0]->n_pwc = w.cpu[1]->n_tlb = w.cpu[1]->n_pwc = 0;
		if (i % 16 == 0)
			kernel_check(w.k);
	}
	if (p->memory > 16 * MB)
		assert_int_equal(w.k->rmap->st.unbacked, 0);
	if (p->scheme != RMAP_NONE + 1)
		assert_true(w.swapped > 0);
	world_fini(&w);
}

/* Each half with each structure of objects, in kernels of each time. */
static void all_files(u32 scheme, enum kernel_era era, enum kernel_layout layout)
{
	struct plan p = { .scheme = scheme + 1, .era = era, .layout = layout };
	u32 file;

	for (file = 1; file <= NR_RMAP_FILES; file++) {
		p.file = file;
		p.charge = file & 1;
		p.memory = 48 * MB;
		history(&p, 1 + file);
		p.charge = !p.charge;
		p.memory = 5 * MB;
		p.swap = p.charge ? SWAP_ZRAM : BLOCKDEV_NVME;
		history(&p, 10 + file);
		p.swap = 0;
	}
}

static void schemes(u32 scheme)
{
	struct plan p = { .scheme = scheme + 1, .era = ERA_6_X, .memory = 64 * MB, .charge = true };

	all_files(scheme, ERA_2_5_66, KERNEL_LAYOUT_I386);
	all_files(scheme, ERA_2_6_9, KERNEL_LAYOUT_I386_PAE);
	all_files(scheme, ERA_2_6_37, KERNEL_LAYOUT_X86_64);
	all_files(scheme, ERA_6_X, KERNEL_LAYOUT_X86_64);
	p.thp = true;
	history(&p, 5);
	p.thp = false;
	p.implicit = true;
	history(&p, 6);
}

static void test_none(void **state)
{
	schemes(RMAP_NONE);
}

static void test_pte_chain(void **state)
{
	schemes(RMAP_PTE_CHAIN);
}

static void test_objrmap(void **state)
{
	schemes(RMAP_OBJRMAP);
}

static void test_anonmm(void **state)
{
	copied = 0;
	schemes(RMAP_ANONMM);
	assert_true(copied > 100);
}

static void test_anon_vma(void **state)
{
	schemes(RMAP_ANON_VMA);
}

static void test_anon_vma_chain(void **state)
{
	schemes(RMAP_ANON_VMA_CHAIN);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),     cmocka_unit_test(test_pte_chain),
		cmocka_unit_test(test_objrmap),  cmocka_unit_test(test_anonmm),
		cmocka_unit_test(test_anon_vma), cmocka_unit_test(test_anon_vma_chain),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
