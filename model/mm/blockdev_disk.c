/* Hard disks: one arm, over a surface that turns. */
#include "model/mm/blockdev_impl.h"

#include <stdlib.h>

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/sim/time.h"

#define AT(field) offsetof(struct disk_cfg, field)

/*
 * A desktop drive of 7200 rpm: 8.5 ms on average and 1 ms to the next track by the data sheets of Seagate's
 * Barracuda series since 2000, with half a turn 12.7 ms a random access (those of 2002 to 2004 took 12 to
 * 15); 120 MB/s is that of the 2010s, 34 us a page (30 to 60); disks of 2003 gave 50. 128 requests are
 * nr_requests of block/blk-core.c, 16 fifo_batch of its deadline scheduler.
 */
const struct opt hdd_opts[] = {
	{ "seek_average", OPT_TIME, AT(seek_average), "8.5ms", 0, 0, "cycles or time",
	  "of a seek between random places of the whole disk", NULL },
	{ "seek_track", OPT_TIME, AT(seek_track), "1ms", 0, 0, "cycles or time",
	  "of the shortest seek; twice as much as the average at most", NULL },
	{ "rpm", OPT_U32, AT(rpm), "7200", 60, 100000, "1/min", "turns", NULL },
	{ "bandwidth", OPT_SIZE, AT(bandwidth), "120M", 1u << 16, 1ull << 40, "bytes/s",
	  "of sequential transfers", NULL },
	{ "size", OPT_SIZE, AT(size), "80G", 1u << 20, 1ull << 50, "bytes",
	  "of the disk, by which seeks are short or long", NULL },
	{ "depth", OPT_U32, AT(depth), "128", 1, 4096, "requests", "that the elevator sorts", NULL },
	{ "write_batch", OPT_U32, AT(write_batch), "16", 0, 4096, "requests",
	  "that write, and that a read waits for at most; others it overtakes", NULL },
	{ 0 },
};

#undef AT

/* A request that is not over; the arm is busy with it until `end`. */
struct queued {
	u64 page, end_page;
	u64 end;
	bool write;
};

struct disk {
	u64 track, stroke; /* cycles of the shortest and of the longest seek */
	u64 turn;
	u64 bandwidth;
	u64 arm, arm_free;    /* page at which it stands when it is free */
	u64 read_free;        /* cycle at which it is done with reads */
	struct queued *queue; /* by page */
	u32 n, depth, write_batch;
};

/*
 * With seek(d) = track + (stroke - track) * sqrt(d / size) and both ends random, the mean of the root is
 * 8/15.
 */
static u64 stroke_of(u64 track, u64 average)
{
	return average <= track ? track : track + (average - track) * 15 / 8;
}

static void *disk_create(struct blockdev *d, const struct blockdev_cfg *cfg)
{
	struct disk *k = xcalloc(1, sizeof(*k));
	const struct disk_cfg *c = &cfg->hdd;

	d->depth = c->depth;
	d->pages = c->size >> FRAME_SHIFT;
	k->track = time_to_cycles(c->seek_track, d->hz);
	k->stroke = stroke_of(k->track, time_to_cycles(c->seek_average, d->hz));
	k->turn = ps_to_cycles(60000000000000ull / c->rpm, d->hz);
	k->bandwidth = c->bandwidth;
	k->depth = c->depth;
	k->write_batch = c->write_batch;
	k->queue = xmalloc(c->depth * sizeof(*k->queue));
	return k;
}

static void disk_free(void *state)
{
	struct disk *k = state;

	free(k->queue);
	free(k);
}

/* floor(sqrt(x)) */
static u64 root(u64 x)
{
	u64 r = 0, bit = 1ull << 62;

	for (; bit; bit >>= 2) {
		if (x >= r + bit) {
			x -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return r;
}

static u64 seek(const struct blockdev *d, const struct disk *k, u64 from, u64 to)
{
	u64 distance = from < to ? to - from : from - to;

	if (!distance)
		return 0;
	return k->track + (u64)((unsigned __int128)(k->stroke - k->track) *
					root((u64)(((unsigned __int128)distance << 62) / d->pages)) >>
				31);
}

/* Those that are over leave. */
static void settle(struct disk *k, u64 now)
{
	u32 i, n = 0;

	for (i = 0; i < k->n; i++)
		if (k->queue[i].end > now)
			k->queue[n++] = k->queue[i];
	k->n = n;
}

/* The first queued request at or behind a page. */
static u32 place_of(const struct disk *k, u64 page)
{
	u32 i = 0;

	while (i < k->n && k->queue[i].page < page)
		i++;
	return i;
}

/*
 * What the arm's way becomes longer by if it stops there between its neighbours in the queue; nothing and no
 * turn if it follows one of them, or is followed.
 */
static u64 positioning(struct blockdev *d, struct disk *k, const struct request *r, u32 at)
{
	u64 end = r->page + r->pages, way;
	const struct queued *before = at ? &k->queue[at - 1] : NULL,
			    *after = at < k->n ? &k->queue[at] : NULL;

	if ((before && before->end_page == r->page) || (after && after->page == end) ||
	    (!k->n && k->arm == r->page)) {
		d->st.merged++;
		return 0;
	}
	if (before && after) {
		u64 direct = seek(d, k, before->end_page, after->page);

		way = seek(d, k, before->end_page, r->page) + seek(d, k, end, after->page);
		way -= MIN(way, direct);
	} else if (before || after) {
		way = seek(d, k, before ? before->end_page : after->page, r->page);
	} else {
		way = seek(d, k, k->arm, r->page);
	}
	return way + rng_below(&d->rng, k->turn);
}

/* Writes that are queued, and when the arm has served all but what a read overtakes of them. */
static u64 behind_writes(const struct disk *k, u64 start)
{
	u64 backlog = MAX(k->arm_free, start) - start;
	u32 writes = 0, i;

	for (i = 0; i < k->n; i++)
		writes += k->queue[i].write;
	return writes > k->write_batch ? start + backlog * k->write_batch / writes : start + backlog;
}

/*
 * The cycle from which the arm works on it. What a read overtakes keeps the end that it was told, but those
 * that come later have to wait for the read as well.
 */
static u64 begin(struct disk *k, const struct request *r, u64 start)
{
	return r->write ? MAX(k->arm_free, start) : MAX(k->read_free, behind_writes(k, start));
}

static void enqueue(struct disk *k, u32 at, const struct request *r, u64 end)
{
	u32 i;

	ASSERT(k->n < k->depth);
	for (i = k->n++; i > at; i--)
		k->queue[i] = k->queue[i - 1];
	k->queue[at] = (struct queued){ r->page, r->page + r->pages, end, r->write };
}

static u64 disk_serve(struct blockdev *d, void *state, const struct request *r, u64 start)
{
	struct disk *k = state;
	u64 at, work;
	u32 i;

	settle(k, start);
	i = place_of(k, r->page);
	at = begin(k, r, start);
	d->st.waited += at - r->now;
	work = positioning(d, k, r, i) + blockdev_transfer(d, k->bandwidth, r->pages);
	k->arm_free = MAX(k->arm_free, at) + work;
	k->arm = r->page + r->pages;
	if (!r->write)
		k->read_free = at + work;
	enqueue(k, i, r, at + work);
	return at + work;
}

const struct blockdev_ops blockdev_disk = { true, disk_create, disk_free, disk_serve };
