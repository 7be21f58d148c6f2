/* The run directory: written, read back, equal; the table within its 80 columns; refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/format.h"
#include "analysis/results.h"
#include "analysis/run.h"
#include "analysis/spread.h"
#include "model/base/error.h"
#include "model/base/rng.h"

#include <cmocka.h>

static const struct {
	const char *name;
	u64 value;
} canned[] = {
	{ "core0.instructions", 1234567890 },
	{ "core0.cycles", 2001231237 },
	{ "core0.l1i.fetches", 1312345678 },
	{ "core0.l1i.fetch_misses", 234567 },
	{ "core0.l1d.loads", 312345678 },
	{ "core0.l1d.load_misses", 11234567 },
	{ "core0.l1d.stores", 112345678 },
	{ "core0.l1d.store_misses", 1234567 },
	{ "core0.l1d.writebacks", 1034567 },
	{ "core0.l2.fetches", 234567 },
	{ "core0.l2.loads", 12469134 },
	{ "core0.l2.fetch_misses", 34567 },
	{ "core0.l2.load_misses", 3234567 },
	{ "l3.fetches", 34567 },
	{ "l3.loads", 3234567 },
	{ "l3.fetch_misses", 11111 },
	{ "l3.load_misses", 2222222 },
	{ "core0.itlb.lookups", 291234567 },
	{ "core0.itlb.misses", 12345 },
	{ "core0.dtlb.lookups", 424691356 },
	{ "core0.dtlb.misses", 1212345 },
	{ "core0.stlb.lookups", 1224690 },
	{ "core0.stlb.misses", 123450 },
	{ "core0.walker.walks", 123450 },
	{ "core0.walker.cycles", 4123450 },
	{ "core0.walker.pte_reads", 143210 },
	{ "dram.reads", 2233333 },
	{ "dram.row_hits", 1233333 },
	{ "dram.row_closed", 333333 },
	{ "dram.row_conflicts", 666667 },
	{ "core0.cycles.base", 1234567890 },
	{ "core0.cycles.dram", 600000000 },
	{ "core0.cycles.l2", 120000000 },
	{ "core0.cycles.walk", 4000000 },
	{ "core0.cycles.kernel.fault", 24000000 },
	{ "core0.cycles.kernel.zero", 18663347 },
	{ "core0.cycles.itlb", 3200 },
	{ "mm.fault.minor", 12345 },
	{ "mm.fault.zero", 12000 },
	{ "mm.fault.cow", 345 },
	{ "mm.fault.segv", 0 },
	{ "replay.references", 1737037034 },
};

struct fixture {
	struct stats *stats;
	struct hist *l1, *dram, *store;
	struct results_latency latency[3];
	struct results r;
	char dir[64];
};

static const char *const traces[] = { "traces/a_\"sort'.cap.gz" };
static const char *const notes[] = {
	"3 system calls of other kinds were charged with entry and exit only, and a very "
	"long explanation follows so that the line must be broken more than once by now.",
	"one-word"
};

static void fixture_init(struct fixture *f)
{
	u32 i;

	f->stats = stats_new();
	for (i = 0; i < ARRAY_SIZE(canned); i++)
		stats_add_one(f->stats, canned[i].name, &canned[i].value, "", "");
	f->l1 = xcalloc(1, sizeof(struct hist));
	f->dram = xcalloc(1, sizeof(struct hist));
	f->store = xcalloc(1, sizeof(struct hist));
	hist_add(f->l1, 5, 301111111);
	hist_add(f->dram, 312, 11000000);
	hist_add(f->dram, 123456, 4567);
	hist_add(f->store, 1, 112345678);
	f->latency[0] = (struct results_latency){ "load", "l1", "tlb", f->l1, "none" };
	f->latency[1] = (struct results_latency){ "load", "dram", "walk", f->dram, "kthread" };
	f->latency[2] = (struct results_latency){ "store", "l1", "tlb", f->store, NULL };
	f->r = (struct results){ .stats = f->stats,
				 .latency = f->latency,
				 .n_latency = 3,
				 .machine = "golden-cove",
				 .kernel = "linux-6.1",
				 .traces = traces,
				 .n_traces = 1,
				 .version = "0.1",
				 .hz = 3000000000,
				 .host = { 20.5, 21.25, 45 << 20 },
				 .notes = notes,
				 .n_notes = 2 };
	strcpy(f->dir, "/tmp/mmsim-results-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
}

static void fixture_fini(struct fixture *f)
{
	static const char *const files[] = { "run.json",    "stats.json",  "units.csv",
					     "latency.csv", "summary.txt", "other" };
	char path[128];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0); /* nothing else was left there */
	free(f->l1);
	free(f->dram);
	free(f->store);
	stats_free(f->stats);
}

static void write_and_read_back(void **state)
{
	struct fixture f;
	struct run run;
	struct latency_table loads;
	u32 i;

	fixture_init(&f);
	results_prepare(f.dir);
	results_write(f.dir, &f.r);
	assert_null(run_open(&run, f.dir, NULL));
	assert_int_equal(run.counters.n, ARRAY_SIZE(canned));
	for (i = 0; i < ARRAY_SIZE(canned); i++) {
		assert_string_equal(run.counters.at[i].name, canned[i].name);
		assert_int_equal(run.counters.at[i].value, canned[i].value);
	}
	assert_string_equal(run.machine, "golden-cove");
	assert_string_equal(run.traces, "a_\"sort'.cap.gz");
	assert_int_equal(run.hz, 3000000000);
	run_latency(&run, "load", NULL, NULL, &loads);
	assert_int_equal(loads.n, 3);
	assert_int_equal(latency_table_count(&loads), 301111111 + 11000000 + 4567);
	assert_int_equal(latency_table_percentile(&loads, 50, 100), 5);
	assert_int_equal(latency_table_percentile(&loads, 99, 100), hist_low(hist_index(312)));
	assert_true(loads.row[2].from <= 123456 && 123456 <= loads.row[2].to);
	latency_table_fini(&loads);
	run_close(&run);
	fixture_fini(&f);
}

static char *slurp(const char *dir, const char *name)
{
	char path[128], *text = xcalloc(1, 1 << 16);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

static void stats_are_the_same_bytes(void **state)
{
	struct fixture f;
	char *one, *two;

	fixture_init(&f);
	results_prepare(f.dir);
	results_write(f.dir, &f.r);
	one = slurp(f.dir, "stats.json");
	f.r.host.cpu_seconds = 99;
	f.r.version = "0.2";
	results_write(f.dir, &f.r);
	two = slurp(f.dir, "stats.json");
	assert_string_equal(one, two);
	free(one);
	free(two);
	fixture_fini(&f);
}

static void expect_80_columns(const struct results *r)
{
	char *text, *line, *save;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	results_print(f, r, true);
	fclose(f);
	if (getenv("SHOW"))
		puts(text);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(text);
}

static void table_fits_80_columns(void **state)
{
	static const char *const long_traces[] = {
		"a_very_long_name_of_a_recording_that_goes_on_and_on_beyond_what_fits_on_one_line_of_a_"
		"terminal.gz",
		"second.gz",
	};
	struct fixture f;

	fixture_init(&f);
	expect_80_columns(&f.r);
	f.r.traces = long_traces;
	f.r.n_traces = 2;
	f.r.machine = "a-machine-whose-file-name-nobody-would-ever-want-to-type-twice-in-a-row.cfg";
	f.r.kernel = "a-kernel-whose-file-name-nobody-would-ever-want-to-type-twice-in-a-row.cfg";
	expect_80_columns(&f.r);
	fixture_fini(&f);
}

/* Against figures worked out by hand from the canned counts. */
static void table_says_what_was_measured(void **state)
{
	static const char *const says[] = {
		"replay  a_\"sort'.cap.gz",
		"golden-cove, 1 core at 3.00 GHz",
		"1,234,567,890     0.617 per cycle",
		"2,001,231,237     1.621 per instruction",
		"simulated time              667 ms",
		"minor faults                12,345     0.010 per 1000 instructions",
		"L1D loads              312,345,678        11,234,567     3.60 %      9.100",
		"DRAM rows                2,233,333         1,000,000    44.78 %      0.810",
		"page walks                 123,450    33.4 cycles each, 0.21 % of all cycles",
		"base                 1,234,567,890   61.69 %   1.000  ###############",
		"all the rest                 3,200   <0.01 %   0.000",
		"load cycles        312,115,678    17.8       5       5     312     312 122,880",
		"L1 TLB hit          96.47 %          -",
		"page walk                 -     3.53 %",
		"  note: one-word",
		"20.5 s CPU, 21.2 s elapsed, 45.0 MB memory, 84.7 million references/s",
	};
	struct fixture f;
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);
	u32 i;

	fixture_init(&f);
	results_print(file, &f.r, true);
	fclose(file);
	for (i = 0; i < ARRAY_SIZE(says); i++)
		if (!strstr(text, says[i]))
			fail_msg("the table does not say '%s':\n%s", says[i], text);
	free(text);
	fixture_fini(&f);
}

static void table_of_nothing(void **state)
{
	static const u64 zero;
	struct fixture f;

	fixture_init(&f);
	stats_free(f.stats);
	f.stats = stats_new();
	stats_add_one(f.stats, "core0.instructions", &zero, "", "");
	stats_add_one(f.stats, "core0.cycles", &zero, "", "");
	f.r.stats = f.stats;
	f.r.n_latency = f.r.n_notes = 0;
	f.r.host = (struct results_host){ 0 };
	expect_80_columns(&f.r);
	fixture_fini(&f);
}

static void table_of_huge_numbers(void **state)
{
	static const u64 huge = 4000000000000000ull;
	struct fixture f;
	u32 i;

	fixture_init(&f);
	stats_free(f.stats);
	f.stats = stats_new();
	for (i = 0; i < ARRAY_SIZE(canned); i++)
		stats_add_one(f.stats, canned[i].name, &huge, "", "");
	f.r.stats = f.stats;
	hist_add(f.dram, 4000000000000ull, huge);
	expect_80_columns(&f.r);
	fixture_fini(&f);
}

static int tell;

static void tell_and_leave(int status, const char *message)
{
	dprintf(tell, "%d %s", status, message);
	_exit(0);
}

/* In a child of its own, since whoever dies leaves things behind: exit status and message. */
static void expect_end(void (*run)(struct fixture *), struct fixture *f, const char *status,
		       const char *message)
{
	char said[2048] = "";
	int ends[2], left;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		tell = ends[1];
		die_hook_set(tell_and_leave);
		run(f);
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &left, 0), child);
	assert_memory_equal(said, status, strlen(status));
	assert_non_null(strstr(said, message));
}

static void prepare(struct fixture *f)
{
	results_prepare(f->dir);
}

static void write_all(struct fixture *f)
{
	results_write(f->dir, &f->r);
}

static void foreign_directory_is_refused(void **state)
{
	struct fixture f;
	char path[128];

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s/other", f.dir);
	fclose(fopen(path, "w"));
	expect_end(prepare, &f, "2 ", "not the directory of an earlier run");
	fixture_fini(&f);
}

static void full_disk_is_told(void **state)
{
	struct fixture f;
	char path[128];

	if (access("/dev/full", W_OK))
		skip();
	fixture_init(&f);
	results_prepare(f.dir);
	snprintf(path, sizeof(path), "%s/stats.json.part", f.dir);
	assert_int_equal(symlink("/dev/full", path), 0);
	expect_end(write_all, &f, "1 ", "stats.json': No space left");
	fixture_fini(&f);
}

static void unwritable_directory_is_told(void **state)
{
	struct fixture f, elsewhere;

	fixture_init(&f);
	elsewhere = f;
	strcpy(elsewhere.dir, "/proc/mmsim");
	expect_end(prepare, &elsewhere, "2 ", "cannot make the directory '/proc/mmsim'");
	fixture_fini(&f);
}

static void unfinished_run_is_refused(void **state)
{
	struct fixture f;
	struct run run;
	char *bad;

	fixture_init(&f);
	results_prepare(f.dir);
	bad = run_open(&run, f.dir, NULL);
	assert_non_null(bad);
	assert_non_null(strstr(bad, "did not finish"));
	free(bad);
	fixture_fini(&f);
}

static void odd_names_reach_json(void **state)
{
	static const char *const odd[] = { "dir/caf\xe9_\n'\"\\.cap" };
	struct fixture f;
	struct run run;

	fixture_init(&f);
	f.r.traces = odd;
	results_prepare(f.dir);
	results_write(f.dir, &f.r);
	assert_null(run_open(&run, f.dir, "x"));
	assert_string_equal(run.traces, "caf?_\n'\"\\.cap");
	assert_string_equal(run.label, "x");
	run_close(&run);
	fixture_fini(&f);
}

static int ascending(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The smallest sample with at least num/den of all at or below it, rounded down to its bin. */
static u64 brute_percentile(u64 *v, u32 n, u32 num, u32 den)
{
	u32 i = 0;

	qsort(v, n, sizeof(*v), ascending);
	while ((u64)(i + 1) * den < (u64)n * num)
		i++;
	return hist_low(hist_index(v[i]));
}

static void percentiles_against_brute_force(void **state)
{
	struct hist *h = xmalloc(sizeof(*h));
	struct spread s;
	struct rng rng;
	u64 v[1000];
	u32 round, n, i;

	rng_init(&rng, 1, "percentiles");
	for (round = 0; round < 200; round++) {
		memset(h, 0, sizeof(*h));
		n = 1 + (u32)rng_below(&rng, ARRAY_SIZE(v));
		for (i = 0; i < n; i++) {
			v[i] = rng_next(&rng) >> (20 + rng_below(&rng, 43));
			hist_add(h, v[i], 1);
		}
		s = spread_of(h);
		assert_int_equal(s.n, n);
		assert_int_equal(s.p50, brute_percentile(v, n, 50, 100));
		assert_int_equal(s.p90, brute_percentile(v, n, 90, 100));
		assert_int_equal(s.p99, brute_percentile(v, n, 99, 100));
		assert_int_equal(s.p999, brute_percentile(v, n, 999, 1000));
		assert_int_equal(s.max, hist_low(hist_index(v[n - 1])));
	}
	free(h);
}

static void mean_is_exact_below_256(void **state)
{
	struct hist *h = xcalloc(1, sizeof(*h));

	hist_add(h, 5, 3);
	hist_add(h, 255, 1);
	assert_true(spread_of(h).mean == 67.5);
	free(h);
}

static void csv_refuses_nonsense(void **state)
{
	static const struct {
		const char *text, *bad;
	} cases[] = {
		{ "", "line 1" },
		{ "a,b\n", "line 1" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,x,none\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,7,none\nload,l1,dtlb,5,5", "line 3" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,6,5,7,none\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,-7,none\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,a_word_that_is_much_too_long,5,5,7,none\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,7\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,7,none,1\n", "line 2" },
		{ LATENCY_CSV_HEADER "\nload,l1,dtlb,5,5,7,a_word_that_is_too_long\n", "line 2" },
		{ LATENCY_CSV_BEFORE_CAUSES "\nload,l1,dtlb,5,5,7,none\n", "line 2" },
	};
	struct latency_table t;
	char *bad;
	FILE *f;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		f = fmemopen((void *)cases[i].text, MAX(strlen(cases[i].text), 1u), "r");
		bad = latency_csv_read(f, &t);
		assert_non_null(bad);
		assert_non_null(strstr(bad, cases[i].bad));
		free(bad);
		fclose(f);
	}
}

static void numbers_as_people_read_them(void **state)
{
	struct text t;

	assert_string_equal(format_count(&t, 0), "0");
	assert_string_equal(format_count(&t, 999), "999");
	assert_string_equal(format_count(&t, 1000), "1,000");
	assert_string_equal(format_count(&t, ~(u64)0), "18,446,744,073,709,551,615");
	assert_string_equal(format_seconds(&t, 0.0272), "27.2 ms");
	assert_string_equal(format_hz(&t, 3000000000), "3.00 GHz");
	assert_string_equal(format_bytes(&t, 45 << 20), "45.0 MB");
	assert_string_equal(format_percent(&t, 1, 1e9), "<0.01 %");
	assert_string_equal(format_clip(&t, "caf\xc3\xa9-au-lait", 9), "caf...ait");
	assert_string_equal(format_clip(&t, "short", 9), "short");
	assert_string_equal(format_base("a/b/c"), "c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_and_read_back),
		cmocka_unit_test(stats_are_the_same_bytes),
		cmocka_unit_test(table_fits_80_columns),
		cmocka_unit_test(table_says_what_was_measured),
		cmocka_unit_test(table_of_nothing),
		cmocka_unit_test(table_of_huge_numbers),
		cmocka_unit_test(foreign_directory_is_refused),
		cmocka_unit_test(full_disk_is_told),
		cmocka_unit_test(unwritable_directory_is_told),
		cmocka_unit_test(unfinished_run_is_refused),
		cmocka_unit_test(odd_names_reach_json),
		cmocka_unit_test(percentiles_against_brute_force),
		cmocka_unit_test(mean_is_exact_below_256),
		cmocka_unit_test(csv_refuses_nonsense),
		cmocka_unit_test(numbers_as_people_read_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
