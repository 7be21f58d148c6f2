/* Does the map of addresses over time show what was touched when, also after its pieces have doubled? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/address_map.h"
#include "traces/generate/generate.h"

#define CAPTURE "build/tests/address_map.pcap"

static void make(const char *kind, struct generate_opts o)
{
	char err[TR_ERRBUF];

	o.seed = 1;
	o.apart = 1;
	assert_true(generate(generator_find(kind), &o, CAPTURE, err));
}

static struct address_map map(void)
{
	struct address_map m;

	assert_null(address_map_read(&m, CAPTURE));
	return m;
}

/* The only stretch in which a piece was used so; ~0: none, or several. */
static u32 only_stretch(const struct address_piece *p, enum address_use use)
{
	u32 i, at = ~0u;

	for (i = 0; i < ADDRESS_MAP_COLUMNS; i++) {
		if (!address_piece_used(p, use, i))
			continue;
		if (at != ~0u)
			return ~0u;
		at = i;
	}
	return at;
}

static u32 stretches(const struct address_piece *p, enum address_use use)
{
	u32 i, n = 0;

	for (i = 0; i < ADDRESS_MAP_COLUMNS; i++)
		n += address_piece_used(p, use, i);
	return n;
}

/* One store to each of n pages in turn: a rising line, whatever the pieces' size. */
static void rises(u64 n, u64 piece_bytes)
{
	struct address_map m;
	u32 i, data, at;

	make("touch", (struct generate_opts){ .pages = n, .count = n });
	m = map();
	assert_int_equal(m.piece_bytes, piece_bytes);
	assert_in_range(m.insns / m.stretch, ADDRESS_MAP_COLUMNS / 2 - 1, ADDRESS_MAP_COLUMNS);
	data = m.n - (u32)(n * 4096 / piece_bytes);
	assert_in_range(data, 1, 2); /* code */
	assert_true(stretches(&m.piece[0], ADDRESS_FETCHED) >= MIN(n, m.insns / m.stretch));
	for (i = data; i < m.n; i++) {
		at = only_stretch(&m.piece[i], ADDRESS_STORED);
		if (at == ~0u) /* on both sides of an edge */
			assert_int_equal(stretches(&m.piece[i], ADDRESS_STORED), 2);
		else
			assert_in_range((i - data) * (piece_bytes / 4096) * (m.insns / n) / m.stretch,
					at ? at - 1 : 0, at + 1);
		assert_int_equal(stretches(&m.piece[i], ADDRESS_FETCHED), 0);
		assert_int_equal(stretches(&m.piece[i], ADDRESS_LOADED), 0);
		if (i > data)
			assert_int_equal(m.piece[i].addr, m.piece[i - 1].addr + piece_bytes);
	}
	address_map_fini(&m);
}

static void a_first_touch_rises(void **state)
{
	rises(100, 4096);
	rises(5000, 4096);
	rises(32000, 4096);
	rises(50000, 8192);
	rises(200000, 32768);
}

/* Data that is used all the time is used in every stretch. */
static void what_is_used_for_ever_is_a_bar(void **state)
{
	struct address_map m;
	u32 i, n;

	make("random", (struct generate_opts){ .size = 64 << 10, .count = 400000, .stores = 50 });
	m = map();
	n = (u32)((m.insns + m.stretch - 1) / m.stretch);
	assert_true(m.n >= 16 + 1);
	for (i = m.n - 16; i < m.n; i++) {
		assert_in_range(stretches(&m.piece[i], ADDRESS_STORED), n - 1, n);
		assert_in_range(stretches(&m.piece[i], ADDRESS_LOADED), n - 1, n);
		assert_non_null(m.piece[i].name);
	}
	address_map_fini(&m);
}

static void what_is_no_recording_is_refused(void **state)
{
	struct address_map m;
	char *bad = address_map_read(&m, "build/tests/there is no such file");

	assert_non_null(bad);
	assert_non_null(strstr(bad, "no such file"));
	free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_touch_rises),
		cmocka_unit_test(what_is_used_for_ever_is_a_bar),
		cmocka_unit_test(what_is_no_recording_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
