/*
 * Page-table formats as data: levels, index bits, leaf levels, and the meaning of the bits of an entry. One
 * format is one const struct and one row in the array; the kernel builds tables and the walker reads them
 * through it.
 *
 * Present now: x86-64 with four and five levels, i386 with two and with PAE, AArch64 with granules of 4, 16
 * and 64 KB, RISC-V Sv39 and Sv48. Of each the translation of user addresses by one root.
 *
 * Not modelled: protection keys, memory types, hints of AArch64's tables (PXNTable, APTable), RISC-V's
 * Svnapot.
 */
#ifndef MMSIM_ARCH_PT_H
#define MMSIM_ARCH_PT_H

#include "model/arch/addr.h"
#include "model/arch/ptmem.h"

#define PT_MAX_LEVELS 5u

/* What an entry says, independent of the format. */
#define PTE_PRESENT  1u
#define PTE_WRITE    2u
#define PTE_USER     4u
#define PTE_EXEC     8u
#define PTE_ACCESSED 16u
#define PTE_DIRTY    32u
#define PTE_GLOBAL   64u
#define PTE_LEAF     128u /* maps a page: always set at level 0 when present */
#define PTE_CONTIG   256u /* a leaf in an aligned run whose pages follow each other; all of them say so */

struct pt_format {
	const char *name; /* "x86-64" */
	u8 levels;        /* level 0 is the last one; the root is levels - 1 */
	u8 entry_bytes;
	u8 va_bits;
	u8 pa_bits;              /* of an address that an entry can hold */
	u8 shift[PT_MAX_LEVELS]; /* of the address bits that index a level's table: 12, 21, 30, 39 */
	u8 bits[PT_MAX_LEVELS];  /* how many: 9 each */
	enum page_size leaf[PT_MAX_LEVELS]; /* size that a leaf of this level maps; NR_PAGE_SIZES: none */
	enum page_size contig[PT_MAX_LEVELS]; /* that a run maps, if leaves there can be PTE_CONTIG */
	bool always_exec;  /* no bit forbids execution */
	/* Invalidating one page drops all that walk caches hold of the address space: INVLPG. */
	bool page_takes_walks;
	bool root_on_chip; /* the walker holds the root's entries and reads none of them */
	u64 (*encode)(u64 pa, u32 flags, u32 level);
	u64 (*pa)(u64 entry, u32 level);
	/* Of an entry that points to a table: what the format cannot say there is granted, and accessed. */
	u32 (*flags)(u64 entry, u32 level);
};

extern const struct pt_format pt_x86_64, pt_x86_64_la57;
extern const struct pt_format pt_i386, pt_i386_pae;
extern const struct pt_format pt_arm64_4k, pt_arm64_16k, pt_arm64_64k;
extern const struct pt_format pt_riscv_sv39, pt_riscv_sv48;

/* What flags() says where tables have no bits of their own. */
#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED)

/* The page that a leaf with these flags is, or is a part of. */
static inline enum page_size pt_leaf_size(const struct pt_format *f, u32 flags, u32 level)
{
	return flags & PTE_CONTIG ? f->contig[level] : f->leaf[level];
}

/* Physical address of the entry of va in the table at table_pa. */
static inline u64 pt_entry_pa(const struct pt_format *f, u64 table_pa, u64 va, u32 level)
{
	u64 index = (va >> f->shift[level]) & ((1u << f->bits[level]) - 1);

	return table_pa + index * f->entry_bytes;
}

u64 pt_read(const struct pt_format *f, const struct ptmem *m, u64 entry_pa);
void pt_write(const struct pt_format *f, struct ptmem *m, u64 entry_pa, u64 entry);

#endif
