/*
 * Memory that is given out in pieces and freed all at once. Pieces are zeroed and never move.
 */
#ifndef MMSIM_BASE_ARENA_H
#define MMSIM_BASE_ARENA_H

#include "model/base/types.h"

struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);
/* align is a power of two of at most 64. */
void *arena_alloc(struct arena *a, size_t bytes, size_t align);

#endif
