/* The configuration: precedence, origins, includes, every kind of mistake and its message, and the dump. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/sim/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct toy_array {
	u32 entries;
};
struct toy_cache {
	u64 size;
	u32 ways;
	u32 policy;
	struct opt_time latency;
	bool allocate;
};
struct toy {
	u32 cores;
	u64 seed, hz;
	char *name;
	struct toy_cache l1, l2;
	struct toy_array tlb, tlb_4k;
};

static const char *const policies[] = { "lru", "fifo", "random", NULL };
#define CACHE(f) offsetof(struct toy_cache, f)
static const struct opt cache_opts[] = {
	{ "size", OPT_SIZE, CACHE(size), "32K", 0, 1 << 30, "bytes", "bytes of data", NULL },
	{ "ways", OPT_U32, CACHE(ways), "8", 1, 4096, "lines", "lines a set", NULL },
	{ "policy", OPT_ENUM, CACHE(policy), "lru", 0, 0, NULL, "who goes", policies },
	{ "latency", OPT_TIME, CACHE(latency), "5", 0, 0, "time", "of a hit", NULL },
	{ "allocate", OPT_BOOL, CACHE(allocate), "yes", 0, 0, NULL, "on a write miss", NULL },
	{ 0 },
};
static const struct opt array_opts[] = {
	{ "entries", OPT_U32, offsetof(struct toy_array, entries), "64", 0, 4096, "entries", "held", NULL },
	{ 0 },
};
#define TOP(f) offsetof(struct toy, f)
static const struct opt top_opts[] = {
	{ "cores", OPT_U32, TOP(cores), "1", 1, 64, "cores", "hardware threads", NULL },
	{ "seed", OPT_U64, TOP(seed), "1", 0, 0, NULL, "of the random numbers", NULL },
	{ "frequency", OPT_FREQ, TOP(hz), "3.0GHz", 1000000, 100000000000, "Hz", "core clock", NULL },
	{ "name", OPT_STRING, TOP(name), NULL, 0, 0, NULL, "any text", NULL },
	{ 0 },
};
static const struct opt_section sections[] = {
	{ "", top_opts, 0, "the machine", NULL },
	{ "l1", cache_opts, TOP(l1), "first level", NULL },
	{ "l2", cache_opts, TOP(l2), "second level", "size = \"1M\"; ways = 16; latency = \"5ns\";" },
	{ "tlb", array_opts, TOP(tlb), "TLB", NULL },
	{ "tlb.p4k", array_opts, TOP(tlb_4k), "TLB for 4K", "entries = 0;" },
	{ 0 },
};

static struct toy toy;
static struct config *config;
static jmp_buf died;
static char message[2048];
static char dir[] = "/tmp/mmsim-test-config-XXXXXX";

static void hook(int status, const char *text)
{
	snprintf(message, sizeof(message), "%d %s", status, text);
	longjmp(died, 1);
}

static int setup(void **state)
{
	die_hook_set(hook);
	config = config_new(sections, &toy);
	return 0;
}

static int teardown(void **state)
{
	config_free(config);
	die_hook_set(NULL);
	return 0;
}

/* A file in the test's directory; the path is valid until the next call. */
static const char *file(const char *name, const char *text)
{
	static char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

#define DIES(call, a, b)                                        \
	do {                                                    \
		message[0] = 0;                                 \
		if (!setjmp(died)) {                            \
			call;                                   \
			fail_msg("%s was accepted", #call);     \
		}                                               \
		if (!strstr(message, a) || !strstr(message, b)) \
			fail_msg("%s: %s", #call, message);     \
		assert_int_equal(message[0], '2');              \
	} while (0)

static void load(const char *text)
{
	config_load_text(config, "t.cfg", text, strlen(text));
}

static void is(const char *key, const char *value, const char *where)
{
	char *v = config_get(config, key);

	assert_non_null(v);
	assert_string_equal(v, value);
	assert_string_equal(config_where(config, key), where);
	free(v);
}

static void defaults(void **state)
{
	is("l1.size", "32K", "default");
	is("l2.size", "1M", "default");
	is("l2.ways", "16", "default");
	is("l2.policy", "lru", "default");
	is("tlb.p4k.entries", "0", "default");
	is("name", "", "default");
	assert_null(config_get(config, "l3.size"));
	assert_int_equal(toy.l2.latency.ps, 5000);
	assert_int_equal(toy.l1.latency.cycles, 5);
}

static void the_last_one_wins_and_is_remembered(void **state)
{
	load("# a machine\nl1 = {\n  size = \"48K\"; ways = 12;\n};\n"
	     "tlb = { entries = 96; p4k = { entries = 7; }; };\n");
	config_set(config, "l1.ways=3");
	config_set(config, "name=a=b");
	is("l1.size", "48K", "t.cfg:3");
	is("l1.ways", "3", "-s l1.ways=3");
	is("tlb.entries", "96", "t.cfg:5");
	is("tlb.p4k.entries", "7", "t.cfg:5");
	is("name", "a=b", "-s name=a=b");
	load("l1 = { ways = 4; };");
	is("l1.ways", "4", "t.cfg:1");
	is("l1.size", "48K", "t.cfg:3");
	assert_int_equal(toy.l1.size, 49152);
	assert_int_equal(toy.tlb_4k.entries, 7);
}

static void every_form_of_a_value(void **state)
{
	load("cores = 0x10; seed = 5000000000L; frequency = 2000000000; name = 5; "
	     "l1 = { size = 32768; allocate = false; "
	     "latency = \"1.5us\"; policy = \"fifo\"; };");
	is("cores", "16", "t.cfg:1");
	is("seed", "5000000000", "t.cfg:1");
	is("frequency", "2GHz", "t.cfg:1");
	is("name", "5", "t.cfg:1");
	is("l1.size", "32K", "t.cfg:1");
	is("l1.allocate", "no", "t.cfg:1");
	is("l1.latency", "1.5us", "t.cfg:1");
	is("l1.policy", "fifo", "t.cfg:1");
}

static void mistakes_in_a_file(void **state)
{
	DIES(load("\nl1 = {\n sise = 3; };"), "t.cfg:3: unknown key l1.sise", "did you mean l1.size?");
	DIES(load("l4 = { size = 3; };"), "t.cfg:1: unknown key l4", "did you mean l1?");
	DIES(load("qqqqqq = 3;"), "unknown key qqqqqq", "`mmsim config` lists all keys");
	DIES(load("l1 = 3;"), "t.cfg:1", "l1 is a group");
	DIES(load("cores = { a = 1; };"), "t.cfg:1", "cores takes a single value");
	DIES(load("cores = [ 1, 2 ];"), "t.cfg:1", "cores takes a single value");
	DIES(load("\n\ncores = 1.5;"), "t.cfg:3", "in quotes");
	DIES(load("cores = 0;"), "t.cfg:1: cores: \"0\" is out of range", "1 to 64");
	DIES(load("cores = -1;"), "t.cfg:1: cores: \"-1\"", "1 to 64");
	DIES(load("l1 = { policy = \"lur\"; };"), "l1.policy: \"lur\"", "lru, fifo, random");
	DIES(load("cores = 1;\ncores = 2;"), "t.cfg:2", "duplicate");
	DIES(load("cores = 1;\nl1 = {"), "t.cfg:2", "syntax error");
	DIES(load("cores == 1"), "t.cfg:1", "syntax error");
	DIES(load("\nl1 = { size = 48K; };"), "t.cfg:2", "quotes");
	DIES(load("seed = 4294967296;"), "t.cfg:1", "too large");
	DIES(load("seed = 99999999999999999999L;"), "t.cfg:1", "too large");
	DIES(load("cores = 1;\n@include \"x.cfg\"\n"), "t.cfg:2", "before the file's own settings");
	DIES(load("@include x.cfg\n"), "t.cfg:1", "@include \"name.cfg\"");
	DIES(load("# x\n@include \"nothere.cfg\"\n"), "t.cfg:2", "nothere.cfg");
	DIES(config_load_text(config, "t.cfg", "cores = 1;\0", 11), "t.cfg", "not a text file");
	load("/* @include \"no.cfg\" 5G \n */ name = \"@include \\\" 99999999999\"; // 7x\n# 48K\n");
	is("name", "@include \" 99999999999", "t.cfg:2");
}

static void mistakes_on_the_command_line(void **state)
{
	DIES(config_set(config, "l1.size"), "-s l1.size", "key=value");
	DIES(config_set(config, "=3"), "-s =3", "key=value");
	DIES(config_set(config, "l1.sise=3"), "-s l1.sise=3", "did you mean l1.size?");
	DIES(config_set(config, "l1.size=big"), "-s l1.size=big: l1.size", "48K");
	DIES(config_set(config, "l1=3"), "-s l1=3", "group");
	DIES(config_load(config, "machines", "golden-cave"), "golden-cave", "golden-cove");
	DIES(config_load(config, "kernels", "simpel"), "no kernel", "simple");
	config_set(config, "l1.ways=3");
	DIES(config_reject(config, "l1.ways", "not %d", 3), "-s l1.ways=3: l1.ways = 3: not 3", "2 ");
	DIES(config_reject(config, "l1.size", "odd"), "default: l1.size = 32K: odd",
	     "(and -s l1.ways=3: l1.ways = 3)");
	is("l1.size", "32K", "default");
}

static void mistakes_about_files(void **state)
{
	char path[200];

	DIES(config_load(config, "machines", file("empty.cfg", "")), "empty.cfg", "empty");
	snprintf(path, sizeof(path), "%s/none.cfg", dir);
	DIES(config_load(config, "machines", path), "none.cfg", "No such file");
	DIES(config_load(config, "machines", "./"), "./", "directory");
	snprintf(path, sizeof(path), "%s", file("loop.cfg", "\n@include \"loop.cfg\"\n"));
	DIES(config_load(config, "machines", path), "loop.cfg:2", "include itself");
}

static void included_files_are_overridden(void **state)
{
	char path[200];

	file("base.cfg", "cores = 4;\nl1 = { size = \"16K\"; ways = 2; };\n");
	snprintf(path, sizeof(path), "%s",
		 file("top.cfg", "# mine\n@include \"base.cfg\"\nl1 = { size = \"64K\"; };\n"));
	config_load(config, "machines", path);
	assert_int_equal(toy.cores, 4);
	assert_int_equal(toy.l1.ways, 2);
	assert_int_equal(toy.l1.size, 65536);
	assert_non_null(strstr(config_where(config, "cores"), "/base.cfg:1"));
	assert_non_null(strstr(config_where(config, "l1.size"), "/top.cfg:3"));
}

static void same(void *arg, const char *key, const char *value, const char *where)
{
	char *other = config_get(arg, key);

	assert_string_equal(value, other);
	free(other);
}

static void a_dump_loads_back_to_the_same(void **state)
{
	struct toy copy;
	struct config *c = config_new(sections, &copy);
	char *text, *again;
	size_t len, len_again;
	FILE *f = open_memstream(&text, &len);

	load("name = \"quo\\\"te \\\\ \\n tab\\t\"; seed = 9223372036854775807L; "
	     "l2 = { latency = \"13.75ns\"; };");
	config_set(config, "seed=18446744073709551615");
	config_set(config, "tlb.p4k.entries=31");
	config_set(config, "l1.allocate=no");
	config_dump(config, f);
	fclose(f);
	config_load_text(c, "dump", text, len);
	config_each(config, same, c);
	f = open_memstream(&again, &len_again);
	config_dump(c, f);
	fclose(f);
	assert_string_equal(text, again);
	assert_string_equal(toy.name, copy.name);
	free(text);
	free(again);
	config_free(c);
}

static void help_names_every_key(void **state)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	config_help(sections, f);
	fclose(f);
	assert_non_null(strstr(text, "l2.size"));
	assert_non_null(strstr(text, "tlb.p4k.entries"));
	assert_non_null(strstr(text, "lru, fifo, random"));
	assert_non_null(strstr(text, "1M "));
	free(text);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "empty.cfg", "loop.cfg", "base.cfg", "top.cfg" };
	char path[200];

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults),
		TEST(the_last_one_wins_and_is_remembered),
		TEST(every_form_of_a_value),
		TEST(mistakes_in_a_file),
		TEST(mistakes_on_the_command_line),
		TEST(mistakes_about_files),
		TEST(included_files_are_overridden),
		TEST(a_dump_loads_back_to_the_same),
		TEST(help_names_every_key),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
