#include "model/mm/flush_rules.h"

#include "model/mm/era.h"
#include "model/mm/kernel.h"

/*
 * include/asm-generic/tlb.h: FREE_PTE_NR was 507 in 2.4 and 506 until 2.6.39 on several CPUs; since 3.0
 * MAX_GATHER_BATCH_COUNT batches of MAX_GATHER_BATCH and the bundle on the stack: 19 * 510 + 8.
 */
#define GATHER_2_4 507u
#define GATHER_2_6 506u
#define GATHER_3_0 9698u

/*
 * tlb_single_page_flush_ceiling (since 3.16). Before, flush_tlb_range() was flush_tlb_mm(). AArch64:
 * MAX_DVM_OPS, the entries of a table, are already too many (arch/arm64/include/asm/tlbflush.h). RISC-V:
 * tlb_flush_all_threshold of arch/riscv/mm/tlbflush.c.
 */
#define CEILING_X86   33u
#define CEILING_RISCV 64u

static bool is_arm64(u32 layout)
{
	return layout >= KERNEL_LAYOUT_ARM64_4K && layout <= KERNEL_LAYOUT_ARM64_64K;
}

static bool is_i386(u32 layout)
{
	return layout == KERNEL_LAYOUT_I386 || layout == KERNEL_LAYOUT_I386_PAE;
}

static enum flush_form form_of(const struct kernel_cfg *cfg, bool modern)
{
	if (cfg->tlbi == KERNEL_TLBI_BROADCAST || (cfg->tlbi == KERNEL_TLBI_LAYOUT && is_arm64(cfg->layout)))
		return FLUSH_BY_BROADCAST;
	return modern ? FLUSH_BY_CALL : FLUSH_BY_VECTOR;
}

static u32 ceiling_of(const struct kernel_cfg *cfg, bool modern)
{
	if (cfg->flush_ceiling != FLUSH_CEILING_ERA)
		return cfg->flush_ceiling;
	if (is_arm64(cfg->layout))
		return (1u << kernel_format(cfg)->bits[0]) - 1;
	if (cfg->layout >= KERNEL_LAYOUT_SV39)
		return CEILING_RISCV;
	return modern ? CEILING_X86 : 0;
}

static u32 gather_of(u32 era)
{
	if (era <= ERA_2_4_21)
		return GATHER_2_4;
	return era <= ERA_2_6_37 ? GATHER_2_6 : GATHER_3_0;
}

struct flush_rules flush_rules_of(const struct kernel_cfg *cfg)
{
	bool modern = cfg->era == ERA_6_X, several = !is_i386(cfg->layout) && cfg->era >= ERA_2_6_18;

	return (struct flush_rules){
		.form = form_of(cfg, modern),
		.vectors = several ? FLUSH_VECTORS : 1,
		.ceiling = ceiling_of(cfg, modern),
		.page_alone = !modern,
		.generations = modern,
		.keeps_mask = modern,
		.concurrent = modern,
		.batches = modern,
		.insists = !modern,
		.gather = gather_of(cfg->era),
		.fast_mode = !modern,
	};
}
