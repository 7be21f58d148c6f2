/* Prefetching into the second-level TLB: what is fetched, what it saves, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/hw/tlb_prefetch.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_mock.h"

#define PAGES 256u
#define USER  (PTE_USER | PTE_ACCESSED)

/* A cache that answers after 10 cycles. */
static u64 ten_read(struct port *p, struct mem_req *r, u64 now)
{
	return now + 10;
}

static u64 ten_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now + 10;
}

static const struct port_ops ten_ops = { ten_read, ten_write, MOCK_PORT_ENDS };

struct bench {
	struct port port;
	struct ref_tables tables;
	struct hist hist;
	struct walker w;
	struct tlb tlb;
	struct tlb_prefetcher p;
	u64 now, misses;
};

static void setup(struct bench *b, u32 entries, u32 walkers)
{
	const struct pwc_cfg pwc = { { { .entries = 4 }, { .entries = 4 }, { .entries = 4 } } };
	const struct walker_cfg cfg = { .count = walkers };
	const struct nested_cfg nested = { 0 };
	const struct tlb_cfg tlb = { .any = { .entries = entries } };
	const struct tlb_prefetch_cfg prefetch = { TLB_PREFETCH_NEXT_PAGE };
	struct walker_params p = { .cfg = &cfg, .pwc = &pwc, .format = &pt_x86_64, .nested = &nested,
				   .hz = 1000000000, .seed = 1 };
	u64 i;

	memset(b, 0, sizeof(*b));
	b->port.ops = &ten_ops;
	ref_tables_init(&b->tables);
	for (i = 0; i < PAGES; i++)
		ref_tables_map(&b->tables, i * FRAME_SIZE, (i + 1000) * FRAME_SIZE, 0, USER);
	p.ptmem = b->tables.ptmem;
	p.port = &b->port;
	p.pte_latency = &b->hist;
	walker_init(&b->w, &p);
	b->w.root = b->tables.root;
	b->w.asid = 1;
	tlb_init(&b->tlb, &tlb, "stlb", 1000000000, 1);
	tlb_prefetch_init(&b->p, &prefetch, &b->tlb, &b->w);
}

static void teardown(struct bench *b)
{
	tlb_sane(&b->tlb);
	tlb_fini(&b->tlb);
	walker_fini(&b->w);
	ref_tables_fini(&b->tables);
}

/* A lookup as the core makes it, at b->now. */
static void use(struct bench *b, u64 page)
{
	struct walk k = { .va = page * FRAME_SIZE + 8 };
	struct tlb_hit h = tlb_lookup(&b->tlb, k.va, 1);

	if (h.entry) {
		assert_true(tlb_pa(&h, k.va) == (page + 1000) * FRAME_SIZE + 8);
		tlb_prefetch_hit(&b->p, &h, k.va, b->now);
		return;
	}
	b->misses++;
	walker_walk(&b->w, &k, b->now);
	assert_true(k.ok);
	tlb_fill(&b->tlb, k.va, 1, k.size, k.entry);
	tlb_prefetch_miss(&b->p, &k);
}

static u32 unused(const struct bench *b)
{
	u32 i, n = 0;

	for (i = 0; i < tags_ids(&b->tlb.array[0].tags); i++)
		n += b->tlb.array[0].tags.key[i] != TAG_NO_KEY &&
		     (b->tlb.array[0].entry[i] & TLB_PREFETCHED);
	return n;
}

static void check_sums(const struct bench *b)
{
	const struct tlb_prefetched_stats *p = &b->tlb.prefetched;

	assert_int_equal(b->p.st.prefetch_issued - b->p.st.prefetch_failed,
			 p->prefetch_useful + p->prefetch_useless + unused(b));
}

/* In order a scan misses once; each page brings the next, and the last finds none. */
static void a_scan_misses_once(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, 512, 2);
	for (i = 0; i < PAGES; i++, b.now += 1000)
		use(&b, i);
	assert_int_equal(b.misses, 1);
	assert_int_equal(b.p.st.prefetch_issued, PAGES);
	assert_int_equal(b.p.st.prefetch_failed, 1);
	assert_int_equal(b.tlb.prefetched.prefetch_useful, PAGES - 1);
	assert_int_equal(b.tlb.prefetched.prefetch_useless, 0);
	assert_int_equal(b.w.st.walks, PAGES + 1);
	check_sums(&b);
	teardown(&b);
}

/* Every other page: all miss, and what was fetched is pushed out unused. */
static void a_stride_gains_nothing(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, 16, 2);
	for (i = 0; i < PAGES; i += 2, b.now += 1000)
		use(&b, i);
	assert_int_equal(b.misses, PAGES / 2);
	assert_int_equal(b.p.st.prefetch_issued, PAGES / 2);
	assert_int_equal(b.tlb.prefetched.prefetch_useful, 0);
	assert_int_equal(b.tlb.prefetched.prefetch_useless, PAGES / 2 - 8);
	check_sums(&b);
	/* What a flush takes was useless as well. */
	tlb_flush_all(&b.tlb);
	assert_int_equal(b.tlb.prefetched.prefetch_useless, PAGES / 2);
	check_sums(&b);
	teardown(&b);
}

/* The only walker is at the miss itself. */
static void no_walker_is_waited_for(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, 512, 1);
	for (i = 0; i < PAGES; i++, b.now += 1000)
		use(&b, i);
	assert_int_equal(b.misses, PAGES);
	assert_int_equal(b.p.st.prefetch_dropped, PAGES);
	assert_int_equal(b.p.st.prefetch_issued, 0);
	teardown(&b);
}

/* The second walk begins with the first, which reads four entries, and needs one. */
static void early_uses_wait(void **state)
{
	struct bench b;

	setup(&b, 512, 2);
	b.now = 1000;
	use(&b, 0);
	assert_int_equal(walker_ready(&b.w, 0, 1000), 1040);
	assert_int_equal(walker_ready(&b.w, FRAME_SIZE, 1000), 1010);
	b.now = 1005;
	use(&b, 1);
	assert_int_equal(b.p.st.prefetch_late, 1);
	b.now = 2000;
	use(&b, 0);
	use(&b, 2);
	assert_int_equal(b.p.st.prefetch_late, 1);
	assert_int_equal(b.misses, 2); /* page 2: both walkers were busy when page 1 was used */
	assert_int_equal(b.p.st.prefetch_dropped, 1);
	check_sums(&b);
	teardown(&b);
}

/*
 * A whole machine: a chase through pages in order, beyond the STLB, second time around. Without prefetching
 * each access waits for 7 cycles and a walk; with it for the STLB's 7.
 */
static u64 cycles_of_a_scan(u32 prefetcher, u64 *misses)
{
	static const struct tr_slot chase = { .size = 8, .kind = TR_LOAD, .dep = 1 };
	u64 *addr = malloc(4096 * sizeof(*addr)), cycles;
	struct ref_machine m;
	u32 i, block;

	ref_machine_cfg(&m);
	m.hw.walker.count = 2;
	m.hw.stlb_prefetch.prefetcher = prefetcher;
	ref_machine_init(&m);
	for (i = 0; i < 4096; i++)
		addr[i] = 0x10000000ull + i * FRAME_SIZE + i * 64ull % FRAME_SIZE;
	block = ref_machine_block(&m, 0x400000, 1, &chase, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(ref_machine_run(&m, block, addr, 4096), CORE_DONE);
	cycles = ref_stat(&m, "core0.cycles");
	*misses = ref_stat(&m, "core0.stlb.misses");
	assert_int_equal(ref_machine_run(&m, block, addr, 4096), CORE_DONE);
	cycles = ref_stat(&m, "core0.cycles") - cycles;
	*misses = ref_stat(&m, "core0.stlb.misses") - *misses;
	ref_machine_fini(&m);
	free(addr);
	return cycles;
}

static void a_machine_saves_its_walks(void **state)
{
	u64 misses, without = cycles_of_a_scan(TLB_PREFETCH_NONE, &misses), with;

	assert_int_equal(misses, 4096);
	assert_int_equal(without, 4096 * (7 + 16) + 512 * (16 + 7 * 5));
	with = cycles_of_a_scan(TLB_PREFETCH_NEXT_PAGE, &misses);
	assert_int_equal(misses, 1);
	assert_in_range(with, 4096 * (7 + 16), 4096 * (7 + 16) + 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scan_misses_once),
		cmocka_unit_test(a_stride_gains_nothing),
		cmocka_unit_test(no_walker_is_waited_for),
		cmocka_unit_test(early_uses_wait),
		cmocka_unit_test(a_machine_saves_its_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
