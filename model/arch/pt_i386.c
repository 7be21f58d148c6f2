/*
 * i386, two levels of 4-byte entries, with 4 MB pages (PSE). Intel SDM volume 3, chapter 4 ("Paging"), 4.3
 * and tables 4-4 to 4-6: the bits of PDE and PTE. Nothing forbids execution. In a 4 MB page bits 13 to 20 are
 * address bits 32 to 39 (PSE-36); they stay 0 here.
 */
#include "model/arch/pt.h"

#define I386_P       (1u << 0)
#define I386_RW      (1u << 1)
#define I386_US      (1u << 2)
#define I386_A       (1u << 5)
#define I386_D       (1u << 6)
#define I386_PS      (1u << 7)
#define I386_G       (1u << 8)
#define I386_ADDR    0xfffff000u
#define I386_ADDR_4M 0xffc00000u

static const struct {
	u32 flag, bit;
} i386_bits[] = {
	{ PTE_PRESENT, I386_P },  { PTE_WRITE, I386_RW }, { PTE_USER, I386_US },
	{ PTE_ACCESSED, I386_A }, { PTE_DIRTY, I386_D },  { PTE_GLOBAL, I386_G },
};

static u64 i386_encode(u64 pa, u32 flags, u32 level)
{
	u32 entry = (u32)pa & I386_ADDR, i;

	for (i = 0; i < ARRAY_SIZE(i386_bits); i++)
		if (flags & i386_bits[i].flag)
			entry |= i386_bits[i].bit;
	if (level > 0 && (flags & PTE_LEAF))
		entry |= I386_PS;
	return entry;
}

static u64 i386_pa(u64 entry, u32 level)
{
	return entry & (level > 0 && (entry & I386_PS) ? I386_ADDR_4M : I386_ADDR);
}

static u32 i386_flags(u64 entry, u32 level)
{
	u32 i, flags = PTE_EXEC;

	for (i = 0; i < ARRAY_SIZE(i386_bits); i++)
		if (entry & i386_bits[i].bit)
			flags |= i386_bits[i].flag;
	if ((entry & I386_P) && (level == 0 || (entry & I386_PS)))
		flags |= PTE_LEAF;
	return flags;
}

const struct pt_format pt_i386 = {
	.name = "i386",
	.levels = 2,
	.entry_bytes = 4,
	.va_bits = 32,
	.pa_bits = 32,
	.shift = { 12, 22 },
	.bits = { 10, 10 },
	.leaf = { PAGE_4K, PAGE_4M, NR_PAGE_SIZES, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.always_exec = true,
	.page_takes_walks = true,
	.encode = i386_encode,
	.pa = i386_pa,
	.flags = i386_flags,
};
