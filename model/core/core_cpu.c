/*
 * What the kernel does to the hardware thread that it runs on (arch/cpu.h): time, its own loads and stores
 * through the same caches, whole frames, flushes, the switch of address spaces; and the copies between user
 * buffers and kernel.
 */
#include "model/core/core_state.h"

#include <inttypes.h>

#include "model/base/error.h"
#include "model/sim/explain.h"

/* What the kernel does comes after everything that the program has begun. */
static struct core *core_of(struct cpu *cpu)
{
	struct core *c = container_of(cpu, struct core, cpu);

	core_drain(c);
	c->settled = core_cycle(c);
	return c;
}

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

/*
 * One line read; skew as in hw/port.h. An L1 hit takes a cycle, anything slower is waited for unless the
 * caller looks ahead.
 */
static u64 kernel_read_line(struct core *c, u64 pa, u64 skew, u32 bytes)
{
	struct mem_req r = { .pa = pa, .skew = skew, .bytes = bytes, .cls = MEM_KERNEL_LOAD };
	u64 now = core_cycle(c), done = port_read(&c->l1d.port, &r, now);

	hist_add(&c->lat.kernel, done - now, 1);
	return done > now + c->l1d.latency ? done : now + 1;
}

/* One line's bytes written: a cycle, and the store buffer takes it. */
static void kernel_write_line(struct core *c, u32 part, u64 pa, u64 skew, u32 bytes)
{
	struct mem_req r = { .pa = pa, .skew = skew, .bytes = bytes, .cls = MEM_KERNEL_RFO };
	u64 now = core_cycle(c), done = port_write(&c->l1d.port, &r, now);

	hist_add(&c->lat.kernel, done - now, 1);
	core_stall_until(c, now + 1, part);
	core_retire_store(c, done > now + c->l1d.latency ? done : now);
}

/* Calls for the parts of [pa, pa + bytes) line by line. */
#define for_each_line(c, pa, bytes, part)                                             \
	for (part = MIN(bytes, line_room(c, pa)); bytes;                              \
	     pa += part, bytes -= part, part = MIN(bytes, line_room(c, pa)))

static u32 line_room(const struct core *c, u64 pa)
{
	u32 line = 1u << c->l1d.line_shift;

	return line - ((u32)pa & (line - 1));
}

/* The machine's address of what the kernel calls pa; its host maps the page first, if need be. */
static u64 machine_pa(struct core *c, enum kernel_path path, u64 pa)
{
	u64 fault;

	if (likely(!c->host))
		return pa;
	fault = stage2_touch(c->host, pa);
	core_stall_until(c, core_cycle(c) + fault, PART_KERNEL + path);
	return stage2_pa(c->host, pa);
}

static void load_line(struct core *c, enum kernel_path path, u64 pa, u32 bytes)
{
	u64 at = machine_pa(c, path, pa);

	core_stall_until(c, kernel_read_line(c, at, pa ^ at, bytes), PART_KERNEL + path);
}

/*
 * Among several cores every line is asked for below, also one that is wholly written; which ones are is known
 * some lines before, when a frame is zeroed or copied.
 */
#define EXPECT_AHEAD 6u /* lines */

static void store_line(struct core *c, enum kernel_path path, u64 pa, u32 bytes)
{
	u64 at = machine_pa(c, path, pa);

	if (unlikely(c->l1d.coherent && bytes == 1u << c->l1d.line_shift))
		port_expect(c->l1d.below, at + ((u64)EXPECT_AHEAD << c->l1d.line_shift));

	kernel_write_line(c, PART_KERNEL + path, at, pa ^ at, bytes);
}

/* Instructions issue as the program's do. */
static void cpu_execute(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	struct core *c = core_of(cpu);

	core_stall(c, c->slots + instructions, PART_KERNEL + path);
}

static void cpu_load(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	struct core *c = core_of(cpu);
	u64 pa = va - cpu->direct_map;
	u32 part;

	if (explain_on())
		explain_open(core_cycle(c), "kernel.%s: load of %u bytes at 0x%" PRIx64,
			     kernel_path_name[path], bytes, pa);
	for_each_line(c, pa, bytes, part)
		load_line(c, path, pa, part);
	if (explain_on())
		explain_close(core_cycle(c), "%s", "");
}

static void cpu_store(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	struct core *c = core_of(cpu);
	u64 pa = va - cpu->direct_map;
	u32 part;

	if (explain_on()) {
		explain_open(core_cycle(c), "kernel.%s: store of %u bytes at 0x%" PRIx64,
			     kernel_path_name[path], bytes, pa);
		explain_mute();
	}
	for_each_line(c, pa, bytes, part)
		store_line(c, path, pa, part);
	if (explain_on()) {
		explain_unmute();
		explain_close(core_cycle(c), "%s", "");
	}
}

static void cpu_zero(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	cpu_store(cpu, path, va, bytes);
}

/* A line a cycle, as many in flight as the MSHRs allow: a copy loop's loads do not wait for each other. */
static void cpu_copy(struct cpu *cpu, enum kernel_path path, u64 to, u64 from, u32 bytes)
{
	struct core *c = core_of(cpu);
	u32 line = 1u << c->l1d.line_shift, at;
	u64 last = 0, done;

	if (explain_on()) {
		explain_open(core_cycle(c), "kernel.%s: %u bytes at 0x%" PRIx64 " copied to 0x%" PRIx64,
			     kernel_path_name[path], bytes, from, to);
		explain_mute();
	}
	for (at = 0; at < bytes; at += line) {
		u64 pa = from - cpu->direct_map + at, machine = machine_pa(c, path, pa);
		struct mem_req r = { .pa = machine, .skew = pa ^ machine, .cls = MEM_KERNEL_LOAD };
		u64 now = core_cycle(c);

		done = port_read(&c->l1d.port, &r, now);
		hist_add(&c->lat.kernel, done - now, 1);
		last = MAX(last, done);
		core_stall_until(c, now + 1 + r.mshr_wait, PART_KERNEL + path);
		store_line(c, path, to - cpu->direct_map + at, line);
	}
	core_stall_until(c, last, PART_KERNEL + path);
	if (explain_on()) {
		explain_unmute();
		explain_close(core_cycle(c), "%s", "");
	}
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
	va &= ~FRAME_MASK;
	cpu_flush_range(cpu, asid, va, va + FRAME_SIZE);
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

static u64 cpu_interrupt(struct cpu *cpu, u64 arrival, u64 cycles)
{
	struct core *c = core_of(cpu);

	c->late += core_cycle(c) > arrival;
	c->interrupted_until = MAX(arrival, c->interrupted_until) + cycles;
	core_drain(c);
	core_stall_until(c, core_cycle(c) + cycles, PART_IPI);
	return c->interrupted_until;
}

static void cpu_wait_until(struct cpu *cpu, enum kernel_path path, u64 cycle)
{
	core_stall_until(core_of(cpu), cycle, PART_KERNEL + path);
}

const struct cpu_ops core_cpu_ops = {
	.now = cpu_now,
	.spend = cpu_spend,
	.execute = cpu_execute,
	.load = cpu_load,
	.store = cpu_store,
	.zero = cpu_zero,
	.copy = cpu_copy,
	.switch_to = cpu_switch_to,
	.flush_page = cpu_flush_page,
	.flush_range = cpu_flush_range,
	.flush_asid = cpu_flush_asid,
	.flush_all = cpu_flush_all,
	.interrupt = cpu_interrupt,
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
	const u32 part = PART_KERNEL + KPATH_UIO;
	enum core_stop stop = CORE_DONE;
	u64 pa = 0, at = va + *done, end = va + len, bytes;

	core_drain(c);
	for (; at < end; at += bytes, pa += bytes) {
		bytes = MIN(end - at, line_room(c, at));
		if (at == va + *done || core_page_begins(c, at))
			stop = user_page(c, at, write, &pa);
		if (stop != CORE_DONE)
			break;
		if (write)
			kernel_write_line(c, part, pa, at ^ pa, (u32)bytes);
		else
			core_stall_until(c, kernel_read_line(c, pa, at ^ pa, (u32)bytes), part);
	}
	*done = at - va;
	core_sync(c);
	return stop;
}
