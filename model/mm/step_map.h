/* Steps of vmalloc, vmap, ioremap, kmap and fixmap; see step.h. */
#ifndef MMSIM_MM_STEP_MAP_H
#define MMSIM_MM_STEP_MAP_H

/*
 * kmap: B5's 40, 150 and 30 a slot looked at; vmalloc: 500 + 250 a page of 2.6.9, 2,500 + 700 of 6.12, less
 * what the page allocator takes of it (step_alloc.h). Those of freeing, and the columns between, are
 * estimates of the same kind.
 */
#define MAP_STEPS(X)                                                                               \
	X(KMAP, KMAP, 40, 40, 45, 60, "kmap() of a page that has a slot already")                  \
	X(KMAP_NEW, KMAP, 110, 110, 130, 150, "a slot for a page, beside KMAP")                    \
	X(KMAP_SCAN, KMAP, 30, 30, 30, 30, "each slot looked at for that")                         \
	X(KMAP_SWEEP, KMAP, 10, 10, 10, 10, "each slot looked at when the ring wraps")             \
	X(KMAP_SWEEP_SLOT, KMAP, 40, 40, 45, 50, "of those, each that has no user and is cleared") \
	X(KUNMAP, KMAP, 25, 25, 30, 40, "kunmap()")                                                \
	X(KMAP_ATOMIC, KMAP, 25, 25, 30, 60, "kmap_atomic() without its INVLPG")                   \
	X(KUNMAP_ATOMIC, KMAP, 5, 5, 20, 50, "its end, without an INVLPG")                         \
	X(KMAP_LOW, KMAP, 8, 8, 10, 12, "any of them for a page that has an address")              \
	X(VMAP_AREA, VMALLOC, 350, 450, 1000, 2200, "addresses for a mapping, beside the search")  \
	X(VMAP_SCAN, VMALLOC, 8, 8, 12, 15, "an area looked at, or a step down the tree")          \
	X(VMAP_PAGE, VMALLOC, 60, 100, 80, 100, "each page mapped")                                \
	X(VUNMAP, VMALLOC, 200, 250, 500, 1200, "the end of a mapping")                            \
	X(VUNMAP_PAGE, VMALLOC, 30, 40, 50, 60, "each page unmapped")                              \
	X(VMAP_PURGE, VMALLOC, 0, 0, 400, 900, "a purge of addresses freed lazily")                \
	X(VMAP_PURGE_AREA, VMALLOC, 0, 0, 60, 150, "each area purged")                             \
	X(FLUSH_KERNEL, FLUSH, 20, 40, 100, 150, "a flush of kernel addresses on all CPUs")

#endif
