/*
 * i386 with PAE: three levels of 8-byte entries, of which the root has four. Intel SDM volume 3, chapter 4
 * ("Paging"), 4.4 and tables 4-8 to 4-11. The bits of PDE and PTE are those of x86-64; a PDPTE has none but
 * presence (bits 1, 2 and 5 to 8 are reserved). The four PDPTEs are registers that MOV to CR3 loads (4.4.1):
 * a walk reads a PDE and a PTE. 36 bits of physical address, 64 GB, are what processors of that time had.
 */
#include "model/arch/pt.h"

#define PAE_P    (1ull << 0)
#define PAE_ROOT 2u
#define PAE_ADDR 0x0000000ffffff000ull /* bits 12 to 35 */

static u64 pae_encode(u64 pa, u32 flags, u32 level)
{
	if (level == PAE_ROOT)
		return (pa & PAE_ADDR) | (flags & PTE_PRESENT ? PAE_P : 0);
	return pt_x86_64.encode(pa & PAE_ADDR, flags, level);
}

static u64 pae_pa(u64 entry, u32 level)
{
	return level == PAE_ROOT ? entry & PAE_ADDR : pt_x86_64.pa(entry, level) & PAE_ADDR;
}

static u32 pae_flags(u64 entry, u32 level)
{
	if (level == PAE_ROOT)
		return entry & PAE_P ? PTE_TABLE : 0;
	return pt_x86_64.flags(entry, level);
}

const struct pt_format pt_i386_pae = {
	.name = "i386-pae",
	.levels = 3,
	.entry_bytes = 8,
	.va_bits = 32,
	.pa_bits = 36,
	.shift = { 12, 21, 30 },
	.bits = { 9, 9, 2 },
	.leaf = { PAGE_4K, PAGE_2M, NR_PAGE_SIZES, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.root_on_chip = true,
	.page_takes_walks = true,
	.encode = pae_encode,
	.pa = pae_pa,
	.flags = pae_flags,
};
