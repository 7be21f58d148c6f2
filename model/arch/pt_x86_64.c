/*
 * x86-64, four levels and five (LA57). Intel SDM volume 3, chapter 4 ("Paging"), tables 4-14 to 4-20: the
 * bits of PML5E, PML4E, PDPTE, PDE and PTE. Reading is implied by presence; PS (bit 7) tells a leaf from a
 * table above the last level, where the bit is PAT and stays 0.
 */
#include "model/arch/pt.h"

#define X86_P    (1ull << 0)
#define X86_RW   (1ull << 1)
#define X86_US   (1ull << 2)
#define X86_A    (1ull << 5)
#define X86_D    (1ull << 6)
#define X86_PS   (1ull << 7)
#define X86_G    (1ull << 8)
#define X86_NX   (1ull << 63)
#define X86_ADDR 0x000ffffffffff000ull /* bits 12 to 51 */

static const struct {
	u32 flag;
	u64 bit;
} x86_bits[] = {
	{ PTE_PRESENT, X86_P },  { PTE_WRITE, X86_RW }, { PTE_USER, X86_US },
	{ PTE_ACCESSED, X86_A }, { PTE_DIRTY, X86_D },  { PTE_GLOBAL, X86_G },
};

static u64 x86_encode(u64 pa, u32 flags, u32 level)
{
	u64 entry = pa & X86_ADDR;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(x86_bits); i++)
		if (flags & x86_bits[i].flag)
			entry |= x86_bits[i].bit;
	if (!(flags & PTE_EXEC))
		entry |= X86_NX;
	if (level > 0 && (flags & PTE_LEAF))
		entry |= X86_PS;
	return entry;
}

static u64 x86_pa(u64 entry, u32 level)
{
	u64 size = 1ull << pt_x86_64.shift[level];

	/* In a large leaf the low address bits hold PAT and reserved bits. */
	if (level > 0 && (entry & X86_PS))
		return entry & X86_ADDR & ~(size - 1);
	return entry & X86_ADDR;
}

static u32 x86_flags(u64 entry, u32 level)
{
	u32 i, flags = 0;

	for (i = 0; i < ARRAY_SIZE(x86_bits); i++)
		if (entry & x86_bits[i].bit)
			flags |= x86_bits[i].flag;
	if (!(entry & X86_NX))
		flags |= PTE_EXEC;
	if ((entry & X86_P) && (level == 0 || (entry & X86_PS)))
		flags |= PTE_LEAF;
	return flags;
}

const struct pt_format pt_x86_64 = {
	.name = "x86-64",
	.levels = 4,
	.entry_bytes = 8,
	.va_bits = 48,
	.pa_bits = 52,
	.shift = { 12, 21, 30, 39 },
	.bits = { 9, 9, 9, 9 },
	.leaf = { PAGE_4K, PAGE_2M, PAGE_1G, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.page_takes_walks = true,
	.encode = x86_encode,
	.pa = x86_pa,
	.flags = x86_flags,
};

const struct pt_format pt_x86_64_la57 = {
	.name = "x86-64-la57",
	.levels = 5,
	.entry_bytes = 8,
	.va_bits = 57,
	.pa_bits = 52,
	.shift = { 12, 21, 30, 39, 48 },
	.bits = { 9, 9, 9, 9, 9 },
	.leaf = { PAGE_4K, PAGE_2M, PAGE_1G, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.page_takes_walks = true,
	.encode = x86_encode,
	.pa = x86_pa,
	.flags = x86_flags,
};
