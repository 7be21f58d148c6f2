#include "model/mm/page_layout.h"

/* include/linux/mm.h, mm_types.h; w: bytes of a word. */
#define PAGE_2_4(w)                                                                                  \
	{                                                                                            \
		.list = 0, .mapping = 2 * (w), .index = 3 * (w), .count = 5 * (w), .flags = 6 * (w), \
		.mapcount = 5 * (w), .lru = 7 * (w), .private = 10 * (w), .touched = 7 * (w)         \
	}
#define PAGE_2_5(w)                                                                              \
	{                                                                                        \
		.flags = 0, .count = (w), .list = 2 * (w), .mapping = 4 * (w), .index = 5 * (w), \
		.mapcount = 8 * (w), .lru = 6 * (w), .private = 9 * (w), .touched = 4 * (w)      \
	}
#define PAGE_2_6(w)                                                                                        \
	{                                                                                                  \
		.flags = 0, .count = (w), .mapcount = (w) + 4, .private = 8 + (w), .mapping = 8 + 2 * (w), \
		.index = 8 + 3 * (w), .lru = 8 + 4 * (w), .list = 8 + 4 * (w), .touched = 8 + 6 * (w)      \
	}
#define PAGE_6(w)                                                                                     \
	{                                                                                             \
		.flags = 0, .lru = (w), .list = (w), .mapping = 3 * (w), .index = 4 * (w),            \
		.private = 5 * (w), .mapcount = 6 * (w), .count = 6 * (w) + 4, .touched = 6 * (w) + 8 \
	}

static const struct page_layout page_layouts[][2] = {
	{ PAGE_2_4(4), PAGE_2_4(8) },
	{ PAGE_2_5(4), PAGE_2_5(8) },
	{ PAGE_2_6(4), PAGE_2_6(8) },
	{ PAGE_6(4), PAGE_6(8) },
};

const struct page_layout *page_layout(enum kernel_era era, u32 word)
{
	u32 form = era <= ERA_2_4_21 ? 0 : era <= ERA_2_6_5 ? 1 : era <= ERA_2_6_37 ? 2 : 3;

	return &page_layouts[form][word == 8];
}
