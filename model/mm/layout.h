/*
 * The kernel's half of the address space, by layout: where the direct map, vmalloc, vmemmap or mem_map, kmap
 * and fixmap slots and the text lie, and which zones physical memory has. Sources stand beside the rows.
 *
 * The kernel's translations are in a table tree of their own, of which the walker holds the root, as AArch64
 * has it; x86 and RISC-V copy its top entries into each process's table instead, a difference of one read a
 * walk that the walk caches mostly hide.
 *
 * Not modelled: address-space randomisation, PTI's and KASAN's ranges, physical memory that begins above 0 or
 * has holes. For model/mm.
 */
#ifndef MMSIM_MM_LAYOUT_H
#define MMSIM_MM_LAYOUT_H

#include "model/arch/pt.h"
#include "model/mm/era.h"

struct layout {
	const char *name;
	const struct pt_format *format;
	u32 word; /* bytes of a pointer */
	u64 user_end;
	u64 direct_map; /* of physical address 0 */
	u64 direct_end; /* physical: what lies above has no address there; 0: all of memory has */
	u64 direct_max; /* bytes that the direct map has room for */
	u64 vmalloc_start, vmalloc_end;
	u64 vmemmap;       /* of the first struct page; 0: mem_map lies in the direct map */
	u64 text, text_pa; /* of the image; text 0: it is seen through the direct map */
	u64 image_bytes;   /* of text and data; 0 in the table */
	u64 pkmap;         /* slots of kmap(); 0: none */
	u32 pkmap_slots;
	u64 fixmap_top;                     /* grows downwards */
	u64 dma_end, dma32_end, lowmem_end; /* ends of zones, physical, see struct page_alloc_cfg */
	enum page_size direct_page;         /* largest page of the direct map */
};

extern const struct layout kernel_layouts[]; /* by enum kernel_layout */

/*
 * A layout as a machine with so much memory has it at that era: direct_end is memory's or lowmem's, vmalloc
 * begins behind it where it moves, the image has a size and a place in memory.
 */
struct layout layout_of(u32 which, enum kernel_era era, u64 memory);
/* Where the image's first byte is. */
u64 layout_image_va(const struct layout *l);
/* Where some of the kernel's variables are, bytes from where its data begin, in the middle of the image. */
enum kernel_data {
	DATA_VMAP = 0,             /* lock, list head, counters of vmalloc */
	DATA_KMAP = 256,           /* kmap_lock, last_pkmap_nr */
	DATA_FLUSH_STATE = 512,    /* tlbstate_lock, flush_mm, flush_va, flush_cpumask: a line each set */
	DATA_PAGE_CACHE = 2048,    /* pagecache_lock */
	DATA_PKMAP_COUNT = 4096,   /* 4 bytes a slot */
	DATA_PAGE_ADDRESS = 8192,  /* page_address_htable: 128 buckets, a line each */
	DATA_ADDRESS_MAPS = 16384, /* struct page_address_map of each slot, 32 bytes */
};
u64 layout_data_va(const struct layout *l, u64 offset);
/* Bytes of struct pages for so much memory. */
u64 layout_memmap_bytes(const struct layout *l, enum kernel_era era, u64 memory);
/* Bytes of lowmem, which everything that the kernel has comes from. */
u64 layout_lowmem(const struct layout *l, u64 memory);
/* NULL, or why a machine of so many bytes cannot have the layout: what memory.size "is". */
const char *layout_check(u32 which, enum kernel_era era, u64 memory);

#endif
