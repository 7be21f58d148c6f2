/*
 * The kernel's own accesses: translated by tables of their own through the program's TLBs, charged as closed
 * formulas say, counted by path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/bits.h"
#include "model/core/core_state.h"
#include "tests/ref/ref_hw_machine.h"

#define DIRECT   0xffff888000000000ull
#define TEXT     0xffffffff81000000ull
#define TEXT_PA  0x1000000ull
#define VMALLOC  0xffffc90000000000ull
#define K4       0x1000ull
#define M2       0x200000ull
#define KERNEL   (PTE_WRITE | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define L1_LINES 768u

struct kernel_machine {
	struct ref_machine m;
	struct ref_tables tables; /* the kernel's */
	struct cpu *cpu;
};

/* Direct map of 64 MB and text in pages of 2 MB, sixteen pages of vmalloc, each the frame of its number. */
static void add_kernel(struct kernel_machine *k)
{
	u64 pa;

	k->cpu = core_cpu(k->m.core);
	k->cpu->direct_map = DIRECT;
	k->tables = k->m.tables;
	k->tables.root = 0x8000ull << FRAME_SHIFT;
	k->tables.next_frame = 0x8001;
	ptmem_add(k->tables.ptmem, 0x8000);
	for (pa = 0; pa < 32 * M2; pa += M2)
		ref_tables_map(&k->tables, DIRECT + pa, pa, 1, KERNEL);
	ref_tables_map(&k->tables, TEXT, TEXT_PA, 1, KERNEL);
	for (pa = 0; pa < 16 * K4; pa += K4)
		ref_tables_map(&k->tables, VMALLOC + pa, pa, 0, KERNEL);
	k->cpu->ops->set_kernel_root(k->cpu, k->tables.root);
}

static void init(struct kernel_machine *k)
{
	ref_machine_cfg(&k->m);
	ref_machine_init(&k->m);
	add_kernel(k);
}

static u64 now(struct kernel_machine *k)
{
	return k->cpu->ops->now(k->cpu);
}

static u64 load_time(struct kernel_machine *k, u64 va)
{
	u64 before = now(k);

	k->cpu->ops->load(k->cpu, KPATH_BUDDY, va, 8);
	return now(k) - before;
}

static u64 stat(struct kernel_machine *k, const char *name)
{
	core_sync(k->m.core);
	return ref_stat(&k->m, name);
}

/* A walk reads three tables for a page of 2 MB; what is found serves every address space until it is flushed.
 */
static void test_translation(void **state)
{
	struct kernel_machine k;

	init(&k);
	load_time(&k, DIRECT + 0x5000);
	assert_int_equal(stat(&k, "core0.walker.pte_reads"), 3);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_misses"), 1);
	assert_int_equal(stat(&k, "core0.stlb.kernel_misses"), 1);
	assert_int_equal(load_time(&k, DIRECT + 0x5008), 1);
	k.cpu->ops->switch_to(k.cpu, k.m.tables.root, 2);
	k.cpu->ops->flush_asid(k.cpu, 1);
	k.cpu->ops->flush_asid(k.cpu, 2);
	assert_int_equal(load_time(&k, DIRECT + 0x5010), 1);
	k.cpu->ops->flush_kernel_range(k.cpu, DIRECT + 2 * M2, DIRECT + 3 * M2);
	assert_int_equal(load_time(&k, DIRECT + 0x5010), 1);
	k.cpu->ops->flush_kernel_range(k.cpu, DIRECT, DIRECT + 1);
	load_time(&k, DIRECT + 0x5010);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_misses"), 2);
	k.cpu->ops->flush_all(k.cpu);
	load_time(&k, DIRECT + 0x5010);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_misses"), 3);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_lookups"), 6);
	assert_int_equal(stat(&k, "core0.dtlb.lookups"), 0);
	assert_int_equal(stat(&k, "core0.kernel.buddy.tlb_misses"), 3);
	assert_int_equal(stat(&k, "core0.kernel.buddy.lines"), 6);
	ref_machine_fini(&k.m);
}

/* Another frame behind the same address: the old one is not used after the flush. */
static void test_remapped(void **state)
{
	struct kernel_machine k;

	init(&k);
	k.cpu->ops->store(k.cpu, KPATH_VMALLOC, VMALLOC + 5 * K4, 8);
	ref_tables_map(&k.tables, VMALLOC + 5 * K4, 7 * K4, 0, KERNEL);
	k.cpu->ops->flush_kernel_range(k.cpu, VMALLOC + 5 * K4, VMALLOC + 6 * K4);
	k.cpu->ops->store(k.cpu, KPATH_VMALLOC, VMALLOC + 5 * K4, 8);
	assert_int_equal(stat(&k, "core0.l1d.kernel_store_misses"), 2);
	k.cpu->ops->load(k.cpu, KPATH_VMALLOC, DIRECT + 7 * K4, 8);
	k.cpu->ops->load(k.cpu, KPATH_VMALLOC, DIRECT + 5 * K4, 8);
	assert_int_equal(stat(&k, "core0.l1d.kernel_load_misses"), 0);
	ref_machine_fini(&k.m);
}

/* Warm text: instructions / width. Cold: its lines one after the other beside. */
static void test_text(void **state)
{
	u64 before, cold, memory;
	struct kernel_machine k;

	ref_machine_cfg(&k.m);
	k.m.core_cfg.width = 4;
	ref_machine_init(&k.m);
	add_kernel(&k);
	k.cpu->ops->execute(k.cpu, KPATH_PCP, TEXT + M2 - 64, 64, 4); /* the page is in the ITLB now */
	before = now(&k);
	memory = load_time(&k, DIRECT + 0x5000); /* with its walk */
	memory = load_time(&k, DIRECT + 0x6000);
	before = now(&k);
	k.cpu->ops->execute(k.cpu, KPATH_PCP, TEXT, 10 * 64, 80);
	cold = now(&k) - before;
	assert_int_equal(cold, 20 + 10 * (memory - 5));
	before = now(&k);
	k.cpu->ops->execute(k.cpu, KPATH_PCP, TEXT, 10 * 64, 80);
	assert_int_equal(now(&k) - before, 20);
	assert_int_equal(stat(&k, "core0.l1i.kernel_fetches"), 21);
	assert_int_equal(stat(&k, "core0.l1i.kernel_fetch_misses"), 11);
	assert_int_equal(stat(&k, "core0.l1i.fetches"), 0);
	assert_int_equal(stat(&k, "core0.itlb.kernel_lookups"), 3);
	assert_int_equal(stat(&k, "core0.itlb.kernel_misses"), 1);
	assert_int_equal(stat(&k, "core0.kernel.pcp.instructions"), 164);
	assert_int_equal(stat(&k, "core0.kernel.pcp.l1_misses"), 11);
	assert_int_equal(stat(&k, "core0.kernel.pcp.memory"), 11);
	ref_machine_fini(&k.m);
}

/* A line a cycle, warm or allocated without being read. */
static void test_frames(void **state)
{
	struct kernel_machine k;
	u64 before, i;

	init(&k);
	load_time(&k, DIRECT);
	for (i = 0; i < 2; i++) {
		before = now(&k);
		k.cpu->ops->zero(k.cpu, KPATH_ZERO, DIRECT + K4, K4);
		assert_int_equal(now(&k) - before, 64);
	}
	assert_int_equal(stat(&k, "core0.kernel.zero.l1_misses"), 64);
	assert_int_equal(stat(&k, "core0.kernel.zero.lines"), 128);
	k.cpu->ops->zero(k.cpu, KPATH_ZERO, DIRECT + 2 * K4, K4);
	before = now(&k);
	k.cpu->ops->copy(k.cpu, KPATH_COPY, DIRECT + 2 * K4, DIRECT + K4, K4);
	assert_int_equal(now(&k) - before,
			 64 * 2 + 3); /* the last load's latency, 5, less its cycle and the store's */
	assert_int_equal(stat(&k, "dram.reads"), 1 + 3);
	ref_machine_fini(&k.m);
}

/* The program's lines, one in each place of L1D, go as the kernel's come; none of the kernel's counts. */
static void test_evictions(void **state)
{
	const struct tr_slot load = { .size = 8, .kind = TR_LOAD };
	struct kernel_machine k;
	u64 addr[L1_LINES], pages[97];
	u32 block, i;

	init(&k);
	block = ref_machine_block(&k.m, 0x400000, 1, &load, 1);
	load_time(&k, DIRECT);
	for (i = 0; i < 97; i++)
		pages[i] = 0x20000000 + i * K4;
	ref_machine_run(&k.m, block, pages, 97); /* one more than the DTLB holds, the kernel's beside */
	assert_int_equal(stat(&k, "core0.kernel.buddy.evicted_translations"), 0);
	for (i = 0; i < 100; i++)
		load_time(&k, DIRECT + i * M2 % (32 * M2));
	i = (u32)stat(&k, "core0.kernel.buddy.evicted_translations");
	assert_in_range(i, 30, 32);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_evictions"), i);
	for (i = 0; i < L1_LINES; i++)
		addr[i] = 0x10000000 + i * 64;
	for (i = 0; i < 12; i++)
		ref_machine_run(&k.m, block, addr, L1_LINES);
	assert_int_equal(stat(&k, "core0.l1d.evictions") > 0, 1);
	for (i = 0; i < 12; i++)
		k.cpu->ops->zero(k.cpu, KPATH_ZERO, DIRECT + (16 + i) * K4, K4);
	assert_int_equal(stat(&k, "core0.kernel.zero.evicted_lines"), L1_LINES);
	for (i = 0; i < 12; i++)
		k.cpu->ops->zero(k.cpu, KPATH_COPY, DIRECT + (64 + i) * K4, K4);
	assert_int_equal(stat(&k, "core0.kernel.copy.evicted_lines"), 0);
	ref_machine_fini(&k.m);
}

/*
 * In a guest the kernel's tables lie in its own memory, wherever the host keeps that: each of three tables
 * and the page are translated by four of the host's, and pages of the host's size are what the TLB gets.
 */
static void test_guest(void **state)
{
	struct kernel_machine k;

	ref_machine_cfg(&k.m);
	k.m.hw.nested = (struct nested_cfg){ .mode = 1, .placement = NESTED_RANDOM };
	memset(&k.m.hw.pwc, 0, sizeof(k.m.hw.pwc));
	ref_machine_init(&k.m);
	add_kernel(&k);
	load_time(&k, DIRECT + 0x5000);
	assert_int_equal(stat(&k, "core0.walker.pte_reads"), 3 + 4 * 4);
	assert_int_not_equal(stage2_pa(k.m.host, 0x5000), 0x5000);
	assert_true(cache_find_pa(&k.m.core->l1d, stage2_pa(k.m.host, 0x5000) >> 6) != TAG_MISS);
	load_time(&k, DIRECT + 0x6000);
	assert_int_equal(stat(&k, "core0.dtlb.kernel_misses"), 2); /* the host has it in pages of 4 KB */
	k.cpu->ops->execute(k.cpu, KPATH_PCP, TEXT, 64, 10);
	assert_true(cache_find_pa(&k.m.core->l1i, stage2_pa(k.m.host, TEXT_PA) >> 6) != TAG_MISS);
	ref_machine_fini(&k.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translation), cmocka_unit_test(test_remapped),
		cmocka_unit_test(test_text),        cmocka_unit_test(test_frames),
		cmocka_unit_test(test_evictions),   cmocka_unit_test(test_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
