#include "tests/ref/ref_kernel_cpu.h"

#include "model/base/error.h"
#include "model/mm/kpgtable.h"

static struct ref_kernel_cpu *self(struct cpu *c)
{
	return container_of(c, struct ref_kernel_cpu, cpu);
}

u64 ref_kernel_touch(struct ref_kernel_cpu *c, u64 va)
{
	struct ref_pt r = ref_pt_walk((enum ref_pt_kind)c->k->cfg.layout, c->k->ptmem,
				      kpgtable_root(c->k->kpgtable), va);
	const u64 *held = map64_find(&c->tlb, va >> 12);

	ASSERT(r.present && !r.user);
	if (held) {
		ASSERT(*held == r.pa >> 12);
	} else {
		map64_set(&c->tlb, va >> 12, r.pa >> 12);
		c->fills++;
	}
	c->accesses++;
	return r.pa;
}

static void touch_range(struct cpu *c, u64 va, u32 bytes)
{
	ref_kernel_touch(self(c), va);
	if (bytes)
		ref_kernel_touch(self(c), va + bytes - 1);
}

static u64 cpu_now(struct cpu *c)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < NR_KERNEL_PATHS; i++)
		sum += self(c)->cycles[i];
	return sum;
}

static void cpu_spend(struct cpu *c, enum kernel_path path, u64 cycles)
{
	self(c)->cycles[path] += cycles;
}

static void cpu_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	touch_range(c, va, bytes);
	cpu_spend(c, path, instructions);
}

static void cpu_access(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch_range(c, va, bytes);
}

static void cpu_copy(struct cpu *c, enum kernel_path path, u64 to, u64 from, u32 bytes)
{
	touch_range(c, to, bytes);
	touch_range(c, from, bytes);
}

static void cpu_switch_to(struct cpu *c, u64 root, u16 asid)
{
}

static void cpu_flush_kernel_range(struct cpu *c, u64 start, u64 end)
{
	u64 vpn;

	for (vpn = start >> 12; vpn < end >> 12; vpn++) {
		self(c)->page_flushes++;
		if (map64_find(&self(c)->tlb, vpn))
			map64_remove(&self(c)->tlb, vpn);
	}
}

/* Of user addresses it has none. */
static void cpu_flush_range(struct cpu *c, u16 asid, u64 start, u64 end)
{
}

static void cpu_flush_page(struct cpu *c, u16 asid, u64 va)
{
}

static void cpu_flush_asid(struct cpu *c, u16 asid)
{
}

static void cpu_set_kernel_root(struct cpu *c, u64 root_pa)
{
}

static void cpu_tally(struct cpu *c, struct kernel_tally *t)
{
	*t = (struct kernel_tally){ .cycles = 0 };
}

static void cpu_flush_all(struct cpu *c)
{
	self(c)->full_flushes++;
	map64_fini(&self(c)->tlb);
	self(c)->tlb = (struct map64){ 0 };
}

static u64 cpu_interrupt(struct cpu *c, u64 arrival, bool idle)
{
	self(c)->interrupts++;
	return arrival;
}

static void cpu_interrupt_end(struct cpu *c, u64 cycle)
{
}

static void cpu_wait_until(struct cpu *c, enum kernel_path path, u64 cycle)
{
	if (cycle > cpu_now(c))
		cpu_spend(c, path, cycle - cpu_now(c));
}

static const struct cpu_ops ref_kernel_ops = {
	.now = cpu_now,
	.spend = cpu_spend,
	.load = cpu_access,
	.store = cpu_access,
	.touch = cpu_touch_each,
	.execute = cpu_execute,
	.zero = cpu_access,
	.copy = cpu_copy,
	.switch_to = cpu_switch_to,
	.flush_page = cpu_flush_page,
	.flush_range = cpu_flush_range,
	.flush_asid = cpu_flush_asid,
	.flush_all = cpu_flush_all,
	.set_kernel_root = cpu_set_kernel_root,
	.flush_kernel_range = cpu_flush_kernel_range,
	.tally = cpu_tally,
	.interrupt = cpu_interrupt,
	.interrupt_end = cpu_interrupt_end,
	.wait_until = cpu_wait_until,
};

void ref_kernel_cpu_init(struct ref_kernel_cpu *c, struct kernel *k)
{
	*c = (struct ref_kernel_cpu){
		.cpu = { .ops = &ref_kernel_ops, .id = k->n_cpus, .direct_map = k->layout.direct_map }, .k = k
	};
	if (!k->pa)
		k->direct_map = k->layout.direct_map;
	kernel_add_cpu(k, &c->cpu);
}

void ref_kernel_cpu_fini(struct ref_kernel_cpu *c)
{
	map64_fini(&c->tlb);
}
