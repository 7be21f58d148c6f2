#include "tests/ref/ref_hw_machine.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define REF_FRAMES  (1ull << 20)
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED)

void ref_tables_init(struct ref_tables *t)
{
	t->ptmem = ptmem_new(REF_FRAMES);
	t->next_frame = 1;
	t->root = t->next_frame++ << FRAME_SHIFT;
	ptmem_add(t->ptmem, t->root >> FRAME_SHIFT);
}

void ref_tables_fini(struct ref_tables *t)
{
	ptmem_free(t->ptmem);
}

/* The table of `level` that translates va; made if need be. */
static u64 table_of(struct ref_tables *t, u64 va, u32 level)
{
	const struct pt_format *f = &pt_x86_64;
	u64 table = t->root, pa, e;
	u32 l;

	for (l = f->levels - 1u; l > level; l--) {
		pa = pt_entry_pa(f, table, va, l);
		e = pt_read(f, t->ptmem, pa);
		if (!(f->flags(e, l) & PTE_PRESENT)) {
			ptmem_add(t->ptmem, t->next_frame);
			e = f->encode(t->next_frame++ << FRAME_SHIFT, TABLE_FLAGS, l);
			pt_write(f, t->ptmem, pa, e);
		}
		table = f->pa(e, l);
	}
	return table;
}

void ref_tables_map(struct ref_tables *t, u64 va, u64 pa, u32 level, u32 flags)
{
	const struct pt_format *f = &pt_x86_64;
	u64 entry_pa = pt_entry_pa(f, table_of(t, va, level), va, level);

	pt_write(f, t->ptmem, entry_pa, f->encode(pa, flags | PTE_PRESENT | PTE_LEAF, level));
}

u64 ref_tables_entry(const struct ref_tables *t, u64 va, u32 level)
{
	return pt_entry_pa(&pt_x86_64, table_of((struct ref_tables *)t, va, level), va, level);
}

static bool grants(const struct ref_tables *t, u64 va, enum access_kind access)
{
	u32 flags = pt_x86_64.flags(pt_read(&pt_x86_64, t->ptmem, ref_tables_entry(t, va, 0)), 0);
	u32 wanted = access == ACCESS_WRITE ? PTE_WRITE : access == ACCESS_EXEC ? PTE_EXEC : 0;

	return flags & PTE_PRESENT && (flags & wanted) == wanted;
}

static enum trap_result ref_fault(struct kernel *k, struct cpu *cpu, struct mm *mm, const struct trap *trap)
{
	struct ref_machine *m = (struct ref_machine *)k;
	u64 frame;

	m->faults++;
	if (m->resolve)
		return m->resolve(m, cpu, trap);
	if (trap->va >= REF_BAD)
		return TRAP_SEGV;
	if (m->block_faults) {
		m->block_faults--;
		return TRAP_BLOCK;
	}
	cpu->ops->spend(cpu, KPATH_FAULT, m->fault_cycles);
	if (trap->present && grants(&m->tables, trap->va, trap->access))
		return TRAP_RETRY;
	frame = (0x10000 + m->tables.next_frame++) << FRAME_SHIFT;
	ref_tables_map(&m->tables, trap->va, frame, 0,
		       PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY);
	return TRAP_RETRY;
}

static const struct kernel_ops ref_kernel_ops = { ref_fault };

static struct cache_cfg cache(u64 size, u32 ways, u64 latency, u32 indexing)
{
	return (struct cache_cfg){ .size = size,
				   .ways = ways,
				   .line = 64,
				   .latency = { .cycles = latency },
				   .indexing = indexing,
				   .allocate = true,
				   .sharers = 1,
				   .slices = 1,
				   .mshrs = 16 };
}

static struct tlb_cfg tlb(u32 entries, u32 ways, u64 latency)
{
	return (struct tlb_cfg){ .any = { .entries = entries, .ways = ways },
				 .latency = { .cycles = latency } };
}

void ref_machine_cfg(struct ref_machine *m)
{
	memset(m, 0, sizeof(*m));
	m->hw.l1i = cache(32 << 10, 8, 5, INDEX_VIPT);
	m->hw.l1d = cache(48 << 10, 12, 5, INDEX_VIPT);
	m->hw.l2 = cache(2 << 20, 16, 16, INDEX_PIPT);
	m->hw.itlb = tlb(256, 8, 1);
	m->hw.dtlb = tlb(96, 6, 1);
	m->hw.stlb = tlb(2048, 16, 7);
	m->hw.pwc.level[PWC_PDE] = (struct tlb_array_cfg){ .entries = 32, .ways = 4 };
	m->hw.pwc.level[PWC_PDPTE] = (struct tlb_array_cfg){ .entries = 8, .ways = 4 };
	m->hw.pwc.level[PWC_PML4E] = (struct tlb_array_cfg){ .entries = 4 };
	m->hw.walker = (struct walker_cfg){ .count = 1, .port = WALKER_L1D };
	m->hw.dram = (struct dram_cfg){
		.model = DRAM_FLAT, .channels = 1, .ranks = 1, .mapping = DRAM_MAPPING,
		.flat = { .cycles = 84 }
	};
	m->core_cfg = (struct core_cfg){ .frequency = 1000000000, .width = 1, .mshrs = 16, .store_buffer = 8,
					 .unknown_dependence = "none" };
	m->shortcut = true;
	m->xlate = true;
}

void ref_machine_init(struct ref_machine *m)
{
	struct core_params p = { .cfg = &m->core_cfg, .hw = &m->hw, .seed = 1, .shortcut = m->shortcut,
				 .kernel = (struct kernel *)m, .kernel_ops = &ref_kernel_ops };

	ref_tables_init(&m->tables);
	m->memory = memory_new(&m->hw, 1, m->core_cfg.frequency, 1);
	p.memory = m->memory;
	p.ptmem = m->tables.ptmem;
	m->host = stage2_new(&m->hw.nested, &pt_x86_64, REF_FRAMES << FRAME_SHIFT, m->core_cfg.frequency,
			     1);
	p.host = m->host;
	p.format = m->xlate ? &pt_x86_64 : NULL;
	m->core = core_new(&p);
	core_cpu(m->core)->ops->switch_to(core_cpu(m->core), m->tables.root, 1);
	m->stats = stats_new();
	core_stats(m->core, m->stats);
	memory_stats(m->memory, m->stats);
	code_table_init(&m->code, m->hw.l1i.line, FRAME_SHIFT);
}

void ref_machine_fini(struct ref_machine *m)
{
	core_sane(m->core);
	memory_sane(m->memory);
	code_table_fini(&m->code);
	stats_free(m->stats);
	core_free(m->core);
	memory_free(m->memory);
	stage2_free(m->host);
	ref_tables_fini(&m->tables);
}

u32 ref_machine_block(struct ref_machine *m, u64 pc, u32 n_insns, const struct tr_slot *slot, u32 n_slots)
{
	u8 size[TR_MAX_INSNS];
	const struct tr_block b = {
		.pc = pc, .n_insns = (u16)n_insns, .n_slots = (u16)n_slots, .insn_size = size, .slot = slot
	};

	memset(size, 4, sizeof(size));
	code_table_add(&m->code, &b);
	return m->code.n - 1;
}

enum core_stop ref_machine_run(struct ref_machine *m, u32 block, const u64 *addr, u32 n)
{
	static const u64 no_address;
	struct core_chunk ch = { .code = &m->code, .addr = addr ? addr : &no_address, .n_runs = n };
	u32 *blocks = malloc(n * sizeof(*blocks)), i;
	enum core_stop stop;

	for (i = 0; i < n; i++)
		blocks[i] = block;
	ch.block = blocks;
	do
		stop = core_run(m->core, &ch, ~(u64)0);
	while (stop == CORE_BLOCK);
	free(blocks);
	return stop;
}

u64 ref_stat(const struct ref_machine *m, const char *name)
{
	return stats_value(m->stats, name);
}
