/*
 * Memory for devices: blocks of pages that follow each other and lie where the device's address mask reaches,
 * cleared, at their address in the direct map. Which zone they come from: until 2.6.24 GFP_DMA for every mask
 * of less than 32 bits (arch/i386/kernel/pci-dma.c:dma_alloc_coherent()); since then the highest zone that
 * may do, then lower ones (kernel/dma/direct.c). May sleep if gfp may.
 *
 * Not modelled: IOMMUs and bounce buffers, devices that are not coherent, contiguous areas (CMA), pools of
 * smaller blocks. For model/mm.
 */
#ifndef MMSIM_MM_DMA_H
#define MMSIM_MM_DMA_H

#include "model/mm/mm.h"

/* A kernel address, 0: no memory that the mask reaches. *dma: the address for the device. */
u64 dma_alloc(struct kernel *k, struct cpu *c, u64 bytes, u64 mask, u32 gfp, u64 *dma);
void dma_free(struct kernel *k, struct cpu *c, u64 bytes, u64 va);

#endif
