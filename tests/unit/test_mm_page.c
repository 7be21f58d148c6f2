/*
 * Pages larger than the recording's: several mappings in one page. Random calls of two address spaces under
 * every layout against a dictionary of 4 KB pieces that knows only the rules of page.h; and the counts that
 * the page size decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/page.h"
#include "tests/ref/ref_mm_cpu.h"

#define PIECE    4096ull
#define PIECES   1024u
#define BASE     0x7ff00000ull /* 1 MB below 2 GB: room for one page of 2 MB, and pages beside it */
#define MMS      2u
#define RIGHTS   (MM_READ | MM_WRITE | MM_EXEC)
#define TLB_FULL 400u

struct world {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct cpu *c;
	struct mm *mm[MMS];
	bool mapped[MMS][PIECES];
	u32 rights[MMS][PIECES];
	struct rng rng;
};

static u32 pick(struct world *w, u32 n)
{
	return (u32)rng_below(&w->rng, n);
}

static u64 va_of(u32 piece)
{
	return BASE + piece * PIECE;
}

static struct world *world_new(u32 layout, u64 memory, bool thp)
{
	struct world *w = calloc(1, sizeof(*w));
	struct kernel_params p = { .cfg = &w->cfg, .memory = memory, .hz = 1000000000, .seed = 1 };

	w->cfg = (struct kernel_cfg){ .colours = 8,
				      .flush_ceiling = 33,
				      .era = ERA_6_X,
				      .charge = true,
				      .instruction_scale = 100,
				      .asids = 4095,
				      .zero_page = true,
				      .stack_limit = 8 << 20,
				      .fault_around = 65536,
				      .layout = layout,
				      .thp = thp };
	w->ptmem = p.ptmem = ptmem_new(memory >> FRAME_SHIFT);
	p.format = kernel_format(&w->cfg);
	w->k = kernel_new(&p);
	ref_cpu_init(&w->cpu, w->k);
	w->c = &w->cpu.cpu;
	w->mm[0] = mm_new(w->k, false);
	rng_init(&w->rng, layout, "pages");
	return w;
}

static void world_free(struct world *w)
{
	u32 m;

	for (m = 0; m < MMS; m++)
		if (w->mm[m])
			mm_put(w->mm[m], w->c);
	kernel_check(w->k);
	assert_int_equal(w->k->pgtable.pages, 0);
	kernel_free(w->k);
	ptmem_free(w->ptmem);
	free(w);
}

static struct ref_pt look(const struct world *w, u32 m, u32 piece)
{
	return ref_pt_walk(w->cpu.kind, w->ptmem, mm_root(w->mm[m]), va_of(piece));
}

/* What the dictionary says of the page in which a piece lies. */
static u32 page_rights(const struct world *w, u32 m, u32 piece, bool *mapped)
{
	u32 n = (u32)(page_size(w->k) / PIECE), first = piece / n * n, i, rights = 0;

	*mapped = false;
	for (i = first; i < first + n; i++) {
		*mapped |= w->mapped[m][i];
		rights |= w->mapped[m][i] ? w->rights[m][i] : 0;
	}
	return rights;
}

static void check_piece(const struct world *w, u32 m, u32 piece)
{
	struct ref_pt r = look(w, m, piece);
	bool mapped;
	u32 rights = page_rights(w, m, piece, &mapped);

	if (!r.present)
		return;
	assert_true(mapped && rights);
	assert_true(!r.write || (rights & MM_WRITE));
	assert_true(!r.exec == !(rights & MM_EXEC) || w->k->format->always_exec);
	assert_true(r.shift == w->k->page_shift || (w->cfg.thp && r.shift == w->k->format->shift[1]));
}

static void check_all(struct world *w)
{
	u32 m, i;

	for (m = 0; m < MMS; m++)
		for (i = 0; w->mm[m] && i < PIECES; i++)
			check_piece(w, m, i);
	kernel_check(w->k);
}

static void set(struct world *w, u32 m, u32 s, u32 e, bool mapped, u32 rights)
{
	for (; s < e; s++) {
		w->mapped[m][s] = mapped;
		w->rights[m][s] = rights;
	}
}

static void pick_range(struct world *w, u32 *s, u32 *e)
{
	u32 n = 1 + pick(w, pick(w, 4) ? 12 : pick(w, 8) ? 100 : PIECES);

	*s = pick(w, PIECES);
	*e = MIN(*s + n, PIECES);
}

static u32 pick_rights(struct world *w)
{
	static const u32 rights[] = { MM_READ | MM_WRITE, MM_READ | MM_WRITE,          MM_READ, 0,
				      MM_READ | MM_EXEC,  MM_READ | MM_WRITE | MM_EXEC };

	return rights[pick(w, ARRAY_SIZE(rights))];
}

static void do_mmap(struct world *w, u32 m)
{
	u32 s, e, rights = pick_rights(w), kind = pick(w, 4);
	struct mm_map map = { .flags = rights };

	pick_range(w, &s, &e);
	if (w->cfg.thp && pick(w, 4) == 0) {
		s = 200;
		e = 800;
		kind = 0;
	}
	if (kind < 2)
		map.flags |= MM_ANON;
	else
		map.object = 1 + pick(w, 2);
	if (kind % 2)
		map.flags |= MM_SHARED;
	map.addr = va_of(s);
	map.len = (e - s) * PIECE;
	/* Often as it should be, so that address spaces share pages of files. */
	map.offset = pick(w, 3) ? s * PIECE : pick(w, 32) * PIECE;
	assert_int_equal(mm_mmap(w->mm[m], w->c, &map), MM_OK);
	set(w, m, s, e, true, rights);
}

/* A page that loses a part keeps its frame; one that loses the last part is gone. */
static void do_munmap(struct world *w, u32 m)
{
	u32 s, e;
	bool stays, mapped;
	struct ref_pt before, after;

	pick_range(w, &s, &e);
	before = look(w, m, s);
	assert_int_equal(mm_munmap(w->mm[m], w->c, va_of(s), (e - s) * PIECE), MM_OK);
	set(w, m, s, e, false, 0);
	stays = page_rights(w, m, s, &mapped);
	after = look(w, m, s);
	assert_int_equal(after.present, before.present && stays);
	if (after.present)
		assert_int_equal(after.pa, before.pa);
}

static void do_mprotect(struct world *w, u32 m)
{
	u32 s, e, i, rights = pick_rights(w);

	pick_range(w, &s, &e);
	mm_mprotect(w->mm[m], w->c, va_of(s), (e - s) * PIECE, rights);
	for (i = s; i < e; i++)
		w->rights[m][i] = rights;
}

static void do_madvise(struct world *w, u32 m)
{
	static const u32 advices[] = { 4, 8, 9 };
	u32 s, e;

	pick_range(w, &s, &e);
	assert_int_equal(mm_madvise(w->mm[m], w->c, va_of(s), (e - s) * PIECE, advices[pick(w, 3)]), MM_OK);
}

/* To a free place, at any distance. */
static void do_mremap(struct world *w, u32 m)
{
	u32 s, e, to, i;

	pick_range(w, &s, &e);
	to = pick(w, PIECES - (e - s));
	if ((to < e && s < to + e - s) || !w->mapped[m][e - 1])
		return;
	assert_int_equal(mm_mremap(w->mm[m], w->c, va_of(s), (e - s) * PIECE, va_of(to), (e - s) * PIECE),
			 MM_OK);
	for (i = 0; i < e - s; i++)
		set(w, m, to + i, to + i + 1, w->mapped[m][s + i], w->rights[m][s + i]);
	set(w, m, s, e, false, 0);
}

static void do_fork_or_exit(struct world *w)
{
	if (w->mm[1]) {
		mm_put(w->mm[1], w->c);
		w->mm[1] = NULL;
		return;
	}
	w->mm[1] = mm_fork(w->mm[0], w->c);
	assert_non_null(w->mm[1]);
	memcpy(w->mapped[1], w->mapped[0], sizeof(w->mapped[0]));
	memcpy(w->rights[1], w->rights[0], sizeof(w->rights[0]));
}

/* An access that the piece's mapping allows succeeds; one that nothing in its page allows does not. */
static void do_touch(struct world *w, u32 m)
{
	enum access_kind access = (enum access_kind)pick(w, 3);
	u32 needed = access == ACCESS_WRITE ? MM_WRITE : access == ACCESS_EXEC ? MM_EXEC : RIGHTS;
	u32 piece = pick(w, PIECES), traps;
	enum trap_result result;
	bool mapped;

	if (access == ACCESS_EXEC && w->k->format->always_exec)
		return;
	if (w->cpu.n_tlb > TLB_FULL)
		w->cpu.n_tlb = TLB_FULL / 2;
	result = ref_access(&w->cpu, w->mm[m], va_of(piece) + pick(w, 4096), access, &traps);
	if (w->mapped[m][piece] && (w->rights[m][piece] & needed))
		assert_int_equal(result, TRAP_RETRY);
	else if (!(page_rights(w, m, piece, &mapped) & needed))
		assert_int_equal(result, TRAP_SEGV);
}

static void one_step(struct world *w)
{
	u32 m = w->mm[1] ? pick(w, MMS) : 0, what = pick(w, 100);

	if (what < 65)
		do_touch(w, m);
	else if (what < 77)
		do_mmap(w, m);
	else if (what < 84)
		do_munmap(w, m);
	else if (what < 90)
		do_mprotect(w, m);
	else if (what < 94)
		do_madvise(w, m);
	else if (what < 98)
		do_mremap(w, m);
	else
		do_fork_or_exit(w);
}

static void random_history(struct world *w, u32 steps)
{
	u32 i;

	for (i = 0; i < steps; i++) {
		one_step(w);
		ref_tlb_check(&w->cpu);
		if (i % 16 == 0)
			check_all(w);
	}
}

static void mappings_share_pages_by_the_rules(void **state)
{
	u32 layout;

	for (layout = 0; layout < NR_REF_PT; layout++) {
		struct world *w = world_new(layout, 1ull << 29, false);

		random_history(w, 12000);
		assert_true(w->k->fault.minor > 900 && w->k->fault.cow > 100 && w->k->fault.file > 200);
		assert_int_equal(w->k->fault.spurious, 0);
		world_free(w);
	}
}

/* The same rules where large pages come and are split. */
static void large_pages_keep_the_rules(void **state)
{
	static const u32 layouts[] = { KERNEL_LAYOUT_X86_64, KERNEL_LAYOUT_I386_PAE, KERNEL_LAYOUT_ARM64_4K,
				       KERNEL_LAYOUT_SV39 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct world *w = world_new(layouts[i], 1ull << 29, true);

		random_history(w, 10000);
		assert_true(w->k->huge.faults + w->k->huge.zero_faults > 60 && w->k->huge.splits > 50);
		assert_int_equal(w->k->fault.spurious, 0);
		world_free(w);
	}
}

/* N bytes touched are N / page size faults, each of which clears a page; tables are as many as N needs. */
static void faults_follow_the_page_size(void **state)
{
	const u64 bytes = 64ull << 20;
	u32 layout;

	for (layout = 0; layout < NR_REF_PT; layout++) {
		struct world *w = world_new(layout, 1ull << 28, false);
		const struct pt_format *f = w->k->format;
		struct mm_map map = { .addr = 1ull << 30,
				      .len = bytes,
				      .flags = MM_READ | MM_WRITE | MM_ANON };
		u64 at, tables = (bytes + (1ull << f->shift[1]) - 1) >> f->shift[1];
		u32 traps;

		mm_mmap(w->mm[0], w->c, &map);
		for (at = 0; at < bytes; at += 4096) {
			if (w->cpu.n_tlb == REF_TLB_MAX / 2)
				w->cpu.n_tlb = 0;
			assert_int_equal(ref_access(&w->cpu, w->mm[0], map.addr + at, ACCESS_WRITE, &traps),
					 TRAP_RETRY);
		}
		assert_int_equal(w->k->fault.zero, bytes >> f->shift[0]);
		assert_int_equal(w->k->fault.minor, bytes >> f->shift[0]);
		assert_int_equal(w->k->pgtable.pages, tables + f->levels - 1u);
		/* The root was made before there was a CPU to clear it. */
		assert_int_equal(w->cpu.zeroed,
				 bytes / 4096 + (tables + f->levels - 2u) * (page_size(w->k) / 4096));
		world_free(w);
	}
}

static void misfits_are_refused(void **state)
{
	struct world *w = world_new(KERNEL_LAYOUT_I386, 1ull << 28, false);
	struct mm_map map = { .addr = 0xbffff000, .len = 4096, .flags = MM_READ | MM_ANON };

	assert_true(kernel_fits(w->k, map.addr, map.len));
	assert_int_equal(mm_mmap(w->mm[0], w->c, &map), MM_OK);
	assert_false(kernel_fits(w->k, map.addr, 8192));
	map.addr = 0x7ffff000;
	map.len = 0x80000000;
	assert_int_equal(mm_mmap(w->mm[0], w->c, &map), MM_INVALID);
	assert_null(kernel_layout_check(&w->cfg, 4ull << 30));
	assert_non_null(kernel_layout_check(&w->cfg, (4ull << 30) + 1));
	world_free(w);
	w = world_new(KERNEL_LAYOUT_SV39, 1ull << 28, false);
	assert_true(kernel_fits(w->k, 0, 1ull << 38));
	assert_false(kernel_fits(w->k, 1ull << 38, 1));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_share_pages_by_the_rules),
		cmocka_unit_test(large_pages_keep_the_rules),
		cmocka_unit_test(faults_follow_the_page_size),
		cmocka_unit_test(misfits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
