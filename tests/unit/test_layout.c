/* Layouts of the kernel's address space: figures of real kernels, regions that do not meet, what fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/mm/kernel.h"
#include "model/mm/layout.h"

#define MB(n)      ((u64)(n) << 20)
#define GB(n)      ((u64)(n) << 30)
#define NR_LAYOUTS (KERNEL_LAYOUT_SV48 + 1)

/* include/asm-i386/{page,pgtable,highmem,fixmap}.h of 2.6.9. */
static void i386_with_896_mb_of_lowmem(void **state)
{
	struct layout l = layout_of(KERNEL_LAYOUT_I386, ERA_2_6_9, GB(2));

	assert_int_equal(l.direct_map, 0xc0000000);
	assert_int_equal(l.direct_end, MB(896));
	assert_int_equal(l.vmalloc_start, 0xf8800000);
	assert_int_equal(l.vmalloc_end, 0xff7fe000);
	assert_int_equal(l.pkmap, 0xff800000);
	assert_int_equal(l.pkmap_slots, 1024);
	assert_int_equal(layout_image_va(&l), 0xc0100000);
	assert_int_equal(layout_of(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(16)).pkmap_slots, 512);
}

/* 8 MB at least, 16 at most, lie between lowmem and vmalloc; without high memory nobody needs kmap(). */
static void i386_with_less(void **state)
{
	struct layout l = layout_of(KERNEL_LAYOUT_I386, ERA_2_6_9, MB(256));

	assert_int_equal(l.vmalloc_start, 0xd0800000);
	assert_int_equal(l.lowmem_end, 0);
	assert_int_equal(l.pkmap, 0);
	assert_int_equal(layout_of(KERNEL_LAYOUT_I386, ERA_2_6_9, MB(252)).vmalloc_start, 0xd0800000);
}

/* The struct pages of 64 GB: 16 M of them, 48 bytes in 2.4, 40 with pte_chain, 32 in 2.6.9. */
static void struct_pages_eat_lowmem(void **state)
{
	struct layout l = layout_of(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(64));

	assert_int_equal(layout_memmap_bytes(&l, ERA_2_4_21, GB(64)), MB(768));
	assert_int_equal(layout_memmap_bytes(&l, ERA_2_5_66, GB(64)), MB(640));
	assert_int_equal(layout_memmap_bytes(&l, ERA_2_6_9, GB(64)), MB(512));
	assert_null(layout_check(KERNEL_LAYOUT_I386_PAE, ERA_2_4_21, GB(64)));
	assert_non_null(layout_check(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(64) + MB(1)));
	assert_null(layout_check(KERNEL_LAYOUT_I386, ERA_2_6_9, GB(4)));
	assert_non_null(layout_check(KERNEL_LAYOUT_I386, ERA_2_6_9, GB(4) + MB(1)));
	assert_null(layout_check(KERNEL_LAYOUT_SV39, ERA_6_X, GB(128)));
	assert_non_null(layout_check(KERNEL_LAYOUT_SV39, ERA_6_X, GB(129)));
}

struct region {
	u64 start, end; /* the last byte: regions may reach the top of 64 bits */
};

static void apart(const struct region *r, u32 n, u64 top)
{
	u32 i, j;

	for (i = 0; i < n; i++) {
		assert_true(r[i].start <= r[i].end && r[i].end <= top);
		for (j = 0; j < i; j++)
			assert_true(r[i].end < r[j].start || r[j].end < r[i].start);
	}
}

/* What a kernel with 64 hardware threads has for each; the image of AArch64 lies in what is vmalloc's. */
static void regions_do_not_meet(u32 which, enum kernel_era era, u64 memory)
{
	const struct layout l = layout_of(which, era, memory);
	u64 page = 1ull << l.format->shift[0];
	bool image_apart = l.text && !(l.text >= l.vmalloc_start && l.text < l.vmalloc_end);
	struct region r[6] = {
		{ l.direct_map, l.direct_map + l.direct_end - 1 },
		{ l.vmalloc_start, l.vmalloc_end - 1 },
		{ l.fixmap_top - 64 * 13 * page, l.fixmap_top - 1 },
	};
	u32 n = 3;

	assert_true(l.direct_end <= l.direct_max);
	assert_true(l.text_pa + l.image_bytes <= l.direct_end);
	if (l.vmemmap)
		r[n++] = (struct region){ l.vmemmap, l.vmemmap + layout_memmap_bytes(&l, era, memory) - 1 };
	if (image_apart)
		r[n++] = (struct region){ l.text, l.text + l.image_bytes - 1 };
	if (l.pkmap)
		r[n++] = (struct region){ l.pkmap, l.pkmap + l.pkmap_slots * page - 1 };
	apart(r, n, l.word == 4 ? 0xffffffff : ~(u64)0);
	assert_true(l.word == 8 ? l.direct_map > l.user_end : l.direct_map == l.user_end);
}

static void all_regions_do_not_meet(void **state)
{
	static const u64 memory[] = { MB(16), MB(64), MB(512), MB(896), GB(1), GB(4), GB(64), GB(1024) };
	u32 which, i, era;

	for (which = 0; which < NR_LAYOUTS; which++)
		for (i = 0; i < ARRAY_SIZE(memory); i++)
			for (era = 0; era < NR_ERAS; era++)
				if (!layout_check(which, era, memory[i]))
					regions_do_not_meet(which, era, memory[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i386_with_896_mb_of_lowmem),
		cmocka_unit_test(i386_with_less),
		cmocka_unit_test(struct_pages_eat_lowmem),
		cmocka_unit_test(all_regions_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
