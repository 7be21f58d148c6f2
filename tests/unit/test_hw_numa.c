/* Nodes of memory: where an address is at home, what the way costs, and how fast a link is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "model/hw/numa.h"

#define GHZ   1000000000ull /* a cycle of 1 ns */
#define FLAT  80
#define REACH 20

static const struct dram_cfg flat = { .model = DRAM_FLAT, .preset = 0, .channels = 1, .ranks = 1,
				      .mapping = (char *)"rorababgcoch", .flat = { .cycles = FLAT } };

static struct numa *build(struct numa_cfg *cfg, u32 nodes, const char *distances, u64 line)
{
	const char *key;

	*cfg = (struct numa_cfg){ .nodes = nodes,
				  .distances = (char *)distances,
				  .way = { .cycles = 100 },
				  .line = { .cycles = line },
				  .memory = (u64)nodes << 30 };
	assert_null(numa_check(cfg, nodes * 2, &key));
	return numa_new(cfg, &flat, 64, REACH, GHZ);
}

static u64 read_at(struct numa *n, u32 node, u64 pa, u64 now)
{
	struct mem_req r = { .pa = pa, .cls = MEM_LOAD };

	return port_read(numa_port(n, node), &r, now) - now;
}

static void the_way_grows_with_the_distance(void **state)
{
	static const u32 slit[3][3] = { { 10, 21, 31 }, { 21, 10, 21 }, { 31, 21, 10 } };
	struct numa_cfg cfg;
	struct numa *n = build(&cfg, 3, "10 21 31; 21 10 21; 31 21 10", 0);
	u32 from, to;

	for (from = 0; from < 3; from++) {
		for (to = 0; to < 3; to++) {
			assert_int_equal(numa_distance(&cfg, from, to), slit[from][to]);
			assert_int_equal(read_at(n, from, ((u64)to << 30) + 4096, 1000 * (from + 3 * to)),
					 REACH + FLAT + 100 * (slit[from][to] - 10) / 10);
		}
	}
	numa_free(n);
}

/* Sixteen lines asked for at once over a link of eight cycles a line come eight cycles apart. */
static void a_link_carries_a_line_at_a_time(void **state)
{
	struct numa_cfg cfg;
	struct numa *n = build(&cfg, 2, "", 8);
	u64 i;

	for (i = 0; i < 16; i++)
		assert_int_equal(read_at(n, 0, (1ull << 30) + i * 64, 5000), REACH + FLAT + 100 + 8 * i);
	/* The other direction, and the own node, are free. */
	assert_int_equal(read_at(n, 1, 0, 5000), REACH + FLAT + 100);
	assert_int_equal(read_at(n, 0, 0, 5000), REACH + FLAT);
	numa_free(n);
}

static void every_core_has_a_node(void **state)
{
	const struct numa_cfg cfg = { .nodes = 4 };
	u32 core;

	for (core = 0; core < 16; core++)
		assert_int_equal(numa_node_of_core(&cfg, 16, core), core / 4);
}

static void refused(const char *distances, u32 nodes, u32 cores, u64 memory, const char *fault)
{
	const struct numa_cfg cfg = { .nodes = nodes, .distances = (char *)distances, .memory = memory };
	const char *key = "";

	assert_non_null(numa_check(&cfg, cores, &key));
	assert_string_equal(key, fault);
}

static void impossible_nodes_are_refused(void **state)
{
	refused("", 2, 3, 1ull << 30, "nodes");
	refused("", 2, 4, 3ull << 20, "nodes");
	refused("10 20; 20", 2, 2, 1ull << 30, "distances");
	refused("10 20; 20 10; 30", 2, 2, 1ull << 30, "distances");
	refused("10 20; 20 x", 2, 2, 1ull << 30, "distances");
	refused("11 20; 20 10", 2, 2, 1ull << 30, "distances");
	refused("10 10; 20 10", 2, 2, 1ull << 30, "distances");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_grows_with_the_distance),
		cmocka_unit_test(a_link_carries_a_line_at_a_time),
		cmocka_unit_test(every_core_has_a_node),
		cmocka_unit_test(impossible_nodes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
