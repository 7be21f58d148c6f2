/*
 * RISC-V, Sv39 and Sv48. The RISC-V Instruction Set Manual, volume II (privileged architecture), chapter
 * "Supervisor-Level ISA", Sv39 and Sv48: V R W X U G A D in bits 0 to 7, the page number from bit 10 on. An
 * entry is a leaf if one of R, W and X is set; in others U, A and D are reserved. The walker sets A and D
 * (Svadu). A leaf can always be read here, as everywhere else.
 */
#include "model/arch/pt.h"

#define RISCV_V         (1ull << 0)
#define RISCV_R         (1ull << 1)
#define RISCV_W         (1ull << 2)
#define RISCV_X         (1ull << 3)
#define RISCV_U         (1ull << 4)
#define RISCV_G         (1ull << 5)
#define RISCV_A         (1ull << 6)
#define RISCV_D         (1ull << 7)
#define RISCV_LEAF      (RISCV_R | RISCV_W | RISCV_X)
#define RISCV_PPN_SHIFT 10u
#define RISCV_PPN       ((1ull << 44) - 1)

static const struct {
	u32 flag;
	u64 bit;
} riscv_bits[] = {
	{ PTE_WRITE, RISCV_W },  { PTE_EXEC, RISCV_X },     { PTE_USER, RISCV_U },
	{ PTE_GLOBAL, RISCV_G }, { PTE_ACCESSED, RISCV_A }, { PTE_DIRTY, RISCV_D },
};

static u64 riscv_encode(u64 pa, u32 flags, u32 level)
{
	u64 entry = (pa >> FRAME_SHIFT & RISCV_PPN) << RISCV_PPN_SHIFT;
	u32 i;

	if ((flags & PTE_PRESENT) && !(flags & PTE_LEAF))
		return entry | RISCV_V;
	if (flags & PTE_PRESENT)
		entry |= RISCV_V | RISCV_R;
	for (i = 0; i < ARRAY_SIZE(riscv_bits); i++)
		if (flags & riscv_bits[i].flag)
			entry |= riscv_bits[i].bit;
	return entry;
}

static u64 riscv_pa(u64 entry, u32 level)
{
	return (entry >> RISCV_PPN_SHIFT & RISCV_PPN) << FRAME_SHIFT;
}

static u32 riscv_flags(u64 entry, u32 level)
{
	u32 i, flags = 0;

	if ((entry & RISCV_V) && !(entry & RISCV_LEAF))
		return PTE_TABLE;
	if (entry & RISCV_V)
		flags = PTE_PRESENT | PTE_LEAF;
	for (i = 0; i < ARRAY_SIZE(riscv_bits); i++)
		if (entry & riscv_bits[i].bit)
			flags |= riscv_bits[i].flag;
	return flags;
}

const struct pt_format pt_riscv_sv39 = {
	.name = "sv39",
	.levels = 3,
	.entry_bytes = 8,
	.va_bits = 39,
	.pa_bits = 56,
	.shift = { 12, 21, 30 },
	.bits = { 9, 9, 9 },
	.leaf = { PAGE_4K, PAGE_2M, PAGE_1G, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.encode = riscv_encode,
	.pa = riscv_pa,
	.flags = riscv_flags,
};

const struct pt_format pt_riscv_sv48 = {
	.name = "sv48",
	.levels = 4,
	.entry_bytes = 8,
	.va_bits = 48,
	.pa_bits = 56,
	.shift = { 12, 21, 30, 39 },
	.bits = { 9, 9, 9, 9 },
	.leaf = { PAGE_4K, PAGE_2M, PAGE_1G, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.encode = riscv_encode,
	.pa = riscv_pa,
	.flags = riscv_flags,
};
