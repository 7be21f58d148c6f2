/* Cores, shared levels and directories over nodes of memory: what each way costs, by closed formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/core/machine.h"

#include <cmocka.h>

#define CORES 4u
#define LINE  64u
#define L1    5u
#define L3    70u
#define FLAT  80u
#define WAY   50u
#define FAR   300u /* coherence.far_transfer */
#define PROBE 200u /* coherence.far_probe */

/* A core's own caches: they hold one line. */
struct holder {
	struct above above;
	u64 pa;
	u32 answer; /* PROBE_* */
};

static u32 holder_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct holder *h = container_of(a, struct holder, above);
	u32 answer = h->answer;

	if (pa / LINE != h->pa / LINE)
		return 0;
	if (what == PROBE_SHARE)
		h->answer &= PROBE_FOUND;
	if (what == PROBE_DROP)
		h->answer = 0;
	return answer;
}

static void holder_each(const struct above *a, above_line_fn fn, void *arg)
{
	const struct holder *h = container_of(a, struct holder, above);

	if (h->answer)
		fn(arg, h->pa);
}

static const struct above_ops holder_ops = { holder_probe, holder_each };

/* Four cores in two sockets. */
struct bench {
	struct machine_cfg cfg;
	struct config *config;
	struct memory *memory;
	struct holder core[CORES];
};

static void setup(struct bench *b, const char *const *settings)
{
	static const char *const all[] = { "cores=4",
					   "sockets=2",
					   "memory.size=2G",
					   "l2.size=0",
					   "l3.latency=70",
					   "dram.model=flat",
					   "dram.flat=80",
					   "dram.fabric=0",
					   "numa.way=50",
					   "numa.line=0",
					   "coherence.far_transfer=300",
					   "coherence.far_probe=200",
					   NULL };
	const char *const *s;
	u32 i;

	memset(b, 0, sizeof(*b));
	b->config = config_new(machine_sections, &b->cfg);
	for (s = all; *s; s++)
		config_set(b->config, *s);
	for (; *settings; settings++)
		config_set(b->config, *settings);
	machine_check(&b->cfg, b->config);
	hw_resolve(&b->cfg.hw, b->cfg.memory);
	b->memory = memory_new(&b->cfg.hw, CORES, b->cfg.core.frequency, 1);
	for (i = 0; i < CORES; i++) {
		b->core[i].above.ops = &holder_ops;
		memory_attach(b->memory, i, &b->core[i].above);
	}
}

static void teardown(struct bench *b)
{
	memory_sane(b->memory);
	memory_free(b->memory);
	config_free(b->config);
}

/* An address in a node; each use of it with another line. */
static u64 in_node(u32 node, u64 line)
{
	return ((u64)node << 30) + line * LINE;
}

/* Gives back what it held, and asks for a line. Returns the latency. */
static u64 ask(struct bench *b, u32 core, u64 pa, enum mem_class cls, u64 now, enum mem_level served)
{
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = cls };
	struct port *p = memory_port(b->memory, core);
	struct holder *h = &b->core[core];
	u32 held = h->answer;
	u64 done;

	h->answer = 0;
	if (held)
		port_gone(p, h->pa, now);
	done = port_read(p, &r, now);
	assert_int_equal(r.served, served);
	h->pa = pa;
	h->answer = PROBE_FOUND | (r.shared ? 0 : PROBE_ALONE) | (cls == MEM_RFO ? PROBE_DIRTY : 0);
	return done - now;
}

static u64 counter(const struct bench *b, const char *name)
{
	struct stats *s = stats_new();
	u64 n;

	memory_stats(b->memory, s);
	n = stats_value(s, name);
	stats_free(s);
	return n;
}

static const char *const with_l3[] = { NULL };
static const char *const without_l3[] = { "l3.size=0", NULL };
static const char *const farther[] = { "l3.size=0", "numa.distances=10 31; 31 10", NULL };

/* Local: the last cache and the device. Remote: the way on top; also through an L3, which each socket has. */
static void a_remote_read_costs_the_way(void **state)
{
	u32 core, node, k;

	for (k = 0; k < 2; k++) {
		u64 idle = (k ? L1 : L3) + FLAT;
		struct bench b;

		setup(&b, k ? without_l3 : with_l3);
		for (core = 0; core < CORES; core++)
			for (node = 0; node < 2; node++)
				assert_int_equal(ask(&b, core, in_node(node, core), MEM_LOAD, 1000, MEM_DRAM),
						 idle + (core / 2 == node ? 0 : WAY));
		assert_int_equal(counter(&b, "numa.local_reads"), CORES);
		assert_int_equal(counter(&b, "numa.remote_reads"), CORES);
		assert_int_equal(counter(&b, "dram_0.reads"), CORES);
		assert_int_equal(counter(&b, "dram_1.reads"), CORES);
		teardown(&b);
	}
}

/* Two cores ask for sixteen lines each of the other node, all at once: the link takes ten cycles a line. */
static void a_link_limits_what_cores_read(void **state)
{
	static const char *const slow[] = { "l3.size=0", "numa.line=10", NULL };
	struct bench b;
	u64 i;

	setup(&b, slow);
	for (i = 0; i < 32; i++)
		assert_int_equal(ask(&b, i % 2, in_node(1, i), MEM_LOAD, 5000, MEM_DRAM),
				 L1 + FLAT + WAY + 10 * i);
	assert_int_equal(counter(&b, "numa.link_wait"), 10 * 31 * 32 / 2);
	teardown(&b);
}

/* What a core has written, another reads: from cache to cache, and the way on top between nodes. */
static void a_transfer_between_nodes_costs_the_way(void **state)
{
	static const struct {
		const char *const *settings;
		u64 way;
	} cases[] = { { without_l3, WAY }, { farther, WAY * 21 / 10 } };
	u32 k, reader;

	for (k = 0; k < ARRAY_SIZE(cases); k++) {
		for (reader = 1; reader < CORES; reader++) {
			u64 way = reader / 2 ? cases[k].way : 0;
			struct bench b;

			setup(&b, cases[k].settings);
			ask(&b, 0, in_node(0, 7), MEM_RFO, 1000, MEM_DRAM);
			assert_int_equal(ask(&b, reader, in_node(0, 7), MEM_LOAD, 2000, MEM_REMOTE),
					 FAR + way);
			assert_int_equal(counter(&b, "numa.transfers"), reader / 2);
			/* Written down by core 0, at home. */
			assert_int_equal(counter(&b, "numa.local_writes"), 1);
			assert_int_equal(counter(&b, "numa.remote_writes"), 0);
			teardown(&b);
		}
	}
}

/* A clean line that another has alone, and an upgrade: the farthest copy must have answered. */
static void answers_between_nodes_cost_the_way(void **state)
{
	struct mem_req r = { .pa = in_node(0, 7), .bytes = 8, .cls = MEM_RFO };
	struct bench b;

	setup(&b, without_l3);
	ask(&b, 0, r.pa, MEM_LOAD, 1000, MEM_DRAM);
	assert_int_equal(ask(&b, 2, r.pa, MEM_LOAD, 2000, MEM_REMOTE), PROBE + WAY);
	assert_int_equal(ask(&b, 1, r.pa, MEM_LOAD, 3000, MEM_DRAM), L1 + FLAT);
	assert_int_equal(port_upgrade(memory_port(b.memory, 1), &r, 4000), 4000 + PROBE + WAY);
	b.core[1].answer = PROBE_FOUND | PROBE_ALONE | PROBE_DIRTY;
	assert_int_equal(ask(&b, 0, r.pa, MEM_RFO, 5000, MEM_REMOTE), FAR);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_remote_read_costs_the_way),
		cmocka_unit_test(a_link_limits_what_cores_read),
		cmocka_unit_test(a_transfer_between_nodes_costs_the_way),
		cmocka_unit_test(answers_between_nodes_cost_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
