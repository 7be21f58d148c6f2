/* What the kinds of block devices are made of; for blockdev*.c. */
#ifndef MMSIM_MM_BLOCKDEV_IMPL_H
#define MMSIM_MM_BLOCKDEV_IMPL_H

#include "model/base/rng.h"
#include "model/mm/blockdev.h"

struct request {
	u64 now; /* cycle at which it came */
	u64 page;
	u32 pages;
	bool write;
};

struct blockdev_ops {
	bool rotational;
	void *(*create)(struct blockdev *d, const struct blockdev_cfg *cfg);
	void (*free)(void *state);
	/* The cycle at which it is over; not before `start`, when the queue has a place for it. */
	u64 (*serve)(struct blockdev *d, void *state, const struct request *r, u64 start);
};
extern const struct blockdev_ops blockdev_disk, blockdev_sata_ssd, blockdev_nvme;

struct blockdev {
	const struct blockdev_ops *ops;
	void *state;
	const char *name;
	u64 hz;
	u64 pages;
	struct rng rng;
	/* Requests that the device works on, a heap: the earliest first. Twice the end, and 1 of a write. */
	u64 *outstanding;
	u32 n_outstanding, depth;
	u64 last_end;                    /* of all requests so far */
	u64 congested_until;             /* cycle */
	u64 time[NR_BLOCKDEV_TIMES - 1]; /* BLOCKDEV_TIMES in cycles */
	struct blockdev_stats st;
};

/* Cycles that a link needs for pages of 4 KB, rounded up. */
u64 blockdev_transfer(const struct blockdev *d, u64 bandwidth, u64 pages);

#endif
