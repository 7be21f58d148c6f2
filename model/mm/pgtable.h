/*
 * Page tables of an address space: finding, making and freeing entries at their physical addresses. Tables
 * are frames of the pool; making one clears it through the caches, changing an entry stores to its line.
 *
 * Not modelled yet: tables shared between address spaces. For model/mm.
 */
#ifndef MMSIM_MM_PGTABLE_H
#define MMSIM_MM_PGTABLE_H

#include "model/mm/gather.h"

#define NO_ENTRY (~(u64)0)

/* A new table for mm; c may be NULL (nothing is charged). NO_FRAME: no memory. */
u64 pgtable_new_page(struct kernel *k, struct cpu *c);
void pgtable_free_page(struct kernel *k, struct cpu *c, u64 pfn);

/*
 * Physical address of va's entry of the last level, or NO_ENTRY. make: tables that are missing are made,
 * NO_ENTRY then means no memory. The levels above are charged as loads on `path`.
 */
u64 pgtable_entry(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va, bool make);
/* The same in steps: an entry of a level, and from one that maps no large page that of the level below. */
u64 pgtable_upper(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va, u32 level, bool make);
u64 pgtable_lower(struct mm *mm, struct cpu *c, enum kernel_path path, u64 upper_pa, u64 va, u32 level,
		  bool make);
u64 pte_read(const struct mm *mm, u64 entry_pa);
/* Charged as a store on `path`. */
void pte_write(struct mm *mm, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 entry);

/*
 * Calls fn for each entry of the last level that meets start..end and has a frame, or a slot of swap. fn may
 * change that entry.
 */
typedef void (*pte_fn)(void *arg, u64 va, u64 entry_pa, u64 entry);
void pgtable_each(const struct mm *mm, u64 start, u64 end, pte_fn fn, void *arg);
void pgtable_each_swap(const struct mm *mm, u64 start, u64 end, pte_fn fn, void *arg);
/* For each large page that meets start..end: its entry, of which level, va where it begins. */
typedef void (*huge_fn)(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level);
void pgtable_each_huge(const struct mm *mm, u64 start, u64 end, huge_fn fn, void *arg);
/* Calls fn for each table, the root last: its level, and the first address that it translates. */
typedef void (*table_fn)(void *arg, u64 pfn, u32 level, u64 va);
void pgtable_each_table(const struct mm *mm, table_fn fn, void *arg);

/*
 * Frees the tables that translate nothing but addresses in floor..ceiling and meet start..end; there must be
 * no entries in floor..ceiling any more. As mm/memory.c:free_pgtables(), where floor and ceiling are the
 * neighbouring VMAs.
 */
void pgtable_free(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling);

#endif
