/*
 * Emptying entries of the last level, and finding entries one after the other. For model/mm.
 */
#ifndef MMSIM_MM_ZAP_H
#define MMSIM_MM_ZAP_H

#include "model/mm/gather.h"

/* Empties every entry in start..end, as mm/memory.c:zap_pte_range(). Tables stay. */
void zap_range(struct gather *g, u64 start, u64 end);
/* Those that lie in swap. */
void zap_swap_range(struct gather *g, u64 start, u64 end);
/* Only those entries that map pages first..last of an object through v: private copies stay. */
void zap_object(struct gather *g, const struct vma *v, u64 first, u64 last);
/* Every mapping of those pages of the object, in all address spaces: unmap_mapping_range(). */
void zap_object_everywhere(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last);
/* Frees the tables of start..end that no VMA needs any more; nothing if VMAs are left in it. */
void mm_free_tables(struct gather *g, u64 start, u64 end);

/* Entries of rising addresses: the levels above are walked, and charged, once a table. */
struct pte_cursor {
	struct mm *mm;
	struct cpu *c;
	enum kernel_path path;
	bool make;
	u64 va, entry_pa; /* the last one that was found */
	bool valid;
};
/* As pgtable_entry(). */
u64 pte_cursor_at(struct pte_cursor *p, u64 va);

#endif
