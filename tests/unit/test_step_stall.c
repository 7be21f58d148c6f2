/*
 * What steps and frames take beside the issue of instructions: code that is run through once or in a loop,
 * atomics, entries; lines of a frame that are cleared or copied where they are in L1D, in L2, nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/mm/charge.h"
#include "tests/ref/ref_hw_machine.h"

/* ---- steps ---- */

struct meter {
	struct cpu cpu;
	u64 spent;
};

static void no_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
}

static void meter_spend(struct cpu *c, enum kernel_path path, u64 cycles)
{
	container_of(c, struct meter, cpu)->spent += cycles;
}

static const struct cpu_ops meter_ops = { .execute = no_execute, .spend = meter_spend };

#define ATOMIC  1000u
#define TRAP    100000u
#define SYSCALL 1000000u
#define LINE    1u

static void setup(struct charger *ch, struct meter *m, enum kernel_era era, u32 cpus)
{
	const struct step_stalls cost = {
		.atomic = ATOMIC, .trap = TRAP, .syscall = SYSCALL, .text_line = LINE
	};

	charger_init(ch, era, 0xffffffff81000000, 1u << 25, 100, true);
	charger_stalls(ch, era, &cost, cpus);
	*m = (struct meter){ .cpu = { .ops = &meter_ops, .id = MAX_CPUS - 1 } };
}

static u64 step(const struct charger *ch, struct meter *m, enum kernel_step s)
{
	m->spent = 0;
	charge_step(ch, &m->cpu, s);
	return m->spent;
}

/* Of 11 instructions each. */
static u64 lines(enum kernel_step s, enum era_class class)
{
	return (kernel_step_instructions[s][class] + 10) / 11 * LINE;
}

static u64 new_lines(enum kernel_step s)
{
	return lines(s, CLASS_6_X);
}

/* A lock and its release. */
static void test_entries_and_atomics(void **state)
{
	struct charger ch;
	struct meter m;

	setup(&ch, &m, ERA_6_X, 1);
	assert_int_equal(step(&ch, &m, STEP_FAULT_ENTRY), TRAP + new_lines(STEP_FAULT_ENTRY));
	assert_int_equal(step(&ch, &m, STEP_VMA_LOOKUP), 2 * ATOMIC + new_lines(STEP_VMA_LOOKUP));
	assert_int_equal(step(&ch, &m, STEP_SYSCALL), SYSCALL + new_lines(STEP_SYSCALL));
	charger_fini(&ch);
}

/* Twice, and then it is a loop until the kernel is entered again: by this hardware thread. */
static void test_loops(void **state)
{
	struct charger ch;
	struct meter m;
	u32 i;

	setup(&ch, &m, ERA_6_X, 1);
	for (i = 0; i < 3; i++) {
		step(&ch, &m, STEP_SYSCALL);
		assert_int_equal(step(&ch, &m, STEP_FORK_PAGE), 3 * ATOMIC + new_lines(STEP_FORK_PAGE));
		assert_int_equal(step(&ch, &m, STEP_FORK_PAGE), 3 * ATOMIC + new_lines(STEP_FORK_PAGE));
		assert_int_equal(step(&ch, &m, STEP_FORK_PAGE), 3 * ATOMIC);
		assert_int_equal(step(&ch, &m, STEP_FORK_PAGE), 3 * ATOMIC);
		assert_int_equal(step(&ch, &m, STEP_FLUSH), ATOMIC + new_lines(STEP_FLUSH));
	}
	m.cpu.id = 0;
	assert_int_equal(step(&ch, &m, STEP_FORK_PAGE), 3 * ATOMIC + new_lines(STEP_FORK_PAGE));
	charger_fini(&ch);
}

/* A uniprocessor kernel of the day has no LOCK prefix. */
static void test_old_kernels(void **state)
{
	struct charger ch;
	struct meter m;

	setup(&ch, &m, ERA_2_6_9, 1);
	assert_int_equal(step(&ch, &m, STEP_UNMAP_PAGE), lines(STEP_UNMAP_PAGE, CLASS_2_6_9));
	charger_fini(&ch);
	setup(&ch, &m, ERA_2_6_9, 2);
	assert_int_equal(step(&ch, &m, STEP_UNMAP_PAGE), 2 * ATOMIC + lines(STEP_UNMAP_PAGE, CLASS_2_6_9));
	charger_fini(&ch);
}

static u64 atomics(enum kernel_era era, enum kernel_step s)
{
	struct charger ch;
	struct meter m;
	u64 spent;

	setup(&ch, &m, era, 2);
	spent = step(&ch, &m, s);
	charger_fini(&ch);
	return spent / ATOMIC;
}

/* To 2.6.8 a page has a bit lock, then its count is atomic; 6.x has that among what an entry takes. */
static void test_page_locks(void **state)
{
	assert_int_equal(atomics(ERA_2_5_66, STEP_RMAP_CHAIN_ADD), 2);
	assert_int_equal(atomics(ERA_2_5_66, STEP_RMAP_CHAIN_COUNT), 2);
	assert_int_equal(atomics(ERA_2_6_5, STEP_RMAP_COUNT), 2);
	assert_int_equal(atomics(ERA_2_6_5, STEP_RMAP_REMOVE) + atomics(ERA_2_6_5, STEP_RMAP_PAGE_LOCK), 2);
	assert_int_equal(atomics(ERA_2_6_9, STEP_RMAP_COUNT), 1);
	assert_int_equal(atomics(ERA_2_6_9, STEP_RMAP_REMOVE), 1);
	assert_int_equal(atomics(ERA_6_X, STEP_RMAP_COUNT), 0);
}

/* Whose kernel has no times of its own takes none. */
static void test_none(void **state)
{
	struct charger ch;
	struct meter m = { .cpu = { .ops = &meter_ops } };

	charger_init(&ch, ERA_6_X, 0xffffffff81000000, 1u << 25, 100, true);
	assert_int_equal(step(&ch, &m, STEP_FAULT_ENTRY), 0);
}

/* ---- frames ---- */

#define DIRECT 0xffff888000000000ull
#define PAGE   4096u
#define LINES  64u
#define WARM   9u
#define COLD   20u

static void machine(struct ref_machine *m)
{
	ref_machine_cfg(m);
	m->core_cfg.frame_line.cycles = WARM;
	m->core_cfg.frame_line_cold.cycles = COLD;
	ref_machine_init(m);
	core_cpu(m->core)->direct_map = DIRECT;
}

static u64 zero(struct ref_machine *m, u64 pa)
{
	struct cpu *c = core_cpu(m->core);
	u64 from = c->ops->now(c);

	c->ops->zero(c, KPATH_ZERO, DIRECT + pa, PAGE);
	return c->ops->now(c) - from;
}

static void test_frames_cleared(void **state)
{
	struct ref_machine m = { 0 };
	u64 pa;

	machine(&m);
	assert_int_equal(zero(&m, 0x100000), LINES * COLD);
	assert_int_equal(zero(&m, 0x100000), LINES); /* in L1D */
	for (pa = 0x200000; pa < 0x200000 + 32 * PAGE; pa += PAGE)
		zero(&m, pa);
	assert_int_equal(zero(&m, 0x100000), LINES * WARM); /* in L2 */
	ref_machine_fini(&m);
}

static u64 copy(struct ref_machine *m, u64 to, u64 from)
{
	struct cpu *c = core_cpu(m->core);
	u64 begin = c->ops->now(c);

	c->ops->copy(c, KPATH_COPY, DIRECT + to, DIRECT + from, PAGE);
	return c->ops->now(c) - begin;
}

/* What is read is waited for at the end: a hit's latency less than the lines behind it. */
static void test_frames_copied(void **state)
{
	struct ref_machine m = { 0 };
	u64 pa;

	machine(&m);
	zero(&m, 0x100000);
	assert_int_equal(copy(&m, 0x300000, 0x100000), LINES * (1 + COLD));
	for (pa = 0x200000; pa < 0x200000 + 32 * PAGE; pa += PAGE)
		zero(&m, pa);
	assert_int_equal(copy(&m, 0x300000, 0x100000), LINES * 2 * WARM);
	ref_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_and_atomics), cmocka_unit_test(test_loops),
		cmocka_unit_test(test_old_kernels),         cmocka_unit_test(test_none),
		cmocka_unit_test(test_page_locks),          cmocka_unit_test(test_frames_cleared),
		cmocka_unit_test(test_frames_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
