/* How much may be dirty, who waits because of it, and the thread that writes. */
#include "model/mm/alloc.h"
#include "model/mm/asid.h"
#include "model/mm/footprint.h"
#include "model/mm/writeback.h"
#include "model/sim/time.h"

/* Pages that the flusher writes before it looks again: MAX_WRITEBACK_PAGES. */
#define CHUNK 1024u
/* Pages after which who makes them dirty looks at the limits: set_ratelimit(); 6.x: nr_dirtied_pause. */
#define LOOK_MIN      16u
#define LOOK_MAX      1024u
#define LOOK_EXCEEDED 8u
#define LOOK_PAUSE    32u
/* How long he waits at most: blk_congestion_wait(HZ / 10), MAX_PAUSE of HZ / 5. */
#define WAIT_MS  100u
#define PAUSE_MS 200u
/* Between two looks at the bandwidth: BANDWIDTH_INTERVAL, HZ / 5. */
#define MEASURE_MS 200u
/* Fixed point of pos_ratio: RATELIMIT_CALC_SHIFT. */
#define RATIO_SHIFT 10u

static u64 ms_to_cycles(const struct kernel *k, u32 ms)
{
	return k->page_cache->wb->hz / 1000 * ms;
}

/* ---- limits ---- */

struct limits {
	u64 background, dirty; /* pages */
};

/* Percent of memory that nobody maps: get_writeback_state(). */
static u32 unmapped_percent(const struct kernel *k, u64 memory)
{
	const struct mm *mm;
	u64 mapped = 0;

	for (mm = k->mms; mm; mm = mm->next)
		mapped += mm->rss.anon + mm->rss.file;
	return (u32)(100 - MIN(mapped, memory) * 100 / MAX(memory, 1));
}

/* get_dirty_limits() of 2.5.66 to 2.6.21: of all memory, and less if much is mapped. */
static struct limits limits_of_memory(const struct kernel *k)
{
	const struct writeback *wb = k->page_cache->wb;
	u64 memory = page_alloc_managed(k->pa);
	u32 dirty = MAX(MIN(wb->limit, unmapped_percent(k, memory) / 2), 5), background = wb->background;

	if (background >= dirty)
		background = dirty / 2;
	return (struct limits){ background * memory / 100, dirty * memory / 100 };
}

/* domain_dirty_limits(): of what is free or has pages of files; and nr_free_buffer_pages() of 2.4. */
static struct limits limits_of_dirtyable(const struct kernel *k)
{
	const struct writeback *wb = k->page_cache->wb;
	u64 memory = page_alloc_free_pages(k->pa) + page_alloc_in_lists(k->pa) + k->page_cache->pages;
	struct limits l = { wb->background * memory / 100, wb->limit * memory / 100 };

	if (l.background >= l.dirty)
		l.background = l.dirty / 2;
	return l;
}

static struct limits limits_now(const struct kernel *k)
{
	bool of_memory = k->cfg.era >= ERA_2_5_66 && k->cfg.era <= ERA_2_6_18;
	struct limits l = of_memory ? limits_of_memory(k) : limits_of_dirtyable(k);
	struct writeback_stats *st = &k->page_cache->wb->st;

	st->background_threshold = l.background;
	st->dirty_threshold = l.dirty;
	return l;
}

static bool over_background(const struct kernel *k)
{
	return k->page_cache->dirty > limits_now(k).background;
}

/* ---- the flusher ---- */

static void flush_at(struct kernel *k, struct cpu *c, u64 when)
{
	struct writeback *wb = k->page_cache->wb;

	if (wb->awake || !wb->flush)
		return;
	wb->awake = true;
	wb->flush(wb->flush_arg, c, when);
}

void writeback_wake(struct kernel *k, struct cpu *c)
{
	struct writeback *wb = k->page_cache->wb;

	if (wb->awake || !wb->flush || !page_cache_on(k))
		return;
	wb->st.wakes++;
	charge_step(&k->charger, c, STEP_KSWAPD_WAKE);
	flush_at(k, c, c->ops->now(c));
}

void writeback_wake_for_reclaim(struct kernel *k, struct cpu *c)
{
	if (!page_cache_on(k))
		return;
	k->page_cache->wb->older = c->ops->now(c);
	writeback_wake(k, c);
}

void writeback_wake_for_pages(struct kernel *k, struct cpu *c, u64 pages)
{
	struct writeback *wb = k->page_cache->wb;

	if (!page_cache_on(k) || !wb->first)
		return;
	wb->wanted = MAX(wb->wanted, pages);
	writeback_wake(k, c);
}

bool writeback_is_congested(struct kernel *k, u64 now)
{
	return k->storage && blockdev_room(k->storage, now) > now;
}

/* dirty_expire_centisecs; 0 is no time since which anything could be dirty. */
static bool is_old(const struct kernel *k, const struct object *o)
{
	return k->page_cache->wb->older && o->dirty_since <= k->page_cache->wb->older;
}

static bool is_due(const struct kernel *k, const struct object *o)
{
	return is_old(k, o) || k->page_cache->wb->wanted || over_background(k);
}

/* To the end of the list, as a file that has become dirty now: redirty_tail(). */
static void requeue(struct kernel *k, struct cpu *c, struct object *o)
{
	u64 dirty = o->dirty;

	o->dirty = 1;
	writeback_cleaned(k, o);
	writeback_dirtied(k, c, o);
	o->dirty = dirty;
}

/* Writes on where the last time ended, and then from the beginning: range_cyclic. */
static u64 write_some(struct kernel *k, struct cpu *c, struct object *o, u64 max)
{
	u64 from = o->write_at, n = writeback_file(k, c, o, from, CACHE_INDEX_END, max);

	if (n < max && from && o->dirty)
		n += writeback_file(k, c, o, 0, from - 1, max - n);
	o->write_at = n < max ? 0 : from + n;
	if (n < max && o->dirty)
		requeue(k, c, o);
	return n;
}

/* True: there is more to do. */
static bool write_chunk(struct kernel *k, struct cpu *c)
{
	struct writeback *wb = k->page_cache->wb;
	struct object *o = wb->first, *next, *last = wb->last;
	u64 left = CHUNK, n = 0;

	for (; o && left && is_due(k, o); o = next) {
		next = o == last ? NULL : o->dirty_next;
		wb->st.expired += is_old(k, o);
		n = write_some(k, c, o, left);
		wb->st.background += n;
		wb->wanted -= MIN(wb->wanted, n);
		left -= n;
	}
	if (!n || !wb->first)
		wb->wanted = 0;
	return wb->first && is_due(k, wb->first);
}

/* So much of the file's bandwidth, in pages a second: wb_update_write_bandwidth(). */
static void measure(struct kernel *k, u64 now)
{
	struct writeback *wb = k->page_cache->wb;
	u64 written = k->page_cache->st.written, cycles = now - wb->measured_at;

	if (now < wb->measured_at || cycles < ms_to_cycles(k, MEASURE_MS) / MAX(k->cfg.time_scale, 1))
		return;
	if (written > wb->measured)
		wb->bandwidth += (u64)((unsigned __int128)(written - wb->measured) * wb->hz / cycles) / 8 -
				 wb->bandwidth / 8;
	wb->measured_at = now;
	wb->measured = written;
}

/*
 * Two chunks are under way at most: with more to do it goes on when the one before the last is over.
 */
void writeback_run(struct kernel *k, struct cpu *c)
{
	struct writeback *wb = k->page_cache->wb;
	u64 begin = charge_begin(&k->charger, c), previous = wb->ready, before = wb->st.background;
	bool more;

	wb->awake = false;
	wb->st.runs++;
	kernel_path_step(k, c, NULL, STEP_FLUSHER_RUN);
	page_cache_settle(k, c);
	measure(k, c->ops->now(c));
	more = write_chunk(k, c);
	if (more)
		flush_at(k, c, MAX(MAX(previous, page_cache_next_over(k)), c->ops->now(c) + 1));
	charge_end(&k->charger, c, TL_FLUSHER, begin, c->node, wb->st.background - before);
}

void kernel_on_flush(struct kernel *k, kernel_flush_fn flush, void *arg)
{
	k->page_cache->wb->flush = flush;
	k->page_cache->wb->flush_arg = arg;
}

void kernel_run_flusher(struct kernel *k, struct cpu *c)
{
	struct task *task = k->cpu[c->id].task;
	struct mm *mm = asid_lend(k, c);

	kernel_task_run(k, c, NULL);
	writeback_run(k, c);
	kernel_task_run(k, c, task);
	asid_return(mm, c);
}

/* wb_kupdate(), wb_check_old_data_flush() */
void writeback_tick(struct kernel *k, struct cpu *c)
{
	struct writeback *wb = k->page_cache->wb;
	u64 now = c->ops->now(c);

	wb->older = now > wb->expire ? now - wb->expire : 0;
	page_cache_settle(k, c);
	if (wb->first && is_due(k, wb->first))
		flush_at(k, c, now);
}

/* ---- who makes pages dirty ---- */

static bool wait_until(struct kernel *k, struct cpu *c, u64 until)
{
	struct writeback *wb = k->page_cache->wb;
	u64 now = c->ops->now(c);

	if (until <= now || time_stands)
		return false;
	wb->st.throttled++;
	wb->st.throttle_cycles += until - now;
	c->block_until = until;
	return true;
}

static u64 dirty_now(const struct kernel *k)
{
	return k->page_cache->dirty + k->page_cache->writeback;
}

/* balance_dirty_pages() up to 5.x here, balance_dirty() of 2.4: he writes, and waits for some of it. */
static bool write_and_wait(struct kernel *k, struct cpu *c, const struct limits *l, u32 pages)
{
	struct writeback *wb = k->page_cache->wb;
	u64 left = pages + pages / 2, n;

	while (left && wb->first && dirty_now(k) > l->dirty) {
		n = write_some(k, c, wb->first, left);
		if (!n)
			break;
		left -= n;
		wb->st.by_writers += n;
	}
	page_cache_settle(k, c);
	if (dirty_now(k) <= l->dirty || !page_cache_next_over(k))
		return false;
	return wait_until(k, c, MIN(page_cache_next_over(k), c->ops->now(c) + ms_to_cycles(k, WAIT_MS)));
}

/* pos_ratio_polynom(): 1.0 in the middle between where nobody waits and the limit, 0 there, at most 2. */
static u64 position_ratio(u64 setpoint, u64 dirty, u64 limit)
{
	s64 x = (((s64)setpoint - (s64)dirty) * (1 << RATIO_SHIFT)) / (s64)(limit - setpoint + 1);
	s64 ratio = x;

	ratio = ratio * x / (1 << RATIO_SHIFT);
	ratio = ratio * x / (1 << RATIO_SHIFT);
	ratio += 1 << RATIO_SHIFT;
	return (u64)MIN(MAX(ratio, 0), 2 << RATIO_SHIFT);
}

/* An eighth of what the device needs for all that is dirty, lest it has nothing to do: wb_max_pause(). */
static u64 longest_pause(const struct kernel *k)
{
	const struct writeback *wb = k->page_cache->wb;
	u64 eighth = dirty_now(k) * wb->hz / (8 * MAX(wb->bandwidth, 1));

	return MIN(eighth + ms_to_cycles(k, 1), ms_to_cycles(k, PAUSE_MS));
}

/* balance_dirty_pages() since 3.2: the pages take the time that the device needs for them, more or less. */
static bool pause_for(struct kernel *k, struct cpu *c, const struct limits *l, u32 pages)
{
	const struct writeback *wb = k->page_cache->wb;
	u64 free_run = (l->background + l->dirty) / 2, setpoint = (free_run + l->dirty) / 2;
	u64 longest = longest_pause(k), rate, pause;

	if (dirty_now(k) <= free_run)
		return false;
	rate = wb->bandwidth * position_ratio(setpoint, dirty_now(k), l->dirty) >> RATIO_SHIFT;
	pause = rate ? MIN(pages * wb->hz / rate, longest) : longest;
	return wait_until(k, c, c->ops->now(c) + pause);
}

static u32 pages_between_looks(const struct kernel *k)
{
	const struct writeback_stats *st = &k->page_cache->wb->st;
	bool exceeded = st->dirty_threshold && dirty_now(k) > st->dirty_threshold;
	u64 n = page_alloc_managed(k->pa) / (k->pa->cfg.cpus * 32);

	if (exceeded)
		return LOOK_EXCEEDED;
	return k->cfg.era == ERA_6_X ? LOOK_PAUSE : (u32)MIN(MAX(n, LOOK_MIN), LOOK_MAX);
}

bool writeback_balance(struct kernel *k, struct cpu *c, u32 pages)
{
	struct writeback *wb = k->page_cache->wb;
	u32 *dirtied = &wb->dirtied[c->id], n;
	struct limits l;

	*dirtied += pages;
	if (*dirtied < pages_between_looks(k))
		return false;
	n = *dirtied;
	*dirtied = 0;
	charge_step(&k->charger, c, STEP_DIRTY_BALANCE);
	page_cache_settle(k, c);
	measure(k, c->ops->now(c));
	l = limits_now(k);
	if (k->page_cache->dirty > l.background)
		writeback_wake(k, c);
	return k->cfg.era == ERA_6_X ? pause_for(k, c, &l, n) : write_and_wait(k, c, &l, n);
}
