/* Page-table memory, the x86-64 format by the manual's bits, and the kernel's tables against a recursive
 * walker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/arch/pt.h"
#include "model/base/rng.h"
#include "model/mm/pgtable.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull

static void ptmem_holds_only_tables(void **state)
{
	struct ptmem *m = ptmem_new(1ull << 24); /* 64 GB */
	u64 pfn;

	for (pfn = 0; pfn < 1u << 24; pfn += 65537) {
		assert_false(ptmem_has(m, pfn));
		ptmem_add(m, pfn);
		assert_true(ptmem_has(m, pfn));
		assert_int_equal(ptmem_entries(m, pfn)[511], 0);
		ptmem_entries(m, pfn)[511] = pfn;
	}
	assert_false(ptmem_has(m, 1));
	assert_false(ptmem_has(m, ~0ull >> 12));
	for (pfn = 0; pfn < 1u << 24; pfn += 65537) {
		assert_int_equal(ptmem_entries(m, pfn)[511], pfn);
		ptmem_remove(m, pfn);
		assert_false(ptmem_has(m, pfn));
	}
	ptmem_add(m, 0);
	assert_int_equal(ptmem_entries(m, 0)[511], 0);
	ptmem_free(m);
}

/* Entries written down by hand from tables 4-15 to 4-20 of the SDM. */
static void x86_bits_are_the_manuals(void **state)
{
	const struct pt_format *f = &pt_x86_64;
	u32 all = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL |
		  PTE_LEAF;

	assert_int_equal(f->encode(0x12345000, PTE_PRESENT | PTE_EXEC | PTE_LEAF, 0), 0x12345001);
	assert_int_equal(f->encode(0x12345000, PTE_PRESENT | PTE_LEAF, 0), 0x8000000012345001);
	assert_int_equal(f->encode(0xffffffffff000, all, 0), 0x000ffffffffff167);
	assert_int_equal(f->encode(0x40000000, all, 1), 0x400001e7);
	assert_int_equal(f->encode(0x5000, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC, 3), 0x5007);
	assert_int_equal(f->flags(0x167, 0), all);
	assert_int_equal(f->flags(0x1e7, 2), all);
	assert_int_equal(f->flags(0x67, 1), all & ~(PTE_GLOBAL | PTE_LEAF));
	assert_int_equal(f->flags(0x8000000000000001, 0), PTE_PRESENT | PTE_LEAF);
	assert_int_equal(f->flags(0, 0) & ~PTE_EXEC, 0);
	assert_int_equal(f->pa(0x8001234567890fff, 0), 0x1234567890000);
	/* PAT of a 2 MB page is bit 12, its address begins at bit 21. */
	assert_int_equal(f->pa(0x40201081, 1), 0x40200000);
	assert_int_equal(f->pa(0xc0001081, 2), 0xc0000000);
	assert_int_equal(f->pa(0x12345001, 2), 0x12345000);
}

static void entries_go_around(void **state)
{
	struct rng rng;
	u32 i;

	rng_init(&rng, 1, "entries");
	for (i = 0; i < 10000; i++) {
		u32 flags = (u32)rng_below(&rng, 128) | PTE_PRESENT | PTE_LEAF,
		    level = (u32)rng_below(&rng, 3);
		u64 pa = rng_below(&rng, 1ull << 52) & ~((1ull << pt_x86_64.shift[level]) - 1);
		u64 e = pt_x86_64.encode(pa, flags, level);

		assert_int_equal(pt_x86_64.flags(e, level), flags);
		assert_int_equal(pt_x86_64.pa(e, level), pa);
	}
}

static void indices_are_nine_bits_each(void **state)
{
	u64 va = 1ull << 39 | 2ull << 30 | 3ull << 21 | 4ull << 12 | 5;

	assert_int_equal(pt_entry_pa(&pt_x86_64, 0x1000, va, 3), 0x1008);
	assert_int_equal(pt_entry_pa(&pt_x86_64, 0x2000, va, 2), 0x2010);
	assert_int_equal(pt_entry_pa(&pt_x86_64, 0x3000, va, 1), 0x3018);
	assert_int_equal(pt_entry_pa(&pt_x86_64, 0x4000, va, 0), 0x4020);
	assert_int_equal(pt_entry_pa(&pt_x86_64, 0, ~0ull, 3), 0xff8);
}

/* Entries of four bytes lie two in a word, the even one low. */
static void four_byte_entries_pack(void **state)
{
	struct pt_format f = pt_x86_64;
	struct ptmem *m = ptmem_new(16);
	u32 i;

	f.entry_bytes = 4;
	ptmem_add(m, 3);
	for (i = 0; i < 1024; i++)
		pt_write(&f, m, 0x3000 + i * 4, 0x80000000u + i);
	for (i = 0; i < 1024; i++)
		assert_int_equal(pt_read(&f, m, 0x3000 + i * 4), 0x80000000u + i);
	assert_int_equal(ptmem_entries(m, 3)[1], 0x8000000380000002ull);
	pt_write(&f, m, 0x3004, 0);
	assert_int_equal(pt_read(&f, m, 0x3000), 0x80000000u);
	ptmem_free(m);
}

struct tables {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct mm *mm;
};

static struct tables *tables_new(u64 frames)
{
	struct tables *t = calloc(1, sizeof(*t));
	struct kernel_params p = {
		.cfg = &t->cfg, .memory = frames * PAGE, .hz = 1000000000, .seed = 1, .format = &pt_x86_64
	};

	t->cfg = (struct kernel_cfg){ .colours = 1,
				      .flush_ceiling = 33,
				      .era = ERA_6_X,
				      .charge = true,
				      .instruction_scale = 100,
				      .asids = 1,
				      .placement = FRAME_RANDOM };
	t->ptmem = p.ptmem = ptmem_new(frames);
	t->k = kernel_new(&p);
	ref_cpu_init(&t->cpu, t->k);
	t->mm = mm_new(t->k, true);
	return t;
}

static void tables_free(struct tables *t)
{
	kernel_free(t->k);
	ptmem_free(t->ptmem);
	free(t);
}

struct expected {
	u64 va, entry;
};

static int by_va(const void *a, const void *b)
{
	const struct expected *x = a, *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

struct visit {
	const struct expected *next;
	u64 n;
};

static void visit_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct visit *v = arg;

	assert_int_equal(va, v->next->va);
	assert_int_equal(entry, v->next->entry);
	v->next++;
	v->n++;
}

/* Addresses cluster, so that tables of all levels hold one and many entries. */
static u64 random_va(struct rng *rng)
{
	u64 va = rng_below(rng, 4) << 45 | rng_below(rng, 3) << 39 | rng_below(rng, 3) << 30;

	return va | rng_below(rng, 4) << 21 | rng_below(rng, 512) << 12;
}

static void tables_equal_a_recursive_walk(void **state)
{
	struct tables *t = tables_new(8192);
	struct expected *e = calloc(5000, sizeof(*e));
	struct visit v = { .next = e };
	struct rng rng;
	u32 i, n;

	rng_init(&rng, 1, "tables");
	for (i = 0; i < 5000; i++)
		e[i].va = random_va(&rng);
	qsort(e, 5000, sizeof(*e), by_va);
	for (i = n = 0; i < 5000; i++)
		if (!n || e[i].va != e[n - 1].va)
			e[n++] = e[i];
	for (i = 0; i < n; i++) {
		u64 pa = pgtable_entry(t->mm, &t->cpu.cpu, KPATH_FAULT, e[i].va, true);

		assert_int_equal(ref_walk(t->ptmem, mm_root(t->mm), e[i].va), 0);
		e[i].entry = pt_x86_64.encode(rng_below(&rng, 8192) << 12, PTE_PRESENT | PTE_LEAF, 0);
		pte_write(t->mm, &t->cpu.cpu, KPATH_FAULT, pa, e[i].entry);
	}
	for (i = 0; i < n; i++)
		assert_int_equal(ref_walk(t->ptmem, mm_root(t->mm), e[i].va), e[i].entry);
	pgtable_each(t->mm, 0, 1ull << 48, visit_entry, &v);
	assert_int_equal(v.n, n);
	/* A part of it. */
	v = (struct visit){ .next = e + 100 };
	pgtable_each(t->mm, e[100].va, e[n - 100].va, visit_entry, &v);
	assert_int_equal(v.n, n - 200);
	free(e);
	tables_free(t);
}

/* Tables needed for a set of addresses, level by level. */
static void tables_are_made_and_freed_as_needed(void **state)
{
	struct tables *t = tables_new(256);
	struct cpu *c = &t->cpu.cpu;
	struct gather g;

	assert_int_equal(t->k->pgtable.pages, 1);
	assert_int_equal(pgtable_entry(t->mm, c, KPATH_FAULT, 0x200000, false), NO_ENTRY);
	assert_int_equal(t->k->pgtable.pages, 1);
	pgtable_entry(t->mm, c, KPATH_FAULT, 0x200000, true);
	assert_int_equal(t->k->pgtable.pages, 4);
	pgtable_entry(t->mm, c, KPATH_FAULT, 0x3ff000, true);
	assert_int_equal(t->k->pgtable.pages, 4);
	pgtable_entry(t->mm, c, KPATH_FAULT, 0x400000, true);
	assert_int_equal(t->k->pgtable.pages, 5);
	pgtable_entry(t->mm, c, KPATH_FAULT, 1ull << 30, true);
	assert_int_equal(t->k->pgtable.pages, 7);
	pgtable_entry(t->mm, c, KPATH_FAULT, 1ull << 39, true);
	assert_int_equal(t->k->pgtable.pages, 10);
	assert_int_equal(t->cpu.zeroed, 9);
	gather_begin(&g, t->mm, c);
	/* The neighbours' part of a table keeps it. */
	pgtable_free(&g, 0x200000, 0x300000, 0, 0x300000);
	assert_int_equal(g.n, 0);
	pgtable_free(&g, 0x200000, 0x300000, 0, 0x400000);
	gather_flush(&g);
	assert_int_equal(t->k->pgtable.pages, 9);
	pgtable_free(&g, 0x400000, 0x401000, 0, 1ull << 30);
	gather_flush(&g);
	assert_int_equal(t->k->pgtable.pages, 7);
	pgtable_free(&g, 0, 1ull << 48, 0, 0);
	gather_flush(&g);
	assert_int_equal(t->k->pgtable.pages, 1);
	tables_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ptmem_holds_only_tables),
		cmocka_unit_test(x86_bits_are_the_manuals),
		cmocka_unit_test(entries_go_around),
		cmocka_unit_test(indices_are_nine_bits_each),
		cmocka_unit_test(four_byte_entries_pack),
		cmocka_unit_test(tables_equal_a_recursive_walk),
		cmocka_unit_test(tables_are_made_and_freed_as_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
