/* Where threads go and who runs next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/core/sched.h"

#define CORES   2u
#define THREADS 6u

static struct thread th[THREADS];
static struct sched s;

static int begin(void **state)
{
	memset(th, 0, sizeof(th));
	return 0;
}

static int end(void **state)
{
	sched_fini(&s);
	return 0;
}

static void init(const struct sched_cfg *cfg)
{
	struct sched_cfg with_times = *cfg;

	with_times.slice.cycles = 10;
	with_times.quantum.cycles = 100;
	with_times.switch_time.cycles = 7;
	sched_init(&s, &with_times, CORES, 1000000000);
}

/* The core's next thread by number, -1: none. */
static int next(u32 core)
{
	u64 cost;
	struct thread *t = sched_next(&s, core, &cost);

	return t ? (int)(t - th) : -1;
}

static void test_threads_spread_over_idle_cores(void **state)
{
	init(&(struct sched_cfg){ .contexts = 1, .affinity = true });
	assert_int_equal(sched_add(&s, &th[0]), 0);
	assert_int_equal(sched_add(&s, &th[1]), 1);
	assert_int_equal(next(0), 0);
	assert_int_equal(next(1), 1);
	/* All are busy: the shortest queue. */
	assert_int_equal(sched_add(&s, &th[2]), 0);
	assert_int_equal(sched_add(&s, &th[3]), 1);
}

static void test_affinity(void **state)
{
	init(&(struct sched_cfg){ .contexts = 1, .affinity = true });
	sched_add(&s, &th[0]);
	sched_add(&s, &th[1]);
	next(0);
	next(1);
	sched_remove(&s, 0);
	sched_remove(&s, 1);
	assert_int_equal(sched_add(&s, &th[1]), 1);
	assert_int_equal(next(1), 1);
	/* Its core is busy, another is idle. */
	th[2].ran = true;
	th[2].last_core = 1;
	assert_int_equal(sched_add(&s, &th[2]), 0);
	assert_int_equal(next(0), 2);
	assert_int_equal(s.st.migrations, 1);
}

static void test_without_affinity_the_first_idle_core(void **state)
{
	init(&(struct sched_cfg){ .contexts = 1 });
	th[0].ran = true;
	th[0].last_core = 1;
	assert_int_equal(sched_add(&s, &th[0]), 0);
}

static void test_idle_cores_take_who_waits_elsewhere(void **state)
{
	u32 i;

	init(&(struct sched_cfg){ .contexts = 1, .affinity = true });
	for (i = 0; i < 5; i++)
		sched_add(&s, &th[i]); /* 0 and 1 at once, 2 and 4 wait for core 0, 3 for core 1 */
	next(0);
	assert_int_equal(next(1), 1);
	sched_remove(&s, 1);
	assert_int_equal(next(1), 3);
	sched_remove(&s, 1);
	assert_int_equal(next(1), 2);
	assert_int_equal(s.st.steals, 1);
	sched_remove(&s, 1);
	assert_int_equal(next(1), 4);
	sched_remove(&s, 1);
	assert_int_equal(next(1), -1); /* 0 runs, it does not wait */
}

static void test_pinned_threads_stay(void **state)
{
	u32 i;

	init(&(struct sched_cfg){ .contexts = 1, .pin = true });
	for (i = 0; i < 5; i++)
		assert_int_equal(sched_add(&s, &th[i]), i % CORES);
	assert_int_equal(next(1), 1);
	sched_remove(&s, 1);
	assert_int_equal(next(1), 3);
	sched_remove(&s, 1);
	assert_int_equal(next(1), -1);
	assert_int_equal(next(0), 0);
}

static void test_one_queue_is_first_come_first_served(void **state)
{
	u32 i;

	init(&(struct sched_cfg){ .contexts = 1, .affinity = true, .queue = 1 });
	for (i = 0; i < 5; i++)
		assert_int_equal(sched_add(&s, &th[i]), i < CORES ? i : SCHED_ANY);
	next(0);
	next(1);
	/* A quantum is over: behind the others, even if its core was its last one. */
	assert_int_equal(sched_used(&s, 1, 100), SCHED_ANY);
	assert_int_equal(next(1), 2);
	sched_remove(&s, 0);
	assert_int_equal(next(0), 3);
	sched_remove(&s, 0);
	assert_int_equal(next(0), 4);
	sched_remove(&s, 0);
	assert_int_equal(next(0), 1);
}

/* Round robin: a thread keeps its core for its quantum, then the next of its queue has it. */
static void test_quanta(void **state)
{
	u64 cost;
	u32 i;

	init(&(struct sched_cfg){ .contexts = 1, .pin = true });
	for (i = 0; i < 5; i++)
		sched_add(&s, &th[i]);
	assert_int_equal(next(0), 0);
	assert_int_equal(sched_turn(&s, 0), 100);
	sched_used(&s, 0, 60);
	assert_int_equal(next(0), 0);
	assert_int_equal(sched_turn(&s, 0), 40);
	sched_used(&s, 0, 40);
	assert_ptr_equal(sched_next(&s, 0, &cost), &th[2]);
	assert_int_equal(cost, 7);
	sched_used(&s, 0, 100);
	assert_int_equal(next(0), 4);
	sched_used(&s, 0, 100);
	assert_int_equal(next(0), 0);
	assert_int_equal(s.st.switches, 3);
}

/* Contexts of a core alternate in slices, for nothing; the next thread comes when one is empty. */
static void test_contexts_of_each_core(void **state)
{
	u64 cost;
	u32 i;

	init(&(struct sched_cfg){ .contexts = 2, .affinity = true });
	for (i = 0; i < 5; i++)
		assert_int_equal(sched_add(&s, &th[i]), i < 2 ? 0 : i < 4 ? 1 : 0);
	for (i = 0; i < 3; i++) {
		assert_ptr_equal(sched_next(&s, 0, &cost), &th[i % 2]);
		assert_int_equal(cost, 0);
		assert_int_equal(sched_turn(&s, 0), 10);
		sched_used(&s, 0, 10);
	}
	assert_int_equal(next(1), 2);
	sched_used(&s, 1, 10);
	assert_int_equal(next(1), 3);
	assert_ptr_equal(sched_next(&s, 0, &cost), &th[1]);
	sched_remove(&s, 0);
	assert_ptr_equal(sched_next(&s, 0, &cost), &th[0]);
	assert_ptr_equal(sched_next(&s, 0, &cost), &th[4]);
	assert_int_equal(cost, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads_spread_over_idle_cores, begin, end),
		cmocka_unit_test_setup_teardown(test_affinity, begin, end),
		cmocka_unit_test_setup_teardown(test_without_affinity_the_first_idle_core, begin, end),
		cmocka_unit_test_setup_teardown(test_idle_cores_take_who_waits_elsewhere, begin, end),
		cmocka_unit_test_setup_teardown(test_pinned_threads_stay, begin, end),
		cmocka_unit_test_setup_teardown(test_one_queue_is_first_come_first_served, begin, end),
		cmocka_unit_test_setup_teardown(test_quanta, begin, end),
		cmocka_unit_test_setup_teardown(test_contexts_of_each_core, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
