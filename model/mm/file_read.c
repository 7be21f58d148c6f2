/* The page cache as faults, read() and write() ask it: what is there, what has to be read, and waiting for
 * it. */
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/cache_cost.h"
#include "model/mm/lru.h"
#include "model/mm/page.h"
#include "model/mm/page_cache.h"
#include "model/mm/shmem.h"

/* Pages of one request, at most: BIO_MAX_VECS, 512 KB; before 2.6.26 128 KB. */
static u32 request_pages(const struct kernel *k)
{
	return k->cfg.era < ERA_2_6_26 ? 32 : 128;
}

/* mapping_gfp_mask(); page_cache_alloc_cold() for what a device will fill. */
static u64 new_page(struct kernel *k, struct cpu *c, u64 index, u32 gfp)
{
	return page_alloc(k, c, GFP_HIGHUSER_MOVABLE | gfp, 0, index << FRAME_SHIFT);
}

/* A page that comes with its contents. NO_FRAME: no memory. */
static u64 add_new(struct kernel *k, struct cpu *c, struct object *o, u64 index, bool zero)
{
	u64 pfn = new_page(k, c, index, 0);

	if (pfn == NO_FRAME)
		return NO_FRAME;
	if (zero)
		page_zero(k, c, pfn);
	if (page_cache_add(k, c, o, index, pfn))
		return pfn;
	frame_put(k->frames, c, pfn);
	return NO_FRAME;
}

/* The page has been there all the time: it comes for nothing. */
static u64 add_resident(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	bool charges = k->charger.on;
	u64 pfn;

	k->charger.on = false;
	pfn = add_new(k, c, o, index, false);
	k->charger.on = charges;
	k->page_cache->st.resident += pfn != NO_FRAME;
	return pfn;
}

static bool is_resident(const struct kernel *k, const struct object *o, u64 index)
{
	return k->page_cache->mode == PAGE_CACHE_WARM && object_on_device(o, index) &&
	       !object_was_cached(o, index);
}

/* ---- reading ---- */

/* Pages from `first` on that are new in the cache, at most n; each has a frame that nobody has filled. */
static u32 add_run(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 n, u32 gfp)
{
	u32 run = 0;
	u64 pfn;

	for (; run < n && run < request_pages(k) && object_on_device(o, first + run); run++) {
		if (object_page(o, first + run) != NO_FRAME)
			break;
		pfn = new_page(k, c, first + run, gfp | GFP_COLD);
		if (pfn == NO_FRAME || !page_cache_add(k, c, o, first + run, pfn)) {
			k->page_cache->st.no_memory++;
			if (pfn != NO_FRAME)
				frame_put(k->frames, c, pfn);
			break;
		}
		page_transfer_begin(k, pfn, PG_LOCKED);
	}
	return run;
}

static void read_run(struct kernel *k, struct cpu *c, struct object *o, u64 first, u32 n, u64 mark)
{
	u64 ready = page_request(k, c, o, false, first, n), pfn;
	u32 i;

	for (i = 0; i < n; i++) {
		pfn = object_page(o, first + i);
		charge_step(&k->charger, c, STEP_READ_PAGE);
		page_transfer_until(k, c, pfn, ready);
		if (first + i == mark)
			page_cache_page(k, pfn)->marks |= PG_READAHEAD;
	}
}

static u64 read_pages(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 n, u64 mark, u32 gfp)
{
	u64 end = first + n, read = 0;
	u32 run;

	while (first < end && object_on_device(o, first)) {
		if (object_page(o, first) != NO_FRAME) {
			first++;
			continue;
		}
		run = add_run(k, c, o, first, end - first, gfp);
		if (!run)
			break;
		read_run(k, c, o, first, run, mark);
		first += run;
		read += run;
	}
	return read;
}

u64 page_cache_read(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 n, u64 ahead)
{
	u64 pages = object_file_pages(o), read;

	n = first < pages ? MIN(n, pages - first) : 0;
	read = read_pages(k, c, o, first, n, ahead && ahead <= n ? first + n - ahead : ~(u64)0,
			  GFP_NORETRY | GFP_NOWARN);
	k->page_cache->st.ahead_pages += read;
	return read;
}

/* ---- asking ---- */

/* Reclaim may have taken its time since this began. */
static enum cache_answer await(struct kernel *k, struct cpu *c, u64 pfn)
{
	const struct page *p = page_cache_page(k, pfn);

	page_cache_settle(k, c);
	if (!(p->marks & PG_LOCKED))
		return CACHE_READY;
	c->block_until = p->ready;
	return CACHE_WAIT;
}

/* filemap_nopage(), filemap_fault() up to 2.6.28: a fault counts as a use of the page. */
static bool faults_mark(const struct kernel *k)
{
	return k->cfg.era <= ERA_2_6_26;
}

/* What is not read: pages of a warm cache, holes, what lies behind the end, and shared memory. */
static u64 without_device(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	if (is_resident(k, o, index))
		return add_resident(k, c, o, index);
	if (object_on_device(o, index))
		return NO_FRAME;
	k->page_cache->st.holes += !o->anon;
	return add_new(k, c, o, index, true);
}

/* It has to be read. */
static u64 bring(struct kernel *k, struct cpu *c, const struct page_want *w)
{
	k->page_cache->st.misses++;
	if (!w->alone)
		readahead_miss(k, c, w);
	if (object_page(w->o, w->index) == NO_FRAME)
		read_pages(k, c, w->o, w->index, 1, ~(u64)0, 0);
	else
		k->page_cache->st.ahead_pages--;
	return object_page(w->o, w->index);
}

/* What read() and write() need of shared memory that is in swap; CACHE_READY: it is not there. */
static enum cache_answer from_swap(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	bool major;
	u64 pfn;

	return shmem_in_swap(o, index) ? shmem_from_swap(k, c, o, index, &pfn, &major) : CACHE_READY;
}

enum cache_answer page_cache_get(struct kernel *k, struct cpu *c, const struct page_want *w, bool again,
				 u64 *pfn)
{
	struct page_cache_stats *st = &k->page_cache->st;
	enum cache_answer answer;
	bool missed;

	page_cache_settle(k, c);
	answer = from_swap(k, c, w->o, w->index);
	if (answer != CACHE_READY)
		return answer;
	st->lookups += !again;
	if (w->fault)
		readahead_before(k, c, w);
	cache_cost_find(k, c, w->o, w->index);
	*pfn = object_page(w->o, w->index);
	missed = *pfn == NO_FRAME;
	if (missed)
		*pfn = without_device(k, c, w->o, w->index);
	if (*pfn == NO_FRAME && object_on_device(w->o, w->index))
		*pfn = bring(k, c, w);
	else if (*pfn != NO_FRAME && !missed) {
		st->hits += !again && !(page_cache_page(k, *pfn)->marks & PG_LOCKED);
		st->locked += !again && page_cache_page(k, *pfn)->marks & PG_LOCKED;
		if (!again && !w->alone) {
			/* What is read ahead may need what reclaim can get. */
			frame_get(k->frames, *pfn);
			readahead_hit(k, c, w, *pfn);
			frame_put(k->frames, c, *pfn);
		}
	}
	if (*pfn == NO_FRAME)
		return CACHE_NOMEM;
	answer = await(k, c, *pfn);
	if (answer == CACHE_READY && w->fault && faults_mark(k))
		lru_mark_accessed(k, c, *pfn);
	return answer;
}

u64 page_cache_peek(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	u64 pfn = object_page(o, index);
	const struct page *p;

	cache_cost_next(k, c, o, index);
	if (pfn == NO_FRAME)
		return is_resident(k, o, index) ? add_resident(k, c, o, index) : NO_FRAME;
	p = page_cache_page(k, pfn);
	return p->marks & (PG_LOCKED | PG_READAHEAD) ? NO_FRAME : pfn;
}

enum cache_answer page_cache_grab(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 *pfn)
{
	enum cache_answer answer;

	page_cache_settle(k, c);
	answer = from_swap(k, c, o, index);
	if (answer != CACHE_READY)
		return answer;
	k->page_cache->st.lookups++;
	cache_cost_find(k, c, o, index);
	*pfn = object_page(o, index);
	k->page_cache->st.hits += *pfn != NO_FRAME;
	if (*pfn == NO_FRAME)
		*pfn = add_new(k, c, o, index, false);
	return *pfn == NO_FRAME ? CACHE_NOMEM : await(k, c, *pfn);
}
