#include "model/mm/layout.h"

#include "model/base/bits.h"
#include "model/mm/kernel.h"

#define MB(n) ((u64)(n) << 20)
#define GB(n) ((u64)(n) << 30)
#define TB(n) ((u64)(n) << 40)

/*
 * x86-64 would give user space the lower half; a recording of another machine may use the rest. Kernel:
 * Documentation/arch/x86/x86_64/mm.rst, without randomisation; the image is linked to 16 MB
 * (CONFIG_PHYSICAL_START) above __START_KERNEL_map, which maps physical 0. Fixmap: asm/fixmap.h, the end is
 * below the vsyscall page's table. Zones: arch/x86/include/asm/dma.h. Pages of 1 GB: arch/x86/mm/init.c.
 */
#define X86_64(name_, format_, user, direct, direct_size, vmalloc, vmalloc_size, vmemmap_)                  \
	{                                                                                                   \
		.name = name_, .format = format_, .word = 8, .user_end = user, .direct_map = direct,        \
		.direct_max = direct_size, .vmalloc_start = vmalloc,                                        \
		.vmalloc_end = (vmalloc) + (vmalloc_size), .vmemmap = vmemmap_, .text = 0xffffffff81000000, \
		.text_pa = MB(16), .fixmap_top = 0xffffffffff5ff000, .dma_end = MB(16), .dma32_end = GB(4), \
		.direct_page = PAGE_1G,                                                                     \
	}

/*
 * i386 splits 3G/1G (asm-i386/page.h: PAGE_OFFSET) and gives 128 MB of the kernel's part to vmalloc and slots
 * (VMALLOC_RESERVE), which leaves 896 MB. 2.6.9's asm-i386/{pgtable,highmem,fixmap}.h: vmalloc begins 8 to 16
 * MB behind lowmem and ends two pages before the slots of kmap(), 1024 of them or 512 with PAE; FIXADDR_TOP.
 * Zones: linux/mmzone.h. Pages of 4 MB or 2 MB: arch/i386/mm/init.c, with PSE. The image stands at 1 MB.
 */
#define I386(name_, format_, slots, page)                                                                \
	{                                                                                                \
		.name = name_, .format = format_, .word = 4, .user_end = GB(3), .direct_map = GB(3),     \
		.direct_end = MB(896), .direct_max = MB(896), .vmalloc_start = 0xf8800000,               \
		.vmalloc_end = 0xff7fe000, .text_pa = MB(1), .pkmap = 0xff800000, .pkmap_slots = slots,  \
		.fixmap_top = 0xfffff000, .dma_end = MB(16), .lowmem_end = MB(896), .direct_page = page, \
	}

/*
 * AArch64 gives user space all that one of its two roots translates. Kernel, 48 bits: the table in
 * Documentation/arch/arm64/memory.rst up to 6.12, and for other granules the formulas of
 * arch/arm64/include/asm/memory.h: VMEMMAP_START = -(1 << (48 - (PAGE_SHIFT - 6))), vmalloc ends 256 MB and
 * the fixmap 32 MB below it; 2 GB of modules, then the image, in what is vmalloc's. ZONE_DMA ends at 4 GB and
 * leaves nothing to DMA32 (arch/arm64/mm/init.c:zone_sizes_init()). Blocks: arch/arm64/mm/mmu.c, as with
 * rodata=on; rodata=full would map single pages.
 */
#define ARM64(name_, format_, granule_shift, page)                                                          \
	{                                                                                                   \
		.name = name_, .format = format_, .word = 8, .user_end = 1ull << 48,                        \
		.direct_map = 0xffff000000000000, .direct_max = TB(128),                                    \
		.vmalloc_start = 0xffff800080000000, .vmalloc_end = ARM64_VMEMMAP(granule_shift) - MB(256), \
		.vmemmap = ARM64_VMEMMAP(granule_shift), .text = 0xffff800080000000, .text_pa = MB(2),      \
		.fixmap_top = ARM64_VMEMMAP(granule_shift) - MB(32), .dma_end = GB(4), .direct_page = page, \
	}
#define ARM64_VMEMMAP(granule_shift) (0 - (1ull << (48 - ((granule_shift)-6))))

/*
 * RISC-V gives user space the lower half. Documentation/arch/riscv/vm-layout.rst; the image is 2 MB above the
 * beginning of memory (the firmware's). Zones: arch/riscv/mm/init.c:zone_sizes_init().
 */
#define RISCV(name_, format_, user_bits, direct, direct_size, vmalloc, vmalloc_size, vmemmap_, fixmap)      \
	{                                                                                                   \
		.name = name_, .format = format_, .word = 8, .user_end = 1ull << (user_bits),               \
		.direct_map = direct, .direct_max = direct_size, .vmalloc_start = vmalloc,                  \
		.vmalloc_end = (vmalloc) + (vmalloc_size), .vmemmap = vmemmap_, .text = 0xffffffff80000000, \
		.text_pa = MB(2), .fixmap_top = fixmap, .dma32_end = GB(4), .direct_page = PAGE_1G,         \
	}

const struct layout kernel_layouts[] = {
	[KERNEL_LAYOUT_X86_64] = X86_64("x86-64", &pt_x86_64, 1ull << 48, 0xffff888000000000, TB(64),
					0xffffc90000000000, TB(32), 0xffffea0000000000),
	[KERNEL_LAYOUT_X86_64_LA57] = X86_64("x86-64-la57", &pt_x86_64_la57, 1ull << 57, 0xff11000000000000,
					     TB(32 << 10), 0xffa0000000000000, TB(12800), 0xffd4000000000000),
	[KERNEL_LAYOUT_I386] = I386("i386", &pt_i386, 1024, PAGE_4M),
	[KERNEL_LAYOUT_I386_PAE] = I386("i386-pae", &pt_i386_pae, 512, PAGE_2M),
	[KERNEL_LAYOUT_ARM64_4K] = ARM64("arm64-4k", &pt_arm64_4k, 12, PAGE_1G),
	[KERNEL_LAYOUT_ARM64_16K] = ARM64("arm64-16k", &pt_arm64_16k, 14, PAGE_32M),
	[KERNEL_LAYOUT_ARM64_64K] = ARM64("arm64-64k", &pt_arm64_64k, 16, PAGE_512M),
	[KERNEL_LAYOUT_SV39] = RISCV("sv39", &pt_riscv_sv39, 38, 0xffffffd600000000, GB(128),
				     0xffffffc600000000, GB(64), 0xffffffc500000000, 0xffffffc4ff000000),
	[KERNEL_LAYOUT_SV48] = RISCV("sv48", &pt_riscv_sv48, 47, 0xffffaf8000000000, TB(64),
				     0xffff8f8000000000, TB(32), 0xffff8d8000000000, 0xffff8d7fff000000),
};

/*
 * Text and data of a distribution's kernel without its modules, round numbers. A machine that is too small
 * for that has a smaller one.
 */
static const u64 image_bytes[NR_ERA_CLASSES] = {
	[CLASS_2_4] = MB(3),
	[CLASS_2_6_9] = MB(4),
	[CLASS_2_6_37] = MB(16),
	[CLASS_6_X] = MB(32),
};

static u64 page_bytes(const struct layout *l)
{
	return 1ull << l->format->shift[0];
}

u64 layout_lowmem(const struct layout *l, u64 memory)
{
	return l->direct_end ? MIN(memory, l->direct_end) : memory;
}

u64 layout_image_va(const struct layout *l)
{
	return l->text ? l->text : l->direct_map + l->text_pa;
}

u64 layout_data_va(const struct layout *l, u64 offset)
{
	return layout_image_va(l) + align_down(l->image_bytes / 2, FRAME_SIZE) + offset;
}

u64 layout_memmap_bytes(const struct layout *l, enum kernel_era era, u64 memory)
{
	return memory / page_bytes(l) * era_page_bytes(era, l->word);
}

/* Where a machine is too small for the image's usual place, it stands lower, aligned as before. */
static void place_image(struct layout *l, enum kernel_era era, u64 memory)
{
	u64 pa = l->text_pa;

	l->image_bytes = align_up(MIN(image_bytes[era_class(era)], memory / 8), page_bytes(l));
	if (pa > memory / 8)
		pa = memory / 8 >= MB(2) ? MB(2) : 0;
	if (l->text)
		l->text -= l->text_pa - pa;
	l->text_pa = pa;
}

/* Pages of 1 GB for the direct map came to x86-64 with 2.6.27. */
static enum page_size era_direct_page(const struct layout *l, enum kernel_era era)
{
	bool x86_64 = l->dma_end && l->dma32_end;

	return x86_64 && era < ERA_2_6_26 ? PAGE_2M : l->direct_page;
}

/* asm-i386/pgtable.h: VMALLOC_START follows high_memory. */
#define VMALLOC_OFFSET MB(8)

struct layout layout_of(u32 which, enum kernel_era era, u64 memory)
{
	struct layout l = kernel_layouts[which];
	u64 high_memory = l.direct_map + layout_lowmem(&l, memory);

	if (l.direct_end)
		l.vmalloc_start = align_down(high_memory + 2 * VMALLOC_OFFSET - 1, VMALLOC_OFFSET);
	l.direct_end = layout_lowmem(&l, memory);
	l.direct_page = era_direct_page(&l, era);
	place_image(&l, era, memory);
	if (l.lowmem_end >= memory)
		l.lowmem_end = 0;
	if (!l.lowmem_end) {
		l.pkmap = 0;
		l.pkmap_slots = 0;
	}
	return l;
}

/* Of lowmem: the kernel would not come to its first process. */
static bool nothing_left(u32 which, enum kernel_era era, u64 memory)
{
	struct layout l = layout_of(which, era, memory);
	u64 taken = l.image_bytes + layout_memmap_bytes(&l, era, memory), least = MB(16);

	return taken + MIN(least, l.direct_end / 4) > l.direct_end;
}

const char *layout_check(u32 which, enum kernel_era era, u64 memory)
{
	const struct layout *l = &kernel_layouts[which];

	if (memory > 1ull << l->format->pa_bits)
		return "is more than the page tables of kernel.layout can address";
	if (!l->direct_end && memory > l->direct_max)
		return "is more than the direct map of kernel.layout has room for";
	if (nothing_left(which, era, memory))
		return "is so much that its struct pages leave no low memory to boot with";
	return NULL;
}
