/*
 * Do lines that are written together leave caches, counters and what DRAM is asked as lines written one by
 * one through cache_store() do? Random loads, stores and clearings on two hierarchies of three levels, small,
 * with each policy in each level.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/cache_whole.h"

#define LINE   64u
#define LEVELS 3u
#define STEPS  4000u
#define SPACE  2048u /* lines */
#define MOST   64u  /* cleared at once */

/* What was asked of memory, added up so that the order counts. */
struct below {
	struct port port;
	u64 hash, n;
};

static void note(struct below *b, u64 a, u64 now)
{
	b->hash = (b->hash ^ a) * 0x9e3779b97f4a7c15ull + now;
	b->n++;
}

static u64 below_read(struct port *p, struct mem_req *r, u64 now)
{
	note(container_of(p, struct below, port), r->pa, now);
	r->served = MEM_DRAM;
	return now + 100;
}

static u64 below_write(struct port *p, const struct mem_req *r, u64 now)
{
	note(container_of(p, struct below, port), r->pa | 1 | (u64)r->kernels << 1 | (u64)r->service << 2,
	     now);
	return now;
}

static void below_expect(struct port *p, u64 pa, bool write)
{
}

static u64 below_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return now;
}

static void below_gone(struct port *p, u64 pa, u64 now)
{
}

static const struct port_ops below_ops = { below_read, below_write, below_expect, below_upgrade, below_gone };

struct side {
	struct below below;
	struct cache_cfg cfg[LEVELS];
	struct cache level[LEVELS]; /* the first is the first */
	u64 now, turned_out, done;
};

static void init(struct side *s, u32 policy, u32 ways)
{
	static const u64 sets[LEVELS] = { 4, 8, 16 };
	u32 i;

	memset(s, 0, sizeof(*s));
	s->below.port.ops = &below_ops;
	for (i = LEVELS; i-- > 0;) {
		struct cache_params p = { .name = "test", .level = MEM_L1 + i, .hz = 1000000000, .seed = 1 };

		s->cfg[i] = (struct cache_cfg){ .size = sets[i] * ways * LINE,
						.ways = ways,
						.line = LINE,
						.latency = { .cycles = 5 * (i + 1) },
						.slices = 1,
						.indexing = INDEX_PIPT,
						.replacement = policy,
						.write = WRITE_BACK,
						.allocate = true,
						.sharers = 1,
						.mshrs = 4 };
		p.cfg = &s->cfg[i];
		p.below = i + 1 < LEVELS ? &s->level[i + 1].port : &s->below.port;
		p.shortcut = true;
		cache_init(&s->level[i], &p);
	}
}

static void fini(struct side *s)
{
	u32 i;

	for (i = 0; i < LEVELS; i++) {
		cache_sane(&s->level[i]);
		cache_fini(&s->level[i]);
	}
}

static struct mem_req request(struct side *s, u64 line, enum mem_class cls)
{
	return (struct mem_req){ .pa = line * LINE,
				 .bytes = LINE,
				 .cls = cls,
				 .kernels = mem_is_kernels(cls),
				 .turns_out = mem_is_kernels(cls) ? &s->turned_out : NULL };
}

static void access_line(struct side *s, u64 line, bool write, bool kernels)
{
	struct mem_req r = request(s, line, kernels ? MEM_KERNEL_LOAD : MEM_LOAD);

	if (write)
		r.cls = kernels ? MEM_KERNEL_RFO : MEM_RFO;
	r.bytes = 8;
	s->done += write ? cache_store(&s->level[0], &r, s->now) : cache_load(&s->level[0], &r, s->now);
	s->now += 40;
}

static void clear_one(struct side *s, u64 line)
{
	struct mem_req r = request(s, line, MEM_KERNEL_RFO);

	s->done += cache_store(&s->level[0], &r, s->now++);
}

static void clear_together(struct side *s, u64 line, u32 n)
{
	struct cache_down down = { 0 };
	u64 at[MOST];
	u32 part, i;

	assert_true(cache_takes_whole(&s->level[0]));
	for (; n; line += part, n -= part) {
		struct mem_req r = request(s, line, MEM_KERNEL_RFO);

		part = cache_absent(&s->level[0], &r, n);
		for (i = 0; i < part; i++) {
			at[i] = s->now++;
			s->done += at[i] + s->level[0].latency;
		}
		if (part)
			cache_put_whole(&s->level[0], &r, part, at, &down);
		else
			clear_one(s, line);
		part = part ? part : 1;
	}
	cache_send_down(&s->level[0], &down);
}

static void assert_equal(const struct side *a, const struct side *b)
{
	u32 i, n;

	assert_int_equal(a->below.n, b->below.n);
	assert_int_equal(a->below.hash, b->below.hash);
	assert_int_equal(a->done, b->done);
	assert_int_equal(a->turned_out, b->turned_out);
	for (i = 0; i < LEVELS; i++) {
		const struct cache *x = &a->level[i], *y = &b->level[i];

		assert_memory_equal(&x->st, &y->st, sizeof(x->st));
		n = tags_ids(&x->tags);
		assert_memory_equal(x->tags.key, y->tags.key, n * sizeof(*x->tags.key));
		assert_memory_equal(x->state, y->state, n);
	}
}

static void run(u32 policy, u32 ways)
{
	static struct side one, together;
	struct rng rng;
	u32 i, k, n;

	rng_init(&rng, policy + ways, "whole");
	init(&one, policy, ways);
	init(&together, policy, ways);
	for (i = 0; i < STEPS; i++) {
		u64 line = rng_below(&rng, SPACE);
		bool write = rng_below(&rng, 2), kernels = rng_below(&rng, 2);

		if (rng_below(&rng, 4)) {
			access_line(&one, line, write, kernels);
			access_line(&together, line, write, kernels);
			continue;
		}
		n = 1 + (u32)rng_below(&rng, MOST);
		for (k = 0; k < n; k++)
			clear_one(&one, line + k);
		clear_together(&together, line, n);
		if (i % 16 == 0)
			assert_equal(&one, &together);
	}
	assert_equal(&one, &together);
	assert_true(one.below.n > STEPS);
	fini(&one);
	fini(&together);
}

static void test_each_policy(void **state)
{
	static const u32 policies[] = { TAGS_LRU, TAGS_FIFO, TAGS_RANDOM, TAGS_PLRU, TAGS_NRU, TAGS_SRRIP };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		run(policies[i], 4);
		run(policies[i], 8);
		run(policies[i], 16);
	}
	run(TAGS_LRU, 12);
	run(TAGS_LRU, 32);
}

/* Whoever has to be told or asked of each line is not passed over. */
static void test_where_not(void **state)
{
	static struct side s;

	init(&s, TAGS_LRU, 8);
	s.level[0].needs = NEEDS_INCLUSIVE;
	assert_false(cache_takes_whole(&s.level[0]));
	s.level[0].needs = 0;
	s.level[0].write_through = true;
	assert_false(cache_takes_whole(&s.level[0]));
	s.level[0].write_through = false;
	assert_true(cache_takes_whole(&s.level[0]));
	fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_policy),
		cmocka_unit_test(test_where_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
