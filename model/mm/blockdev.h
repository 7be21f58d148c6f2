/*
 * Block devices: what swap and files lie on. A request is given at a cycle and answered at once with the
 * cycle at which it is over; between the two the device is reserved: the arm of a disk, the dies and the link
 * of a solid-state drive. So a later request never slows an earlier one down.
 *
 * A disk (hdd.*): seek by a square root of the distance (Ruemmler and Wilkes, "An introduction to disk drive
 * modeling", IEEE Computer 27(3), 1994), a random rotation, the transfer. A request that continues another
 * that is still queued, or what the arm has just passed, is merged: it costs its transfer alone. While
 * several are queued each costs what it adds to one sweep over them all (an elevator), though they end in the
 * order in which they came; but a read overtakes all but a batch of the writes. A flash drive (sata_ssd.*,
 * nvme.*): pages are spread over its dies; a read waits for the die and for what is being programmed there, a
 * write ends in the drive's buffer, as long as the dies keep up.
 *
 * Not modelled: zones of a disk's surface, its cache beyond what follows the last request, rotational
 * position in the order of requests; garbage collection, wear, suspended programs of flash. For model/mm.
 */
#ifndef MMSIM_MM_BLOCKDEV_H
#define MMSIM_MM_BLOCKDEV_H

#include "model/sim/opt.h"
#include "model/sim/stat.h"

enum blockdev_kind {
	BLOCKDEV_NONE,
	BLOCKDEV_HDD,
	BLOCKDEV_SATA_SSD,
	BLOCKDEV_NVME,
	NR_BLOCKDEVS,
};

struct disk_cfg {
	struct opt_time seek_track, seek_average;
	u32 rpm, depth, write_batch;
	u64 bandwidth, size;
};

struct flash_cfg {
	struct opt_time latency, read, write, program;
	u32 spread, slow, dies, depth, program_pages;
	u64 bandwidth, buffer, size;
};

struct blockdev_cfg {
	struct disk_cfg hdd;
	struct flash_cfg sata_ssd, nvme;
};
/* What files lie on. */
struct storage_cfg {
	u32 device; /* enum blockdev_kind */
};
extern const struct opt hdd_opts[], flash_opts[], storage_opts[];
extern const char *const blockdev_names[]; /* "none", "hdd", ... NULL */

#define BLOCKDEV_SECTIONS(base)                                                                       \
	{ "hdd", hdd_opts, (base) + offsetof(struct blockdev_cfg, hdd), "hard disks", NULL },         \
		{ "sata_ssd", flash_opts, (base) + offsetof(struct blockdev_cfg, sata_ssd),           \
		  "SATA solid-state drives", SATA_SSD_DEFAULTS },                                     \
	{                                                                                             \
		"nvme", flash_opts, (base) + offsetof(struct blockdev_cfg, nvme), "NVMe drives", NULL \
	}

/* SATA 3 with AHCI: 32 commands, some 550 MB/s; fewer dies and a slower protocol than NVMe. */
#define SATA_SSD_DEFAULTS                                                                              \
	"latency = \"60us\"; write = \"60us\"; dies = 16; depth = 32; bandwidth = \"530M\"; buffer = " \
	"\"16M\";"

#define BLOCKDEV_STATS(X)                                                              \
	X(reads, "requests", "that read")                                              \
	X(writes, "requests", "that wrote")                                            \
	X(read_pages, "pages", "of 4 KB, read")                                        \
	X(written_pages, "pages", "of 4 KB, written")                                  \
	X(merged, "requests", "that continued another one")                            \
	X(ahead, "requests", "that others found outstanding when they came, added up") \
	X(busy, "cycles", "with a request outstanding")                                \
	X(waited, "cycles", "that requests waited for the device or its queue")        \
	X(read_latency, "cycles", "from the request to its end, of all reads")         \
	X(write_latency, "cycles", "of all writes")                                    \
	X(read_latency_max, "cycles", "of the longest read")                           \
	X(write_latency_max, "cycles", "of the longest write")

/* Reads and writes that took less than so many microseconds, and not less than the row above. */
#define BLOCKDEV_TIMES(X) \
	X(10) X(20) X(50) X(100) X(200) X(500) X(1000) X(2000) X(5000) X(10000) X(20000) X(50000) X(100000)

#define BLOCKDEV_TIME_ONE(us) +1
#define NR_BLOCKDEV_TIMES     (BLOCKDEV_TIMES(BLOCKDEV_TIME_ONE) + 1)

struct blockdev_stats {
	BLOCKDEV_STATS(STAT_FIELD)
	u64 read_time[NR_BLOCKDEV_TIMES], write_time[NR_BLOCKDEV_TIMES]; /* the last: longer ones */
};

struct blockdev;
/* hz: of the core clock; name: of its counters, mm.blockdev.<name>. */
struct blockdev *blockdev_new(enum blockdev_kind kind, const struct blockdev_cfg *cfg, u64 hz, u64 seed,
			      const char *name);
void blockdev_free(struct blockdev *d);
void blockdev_stats_add(const struct blockdev *d, struct stats *s);
u64 blockdev_pages(const struct blockdev *d); /* of 4 KB */
bool blockdev_rotational(const struct blockdev *d);
const struct blockdev_stats *blockdev_stats(const struct blockdev *d);
/*
 * A request for pages of 4 KB from number `page` on; requests come in the order of their cycles, nearly.
 * Returns the cycle at which it is over; now while time stands (sim/time.h).
 */
u64 blockdev_submit(struct blockdev *d, u64 now, bool write, u64 page, u32 pages);
/*
 * The cycle from which the queue has room: when it was full once, an eighth of it has to be over. Who submits
 * all the same waits in front of it.
 */
u64 blockdev_room(struct blockdev *d, u64 now);
/*
 * The first end of a write behind which writes have less than 7/8 of the queue: it wakes congestion_wait().
 * ~0: none is outstanding.
 */
u64 blockdev_congestion_over(struct blockdev *d, u64 now);

#endif
