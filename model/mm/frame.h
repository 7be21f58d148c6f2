/*
 * Frames: the interface that the buddy allocator will fill. Now a pool with a placement policy and a
 * reference count a frame. A frame here is as large as the kernel's pages; numbers count 4 KB, as everywhere.
 *
 * Not modelled: zones, orders as blocks (an order only asks for neighbours), who is to be blamed for
 * fragmentation. Host memory follows the frames in use, not the size of the simulated memory. For model/mm.
 */
#ifndef MMSIM_MM_FRAME_H
#define MMSIM_MM_FRAME_H

#include "model/arch/addr.h"
#include "model/sim/stat.h"

enum frame_placement {
	FRAME_SEQUENTIAL, /* the lowest free frame */
	FRAME_RANDOM,     /* the first free one from a random frame on */
	FRAME_COLOURED,   /* of the colour of the page (number modulo colours), then of the next colours */
	FRAME_IDENTITY,   /* the page's number modulo the memory's size, then the next free one */
};
extern const char *const frame_placement_names[];

struct frames;
struct frames_cfg {
	u64 bytes;
	u32 shift; /* of the size of a frame */
	enum frame_placement placement;
	u32 colours;
	u32 nodes; /* that the memory is divided into, equal parts one after the other */
};
struct frames *frames_new(const struct frames_cfg *cfg, u64 seed);
void frames_free(struct frames *f);
void frames_stats(const struct frames *f, struct stats *s); /* registers mm.frames.* */
/*
 * 2^order frames, naturally aligned, of a node or, where it has none, of the next one that has; placement
 * "identity" knows no nodes. va is the user address that it is for (placement), ~0 if none. NO_FRAME: none
 * left. Each of them has one reference, and is given back for itself.
 */
u64 frame_alloc(struct frames *f, u32 order, u64 va, u32 node);
void frame_get(struct frames *f, u64 pfn);       /* one more reference */
bool frame_put(struct frames *f, u64 pfn);       /* true: that was the last one, the frame is free */
u32 frame_refs(const struct frames *f, u64 pfn); /* 0: free */
u64 frames_in_use(const struct frames *f);
u64 frames_total(const struct frames *f);
/* ASSERTs that what was allocated is in use or was freed. */
void frames_sane(const struct frames *f);

#endif
