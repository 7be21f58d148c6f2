/* The page walker and the TLBs: how many entries a walk reads, what it sets, what a TLB holds and loses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/tlb.h"
#include "model/hw/walker.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_mock.h"

#define USER_PAGE (PTE_USER | PTE_WRITE)

/* A cache that answers after 10 cycles and notes what was read. */
struct note {
	struct port port;
	u64 reads[8], writes[8];
	u32 n_reads, n_writes;
};

static u64 note_read(struct port *p, struct mem_req *r, u64 now)
{
	struct note *n = container_of(p, struct note, port);

	assert_int_equal(r->cls, MEM_PTE);
	n->reads[n->n_reads++ % 8] = r->pa;
	return now + 10;
}

static u64 note_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct note *n = container_of(p, struct note, port);

	assert_int_equal(r->bytes, 8);
	n->writes[n->n_writes++ % 8] = r->pa;
	return now + 10;
}

static const struct port_ops note_ops = { note_read, note_write, MOCK_PORT_ENDS };

struct bench {
	struct note note;
	struct ref_tables tables;
	struct hist hist;
	struct walker w;
	u64 now;
};

static void setup(struct bench *b)
{
	const struct pwc_cfg pwc = { { { .entries = 4 }, { .entries = 4 }, { .entries = 4 } } };
	const struct walker_cfg cfg = { .count = 2 };
	struct walker_params p = { .cfg = &cfg, .pwc = &pwc, .format = &pt_x86_64, .seed = 1 };

	memset(b, 0, sizeof(*b));
	b->note.port.ops = &note_ops;
	ref_tables_init(&b->tables);
	p.ptmem = b->tables.ptmem;
	p.port = &b->note.port;
	p.pte_latency = &b->hist;
	walker_init(&b->w, &p);
	b->w.root = b->tables.root;
	b->w.asid = 1;
	b->now = 1000;
}

static void teardown(struct bench *b)
{
	walker_sane(&b->w);
	walker_fini(&b->w);
	ref_tables_fini(&b->tables);
}

static struct walk walk_for(struct bench *b, u64 va, enum access_kind access)
{
	struct walk k = { .va = va, .access = access };

	b->note.n_reads = b->note.n_writes = 0;
	walker_walk(&b->w, &k, b->now);
	b->now += 1000;
	return k;
}

/* Reads of a walk that finds its page. */
static u32 reads_for(struct bench *b, u64 va)
{
	assert_true(walk_for(b, va, ACCESS_READ).ok);
	return b->note.n_reads;
}

#define K4 0x1000ull
#define M2 0x200000ull
#define G1 0x40000000ull
#define T5 0x8000000000ull

/* The walk starts below the longest prefix that the walk caches know. */
static void test_restart(void **state)
{
	static const u64 va[] = { 0, K4, M2, G1, T5, 511 * K4 };
	static const u32 expected[] = { 4, 1, 2, 3, 4, 1 };
	struct bench b;
	u32 i;

	setup(&b);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		ref_tables_map(&b.tables, va[i], 0x100000 + va[i], 0, USER_PAGE | PTE_ACCESSED);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		assert_int_equal(reads_for(&b, va[i]), expected[i]);
	assert_int_equal(b.w.st.walks, 6);
	assert_int_equal(b.w.st.pte_reads, 15);
	assert_int_equal(b.w.st.pwc_hits, 4);
	assert_int_equal(b.w.st.cycles, 150);
	teardown(&b);
}

/* Entries are read at their physical addresses, root first, one after the other. */
static void test_addresses_and_time(void **state)
{
	const u64 va = 3 * T5 + 5 * G1 + 7 * M2 + 9 * K4 + 0x123;
	struct bench b;
	struct walk k;
	u32 level;

	setup(&b);
	ref_tables_map(&b.tables, va, 0xabc000, 0, USER_PAGE | PTE_ACCESSED);
	k = walk_for(&b, va, ACCESS_READ);
	assert_true(k.ok);
	assert_int_equal(k.entry & ~TLB_FLAGS, 0xabc000);
	assert_int_equal(k.size, PAGE_4K);
	assert_int_equal(k.done, 1000 + 4 * 10);
	assert_int_equal(b.note.n_reads, 4);
	for (level = 0; level < 4; level++)
		assert_int_equal(b.note.reads[3 - level], ref_tables_entry(&b.tables, va, level));
	assert_int_equal(hist_count(&b.hist), 4);
	assert_int_equal(b.hist.bin[10], 4);
	teardown(&b);
}

static void test_large_page(void **state)
{
	struct bench b;
	struct walk k;

	setup(&b);
	ref_tables_map(&b.tables, 4 * M2, 8 * M2, 1, USER_PAGE | PTE_ACCESSED);
	k = walk_for(&b, 4 * M2 + 0x12345, ACCESS_READ);
	assert_true(k.ok);
	assert_int_equal(k.size, PAGE_2M);
	assert_int_equal(k.entry & ~TLB_FLAGS, 8 * M2);
	assert_int_equal(b.note.n_reads, 3);
	teardown(&b);
}

static u32 leaf_flags(struct bench *b, u64 va)
{
	return pt_x86_64.flags(pt_read(&pt_x86_64, b->tables.ptmem, ref_tables_entry(&b->tables, va, 0)), 0);
}

static void test_accessed_and_dirty(void **state)
{
	struct bench b;

	setup(&b);
	ref_tables_map(&b.tables, K4, 0x100000, 0, USER_PAGE);
	assert_true(walk_for(&b, K4, ACCESS_READ).ok);
	assert_int_equal(b.note.n_writes, 1);
	assert_int_equal(b.note.writes[0], ref_tables_entry(&b.tables, K4, 0));
	assert_int_equal(leaf_flags(&b, K4) & (PTE_ACCESSED | PTE_DIRTY), PTE_ACCESSED);
	assert_true(walk_for(&b, K4, ACCESS_READ).ok);
	assert_int_equal(b.note.n_writes, 0);
	assert_true(walk_for(&b, K4, ACCESS_WRITE).ok);
	assert_int_equal(b.note.n_writes, 1);
	assert_int_equal(leaf_flags(&b, K4) & (PTE_ACCESSED | PTE_DIRTY), PTE_ACCESSED | PTE_DIRTY);
	assert_true(walk_for(&b, K4, ACCESS_WRITE).ok);
	assert_int_equal(b.note.n_writes, 0);
	assert_int_equal(b.w.st.pte_writes, 2);
	teardown(&b);
}

static void test_faults(void **state)
{
	struct bench b;
	struct walk k;

	setup(&b);
	ref_tables_map(&b.tables, K4, 0x100000, 0, PTE_USER | PTE_ACCESSED);
	ref_tables_map(&b.tables, 2 * K4, 0x101000, 0, PTE_ACCESSED);
	k = walk_for(&b, T5, ACCESS_READ);
	assert_true(!k.ok && !k.present);
	assert_int_equal(b.note.n_reads, 1);
	k = walk_for(&b, 0, ACCESS_READ);
	assert_true(!k.ok && !k.present);
	assert_int_equal(b.note.n_reads, 4);
	k = walk_for(&b, K4, ACCESS_WRITE);
	assert_true(!k.ok && k.present);
	k = walk_for(&b, K4, ACCESS_EXEC);
	assert_true(!k.ok && k.present);
	k = walk_for(&b, 2 * K4, ACCESS_READ); /* the kernel's */
	assert_true(!k.ok && k.present);
	assert_true(walk_for(&b, K4, ACCESS_READ).ok);
	assert_int_equal(b.w.st.faults, 5);
	assert_int_equal(b.w.st.pte_writes, 0);
	teardown(&b);
}

static void test_walk_caches_are_flushed(void **state)
{
	struct bench b;

	setup(&b);
	ref_tables_map(&b.tables, 0, 0x100000, 0, USER_PAGE | PTE_ACCESSED);
	ref_tables_map(&b.tables, M2, 0x101000, 0, USER_PAGE | PTE_ACCESSED);
	assert_int_equal(reads_for(&b, 0), 4);
	assert_int_equal(reads_for(&b, M2), 2);
	walker_flush_range(&b.w, 1, M2, M2 + K4);
	assert_int_equal(reads_for(&b, 0), 1);
	assert_int_equal(reads_for(&b, M2), 4); /* the entries above cover M2 as well */
	walker_flush_range(&b.w, 2, 0, ~0ull);
	assert_int_equal(reads_for(&b, 0), 1);
	b.w.asid = 2;
	assert_int_equal(reads_for(&b, 0), 4);
	walker_flush_asid(&b.w, 1);
	assert_int_equal(reads_for(&b, 0), 1);
	b.w.asid = 1;
	assert_int_equal(reads_for(&b, 0), 4);
	walker_flush_all(&b.w);
	assert_int_equal(reads_for(&b, 0), 4);
	teardown(&b);
}

static u64 done_at(struct bench *b, u64 va, u64 now)
{
	struct walk k = { .va = va };

	walker_walk(&b->w, &k, now);
	assert_true(k.ok);
	return k.done;
}

/* Two walkers: a third walk at the same time waits for the first to end. */
static void test_walkers_are_busy(void **state)
{
	struct bench b;
	u64 i;

	setup(&b);
	for (i = 0; i < 3; i++)
		ref_tables_map(&b.tables, i * K4, 0x100000 + i * K4, 0, USER_PAGE | PTE_ACCESSED);
	assert_int_equal(done_at(&b, 0, 1000), 1040);
	assert_int_equal(done_at(&b, K4, 1000), 1010);
	assert_int_equal(done_at(&b, 2 * K4, 1000), 1020);
	assert_int_equal(b.w.st.wait_cycles, 10);
	assert_int_equal(b.w.st.cycles, 60);
	teardown(&b);
}

/* A page that is being walked is not walked again: not by a walker that is free, and not when none is. */
static void test_walks_merge(void **state)
{
	struct bench b;
	u32 reads;

	setup(&b);
	ref_tables_map(&b.tables, 0, 0x100000, 0, USER_PAGE | PTE_ACCESSED);
	ref_tables_map(&b.tables, M2, 2 * M2, 1, USER_PAGE | PTE_ACCESSED);
	assert_int_equal(done_at(&b, 0x10, 1000), 1040);
	assert_int_equal(done_at(&b, 0xff0, 1039), 1040);
	assert_int_equal(walker_ready(&b.w, 0x20, 1039), 1040);
	assert_int_equal(walker_ready(&b.w, 0x20, 1040), 1040);
	assert_int_equal(walker_ready(&b.w, 0x20, 1041), 1041);
	assert_int_equal(walker_ready(&b.w, K4, 1039), 1039);
	assert_int_equal(b.w.st.merged, 1);
	reads = b.note.n_reads;
	assert_int_equal(reads, 4);
	/* It has ended: another one. */
	assert_int_equal(done_at(&b, 0, 1040), 1050);
	/* Any address of a large page, which is one entry below the PDPTE that is known. */
	assert_int_equal(done_at(&b, M2, 1040), 1050);
	assert_int_equal(done_at(&b, M2 + 0x123456, 1041), 1050);
	assert_int_equal(b.w.st.walks, 3);
	assert_int_equal(b.w.st.merged, 2);
	assert_int_equal(b.w.st.wait_cycles, 0);
	teardown(&b);
}

/* What a walk may not answer: a write where it sets no dirty bit, another space, an address flushed since. */
static void test_walks_that_do_not_merge(void **state)
{
	struct walk k = { .va = 0, .access = ACCESS_WRITE };
	struct bench b;

	setup(&b);
	ref_tables_map(&b.tables, 0, 0x100000, 0, USER_PAGE | PTE_ACCESSED);
	assert_int_equal(done_at(&b, 0, 1000), 1040);
	walker_walk(&b.w, &k, 1001);
	assert_int_equal(k.done, 1001 + 10 + 10);
	assert_int_equal(done_at(&b, 0, 2000), 2010);
	b.w.asid = 2;
	assert_int_equal(done_at(&b, 0, 2001), 2041);
	walker_flush_range(&b.w, 2, 0, K4);
	assert_int_equal(walker_ready(&b.w, 0, 2002), 2002);
	assert_int_equal(done_at(&b, 0, 2011), 2051);
	/* One that is asked for later, which the window core may do first. */
	assert_int_equal(done_at(&b, 0, 3010), 3020);
	assert_int_equal(done_at(&b, 0, 3000), 3010);
	assert_int_equal(walker_ready(&b.w, 0, 3005), 3010);
	assert_int_equal(b.w.st.merged, 0);
	teardown(&b);
}

/* Four pages alike that lie together, from any of them, are one of 16 KB: by what the walk reads anyway. */
static void test_coalescing(void **state)
{
	static const u32 like[] = { USER_PAGE | PTE_ACCESSED, USER_PAGE | PTE_ACCESSED | PTE_DIRTY };
	struct bench b;
	struct walk k;
	u64 i;

	setup(&b);
	b.w.coalesce = true;
	for (i = 0; i < 4; i++) {
		ref_tables_map(&b.tables, (4 + i) * K4, 0x104000 + i * K4, 0, like[0]);  /* together */
		ref_tables_map(&b.tables, (8 + i) * K4, 0x105000 + i * K4, 0, like[0]);  /* not aligned */
		ref_tables_map(&b.tables, (12 + i) * K4, 0x10c000 + i * K4, 0, like[i == 2]); /* dirty */
		ref_tables_map(&b.tables, (16 + i) * K4, 0x110000 + (i ^ 1) * K4, 0, like[0]); /* swapped */
		if (i)
			ref_tables_map(&b.tables, (20 + i) * K4, 0x114000 + i * K4, 0, like[0]); /* 3 */
	}
	assert_int_equal(reads_for(&b, 4 * K4), 4);
	for (i = 4; i < 24; i++) {
		if (i == 20)
			continue;
		k = walk_for(&b, i * K4 + 0x123, ACCESS_READ);
		assert_true(k.ok);
		assert_int_equal(b.note.n_reads, 1);
		assert_int_equal(k.size, i < 8 ? PAGE_16K : PAGE_4K);
		if (i < 8)
			assert_int_equal(k.entry & ~TLB_FLAGS, 0x104000);
	}
	assert_int_equal(b.w.st.coalesced, 5);
	/* A write makes one of them dirty: it is like its neighbours no more. */
	k = walk_for(&b, 5 * K4, ACCESS_WRITE);
	assert_int_equal(k.size, PAGE_4K);
	assert_int_equal(k.entry & ~TLB_FLAGS, 0x105000);
	for (i = 4; i < 8; i++)
		k = walk_for(&b, i * K4, ACCESS_WRITE);
	assert_int_equal(k.size, PAGE_16K);
	teardown(&b);
}

/* TLBs. */

static bool holds(struct tlb *t, u64 va, u16 asid)
{
	return tlb_lookup(t, va, asid).entry != NULL;
}

static void test_tlb_sizes_and_spaces(void **state)
{
	const struct tlb_cfg cfg = { .any = { .entries = 16, .ways = 4 },
				     .own = { [PAGE_2M] = { .entries = 2 } } };
	struct tlb_hit h;
	struct tlb t;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	tlb_fill(&t, 5 * K4, 1, PAGE_4K, 0x77000 | PTE_PRESENT | PTE_USER);
	tlb_fill(&t, 3 * M2, 1, PAGE_2M, 9 * M2 | PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_DIRTY);
	h = tlb_lookup(&t, 5 * K4 + 0x123, 1);
	assert_non_null(h.entry);
	assert_int_equal(tlb_pa(&h, 5 * K4 + 0x123), 0x77123);
	assert_true(tlb_grants(*h.entry, ACCESS_READ) && !tlb_grants(*h.entry, ACCESS_WRITE));
	h = tlb_lookup(&t, 3 * M2 + 0x54321, 1);
	assert_int_equal(tlb_pa(&h, 3 * M2 + 0x54321), 9 * M2 + 0x54321);
	assert_true(tlb_grants(*h.entry, ACCESS_WRITE));
	assert_false(holds(&t, 5 * K4, 2));
	assert_false(holds(&t, 6 * K4, 1));
	/* An array of its own: two more large pages push out only large ones. */
	tlb_fill(&t, 4 * M2, 1, PAGE_2M, PTE_PRESENT);
	tlb_fill(&t, 5 * M2, 1, PAGE_2M, PTE_PRESENT);
	assert_false(holds(&t, 3 * M2, 1));
	assert_true(holds(&t, 5 * K4, 1));
	assert_int_equal(t.st.evictions, 1);
	tlb_sane(&t);
	tlb_fini(&t);
}

static void test_tlb_flushes(void **state)
{
	const struct tlb_cfg cfg = { .any = { .entries = 1024, .ways = 8 } };
	struct tlb t;
	u64 i;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	for (i = 0; i < 100; i++) {
		tlb_fill(&t, i * K4, 1, PAGE_4K, PTE_PRESENT);
		tlb_fill(&t, i * K4, 2, PAGE_4K, PTE_PRESENT);
	}
	tlb_fill(&t, 5 * M2, 1, PAGE_2M, PTE_PRESENT);
	tlb_flush_range(&t, 1, 3 * K4, 4 * K4);
	tlb_flush_range(&t, 1, 10 * K4, 60 * K4);
	for (i = 0; i < 100; i++) {
		assert_int_equal(holds(&t, i * K4, 1), !(i == 3 || (i >= 10 && i < 60)));
		assert_true(holds(&t, i * K4, 2));
	}
	assert_int_equal(t.st.flushed, 51);
	tlb_flush_range(&t, 1, 5 * M2 + 17 * K4, 5 * M2 + 18 * K4);
	assert_false(holds(&t, 5 * M2, 1));
	tlb_flush_asid(&t, 1);
	for (i = 0; i < 100; i++) {
		assert_false(holds(&t, i * K4, 1));
		assert_true(holds(&t, i * K4, 2));
	}
	tlb_flush_all(&t);
	for (i = 0; i < 100; i++)
		assert_false(holds(&t, i * K4, 2));
	tlb_sane(&t);
	tlb_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_addresses_and_time),
		cmocka_unit_test(test_large_page),
		cmocka_unit_test(test_accessed_and_dirty),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_walk_caches_are_flushed),
		cmocka_unit_test(test_walkers_are_busy),
		cmocka_unit_test(test_walks_merge),
		cmocka_unit_test(test_coalescing),
		cmocka_unit_test(test_walks_that_do_not_merge),
		cmocka_unit_test(test_tlb_sizes_and_spaces),
		cmocka_unit_test(test_tlb_flushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
