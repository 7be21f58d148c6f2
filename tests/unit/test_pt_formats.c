/*
 * Every page-table format: entries written down by hand from the manuals, and the hardware's walker and the
 * kernel's tables against a recursive walker of raw memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/arch/pt.h"
#include "model/base/rng.h"
#include "model/hw/port.h"
#include "model/hw/tlb.h"
#include "model/hw/walker.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"
#include "tests/ref/ref_mm_cpu.h"
#include "tests/ref/ref_mock.h"
#include "tests/ref/ref_pt.h"

#define FRAMES (1u << 16)
#define CODE   (PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_EXEC | PTE_ACCESSED)
#define DATA   (PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_WRITE | PTE_ACCESSED)

/* In the order of enum kernel_layout, as enum ref_pt_kind is. */
static const struct pt_format *const formats[NR_REF_PT] = {
	&pt_x86_64,    &pt_x86_64_la57, &pt_i386,       &pt_i386_pae,   &pt_arm64_4k,
	&pt_arm64_16k, &pt_arm64_64k,   &pt_riscv_sv39, &pt_riscv_sv48,
};

/* ---- by hand ---- */

struct by_hand {
	const struct pt_format *f;
	u32 level;
	u64 pa;
	u32 flags;
	u64 entry;
};

static const struct by_hand by_hand[] = {
	/* SDM volume 3, figure 4-4: PTE, PDE of a 4 MB page, PDE of a table. */
	{ &pt_i386, 0, 0x12345000, CODE, 0x12345025 },
	{ &pt_i386, 0, 0xfffff000, CODE | DATA | PTE_DIRTY | PTE_GLOBAL, 0xfffff167 },
	{ &pt_i386, 1, 0x00c00000, CODE | DATA | PTE_DIRTY, 0x00c000e7 },
	{ &pt_i386, 1, 0x00c01000, PTE_TABLE, 0x00c01027 },
	/* Figure 4-7: a PDPTE has no rights. */
	{ &pt_i386_pae, 0, 0xf12345000, DATA, 0x8000000f12345027 },
	{ &pt_i386_pae, 1, 0xf00200000, CODE | DATA, 0xf002000a7 },
	{ &pt_i386_pae, 2, 0x12345000, PTE_TABLE, 0x12345001 },
	/* Figure 4-11, with a PML5E. */
	{ &pt_x86_64_la57, 4, 0x5000, PTE_TABLE, 0x5027 },
	{ &pt_x86_64_la57, 2, 0x80000000, DATA | PTE_DIRTY, 0x80000000800000e7 },
	/*
	 * Arm ARM D8.3, as Linux writes them (shown as "pte=" in its oopses): read-only text ends in fc3
	 * below 0x0020..., written data in f43 below 0x0068..., data that can be written but is clean in fc3
	 * there.
	 */
	{ &pt_arm64_4k, 0, 0x81234000, CODE, 0x0020000081234fc3 },
	{ &pt_arm64_4k, 0, 0x81234000, DATA | PTE_DIRTY, 0x0068000081234f43 },
	{ &pt_arm64_4k, 0, 0x81234000, DATA, 0x0068000081234fc3 },
	{ &pt_arm64_4k, 0, 0x81234000, CODE | PTE_DIRTY, 0x00a0000081234fc3 },
	{ &pt_arm64_4k, 1, 0x81200000, DATA | PTE_DIRTY, 0x0068000081200f41 },
	{ &pt_arm64_4k, 1, 0x81234000, PTE_TABLE, 0x81234003 },
	{ &pt_arm64_16k, 0, 0x81234000, DATA, 0x0068000081234fc3 },
	{ &pt_arm64_16k, 1, 0x82000000, CODE, 0x0020000082000fc1 },
	{ &pt_arm64_64k, 0, 0x81230000, DATA, 0x0068000081230fc3 },
	{ &pt_arm64_64k, 2, 0x81230000, PTE_TABLE, 0x81230003 },
	/* One of a run (bit 52). */
	{ &pt_arm64_4k, 0, 0x81234000, DATA | PTE_DIRTY | PTE_CONTIG, 0x0078000081234f43 },
	{ &pt_arm64_64k, 0, 0x81230000, CODE | PTE_CONTIG, 0x0030000081230fc3 },
	/* A global kernel page: AP[1] and nG are 0, EL0 cannot execute it. */
	{ &pt_arm64_4k, 0, 0x81234000, PTE_PRESENT | PTE_LEAF | PTE_GLOBAL | PTE_ACCESSED | PTE_EXEC,
	  0x0040000081234783 },
	/* Privileged specification, Sv39: D A G U X W R V from bit 7 down, the page number from bit 10 on. */
	{ &pt_riscv_sv39, 0, 0x81234000, CODE, 0x2048d05b },
	{ &pt_riscv_sv39, 0, 0x81234000, DATA | PTE_DIRTY, 0x2048d0d7 },
	{ &pt_riscv_sv39, 1, 0x81200000, DATA, 0x20480057 },
	{ &pt_riscv_sv48, 3, 0x81234000, PTE_TABLE, 0x2048d001 },
	{ &pt_riscv_sv48, 0, 0xfffffffffff000, CODE, 0x3ffffffffffc5b },
};

static void entries_are_the_manuals(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(by_hand); i++) {
		const struct by_hand *h = &by_hand[i];

		assert_int_equal(h->f->encode(h->pa, h->flags, h->level), h->entry);
		assert_int_equal(h->f->pa(h->entry, h->level), h->pa);
		assert_int_equal(h->f->flags(h->entry, h->level) & ~(h->f->always_exec ? PTE_EXEC : 0),
				 h->flags & ~(h->f->always_exec ? PTE_EXEC : 0));
	}
}

/* What the kernel writes comes back: leaves of every size, present or only remembered (PROT_NONE). */
static void entries_go_around(void **state)
{
	struct rng rng;
	u32 i, k, level;

	rng_init(&rng, 1, "entries");
	for (i = 0; i < 200000; i++) {
		const struct pt_format *f = formats[k = (u32)rng_below(&rng, NR_REF_PT)];
		u32 flags = (u32)rng_below(&rng, 128) | PTE_PRESENT | PTE_LEAF;
		u64 pa, e;

		level = (u32)rng_below(&rng, f->levels);
		if (f->leaf[level] == NR_PAGE_SIZES)
			continue;
		if (level == 0 && rng_below(&rng, 4) == 0)
			flags = (flags & (PTE_ACCESSED | PTE_DIRTY | PTE_USER)) | PTE_GLOBAL;
		if (f->always_exec)
			flags |= PTE_EXEC;
		pa = rng_below(&rng, 1ull << f->pa_bits) & ~((1ull << f->shift[level]) - 1);
		e = f->encode(pa, flags, level);
		assert_int_equal(f->flags(e, level), flags);
		assert_int_equal(f->pa(e, level), pa);
		assert_int_not_equal(e, 0);
	}
}

/* Levels cover the whole address, the last begins at the page, and leaves have the size of their level. */
static void levels_fit_together(void **state)
{
	u32 k, level;

	for (k = 0; k < NR_REF_PT; k++) {
		const struct pt_format *f = formats[k];
		u32 shift = f->shift[0];

		assert_int_equal(shift, page_size_shift[f->leaf[0]]);
		for (level = 0; level < f->levels; level++) {
			assert_int_equal(f->shift[level], shift);
			assert_true(f->leaf[level] == NR_PAGE_SIZES ||
				    page_size_shift[f->leaf[level]] == shift);
			assert_true(f->entry_bytes << f->bits[level] <= 1 << f->shift[0]);
			shift += f->bits[level];
		}
		assert_int_equal(shift, f->va_bits);
	}
}

/* ---- the walker ---- */

struct counting_port {
	struct port port;
	u64 reads, writes;
};

static u64 count_read(struct port *p, struct mem_req *r, u64 now)
{
	container_of(p, struct counting_port, port)->reads++;
	return now + 10;
}

static u64 count_write(struct port *p, const struct mem_req *r, u64 now)
{
	container_of(p, struct counting_port, port)->writes++;
	return now;
}

static const struct port_ops counting_ops = { count_read, count_write, MOCK_PORT_ENDS };

struct bench {
	enum ref_pt_kind kind;
	const struct pt_format *f;
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct mm *mm;
	struct counting_port port;
	struct hist *hist;
	struct walker w;
	u64 now;
	struct rng rng;
};

static struct bench *bench_new(enum ref_pt_kind kind, bool walk_caches)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct kernel_params kp = {
		.cfg = &b->cfg, .memory = FRAMES * FRAME_SIZE, .hz = 1000000000, .seed = 1
	};
	struct walker_cfg wcfg = { .count = 1 };
	struct pwc_cfg pwc = { 0 };
	struct walker_params wp = { .cfg = &wcfg, .pwc = &pwc, .format = formats[kind], .seed = 1 };
	u32 i;

	b->kind = kind;
	b->f = kp.format = formats[kind];
	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .flush_ceiling = 33,
				      .era = ERA_6_X,
				      .charge = true,
				      .instruction_scale = 100,
				      .asids = 1,
				      .placement = FRAME_RANDOM,
				      .layout = kind };
	assert_ptr_equal(kernel_format(&b->cfg), b->f);
	b->ptmem = kp.ptmem = wp.ptmem = ptmem_new(FRAMES);
	b->k = kernel_new(&kp);
	ref_cpu_init(&b->cpu, b->k);
	b->mm = mm_new(b->k, true);
	b->port.port.ops = &counting_ops;
	wp.port = &b->port.port;
	wp.pte_latency = b->hist = calloc(1, sizeof(*b->hist));
	for (i = 0; walk_caches && i < NR_PWC_LEVELS; i++)
		pwc.level[i] = (struct tlb_array_cfg){ .entries = 4 };
	walker_init(&b->w, &wp);
	b->w.root = mm_root(b->mm);
	mm_load(b->mm, &b->cpu.cpu);
	b->w.asid = mm_asid(b->mm, &b->cpu.cpu);
	rng_init(&b->rng, kind, "bench");
	return b;
}

static void bench_free(struct bench *b)
{
	walker_fini(&b->w);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b->hist);
	free(b);
}

/* Addresses cluster, so that tables of all levels hold one and many entries. */
static u64 random_va(struct bench *b)
{
	u64 va = rng_below(&b->rng, 4096);
	u32 level;

	for (level = 0; level < b->f->levels; level++) {
		u64 n = level ? 3 : 256, size = 1ull << b->f->bits[level];

		va += rng_below(&b->rng, MIN(n, size)) * (level % 2 ? 1 : size / MIN(n, size))
		      << b->f->shift[level];
	}
	return va;
}

/* Writes random leaves, of every size that the format has, where no table is in the way. */
static void map_at_random(struct bench *b, u32 n)
{
	const struct pt_format *f = b->f;
	struct cpu *c = &b->cpu.cpu;
	u32 i, level;

	for (i = 0; i < n; i++) {
		u64 va = random_va(b), pa = rng_below(&b->rng, 1ull << f->pa_bits), at = mm_root(b->mm);
		u32 flags = (u32)rng_below(&b->rng, 128) | PTE_LEAF | PTE_USER;
		u32 depth = rng_below(&b->rng, 16) ? 0 : (u32)rng_below(&b->rng, f->levels), have = 0;

		if (f->leaf[depth] == NR_PAGE_SIZES)
			depth = 0;
		for (level = f->levels - 1u; level > depth; level--) {
			u64 e = pt_read(f, b->ptmem, pt_entry_pa(f, at, va, level));

			have = f->flags(e, level);
			if (!(have & PTE_PRESENT) || (have & PTE_LEAF))
				break;
			at = f->pa(e, level);
		}
		if (level == depth) {
			u64 entry_pa = pt_entry_pa(f, at, va, level);

			have = f->flags(pt_read(f, b->ptmem, entry_pa), level);
			if (level && (have & PTE_PRESENT) && !(have & PTE_LEAF))
				continue;
			pa &= ~((1ull << f->shift[level]) - 1);
			pt_write(f, b->ptmem, entry_pa, f->encode(pa, flags, level));
		} else if (!(have & PTE_LEAF) || !(have & PTE_PRESENT)) {
			pgtable_entry(b->mm, c, KPATH_FAULT, va, true);
		}
	}
}

static bool ref_grants(const struct ref_pt *r, enum access_kind access)
{
	if (!r->present || !r->user)
		return false;
	return access == ACCESS_READ || (access == ACCESS_WRITE ? r->write : r->exec);
}

static void walk_equals_twin(struct bench *b)
{
	struct walk k = { .va = random_va(b), .access = (enum access_kind)rng_below(&b->rng, 3) };
	struct ref_pt before = ref_pt_walk(b->kind, b->ptmem, mm_root(b->mm), k.va), after;
	u64 reads = b->port.reads, writes = b->port.writes, in_page = (1ull << before.shift) - 1;
	bool dirties = k.access == ACCESS_WRITE && !before.dirty;

	walker_walk(&b->w, &k, b->now += 1000);
	assert_int_equal(k.present, before.present);
	assert_int_equal(k.ok, ref_grants(&before, k.access));
	assert_int_equal(b->port.reads - reads, before.reads);
	after = ref_pt_walk(b->kind, b->ptmem, mm_root(b->mm), k.va);
	if (!k.ok)
		return;
	assert_int_equal(page_size_shift[k.size], before.shift);
	assert_int_equal((k.entry & ~TLB_FLAGS) | (k.va & in_page), before.pa);
	assert_int_equal(b->port.writes - writes, !before.accessed || dirties);
	assert_true(after.accessed && after.dirty == (before.dirty || dirties));
	assert_int_equal(after.pa, before.pa);
	assert_true(after.write == before.write && after.exec == before.exec && after.user == before.user);
}

static void every_format_equals_a_recursive_walker(void **state)
{
	u32 kind, i;

	for (kind = 0; kind < NR_REF_PT; kind++) {
		struct bench *b = bench_new(kind, false);
		u64 found = 0;

		for (i = 0; i < 50; i++) {
			u32 j;

			map_at_random(b, 600);
			for (j = 0; j < 1000; j++)
				walk_equals_twin(b);
			found = b->w.st.walks - b->w.st.faults;
		}
		assert_true(found > 5000);
		bench_free(b);
	}
}

struct run {
	enum ref_pt_kind kind;
	u32 level, entries;
	enum page_size size;
};

/* Arm ARM: so many entries a run; those of 512 MB would be 16 GB, which nothing here holds. */
static const struct run runs[] = {
	{ REF_ARM_4K, 0, 16, PAGE_64K }, { REF_ARM_4K, 1, 16, PAGE_32M }, { REF_ARM_16K, 0, 128, PAGE_2M },
	{ REF_ARM_16K, 1, 32, PAGE_1G }, { REF_ARM_64K, 0, 32, PAGE_2M }, { REF_ARM_64K, 1, 1, PAGE_512M },
};

static u64 level_entry(struct bench *b, u64 va, u32 level)
{
	u64 at = mm_root(b->mm), e;
	u32 l;

	pgtable_upper(b->mm, &b->cpu.cpu, KPATH_FAULT, va, 1, true);
	if (level == 0)
		return pgtable_entry(b->mm, &b->cpu.cpu, KPATH_FAULT, va, true);
	for (l = b->f->levels - 1u; l > level; l--) {
		e = pt_read(b->f, b->ptmem, pt_entry_pa(b->f, at, va, l));
		at = b->f->pa(e, l);
	}
	return pt_entry_pa(b->f, at, va, level);
}

/* A run of contiguous entries is one translation, whichever of them the walk came by. */
static void runs_are_one_page(void **state)
{
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		const struct run *r = &runs[i];
		struct bench *b = bench_new(r->kind, true);
		u64 step = 1ull << b->f->shift[r->level];
		u64 va = 3 * step * r->entries, pa = 5 * step * r->entries;

		for (j = 0; j < r->entries; j++)
			pt_write(b->f, b->ptmem, level_entry(b, va + j * step, r->level),
				 b->f->encode(pa + j * step, DATA | PTE_CONTIG, r->level));
		for (j = 0; j < 50; j++) {
			struct walk k = { .va = va + rng_below(&b->rng, r->entries * step) };
			struct ref_pt ref = ref_pt_walk(r->kind, b->ptmem, mm_root(b->mm), k.va);

			walker_walk(&b->w, &k, b->now += 1000);
			assert_true(k.ok);
			assert_int_equal(k.size, r->size);
			assert_int_equal(tlb_page(k.entry), r->size);
			assert_int_equal(page_size_shift[k.size], ref.shift);
			assert_true((k.entry & ~TLB_FLAGS) == pa);
			assert_true(ref.pa == pa + (k.va - va));
		}
		bench_free(b);
	}
}

/* Reads of a cold walk to a smallest page, and of its neighbour's with the walk caches warm. */
static void walks_read_as_many_entries_as_there_are_levels(void **state)
{
	static const u32 cold[NR_REF_PT] = { 4, 5, 2, 2, 4, 4, 3, 3, 4 };
	u32 kind;

	for (kind = 0; kind < NR_REF_PT; kind++) {
		struct bench *b = bench_new(kind, true);
		const struct pt_format *f = b->f;
		u64 va = 5ull << f->shift[0], size = 1ull << f->shift[0];
		struct walk k = { .va = va, .access = ACCESS_READ };
		u32 i;

		for (i = 0; i < 2; i++) {
			u64 pa = pgtable_entry(b->mm, &b->cpu.cpu, KPATH_FAULT, va + i * size, true);

			pt_write(f, b->ptmem, pa, f->encode(size * (i + 1), CODE, 0));
		}
		walker_walk(&b->w, &k, 0);
		assert_true(k.ok);
		assert_int_equal(b->port.reads, cold[kind]);
		assert_int_equal(k.done, 10 * cold[kind]);
		k.va += size;
		walker_walk(&b->w, &k, 100);
		assert_true(k.ok);
		assert_int_equal(b->port.reads, cold[kind] + 1);
		/* Both entries were accessed already, as tables are: nothing was written. */
		assert_int_equal(b->port.writes, 0);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_the_manuals),
		cmocka_unit_test(entries_go_around),
		cmocka_unit_test(levels_fit_together),
		cmocka_unit_test(every_format_equals_a_recursive_walker),
		cmocka_unit_test(runs_are_one_page),
		cmocka_unit_test(walks_read_as_many_entries_as_there_are_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
