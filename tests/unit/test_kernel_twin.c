/*
 * Programs and kernel take turns in two first-level caches and three TLBs. A naive model of these, lists that
 * are searched from end to end, has the same hits and misses, and the same victims: what the kernel turns out
 * of them that a program has brought is counted here entry by entry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/bits.h"
#include "model/base/rng.h"
#include "model/core/core_state.h"
#include "tests/ref/ref_hw_machine.h"

#define DIRECT  0xffff888000000000ull
#define TEXT    0xffffffff81000000ull
#define VMALLOC 0xffffc90000000000ull
#define HEAP    0x10000000ull
#define CODE    0x400000ull
#define K4      0x1000ull
#define M2      0x200000ull
#define LINE    64ull
#define STEPS   30000u
#define SPACES  2u
#define PAGES   24u /* of each program, and of vmalloc */
#define BLOCKS  12u
#define KERNEL  0u  /* as a space */
#define NAIVE   64u /* entries of a structure */
#define CODES   6u  /* pieces of code that touch the same of some objects each time */

/* One line of a cache, or one entry of a TLB: [first, first + bytes). */
struct naive_entry {
	bool used;
	u32 space;
	u64 first, bytes, page_first, page_bytes, set, when;
};

struct naive {
	u32 sets, ways;
	u32 largest; /* log2 of the largest entry */
	struct naive_entry entry[NAIVE];
};

struct counts {
	u64 itlb, dtlb, stlb, l1i, l1d; /* misses of programs */
	u64 kernel_itlb, kernel_dtlb, kernel_stlb, kernel_l1i, kernel_loads, kernel_stores;
	u64 lines, translations; /* that the kernel turned out */
};

struct twin {
	struct ref_machine m;
	struct ref_tables tables[SPACES + 1]; /* [KERNEL]: the kernel's */
	struct cpu *cpu;
	struct rng rng;
	struct naive itlb, dtlb, stlb, l1i, l1d;
	struct counts n;
	u64 time;
	u32 space; /* the present one, from 1 on */
	u32 block[BLOCKS];
	struct cpu_touches touches[CODES];
};

static u64 below(struct twin *t, u64 n)
{
	return rng_below(&t->rng, n);
}

/* ---- the model ---- */

static struct naive_entry *find(struct naive *v, u64 at, u32 space)
{
	u32 i;

	for (i = 0; i < NAIVE; i++)
		if (v->entry[i].used && v->entry[i].space == space &&
		    at - v->entry[i].first < v->entry[i].bytes)
			return &v->entry[i];
	return NULL;
}

/* A place in the set: one more if it is not full, else the one used longest ago. */
static struct naive_entry *room(struct naive *v, u64 set)
{
	struct naive_entry *empty = NULL, *oldest = NULL;
	u32 i, n = 0;

	for (i = 0; i < NAIVE; i++) {
		struct naive_entry *e = &v->entry[i];

		if (!e->used) {
			empty = e;
			continue;
		}
		if (e->set != set)
			continue;
		n++;
		if (!oldest || e->when < oldest->when)
			oldest = e;
	}
	return n == v->ways ? oldest : empty;
}

/* Puts a page or line in; *turned_out counts what the kernel takes from a program. */
static void put(struct twin *t, struct naive *v, u64 at, u32 shift, u32 space, u32 owner, u64 *turned_out)
{
	u32 held = MIN(shift, v->largest);
	struct naive_entry *e = room(v, (at >> held) % v->sets);

	*turned_out += e->used && owner == KERNEL && e->space != KERNEL;
	*e = (struct naive_entry){ .used = true,
				   .space = owner,
				   .first = at >> held << held,
				   .bytes = 1ull << held,
				   .page_first = at >> shift << shift,
				   .page_bytes = 1ull << shift,
				   .set = (at >> held) % v->sets,
				   .when = ++t->time };
}

static bool use(struct twin *t, struct naive *v, u64 at, u32 space)
{
	struct naive_entry *e = find(v, at, space);

	if (e)
		e->when = ++t->time;
	return e;
}

/* Lines have no space, but an owner: who brought them. */
static bool use_line(struct twin *t, struct naive *v, u64 pa, u32 owner)
{
	u32 s;

	for (s = 0; s <= SPACES; s++)
		if (use(t, v, pa, s))
			return true;
	put(t, v, pa, 6, s, owner, &t->n.lines);
	return false;
}

static void translate(struct twin *t, struct naive *v, u64 va, u32 shift, u32 space, u64 *misses,
		      u64 *stlb_misses)
{
	if (use(t, v, va, space))
		return;
	++*misses;
	if (!use(t, &t->stlb, va, space)) {
		++*stlb_misses;
		put(t, &t->stlb, va, shift, space, space, &t->n.translations);
	}
	put(t, v, va, shift, space, space, &t->n.translations);
}

static void drop(struct naive *v, u32 space, u64 start, u64 last)
{
	u32 i;

	for (i = 0; i < NAIVE; i++) {
		struct naive_entry *e = &v->entry[i];

		if (e->space == space && e->page_first <= last &&
		    e->page_first + (e->page_bytes - 1) >= start)
			e->used = false;
	}
}

static void drop_translations(struct twin *t, u32 space, u64 start, u64 last)
{
	drop(&t->itlb, space, start, last);
	drop(&t->dtlb, space, start, last);
	drop(&t->stlb, space, start, last);
}

/* ---- where things lie ---- */

static u64 heap_pa(u32 space, u64 va)
{
	return 0x4000000 + space * 0x100000 + (va - HEAP);
}

static u64 code_pa(u32 space, u64 va)
{
	return 0x5000000 + space * 0x100000 + (va - CODE);
}

static u64 kernel_pa(u64 va, u32 *shift)
{
	*shift = va >= VMALLOC && va < TEXT ? 12 : 21;
	if (va >= TEXT)
		return M2 + (va - TEXT);
	return va >= VMALLOC ? 0x6000000 + (va - VMALLOC) : va - DIRECT;
}

static void build_tables(struct twin *t)
{
	const u32 user = PTE_USER | PTE_WRITE | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY;
	const u32 kernel = PTE_WRITE | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL;
	u64 i, s;

	for (s = 0; s <= SPACES; s++) {
		t->tables[s] = t->m.tables;
		t->tables[s].root = (0x8000 + s * 0x100) << FRAME_SHIFT;
		t->tables[s].next_frame = 0x8001 + s * 0x100;
		ptmem_add(t->m.tables.ptmem, 0x8000 + s * 0x100);
	}
	for (i = 0; i < PAGES; i++) {
		for (s = 1; s <= SPACES; s++) {
			ref_tables_map(&t->tables[s], HEAP + i * K4, heap_pa((u32)s, HEAP + i * K4), 0, user);
			ref_tables_map(&t->tables[s], CODE + i * K4, code_pa((u32)s, CODE + i * K4), 0, user);
		}
		ref_tables_map(&t->tables[KERNEL], VMALLOC + i * K4, 0x6000000 + i * K4, 0, kernel);
	}
	for (i = 0; i < 16; i++)
		ref_tables_map(&t->tables[KERNEL], DIRECT + i * M2, i * M2, 1, kernel);
	for (i = 0; i < 2; i++)
		ref_tables_map(&t->tables[KERNEL], TEXT + i * M2, M2 + i * M2, 1, kernel);
}

/* ---- both do the same ---- */

static void run_program(struct twin *t)
{
	u64 va = HEAP + (below(t, 2) ? below(t, 6) : below(t, PAGES)) * K4 + below(t, 64) * LINE;
	u64 i = below(t, BLOCKS), pc = CODE + i * 2 * K4 + i * LINE;

	ref_machine_run(&t->m, t->block[i], &va, 1);
	translate(t, &t->itlb, pc, 12, t->space, &t->n.itlb, &t->n.stlb);
	t->n.l1i += !use_line(t, &t->l1i, code_pa(t->space, pc), t->space);
	translate(t, &t->dtlb, va, 12, t->space, &t->n.dtlb, &t->n.stlb);
	t->n.l1d += !use_line(t, &t->l1d, heap_pa(t->space, va), t->space);
}

/* Lines of [va, va + bytes), through one pair of TLB and cache. */
static void model_kernel(struct twin *t, struct naive *tlb, struct naive *l1, u64 va, u64 bytes,
			 u64 *tlb_misses, u64 *misses)
{
	u64 at, page = ~0ull, pa;
	u32 shift;

	for (at = va & ~(LINE - 1); at < va + bytes; at += LINE) {
		pa = kernel_pa(at, &shift);
		if (at / K4 != page)
			translate(t, tlb, at, shift, KERNEL, tlb_misses, &t->n.kernel_stlb);
		page = at / K4;
		*misses += !use_line(t, l1, pa, KERNEL);
	}
}

static u64 kernel_address(struct twin *t)
{
	u64 x = below(t, 10);

	if (x < 4)
		return DIRECT + below(t, 4) * M2 + below(t, 8) * 0x4040;
	return x < 7 ? DIRECT + below(t, 16 * M2 - K4) : VMALLOC + below(t, (PAGES - 1) * K4);
}

static void kernel_data(struct twin *t, bool write)
{
	u64 va = kernel_address(t), bytes = 1 + below(t, 300);

	if (write)
		t->cpu->ops->store(t->cpu, KPATH_SLAB, va, (u32)bytes);
	else
		t->cpu->ops->load(t->cpu, KPATH_SLAB, va, (u32)bytes);
	model_kernel(t, &t->dtlb, &t->l1d, va, bytes, &t->n.kernel_dtlb,
		     write ? &t->n.kernel_stores : &t->n.kernel_loads);
}

static void build_touches(struct twin *t)
{
	struct cpu_touches *p;
	u32 i;

	for (p = t->touches; p < t->touches + CODES; p++) {
		p->code = (u32)(p - t->touches);
		p->n = 1 + (u32)below(t, CPU_TOUCHES);
		for (i = 0; i < p->n; i++)
			p->touch[i] = (struct cpu_touch){ .object = (u8)below(t, CPU_OBJECTS),
							  .write = below(t, 2),
							  .at = (s32)below(t, 2 * K4) - (s32)K4,
							  .bytes = 1 + (u32)below(t, 200) };
	}
}

static void model_touches(struct twin *t, const struct cpu_touches *p, const u64 *object)
{
	const struct cpu_touch *at;

	for (at = p->touch; at < p->touch + p->n; at++)
		if (object[at->object])
			model_kernel(t, &t->dtlb, &t->l1d, object[at->object] + (u64)(s64)at->at, at->bytes,
				     &t->n.kernel_dtlb, at->write ? &t->n.kernel_stores : &t->n.kernel_loads);
}

/* The same objects several times, now and then with something in between, then other ones. */
static void kernel_touch(struct twin *t)
{
	const struct cpu_touches *p = &t->touches[below(t, CODES)];
	u64 object[CPU_OBJECTS], turns = below(t, 12);
	u32 i;

	for (i = 0; i < CPU_OBJECTS; i++)
		object[i] = below(t, 9) ? DIRECT + M2 + i / 2 * 0x10240 : below(t, 2) * (VMALLOC + 2 * K4);
	for (i = 0; i < turns; i++) {
		t->cpu->ops->touch(t->cpu, KPATH_FAULT, p, object);
		model_touches(t, p, object);
		if (below(t, 4) == 0)
			kernel_data(t, below(t, 2));
	}
}

static void kernel_text(struct twin *t)
{
	u64 va = TEXT + below(t, 12) * 0x5fc0, bytes = 1 + below(t, 500);

	t->cpu->ops->execute(t->cpu, KPATH_PCP, va, (u32)bytes, bytes / 4);
	model_kernel(t, &t->itlb, &t->l1i, va, bytes, &t->n.kernel_itlb, &t->n.kernel_l1i);
}

static void kernel_copy(struct twin *t)
{
	u64 to = kernel_address(t) & ~(K4 - 1), from = kernel_address(t) & ~(K4 - 1), at;
	u32 shift;

	t->cpu->ops->copy(t->cpu, KPATH_COPY, to, from, (u32)K4);
	kernel_pa(from, &shift);
	translate(t, &t->dtlb, from, shift, KERNEL, &t->n.kernel_dtlb, &t->n.kernel_stlb);
	kernel_pa(to, &shift);
	translate(t, &t->dtlb, to, shift, KERNEL, &t->n.kernel_dtlb, &t->n.kernel_stlb);
	for (at = 0; at < K4; at += LINE) {
		t->n.kernel_loads += !use_line(t, &t->l1d, kernel_pa(from + at, &shift), KERNEL);
		t->n.kernel_stores += !use_line(t, &t->l1d, kernel_pa(to + at, &shift), KERNEL);
	}
}

static void kernel_zero(struct twin *t)
{
	u64 va = kernel_address(t) & ~(K4 - 1);

	t->cpu->ops->zero(t->cpu, KPATH_ZERO, va, (u32)K4);
	model_kernel(t, &t->dtlb, &t->l1d, va, K4, &t->n.kernel_dtlb, &t->n.kernel_stores);
}

static void kernel_flush(struct twin *t)
{
	u64 start = kernel_address(t) & ~(K4 - 1), end = start + (1 + below(t, 20)) * K4;

	t->cpu->ops->flush_kernel_range(t->cpu, start, end);
	drop_translations(t, KERNEL, start, end - 1);
}

static void switch_space(struct twin *t)
{
	if (below(t, 4) == 0) {
		t->cpu->ops->flush_asid(t->cpu, (u16)t->space);
		drop_translations(t, t->space, 0, ~0ull);
	}
	if (below(t, 40) == 0) {
		t->cpu->ops->flush_all(t->cpu);
		drop_translations(t, KERNEL, 0, ~0ull);
		drop_translations(t, 1, 0, ~0ull);
		drop_translations(t, 2, 0, ~0ull);
	}
	t->space = SPACES + 1 - t->space;
	t->cpu->ops->switch_to(t->cpu, t->tables[t->space].root, (u16)t->space);
}

static void step(struct twin *t)
{
	u64 x = below(t, 210);

	if (x < 120)
		run_program(t);
	else if (x < 160)
		kernel_data(t, x % 2);
	else if (x < 190)
		kernel_text(t);
	else if (x < 192)
		kernel_zero(t);
	else if (x < 193)
		kernel_copy(t);
	else if (x < 195)
		kernel_flush(t);
	else if (x < 205)
		kernel_touch(t);
	else
		switch_space(t);
}

static void compare(struct twin *t)
{
	const struct core *c = t->m.core;
	const struct counts seen = {
		.itlb = c->itlb.st.misses,
		.dtlb = c->dtlb.st.misses,
		.stlb = c->stlb.st.misses,
		.l1i = c->l1i.st.fetch_misses,
		.l1d = c->l1d.st.load_misses,
		.kernel_itlb = c->itlb.st.kernel_misses,
		.kernel_dtlb = c->dtlb.st.kernel_misses,
		.kernel_stlb = c->stlb.st.kernel_misses,
		.kernel_l1i = c->l1i.st.kernel_fetch_misses,
		.kernel_loads = c->l1d.st.kernel_load_misses,
		.kernel_stores = c->l1d.st.kernel_store_misses,
		.lines = c->account.total.evicted_lines,
		.translations = c->account.total.evicted_translations,
	};

	assert_memory_equal(&seen, &t->n, sizeof(seen));
}

static void setup(struct twin *t, bool pieces, bool shortcut, u32 width)
{
	const struct tr_slot load = { .size = 8, .kind = TR_LOAD };
	struct tlb_array_cfg small = { .entries = 8, .ways = 2 }, large = { .entries = 32, .ways = 4 };
	u32 i;

	memset(t, 0, sizeof(*t));
	ref_machine_cfg(&t->m);
	t->m.shortcut = shortcut;
	t->m.core_cfg.width = width;
	t->m.hw.l1d.size = t->m.hw.l1i.size = 32 * LINE;
	t->m.hw.l1d.ways = t->m.hw.l1i.ways = 4;
	t->m.hw.walker.port = WALKER_L2; /* page-table entries are no part of the model */
	t->m.hw.l2.size = 8 << 20;
	t->m.hw.itlb = t->m.hw.dtlb = (struct tlb_cfg){ .latency = { .cycles = 1 } };
	t->m.hw.stlb = (struct tlb_cfg){ .any = large, .latency = { .cycles = 7 } };
	if (pieces)
		t->m.hw.itlb.own[PAGE_4K] = t->m.hw.dtlb.own[PAGE_4K] = small;
	else
		t->m.hw.itlb.any = t->m.hw.dtlb.any = small;
	ref_machine_init(&t->m);
	t->cpu = core_cpu(t->m.core);
	t->cpu->direct_map = DIRECT;
	rng_init(&t->rng, 11, "kernel twin");
	t->itlb = t->dtlb = (struct naive){ .sets = 4, .ways = 2, .largest = pieces ? 12 : 21 };
	t->stlb = (struct naive){ .sets = 8, .ways = 4, .largest = 21 };
	t->l1i = t->l1d = (struct naive){ .sets = 8, .ways = 4, .largest = 6 };
	build_tables(t);
	build_touches(t);
	t->cpu->ops->set_kernel_root(t->cpu, t->tables[KERNEL].root);
	t->space = 1;
	t->cpu->ops->switch_to(t->cpu, t->tables[1].root, 1);
	for (i = 0; i < BLOCKS; i++)
		t->block[i] = ref_machine_block(&t->m, CODE + i * 2 * K4 + i * LINE, 1, &load, 1);
}

static void run(bool pieces, bool shortcut, u32 width)
{
	struct twin t;
	u32 i;

	setup(&t, pieces, shortcut, width);
	for (i = 0; i < STEPS; i++) {
		step(&t);
		compare(&t);
	}
	assert_int_equal(t.m.core->lower[0].st.evictions, 0);
	assert_true(t.n.lines > 1000 && t.n.translations > 1000);
	ref_machine_fini(&t.m);
}

static void test_whole_pages(void **state)
{
	run(false, true, 4);
	run(false, false, 1);
}

/* Pages of 2 MB in first-level TLBs that hold 4 KB alone: a flush of any address ends all pieces. */
static void test_pieces(void **state)
{
	run(true, true, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_pages),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
