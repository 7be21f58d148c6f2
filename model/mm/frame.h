/*
 * Frames: the interface that the buddy allocator will fill. Now a pool with a placement policy and a
 * reference count a frame.
 */
#ifndef MMSIM_MM_FRAME_H
#define MMSIM_MM_FRAME_H

#include "model/arch/addr.h"

enum frame_placement { FRAME_SEQUENTIAL, FRAME_RANDOM, FRAME_COLOURED, FRAME_IDENTITY };
extern const char *const frame_placement_names[];

struct frames;
struct frames *frames_new(u64 bytes, enum frame_placement placement, u64 seed);
void frames_free(struct frames *f);
/*
 * 2^order frames, naturally aligned; va is the user address that it is for (placement), ~0 if none. NO_FRAME:
 * none left.
 */
u64 frame_alloc(struct frames *f, u32 order, u64 va);
void frame_get(struct frames *f, u64 pfn);      /* one more reference */
bool frame_put(struct frames *f, u64 pfn);      /* true: that was the last one, the frame is free */
u32 frame_refs(const struct frames *f, u64 pfn);
u64 frames_in_use(const struct frames *f);
u64 frames_total(const struct frames *f);

#endif
