/* Calls on files: read(), write(), fsync(), ftruncate(), posix_fadvise(). */
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/kmap.h"
#include "model/mm/lru.h"
#include "model/mm/vmscan.h"
#include "model/mm/writeback.h"
#include "model/mm/zap.h"

/* include/uapi/linux/fadvise.h */
enum {
	FADVISE_NORMAL,
	FADVISE_RANDOM,
	FADVISE_SEQUENTIAL,
	FADVISE_WILLNEED,
	FADVISE_DONTNEED,
};
/* force_page_cache_ra() reads at most what a request may have: max_sectors_kb, 1280. */
#define FORCED_MAX 320u

bool kernel_has_files(const struct kernel *k)
{
	return page_cache_on(k);
}

void kernel_file_size(struct kernel *k, struct cpu *c, u64 file, u64 bytes)
{
	object_named(&k->objects, c, file)->bytes = bytes;
}

void kernel_file_reaches(struct kernel *k, struct cpu *c, u64 file, u64 bytes)
{
	struct object *o = object_named(&k->objects, c, file);

	o->bytes = MAX(o->bytes, bytes);
}

void kernel_file_is_shmem(struct kernel *k, struct cpu *c, u64 file)
{
	struct object *o = object_named(&k->objects, c, file);

	if (!o->pages.pages)
		o->anon = o->lasts = true;
}

/* ---- read() and write() ---- */

static void begin_io(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io)
{
	struct page_want w = { .o = o };

	charge_step(&k->charger, c, io->write ? STEP_WRITE_CALL : STEP_READ_CALL);
	io->begun = true;
	io->next = io->offset >> FRAME_SHIFT;
	if (io->write)
		return;
	readahead_call(k, &w, io->offset, io->len);
	io->goes_on = w.goes_on;
	/* What was read was there. */
	if (o->bytes < io->offset + io->len)
		o->bytes = io->offset + io->len;
}

static u64 position(const struct file_io *io)
{
	return io->offset + io->done;
}

static enum cache_answer read_page(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io)
{
	u64 index = position(io) >> FRAME_SHIFT, last = (io->offset + io->len - 1) >> FRAME_SHIFT;
	struct page_want w = { .o = o,
			       .index = index,
			       .pages = last - index + 1,
			       .goes_on = io->goes_on,
			       .sequential = o->sequential,
			       .random = o->random };

	if (index == io->next && !io->waited)
		io->next = readahead_before(k, c, &w);
	return page_cache_get(k, c, &w, io->waited, &io->pfn);
}

/* A page of which something stays has to be read. */
static enum cache_answer write_page(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io,
				    u32 bytes)
{
	u64 index = position(io) >> FRAME_SHIFT;
	struct page_want w = { .o = o, .index = index, .pages = 1, .alone = true };

	if (bytes == FRAME_SIZE || !object_on_device(o, index))
		return page_cache_grab(k, c, o, index, &io->pfn);
	return page_cache_get(k, c, &w, io->waited, &io->pfn);
}

/* balance_dirty_pages_ratelimited() after each page, also after the last one. */
static bool is_throttled(struct kernel *k, struct cpu *c, struct file_io *io)
{
	bool dirtied = io->dirtied;

	io->dirtied = false;
	return dirtied && writeback_balance(k, c, 1);
}

/* Where reclaim would have to wait, the call does, and asks again. */
static enum cache_answer ask(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io, u32 bytes)
{
	struct kernel_cpu *cpu = &k->cpu[c->id];
	enum cache_answer answer;

	cpu->in_fault = true;
	cpu->reclaim_until = 0;
	answer = io->write ? write_page(k, c, o, io, bytes) : read_page(k, c, o, io);
	cpu->in_fault = false;
	if (answer != CACHE_NOMEM || cpu->reclaim_until <= c->ops->now(c)) {
		if (answer != CACHE_WAIT)
			reclaim_is_over(k, c);
		return answer;
	}
	c->block_until = cpu->reclaim_until;
	return CACHE_WAIT;
}

enum file_io_step kernel_file_io(struct kernel *k, struct cpu *c, struct file_io *io, u64 *va, u32 *bytes)
{
	struct object *o = object_named(&k->objects, c, io->file);
	enum cache_answer answer;

	if (!io->begun)
		begin_io(k, c, o, io);
	if (is_throttled(k, c, io))
		return FILE_IO_WAIT;
	if (io->done >= io->len)
		return FILE_IO_DONE;
	*bytes = (u32)MIN(io->len - io->done, FRAME_SIZE - (position(io) & FRAME_MASK));
	if (!io->waited)
		charge_step(&k->charger, c, io->write ? STEP_WRITE_CALL_PAGE : STEP_READ_CALL_PAGE);
	answer = ask(k, c, o, io, *bytes);
	io->waited = answer == CACHE_WAIT;
	if (answer != CACHE_READY)
		return answer == CACHE_WAIT ? FILE_IO_WAIT : FILE_IO_NOMEM;
	frame_get(k->frames, io->pfn);
	*va = kmap_atomic(k, c, io->pfn) + (position(io) & FRAME_MASK);
	return FILE_IO_COPY;
}

static void wrote(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io)
{
	page_cache_set_dirty(k, c, io->pfn);
	lru_mark_accessed(k, c, io->pfn);
	io->dirtied = !o->anon; /* mapping_can_writeback() */
	if (o->bytes < position(io))
		o->bytes = position(io);
}

/* Of a page that is read in small parts only the first counts. */
static void was_read(struct kernel *k, struct cpu *c, struct object *o, struct file_io *io, u64 index)
{
	struct page_want w = { .o = o, .index = position(io) >> FRAME_SHIFT };

	if (o->last_read != index)
		lru_mark_accessed(k, c, io->pfn);
	o->last_read = index;
	readahead_used(k, &w);
}

void kernel_file_copied(struct kernel *k, struct cpu *c, struct file_io *io, u64 va, u32 bytes)
{
	struct object *o = object_named(&k->objects, c, io->file);
	u64 index = position(io) >> FRAME_SHIFT;

	kunmap_atomic(k, c, va & ~FRAME_MASK);
	io->done += bytes;
	if (bytes && io->write)
		wrote(k, c, o, io);
	else if (bytes)
		was_read(k, c, o, io, index);
	frame_put(k->frames, c, io->pfn);
}

/* ---- the others ---- */

static u64 last_page(u64 offset, u64 len)
{
	return len ? (offset + len - 1) >> FRAME_SHIFT : CACHE_INDEX_END;
}

void kernel_file_write(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len)
{
	struct object *o = object_named(&k->objects, c, file);

	charge_step(&k->charger, c, STEP_SYNC_CALL);
	page_cache_settle(k, c);
	k->page_cache->wb->st.synced +=
		writeback_file(k, c, o, offset >> FRAME_SHIFT, last_page(offset, len), ~(u64)0);
}

bool kernel_file_wait(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len)
{
	const struct object *o = object_named(&k->objects, c, file);
	u64 until = writeback_wait(k, c, o, offset >> FRAME_SHIFT, last_page(offset, len));

	if (until <= c->ops->now(c))
		return false;
	c->block_until = until;
	return true;
}

void kernel_file_truncate(struct kernel *k, struct cpu *c, u64 file, u64 bytes)
{
	struct object *o = object_named(&k->objects, c, file);
	u64 first = (bytes + FRAME_SIZE - 1) >> FRAME_SHIFT;

	if (bytes < o->bytes) {
		zap_object_everywhere(k, c, o, first, CACHE_INDEX_END);
		object_drop_range(o, c, first, CACHE_INDEX_END);
	}
	o->bytes = bytes;
}

/* force_page_cache_ra() since 4.10, before that max_sane_readahead(): half of what could be used for it. */
static u64 forced_max(const struct kernel *k)
{
	if (k->cfg.era == ERA_6_X)
		return MAX(FORCED_MAX, k->cfg.read_ahead >> FRAME_SHIFT);
	return (page_alloc_free_pages(k->pa) + k->page_cache->pages) / 2;
}

void page_cache_will_need(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last)
{
	u64 pages = object_file_pages(o);

	if (first < pages && last >= first)
		page_cache_read(k, c, o, first, MIN(MIN(last - first, pages - first - 1) + 1, forced_max(k)),
				0);
}

/* invalidate_mapping_pages(), after the dirty ones were begun to be written. */
static void will_not_need(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last)
{
	u64 index = first, entry;

	writeback_file(k, c, o, first, last, ~(u64)0);
	for (; (entry = cache_index_next(&o->pages, &index)) && index <= last; index++)
		if (!cache_is_value(entry))
			page_cache_remove(k, c, cache_pfn(entry), 0);
}

void kernel_file_advise(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len, u32 advice)
{
	struct object *o = object_named(&k->objects, c, file);
	u64 first = offset >> FRAME_SHIFT, last = last_page(offset, len);

	page_cache_settle(k, c);
	switch (advice) {
	case FADVISE_NORMAL:
	case FADVISE_RANDOM:
	case FADVISE_SEQUENTIAL:
		o->random = advice == FADVISE_RANDOM;
		o->sequential = advice == FADVISE_SEQUENTIAL;
		break;
	case FADVISE_WILLNEED:
		page_cache_will_need(k, c, o, first, last);
		break;
	case FADVISE_DONTNEED:
		will_not_need(k, c, o, first, last);
		break;
	default:
		break;
	}
}
