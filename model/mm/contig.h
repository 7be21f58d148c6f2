/*
 * Runs of pages with AArch64's contiguous hint: a write fault on private anonymous memory gets all pages of
 * an aligned run at once, where its mapping has room for the run and nothing of it is mapped yet, so that one
 * TLB entry holds them (kernel.contiguous; Linux 6.9: arch/arm64/mm/contpte.c, with folios of the run's
 * size). Before only a part of a run changes, and before any of its rights do, the hint is taken from all of
 * it.
 *
 * Not modelled: runs of large pages, of files and of shared memory; runs that form again. For model/mm.
 */
#ifndef MMSIM_MM_CONTIG_H
#define MMSIM_MM_CONTIG_H

#include "model/mm/page.h"

/* Pages of a run as a shift, by the format: 0, there are none. */
u32 contig_order(const struct pt_format *f);

/* Maps a cleared run around va; entry_pa is va's entry. False: there can be none, or no memory for it. */
bool contig_map(struct mm *mm, struct cpu *c, const struct page_view *p, u64 entry_pa, u64 va);
/* Takes the hint from runs that meet start..end; from those that start or end cuts in two. */
void contig_unfold(struct gather *g, enum kernel_path path, u64 start, u64 end);
void contig_unfold_ends(struct gather *g, enum kernel_path path, u64 start, u64 end);

#endif
