/* The event queue: order, cancelling, time, and a long random run beside a plain list. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sim/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define N 200u

struct probe {
	struct event ev;
	u32 id;
};

static u32 fired[4 * N];
static u64 fired_at[4 * N];
static u32 n_fired;

static void note(struct event *ev, u64 now)
{
	fired[n_fired] = container_of(ev, struct probe, ev)->id;
	fired_at[n_fired++] = now;
}

static void reset(struct probe *p, u32 n)
{
	n_fired = 0;
	for (u32 i = 0; i < n; i++)
		p[i] = (struct probe){ .ev.fire = note, .id = i };
}

static void equal_times_fire_in_the_order_of_scheduling(void **state)
{
	struct event_queue q;
	struct probe p[50];

	event_queue_init(&q);
	reset(p, 50);
	for (u32 i = 0; i < 50; i++)
		event_schedule(&q, &p[i].ev, 7);
	event_run(&q, 7);
	assert_int_equal(n_fired, 50);
	for (u32 i = 0; i < 50; i++)
		assert_int_equal(fired[i], i);
	event_queue_fini(&q);
}

static void runs_up_to_and_including(void **state)
{
	struct event_queue q;
	struct probe p[3];

	event_queue_init(&q);
	reset(p, 3);
	assert_true(event_next(&q) == ~(u64)0);
	event_schedule(&q, &p[0].ev, 10);
	event_schedule(&q, &p[1].ev, 11);
	event_schedule(&q, &p[2].ev, 12);
	event_run(&q, 9);
	assert_int_equal(n_fired, 0);
	event_run(&q, 11);
	assert_int_equal(n_fired, 2);
	assert_int_equal(event_next(&q), 12);
	assert_false(event_scheduled(&p[1].ev));
	assert_true(event_scheduled(&p[2].ev));
	event_queue_fini(&q);
}

static struct event_queue *current;
static struct probe later;

static void schedules_now(struct event *ev, u64 now)
{
	note(ev, now);
	event_schedule(current, &later.ev, now);
}

static void now_is_legal_and_fires_in_the_same_run(void **state)
{
	struct event_queue q;
	struct probe p[2];

	event_queue_init(&q);
	current = &q;
	reset(p, 2);
	reset(&later, 1);
	later.id = 9;
	p[0].ev.fire = schedules_now;
	event_schedule(&q, &p[0].ev, 5);
	event_schedule(&q, &p[1].ev, 5);
	event_run(&q, 5);
	assert_int_equal(n_fired, 3);
	assert_int_equal(fired[0], 0);
	assert_int_equal(fired[1], 1);
	assert_int_equal(fired[2], 9);
	event_queue_fini(&q);
}

/* Runs f in a child; true if that aborted. */
static bool aborts(void (*f)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		f();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void schedule_at(u64 when)
{
	struct event_queue q;
	struct probe p[2];

	event_queue_init(&q);
	reset(p, 2);
	event_schedule(&q, &p[0].ev, 10);
	event_run(&q, 10);
	event_schedule(&q, &p[1].ev, when);
}

static void in_the_past(void)
{
	schedule_at(9);
}

static void in_the_present(void)
{
	schedule_at(10);
}

static void twice(void)
{
	struct event_queue q;
	struct probe p;

	event_queue_init(&q);
	reset(&p, 1);
	event_schedule(&q, &p.ev, 1);
	event_schedule(&q, &p.ev, 2);
}

static void the_past_and_twice_are_bugs(void **state)
{
	assert_true(aborts(in_the_past));
	assert_true(aborts(twice));
	assert_false(aborts(in_the_present));
}

/* Of the scheduled ones, the earliest; of equals, the one scheduled first. -1: none is due. */
static s32 naive_next(const struct probe *p, u64 until)
{
	s32 best = -1;

	for (u32 i = 0; i < N; i++) {
		const struct event *e = &p[i].ev, *b = best < 0 ? NULL : &p[best].ev;

		if (event_scheduled(e) && e->when <= until &&
		    (!b || e->when < b->when || (e->when == b->when && e->seq < b->seq)))
			best = (s32)i;
	}
	return best;
}

static void churn(struct event_queue *q, struct probe *p, struct rng *r)
{
	for (u32 k = 0; k < N; k++) {
		struct event *ev = &p[rng_below(r, N)].ev;

		if (event_scheduled(ev) && rng_below(r, 3) == 0)
			event_cancel(q, ev);
		else if (!event_scheduled(ev))
			event_schedule(q, ev, q->now + rng_below(r, 40));
	}
}

static void random_runs_agree_with_a_list(void **state)
{
	struct event_queue q;
	struct probe p[N], copy[N];
	struct rng r;

	event_queue_init(&q);
	rng_init(&r, 1, "event");
	reset(p, N);
	for (u32 round = 0; round < 2000; round++) {
		u64 until = q.now + rng_below(&r, 20);
		s32 next;

		churn(&q, p, &r);
		memcpy(copy, p, sizeof(copy));
		n_fired = 0;
		event_run(&q, until);
		for (u32 i = 0; (next = naive_next(copy, until)) >= 0; i++) {
			assert_true(i < n_fired);
			assert_int_equal(fired[i], next);
			assert_int_equal(fired_at[i], copy[next].ev.when);
			copy[next].ev.pos = 0;
		}
		for (u32 i = 0; i < N; i++)
			assert_int_equal(event_scheduled(&p[i].ev), event_scheduled(&copy[i].ev));
	}
	event_queue_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_times_fire_in_the_order_of_scheduling),
		cmocka_unit_test(runs_up_to_and_including),
		cmocka_unit_test(now_is_legal_and_fires_in_the_same_run),
		cmocka_unit_test(the_past_and_twice_are_bugs),
		cmocka_unit_test(random_runs_agree_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
