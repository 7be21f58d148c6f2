/*
 * Histograms of latency by what the kernel did to an access: faults of each kind, waits for a device,
 * interrupts and work of others that came before it. By closed formulas, and sums that must stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "tests/ref/ref_hw_machine.h"

#define PAGE 0x1000ull
#define HEAP 0x10000000ull
#define CODE 0x400000ull
#define HIT  5u /* cycles of a load that hits L1D and DTLB */

static const struct tr_slot load8 = { .size = 8, .kind = TR_LOAD };
static const struct tr_slot store8 = { .size = 8, .kind = TR_STORE };
static const struct tr_slot atomic8 = { .size = 8, .kind = TR_ATOMIC };

/* What the next fault tells of itself, and those after it; how often it blocks first. */
struct script {
	enum access_cause cause, then;
	u64 cycles;
	u32 blocks;
};

static enum trap_result resolve(struct ref_machine *m, struct cpu *cpu, const struct trap *t)
{
	struct script *s = m->arg;

	cpu->ops->spend(cpu, KPATH_FAULT, s->cycles);
	if (s->blocks) {
		s->blocks--;
		return TRAP_BLOCK;
	}
	ref_tables_map(&m->tables, t->va, (0x10000 + m->tables.next_frame++) << FRAME_SHIFT, 0,
		       PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY);
	cpu_note_cause(cpu, s->cause);
	s->cause = s->then;
	return TRAP_RETRY;
}

struct samples {
	u64 n, least;
};

/* Of one cause, in all levels and translations. */
static struct samples of(const struct ref_machine *m, bool stores, enum access_cause cause)
{
	const struct core_latency *l = core_latency(m->core);
	struct samples s = { .least = ~(u64)0 };
	u32 level, class, i;

	for (level = 0; level < NR_MEM_LEVELS; level++) {
		for (class = 0; class < NR_CORE_CLASSES; class ++) {
			const struct hist *h = stores ? &l->store[level][class] : &l->load[level][class];

			if (core_class_cause(class) != cause)
				continue;
			s.n += hist_count(h);
			for (i = 0; i < HIST_BINS && !h->bin[i]; i++)
				;
			if (i < HIST_BINS && hist_low(i) < s.least)
				s.least = hist_low(i);
		}
	}
	return s;
}

static u64 all(const struct ref_machine *m, bool stores)
{
	u64 n = 0;
	u32 cause;

	for (cause = 0; cause < NR_ACCESS_CAUSES; cause++)
		n += of(m, stores, (enum access_cause)cause).n;
	return n;
}

static void begin(struct ref_machine *m, struct script *s, u32 model)
{
	ref_machine_cfg(m);
	m->core_cfg.model = model;
	m->core_cfg.window = 64;
	m->resolve = s ? resolve : NULL;
	m->arg = s;
	ref_machine_init(m);
}

/* The block's code and the address are known already: whatever comes is a hit. */
static u32 warm(struct ref_machine *m, const struct tr_slot *slot, u64 va)
{
	u32 block = ref_machine_block(m, CODE, 1, slot, 1);
	u64 addr[] = { va, va };

	assert_int_equal(ref_machine_run(m, block, addr, 2), CORE_DONE);
	core_wait_until(m->core, core_now(m->core) + 1000, PART_IDLE);
	return block;
}

/* ---- classes ---- */

static void classes_are_pairs(void **state)
{
	u32 class, cause, how, seen = 0;

	for (class = 0; class < NR_CORE_CLASSES; class ++)
		assert_int_equal(core_class(core_class_xlate(class), core_class_cause(class)), class);
	for (cause = 0; cause < NR_CAUSES_OF_NO_FAULT; cause++)
		for (how = 0; how < XLATE_FAULT; how++)
			seen |= 1u << core_class((enum core_xlate)how, cause);
	for (; cause < NR_ACCESS_CAUSES; cause++)
		for (how = 0; how < NR_CORE_XLATES; how++)
			seen |= 1u << core_class((enum core_xlate)how, cause);
	assert_int_equal(seen, (1u << NR_CORE_CLASSES) - 1);
	assert_int_equal(core_class(XLATE_TLB, CAUSE_NONE), XLATE_TLB);
	assert_int_equal(core_class(XLATE_FAULT, CAUSE_SHOOTDOWN), core_class(XLATE_FAULT, CAUSE_MINOR));
}

/* ---- faults ---- */

static void a_fault_has_the_cause_that_the_kernel_says(void **state)
{
	struct script s = { .cycles = 700 };
	struct ref_machine m;
	u64 addr, i;
	u32 block;

	begin(&m, &s, CORE_INORDER);
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	for (i = CAUSE_MINOR; i < NR_ACCESS_CAUSES; i++) {
		s.cause = s.then = (enum access_cause)i;
		addr = HEAP + i * PAGE;
		assert_int_equal(ref_machine_run(&m, block, &addr, 1), CORE_DONE);
		assert_int_equal(of(&m, false, s.cause).n, 1);
		assert_in_range(of(&m, false, s.cause).least, 700, 1100);
	}
	assert_int_equal(all(&m, false), i - CAUSE_MINOR);
	ref_machine_fini(&m);
}

/* Two pages in one access: the higher cause counts, although it came first. */
static void of_two_faults_the_higher_counts(void **state)
{
	struct script s = { .cycles = 100, .cause = CAUSE_ZERO, .then = CAUSE_ZERO };
	u64 addr = HEAP + PAGE - 4;
	struct ref_machine m;
	u32 block;

	begin(&m, &s, CORE_INORDER);
	block = warm(&m, &store8, HEAP + 8 * PAGE);
	s.cause = CAUSE_COW;
	assert_int_equal(ref_machine_run(&m, block, &addr, 1), CORE_DONE);
	assert_int_equal(of(&m, true, CAUSE_COW).n, 1);
	assert_int_equal(of(&m, true, CAUSE_ZERO).n, 1); /* that which warmed it up */
	assert_in_range(of(&m, true, CAUSE_COW).least, 200, 500);
	ref_machine_fini(&m);
}

/* The access waits for a device twice, while the core does something else: one sample with all of it. */
static void a_wait_for_a_device_is_latency(void **state)
{
	struct script s = { .cycles = 50, .cause = CAUSE_ZERO, .then = CAUSE_ZERO };
	const u32 blocks[] = { 0 };
	struct core_chunk ch = { .block = blocks, .n_runs = 1 };
	struct ref_machine m;
	u64 addr = HEAP, start;
	u32 i;

	begin(&m, &s, CORE_INORDER);
	ref_machine_block(&m, CODE, 1, &load8, 1);
	warm(&m, &load8, HEAP + 8 * PAGE);
	ch.code = &m.code;
	ch.addr = &addr;
	start = core_now(m.core);
	s.blocks = 2;
	for (i = 0; i < 2; i++) {
		assert_int_equal(core_run(m.core, &ch, ~(u64)0), CORE_BLOCK);
		core_wait_until(m.core, core_now(m.core) + 100000, PART_IO_WAIT);
	}
	assert_int_equal(core_run(m.core, &ch, ~(u64)0), CORE_DONE);
	assert_int_equal(of(&m, false, CAUSE_MAJOR).n, 1);
	assert_int_equal(of(&m, false, CAUSE_MAJOR).least, hist_low(hist_index(core_now(m.core) - start)));
	assert_int_equal(all(&m, false), 2 + 1);
	ref_machine_fini(&m);
}

/* ---- others come between ---- */

/* It comes now, and its handler does nothing but take its time. */
static void interrupt(struct ref_machine *m, u64 cycles)
{
	struct cpu *cpu = core_cpu(m->core);
	u64 taken = cpu->ops->interrupt(cpu, core_now(m->core), false);

	cpu->ops->spend(cpu, KPATH_IPI, cycles);
	cpu->ops->interrupt_end(cpu, taken + cycles);
}

static void an_interrupt_delays_the_next_access(void **state)
{
	static const struct tr_slot *const kinds[] = { &load8, &store8, &atomic8 };
	const u64 addr[] = { HEAP, HEAP, HEAP };
	struct ref_machine m;
	u64 before, plain;
	u32 i, model, block;

	for (model = CORE_INORDER; model <= CORE_WINDOW; model++) {
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			begin(&m, NULL, model);
			block = warm(&m, kinds[i], HEAP);
			before = core_now(m.core);
			ref_machine_run(&m, block, addr, 3);
			core_wait_until(m.core, core_now(m.core), PART_IDLE);
			plain = core_now(m.core) - before;
			assert_int_equal(of(&m, i > 0, CAUSE_SHOOTDOWN).n, 0);
			interrupt(&m, 100);
			interrupt(&m, 25);
			before = core_now(m.core);
			ref_machine_run(&m, block, addr, 3);
			core_wait_until(m.core, core_now(m.core), PART_IDLE);
			assert_int_equal(core_now(m.core) - before, plain);
			assert_int_equal(of(&m, i > 0, CAUSE_SHOOTDOWN).n, 1);
			assert_int_equal(of(&m, i > 0, CAUSE_SHOOTDOWN).least, 125 + HIT);
			assert_int_equal(all(&m, i > 0), 8);
			ref_machine_fini(&m);
		}
	}
}

static void who_waits_anyway_is_no_victim(void **state)
{
	const u64 addr[] = { HEAP };
	struct ref_machine m;
	u32 block;

	begin(&m, NULL, CORE_INORDER);
	block = warm(&m, &load8, HEAP);
	interrupt(&m, 100);
	core_wait_until(m.core, core_now(m.core) + 10, PART_IDLE);
	ref_machine_run(&m, block, addr, 1);
	assert_int_equal(of(&m, false, CAUSE_SHOOTDOWN).n, 0);
	ref_machine_fini(&m);
}

/* It is taken when it has arrived and the one before is over, whatever the clock says; an idle core waits. */
static void an_interrupt_has_a_time_of_its_own(void **state)
{
	const u64 addr[] = { HEAP };
	struct ref_machine m;
	struct cpu *cpu;
	u64 now;
	u32 block;

	begin(&m, NULL, CORE_INORDER);
	block = warm(&m, &load8, HEAP);
	cpu = core_cpu(m.core);
	now = core_now(m.core);
	assert_int_equal(cpu->ops->interrupt(cpu, now + 1000, false), now + 1000);
	assert_int_equal(cpu->ops->now(cpu), now + 1000); /* the handler has that time */
	cpu->ops->spend(cpu, KPATH_IPI, 70);
	cpu->ops->interrupt_end(cpu, now + 1070);
	assert_int_equal(core_now(m.core), now + 70);
	assert_int_equal(core_late(m.core), 0);
	assert_int_equal(cpu->ops->interrupt(cpu, now + 1020, false), now + 1070);
	cpu->ops->interrupt_end(cpu, now + 1090);
	assert_int_equal(core_late(m.core), 0);
	/* One that came before them, from a core that is behind, and one that came while that was handled. */
	assert_int_equal(cpu->ops->interrupt(cpu, now + 10, false), now + 10);
	cpu->ops->interrupt_end(cpu, now + 60);
	assert_int_equal(cpu->ops->interrupt(cpu, now + 20, false), now + 60);
	cpu->ops->interrupt_end(cpu, now + 80);
	assert_int_equal(core_late(m.core), 2);
	assert_int_equal(ref_stat(&m, "core0.cycles.ipi"), 0); /* counters are brought up to date later */
	core_sync(m.core);
	assert_int_equal(ref_stat(&m, "core0.cycles.ipi"), 70);
	ref_machine_run(&m, block, addr, 1);
	assert_int_equal(of(&m, false, CAUSE_SHOOTDOWN).n, 1);

	now = core_now(m.core) + 5000;
	holds_add(&cpu->irqs_off, now - 700, now);
	assert_int_equal(cpu->ops->interrupt(cpu, now - 701, false), now - 701);
	cpu->ops->interrupt_end(cpu, now - 701);
	assert_int_equal(cpu->ops->interrupt(cpu, now - 700, true), now);
	cpu->ops->spend(cpu, KPATH_IPI, 70);
	cpu->ops->interrupt_end(cpu, now + 70);
	assert_int_equal(core_now(m.core), now + 70);
	ref_machine_run(&m, block, addr, 1);
	assert_int_equal(of(&m, false, CAUSE_SHOOTDOWN).n, 1);
	assert_int_equal(cpu->ops->interrupt(cpu, now, false), now + 70);
	cpu->ops->interrupt_end(cpu, now + 70);
	assert_int_equal(core_late(m.core), 3);
	ref_machine_fini(&m);
}

/* A fault after an interrupt is a fault, with the time of both. */
static void a_fault_is_more_than_an_interrupt(void **state)
{
	struct script s = { .cycles = 700, .cause = CAUSE_ZERO, .then = CAUSE_ZERO };
	struct ref_machine m;
	u64 addr = HEAP + PAGE, from;
	u32 block;

	begin(&m, &s, CORE_INORDER);
	block = warm(&m, &load8, HEAP);
	from = core_now(m.core);
	core_cpu(m.core)->ops->spend(core_cpu(m.core), KPATH_KTHREAD, 5000);
	core_delayed(m.core, from, CAUSE_KTHREAD);
	ref_machine_run(&m, block, &addr, 1);
	assert_int_equal(of(&m, false, CAUSE_KTHREAD).n, 0);
	assert_int_equal(of(&m, false, CAUSE_ZERO).n, 2);
	core_delayed(m.core, core_now(m.core) - 10, CAUSE_KTHREAD);
	ref_machine_run(&m, block, &addr, 1);
	assert_int_equal(of(&m, false, CAUSE_KTHREAD).n, 1);
	assert_int_equal(of(&m, false, CAUSE_KTHREAD).least, 10 + HIT);
	ref_machine_fini(&m);
}

/* Delays by chance between short pieces: no access is lost or told twice, and no time either. */
static void every_access_is_one_sample(void **state)
{
	struct script s = { .cycles = 300, .cause = CAUSE_ZERO, .then = CAUSE_ZERO };
	struct ref_machine m;
	u64 addr[16], n = 0, delays = 0;
	u32 block[2], i, k;
	struct rng r;

	rng_init(&r, 1, "causes");
	begin(&m, &s, CORE_INORDER);
	block[0] = ref_machine_block(&m, CODE, 3, &load8, 1);
	block[1] = ref_machine_block(&m, CODE + 64, 2, &store8, 1);
	for (i = 0; i < 3000; i++, n += k) {
		for (k = 0; k < 1 + i % 16; k++)
			addr[k] = HEAP + rng_below(&r, 200) * 1024;
		if (!rng_below(&r, 3)) {
			interrupt(&m, 1 + rng_below(&r, 99));
			delays++;
		}
		assert_int_equal(ref_machine_run(&m, block[rng_below(&r, 2)], addr, k), CORE_DONE);
	}
	assert_int_equal(all(&m, false) + all(&m, true), n);
	assert_in_range(of(&m, false, CAUSE_SHOOTDOWN).n + of(&m, true, CAUSE_SHOOTDOWN).n, delays - 50,
			delays);
	assert_int_equal(of(&m, false, CAUSE_ZERO).n + of(&m, true, CAUSE_ZERO).n, 50);
	ref_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_pairs),
		cmocka_unit_test(a_fault_has_the_cause_that_the_kernel_says),
		cmocka_unit_test(of_two_faults_the_higher_counts),
		cmocka_unit_test(a_wait_for_a_device_is_latency),
		cmocka_unit_test(an_interrupt_delays_the_next_access),
		cmocka_unit_test(who_waits_anyway_is_no_victim),
		cmocka_unit_test(an_interrupt_has_a_time_of_its_own),
		cmocka_unit_test(a_fault_is_more_than_an_interrupt),
		cmocka_unit_test(every_access_is_one_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
