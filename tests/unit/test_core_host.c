/* The machine file of a host: what sysfs and cpuid say is in it, and it makes a machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/core/host.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/machine.h"
#include "model/sim/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static char root[64];

/* Writes one line into a file below the root, with its folders. */
static void put(const char *path, const char *line)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", line);
	fclose(f);
}

static void put_cache(u32 index, const char *level, const char *type, const char *size, const char *ways,
		      const char *shared)
{
	static const char *const file[] = {
		"level", "type", "size", "ways_of_associativity", "shared_cpu_list", "coherency_line_size"
	};
	const char *value[] = { level, type, size, ways, shared, "64" };
	char path[128];

	for (u32 i = 0; i < ARRAY_SIZE(file); i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%u/%s", index, file[i]);
		put(path, value[i]);
	}
}

/* A machine of eight cores with two threads each, whose L3 has 15 * 2^14 sets. */
static void make_files(void)
{
	snprintf(root, sizeof(root), "/tmp/mmsim-host.XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/sys/devices/system/cpu/online", "0-15");
	put("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,8");
	put("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4200000");
	put("/proc/cpuinfo", "model name\t: Test Processor 9000");
	put("/proc/meminfo", "MemTotal:       24576000 kB");
	put_cache(0, "1", "Data", "48K", "12", "0,8");
	put_cache(1, "1", "Instruction", "32K", "8", "0,8");
	put_cache(2, "2", "Unified", "2048K", "16", "0,8");
	put_cache(3, "3", "Unified", "307200K", "20", "0-15");
}

static void remove_files(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* The machine that the file makes. */
static void load(const struct host *h, struct machine_cfg *cfg)
{
	struct config *c = config_new(machine_sections, cfg);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	host_write(h, f);
	fclose(f);
	config_load_text(c, "host.cfg", text, len);
	machine_check(cfg, c);
	free(text);
	config_free(c);
}

static void files_give_cores_caches_and_memory(void **state)
{
	struct host h = { 0 };
	struct machine_cfg cfg;

	make_files();
	host_read_files(&h, root);
	remove_files();
	load(&h, &cfg);
	assert_int_equal(h.cores, 8);
	assert_int_equal(cfg.memory, 24ull << 30);
	assert_int_equal(cfg.core.frequency, 4200000000u);
	assert_int_equal(cfg.hw.l1d.size, 48 << 10);
	assert_int_equal(cfg.hw.l1d.ways, 12);
	assert_int_equal(cfg.hw.l1i.ways, 8);
	assert_int_equal(cfg.hw.l2.size, 2 << 20);
	assert_int_equal(cfg.hw.l2.sharers, 1);
	assert_int_equal(cfg.hw.l3.size, 300 << 20);
	assert_int_equal(cfg.hw.l3.slices, 15);
	assert_int_equal(cfg.hw.l3.sharers, 8);
}

/* Registers as an Alder Lake gives them: 48 + 16 entries an array, and a unified second level. */
static void leaf_18_gives_tlbs(void **state)
{
	static const u32 leaf[][3] = {
		{ 0x00060001, 16, 0x21 },  /* L1 data, 4K: 6 ways, 16 sets */
		{ 0x00040006, 8, 0x21 },   /* L1 data, 2M and 4M: 4 ways, 8 sets */
		{ 0x00080001, 32, 0x22 },  /* L1 instructions, 4K */
		{ 0x00080006, 4, 0x22 },   /* L1 instructions, large */
		{ 0x00100007, 128, 0x43 }, /* second level, unified: 4K, 2M, 4M */
		{ 0x00080008, 128, 0x43 }, /* second level, 1G */
		{ 0x00100007, 1, 0x125 },  /* stores: not taken */
	};
	struct host h = { .cores = 1 };
	struct machine_cfg cfg;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(leaf); i++)
		assert_true(host_take_leaf18(&h, leaf[i][0], leaf[i][1], leaf[i][2]));
	assert_false(host_take_leaf18(&h, 0, 0, 0));
	load(&h, &cfg);
	assert_int_equal(cfg.hw.dtlb.any.entries, 96);
	assert_int_equal(cfg.hw.dtlb.any.ways, 6);
	assert_int_equal(cfg.hw.dtlb.own[PAGE_2M].entries, 32);
	assert_int_equal(cfg.hw.itlb.any.entries, 256);
	assert_int_equal(cfg.hw.itlb.own[PAGE_4M].ways, 8);
	assert_int_equal(cfg.hw.stlb.any.entries, 2048);
	assert_int_equal(cfg.hw.stlb.own[PAGE_2M].entries, 0);
	assert_int_equal(cfg.hw.stlb.own[PAGE_1G].entries, 1024);
}

/* Registers as hosts gave them; the family chooses the machine that says the rest. */
struct amd_host {
	u32 family;
	u32 leaf5[2], leaf6[2], leaf19[2]; /* eax, ebx */
};

static void take_amd(struct host *h, const struct amd_host *from)
{
	*h = (struct host){ .cores = 1, .vendor = "AuthenticAMD", .family = from->family };
	host_take_amd_leaf(h, 0x80000005, from->leaf5[0], from->leaf5[1]);
	host_take_amd_leaf(h, 0x80000006, from->leaf6[0], from->leaf6[1]);
	host_take_amd_leaf(h, 0x80000019, from->leaf19[0], from->leaf19[1]);
}

/* 64 fully associative entries for pages of every size; 2048 for data, whose code stands for 8 ways or more.
 */
static void amd_registers_give_tlbs(void **state)
{
	static const struct amd_host zen3 = {
		0x19, { 0xff40ff40, 0xff40ff40 }, { 0x48002200, 0x68004200 }, { 0xf040f040, 0xf0400000 }
	};
	struct host h;
	struct machine_cfg cfg;

	take_amd(&h, &zen3);
	load(&h, &cfg);
	assert_int_equal(cfg.hw.dtlb.any.entries, 64);
	assert_int_equal(cfg.hw.dtlb.any.ways, 0);
	assert_int_equal(cfg.hw.dtlb.own[PAGE_2M].entries, 0);
	assert_int_equal(cfg.hw.dtlb.own[PAGE_1G].entries, 0);
	assert_int_equal(cfg.hw.stlb.any.entries, 2048);
	assert_int_equal(cfg.hw.stlb.any.ways, 8);
	assert_int_equal(cfg.hw.stlb.own[PAGE_2M].entries, 0);
	assert_int_equal(cfg.hw.stlb.own[PAGE_1G].entries, 64);
	assert_int_equal(cfg.hw.stlb.own[PAGE_1G].ways, 0);
}

/* An EPYC of family 19h, a guest's: 3072 entries of 8 ways are 384 sets; 12 ways are the next that make 2^n.
 */
static void ways_fit(void **state)
{
	static const struct amd_host zen4 = {
		0x19, { 0xff48ff40, 0xff48ff40 }, { 0x5c002200, 0x6c004200 }, { 0, 0 }
	};
	struct host h;
	struct machine_cfg cfg;

	take_amd(&h, &zen4);
	load(&h, &cfg);
	assert_int_equal(cfg.hw.itlb.any.entries, 64);
	assert_int_equal(cfg.hw.dtlb.any.entries, 72);
	assert_int_equal(cfg.hw.dtlb.own[PAGE_2M].entries, 0);
	assert_int_equal(cfg.hw.stlb.any.entries, 3072);
	assert_int_equal(cfg.hw.stlb.any.ways, 12);
	assert_int_equal(cfg.hw.stlb.own[PAGE_2M].entries, 0);
	assert_int_equal(cfg.hw.stlb.own[PAGE_1G].entries, 0);
}

/* A K8 has 32 entries for small pages and 8 for large ones, and a second level for small ones alone. */
static void sizes_have_their_own(void **state)
{
	static const struct amd_host k8 = { 0xf, { 0xff08ff08, 0xff20ff20 }, { 0, 0x42004200 }, { 0, 0 } };
	struct host h;
	struct machine_cfg cfg;

	take_amd(&h, &k8);
	load(&h, &cfg);
	assert_int_equal(cfg.hw.dtlb.any.entries, 32);
	assert_int_equal(cfg.hw.dtlb.own[PAGE_2M].entries, 8);
	assert_int_equal(cfg.hw.stlb.any.entries, 512);
	assert_int_equal(cfg.hw.stlb.any.ways, 4);
	assert_int_equal(cfg.hw.stlb.own[PAGE_2M].entries, 0);
}

/* QEMU's own processor: 255 entries, each in a set of its own. Only a single set is a power of two. */
static void odd_entries_are_one_set(void **state)
{
	static const struct amd_host qemu = { 6, { 0x01ff01ff, 0x01ff01ff }, { 0, 0x42004200 }, { 0, 0 } };
	struct host h;
	struct machine_cfg cfg;

	take_amd(&h, &qemu);
	load(&h, &cfg);
	assert_int_equal(cfg.hw.dtlb.any.entries, 255);
	assert_int_equal(cfg.hw.dtlb.any.ways, 0);
}

/* Whatever registers say, machine_check() likes what is made of it. */
static void any_registers_make_a_machine(void **state)
{
	static const u32 families[] = { 6, 0xf, 0x17, 0x19, 0x1a };
	struct machine_cfg cfg;
	struct host h;
	struct rng r;
	u32 i, j;

	rng_init(&r, 1, "host");
	for (i = 0; i < 120; i++) {
		const struct amd_host amd = { families[i % ARRAY_SIZE(families)],
					      { (u32)rng_next(&r), (u32)rng_next(&r) },
					      { (u32)rng_next(&r), (u32)rng_next(&r) },
					      { (u32)rng_next(&r), (u32)rng_next(&r) } };

		take_amd(&h, &amd);
		load(&h, &cfg);
		h = (struct host){ .cores = 1, .vendor = "GenuineIntel", .family = 6, .model = i };
		for (j = 0; j < 8; j++)
			host_take_leaf18(&h, (u32)(rng_below(&r, 64) << 16 | rng_below(&r, 16)),
					 (u32)rng_next(&r) >> rng_below(&r, 32),
					 (u32)((1 + rng_below(&r, 2)) << 5 | (1 + rng_below(&r, 4))));
		load(&h, &cfg);
	}
}

/* Broadwell's second level has 256 sets, for which Skylake's hash of 128 is none. */
static void set_hash_fits_sets(void **state)
{
	struct host h = { .cores = 1, .vendor = "GenuineIntel", .family = 6, .model = 0x4f };
	struct machine_cfg cfg;

	assert_true(host_take_leaf18(&h, 0x00060003, 256, 0x43));
	load(&h, &cfg);
	assert_int_equal(cfg.hw.stlb.any.entries, 1536);
	assert_int_equal(cfg.hw.stlb.any.set_hash, TLB_HASH_XOR8);
}

/* Cores, sharers and caches as virtual machines tell them; sizes and ways fit, and levels meet. */
static void any_caches_make_a_machine(void **state)
{
	struct machine_cfg cfg;
	struct host h;
	struct rng r;
	u32 i, j;

	rng_init(&r, 2, "host");
	for (i = 0; i < 120; i++) {
		h = (struct host){ .cores = 1 + (u32)rng_below(&r, 80),
				   .vendor = "GenuineIntel",
				   .n_caches = 4 };
		for (j = 0; j < 4; j++)
			h.cache[j] = (struct host_cache){ .level = j ? j : 1,
							  .type = "IDUU"[j],
							  .size = (1 + rng_below(&r, 2000)) << 10,
							  .ways = 1 + (u32)rng_below(&r, 32),
							  .line = 64,
							  .sharers = j < 2 ? 1 : 1 + (u32)rng_below(&r, 80) };
		load(&h, &cfg);
	}
}

static void this_host_is_a_machine(void **state)
{
	struct host h = { 0 };
	struct machine_cfg cfg;

	host_read_files(&h, "");
	host_read_cpuid(&h);
	load(&h, &cfg);
	assert_true(h.cores >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_give_cores_caches_and_memory),
		cmocka_unit_test(leaf_18_gives_tlbs),
		cmocka_unit_test(amd_registers_give_tlbs),
		cmocka_unit_test(ways_fit),
		cmocka_unit_test(sizes_have_their_own),
		cmocka_unit_test(odd_entries_are_one_set),
		cmocka_unit_test(any_registers_make_a_machine),
		cmocka_unit_test(set_hash_fits_sets),
		cmocka_unit_test(any_caches_make_a_machine),
		cmocka_unit_test(this_host_is_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
