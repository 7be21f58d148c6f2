/*
 * AArch64, stage 1 of EL0 and EL1 with 48-bit addresses, granules of 4, 16 and 64 KB. Arm ARM (DDI 0487),
 * chapter D8: translation tables (D8.2), descriptor formats (D8.3), hardware management of the access flag
 * and of dirty state (D8.5). The manual's level 3 is level 0 here.
 *
 * Rights and state are coded as Linux does (arch/arm64/include/asm/pgtable*.h) where the CPU has FEAT_HAFDBS:
 * DBM says that writing is allowed, AP[2] (read-only) that nobody has written yet; the walker clears AP[2].
 * A dirty page that lost its right to be written keeps the software bit 55. An entry that is not valid but
 * keeps its frame has software bit 58 (PTE_PROT_NONE).
 *
 * The Contiguous bit (D8.7): runs of 16 pages or blocks of the 4 KB granule; of 128 pages or 32 blocks of
 * that of 16 KB; of 32 pages of that of 64 KB, whose runs of blocks, 16 GB, are larger than any TLB entry
 * here: that hint is not taken.
 */
#include "model/arch/pt.h"

#define ARM_VALID     (1ull << 0)
#define ARM_TABLE     (1ull << 1) /* a table, or at the last level a page; else a block */
#define ARM_USER      (1ull << 6) /* AP[1] */
#define ARM_RDONLY    (1ull << 7) /* AP[2] */
#define ARM_INNER     (3ull << 8) /* SH: inner shareable */
#define ARM_AF        (1ull << 10)
#define ARM_NG        (1ull << 11) /* not global */
#define ARM_DBM       (1ull << 51)
#define ARM_CONTIG    (1ull << 52)
#define ARM_PXN       (1ull << 53)
#define ARM_UXN       (1ull << 54)
#define ARM_DIRTY     (1ull << 55) /* software */
#define ARM_PROT_NONE (1ull << 58) /* software */
#define ARM_ADDR      0x0000fffffffff000ull

static u64 encode_rights(u32 flags)
{
	u64 entry = 0;

	if (flags & PTE_USER)
		entry |= ARM_USER;
	if (!(flags & PTE_EXEC))
		entry |= ARM_UXN | ARM_PXN;
	else
		entry |= flags & PTE_USER ? ARM_PXN : ARM_UXN;
	if (flags & PTE_WRITE)
		return entry | ARM_DBM | (flags & PTE_DIRTY ? 0 : ARM_RDONLY);
	return entry | ARM_RDONLY | (flags & PTE_DIRTY ? ARM_DIRTY : 0);
}

static u64 arm64_encode(u64 pa, u32 flags, u32 level)
{
	u64 entry = (pa & ARM_ADDR) | encode_rights(flags) | ARM_INNER;

	if (!(flags & PTE_LEAF) && (flags & PTE_PRESENT))
		return (pa & ARM_ADDR) | ARM_TABLE | ARM_VALID;
	if (flags & PTE_ACCESSED)
		entry |= ARM_AF;
	if (flags & PTE_CONTIG)
		entry |= ARM_CONTIG;
	if (!(flags & PTE_PRESENT))
		return entry | ARM_NG | (flags & PTE_GLOBAL ? ARM_PROT_NONE : 0);
	return entry | (flags & PTE_GLOBAL ? 0 : ARM_NG) | (level ? 0 : ARM_TABLE) | ARM_VALID;
}

/* Address bits below a block's or page's size are 0 as the kernel writes them. */
static u64 arm64_pa(u64 entry, u32 level)
{
	return entry & ARM_ADDR;
}

static u32 decode_rights(u64 entry)
{
	bool may_write = entry & ARM_DBM;
	u32 flags = entry & ARM_USER ? PTE_USER : 0;

	if (!(entry & (entry & ARM_USER ? ARM_UXN : ARM_PXN)))
		flags |= PTE_EXEC;
	if (may_write)
		flags |= PTE_WRITE;
	if ((entry & ARM_DIRTY) || (may_write && !(entry & ARM_RDONLY)))
		flags |= PTE_DIRTY;
	return flags;
}

static u32 arm64_flags(u64 entry, u32 level)
{
	u32 flags = decode_rights(entry) | (entry & ARM_AF ? PTE_ACCESSED : 0);

	if (!(entry & ARM_VALID))
		return flags | (entry & ARM_PROT_NONE ? PTE_GLOBAL : 0);
	if (level > 0 && (entry & ARM_TABLE))
		return PTE_TABLE;
	if (entry & ARM_CONTIG)
		flags |= PTE_CONTIG;
	return flags | PTE_PRESENT | PTE_LEAF | (entry & ARM_NG ? 0 : PTE_GLOBAL);
}

const struct pt_format pt_arm64_4k = {
	.name = "arm64-4k",
	.levels = 4,
	.entry_bytes = 8,
	.va_bits = 48,
	.pa_bits = 48,
	.shift = { 12, 21, 30, 39 },
	.bits = { 9, 9, 9, 9 },
	.leaf = { PAGE_4K, PAGE_2M, PAGE_1G, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.contig = { PAGE_64K, PAGE_32M, PAGE_1G },
	.encode = arm64_encode,
	.pa = arm64_pa,
	.flags = arm64_flags,
};

/* The root has two entries. */
const struct pt_format pt_arm64_16k = {
	.name = "arm64-16k",
	.levels = 4,
	.entry_bytes = 8,
	.va_bits = 48,
	.pa_bits = 48,
	.shift = { 14, 25, 36, 47 },
	.bits = { 11, 11, 11, 1 },
	.leaf = { PAGE_16K, PAGE_32M, NR_PAGE_SIZES, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.contig = { PAGE_2M, PAGE_1G },
	.encode = arm64_encode,
	.pa = arm64_pa,
	.flags = arm64_flags,
};

/* The root has 64 entries. */
const struct pt_format pt_arm64_64k = {
	.name = "arm64-64k",
	.levels = 3,
	.entry_bytes = 8,
	.va_bits = 48,
	.pa_bits = 48,
	.shift = { 16, 29, 42 },
	.bits = { 13, 13, 6 },
	.leaf = { PAGE_64K, PAGE_512M, NR_PAGE_SIZES, NR_PAGE_SIZES, NR_PAGE_SIZES },
	.contig = { PAGE_2M, PAGE_512M },
	.encode = arm64_encode,
	.pa = arm64_pa,
	.flags = arm64_flags,
};
