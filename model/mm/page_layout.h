/*
 * Where the fields of struct page lie, by era and word: include/linux/mm.h, mm_types.h
 * of 2.4.27, 2.6.9, 2.6.37 and, by BTF, 6.18; 2.5.66 to 2.6.5 from memory. For model/mm.
 */
#ifndef MMSIM_MM_PAGE_LAYOUT_H
#define MMSIM_MM_PAGE_LAYOUT_H

#include "model/mm/era.h"

struct page_layout {
	u8 flags, count, mapcount, private, mapping, index;
	u8 lru;
	u8 list;    /* by which the buddy and per-CPU lists link it */
	u8 touched; /* from the beginning to the last field that the buddy needs */
};
const struct page_layout *page_layout(enum kernel_era era, u32 word);

#endif
