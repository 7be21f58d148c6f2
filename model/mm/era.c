#include "model/mm/era.h"

const char *const era_names[] = {
	[ERA_2_4_0] = "2.4.0", [ERA_2_4_21] = "2.4.21", [ERA_2_5_66] = "2.5.66", [ERA_2_6_5] = "2.6.5",
	[ERA_2_6_9] = "2.6.9", [ERA_2_6_18] = "2.6.18", [ERA_2_6_26] = "2.6.26", [ERA_2_6_37] = "2.6.37",
	[ERA_6_X] = "6.x",     [NR_ERAS] = NULL,
};

/*
 * include/linux/mm.h, mm_types.h of the trees: 2.4 i386 44, 48 with HIGHMEM (`virtual`), which is what
 * machines of the day had; 2.5.66 40 with the pte_chain union; 2.6.7 on i386 32. x86-64: 56 up to 3.0 (seven
 * words), 64 since the double-word alignment of 3.1.
 */
u32 era_page_bytes(enum kernel_era era, u32 word)
{
	if (word == 8)
		return era == ERA_6_X ? 64 : era <= ERA_2_4_21 ? 88 : 56;
	if (era <= ERA_2_4_21)
		return 48;
	return era <= ERA_2_6_5 ? 40 : 32;
}
