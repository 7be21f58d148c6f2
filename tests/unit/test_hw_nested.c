/*
 * Walks in two dimensions: how many entries they read, cold and warm, for every size of page on both sides;
 * and a recursive walker of both tables over random mappings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/walker.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_mock.h"
#include "tests/ref/ref_pt.h"

#define MEMORY (4ull << 30)
#define LEAF   (PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_WRITE | PTE_ACCESSED)

/* In the order of enum ref_pt_kind, and the kind of the tables beneath. */
static const struct pt_format *const formats[NR_REF_PT] = {
	&pt_x86_64,    &pt_x86_64_la57, &pt_i386,       &pt_i386_pae,   &pt_arm64_4k,
	&pt_arm64_16k, &pt_arm64_64k,   &pt_riscv_sv39, &pt_riscv_sv48,
};
static const enum ref_pt_kind beneath[NR_REF_PT] = { REF_X86_64,  REF_X86_64,  REF_X86_64,
						     REF_X86_64,  REF_ARM_4K,  REF_ARM_16K,
						     REF_ARM_64K, REF_SV48,    REF_SV48 };

/* A cache that answers after 10 cycles and notes what is read. */
struct note {
	struct port port;
	u64 at[REF_MAX_READS];
	u32 n;
};

static u64 note_read(struct port *p, struct mem_req *r, u64 now)
{
	struct note *n = container_of(p, struct note, port);

	n->at[n->n++ % REF_MAX_READS] = r->pa;
	return now + 10;
}

static u64 note_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now + 10;
}

static const struct port_ops note_ops = { note_read, note_write, MOCK_PORT_ENDS };

struct bench {
	const struct pt_format *f;
	struct ptmem *ptmem;
	struct stage2 *host;
	struct note note;
	struct hist hist;
	struct walker w;
	struct rng rng;
	u64 now;
	struct ref_tspace guest_space, host_space;
};

/* An empty table in a random place. */
static u64 new_table(struct bench *b)
{
	u64 size = 1ull << b->f->shift[0], pa, i;

	do
		pa = rng_below(&b->rng, MEMORY >> b->f->shift[0]) << b->f->shift[0];
	while (ptmem_has(b->ptmem, pa >> FRAME_SHIFT));
	for (i = 0; i < size; i += FRAME_SIZE)
		ptmem_add(b->ptmem, (pa + i) >> FRAME_SHIFT);
	return pa;
}

static struct bench *bench_new(enum ref_pt_kind kind, const struct nested_cfg *nested, bool walk_caches)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct walker_cfg cfg = { .count = 1 };
	struct pwc_cfg pwc = { 0 };
	struct walker_params p = { .cfg = &cfg, .pwc = &pwc, .format = formats[kind], .nested = nested,
				   .hz = 1000000000, .seed = 1 };
	u32 i;

	rng_init(&b->rng, kind, "nested");
	b->f = formats[kind];
	b->ptmem = p.ptmem = ptmem_new(MEMORY >> FRAME_SHIFT);
	b->host = p.host = stage2_new(nested, b->f, MEMORY, 1000000000, 1);
	b->note.port.ops = &note_ops;
	p.port = &b->note.port;
	p.pte_latency = &b->hist;
	for (i = 0; walk_caches && i < NR_PWC_LEVELS; i++)
		pwc.level[i] = (struct tlb_array_cfg){ .entries = 4 };
	walker_init(&b->w, &p);
	b->w.root = new_table(b);
	b->w.asid = 1;
	b->host_space = (struct ref_tspace){ .kind = beneath[kind], .m = stage2_ptmem(b->host),
					    .root = stage2_root(b->host) };
	b->guest_space = (struct ref_tspace){ .kind = kind, .m = b->ptmem, .root = b->w.root,
					     .beneath = &b->host_space };
	return b;
}

static void bench_free(struct bench *b)
{
	walker_sane(&b->w);
	walker_fini(&b->w);
	stage2_free(b->host);
	ptmem_free(b->ptmem);
	free(b);
}

/* Maps va at a level, where no larger page is in the way and none of its tables would be lost. */
static void map(struct bench *b, u64 va, u64 pa, u32 level)
{
	const struct pt_format *f = b->f;
	u64 table = b->w.root, at, e;
	u32 l;

	for (l = f->levels - 1u; l > level; l--) {
		at = pt_entry_pa(f, table, va, l);
		e = pt_read(f, b->ptmem, at);
		if (!(f->flags(e, l) & PTE_PRESENT)) {
			e = f->encode(new_table(b), PTE_TABLE, l);
			pt_write(f, b->ptmem, at, e);
		} else if (f->flags(e, l) & PTE_LEAF) {
			return;
		}
		table = f->pa(e, l);
	}
	at = pt_entry_pa(f, table, va, level);
	e = pt_read(f, b->ptmem, at);
	if (!level || !(f->flags(e, level) & PTE_PRESENT) || (f->flags(e, level) & PTE_LEAF))
		pt_write(f, b->ptmem, at, f->encode(pa, LEAF, level));
}

static struct walk walk(struct bench *b, u64 va)
{
	struct walk k = { .va = va, .access = ACCESS_READ };

	b->note.n = 0;
	walker_walk(&b->w, &k, b->now += 100000);
	return k;
}

/* ---- cold ---- */

/*
 * Each of g tables is translated by a walk of h entries, read, and at last the page is: g(h+1) + h. 24 is
 * the number of Bhargava et al. (ASPLOS 2008) for four levels over four. A PAE root is in registers.
 */
struct cold {
	enum ref_pt_kind kind;
	u32 level; /* of the guest's leaf */
	enum nested_page page;
	u32 reads;
};

static const struct cold cold[] = {
	{ REF_X86_64, 0, NESTED_4K, 24 },  { REF_X86_64, 0, NESTED_2M, 19 }, { REF_X86_64, 0, NESTED_1G, 14 },
	{ REF_X86_64, 1, NESTED_4K, 19 },  { REF_X86_64, 1, NESTED_2M, 15 }, { REF_X86_64, 1, NESTED_1G, 11 },
	{ REF_X86_64, 2, NESTED_4K, 14 },  { REF_X86_64, 2, NESTED_2M, 11 }, { REF_X86_64, 2, NESTED_1G, 8 },
	{ REF_LA57, 0, NESTED_4K, 29 },    { REF_I386, 0, NESTED_4K, 14 },   { REF_I386, 1, NESTED_2M, 7 },
	{ REF_PAE, 0, NESTED_4K, 14 },     { REF_PAE, 1, NESTED_2M, 7 },     { REF_ARM_4K, 0, NESTED_4K, 24 },
	{ REF_ARM_16K, 0, NESTED_4K, 24 }, { REF_ARM_16K, 0, NESTED_2M, 19 },
	{ REF_ARM_64K, 0, NESTED_4K, 15 }, { REF_ARM_64K, 1, NESTED_2M, 8 }, { REF_SV39, 0, NESTED_4K, 19 },
	{ REF_SV48, 0, NESTED_4K, 24 },
};

static void cold_walks_read_both_dimensions(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cold); i++) {
		const struct cold *c = &cold[i];
		const struct nested_cfg nested = { .mode = 1, .page = c->page, .placement = NESTED_RANDOM };
		struct bench *b = bench_new(c->kind, &nested, false);
		u32 g = b->f->levels - c->level - b->f->root_on_chip;
		u32 h = stage2_format(b->host)->levels - c->page;
		u64 va = 5ull << b->f->shift[c->level];
		struct walk k;

		map(b, va, 3ull << b->f->shift[c->level] & (MEMORY - 1), c->level);
		k = walk(b, va);
		assert_true(k.ok);
		assert_int_equal(b->note.n, c->reads);
		assert_int_equal(c->reads, g * (h + 1) + h);
		assert_int_equal(k.done, b->now + 10 * c->reads);
		assert_int_equal(b->w.st.pte_reads, c->reads);
		assert_int_equal(b->w.nested.st.nested_reads, (g + 1) * h);
		assert_int_equal(b->w.nested.st.nested_walks, g + 1);
		/* No cache keeps anything: the same again. */
		walk(b, va);
		assert_int_equal(b->note.n, c->reads);
		bench_free(b);
	}
}

/* ---- warm ---- */

static const struct tlb_array_cfg four = { .entries = 4 };

/* Reads of a walk to the neighbour of a page that was walked to just now. */
static u32 warm_reads(enum nested_page page, enum nested_walk_caches keep, bool nested_tlb, bool host_caches)
{
	struct nested_cfg nested = { .mode = 1, .page = page, .walk_caches = keep };
	struct bench *b;
	u32 i, n;

	for (i = 0; host_caches && i < NESTED_PWC_LEVELS; i++)
		nested.pwc[i] = four;
	if (nested_tlb)
		nested.tlb = four;
	b = bench_new(REF_X86_64, &nested, true);
	for (i = 0; i < 3; i++)
		map(b, i * FRAME_SIZE, (77 + i) << FRAME_SHIFT, 0);
	for (i = 0; i < 3; i++)
		assert_true(walk(b, i * FRAME_SIZE).ok);
	n = b->note.n;
	bench_free(b);
	return n;
}

static void warm_walks_read_two(void **state)
{
	/* The guest's PTE in a table whose place is known, and the host's entry for the page. */
	assert_int_equal(warm_reads(NESTED_4K, NESTED_COMBINED, false, true), 2);
	assert_int_equal(warm_reads(NESTED_2M, NESTED_COMBINED, false, true), 2);
	assert_int_equal(warm_reads(NESTED_1G, NESTED_COMBINED, false, true), 2);
	/* The table is known by its guest's address: it has to be translated, unless the nested TLB knows. */
	assert_int_equal(warm_reads(NESTED_4K, NESTED_GUEST, false, true), 3);
	assert_int_equal(warm_reads(NESTED_4K, NESTED_GUEST, true, true), 2);
	/* Without caches of the host's tables every translation is a whole walk. */
	assert_int_equal(warm_reads(NESTED_4K, NESTED_COMBINED, false, false), 1 + 4);
	assert_int_equal(warm_reads(NESTED_2M, NESTED_COMBINED, false, false), 1 + 3);
	assert_int_equal(warm_reads(NESTED_4K, NESTED_GUEST, false, false), 4 + 1 + 4);
	assert_int_equal(warm_reads(NESTED_4K, NESTED_GUEST, true, false), 1 + 4);
}

/* The guest flushes: its own walk caches are empty, those of the host still save all but one read each. */
static void flushes_leave_the_hosts_caches(void **state)
{
	struct nested_cfg nested = { .mode = 1, .pwc = { four, four, four }, .tlb = { .entries = 8 } };
	struct bench *b = bench_new(REF_X86_64, &nested, true);
	u64 hits;

	map(b, 0, 77 << FRAME_SHIFT, 0);
	walk(b, 0);
	walk(b, 0);
	assert_int_equal(b->note.n, 2);
	hits = b->w.nested.st.nested_tlb_hits;
	walker_flush_all(&b->w);
	walk(b, 0);
	/* Four tables of the guest by the nested TLB, four entries of theirs, and one for the page. */
	assert_int_equal(b->note.n, 5);
	assert_int_equal(b->w.nested.st.nested_tlb_hits - hits, 4);
	walker_flush_range(&b->w, 1, 0, FRAME_SIZE);
	walk(b, 0);
	assert_int_equal(b->note.n, 5);
	bench_free(b);
}

/* ---- sizes ---- */

/* Of two sizes the TLB holds the smaller, and knows the guest's, by which it is flushed. */
static void entries_have_the_smaller_size(void **state)
{
	static const enum page_size sizes[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	u32 level, page;

	for (level = 0; level < 3; level++) {
		for (page = 0; page < 3; page++) {
			const struct nested_cfg nested = { .mode = 1, .page = page,
							   .placement = NESTED_RANDOM };
			struct bench *b = bench_new(REF_X86_64, &nested, false);
			u64 va = (3ull << 30) + 0x2345678, gpa = 1ull << 30 | (va & 0x3fffffff);
			u64 size = 1ull << page_size_shift[sizes[MIN(level, page)]];
			struct walk k;

			map(b, va, align_down(gpa, 1ull << b->f->shift[level]), level);
			k = walk(b, va);
			assert_true(k.ok);
			assert_int_equal(k.size, sizes[MIN(level, page)]);
			assert_int_equal(tlb_page(k.entry), sizes[level]);
			assert_true((k.entry & ~TLB_FLAGS) == align_down(stage2_pa(b->host, gpa), size));
			bench_free(b);
		}
	}
}

/* A guest's large page on small ones of its host's: pieces in the TLB, all gone with one flush. */
static void a_splintered_page_goes_as_one(void **state)
{
	const struct nested_cfg nested = { .mode = 1, .page = NESTED_4K, .placement = NESTED_RANDOM };
	const struct tlb_cfg cfg = { .any = { .entries = 64, .ways = 4 } };
	struct bench *b = bench_new(REF_X86_64, &nested, false);
	struct tlb_hit h;
	struct tlb t;
	u64 i, va;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	map(b, 2 << 20, 6 << 20, 1);
	for (i = 0; i < 40; i++) {
		struct walk k;

		va = (2 << 20) + i * 3 * FRAME_SIZE + 0x123;
		k = walk(b, va);
		tlb_fill(&t, va, 1, k.size, k.entry);
		h = tlb_lookup(&t, va, 1);
		assert_non_null(h.entry);
		assert_true(tlb_pa(&h, va) ==
			    stage2_pa(b->host, (6 << 20) + i * 3 * FRAME_SIZE + 0x123));
		assert_null(tlb_lookup(&t, va + FRAME_SIZE, 1).entry);
	}
	tlb_flush_range(&t, 1, 2 << 20, (2 << 20) + FRAME_SIZE);
	for (i = 0; i < 40; i++)
		assert_null(tlb_lookup(&t, (2 << 20) + i * 3 * FRAME_SIZE, 1).entry);
	assert_int_equal(t.st.flushed, 40);
	tlb_fini(&t);
	bench_free(b);
}

/* ---- the host ---- */

static void placement_is_a_permutation(void **state)
{
	static const u64 sizes[] = { 64 << 20, (64 << 20) + 4096 * 5, 96 << 20 };
	u32 i;
	u64 gpa, moved;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct nested_cfg random = { .mode = 1, .placement = NESTED_RANDOM };
		const struct nested_cfg same = { .mode = 1 };
		struct stage2 *h = stage2_new(&random, &pt_x86_64, sizes[i], 1000000000, 7);
		struct stage2 *s = stage2_new(&same, &pt_x86_64, sizes[i], 1000000000, 7);
		u8 *taken = calloc(sizes[i] >> 12, 1);

		for (moved = 0, gpa = 0; gpa < sizes[i]; gpa += FRAME_SIZE) {
			u64 pa = stage2_pa(h, gpa + 0x123);

			assert_true(pa < sizes[i] && (pa & FRAME_MASK) == 0x123);
			assert_int_equal(taken[pa >> 12]++, 0);
			moved += pa != gpa + 0x123;
			assert_true(stage2_pa(s, gpa + 0x123) == gpa + 0x123);
		}
		assert_true(moved > (sizes[i] >> 12) * 99 / 100);
		assert_true(stage2_root(h) >= sizes[i]);
		stage2_free(h);
		stage2_free(s);
		free(taken);
	}
}

/* The first use of each page of the host costs its fault, once. */
static void first_uses_wait_for_the_host(void **state)
{
	const struct nested_cfg nested = { .mode = 1, .fault = { .cycles = 1000 } };
	struct bench *b = bench_new(REF_X86_64, &nested, false);
	struct walk k;

	map(b, 0, 77 << FRAME_SHIFT, 0);
	/* Four tables and the page. */
	k = walk(b, 0);
	assert_int_equal(k.done, b->now + 24 * 10 + 5 * 1000);
	assert_int_equal(b->w.nested.st.nested_faults, 5);
	k = walk(b, 0);
	assert_int_equal(k.done, b->now + 24 * 10);
	assert_int_equal(stage2_touch(b->host, 78 << FRAME_SHIFT), 1000);
	assert_int_equal(stage2_touch(b->host, 78 << FRAME_SHIFT), 0);
	bench_free(b);
}

static void impossible_hosts_are_refused(void **state)
{
	const struct nested_cfg large = { .mode = 1, .page = NESTED_1G }, small = { .mode = 1 }, off = { 0 };
	const char *key = NULL;

	assert_null(nested_check(&large, &pt_x86_64, &key));
	assert_null(nested_check(&large, &pt_i386, &key));
	assert_null(nested_check(&off, NULL, &key));
	assert_non_null(nested_check(&large, &pt_arm64_64k, &key));
	assert_string_equal(key, "page");
	assert_non_null(nested_check(&small, NULL, &key));
	assert_string_equal(key, "mode");
}

/* ---- against a recursive walker of both ---- */

static u64 random_va(struct bench *b)
{
	u64 va = rng_below(&b->rng, 4096);
	u32 level;

	for (level = 0; level < b->f->levels; level++)
		va += rng_below(&b->rng, MIN(level ? 3u : 64u, 1u << b->f->bits[level]))
		      << b->f->shift[level];
	return va;
}

static void map_at_random(struct bench *b)
{
	u64 va = random_va(b), pa = rng_below(&b->rng, MEMORY);
	u32 level = rng_below(&b->rng, 8) ? 0 : (u32)rng_below(&b->rng, b->f->levels);

	if (b->f->leaf[level] == NR_PAGE_SIZES || b->f->shift[level] > 30)
		level = 0;
	map(b, va, pa & ~((1ull << b->f->shift[level]) - 1), level);
}

static bool equals_twin(struct bench *b, bool all_reads)
{
	u64 va = random_va(b);
	struct ref_reads reads;
	struct ref_pt ref;
	struct walk k;
	u32 i;

	k = walk(b, va); /* first: the host maps what it meets */
	ref = ref_space_walk(&b->guest_space, va, &reads);
	assert_int_equal(k.ok, ref.present);
	for (i = 0; all_reads && i < ref.reads; i++)
		assert_true(b->note.at[i] == reads.at[i]);
	if (all_reads)
		assert_int_equal(b->note.n, ref.reads);
	else
		assert_true(b->note.n <= ref.reads);
	if (!k.ok)
		return false;
	assert_int_equal(page_size_shift[k.size], ref.shift);
	assert_int_equal(page_size_shift[tlb_page(k.entry)], ref.page_shift);
	assert_true(((k.entry & ~TLB_FLAGS) | (va & ((1ull << ref.shift) - 1))) == ref.pa);
	return true;
}

/* With caches a walk reads less; what it finds is the same. */
static void every_pair_equals_a_recursive_walker(void **state)
{
	u32 kind, page, i, found;

	for (kind = 0; kind < NR_REF_PT; kind++) {
		for (page = 0; page < 6; page++) {
			struct nested_cfg nested = { .mode = 1, .page = page / 2,
						     .placement = NESTED_RANDOM };
			bool caches = page % 2;
			struct bench *b;
			const char *key;

			if (nested_check(&nested, formats[kind], &key))
				continue;
			if (caches)
				nested = (struct nested_cfg){ .mode = 1, .page = page / 2,
							      .placement = NESTED_RANDOM,
							      .pwc = { four, four, four }, .tlb = four,
							      .walk_caches = kind % 2 };
			b = bench_new(kind, &nested, caches);
			for (found = i = 0; i < 4000; i++) {
				map_at_random(b);
				found += equals_twin(b, !caches);
				if (caches)
					walker_flush_all(&b->w); /* tables have changed */
				found += equals_twin(b, !caches);
			}
			assert_true(found > 1000);
			bench_free(b);
		}
	}
}

/* ---- the whole machine ---- */

/*
 * 4,096 pages, a line in each, in order: a walk is the guest's PTE and the host's, each from L1 but for the
 * first of a line, which comes from L2. The guest's lie together, so 512 lines; the host's have the order of
 * the frames.
 */
static void a_chase_beyond_the_stlb_takes_two_reads_a_walk(void **state)
{
	static const struct tr_slot chase = { .size = 8, .kind = TR_LOAD, .dep = 1 };
	struct ref_machine m;
	u64 *addr = malloc(4096 * sizeof(*addr)), reads, cycles, walks, line, last = 0, lines = 0;
	u32 i, block;

	ref_machine_cfg(&m);
	m.hw.nested = (struct nested_cfg){ .mode = 1, .pwc = { { .entries = 32, .ways = 4 }, four, four } };
	ref_machine_init(&m);
	for (i = 0; i < 4096; i++)
		addr[i] = 0x10000000ull + i * FRAME_SIZE + i * 64ull % FRAME_SIZE;
	block = ref_machine_block(&m, 0x400000, 1, &chase, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(ref_machine_run(&m, block, addr, 4096), CORE_DONE);
	for (i = 0; i < 4096; i++) {
		line = ref_pt_walk(REF_X86_64, m.tables.ptmem, m.tables.root, addr[i]).pa >> FRAME_SHIFT >> 3;
		lines += line != last;
		last = line;
	}
	assert_in_range(lines, 512, 520);
	walks = ref_stat(&m, "core0.walker.walks");
	reads = ref_stat(&m, "core0.walker.pte_reads");
	cycles = ref_stat(&m, "core0.walker.cycles");
	assert_int_equal(ref_machine_run(&m, block, addr, 4096), CORE_DONE);
	assert_int_equal(ref_stat(&m, "core0.walker.walks") - walks, 4096);
	assert_int_equal(ref_stat(&m, "core0.walker.pte_reads") - reads, 2 * 4096);
	assert_int_equal(ref_stat(&m, "core0.walker.cycles") - cycles,
			 2 * 4096 * 5 + (512 + lines) * (16 - 5));
	ref_machine_fini(&m);
	free(addr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cold_walks_read_both_dimensions),
		cmocka_unit_test(warm_walks_read_two),
		cmocka_unit_test(flushes_leave_the_hosts_caches),
		cmocka_unit_test(entries_have_the_smaller_size),
		cmocka_unit_test(a_splintered_page_goes_as_one),
		cmocka_unit_test(placement_is_a_permutation),
		cmocka_unit_test(first_uses_wait_for_the_host),
		cmocka_unit_test(impossible_hosts_are_refused),
		cmocka_unit_test(every_pair_equals_a_recursive_walker),
		cmocka_unit_test(a_chase_beyond_the_stlb_takes_two_reads_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
