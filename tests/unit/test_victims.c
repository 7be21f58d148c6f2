/*
 * The write-back buffer against lines in flight (model/hw/mshr.h), which look at all of them each time: the
 * same cycle for each victim, the same lines on their way, whatever the order of requests, and when more are
 * on their way than either remembers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/mshr.h"
#include "model/hw/victims.h"

struct twins {
	struct victims *v;
	struct mshr_file m;
	u64 settled;
	struct rng rng;
};

static void setup(struct twins *t, u32 cap, const char *name)
{
	t->v = victims_new(cap);
	memset(&t->m, 0, sizeof(t->m));
	t->m.cap = cap;
	t->m.settled = &t->settled;
	t->settled = 0;
	rng_init(&t->rng, cap, name);
}

/* A victim that comes now, waits for room and is below some cycles later. */
static void push(struct twins *t, u64 line, u64 now, u64 cycles)
{
	u64 start = mshr_start(&t->m, now);

	victims_expire(t->v, t->settled);
	assert_int_equal(victims_room(t->v, now), start);
	mshr_add(&t->m, line, start, start + cycles);
	victims_add(t->v, line, start, start + cycles);
	assert_int_equal(t->v->n, t->m.n);
}

static void ask(struct twins *t, u64 line, u64 now)
{
	assert_int_equal(victims_hold(t->v, line, now), mshr_ready(&t->m, line, now) > now);
}

/*
 * Requests are about `spread` cycles apart from the time that goes on, one in `pace` of a cycle a request.
 * Few different cycles and lines make many ends and lines equal.
 */
static void run(u32 cap, u32 steps, u32 pace, u32 spread, u32 grain, bool settles)
{
	struct twins *t = malloc(sizeof(*t));
	u64 base = 1000000, now;
	u32 i;

	setup(t, cap, "victims");
	for (i = 0; i < steps; i++) {
		base += rng_below(&t->rng, pace) == 0 ? rng_below(&t->rng, 40) : 0;
		now = base - spread / 2 + rng_below(&t->rng, spread) / grain * grain;
		if (settles)
			t->settled = base - spread + rng_below(&t->rng, spread);
		push(t, rng_below(&t->rng, 3000), now, grain * (1 + rng_below(&t->rng, 64 / grain)));
		ask(t, rng_below(&t->rng, 3000), now + rng_below(&t->rng, 4 * spread));
	}
	victims_free(t->v);
	free(t);
}

static void like_a_search_of_all(void **state)
{
	u32 cap;

	for (cap = 1; cap <= 8; cap += cap < 3 ? 1 : 5) {
		run(cap, 2000, 1, 2000, 1, true);
		run(cap, 2000, 1, 100, 16, true);
		run(cap, 600, 8, 5000, 1, true);
		run(cap, 400, 1000, 50000, 8, true);
	}
}

/* Nothing is ever known to be over. */
static void like_it_when_many_are_forgotten(void **state)
{
	run(1, 2200, 100, 200000, 1, false);
	run(4, 2200, 4, 100000, 16, false);
	run(64, 2200, 16, 100000, 32, false);
}

/* One place, 1000 lines ahead of time, each 100 cycles on its way: number n has its place after 100 n cycles.
 */
static void one_behind_the_other(void **state)
{
	struct victims *v = victims_new(1);
	u64 i, at, now;

	for (i = 0; i < 100000; i++) {
		now = i < 1000 ? 0 : 100 * (i - 1000);
		victims_expire(v, now);
		at = victims_room(v, now);
		assert_int_equal(at, 100 * i);
		victims_add(v, i, at, at + 100);
	}
	assert_true(v->n <= 1001);
	victims_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_a_search_of_all),
		cmocka_unit_test(like_it_when_many_are_forgotten),
		cmocka_unit_test(one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
