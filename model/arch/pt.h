/*
 * Page-table formats as data: levels, index bits, leaf levels, and the meaning of the bits of an entry. One
 * format is one const struct and one row in the array; the kernel builds tables and the walker reads them
 * through it.
 *
 * Present now: x86-64 with four levels.
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

struct pt_format {
	const char *name; /* "x86-64" */
	u8 levels;        /* level 0 is the last one; the root is levels - 1 */
	u8 entry_bytes;
	u8 va_bits;
	u8 shift[PT_MAX_LEVELS]; /* of the address bits that index a level's table: 12, 21, 30, 39 */
	u8 bits[PT_MAX_LEVELS];  /* how many: 9 each */
	enum page_size leaf[PT_MAX_LEVELS]; /* size that a leaf of this level maps; NR_PAGE_SIZES: none */
	u64 (*encode)(u64 pa, u32 flags, u32 level);
	u64 (*pa)(u64 entry, u32 level);
	u32 (*flags)(u64 entry, u32 level);
};

extern const struct pt_format pt_x86_64;

/* Physical address of the entry of va in the table at table_pa. */
static inline u64 pt_entry_pa(const struct pt_format *f, u64 table_pa, u64 va, u32 level)
{
	u64 index = (va >> f->shift[level]) & ((1u << f->bits[level]) - 1);

	return table_pa + index * f->entry_bytes;
}

u64 pt_read(const struct pt_format *f, const struct ptmem *m, u64 entry_pa);
void pt_write(const struct pt_format *f, struct ptmem *m, u64 entry_pa, u64 entry);

#endif
