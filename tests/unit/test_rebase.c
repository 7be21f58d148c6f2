/*
 * Recordings packed into a smaller address space: what was apart stays apart, what was together together,
 * offsets within 2 MB are kept, and what cannot be is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/rebase.h"

#define REGION (2ull << 20)
#define END    (3ull << 30)
#define STACK  0x7ffffffde000ull
#define LIBS   0x7f3210a45000ull

static jmp_buf died;
static char why[512];

static void hook(int status, const char *message)
{
	snprintf(why, sizeof(why), "%s", message);
	longjmp(died, status);
}

static bool is_refused(struct rebase *r, u64 va, u64 len)
{
	die_hook_fn before = die_hook_set(hook);
	volatile bool refused = true;

	if (!setjmp(died)) {
		rebase_range(r, va, len);
		refused = false;
	}
	die_hook_set(before);
	return refused;
}

static void what_fits_stays(void **state)
{
	struct rebase *r = rebase_new(END);

	assert_int_equal(rebase_addr(r, 0x08048123), 0x08048123);
	assert_int_equal(rebase_addr(r, 0), 0);
	assert_int_equal(rebase_range(r, 0xb7f00000, 4 * REGION), 0xb7f00000);
	assert_int_equal(rebase_addr(r, END - 1), END - 1);
	/* Of no machine: left as it is. */
	assert_int_equal(rebase_addr(r, 0xffffffffff600000), 0xffffffffff600000);
	rebase_free(r);
}

/* As programs are: an image below a heap that grows up, libraries that grow down, a stack that does. */
static void neighbours_stay_neighbours(void **state)
{
	struct rebase *r = rebase_new(END);
	u64 image = rebase_range(r, 0x555555554000, 5 * REGION), libs = rebase_range(r, LIBS, 3 * REGION), i;
	u64 stack = rebase_range(r, STACK, 0x21000);
	struct tr_event brk = { .kind = TR_EV_BRK, .addr2 = 0x555555554000 + 5 * REGION };
	u64 heap = image + 5 * REGION;

	for (i = 1; i <= 50; i++) {
		struct tr_event ev = brk;

		ev.addr = brk.addr2 + i * REGION + 4096;
		rebase_event(r, &ev);
		assert_int_equal(ev.addr2, heap);
		assert_int_equal(ev.addr, heap + i * REGION + 4096);
		assert_int_equal(rebase_range(r, LIBS - i * REGION, REGION), libs - i * REGION);
		assert_int_equal(rebase_addr(r, STACK - i * REGION), stack - i * REGION);
	}
	assert_int_equal(rebase_addr(r, LIBS + 7), libs + 7);
	rebase_free(r);
}

/* Random regions: one to one, within the end, offsets kept; asked again, the same. */
static void one_to_one(void **state)
{
	u64 from[1000], to[1000];
	struct rebase *r = rebase_new(END);
	struct rng rng;
	u32 i, j;

	rng_init(&rng, 1, "rebase");
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		from[i] = rng_below(&rng, 1ull << 47);
		to[i] = rebase_addr(r, from[i]);
		assert_true(to[i] < END && to[i] % REGION == from[i] % REGION);
		for (j = 0; j < i; j++)
			assert_true((from[i] / REGION == from[j] / REGION) ==
				    (to[i] / REGION == to[j] / REGION));
	}
	for (i = 0; i < ARRAY_SIZE(from); i++)
		assert_int_equal(rebase_addr(r, from[i]), to[i]);
	rebase_free(r);
}

/* 1536 regions are 3 GB; region 0 stays for addresses that are none. */
static void what_is_too_big_is_refused(void **state)
{
	struct rebase *r = rebase_new(END);

	assert_true(is_refused(r, LIBS, END));
	assert_non_null(strstr(why, "3072 MB"));
	assert_non_null(strstr(why, "0x7f3210a45000-0x7f32d0a45000"));
	rebase_free(r);
	r = rebase_new(END);
	assert_false(is_refused(r, LIBS - LIBS % REGION, END - REGION));
	assert_true(is_refused(r, STACK, 4096));
	rebase_free(r);
}

/* Other events have no addresses of the program. */
static void events(void **state)
{
	struct rebase *r = rebase_new(END);
	struct tr_event ev = { .kind = TR_EV_REMAP, .addr = LIBS, .len = 4096, .addr2 = STACK, .len2 = 8192 };
	u64 libs = rebase_addr(r, LIBS), stack = rebase_addr(r, STACK);

	rebase_event(r, &ev);
	assert_int_equal(ev.addr, libs);
	assert_int_equal(ev.addr2, stack);
	ev = (struct tr_event){ .kind = TR_EV_PAGE_ALLOC, .addr = LIBS };
	rebase_event(r, &ev);
	assert_int_equal(ev.addr, LIBS);
	rebase_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_stays), cmocka_unit_test(neighbours_stay_neighbours),
		cmocka_unit_test(one_to_one),      cmocka_unit_test(what_is_too_big_is_refused),
		cmocka_unit_test(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
