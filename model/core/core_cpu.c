/*
 * What the kernel does to the hardware thread that it runs on (arch/cpu.h), but for its own accesses
 * (core_kernel.c): time, flushes, the switch of address spaces, interrupts; and the copies between user
 * buffers and kernel.
 */
#include "model/core/core_state.h"

#include "model/base/error.h"
#include "model/sim/explain.h"

static u64 cpu_now(struct cpu *cpu)
{
	return core_cycle(core_of(cpu));
}

static void cpu_spend(struct cpu *cpu, enum kernel_path path, u64 cycles)
{
	struct core *c = core_of(cpu);

	if (explain_on() && cycles)
		explain_hop(core_cycle(c), core_cycle(c) + cycles, "kernel.%s: instructions",
			    kernel_path_name[path]);
	core_stall_until(c, core_cycle(c) + cycles, PART_KERNEL + path);
}

void core_spend_on_lines(struct core *c, u32 lines)
{
	cpu_spend(&c->cpu, KPATH_CACHE_FLUSH, lines);
}

/* Lines whose address space is no longer the present one are not found: they are tagged, or go. */
static void switch_lines(struct core *c, struct cache *l1, u16 asid)
{
	if (cache_switch(l1, asid))
		core_spend_on_lines(c, cache_flush_all(l1, core_cycle(c)));
}

static void cpu_switch_to(struct cpu *cpu, u64 root_pa, u16 asid)
{
	struct core *c = core_of(cpu);

	if (c->walker.root == root_pa && c->walker.asid == asid)
		return;
	c->walker.root = root_pa;
	c->walker.asid = asid;
	switch_lines(c, &c->l1d, asid);
	switch_lines(c, &c->l1i, asid);
	core_forget(c);
}

static void cpu_flush_range(struct cpu *cpu, u16 asid, u64 start, u64 end)
{
	struct core *c = core_of(cpu);

	if (!c->xlate || start >= end)
		return;
	tlb_flush_range(&c->itlb, asid, start, end);
	tlb_flush_range(&c->dtlb, asid, start, end);
	if (c->has_stlb)
		tlb_flush_range(&c->stlb, asid, start, end);
	walker_flush_range(&c->walker, asid, start, end);
	core_spend_on_lines(c, cache_flush_range(&c->l1d, asid, start, end, core_cycle(c)));
	core_spend_on_lines(c, cache_flush_range(&c->l1i, asid, start, end, core_cycle(c)));
}

static void cpu_flush_page(struct cpu *cpu, u16 asid, u64 va)
{
	struct core *c = core_of(cpu);

	va &= ~FRAME_MASK;
	cpu_flush_range(cpu, asid, va, va + FRAME_SIZE);
	/* SDM volume 3, 4.10.4.1: for all addresses, whatever the operand is. */
	if (c->xlate && c->walker.format->page_takes_walks)
		walker_drop_tables(&c->walker, asid);
}

static void cpu_flush_asid(struct cpu *cpu, u16 asid)
{
	struct core *c = core_of(cpu);

	if (!c->xlate)
		return;
	tlb_flush_asid(&c->itlb, asid);
	tlb_flush_asid(&c->dtlb, asid);
	if (c->has_stlb)
		tlb_flush_asid(&c->stlb, asid);
	walker_flush_asid(&c->walker, asid);
	core_spend_on_lines(c, cache_flush_asid(&c->l1d, asid, core_cycle(c)));
	core_spend_on_lines(c, cache_flush_asid(&c->l1i, asid, core_cycle(c)));
}

static void cpu_flush_all(struct cpu *cpu)
{
	struct core *c = core_of(cpu);

	if (!c->xlate)
		return;
	tlb_flush_all(&c->itlb);
	tlb_flush_all(&c->dtlb);
	if (c->has_stlb)
		tlb_flush_all(&c->stlb);
	walker_flush_all(&c->walker);
	core_spend_on_lines(c, cache_flush_all(&c->l1d, core_cycle(c)));
	core_spend_on_lines(c, cache_flush_all(&c->l1i, core_cycle(c)));
}

static void cpu_flush_kernel_range(struct cpu *cpu, u64 start, u64 end)
{
	struct core *c = core_of(cpu);

	if (!c->walker.kernel_root || start >= end)
		return;
	tlb_flush_kernel_range(&c->itlb, start, end);
	tlb_flush_kernel_range(&c->dtlb, start, end);
	if (c->has_stlb)
		tlb_flush_kernel_range(&c->stlb, start, end);
	walker_flush_range(&c->walker, TLB_GLOBAL, start, end);
	core_spend_on_lines(c, cache_flush_range(&c->l1d, KERNEL_ASID, start, end, core_cycle(c)));
	core_spend_on_lines(c, cache_flush_range(&c->l1i, KERNEL_ASID, start, end, core_cycle(c)));
}

static void cpu_set_kernel_root(struct cpu *cpu, u64 root_pa)
{
	struct core *c = core_of(cpu);

	if (!c->xlate || cpu->kernel_root == root_pa)
		return;
	cpu_flush_kernel_range(cpu, 0, ~(u64)0);
	core_forget(c);
	line_runs_forget(c->text);
	line_runs_forget(c->data);
	core_groups_forget(c);
	cpu->kernel_root = c->walker.kernel_root = root_pa;
}

/* Interrupts are off while another's handler runs, and where the kernel keeps them so. */
static u64 interrupts_on(const struct core *c, u64 arrival)
{
	u64 at;

	do {
		at = arrival;
		arrival = holds_free_at(&c->interrupts, at);
		arrival = holds_free_at(&c->cpu.irqs_off, arrival);
	} while (arrival != at);
	return at;
}

static void shift_file(struct mshr_file *m, u64 cycles)
{
	u32 i;

	for (i = 0; i < m->n; i++) {
		m->entry[i].start += cycles;
		m->entry[i].ready += cycles;
	}
	m->last += cycles;
}

/* The clock, and with it what the core has under way. Modulo 2^64: back, too. */
static void shift_time(struct core *c, u64 cycles)
{
	struct store_buffer *sb = &c->sb;
	u64 slots = cycles * c->width;
	u32 i;

	c->slots += slots;
	for (i = 0; i < sb->n; i++)
		sb->done[(sb->head + i) % STORE_BUFFER_MAX] += slots;
	sb->last += slots;
	shift_file(&c->l1i.mshr, cycles);
	shift_file(&c->l1d.mshr, cycles);
	for (i = 0; i < c->n_lower; i++)
		shift_file(&c->lower[i].mshr, cycles);
	shift_file(&c->walker.busy, cycles);
	shift_file(&c->filling, cycles);
	c->settled = core_cycle(c);
}

/*
 * A core that runs, and whose clock is behind, will have come to the interrupt: while it is handled, and the
 * lines that others have just written come, the core has that time.
 */
static u64 cpu_interrupt(struct cpu *cpu, u64 arrival, bool idle)
{
	struct core *c = core_of(cpu);
	u64 taken = interrupts_on(c, arrival), now;

	if (idle)
		core_stall_until(c, taken, PART_IDLE);
	now = core_cycle(c);
	c->late += now > taken;
	c->interrupt_taken = taken;
	c->interrupted_at = idle ? ~(u64)0 : now; /* nobody is delayed */
	c->interrupt_shift = taken > now ? taken - now : 0;
	if (c->interrupt_shift)
		shift_time(c, c->interrupt_shift);
	if (explain_on())
		explain_mute();
	return taken;
}

static void cpu_interrupt_end(struct cpu *cpu, u64 cycle)
{
	struct core *c = core_of(cpu);

	holds_add(&c->interrupts, c->interrupt_taken, cycle);
	if (c->interrupt_shift)
		shift_time(c, -c->interrupt_shift);
	core_delayed(c, c->interrupted_at, CAUSE_SHOOTDOWN);
	if (explain_on())
		explain_unmute();
}

static void cpu_wait_until(struct cpu *cpu, enum kernel_path path, u64 cycle)
{
	core_stall_until(core_of(cpu), cycle, PART_KERNEL + path);
}

const struct cpu_ops core_cpu_ops = {
	.now = cpu_now,
	.spend = cpu_spend,
	.execute = core_kernel_execute,
	.load = core_kernel_load,
	.store = core_kernel_store,
	.touch = core_kernel_touch,
	.zero = core_kernel_zero,
	.copy = core_kernel_copy,
	.switch_to = cpu_switch_to,
	.flush_page = cpu_flush_page,
	.flush_range = cpu_flush_range,
	.flush_asid = cpu_flush_asid,
	.flush_all = cpu_flush_all,
	.set_kernel_root = cpu_set_kernel_root,
	.flush_kernel_range = cpu_flush_kernel_range,
	.tally = core_kernel_tally,
	.interrupt = cpu_interrupt,
	.interrupt_end = cpu_interrupt_end,
	.wait_until = cpu_wait_until,
};

static enum core_stop user_page(struct core *c, u64 va, bool write, u64 *pa)
{
	struct xlated x = { .pa = va };
	enum core_stop stop = CORE_DONE;

	if (c->xlate) {
		c->dtlb.st.kernel_lookups++;
		stop = core_translate(c, &c->dtlb, va, write ? ACCESS_WRITE : ACCESS_READ, true, &x);
	}
	*pa = x.pa;
	return stop;
}

enum core_stop core_user_copy(struct core *c, u64 va, u64 len, bool write, u64 *done)
{
	enum core_stop stop = CORE_DONE;
	u64 pa = 0, at = va + *done, end = va + len, bytes;

	core_on_path(&c->cpu, KPATH_UIO);
	for (; at < end; at += bytes, pa += bytes) {
		bytes = MIN(end - at, core_line_room(c, at));
		if (at == va + *done || core_page_begins(c, at))
			stop = user_page(c, at, write, &pa);
		if (stop != CORE_DONE)
			break;
		core_user_line(c, at, pa, (u32)bytes, write);
	}
	*done = at - va;
	core_sync(c);
	return stop;
}

enum core_stop core_file_copy(struct core *c, u64 va, u64 len, bool write, u64 kernel_va, u64 *done)
{
	enum core_stop stop;

	*done = 0;
	stop = core_user_copy(c, va, len, write, done);
	if (*done)
		core_kernel_side(c, kernel_va, (u32)*done, !write);
	core_sync(c);
	return stop;
}
