/* The frame pool, and what it is made of, against naive twins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/bitset.h"
#include "model/mm/frame.h"
#include "model/base/map64.h"

#define PAGE 4096ull

static struct frames *make(u64 bytes, enum frame_placement placement, u32 colours, u64 seed)
{
	const struct frames_cfg cfg = {
		.bytes = bytes, .shift = FRAME_SHIFT, .placement = placement, .colours = colours, .nodes = 1
	};

	return frames_new(&cfg, seed);
}

/* What the pool should be: a reference count a frame, and a search one by one. */
struct twin {
	u32 refs[4096];
	u64 total;
	u32 colours;
	enum frame_placement placement;
	u64 turn;
	struct rng rng;
};

static u64 twin_first(const struct twin *t, u64 from)
{
	u64 i;

	for (i = 0; i < t->total; i++)
		if (!t->refs[(from + i) % t->total])
			return (from + i) % t->total;
	return NO_FRAME;
}

/* The lowest free frame of a colour, then of the next colours. */
static u64 twin_colour(const struct twin *t, u64 colour)
{
	u64 c, pfn;

	for (c = 0; c < t->colours; c++)
		for (pfn = (colour + c) % t->colours; pfn < t->total; pfn += t->colours)
			if (!t->refs[pfn])
				return pfn;
	return NO_FRAME;
}

static u64 twin_alloc(struct twin *t, u64 va)
{
	bool user = va != ~(u64)0;

	switch (t->placement) {
	case FRAME_SEQUENTIAL:
		return twin_first(t, 0);
	case FRAME_RANDOM:
		return twin_first(t, rng_below(&t->rng, t->total));
	case FRAME_COLOURED:
		return twin_colour(t, user ? va / PAGE : t->turn++);
	case FRAME_IDENTITY:
		return twin_first(t, user ? va / PAGE % t->total : t->total - t->total / 16 - 1);
	case FRAME_BUDDY:
		break;
	}
	return NO_FRAME;
}

static void twin_step(struct frames *f, struct twin *t, struct rng *rng, u32 fill)
{
	u64 pfn = rng_below(rng, t->total), va = rng_below(rng, 1ull << 47);

	if (rng_below(rng, 100) < fill) {
		if (rng_below(rng, 8) == 0)
			va = ~(u64)0;
		pfn = twin_alloc(t, va);
		assert_int_equal(frame_alloc(f, NULL, 0, 0, va, 0), pfn);
		if (pfn != NO_FRAME)
			t->refs[pfn] = 1;
	} else if (t->refs[pfn] && rng_below(rng, 3) == 0) {
		frame_get(f, pfn);
		t->refs[pfn]++;
	} else if (t->refs[pfn]) {
		assert_int_equal(frame_put(f, NULL, pfn), --t->refs[pfn] == 0);
	}
}

static void twin_run(enum frame_placement placement, u64 total, u32 colours)
{
	struct frames *f = make(total * PAGE, placement, colours, 7);
	struct twin t = { .total = total, .colours = colours, .placement = placement };
	struct rng rng;
	u64 i, used = 0;
	u32 step;

	rng_init(&t.rng, 7, "frames");
	rng_init(&rng, placement, "test");
	for (step = 0; step < 30000; step++)
		twin_step(f, &t, &rng, step / 3000 % 2 ? 20 : 70);
	for (i = 0; i < total; i++) {
		assert_int_equal(frame_refs(f, i), t.refs[i]);
		used += t.refs[i] != 0;
	}
	assert_int_equal(frames_in_use(f), used);
	frames_sane(f);
	frames_free(f);
}

static void placements_equal_their_twins(void **state)
{
	static const u64 totals[] = { 1, 16, 63, 64, 65, 100, 1000, 4096 };
	u32 placement, i;

	for (placement = 0; placement <= FRAME_IDENTITY; placement++)
		for (i = 0; i < ARRAY_SIZE(totals); i++)
			twin_run(placement, totals[i], i % 2 ? 8 : 5);
}

static void all_frames_are_handed_out_once(void **state)
{
	u32 placement, i;

	for (placement = 0; placement <= FRAME_IDENTITY; placement++) {
		struct frames *f = make(777 * PAGE, placement, 32, 3);
		u8 *seen = calloc(777, 1);

		for (i = 0; i < 777; i++) {
			u64 pfn = frame_alloc(f, NULL, 0, 0, i * 3 * PAGE, 0);

			assert_in_range(pfn, 0, 776);
			assert_int_equal(seen[pfn % 777]++, 0);
		}
		assert_int_equal(frame_alloc(f, NULL, 0, 0, 0, 0), NO_FRAME);
		frames_free(f);
		free(seen);
	}
}

static void colours_match_while_there_are_frames(void **state)
{
	struct frames *f = make(3200 * PAGE, FRAME_COLOURED, 32, 1);
	u64 vpn;

	for (vpn = 12345; vpn < 12345 + 3200; vpn++)
		assert_int_equal(frame_alloc(f, NULL, 0, 0, vpn * PAGE, 0) % 32, vpn % 32);
	frames_free(f);
}

static void random_frames_spread(void **state)
{
	struct frames *f = make(65536 * PAGE, FRAME_RANDOM, 1, 5);
	u32 sixteenth[16] = { 0 }, i;

	for (i = 0; i < 16000; i++)
		sixteenth[frame_alloc(f, NULL, 0, 0, 0, 0) / 4096]++;
	/* 1000 each, standard deviation about 30 */
	for (i = 0; i < 16; i++)
		assert_in_range(sixteenth[i], 850, 1150);
	frames_free(f);
}

static void blocks_are_aligned_neighbours(void **state)
{
	u32 placement, order, i;

	for (placement = 0; placement <= FRAME_IDENTITY; placement++) {
		struct frames *f = make(4096 * PAGE, placement, 32, 9);

		frame_alloc(f, NULL, 0, 0, 0, 0);
		for (order = 1; order < 10; order++) {
			u64 pfn = frame_alloc(f, NULL, 0, order, 77 * PAGE, 0);

			assert_int_equal(pfn % (1u << order), 0);
			for (i = 0; i < 1u << order; i++)
				assert_int_equal(frame_refs(f, pfn + i), 1);
		}
		assert_int_equal(frames_in_use(f), 1 + 1022);
		assert_int_equal(frame_alloc(f, NULL, 0, 12, 0, 0), NO_FRAME);
		frames_free(f);
	}
}

static long resident_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* 64 GB cost nothing, and a frame in use far less than the 2 % of it that a host may spend. */
static void host_memory_follows_use(void **state)
{
	u32 placement;
	u64 i;

	for (placement = 0; placement <= FRAME_IDENTITY; placement++) {
		long before = resident_kb();
		struct frames *f = make(64ull << 30, placement, 32, 1);

		/* Less than its bits, 2 MB; the host counts resident pages in batches. */
		assert_true(resident_kb() - before < 1024);
		for (i = 0; i < 100000; i++)
			frame_alloc(f, NULL, 0, 0, i * PAGE, 0);
		/* The bits of all 64 GB, at most: 2 MB and a little. */
		assert_true(resident_kb() - before < 3000);
		frames_free(f);
	}
}

static void map64_equals_an_array(void **state)
{
	struct map64 m = { 0 };
	u64 value[512] = { 0 }, n = 0, sum = 0, expected = 0;
	const struct map64_slot *s;
	struct rng rng;
	u32 step, i;

	rng_init(&rng, 1, "map64");
	for (step = 0; step < 200000; step++) {
		u64 k = rng_below(&rng, 512), key = k << 52 | k;

		if (value[k] && rng_below(&rng, 2)) {
			map64_remove(&m, key);
			value[k] = 0;
			n--;
		} else if (rng_below(&rng, 100) < (step / 5000 % 2 ? 90 : 30)) {
			n += !value[k];
			value[k] = rng_next(&rng) | 1;
			map64_set(&m, key, value[k]);
		}
		k = rng_below(&rng, 512);
		assert_true(value[k] ? *map64_find(&m, k << 52 | k) == value[k]
				     : !map64_find(&m, k << 52 | k));
		assert_int_equal(m.n, n);
	}
	for (s = map64_next(&m, NULL); s; s = map64_next(&m, s))
		sum += s->value;
	for (i = 0; i < 512; i++)
		expected += value[i];
	assert_int_equal(sum, expected);
	map64_fini(&m);
}

static void bitset_twin(u64 n)
{
	struct bitset b;
	u8 *in = calloc(n, 1);
	struct rng rng;
	u64 i, from;
	u32 step;

	bitset_init(&b, n);
	rng_init(&rng, n, "bitset");
	for (step = 0; step < 20000; step++) {
		i = rng_below(&rng, n);
		if (in[i] && rng_below(&rng, 100) < (step / 2000 % 2 ? 60 : 2))
			bitset_remove(&b, i), in[i] = 0;
		else if (!in[i])
			bitset_add(&b, i), in[i] = 1;
		assert_int_equal(bitset_has(&b, i), in[i]);
		from = rng_below(&rng, n);
		for (i = from; i < n && in[i]; i++)
			;
		assert_int_equal(bitset_next_free(&b, from), i < n ? i : BITSET_NONE);
	}
	bitset_fini(&b);
	free(in);
}

static void bitsets_equal_their_twins(void **state)
{
	static const u64 sizes[] = { 1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 5000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		bitset_twin(sizes[i]);
}

/* Each node's frames come first from its own quarter, and then from the next ones. */
static void nodes_keep_to_their_part(void **state)
{
	static const enum frame_placement placement[] = { FRAME_SEQUENTIAL, FRAME_RANDOM, FRAME_COLOURED };
	const u64 quarter = 1024;

	for (u32 p = 0; p < ARRAY_SIZE(placement); p++) {
		for (u32 node = 0; node < 4; node++) {
			const struct frames_cfg cfg = { .bytes = 4 * quarter * PAGE,
							.shift = FRAME_SHIFT,
							.placement = placement[p],
							.colours = 32,
							.nodes = 4 };
			struct frames *f = frames_new(&cfg, 1);

			/* Half of it: a random place near its end may lead into the next. */
			for (u64 i = 0; i < quarter / 2; i++) {
				u64 pfn = frame_alloc(f, NULL, 0, 0, i * PAGE, node);

				assert_true(pfn / quarter == node || (placement[p] == FRAME_RANDOM &&
								      pfn / quarter == (node + 1) % 4));
			}
			for (u64 i = 0; i < 4 * quarter - quarter / 2; i++)
				assert_true(frame_alloc(f, NULL, 0, 0, i * PAGE, node) != NO_FRAME);
			assert_true(frame_alloc(f, NULL, 0, 0, 0, node) == NO_FRAME);
			frames_free(f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_memory_follows_use),
		cmocka_unit_test(placements_equal_their_twins),
		cmocka_unit_test(all_frames_are_handed_out_once),
		cmocka_unit_test(colours_match_while_there_are_frames),
		cmocka_unit_test(random_frames_spread),
		cmocka_unit_test(blocks_are_aligned_neighbours),
		cmocka_unit_test(nodes_keep_to_their_part),
		cmocka_unit_test(map64_equals_an_array),
		cmocka_unit_test(bitsets_equal_their_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
