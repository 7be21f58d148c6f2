/*
 * Steps of the object allocators; see step.h. SLAB's columns of 2.6.37 and 6.x are of a kernel that was built
 * with it, SLUB's of 2.4 and 2.6.9 of one that it was put into: nobody counted those.
 */
#ifndef MMSIM_MM_STEP_SLAB_H
#define MMSIM_MM_STEP_SLAB_H

#define SLAB_STEPS(X)                                                                                       \
	X(SLAB_ALLOC, SLAB, 20, 20, 25, 95, "an object from the per-CPU array or freelist")                 \
	X(SLAB_FREE, SLAB, 22, 22, 40, 99, "an object to it")                                               \
	X(KMALLOC, SLAB, 15, 15, 15, 15, "kmalloc()'s cache of a size")                                     \
	X(SLAB_REFILL, SLAB_REFILL, 60, 60, 80, 140, "an array filled, beside its objects")                 \
	X(SLAB_REFILL_OBJECT, SLAB_REFILL, 15, 15, 18, 22, "each object of that")                           \
	X(SLAB_FLUSH, SLAB_REFILL, 60, 60, 80, 140, "a part of an array given back, beside its objects")    \
	X(SLAB_FLUSH_OBJECT, SLAB_REFILL, 20, 20, 25, 32, "each object of that")                            \
	X(SLAB_GROW, SLAB_GROW, 250, 250, 250, 400, "a new slab, beside its pages and objects")             \
	X(SLAB_GROW_OBJECT, SLAB_GROW, 10, 10, 15, 35, "each object of that, without a constructor")        \
	X(SLAB_DESTROY, SLAB_GROW, 120, 120, 150, 250, "the end of a slab, beside its pages")               \
	X(SLAB_REAP, RECLAIM, 40, 40, 45, 80, "a cache that the reaper looks at")                           \
	X(SLUB_SLOW, SLAB_REFILL, 100, 100, 110, 144, "the next slab for a CPU, from its own or a new one") \
	X(SLUB_NODE, SLAB_REFILL, 40, 40, 40, 156, "more for one that comes from a node's list")            \
	X(SLUB_FREE_SLOW, SLAB_REFILL, 110, 110, 110, 151, "more for an object of a slab not the CPU's")    \
	X(SLUB_UNFREEZE, SLAB_REFILL, 60, 60, 60, 120, "a slab that a CPU puts aside")

#endif
