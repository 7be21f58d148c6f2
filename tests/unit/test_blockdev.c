/* Block devices against closed formulas: what a request takes alone, and what many together get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/blockdev.h"

#define HZ   1000000000ull /* a cycle is a nanosecond */
#define US   1000ull
#define MS   1000000ull
#define PAGE 4096ull
#define MANY 20000u
#define TIME(cycles)        \
	{                   \
		(cycles), 0 \
	}

static const struct blockdev_cfg cfg = {
	.hdd = { .seek_average = TIME(8500 * US),
		 .seek_track = TIME(1 * MS),
		 .rpm = 7200,
		 .depth = 128,
		 .write_batch = 16,
		 .bandwidth = 100 * 1000 * 1000,
		 .size = 80ull << 30 },
	.nvme = { .latency = TIME(15 * US),
		  .read = TIME(60 * US),
		  .write = TIME(15 * US),
		  .program = TIME(1280 * US),
		  .spread = 50,
		  .slow = 0,
		  .dies = 32,
		  .depth = 1023,
		  .program_pages = 16,
		  .bandwidth = 3200ull * 1000 * 1000,
		  .buffer = 64ull << 20,
		  .size = 64ull << 30 },
};

static struct blockdev *new_device(enum blockdev_kind kind, u64 seed)
{
	return blockdev_new(kind, &cfg, HZ, seed, "test");
}

static void assert_near(u64 got, u64 expected, u32 percent)
{
	u64 off = got > expected ? got - expected : expected - got;

	if (off * 100 > expected * percent)
		fail_msg("%llu is not within %u %% of %llu", (unsigned long long)got, percent,
			 (unsigned long long)expected);
}

/* Requests one after the other: each is made when the last one is over. */
static u64 one_by_one(struct blockdev *d, struct rng *rng, bool write, u32 n, u64 at)
{
	u64 i;

	for (i = 0; i < n; i++)
		at = blockdev_submit(d, at, write, rng_below(rng, blockdev_pages(d)), 1);
	return at;
}

/* So many at a time: as one is over the next is made. */
static u64 keep_busy(struct blockdev *d, struct rng *rng, bool write, u32 n, u32 depth, u32 pages)
{
	u64 *end = calloc(depth, sizeof(*end)), last = 0;
	u32 i, j, first;

	for (i = 0; i < n; i++) {
		for (j = first = 0; j < depth; j++)
			first = end[j] < end[first] ? j : first;
		end[first] = blockdev_submit(d, end[first], write, rng_below(rng, blockdev_pages(d) - pages),
					     pages);
		last = last > end[first] ? last : end[first];
	}
	free(end);
	return last;
}

/* A disk that is read in order gives its bandwidth: one seek, then transfers alone. */
static void disk_streams(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_HDD, 1);
	u64 at = 0, i;

	for (i = 0; i < MANY; i++)
		at = blockdev_submit(d, at, false, 1000 + i * 8, 8);
	assert_near(at, MANY * 8 * PAGE * HZ / cfg.hdd.bandwidth, 1);
	assert_int_equal(blockdev_stats(d)->merged, MANY - 1);
	assert_int_equal(blockdev_stats(d)->busy, at);
	blockdev_free(d);
}

/*
 * Who waits for congestion to end is woken by a write that leaves less than 7/8 of the queue to writes, by
 * the first one if there are not so many; not by reads.
 */
static void congestion_ends(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_HDD, 1);
	u32 off = cfg.hdd.depth - cfg.hdd.depth / 8, i;
	u64 end[128];

	assert_true(blockdev_congestion_over(d, 0) == ~(u64)0);
	blockdev_submit(d, 0, false, 1000, 8);
	assert_true(blockdev_congestion_over(d, 0) == ~(u64)0);
	for (i = 0; i < 127; i++) {
		end[i] = blockdev_submit(d, 0, true, 100000 + i * 8, 8);
		assert_int_equal(blockdev_congestion_over(d, 0), end[i + 1 > off ? i + 1 - off : 0]);
	}
	assert_int_equal(blockdev_congestion_over(d, end[20]), end[21]);
	assert_true(blockdev_congestion_over(d, end[126]) == ~(u64)0);
	blockdev_free(d);
}

/* The same, asked for in advance, 16 requests at a time, and written. */
static void disk_streams_from_a_queue(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_HDD, 1);
	u64 at[16] = { 0 }, i;

	for (i = 0; i < MANY; i++)
		at[i % 16] = blockdev_submit(d, at[i % 16], true, 1000 + i * 8, 8);
	assert_near(at[(i - 1) % 16], MANY * 8 * PAGE * HZ / cfg.hdd.bandwidth, 1);
	blockdev_free(d);
}

/* Random places: average seek, half a turn, the transfer. */
static void disk_seeks(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_HDD, 1);
	u64 turn = 60 * HZ / 7200, transfer = PAGE * HZ / cfg.hdd.bandwidth;
	struct rng rng;
	u64 end;

	rng_init(&rng, 1, "places");
	end = one_by_one(d, &rng, false, MANY, 0);
	assert_near(end / MANY, 8500 * US + turn / 2 + transfer, 1);
	assert_int_equal(blockdev_stats(d)->read_latency, end);
	assert_true(blockdev_stats(d)->read_latency_max <= 16 * MS + turn + transfer);
	blockdev_free(d);
}

/*
 * One sweep over n requests at even distances costs n short seeks: with 64 in the queue no more than those,
 * half turns and transfers, and much less than without an elevator.
 */
static void disk_sweeps(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_HDD, 1);
	u64 turn = 60 * HZ / 7200, transfer = PAGE * HZ / cfg.hdd.bandwidth, each;
	/* track + stroke * sqrt(1 / 64), stroke by the average. */
	u64 seek = 1 * MS + (8500 * US - 1 * MS) * 15 / 8 / 8;
	struct rng rng;

	rng_init(&rng, 1, "places");
	each = keep_busy(d, &rng, false, MANY, 64, 1) / MANY;
	assert_true(each < seek + turn / 2 + transfer);
	assert_true(each > turn / 2 + transfer);
	assert_true(each < (8500 * US + turn / 2 + transfer) * 2 / 3);
	blockdev_free(d);
}

/* A read waits for a batch of the writes that are queued, not for all; those that come later wait for it too.
 */
static void reads_overtake_writes(void **state)
{
	struct blockdev_cfg fifo = cfg;
	struct blockdev *d[2] = { new_device(BLOCKDEV_HDD, 1) };
	u64 all[2], read[2], last[2];
	struct rng rng;
	u32 i, j;

	fifo.hdd.write_batch = 128;
	d[1] = blockdev_new(BLOCKDEV_HDD, &fifo, HZ, 1, "test");
	for (i = 0; i < 2; i++) {
		rng_init(&rng, 1, "places");
		for (j = 0; j < 64; j++)
			all[i] = blockdev_submit(d[i], 0, true, rng_below(&rng, blockdev_pages(d[i])), 1);
		read[i] = blockdev_submit(d[i], 0, false, 1234567, 1);
		last[i] = blockdev_submit(d[i], 0, true, 7654321, 1);
		blockdev_free(d[i]);
	}
	assert_int_equal(all[0], all[1]);
	assert_int_equal(read[0] - all[0] / 4, read[1] - all[1]);
	assert_int_equal(last[0], last[1]);
}

static void flash_reads_alone(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_NVME, 1);
	struct rng rng;
	u64 end;

	rng_init(&rng, 1, "places");
	end = one_by_one(d, &rng, false, MANY, 0);
	assert_near(end / MANY, 15 * US + 60 * US + PAGE * HZ / cfg.nvme.bandwidth, 1);
	assert_true(blockdev_stats(d)->read_latency_max <= 15 * US + 90 * US + 2 * US);
	blockdev_free(d);
}

static u64 below_200us(const struct blockdev_stats *st)
{
	return st->read_time[0] + st->read_time[1] + st->read_time[2] + st->read_time[3] + st->read_time[4];
}

/* One in `slow` reads takes ten times as long. */
static void flash_tail(void **state)
{
	struct blockdev_cfg tail = cfg;
	struct blockdev *d;
	struct rng rng;
	u64 slow;

	tail.nvme.slow = 100;
	d = blockdev_new(BLOCKDEV_NVME, &tail, HZ, 1, "test");
	rng_init(&rng, 1, "places");
	one_by_one(d, &rng, false, MANY, 0);
	slow = blockdev_stats(d)->read_time[5] + blockdev_stats(d)->read_time[6]; /* 200 us to 1 ms */
	assert_near(slow, MANY / 100, 15);
	assert_int_equal(slow + below_200us(blockdev_stats(d)), MANY);
	blockdev_free(d);
}

/* Many small reads: as many as all dies together can. Many large ones: the link's bandwidth. */
static void flash_saturates(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_NVME, 1);
	struct rng rng;

	rng_init(&rng, 1, "places");
	assert_near(keep_busy(d, &rng, false, 10 * MANY, 1000, 1), 10ull * MANY * 60 * US / 32, 3);
	blockdev_free(d);

	struct blockdev_cfg wide = cfg;

	wide.nvme.dies = 1024;
	d = blockdev_new(BLOCKDEV_NVME, &wide, HZ, 1, "test");
	assert_near(keep_busy(d, &rng, false, MANY, 256, 64), MANY * 64 * PAGE * HZ / wide.nvme.bandwidth, 2);
	blockdev_free(d);
}

/* No more than `depth` at once: requests in two queues' length take turns. */
static void queue_is_bounded(void **state)
{
	struct blockdev_cfg narrow = cfg;
	struct blockdev *d;
	struct rng rng;
	u64 end;

	narrow.nvme.depth = 1;
	narrow.nvme.spread = 0;
	d = blockdev_new(BLOCKDEV_NVME, &narrow, HZ, 1, "test");
	rng_init(&rng, 1, "places");
	end = keep_busy(d, &rng, false, 1000, 64, 1);
	assert_near(end, 1000 * (75 * US + PAGE * HZ / cfg.nvme.bandwidth), 1);
	assert_int_equal(blockdev_stats(d)->busy, end);
	blockdev_free(d);
}

/* A burst fits the buffer; in the long run writes are as fast as the dies program. */
static void flash_writes(void **state)
{
	struct blockdev *d = new_device(BLOCKDEV_NVME, 1);
	u64 pages = cfg.nvme.buffer / PAGE, i, at = 0, programs = 32 * 16;
	struct rng rng;

	for (i = 0; i < pages / 2; i++)
		at = blockdev_submit(d, at, true, i, 1);
	assert_near(at / (pages / 2), 15 * US + PAGE * HZ / cfg.nvme.bandwidth, 1);
	blockdev_free(d);
	d = new_device(BLOCKDEV_NVME, 1);
	rng_init(&rng, 1, "places");
	at = keep_busy(d, &rng, true, 40 * MANY, 256, 1);
	assert_near(at, (40ull * MANY - pages) * 1280 * US / programs, 1);
	blockdev_free(d);
}

/* A read behind a program waits for it, a read of another die does not. */
static void reads_wait_for_programs(void **state)
{
	struct blockdev_cfg steady = cfg;
	struct blockdev *d;
	u64 i, at = 0;

	steady.nvme.spread = 0;
	d = blockdev_new(BLOCKDEV_NVME, &steady, HZ, 1, "test");
	for (i = 0; i < 16; i++)
		blockdev_submit(d, at, true, 1000 + i, 1);
	assert_true(blockdev_submit(d, at, false, 6, 1) < 100 * US);
	assert_near(blockdev_submit(d, at, false, 32, 1), (1280 + 75) * US, 1);
	blockdev_free(d);
}

/* An earlier request is never slowed down by a later one, and the same seed gives the same times. */
static void same_seed_same_times(void **state)
{
	struct blockdev *a = new_device(BLOCKDEV_HDD, 7), *b = new_device(BLOCKDEV_HDD, 7);
	struct rng rng[2];

	rng_init(&rng[0], 1, "places");
	rng_init(&rng[1], 1, "places");
	assert_int_equal(keep_busy(a, &rng[0], false, 5000, 16, 4),
			 keep_busy(b, &rng[1], false, 5000, 16, 4));
	blockdev_free(a);
	blockdev_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(congestion_ends),
		cmocka_unit_test(disk_streams),
		cmocka_unit_test(disk_streams_from_a_queue),
		cmocka_unit_test(disk_seeks),
		cmocka_unit_test(disk_sweeps),
		cmocka_unit_test(reads_overtake_writes),
		cmocka_unit_test(flash_reads_alone),
		cmocka_unit_test(flash_tail),
		cmocka_unit_test(flash_saturates),
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(flash_writes),
		cmocka_unit_test(reads_wait_for_programs),
		cmocka_unit_test(same_seed_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
