/*
 * How many page faults a second are charged: a program on one core of Golden Cove with linux-6.x stores a
 * word of each page of memory that it has just mapped; its fetch, its access, its walks and its faults count,
 * in CPU time, and what it does in between (giving the memory back) does not.
 *
 *   faults [--json] [NAME]
 *
 *   fresh   every page is one that nobody has used: what is cleared drives older lines through all caches
 *           into DRAM
 *   l2      the same 256 pages again and again, 1 MB: lines are written back no further than L2
 *   l1      the same 6 pages: L1D has them
 *   off     fresh, with kernel.charge = off
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "model/base/error.h"
#include "model/core/machine.h"

#define PAGE 4096ull
#define AREA 0x10000000ull
#define CODE 0x400000ull

struct bench {
	struct machine *m;
	struct core *core;
	struct cpu *cpu;
	struct mm *mm;
	struct code_table code;
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void map(struct bench *b, u64 addr, u64 len, u32 flags)
{
	const struct mm_map map = { .addr = addr, .len = len, .flags = flags | MM_ANON };

	if (mm_mmap(b->mm, b->cpu, &map) != MM_OK)
		fail("the program cannot map its memory");
}

static void init(struct bench *b, bool charge)
{
	const struct tr_slot store = { .size = 8, .kind = TR_STORE };
	static const u8 size[] = { 4, 4, 4 };
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);

	config_load(c, "machines", "golden-cove");
	config_load(c, "kernels", "linux-6.x");
	if (!charge)
		config_set(c, "kernel.charge=off");
	machine_check(&cfg, c);
	b->m = machine_new(&cfg, 0);
	config_free(c);
	b->core = b->m->cores[0];
	b->cpu = core_cpu(b->core);
	b->mm = mm_new(b->m->kernel, false);
	core_set_mm(b->core, b->mm);
	mm_load(b->mm, b->cpu);
	kernel_task_run(b->m->kernel, b->cpu, kernel_task_new(b->m->kernel, b->cpu));
	code_table_init(&b->code, cfg.hw.l1i.line, 12);
	code_table_add(&b->code,
		       &(struct tr_block){
			       .pc = CODE, .n_insns = 3, .n_slots = 1, .insn_size = size, .slot = &store });
	map(b, CODE, PAGE, MM_READ | MM_EXEC);
}

static void fini(struct bench *b)
{
	code_table_fini(&b->code);
	machine_free(b->m);
}

/* One store to each of `pages` pages that are not there. Returns seconds. */
static double touch(struct bench *b, u64 addr, u64 pages)
{
	struct core_chunk chunk = { .code = &b->code, .n_runs = (u32)pages };
	u32 *block = xcalloc(pages, sizeof(*block));
	u64 *at = xcalloc(pages, sizeof(*at)), i;
	double t;

	for (i = 0; i < pages; i++)
		at[i] = addr + i * PAGE;
	chunk.block = block;
	chunk.addr = at;
	t = cpu_seconds();
	if (core_run(b->core, &chunk, ~(u64)0) != CORE_DONE)
		fail("the program was stopped");
	t = cpu_seconds() - t;
	free(block);
	free(at);
	return t;
}

/* Nanoseconds of a fault: `rounds` times the same pages, the first of them not counted if there are more. */
static double measure(bool charge, u64 pages, u32 rounds)
{
	struct bench b;
	double sum = 0, t;
	u32 i;

	init(&b, charge);
	map(&b, AREA, pages * PAGE, MM_READ | MM_WRITE);
	for (i = 0; i < rounds; i++) {
		t = touch(&b, AREA, pages);
		sum += i || rounds == 1 ? t : 0;
		if (mm_madvise(b.mm, b.cpu, AREA, pages * PAGE, MADV_DONTNEED) != MM_OK)
			fail("the memory cannot be given back");
	}
	fini(&b);
	return sum / (double)(pages * (rounds == 1 ? 1 : rounds - 1)) * 1e9;
}

#define TRIES 3u

static double best(bool charge, u64 pages, u32 rounds)
{
	double least = 0, t;
	u32 i;

	for (i = 0; i < TRIES; i++) {
		t = measure(charge, pages, rounds);
		least = !i || t < least ? t : least;
	}
	return least;
}

static const struct row {
	const char *name, *what;
	bool charge;
	u64 pages;
	u32 rounds;
} rows[] = {
	{ "fresh", "fault on fresh memory", true, 200000, 1 },
	{ "l2", "fault on memory that L2 has", true, 256, 200 },
	{ "l1", "fault on memory that L1D has", true, 6, 4000 },
	{ "off", "fault with nothing charged", false, 200000, 1 },
};

int main(int argc, char **argv)
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	const char *only = argc > 1 + json ? argv[1 + json] : NULL;
	double ns;
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (only && strcmp(only, rows[i].name))
			continue;
		ns = best(rows[i].charge, rows[i].pages, rows[i].rounds);
		if (json)
			printf("%s\"%s\": %.1f", n++ ? ", " : "{", rows[i].name, ns);
		else
			printf("%-44s %8.0f ns %8.3f million a second\n", rows[i].what, ns, 1e3 / ns);
	}
	if (json)
		puts("}");
	return 0;
}
