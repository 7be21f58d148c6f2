#include "tests/ref/ref_mm_cpu.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/asid.h"

#define X86_P  1ull
#define X86_PA 0xffffffffff000ull

static struct ref_cpu *self(struct cpu *c)
{
	return container_of(c, struct ref_cpu, cpu);
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

/* What the kernel touches in the direct map must be in use at that time. */
static void touch(struct cpu *c, u64 pa)
{
	if (pa >= self(c)->memory)
		return;
	ASSERT(frame_refs(self(c)->k->frames, pa >> FRAME_SHIFT) > 0);
}

static void cpu_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	cpu_spend(c, path, instructions);
}

static void cpu_load(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch(c, va - c->direct_map);
	self(c)->loads++;
}

static void cpu_store(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch(c, va - c->direct_map);
	self(c)->stores++;
}

static void cpu_zero(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch(c, va - c->direct_map);
	self(c)->zeroed++;
}

static void cpu_copy(struct cpu *c, enum kernel_path path, u64 to, u64 from, u32 bytes)
{
	touch(c, to - c->direct_map);
	touch(c, from - c->direct_map);
	self(c)->copied++;
}

static void cpu_switch_to(struct cpu *c, u64 root, u16 asid)
{
}

/* first and last are page numbers. */
static void tlb_drop(struct ref_cpu *c, u16 asid, u64 first, u64 last)
{
	u32 i, kept = 0;

	for (i = 0; i < c->n_tlb; i++)
		if (c->tlb[i].asid != asid || c->tlb[i].vpn + c->tlb[i].frames <= first ||
		    c->tlb[i].vpn > last)
			c->tlb[kept++] = c->tlb[i];
	c->n_tlb = kept;
	for (i = kept = 0; i < c->n_pwc; i++) {
		const struct ref_pwc_entry *p = &c->pwc[i];

		if (p->asid != asid || p->prefix < first >> 9 * p->level || p->prefix > last >> 9 * p->level)
			c->pwc[kept++] = *p;
	}
	c->n_pwc = kept;
}

static void cpu_flush_page(struct cpu *c, u16 asid, u64 va)
{
	ASSERT(!(va & FRAME_MASK));
	self(c)->page_flushes++;
	self(c)->last_flush = va;
	tlb_drop(self(c), asid, va >> 12, va >> 12);
}

static void cpu_flush_range(struct cpu *c, u16 asid, u64 start, u64 end)
{
	tlb_drop(self(c), asid, start >> 12, (end - 1) >> 12);
}

static void cpu_flush_asid(struct cpu *c, u16 asid)
{
	self(c)->full_flushes++;
	tlb_drop(self(c), asid, 0, ~(u64)0);
}

static void cpu_flush_all(struct cpu *c)
{
	self(c)->n_tlb = self(c)->n_pwc = 0;
}

static void cpu_set_kernel_root(struct cpu *c, u64 root_pa)
{
	c->kernel_root = root_pa;
}

static void cpu_flush_kernel_range(struct cpu *c, u64 start, u64 end)
{
}

static void cpu_tally(struct cpu *c, struct kernel_tally *t)
{
	*t = (struct kernel_tally){ .cycles = cpu_now(c) };
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

static const struct cpu_ops ref_ops = {
	.now = cpu_now,
	.spend = cpu_spend,
	.load = cpu_load,
	.store = cpu_store,
	.touch = cpu_touch_each,
	.execute = cpu_execute,
	.zero = cpu_zero,
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

void ref_cpu_init(struct ref_cpu *c, struct kernel *k)
{
	*c = (struct ref_cpu){ .cpu = { .ops = &ref_ops, .id = k->n_cpus },
			       .k = k,
			       .memory = k->pa ? k->pa->cfg.bytes : ~(u64)0,
			       .kind = (enum ref_pt_kind)k->cfg.layout };
	kernel_add_cpu(k, &c->cpu);
}

/* The entry of level `to` for va, in or below a table of `level`; NULL if the walk ends before. */
static u64 *walk_to(const struct ptmem *m, u64 table, u64 va, u32 level, u32 to)
{
	u64 *entry = &ptmem_entries(m, table >> 12)[va >> (12 + 9 * level) & 511];

	if (level == to)
		return entry;
	return *entry & X86_P ? walk_to(m, *entry & X86_PA, va, level - 1, to) : NULL;
}

u64 ref_walk(const struct ptmem *m, u64 root, u64 va)
{
	const u64 *entry = walk_to(m, root, va, 3, 0);

	return entry ? *entry : 0;
}

static bool allows(bool write, bool exec, enum access_kind access)
{
	return access == ACCESS_READ || (access == ACCESS_WRITE ? write : exec);
}

/* Whatever was told to go must not be used any more. */
static void check_use(const struct ref_cpu *c, const struct mm *mm, const struct ref_tlb_entry *t)
{
	struct ref_pt r = ref_pt_walk(c->kind, c->k->ptmem, mm_root(mm), t->vpn << 12);

	ASSERT(r.present && r.pa >> 12 == t->pfn && 1ull << (r.shift - 12) == t->frames);
	ASSERT((!t->write || r.write) && (!t->exec || r.exec));
}

static bool tlb_hit(struct ref_cpu *c, const struct mm *mm, u64 va, enum access_kind access)
{
	u32 i;

	for (i = 0; i < c->n_tlb; i++) {
		const struct ref_tlb_entry *e = &c->tlb[i];

		if (e->asid != mm_asid(mm, &c->cpu) || (va >> 12) - e->vpn >= e->frames)
			continue;
		check_use(c, mm, e);
		return allows(e->write, e->exec, access);
	}
	return false;
}

static void pwc_fill(struct ref_cpu *c, const struct mm *mm, u64 va, u32 level)
{
	const u64 *entry = walk_to(c->k->ptmem, mm_root(mm), va, 3, level);
	struct ref_pwc_entry new = { va >> (12 + 9 * level), (*entry & X86_PA) >> 12, level,
				     mm_asid(mm, &c->cpu) };
	u32 i;

	for (i = 0; i < c->n_pwc; i++)
		if (c->pwc[i].asid == new.asid && c->pwc[i].level == level && c->pwc[i].prefix == new.prefix)
			return;
	ASSERT(c->n_pwc < REF_TLB_MAX);
	c->pwc[c->n_pwc++] = new;
}

static void set_accessed(struct ref_cpu *c, const struct ref_pt *r, bool dirty)
{
	const struct pt_format *f = c->k->format;
	u64 e = pt_read(f, c->k->ptmem, r->entry_pa);
	u32 state = PTE_ACCESSED | (dirty ? PTE_DIRTY : 0), level = r->level;

	pt_write(f, c->k->ptmem, r->entry_pa, f->encode(f->pa(e, level), f->flags(e, level) | state, level));
}

static bool walk_and_fill(struct ref_cpu *c, const struct mm *mm, u64 va, enum access_kind access)
{
	struct ref_pt r = ref_pt_walk(c->kind, c->k->ptmem, mm_root(mm), va);
	u64 frames = 1ull << (r.shift - 12);
	u32 level;

	for (level = 1; c->kind == REF_X86_64 && r.reads == 4 && level < 4; level++)
		pwc_fill(c, mm, va, level);
	if (!r.present || !allows(r.write, r.exec, access))
		return false;
	set_accessed(c, &r, access == ACCESS_WRITE);
	ASSERT(c->n_tlb < REF_TLB_MAX);
	c->tlb[c->n_tlb++] = (struct ref_tlb_entry){ .vpn = (va >> 12) & ~(frames - 1),
						     .pfn = (r.pa >> 12) & ~(frames - 1),
						     .frames = frames,
						     .asid = mm_asid(mm, &c->cpu),
						     .write = r.write,
						     .exec = r.exec };
	return true;
}

enum trap_result ref_access(struct ref_cpu *c, struct mm *mm, u64 va, enum access_kind access, u32 *traps)
{
	struct trap t = { .va = va, .access = access };
	u64 unmapped = c->k->reclaim.unmapped;
	enum trap_result result;

	mm_load(mm, &c->cpu);
	for (*traps = 0;; ++*traps) {
		if (tlb_hit(c, mm, va, access) || walk_and_fill(c, mm, va, access))
			return TRAP_RETRY;
		/* More only where the kernel takes away itself what it has just mapped. */
		ASSERT(*traps < 2 || c->k->reclaim.unmapped != unmapped);
		t.present = ref_pt_walk(c->kind, c->k->ptmem, mm_root(mm), va).present;
		result = kernel_ops.fault(c->k, &c->cpu, mm, &t);
		if (result != TRAP_RETRY)
			return result;
	}
}

/* Whose the tag is; NULL: nobody's, or what has it is flushed before it is used. */
static const struct mm *current_with(const struct ref_cpu *c, u16 asid)
{
	const struct asid *id = &c->k->asids[c->cpu.id].id[asid];
	const struct mm *mm;

	for (mm = c->k->mms; mm; mm = mm->next)
		if (mm_asid(mm, &c->cpu) == asid && id->gen == mm->tlb_gen)
			return mm;
	return NULL;
}

static void pwc_check(const struct ref_cpu *c)
{
	u32 i;

	for (i = 0; i < c->n_pwc; i++) {
		const struct ref_pwc_entry *p = &c->pwc[i];
		const struct mm *mm = current_with(c, p->asid);
		const u64 *entry;

		if (!mm)
			continue;
		entry = walk_to(c->k->ptmem, mm->root, p->prefix << (12 + 9 * p->level), 3, p->level);
		ASSERT(entry && (*entry & X86_P) && (*entry & X86_PA) >> 12 == p->pfn);
	}
}

void ref_tlb_check(const struct ref_cpu *c)
{
	u32 i;

	for (i = 0; i < c->n_tlb; i++) {
		const struct mm *mm = current_with(c, c->tlb[i].asid);

		if (mm)
			check_use(c, mm, &c->tlb[i]);
	}
	pwc_check(c);
}
