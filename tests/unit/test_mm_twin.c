/*
 * The kernel against its naive twin (tests/ref/ref_mm.h) over random histories of several address spaces,
 * with a TLB that forgets nothing by itself, in much memory and in 64 frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "tests/ref/ref_mm.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
/* 512 GB lies in the middle of the space, so tables of every level begin and end there. */
#define BASE     ((1ull << 39) - 300 * PAGE)

#define TLB_FULL 400u

struct world {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct cpu *c;
	struct ref_mm *twin;
	struct mm *mm[REF_MMS];
	struct rng rng;
	u64 ooms;
	u64 step;
};

static u32 pick(struct world *w, u32 n)
{
	return (u32)rng_below(&w->rng, n);
}

static u64 va_of(u32 page)
{
	return BASE + page * PAGE;
}

static u32 data_frames(const struct world *w)
{
	return (u32)(frames_in_use(w->k->frames) - w->k->pgtable.pages);
}

/* A range; mostly short, sometimes long. */
static void pick_range(struct world *w, u32 *s, u32 *e)
{
	u32 n = 1 + pick(w, pick(w, 4) ? 24 : 300);

	*s = pick(w, REF_PAGES);
	*e = MIN(*s + n, REF_PAGES);
}

static u32 pick_rights(struct world *w)
{
	static const u32 rights[] = { MM_READ | MM_WRITE, MM_READ | MM_WRITE,          MM_READ, 0,
				      MM_READ | MM_EXEC,  MM_READ | MM_WRITE | MM_EXEC };

	return rights[pick(w, ARRAY_SIZE(rights))];
}

/* Objects 1 to 3 are files, 4 to 7 shared anonymous memory. */
static void do_mmap(struct world *w, u32 m)
{
	struct mm_map map = { .flags = pick_rights(w) };
	u32 s, e, index = pick(w, 32), kind = pick(w, 8);

	pick_range(w, &s, &e);
	if (kind < 3)
		map.flags |= MM_ANON;
	else if (kind == 3)
		map.flags |= MM_ANON | MM_GROWSDOWN;
	else if (kind == 4)
		map.flags |= MM_ANON | MM_SHARED;
	else if (kind == 5)
		map.flags |= MM_ANON | MM_SHARED, map.object = 4 + pick(w, 4);
	else
		map.flags |= kind == 6 ? MM_SHARED : 0, map.object = 1 + pick(w, 3);
	map.addr = va_of(s) + pick(w, 2);
	map.len = (e - s) * PAGE - pick(w, 2) * 100 - (map.addr & 1);
	map.offset = index * PAGE;
	assert_int_equal(mm_mmap(w->mm[m], w->c, &map), MM_OK);
	ref_mmap(w->twin, m, s, e, map.flags, (u32)map.object, index);
}

static void do_munmap(struct world *w, u32 m)
{
	u32 s, e;

	pick_range(w, &s, &e);
	assert_int_equal(mm_munmap(w->mm[m], w->c, va_of(s), (e - s) * PAGE), MM_OK);
	ref_munmap(w->twin, m, s, e);
}

static void do_mprotect(struct world *w, u32 m)
{
	u32 s, e, rights = pick_rights(w);
	enum mm_result result;

	pick_range(w, &s, &e);
	result = mm_mprotect(w->mm[m], w->c, va_of(s), (e - s) * PAGE, rights);
	assert_int_equal(result == MM_OK, ref_mprotect(w->twin, m, s, e, rights));
}

static void do_madvise(struct world *w, u32 m)
{
	static const u32 advices[] = { 4, 4, 8, 9, 3, 14 };
	u32 s, e, advice = advices[pick(w, ARRAY_SIZE(advices))];

	pick_range(w, &s, &e);
	assert_int_equal(mm_madvise(w->mm[m], w->c, va_of(s), (e - s) * PAGE, advice), MM_OK);
	ref_madvise(w->twin, m, s, e, advice);
}

static void do_brk(struct world *w, u32 m)
{
	u32 s = 40, e = s + pick(w, 30);

	assert_int_equal(mm_brk(w->mm[m], w->c, va_of(s), va_of(e)), MM_OK);
	ref_brk(w->twin, m, s, MAX(e, s));
}

/* Indices of objects must stay inside the twin's arrays: growth is refused there, so it is not asked for. */
static bool index_fits(const struct world *w, u32 m, u32 s, u32 e, u32 grown)
{
	const struct ref_page *last = &w->twin->space[m].page[e > s ? e - 1 : s];

	return last->index + grown < REF_OBJ_PAGES;
}

static void do_mremap(struct world *w, u32 m)
{
	u32 fs, fe, ts, te;
	enum mm_result result;
	bool moved;

	pick_range(w, &fs, &fe);
	pick_range(w, &ts, &te);
	if (pick(w, 4) == 0)
		fe = fs;
	if (pick(w, 4) == 0) {
		te = MIN(fs + te - ts, REF_PAGES);
		ts = fs;
	}
	if (!index_fits(w, m, fs, fe, te - ts))
		return;
	result = mm_mremap(w->mm[m], w->c, va_of(fs), (fe - fs) * PAGE, va_of(ts), (te - ts) * PAGE);
	w->ooms += result == MM_NOMEM;
	moved = ref_mremap(w->twin, m, fs, fe, ts, te, result == MM_NOMEM);
	assert_int_equal(result == MM_INVALID, !moved);
}

static void do_fork(struct world *w, u32 m)
{
	u32 to = pick(w, REF_MMS);

	if (w->twin->space[to].used)
		return;
	w->mm[to] = mm_fork(w->mm[m], w->c);
	if (!w->mm[to]) {
		w->ooms++;
		ref_fork_failed(w->twin, m);
		return;
	}
	ref_fork(w->twin, m, to);
}

static void do_exit(struct world *w, u32 m)
{
	mm_put(w->mm[m], w->c);
	ref_exit(w->twin, m);
}

static void do_new(struct world *w, u32 m)
{
	u32 i;

	w->mm[m] = mm_new(w->k, false);
	if (!w->mm[m]) {
		assert_int_equal(frames_in_use(w->k->frames), frames_total(w->k->frames));
		w->ooms++;
		return;
	}
	w->twin->space[m].used = true;
	w->twin->space[m].brk = 0;
	for (i = 0; i < REF_PAGES; i++)
		w->twin->space[m].page[i] = (struct ref_page){ .frame = -1 };
}

/* The kernel's counter that must have gone up, and no other. */
static enum ref_outcome outcome(const struct fault_stats *a, const struct fault_stats *b)
{
	u64 sum = (b->zero - a->zero) + (b->zero_page - a->zero_page) + (b->cow - a->cow) +
		  (b->reuse - a->reuse) + (b->file - a->file) + (b->segv - a->segv);

	assert_true(sum <= 1 && b->spurious == a->spurious && b->major == 0);
	assert_int_equal(b->minor - a->minor, sum - (b->segv - a->segv));
	if (b->zero != a->zero)
		return REF_ZERO;
	if (b->zero_page != a->zero_page)
		return REF_ZERO_PAGE;
	if (b->cow != a->cow)
		return REF_COW;
	if (b->reuse != a->reuse)
		return REF_REUSE;
	if (b->file != a->file)
		return REF_FILE;
	return b->segv != a->segv ? REF_SEGV : REF_HIT;
}

/* Frames that are not tables, in use or free. */
static u32 room(const struct world *w)
{
	return (u32)(frames_total(w->k->frames) - w->k->pgtable.pages);
}

static void do_touch(struct world *w, u32 m)
{
	struct fault_stats before = w->k->fault;
	enum access_kind access = pick(w, 8) == 0 ? ACCESS_EXEC : pick(w, 2) ? ACCESS_WRITE : ACCESS_READ;
	u32 page = pick(w, REF_PAGES), traps;
	enum trap_result result;

	if (w->cpu.n_tlb > TLB_FULL)
		w->cpu.n_tlb = TLB_FULL / 2;
	result = ref_access(&w->cpu, w->mm[m], va_of(page) + pick(w, 4096), access, &traps);
	if (result == TRAP_OOM) {
		assert_int_equal(frames_in_use(w->k->frames), frames_total(w->k->frames));
		ref_touch_failed(w->twin, m, page, access, data_frames(w));
		w->ooms++;
		return;
	}
	assert_int_equal(ref_touch(w->twin, m, page, access, traps > 0, room(w)),
			 outcome(&before, &w->k->fault));
}

static void check_page(struct world *w, u32 m, u32 i, u64 *pfn_of)
{
	const struct ref_page *p = &w->twin->space[m].page[i];
	const struct vma *v = vma_find(&w->mm[m]->vmas, va_of(i));
	u64 e = ref_walk(w->ptmem, mm_root(w->mm[m]), va_of(i)), pfn = (e & 0xffffffffff000) >> 12;

	assert_int_equal(v != NULL, p->mapped);
	assert_int_equal(e != 0, p->frame >= 0);
	if (v) {
		assert_int_equal(v->flags, p->flags);
		assert_int_equal(v->anon, p->anon);
		assert_int_equal(v->object ? v->object->id : 0, p->object < REF_NAMED ? p->object : 0);
		assert_int_equal(vma_offset(v, va_of(i)) / PAGE, v->object ? p->index : 0);
	}
	if (!e)
		return;
	if (!pfn_of[p->frame])
		pfn_of[p->frame] = pfn + 1;
	assert_int_equal(pfn_of[p->frame], pfn + 1);
	assert_int_equal(frame_refs(w->k->frames, pfn), w->twin->refs[p->frame]);
	assert_int_equal(e & 1, (p->flags & 7) != 0);
	if (p->writable != REF_MAYBE)
		assert_int_equal((e & 2) != 0, p->writable == REF_YES);
}

static void check_all(struct world *w)
{
	u64 *pfn_of = calloc(REF_FRAMES, sizeof(*pfn_of));
	u32 m, i;

	for (m = 0; m < REF_MMS; m++)
		for (i = 0; w->twin->space[m].used && i < REF_PAGES; i++)
			check_page(w, m, i, pfn_of);
	free(pfn_of);
	kernel_check(w->k);
}

static void one_step(struct world *w)
{
	u32 m = pick(w, REF_MMS), what = pick(w, 100);

	if (!w->twin->space[m].used) {
		if (what < 5)
			do_new(w, m);
	} else if (what < 70)
		do_touch(w, m);
	else if (what < 80)
		do_mmap(w, m);
	else if (what < 84)
		do_munmap(w, m);
	else if (what < 88)
		do_mprotect(w, m);
	else if (what < 91)
		do_madvise(w, m);
	else if (what < 93)
		do_brk(w, m);
	else if (what < 95)
		do_mremap(w, m);
	else if (what < 99)
		do_fork(w, m);
	else
		do_exit(w, m);
}

/* Steps a run; MMSIM_TWIN_STEPS asks for more. */
static u64 nr_steps(void)
{
	const char *text = getenv("MMSIM_TWIN_STEPS");

	return text ? strtoull(text, NULL, 10) : 50000;
}

static void run(u64 frames, u32 placement, bool zero_page, u32 around, u64 seed)
{
	struct world *w = calloc(1, sizeof(*w));
	struct kernel_params p = { .cfg = &w->cfg, .memory = frames * PAGE, .hz = 1000000000, .seed = seed };
	u64 steps = nr_steps();
	u32 m;

	w->cfg = (struct kernel_cfg){ .colours = 8,
				      .flush_ceiling = 33,
				      .era = ERA_6_X,
				      .charge = true,
				      .instruction_scale = 100,
				      .asids = 4095,
				      .stack_limit = 100 * PAGE,
				      .placement = placement,
				      .zero_page = zero_page,
				      .fault_around = around * PAGE };
	w->ptmem = ptmem_new(frames);
	p.format = kernel_format(&w->cfg);
	p.ptmem = w->ptmem;
	w->k = kernel_new(&p);
	ref_cpu_init(&w->cpu, w->k);
	w->c = &w->cpu.cpu;
	w->twin = ref_mm_new(100, zero_page, BASE / PAGE, around);
	rng_init(&w->rng, seed, "twin");
	for (w->step = 0; w->step < steps; w->step++) {
		one_step(w);
		assert_int_equal(data_frames(w), w->twin->live);
		ref_tlb_check(&w->cpu);
		if (w->step % 32 == 0)
			check_all(w);
	}
	for (m = 0; m < REF_MMS; m++)
		if (w->twin->space[m].used)
			do_exit(w, m);
	assert_int_equal(data_frames(w), w->twin->live);
	assert_int_equal(w->k->pgtable.pages, 0);
	kernel_check(w->k);
	if (frames <= 64)
		assert_true(w->ooms > 100);
	kernel_free(w->k);
	ptmem_free(w->ptmem);
	free(w->twin);
	free(w);
}

static void much_memory(void **state)
{
	run(8192, FRAME_SEQUENTIAL, true, 16, 1);
}

static void much_memory_without_zero_page(void **state)
{
	run(8192, FRAME_RANDOM, false, 1, 2);
}

static void little_memory(void **state)
{
	run(64, FRAME_COLOURED, true, 4, 3);
}

static void some_memory(void **state)
{
	run(400, FRAME_IDENTITY, true, 512, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(much_memory),
		cmocka_unit_test(much_memory_without_zero_page),
		cmocka_unit_test(little_memory),
		cmocka_unit_test(some_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
