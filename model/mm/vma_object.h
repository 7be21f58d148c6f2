/*
 * The kernel's objects behind an address space: mm_struct, a vm_area_struct a mapping, and the nodes of the
 * structure in which mappings are found: red-black links inside the vm_area_structs, with a cache of the last
 * one, until 6.0; a maple tree's nodes of 256 bytes since 6.1. They come out of the slabs, and a lookup
 * touches those on its way.
 *
 * Not modelled: how full a maple node really is (two thirds, with a gap beside each mapping); the order in
 * which a red-black tree was balanced (the path is that of a binary search). For model/mm.
 */
#ifndef MMSIM_MM_VMA_OBJECT_H
#define MMSIM_MM_VMA_OBJECT_H

#include "model/mm/mm.h"

/* mm_struct; false: no memory. */
bool mm_object_new(struct mm *mm, struct cpu *c);
/* Everything that the address space has; its mappings are gone. */
void mm_objects_free(struct mm *mm, struct cpu *c);
/* At the end of a call: mappings that came get their objects, those of mappings that went are freed. */
void vma_objects_settle(struct mm *mm, struct cpu *c);
/* Finding va's mapping, or that there is none. */
void vma_object_find(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va);

#endif
