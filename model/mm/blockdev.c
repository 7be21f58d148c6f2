/* What all kinds of block devices share: their queue and what is counted. */
#include "model/mm/blockdev_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/sim/time.h"

const char *const blockdev_names[] = { "none", "hdd", "sata-ssd", "nvme", NULL };

const struct opt storage_opts[] = {
	{ "device", OPT_ENUM, offsetof(struct storage_cfg, device), "none", 0, 0, NULL,
	  "that files lie on; none: pages of files cost kernel.file_fill", blockdev_names },
	{ 0 },
};

static const struct blockdev_ops *const kinds[NR_BLOCKDEVS] = {
	[BLOCKDEV_HDD] = &blockdev_disk,
	[BLOCKDEV_SATA_SSD] = &blockdev_sata_ssd,
	[BLOCKDEV_NVME] = &blockdev_nvme,
};

#define TIME_US(us) us,
static const u32 time_us[] = { BLOCKDEV_TIMES(TIME_US) };

#define STAT_STRUCT struct blockdev_stats
static const struct stat_desc stat_rows[] = { BLOCKDEV_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

u64 blockdev_transfer(const struct blockdev *d, u64 bandwidth, u64 pages)
{
	unsigned __int128 cycles = (unsigned __int128)pages * FRAME_SIZE * d->hz;

	return (u64)((cycles + bandwidth - 1) / bandwidth);
}

struct blockdev *blockdev_new(enum blockdev_kind kind, const struct blockdev_cfg *cfg, u64 hz, u64 seed,
			      const char *name)
{
	struct blockdev *d = xcalloc(1, sizeof(*d));
	u32 i;

	ASSERT(kind > BLOCKDEV_NONE && kind < NR_BLOCKDEVS);
	d->ops = kinds[kind];
	d->name = name;
	d->hz = hz;
	rng_init(&d->rng, seed, name);
	for (i = 0; i < ARRAY_SIZE(time_us); i++)
		d->time[i] = ps_to_cycles(time_us[i] * 1000000ull, hz);
	d->state = d->ops->create(d, cfg);
	d->outstanding = xmalloc(d->depth * sizeof(*d->outstanding));
	return d;
}

void blockdev_free(struct blockdev *d)
{
	if (!d)
		return;
	d->ops->free(d->state);
	free(d->outstanding);
	free(d);
}

u64 blockdev_pages(const struct blockdev *d)
{
	return d->pages;
}

bool blockdev_rotational(const struct blockdev *d)
{
	return d->ops->rotational;
}

const struct blockdev_stats *blockdev_stats(const struct blockdev *d)
{
	return &d->st;
}

static void add_times(const struct blockdev *d, struct stats *s, const char *what, const u64 *count)
{
	char name[64];
	u32 i;

	for (i = 0; i < NR_BLOCKDEV_TIMES; i++) {
		if (i < ARRAY_SIZE(time_us))
			snprintf(name, sizeof(name), "mm.blockdev.%s.%s_below_%uus", d->name, what,
				 time_us[i]);
		else
			snprintf(name, sizeof(name), "mm.blockdev.%s.%s_longer", d->name, what);
		stats_add_one(s, name, &count[i], "requests", "by what they took");
	}
}

void blockdev_stats_add(const struct blockdev *d, struct stats *s)
{
	char name[64];

	snprintf(name, sizeof(name), "mm.blockdev.%s", d->name);
	stats_add(s, name, stat_rows, &d->st);
	add_times(d, s, "reads", d->st.read_time);
	add_times(d, s, "writes", d->st.write_time);
	snprintf(name, sizeof(name), "mm.blockdev.%s.read_latency_max", d->name);
	stats_set_level(s, name);
	snprintf(name, sizeof(name), "mm.blockdev.%s.write_latency_max", d->name);
	stats_set_level(s, name);
}

/* ---- the queue ---- */

static void sift_up(u64 *heap, u32 i)
{
	u64 v = heap[i];

	for (; i && heap[(i - 1) / 2] > v; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = v;
}

static void sift_down(u64 *heap, u32 n)
{
	u64 v = heap[n];
	u32 i = 0, child;

	for (; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= v)
			break;
		heap[i] = heap[child];
	}
	heap[i] = v;
}

static void drop_first(struct blockdev *d)
{
	if (--d->n_outstanding)
		sift_down(d->outstanding, d->n_outstanding);
}

/* Of an outstanding request. */
static u64 end_of(u64 key)
{
	return key >> 1;
}

static bool is_write(u64 key)
{
	return key & 1;
}

static void settle(struct blockdev *d, u64 now)
{
	while (d->n_outstanding && end_of(d->outstanding[0]) <= now)
		drop_first(d);
}

/* The cycle from which the device may work on a request that comes now. */
static u64 enter_queue(struct blockdev *d, u64 now)
{
	u64 start = now;

	settle(d, now);
	d->st.ahead += d->n_outstanding;
	if (d->n_outstanding == d->depth) {
		start = end_of(d->outstanding[0]);
		drop_first(d);
	}
	return start;
}

static int earlier(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The end of the last one of the first eighth. */
static u64 eighth_over(const struct blockdev *d)
{
	u64 *key = xmalloc(d->n_outstanding * sizeof(*key)), at;

	memcpy(key, d->outstanding, d->n_outstanding * sizeof(*key));
	qsort(key, d->n_outstanding, sizeof(*key), earlier);
	at = end_of(key[d->n_outstanding / 8]);
	free(key);
	return at;
}

/* Writes that are outstanding, the first to end first; how many. */
static u32 sort_writes(const struct blockdev *d, u64 *key)
{
	u32 i, n = 0;

	for (i = 0; i < d->n_outstanding; i++)
		if (is_write(d->outstanding[i]))
			key[n++] = d->outstanding[i];
	qsort(key, n, sizeof(*key), earlier);
	return n;
}

/* queue_congestion_off_threshold() */
u64 blockdev_congestion_over(struct blockdev *d, u64 now)
{
	u32 off = MAX(d->depth - d->depth / 8, 1), n;
	u64 *key, at = ~(u64)0;

	settle(d, now);
	key = xmalloc(d->depth * sizeof(*key));
	n = sort_writes(d, key);
	if (n)
		at = end_of(key[n > off ? n - off : 0]);
	free(key);
	return at;
}

/* blk_queue_congestion_threshold(), and since 4.20 the batches of lib/sbitmap.c. */
u64 blockdev_room(struct blockdev *d, u64 now)
{
	if (now < d->congested_until)
		return d->congested_until;
	settle(d, now);
	if (d->n_outstanding == d->depth)
		d->congested_until = eighth_over(d);
	return MAX(d->congested_until, now);
}

static void leave_queue_at(struct blockdev *d, u64 end, bool write)
{
	d->outstanding[d->n_outstanding] = end << 1 | write;
	sift_up(d->outstanding, d->n_outstanding++);
}

static u32 time_class(const struct blockdev *d, u64 cycles)
{
	u32 i = 0;

	while (i < ARRAY_SIZE(d->time) && cycles >= d->time[i])
		i++;
	return i;
}

static void count(struct blockdev *d, const struct request *r, u64 end)
{
	u64 latency = end - r->now;
	struct blockdev_stats *st = &d->st;

	if (r->write) {
		st->writes++;
		st->written_pages += r->pages;
		st->write_latency += latency;
		st->write_latency_max = MAX(st->write_latency_max, latency);
		st->write_time[time_class(d, latency)]++;
	} else {
		st->reads++;
		st->read_pages += r->pages;
		st->read_latency += latency;
		st->read_latency_max = MAX(st->read_latency_max, latency);
		st->read_time[time_class(d, latency)]++;
	}
	if (end > d->last_end) {
		st->busy += end - MAX(d->last_end, r->now);
		d->last_end = end;
	}
}

u64 blockdev_submit(struct blockdev *d, u64 now, bool write, u64 page, u32 pages)
{
	struct request r = { now, page, pages, write };
	u64 end = now;

	ASSERT(pages && page + pages <= d->pages);
	if (!time_stands) {
		end = d->ops->serve(d, d->state, &r, enter_queue(d, now));
		leave_queue_at(d, end, write);
	}
	count(d, &r, end);
	return end;
}
