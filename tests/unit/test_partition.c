/*
 * Way partitioning: a class fills its own ways and no others, hits everywhere, and loses nothing to other
 * classes; who is in which class.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/core/service.h"
#include "model/hw/cache.h"
#include "model/sim/word.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_mock.h"

static void test_masks(void **state)
{
	struct partition p;

	assert_null(partition_parse(&p, "0xff0,15,0x800", 12));
	assert_int_equal(p.ways[0], 0xff0);
	assert_int_equal(p.ways[1], 15);
	assert_int_equal(p.ways[2], 0x800);
	assert_true(p.ways[3] == TAG_ALL_WAYS && p.ways[15] == TAG_ALL_WAYS);
	assert_null(partition_parse(&p, "", 4096));
	assert_null(partition_parse(&p, "0xffffffffffffffff", 64));
	assert_non_null(partition_parse(&p, "0x1000", 12));
	assert_non_null(partition_parse(&p, "1,0", 12));
	assert_non_null(partition_parse(&p, "1,", 12));
	assert_non_null(partition_parse(&p, "1;2", 12));
	assert_non_null(partition_parse(&p, "-1", 64));
	assert_non_null(partition_parse(&p, "0x10000000000000000", 64));
	assert_non_null(partition_parse(&p, "1", 65));
	assert_non_null(partition_parse(&p, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", 12));
}

static void test_who(void **state)
{
	char recordings[] = "2,0,15", pids[] = "100:1,2000:3";
	struct service_cfg cfg = { .recordings = recordings, .pids = pids };
	const char *key;

	assert_null(service_check(&cfg, &key));
	assert_int_equal(service_of(&cfg, 0, 7), 2);
	assert_int_equal(service_of(&cfg, 1, 7), 0);
	assert_int_equal(service_of(&cfg, 2, 7), 15);
	assert_int_equal(service_of(&cfg, 3, 7), 0);
	assert_int_equal(service_of(&cfg, 0, 100), 1);
	assert_int_equal(service_of(&cfg, 5, 2000), 3);
	assert_int_equal(service_of_kernel(&cfg, 5), 5);
	assert_true(word_find(service_opts[2].names, "11", &cfg.kernel));
	assert_int_equal(service_of_kernel(&cfg, 5), 11);
	strcpy(recordings, "16");
	assert_non_null(service_check(&cfg, &key));
	assert_string_equal(key, "recordings");
	strcpy(recordings, "1");
	strcpy(pids, "100=1");
	assert_non_null(service_check(&cfg, &key));
	assert_string_equal(key, "pids");
}

/* Below everything: has every line after 100 cycles. */
static u64 far_read(struct port *p, struct mem_req *r, u64 now)
{
	r->served = MEM_DRAM;
	return now + 100;
}

static u64 far_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now;
}

static const struct port_ops far_ops = { far_read, far_write, MOCK_PORT_ENDS };
static struct port far_port = { &far_ops };

#define SETS 16u
#define WAYS 12u

static void build(struct cache *c, u32 policy, char *classes, struct port *below, enum mem_level level)
{
	struct cache_cfg cfg = {
		.size = SETS * WAYS * 64,
		.ways = WAYS,
		.line = 64,
		.slices = 1,
		.latency = { .cycles = 20 },
		.indexing = INDEX_PIPT,
		.allocate = true,
		.sharers = 1,
		.mshrs = 16,
		.replacement = policy,
		.classes = classes,
	};
	struct cache_params p = {
		.cfg = &cfg, .name = "test", .level = level, .hz = 1000000000, .seed = 1, .below = below,
	};

	cache_init(c, &p);
}

/* Whether it was there. */
static bool use(struct cache *c, u8 service, u64 line, bool write)
{
	struct mem_req r = { .pa = line * 64, .bytes = 64, .cls = MEM_LOAD, .service = service };
	bool there = cache_find_pa(c, line) != TAG_MISS;

	if (write)
		port_write(&c->port, &r, 0);
	else
		port_read(&c->port, &r, 0);
	return there;
}

static const u32 policies[] = { TAGS_LRU,	 TAGS_FIFO,  TAGS_RANDOM, TAGS_PLRU, TAGS_LRU_PLRU4,
				TAGS_MRU1_PLRU4, TAGS_NRU,   TAGS_SRRIP,  TAGS_BRRIP, TAGS_DRRIP,
				TAGS_QLRU };

/* Every line lies in a way of the class that brought it, read or written, and what one class has it keeps. */
static void test_own_ways(void **state)
{
	static const u64 mask[3] = { 0x00f, 0x070, 0xf80 };
	u32 i, n, k, held;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct cache c;
		struct rng r;

		rng_init(&r, i, "lines");
		build(&c, policies[i], "0x00f,0x070,0xf80", &far_port, MEM_L3);
		for (n = 0; n < 20000; n++) {
			u8 class = (u8)rng_below(&r, 3);

			/* the class is the line's: no other ever brings it */
			use(&c, class, 3 * rng_below(&r, 400) + class, rng_below(&r, 3) == 0);
		}
		for (k = 0; k < tags_ids(&c.tags); k++) {
			if (c.tags.key[k] != TAG_NO_KEY)
				assert_true(mask[c.tags.key[k] % 3] >> tags_way(&c.tags, k) & 1);
		}
		/* What class 1 has stays, whatever the others do; they hit there, too. */
		for (n = 0; n < 6 * SETS; n++)
			use(&c, 1, 1000000 + n, false);
		for (n = held = 0; n < 6 * SETS; n++)
			held += cache_find_pa(&c, 1000000 + n) != TAG_MISS;
		assert_in_range(held, SETS, 3 * SETS);
		for (n = 0; n < 5000; n++)
			use(&c, n % 2 ? 0 : 2, 2000000 + n, n % 3 == 0);
		for (n = 0; n < 6 * SETS; n++)
			held -= cache_find_pa(&c, 1000000 + n) != TAG_MISS && use(&c, 2, 1000000 + n, false);
		assert_int_equal(held, 0);
		cache_sane(&c);
		cache_fini(&c);
	}
}

/* Without partitions the same stream turns the lines out. */
static void test_shared_ways(void **state)
{
	struct cache c;
	u32 n;

	build(&c, TAGS_LRU, NULL, &far_port, MEM_L3);
	for (n = 0; n < 3 * SETS; n++)
		use(&c, 1, 1000000 + n, false);
	for (n = 0; n < 5000; n++)
		use(&c, n % 2 ? 0 : 2, 2000000 + n, n % 3 == 0);
	for (n = 0; n < 3 * SETS; n++)
		assert_false(use(&c, 1, 1000000 + n, false));
	cache_fini(&c);
}

/* A dirty victim of the level above is put where the class may fill for which it had to go. */
static void test_write_backs(void **state)
{
	struct cache l2, l3;
	u32 n, id, found = 0;

	build(&l3, TAGS_LRU, "0x003,0xffc", &far_port, MEM_L3);
	build(&l2, TAGS_LRU, NULL, &l3.port, MEM_L2);
	for (n = 0; n < 10000; n++)
		use(&l2, n % 2, n, true);
	for (id = 0; id < tags_ids(&l3.tags); id++) {
		if (l3.tags.key[id] == TAG_NO_KEY)
			continue;
		/* sets are even or odd as lines are, so a victim is of the class that turns it out */
		assert_true((l3.tags.key[id] % 2 ? 0xffc : 0x003) >> tags_way(&l3.tags, id) & 1);
		found++;
	}
	assert_int_equal(found, SETS / 2 * 2 + SETS / 2 * 10);
	cache_fini(&l2);
	cache_fini(&l3);
}

/*
 * A core: a program goes round and round in what four of an L2's sixteen ways hold, and the kernel sweeps
 * four times the L2 in between. In a class of its own the kernel leaves the program alone but for the sets
 * that the program's page tables and text use; in the same class it turns out every line.
 */
#define BYTES  (512u << 10)
#define ROUNDS 4u

static u64 misses(u8 kernel)
{
	struct ref_machine *m = malloc(sizeof(*m));
	const struct tr_slot slot = { .size = 8, .kind = TR_LOAD };
	u64 *addr = malloc(BYTES / 64 * sizeof(*addr)), i, before = 0, found;
	const u64 behind = 0x10000000 + BYTES; /* has the tables made, so that the program's frames adjoin */
	struct cpu *cpu;
	u32 block, round;

	ref_machine_cfg(m);
	m->hw.l2.classes = "0x000f,0x00f0,0xff00";
	ref_machine_init(m);
	core_set_service(m->core, 1, kernel);
	cpu = core_cpu(m->core);
	block = ref_machine_block(m, 0x400000, 1, &slot, 1);
	for (i = 0; i < BYTES / 64; i++)
		addr[i] = 0x10000000 + i * 64;
	assert_int_equal(ref_machine_run(m, block, &behind, 1), CORE_DONE);
	for (round = 0; round < ROUNDS; round++) {
		assert_int_equal(ref_machine_run(m, block, addr, BYTES / 64), CORE_DONE);
		if (!round)
			before = ref_stat(m, "core0.l2.load_misses");
		cpu->ops->load(cpu, KPATH_FAULT, 0, 8 << 20);
	}
	found = ref_stat(m, "core0.l2.load_misses") - before;
	ref_machine_fini(m);
	free(addr);
	free(m);
	return found;
}

static void test_kernel_apart(void **state)
{
	assert_int_equal(misses(1), (ROUNDS - 1) * BYTES / 64);
	assert_in_range(misses(2), 0, (ROUNDS - 1) * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),	    cmocka_unit_test(test_who),
		cmocka_unit_test(test_own_ways),    cmocka_unit_test(test_shared_ways),
		cmocka_unit_test(test_write_backs), cmocka_unit_test(test_kernel_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
