#include "model/mm/readahead.h"

#include "model/base/bits.h"
#include "model/mm/alloc.h"
#include "model/mm/page_cache.h"

/* include/linux/mm.h of 2.6: VM_MIN_READAHEAD, VM_MAX_CACHE_HIT; MIN_READAHEAD of 2.4. */
#define MIN_WINDOW     4u
#define MAX_CACHE_HITS 256u
#define MIN_OLD        3u
/* mm/filemap.c: faults that miss so often do not read ahead. */
#define MMAP_LOTSAMISS 100
#define MAX_MAP_MISSES (10 * MMAP_LOTSAMISS)

enum readahead_form {
	READAHEAD_OLD,       /* 2.4 */
	READAHEAD_WINDOWS,   /* 2.5.66 to 2.6.22 */
	READAHEAD_ON_DEMAND, /* 2.6.23 on */
};

static enum readahead_form form_of(const struct kernel *k)
{
	if (k->cfg.era <= ERA_2_4_21)
		return READAHEAD_OLD;
	return k->cfg.era <= ERA_2_6_18 ? READAHEAD_WINDOWS : READAHEAD_ON_DEMAND;
}

static u64 max_pages(const struct kernel *k)
{
	return k->cfg.read_ahead >> FRAME_SHIFT;
}

void readahead_init(struct readahead *ra)
{
	*ra = (struct readahead){ .prev = ~(u64)0 };
}

static void decide(struct kernel *k, struct cpu *c)
{
	charge_step(&k->charger, c, STEP_READ_AHEAD);
}

/* ---- 2.4 ---- */

/* MAX_READAHEAD, 31 pages, is one less than what is read with it. */
static u64 max_old(const struct kernel *k)
{
	return max_pages(k) ? max_pages(k) - 1 : 0;
}

/* do_generic_file_read(), before its loop. */
static void old_call(const struct kernel *k, struct page_want *w, u64 offset, u64 len)
{
	struct readahead *ra = &w->o->ra;
	u64 index = offset >> FRAME_SHIFT, in_page = offset & FRAME_MASK;

	w->goes_on = index <= ra->end && index + ra->window >= ra->end;
	if (!w->goes_on)
		ra->max = ra->end = ra->len = ra->window = 0;
	if (!index && in_page + len <= FRAME_SIZE / 2) {
		ra->max = 0;
		return;
	}
	ra->max = MAX(ra->max, ((in_page + len) >> FRAME_SHIFT) + 1);
	if (w->goes_on)
		ra->max = MAX(ra->max, MIN_OLD);
	ra->max = MIN(ra->max, max_old(k));
}

/* The page is being read: what to read with it, if it is not in what was read ahead already. */
static u64 old_with(struct readahead *ra, u64 index, u64 last, u64 *end)
{
	u64 n;

	if (ra->len && index < *end && index + ra->window >= *end)
		return 0;
	*end = index;
	n = *end < last ? ra->max : 0;
	ra->window = 0;
	ra->len = 1;
	if (!n) {
		ra->end = index + ra->len;
		ra->window += ra->len;
	}
	return n;
}

/* The page is there: the read has come to the last request, so it is time for the next one. */
static u64 old_beyond(struct readahead *ra, u64 index, u64 last, u64 *end)
{
	if (!ra->max || !*end || index > *end || index + ra->len < *end)
		return 0;
	--*end;
	if (*end >= last)
		return 0;
	ra->window = ra->len;
	ra->len = 0;
	return ra->max + 1;
}

/* generic_file_readahead() */
static void old_read_ahead(struct kernel *k, struct cpu *c, const struct page_want *w, bool locked)
{
	struct readahead *ra = &w->o->ra;
	u64 last = w->o->bytes >> FRAME_SHIFT, end = ra->end, n = 0;

	if (locked)
		n = old_with(ra, w->index, last, &end);
	else if (w->goes_on)
		n = old_beyond(ra, w->index, last, &end);
	n = end + 1 < last ? MIN(n, last - end - 1) : 0;
	if (!n)
		return;
	decide(k, c);
	page_cache_read(k, c, w->o, end + 1, n, 0);
	ra->len += n;
	ra->window += ra->len;
	ra->end = end + n + 1;
	ra->max = MIN(2 * ra->max, max_old(k));
}

/* page_cluster: mm/swap.c:swap_setup() */
static u64 cluster(const struct kernel *k)
{
	u64 mb = k->pa->map.pages >> (20 - FRAME_SHIFT);

	return mb < 16 ? 4 : mb < 32 ? 8 : 16;
}

/* read_cluster_nonblocking() */
static void old_miss(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	if (w->fault && !w->random) {
		decide(k, c);
		page_cache_read(k, c, w->o, align_down(w->index, cluster(k)), cluster(k), 0);
		return;
	}
	page_cache_read(k, c, w->o, w->index, 1, 0);
	if (!w->fault)
		old_read_ahead(k, c, w, true);
}

/* ---- windows ---- */

static void windows_reset_ahead(struct readahead *ra)
{
	ra->ahead_size += ra->ahead_start;
	ra->ahead_start = 0;
}

static void windows_off(struct readahead *ra)
{
	ra->start = ra->size = 0;
	ra->missed = ra->in_cache = false;
	windows_reset_ahead(ra);
}

/* get_init_ra_size() */
static u64 first_size(u64 wanted, u64 max)
{
	u64 size = 1ull << log2_ceil(wanted);

	if (size <= max / 32)
		return size * 4;
	return size <= max / 4 ? size * 2 : max;
}

static u64 windows_next_size(struct readahead *ra, u64 max)
{
	u64 size = ra->size < max / 16 ? 4 * ra->size : 2 * ra->size;

	if (ra->missed)
		size = MAX(ra->size > 2 ? ra->size - 2 : 0, MIN_WINDOW);
	ra->missed = false;
	return MIN(size, max);
}

/* blockable_page_cache_readahead(); false: everything is there anyway, readahead is over. */
static bool windows_read(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 n)
{
	struct readahead *ra = &o->ra;

	decide(k, c);
	if (page_cache_read(k, c, o, first, n, 0)) {
		ra->cache_hits = 0;
		return true;
	}
	ra->cache_hits += (u32)n;
	if (ra->cache_hits < MAX_CACHE_HITS)
		return true;
	windows_off(ra);
	ra->in_cache = true;
	return false;
}

/* make_ahead_window() */
static bool windows_ahead(struct kernel *k, struct cpu *c, struct object *o, bool force)
{
	struct readahead *ra = &o->ra;
	bool done;

	ra->ahead_size = windows_next_size(ra, max_pages(k));
	ra->ahead_start = ra->start + ra->size;
	done = windows_read(k, c, o, ra->ahead_start, ra->ahead_size);
	if (!done && !force)
		windows_reset_ahead(ra);
	return done;
}

/* The first read of a file from its beginning, or the first that goes on. */
static void windows_begin(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 wanted, u64 n)
{
	struct readahead *ra = &o->ra;

	ra->size = first_size(n, max_pages(k));
	ra->start = index;
	if (windows_read(k, c, o, index, ra->size) && wanted >= max_pages(k))
		windows_ahead(k, c, o, true);
}

/* The read goes on within the windows. */
static void windows_go_on(struct kernel *k, struct cpu *c, struct object *o)
{
	struct readahead *ra = &o->ra;
	bool clip = false;

	if (!ra->ahead_start)
		clip = !windows_ahead(k, c, o, false);
	if (!clip && ra->prev >= ra->ahead_start) {
		ra->start = ra->ahead_start;
		ra->size = ra->ahead_size;
		windows_ahead(k, c, o, false);
		clip = true;
	}
	if (clip)
		ra->prev = MIN(ra->prev, ra->ahead_start + ra->ahead_size - 1);
}

/* page_cache_readahead() of 2.6.13 */
static u64 windows_before(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	struct readahead *ra = &w->o->ra;
	u64 index = w->index, wanted = w->pages, n;
	bool sequential;

	if (index == ra->prev && --wanted)
		index++;
	sequential = index == ra->prev + 1;
	ra->prev = index;
	n = MIN(wanted, max_pages(k));
	if (!n || ra->in_cache)
		return index + 1;
	ra->prev += n - 1;
	if (sequential && !ra->size) {
		windows_begin(k, c, w->o, index, wanted, n);
	} else if (!sequential) {
		windows_off(ra);
		windows_read(k, c, w->o, index, n);
	} else {
		windows_go_on(k, c, w->o);
	}
	return ra->prev + 1;
}

/* filemap_nopage() */
static void windows_miss(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	struct readahead *ra = &w->o->ra;
	u64 n = max_pages(k);

	if (!w->fault || w->sequential) {
		ra->missed = true;
		ra->in_cache = false;
		ra->cache_hits = 0;
		return;
	}
	if (w->random || ++ra->map_misses > MMAP_LOTSAMISS || !n)
		return;
	decide(k, c);
	page_cache_read(k, c, w->o, w->index > n / 2 ? w->index - n / 2 : 0, n, 0);
}

/* ---- on demand ---- */

static void window(struct kernel *k, struct cpu *c, struct object *o, u64 start, u64 size, u64 async)
{
	o->ra.start = start;
	o->ra.size = size;
	o->ra.async = async;
	page_cache_read(k, c, o, start, size, async);
}

/* get_next_ra_size() */
static u64 next_size(u64 size, u64 max)
{
	if (size < max / 16)
		return 4 * size;
	return size <= max / 2 ? 2 * size : max;
}

/* page_cache_prev_miss(): pages in a row before an index, at most n. */
static u64 pages_before(const struct object *o, u64 index, u64 n)
{
	u64 found = 0;

	while (found < n && found < index && object_page(o, index - 1 - found) != NO_FRAME)
		found++;
	return found;
}

static u64 pages_from(const struct object *o, u64 index, u64 n)
{
	u64 found = 0;

	while (found < n && object_page(o, index + found) != NO_FRAME)
		found++;
	return found;
}

/* page_cache_sync_ra() */
static void demand_sync(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 wanted)
{
	u64 max = max_pages(k), before, size;

	decide(k, c);
	if (!max) {
		page_cache_read(k, c, o, index, 1, 0);
		return;
	}
	if (!index || wanted > max || index - o->ra.prev <= 1) {
		size = first_size(MIN(wanted, max), max);
		window(k, c, o, index, size, size > wanted ? size - wanted : size / 2);
		return;
	}
	before = pages_before(o, index, max);
	if (before <= wanted) {
		page_cache_read(k, c, o, index, wanted, 0);
		return;
	}
	if (before == index)
		before *= 2;
	window(k, c, o, index, MIN(before + wanted, max), 1);
}

/* page_cache_async_ra() */
static void demand_async(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 wanted)
{
	struct readahead *ra = &o->ra;
	u64 max = max_pages(k), size, there;

	if (!max)
		return;
	decide(k, c);
	if (index == ra->start + ra->size - ra->async) {
		size = next_size(ra->size, max);
		window(k, c, o, ra->start + ra->size, size, size);
		return;
	}
	there = pages_from(o, index + 1, max);
	if (there == max)
		return;
	size = next_size(there + 1 + wanted, max);
	window(k, c, o, index + 1 + there, size, size);
}

/* do_sync_mmap_readahead() */
static void demand_fault(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	struct readahead *ra = &w->o->ra;
	u64 max = max_pages(k);

	if (w->random || !max)
		return;
	if (w->sequential) {
		demand_sync(k, c, w->o, w->index, max);
		return;
	}
	ra->map_misses = MIN(ra->map_misses + 1, MAX_MAP_MISSES);
	if (ra->map_misses > MMAP_LOTSAMISS)
		return;
	decide(k, c);
	window(k, c, w->o, w->index > max / 2 ? w->index - max / 2 : 0, max,
	       k->cfg.era >= ERA_2_6_37 ? max / 4 : 0);
}

static void demand_hit(struct kernel *k, struct cpu *c, const struct page_want *w, struct page *p)
{
	struct readahead *ra = &w->o->ra;

	if (w->random && w->fault)
		return;
	if (w->fault && ra->map_misses > 0)
		ra->map_misses--;
	if (!(p->marks & PG_READAHEAD) || p->marks & PG_WRITEBACK)
		return;
	p->marks &= (u16)~PG_READAHEAD;
	demand_async(k, c, w->o, w->index, w->fault ? max_pages(k) : w->pages);
}

/* ---- ---- */

void readahead_call(struct kernel *k, struct page_want *w, u64 offset, u64 len)
{
	if (form_of(k) == READAHEAD_OLD)
		old_call(k, w, offset, len);
}

u64 readahead_before(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	if (form_of(k) != READAHEAD_WINDOWS || (w->fault && !w->sequential))
		return ~(u64)0;
	return windows_before(k, c, w);
}

void readahead_miss(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	switch (form_of(k)) {
	case READAHEAD_OLD:
		old_miss(k, c, w);
		break;
	case READAHEAD_WINDOWS:
		windows_miss(k, c, w);
		break;
	case READAHEAD_ON_DEMAND:
		if (w->fault)
			demand_fault(k, c, w);
		else if (w->random)
			page_cache_read(k, c, w->o, w->index, w->pages, 0);
		else
			demand_sync(k, c, w->o, w->index, w->pages);
		break;
	}
}

void readahead_hit(struct kernel *k, struct cpu *c, const struct page_want *w, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);

	switch (form_of(k)) {
	case READAHEAD_OLD:
		if (!w->fault)
			old_read_ahead(k, c, w, p->marks & PG_LOCKED);
		break;
	case READAHEAD_WINDOWS:
		w->o->ra.map_misses -= w->fault;
		break;
	case READAHEAD_ON_DEMAND:
		demand_hit(k, c, w, p);
		break;
	}
}

void readahead_used(struct kernel *k, const struct page_want *w)
{
	if (form_of(k) == READAHEAD_ON_DEMAND)
		w->o->ra.prev = w->index;
}

void readahead_mapped(struct object *o, u32 pages)
{
	if (o->ra.map_misses > 0)
		o->ra.map_misses = MAX(o->ra.map_misses - (s64)pages, 0);
}
