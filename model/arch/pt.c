#include "model/arch/pt.h"

u64 pt_read(const struct pt_format *f, const struct ptmem *m, u64 entry_pa)
{
	const u64 *word = &ptmem_entries(m, entry_pa >> FRAME_SHIFT)[(entry_pa & FRAME_MASK) / 8];

	if (f->entry_bytes == 8)
		return *word;
	return (u32)(*word >> (entry_pa & 4) * 8);
}

void pt_write(const struct pt_format *f, struct ptmem *m, u64 entry_pa, u64 entry)
{
	u64 *word = &ptmem_entries(m, entry_pa >> FRAME_SHIFT)[(entry_pa & FRAME_MASK) / 8];
	u32 shift = (entry_pa & 4) * 8;

	if (f->entry_bytes == 8)
		*word = entry;
	else
		*word = (*word & ~((u64)0xffffffff << shift)) | (entry & 0xffffffff) << shift;
}
