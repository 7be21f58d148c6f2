/* Steps of vmalloc, vmap, ioremap, kmap and fixmap; see step.h. */
#ifndef MMSIM_MM_STEP_MAP_H
#define MMSIM_MM_STEP_MAP_H

#define MAP_STEPS(X)                                                            \
	X(KMAP, KMAP, 40, 40, 0, 0, "kmap() of a page that has a slot already") \
	X(KMAP_ATOMIC, KMAP, 25, 25, 0, 0, "kmap_atomic() without its INVLPG")

#endif
