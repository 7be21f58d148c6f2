/*
 * What the kernel writes into entries of the last level. An entry that is not 0 holds a reference of its
 * frame; one without any right (PROT_NONE) is not present for the hardware but keeps the frame, told from an
 * empty one by the global bit, as x86's _PAGE_PROTNONE is. For model/mm.
 */
#ifndef MMSIM_MM_PTE_H
#define MMSIM_MM_PTE_H

#include "model/mm/mm.h"

static inline u32 pte_flags(const struct mm *mm, u64 entry)
{
	return mm->k->format->flags(entry, 0);
}

static inline u64 pte_pfn(const struct mm *mm, u64 entry)
{
	return mm->k->format->pa(entry, 0) >> FRAME_SHIFT;
}

/* A page that lies in swap: not present, and not told to be there without rights. */
static inline bool entry_is_swap(const struct pt_format *f, u64 entry)
{
	return entry && !(f->flags(entry, 0) & (PTE_PRESENT | PTE_GLOBAL));
}

static inline u64 pte_swap(const struct mm *mm, u64 slot)
{
	return mm->k->format->encode((slot + 1) << FRAME_SHIFT, 0, 0);
}

static inline u64 pte_swap_slot(const struct mm *mm, u64 entry)
{
	return pte_pfn(mm, entry) - 1;
}

/* state: PTE_ACCESSED, PTE_DIRTY or both. write: writing need not trap, if the VMA allows it at all. */
static inline u64 pte_make(const struct vma *v, const struct mm *mm, u64 pfn, bool write, u32 state)
{
	u32 flags = PTE_PRESENT | PTE_USER | PTE_LEAF | state;

	if (!(v->flags & (MM_READ | MM_WRITE | MM_EXEC)))
		flags = PTE_GLOBAL | state;
	if (write && (v->flags & MM_WRITE))
		flags |= PTE_WRITE;
	if (v->flags & MM_EXEC)
		flags |= PTE_EXEC;
	return mm->k->format->encode(pfn << FRAME_SHIFT, flags, 0);
}

/* The entry with some flags taken away. */
static inline u64 pte_without(const struct mm *mm, u64 entry, u32 flags)
{
	const struct pt_format *f = mm->k->format;

	return f->encode(f->pa(entry, 0), f->flags(entry, 0) & ~flags, 0);
}

#endif
