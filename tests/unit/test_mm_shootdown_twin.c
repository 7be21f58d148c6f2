/*
 * Random switches, idle times, flushes and ends of address spaces on several hardware threads: who is asked
 * and does what, beside a naive twin; that no translation is used that was told to go; and that nothing is
 * flushed in which nothing has changed, by the page tables before and after each call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/asid.h"
#include "model/mm/shootdown.h"
#include "tests/ref/ref_mm_cpu.h"
#include "tests/ref/ref_shootdown.h"

#define PAGE 4096ull
#define BASE 0x7f0000000000ull
#define RW   (MM_READ | MM_WRITE)
#define CPUS REF_SHOOT_CPUS

static const struct kernel_cfg test_cfg = {
	.colours = 1,
	.charge = true,
	.instruction_scale = 100,
	.time_scale = 1,
	.flush_ceiling = FLUSH_CEILING_ERA,
};

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu[CPUS];
};

static struct env *env_new(enum kernel_era era, u32 ids)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = 8192 * PAGE, .seed = 1 };
	u32 i;

	/* Masks are not trimmed by the clock here. */
	p.hz = 100000000000;
	e->cfg = test_cfg;
	e->cfg.era = era;
	e->cfg.asids = ids;
	e->ptmem = ptmem_new(8192);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	for (i = 0; i < CPUS; i++) {
		e->cpu[i] = calloc(1, sizeof(*e->cpu[i]));
		ref_cpu_init(e->cpu[i], e->k);
	}
	return e;
}

static void env_free(struct env *e)
{
	u32 i;

	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	for (i = 0; i < CPUS; i++)
		free(e->cpu[i]);
	free(e);
}

static struct cpu *cpu(const struct env *e, u32 i)
{
	return &e->cpu[i]->cpu;
}

/* ---- beside the twin ---- */

struct both {
	struct env *e;
	struct ref_shoot *r;
	struct mm *mm[REF_SHOOT_MMS];
	u64 put_off; /* what tlb_put_off() has returned */
	struct rng rng;
};

static void compare(const struct both *b)
{
	const struct ref_shoot_counts *r = &b->r->st;
	const struct shootdown_stats *s = &b->e->k->shootdown;
	u32 i, m;

	assert_int_equal(s->ipis, r->ipis);
	assert_int_equal(s->remote_pages, r->remote_pages);
	assert_int_equal(s->remote_full, r->remote_full);
	assert_int_equal(s->up_to_date, r->up_to_date);
	assert_int_equal(s->wrong_cpu, r->wrong_cpu);
	assert_int_equal(s->left, r->left);
	assert_int_equal(s->deferred, r->deferred);
	assert_int_equal(b->e->k->flush.pages, r->pages);
	assert_int_equal(b->e->k->flush.full, r->full);
	assert_int_equal(b->e->k->flush.stale, r->stale);
	assert_int_equal(b->e->k->flush.recycled, r->recycled);
	for (i = 0; i < CPUS; i++) {
		u32 loaded = b->r->cpu[i].loaded;

		assert_ptr_equal(b->e->k->asids[i].loaded, loaded == REF_SHOOT_NONE ? NULL : b->mm[loaded]);
		for (m = 0; m < REF_SHOOT_MMS; m++)
			assert_int_equal(b->mm[m]->cpus >> i & 1, b->r->mask[m][i]);
	}
}

static void flush_some(struct both *b, u32 c, u32 m)
{
	u64 first = rng_below(&b->rng, 64), pages = 1 + rng_below(&b->rng, b->r->modern ? 40 : 2);
	bool tables = !rng_below(&b->rng, 4), whole = !rng_below(&b->rng, 4);
	struct flush f = { BASE + first * PAGE, BASE + (first + pages) * PAGE, 12, whole, tables, 1 };

	if (!whole && pages == 1 && !tables) {
		tlb_flush_page(b->mm[m], cpu(b->e, c), f.start);
		ref_shoot_flush(b->r, c, m, 1, false);
		return;
	}
	tlb_flush(b->mm[m], cpu(b->e, c), &f);
	whole |= pages > (b->r->modern ? 33 : 0);
	ref_shoot_flush(b->r, c, m, whole ? 0 : pages, tables);
}

static void put_off(struct both *b, u32 c, u32 m)
{
	b->put_off |= tlb_put_off(b->mm[m], cpu(b->e, c));
	ref_shoot_put_off(b->r, m);
	if (rng_below(&b->rng, 3))
		return;
	tlb_flush_cpus(b->e->k, cpu(b->e, c), b->put_off);
	b->put_off = 0;
	ref_shoot_flush_put_off(b->r, c);
}

static void end(struct both *b, u32 c, u32 m)
{
	mm_put(b->mm[m], cpu(b->e, c));
	ref_shoot_end(b->r, m);
	b->mm[m] = mm_new(b->e->k, false);
}

static void step(struct both *b)
{
	u32 c = (u32)rng_below(&b->rng, CPUS), m = (u32)rng_below(&b->rng, REF_SHOOT_MMS);

	switch (rng_below(&b->rng, 16)) {
	case 0:
		kernel_set_idle(b->e->k, cpu(b->e, c), true);
		ref_shoot_idle(b->r, c);
		break;
	case 1:
		kernel_set_idle(b->e->k, cpu(b->e, c), false);
		break;
	case 2:
		if (!rng_below(&b->rng, 10))
			end(b, c, m);
		break;
	case 3:
	case 4:
		if (b->r->modern)
			put_off(b, c, m);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		flush_some(b, c, m);
		break;
	default:
		mm_load(b->mm[m], cpu(b->e, c));
		ref_shoot_switch(b->r, c, m);
	}
}

static void against_the_twin(enum kernel_era era, u32 ids)
{
	struct both b = { .e = env_new(era, ids), .r = malloc(sizeof(*b.r)) };
	u32 i, n;

	rng_init(&b.rng, ids, era_names[era]);
	ref_shoot_init(b.r, era == ERA_6_X, ids);
	for (i = 0; i < REF_SHOOT_MMS; i++)
		b.mm[i] = mm_new(b.e->k, false);
	for (n = 0; n < 60000; n++) {
		step(&b);
		compare(&b);
		/* Who is to flush later must have done so before it is asked whether all is well. */
		if (!b.put_off)
			asids_sane(b.e->k);
	}
	assert_true(b.r->st.ipis > 1000 && b.r->st.left > 100 && b.r->st.remote_full > 100);
	if (era == ERA_6_X)
		assert_true(b.r->st.up_to_date > 10 && b.r->st.wrong_cpu > 100 && b.r->st.deferred > 100);
	for (i = 0; i < REF_SHOOT_MMS; i++)
		mm_put(b.mm[i], cpu(b.e, 0));
	env_free(b.e);
	free(b.r);
}

static void test_new_rules(void **state)
{
	against_the_twin(ERA_6_X, 6);
	against_the_twin(ERA_6_X, 2);
	against_the_twin(ERA_6_X, 0);
}

static void test_old_rules(void **state)
{
	against_the_twin(ERA_2_4_0, 0);
	against_the_twin(ERA_2_6_37, 0);
	against_the_twin(ERA_2_6_37, 3);
}

/* ---- translations and page tables ---- */

#define SPACES 3u
#define PAGES  64u

struct tables {
	u64 entry[SPACES][PAGES], freed;
};

struct random {
	struct env *e;
	struct mm *mm[SPACES];
	struct tables before;
	u64 page_flushes[CPUS], full_flushes; /* of all */
	struct rng rng;
};

static void note_tables(struct random *x, struct tables *t)
{
	u32 m;
	u64 p;

	t->freed = x->e->k->pgtable.freed;
	for (m = 0; m < SPACES; m++)
		for (p = 0; p < PAGES; p++)
			t->entry[m][p] = ref_walk(x->e->ptmem, mm_root(x->mm[m]), BASE + p * PAGE);
}

/* Bits of an x86-64 entry: present, writable, not executable. */
#define E_P  1ull
#define E_W  2ull
#define E_NX (1ull << 63)
#define E_PA 0xffffffffff000ull

static bool has_lost(u64 before, u64 now)
{
	if (!(before & E_P))
		return false;
	return !(now & E_P) || (before ^ now) & E_PA || (before & ~now & E_W) || (~before & now & E_NX);
}

/* How many pages lie between the first and the last that has lost something. */
static u64 lost_span(const struct tables *a, const struct tables *b)
{
	u64 p, first = PAGES, last = 0, span = 0;
	u32 m;

	for (m = 0; m < SPACES; m++, first = PAGES, last = 0) {
		for (p = 0; p < PAGES; p++) {
			if (!has_lost(a->entry[m][p], b->entry[m][p]))
				continue;
			first = MIN(first, p);
			last = p;
		}
		if (first < PAGES)
			span += last - first + 1;
	}
	return span;
}

static u64 full_flushes(const struct env *e)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < CPUS; i++)
		sum += e->cpu[i]->full_flushes;
	return sum - e->k->flush.stale - e->k->flush.recycled;
}

static void begin_call(struct random *x)
{
	u32 i;

	note_tables(x, &x->before);
	for (i = 0; i < CPUS; i++)
		x->page_flushes[i] = x->e->cpu[i]->page_flushes;
	x->full_flushes = full_flushes(x->e);
}

/* It flushed no more than what has lost something, and at least that: ref_tlb_check(). */
static void end_call(struct random *x)
{
	struct tables now;
	u64 span;
	u32 i;

	note_tables(x, &now);
	span = lost_span(&x->before, &now);
	if (now.freed == x->before.freed) {
		for (i = 0; i < CPUS; i++)
			assert_true(x->e->cpu[i]->page_flushes - x->page_flushes[i] <= span);
		assert_true(span || full_flushes(x->e) == x->full_flushes);
	}
	for (i = 0; i < CPUS; i++)
		ref_tlb_check(x->e->cpu[i]);
	assert_int_equal(x->e->k->shootdown.needless, 0);
}

static void map(struct random *x, u32 m, u32 c)
{
	struct mm_map map = { .addr = BASE, .len = PAGES * PAGE, .flags = RW | MM_ANON };

	assert_int_equal(mm_mmap(x->mm[m], cpu(x->e, c), &map), MM_OK);
}

static void call(struct random *x)
{
	u32 c = (u32)rng_below(&x->rng, CPUS), m = (u32)rng_below(&x->rng, SPACES);
	u64 page = rng_below(&x->rng, PAGES), pages = 1 + rng_below(&x->rng, PAGES - page);
	struct mm *mm = x->mm[m];

	switch (rng_below(&x->rng, 12)) {
	case 0:
		mm_munmap(mm, cpu(x->e, c), BASE + page * PAGE, pages * PAGE);
		break;
	case 1:
	case 2:
		mm_mprotect(mm, cpu(x->e, c), BASE + page * PAGE, pages * PAGE,
			    rng_below(&x->rng, 2) ? MM_READ : RW);
		break;
	case 3:
		kernel_set_idle(x->e->k, cpu(x->e, c), true);
		break;
	case 4:
		if (!rng_below(&x->rng, 5))
			map(x, m, c);
		break;
	default:
		/* ASSERTs that what it uses of the TLB is what the tables say. */
		ref_access(x->e->cpu[c], mm, BASE + page * PAGE, rng_below(&x->rng, 2), &(u32){ 0 });
	}
}

static void end_space(struct random *x)
{
	u32 m = (u32)rng_below(&x->rng, SPACES);

	mm_put(x->mm[m], cpu(x->e, (u32)rng_below(&x->rng, CPUS)));
	x->mm[m] = mm_new(x->e->k, false);
}

/* Two ids for three spaces: TLBs that never forget by themselves are always right where they are used. */
static void test_all_that_has_changed_is_flushed_and_nothing_else(void **state)
{
	struct random *x = calloc(1, sizeof(*x));
	u32 n, m;

	x->e = env_new(ERA_6_X, 2);
	rng_init(&x->rng, 1, "shootdown");
	for (m = 0; m < SPACES; m++)
		x->mm[m] = mm_new(x->e->k, false);
	for (n = 0; n < 30000; n++) {
		if (!rng_below(&x->rng, 300))
			end_space(x);
		begin_call(x);
		call(x);
		end_call(x);
	}
	assert_true(x->e->k->shootdown.ipis > 500 && x->e->k->shootdown.deferred > 500);
	assert_true(x->e->k->flush.recycled > 500 && x->e->k->flush.stale > 500);
	for (m = 0; m < SPACES; m++)
		mm_put(x->mm[m], cpu(x->e, 0));
	env_free(x->e);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_rules),
		cmocka_unit_test(test_old_rules),
		cmocka_unit_test(test_all_that_has_changed_is_flushed_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
