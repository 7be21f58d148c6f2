/*
 * Frames: physical memory as the kernel's users of single pages have it, with a reference count a frame. They
 * come from the page allocator (placement "buddy", alloc.h), or for studies of placement from a pool that
 * knows nothing but a policy. A frame here is as large as the kernel's pages; numbers count 4 KB, as
 * everywhere.
 *
 * A block of several frames has one count as long as it is used as one; whoever gets or puts a part of it
 * breaks it into frames with counts of their own, which go back one by one.
 *
 * The pools: no zones, no reserves, no kernel in memory, blocks are only neighbours, nothing is charged. Host
 * memory follows the frames in use, not the size of the simulated memory. For model/mm.
 */
#ifndef MMSIM_MM_FRAME_H
#define MMSIM_MM_FRAME_H

#include "model/arch/addr.h"
#include "model/mm/gfp.h"
#include "model/sim/stat.h"

enum frame_placement {
	FRAME_SEQUENTIAL, /* the lowest free frame */
	FRAME_RANDOM,     /* the first free one from a random frame on */
	FRAME_COLOURED,   /* of the colour of the page (number modulo colours), then of the next colours */
	FRAME_IDENTITY,   /* the page's number modulo the memory's size, then the next free one */
	FRAME_BUDDY,      /* of the page allocator */
};
extern const char *const frame_placement_names[];

struct cpu;
struct frames;
struct page_alloc;
struct frames_cfg {
	struct page_alloc *pa; /* of placement "buddy", else NULL */
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
 * "identity" knows no nodes. va is the user address that it is for (placement of pools), ~0 if none.
 * NO_FRAME: there is none. Each of them has one reference. c pays; NULL: nobody.
 */
u64 frame_alloc(struct frames *f, struct cpu *c, u32 gfp, u32 order, u64 va, u32 node);
void frame_get(struct frames *f, u64 pfn);                /* one more reference */
bool frame_put(struct frames *f, struct cpu *c, u64 pfn); /* true: that was the last one, the frame is free */
bool frame_put_cold(struct frames *f, struct cpu *c, u64 pfn); /* of a page that caches do not have */
/* The same for each frame of a block of 2^order of them, which stays one if it is. */
void frame_get_block(struct frames *f, u64 pfn, u32 order);
void frame_put_block(struct frames *f, struct cpu *c, u64 pfn, u32 order);
u32 frame_refs(const struct frames *f, u64 pfn); /* 0: free */
u64 frames_in_use(const struct frames *f);
u64 frames_total(const struct frames *f);
/* ASSERTs that what was allocated is in use or was freed. */
void frames_sane(const struct frames *f);

#endif
