/* Steps of the object allocators; see step.h. */
#ifndef MMSIM_MM_STEP_SLAB_H
#define MMSIM_MM_STEP_SLAB_H

#define SLAB_STEPS(X)                                                                       \
	X(SLAB_ALLOC, SLAB, 20, 20, 25, 95, "an object from the per-CPU array or freelist") \
	X(SLAB_FREE, SLAB, 22, 22, 40, 99, "an object to it")

#endif
