/* TLBs: set hashes, global pages, pages in pieces, contiguous entries; all of it against a list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/tlb.h"
#include "tests/ref/ref_tlb.h"

#define K4   0x1000ull
#define M2   0x200000ull
#define G1   0x40000000ull
#define USER (PTE_PRESENT | PTE_USER)

static bool holds(struct tlb *t, u64 va, u16 asid)
{
	return tlb_lookup(t, va, asid).entry != NULL;
}

static u64 translation(struct tlb *t, u64 va, u16 asid)
{
	struct tlb_hit h = tlb_lookup(t, va, asid);

	assert_non_null(h.entry);
	return tlb_pa(&h, va);
}

/* ---- set hashes ---- */

/* Misses of 10 rounds over `pages` pages, `stride` pages apart. */
static u32 misses_at_stride(enum tlb_set_hash hash, enum page_size size, u32 pages, u64 stride)
{
	const struct tlb_cfg cfg = { .any = { .entries = 1536, .ways = 12, .set_hash = hash } };
	u64 va, step = stride << page_size_shift[size];
	struct tlb t;
	u32 round, misses = 0;

	tlb_init(&t, &cfg, "stlb", 1000000000, 1);
	for (round = 0; round < 10; round++) {
		for (va = 0; va < pages * step; va += step) {
			if (holds(&t, va, 1))
				continue;
			misses++;
			tlb_fill(&t, va, 1, size, USER);
		}
	}
	tlb_fini(&t);
	return misses;
}

/*
 * Skylake's second level, 128 sets of 12. With XOR-7 pages 2^14 apart share a set, and 13 of them thrash it
 * under LRU; pages 2^7 apart lie in 13 sets. By the low bits alone both share one.
 */
static void xor7_spreads_what_a_modulo_does_not(void **state)
{
	static const enum page_size sizes[] = { PAGE_4K, PAGE_2M };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(misses_at_stride(TLB_HASH_XOR7, sizes[i], 13, 1 << 14), 130);
		assert_int_equal(misses_at_stride(TLB_HASH_XOR7, sizes[i], 12, 1 << 14), 12);
		assert_int_equal(misses_at_stride(TLB_HASH_XOR7, sizes[i], 13, 1 << 7), 13);
		assert_int_equal(misses_at_stride(TLB_HASH_NONE, sizes[i], 13, 1 << 14), 130);
		assert_int_equal(misses_at_stride(TLB_HASH_NONE, sizes[i], 13, 1 << 7), 130);
		assert_int_equal(misses_at_stride(TLB_HASH_NONE, sizes[i], 12, 1 << 7), 12);
	}
}

/* As many pages as entries, next to each other, are all held, wherever they begin. */
static void neighbours_fill_every_set(void **state)
{
	static const enum tlb_set_hash hashes[] = { TLB_HASH_NONE, TLB_HASH_XOR7 };
	const u64 first[] = { 0, 77, 1ull << 20 };
	u32 i, j;
	u64 n;

	for (i = 0; i < ARRAY_SIZE(hashes); i++) {
		for (j = 0; j < ARRAY_SIZE(first); j++) {
			const struct tlb_cfg cfg = {
				.any = { .entries = 1536, .ways = 12, .set_hash = hashes[i] }
			};
			struct tlb t;

			tlb_init(&t, &cfg, "stlb", 1000000000, 1);
			for (n = 0; n < 1536; n++)
				tlb_fill(&t, (first[j] * 128 + n) * K4, 1, PAGE_4K, USER);
			assert_int_equal(t.st.evictions, 0);
			tlb_fini(&t);
		}
	}
}

static void a_hash_needs_its_number_of_sets(void **state)
{
	const struct tlb_array_cfg good = { .entries = 3072, .ways = 12, .set_hash = TLB_HASH_XOR8 };
	const struct tlb_array_cfg bad = { .entries = 1536, .ways = 12, .set_hash = TLB_HASH_XOR8 };
	const char *key = NULL;

	assert_null(tlb_array_check(&good, &key));
	assert_non_null(tlb_array_check(&bad, &key));
	assert_string_equal(key, "set_hash");
}

/* ---- global pages ---- */

static void global_pages_are_everybodys(void **state)
{
	const struct tlb_cfg cfg = { .any = { .entries = 64, .ways = 4 } };
	struct tlb t;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	tlb_fill(&t, 5 * K4, 1, PAGE_4K, 0x77000 | USER | PTE_GLOBAL);
	tlb_fill(&t, 3 * M2, 2, PAGE_2M, 9 * M2 | USER | PTE_GLOBAL);
	tlb_fill(&t, 6 * K4, 1, PAGE_4K, 0x88000 | USER);
	assert_int_equal(translation(&t, 5 * K4 + 1, 1), 0x77001);
	assert_int_equal(translation(&t, 5 * K4 + 1, 7), 0x77001);
	assert_int_equal(translation(&t, 3 * M2 + 1, 7), 9 * M2 + 1);
	assert_false(holds(&t, 6 * K4, 7));
	/* The end of a space, or of all that a space has, leaves them. */
	tlb_flush_asid(&t, 1);
	tlb_flush_asid(&t, 2);
	assert_false(holds(&t, 6 * K4, 1));
	assert_true(holds(&t, 5 * K4, 1) && holds(&t, 3 * M2, 2));
	/* Their addresses flushed in any space take them. */
	tlb_flush_range(&t, 7, 5 * K4, 6 * K4);
	assert_false(holds(&t, 5 * K4, 1));
	tlb_flush_range(&t, 7, 0, 1000 * K4);
	assert_true(holds(&t, 3 * M2, 2));
	tlb_flush_all(&t);
	assert_false(holds(&t, 3 * M2, 2));
	assert_int_equal(t.st.flushed, 3);
	tlb_sane(&t);
	tlb_fini(&t);
}

/* Lines of the upper half are hot with all 64 bits of their addresses, of which a key holds 57. */
static void dropping_a_global_page_ends_its_hot_lines(void **state)
{
	const struct tlb_cfg cfg = { .any = { .entries = 64, .ways = 4 } };
	const u64 va = 0xffff888000005000ull;
	struct hot_lines hot;
	u64 used[8] = { 0 }, clock = 0;
	struct tlb_hit h;
	struct tlb t;

	hot_init(&hot, 8, used, 0, 6, false);
	tlb_init(&t, &cfg, "test", 1000000000, 1);
	tlb_add_hot(&t, &hot, &clock);
	tlb_fill(&t, va, 1, PAGE_4K, 0x5000 | USER | PTE_GLOBAL);
	h = tlb_lookup(&t, va, 1);
	assert_non_null(h.entry);
	hot_set(&hot, 3, (va + 64) >> 6, &h.array->tags.used_at[h.id], false);
	assert_true(hot.row[((va + 64) >> 6) % HOT_ROWS].number[HOT_READ] == (va + 64) >> 6);
	tlb_flush_all(&t);
	assert_true(hot.row[((va + 64) >> 6) % HOT_ROWS].number[HOT_READ] == HOT_NOTHING);
	tlb_fini(&t);
	hot_fini(&hot);
}

/* ---- pieces ---- */

/* An array of 4 KB only: a page of 2 MB is there one piece at a time, and goes as a whole. */
static void a_page_without_an_array_is_held_in_pieces(void **state)
{
	const struct tlb_cfg cfg = { .own = { [PAGE_4K] = { .entries = 64, .ways = 4 } } };
	struct tlb t;
	u64 i;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	for (i = 0; i < 10; i++)
		tlb_fill(&t, 3 * M2 + i * 7 * K4 + 5, 1, PAGE_2M, 9 * M2 | USER);
	for (i = 0; i < 10; i++)
		assert_int_equal(translation(&t, 3 * M2 + i * 7 * K4 + 8, 1), 9 * M2 + i * 7 * K4 + 8);
	assert_false(holds(&t, 3 * M2 + K4, 1));
	tlb_fill(&t, 4 * M2, 1, PAGE_4K, USER);
	tlb_flush_range(&t, 1, 3 * M2 + 500 * K4, 3 * M2 + 501 * K4);
	for (i = 0; i < 10; i++)
		assert_false(holds(&t, 3 * M2 + i * 7 * K4, 1));
	assert_true(holds(&t, 4 * M2, 1));
	assert_int_equal(t.st.flushed, 10);
	tlb_fini(&t);
}

/* 1 GB in pieces of the next smaller size that there is room for; nothing fits a page below the smallest. */
static void pieces_are_as_large_as_can_be(void **state)
{
	const struct tlb_cfg cfg = { .own = { [PAGE_64K] = { .entries = 4 }, [PAGE_2M] = { .entries = 4 } } };
	struct tlb_hit h;
	struct tlb t;

	tlb_init(&t, &cfg, "test", 1000000000, 1);
	tlb_fill(&t, G1 + 5 * M2, 1, PAGE_1G, 7 * G1 | USER);
	h = tlb_lookup(&t, G1 + 5 * M2 + 17 * K4, 1);
	assert_non_null(h.entry);
	assert_int_equal(h.size, PAGE_2M);
	assert_int_equal(tlb_page(*h.entry), PAGE_1G);
	assert_int_equal(tlb_pa(&h, G1 + 5 * M2 + 17 * K4), 7 * G1 + 5 * M2 + 17 * K4);
	tlb_fill(&t, K4, 1, PAGE_16K, USER);
	assert_false(holds(&t, K4, 1));
	tlb_fini(&t);
}

/* ---- against a list ---- */

struct shape {
	struct tlb_cfg cfg;
	struct ref_tlb ref;
};

static const struct shape shapes[] = {
	{ { .any = { .entries = 32, .ways = 4 } },
	  { .n_arrays = 1, .array = { { 8, 4, 0, 4, { 12, 16, 21, 30 } } } } },
	{ { .any = { .entries = 24 } }, { .n_arrays = 1, .array = { { 1, 24, 0, 4, { 12, 16, 21, 30 } } } } },
	{ { .any = { .entries = 128, .ways = 2, .set_hash = TLB_HASH_XOR6 } },
	  { .n_arrays = 1, .array = { { 64, 2, 6, 4, { 12, 16, 21, 30 } } } } },
	{ { .own = { [PAGE_4K] = { .entries = 32, .ways = 4 }, [PAGE_2M] = { .entries = 8, .ways = 4 } } },
	  { .n_arrays = 2, .array = { { 8, 4, 0, 1, { 12 } }, { 2, 4, 0, 1, { 21 } } } } },
	{ { .any = { .entries = 64, .ways = 8 }, .own = { [PAGE_1G] = { .entries = 4 } } },
	  { .n_arrays = 2, .array = { { 8, 8, 0, 3, { 12, 16, 21 } }, { 1, 4, 0, 1, { 30 } } } } },
	{ { .own = { [PAGE_4K] = { .entries = 256, .ways = 4, .set_hash = TLB_HASH_XOR6 } } },
	  { .n_arrays = 1, .array = { { 64, 4, 6, 1, { 12 } } } } },
};

struct space {
	u64 first, pages; /* pages of 4 KB */
	enum page_size size;
	bool global;
};

/* Where pages of each size lie: they do not overlap, as no tables could say so. */
static const struct space spaces[] = {
	{ 0, 200, PAGE_4K, false },
	{ 512, 320, PAGE_64K, false },
	{ 4096, 16 * 512, PAGE_2M, false },
	{ 1 << 18, 6 << 18, PAGE_1G, false },
	{ (8 << 18) + 3, 40, PAGE_4K, true },
	{ (9 << 18), 8 * 512, PAGE_2M, true },
};

static u64 frame_of(u64 va, u16 asid, enum page_size size)
{
	return (hash64(va >> page_size_shift[size] << 8 | asid) & 0xffff) << 30;
}

static void one_step(struct tlb *t, struct ref_tlb *ref, struct rng *rng)
{
	const struct space *s = &spaces[rng_below(rng, ARRAY_SIZE(spaces))];
	u64 va = (s->first + rng_below(rng, s->pages)) * K4 + rng_below(rng, K4), pa = 0, end;
	u16 asid = (u16)(1 + rng_below(rng, 3));
	u64 frame = frame_of(va, s->global ? 0 : asid, s->size);
	u32 what = (u32)rng_below(rng, 400);
	struct tlb_hit h;

	if (what == 0) {
		tlb_flush_all(t);
		ref_tlb_flush_all(ref);
	} else if (what == 1) {
		tlb_flush_asid(t, asid);
		ref_tlb_flush_space(ref, asid);
	} else if (what < 8) {
		end = (va & ~FRAME_MASK) + rng_below(rng, what < 6 ? 4 : 5000) * K4 + K4;
		tlb_flush_range(t, asid, va & ~FRAME_MASK, end);
		ref_tlb_flush(ref, asid, va & ~FRAME_MASK, end);
	} else {
		h = tlb_lookup(t, va, asid);
		assert_int_equal(h.entry != NULL, ref_tlb_lookup(ref, va, asid, &pa));
		if (h.entry) {
			assert_true(tlb_pa(&h, va) == pa);
			assert_true(pa == frame + (va & ((1ull << page_size_shift[s->size]) - 1)));
		} else {
			tlb_fill(t, va, asid, s->size, frame | USER | (s->global ? PTE_GLOBAL : 0));
			ref_tlb_fill(ref, va, asid, page_size_shift[s->size], frame, s->global);
		}
	}
}

static u32 entries_in(const struct tlb *t)
{
	u32 i, id, n = 0;

	for (i = 0; i < t->n_arrays; i++)
		for (id = 0; id < tags_ids(&t->array[i].tags); id++)
			n += t->array[i].tags.key[id] != TAG_NO_KEY;
	return n;
}

static void every_shape_equals_a_list(void **state)
{
	static struct ref_tlb ref;
	struct rng rng;
	struct tlb t;
	u32 i, step;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		ref = shapes[i].ref;
		tlb_init(&t, &shapes[i].cfg, "test", 1000000000, 1);
		rng_init(&rng, i, "steps");
		for (step = 0; step < 200000; step++) {
			one_step(&t, &ref, &rng);
			if (step % 100 == 0)
				assert_int_equal(entries_in(&t), ref_tlb_entries(&ref));
		}
		assert_true(t.st.evictions > 0 && t.st.flushed > 0);
		tlb_sane(&t);
		tlb_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xor7_spreads_what_a_modulo_does_not),
		cmocka_unit_test(neighbours_fill_every_set),
		cmocka_unit_test(a_hash_needs_its_number_of_sets),
		cmocka_unit_test(global_pages_are_everybodys),
		cmocka_unit_test(dropping_a_global_page_ends_its_hot_lines),
		cmocka_unit_test(a_page_without_an_array_is_held_in_pieces),
		cmocka_unit_test(pieces_are_as_large_as_can_be),
		cmocka_unit_test(every_shape_equals_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
