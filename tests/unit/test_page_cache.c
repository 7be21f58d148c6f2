/*
 * Files through the page cache, in all eras, warm and cold, on several devices: what a page holds is followed
 * by hand through read(), write(), mappings, write-back, eviction and truncation, and nothing is ever lost or
 * seen too early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/vmscan.h"
#include "model/mm/workingset.h"
#include "model/mm/writeback.h"
#include "tests/ref/ref_blockdev.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE     4096ull
#define BASE     0x40000000ull
#define MEMORY   (24ull << 20)
#define NR_FILES 3u
#define PAGES    160u /* of a file, at most */
#define NR_MMS   2u
#define WINDOWS  4u /* of an address space: mappings of files, PAGES each */
#define RW       (MM_READ | MM_WRITE)

struct window {
	bool mapped, shared;
	u32 file;
};

/* How a page of a file was after the last step. */
struct was {
	u64 pfn;
	bool dirty;
	u32 contents;
};

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	struct rng rng;
	struct mm *mm[NR_MMS];
	struct window window[NR_MMS][WINDOWS];
	u32 length[NR_FILES]; /* pages */
	u32 expected[NR_FILES][PAGES], device[NR_FILES][PAGES];
	struct was was[NR_FILES][PAGES];
	u32 *in_frame;
	bool *pte_dirty; /* of each frame */
	u32 written;     /* contents that there were so far */
};

static u32 pick(struct env *e, u32 n)
{
	return (u32)rng_below(&e->rng, n);
}

static struct object *object_of(struct env *e, u32 f)
{
	return object_named(&e->k->objects, e->c, f + 1);
}

/* ---- contents ---- */

static void note_dirty(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct env *e = arg;

	if (pte_flags(e->mm[0], entry) & PTE_DIRTY)
		e->pte_dirty[pte_pfn(e->mm[0], entry)] = true;
}

static void find_dirty_entries(struct env *e)
{
	struct mm *mm;

	memset(e->pte_dirty, 0, MEMORY / PAGE);
	for (mm = e->k->mms; mm; mm = mm->next)
		pgtable_each(mm, 0, e->k->user_end, note_dirty, e);
}

static bool is_dirty(struct env *e, u64 pfn)
{
	return page_cache_page(e->k, pfn)->marks & PG_DIRTY || e->pte_dirty[pfn];
}

/* What was dirty and is not any more has been written; pages that came were read, or are holes. */
static void follow(struct env *e)
{
	u32 f, i;

	find_dirty_entries(e);
	for (f = 0; f < NR_FILES; f++)
		for (i = 0; i < PAGES; i++) {
			struct was *w = &e->was[f][i];
			u64 pfn = object_page(object_of(e, f), i);

			if (w->pfn != NO_FRAME && w->dirty && (pfn != w->pfn || !is_dirty(e, pfn)))
				e->device[f][i] = w->contents;
		}
	for (f = 0; f < NR_FILES; f++)
		for (i = 0; i < PAGES; i++) {
			struct was *w = &e->was[f][i];
			u64 pfn = object_page(object_of(e, f), i);

			if (pfn != NO_FRAME && pfn != w->pfn)
				e->in_frame[pfn] = e->device[f][i];
			*w = (struct was){ .pfn = pfn };
			if (pfn == NO_FRAME)
				continue;
			w->dirty = is_dirty(e, pfn);
			w->contents = e->in_frame[pfn];
		}
}

static void check_contents(struct env *e)
{
	u32 f, i;

	follow(e);
	for (f = 0; f < NR_FILES; f++)
		for (i = 0; i < PAGES; i++) {
			u64 pfn = object_page(object_of(e, f), i);

			assert_int_equal(pfn == NO_FRAME ? e->device[f][i] : e->in_frame[pfn],
					 e->expected[f][i]);
		}
}

static void wait(struct env *e)
{
	follow(e);
	assert_true(e->c->block_until > e->c->ops->now(e->c));
	e->c->ops->wait_until(e->c, KPATH_LOCK, e->c->block_until);
}

/* ---- calls ---- */

static void copy_page(struct env *e, struct file_io *io, u64 va, u32 bytes)
{
	u32 f = (u32)io->file - 1, i = (u32)((io->offset + io->done) >> 12);
	bool whole = io->write && bytes == PAGE;

	follow(e);
	assert_true(whole || e->in_frame[io->pfn] == e->expected[f][i]);
	assert_false(page_cache_page(e->k, io->pfn)->marks & PG_LOCKED);
	if (io->write)
		e->in_frame[io->pfn] = e->expected[f][i] = ++e->written;
	e->was[f][i].contents = e->in_frame[io->pfn];
	kernel_file_copied(e->k, e->c, io, va, bytes);
	if (io->write)
		assert_true(page_cache_page(e->k, object_page(object_of(e, f), i))->marks & PG_DIRTY);
	follow(e);
}

static void do_io(struct env *e, u32 f, u64 offset, u64 len, bool write)
{
	struct file_io io = { .file = f + 1, .offset = offset, .len = len, .write = write };
	u32 bytes, waits = 0;
	u64 va;

	for (;;) {
		switch (kernel_file_io(e->k, e->c, &io, &va, &bytes)) {
		case FILE_IO_COPY:
			copy_page(e, &io, va, bytes);
			continue;
		case FILE_IO_WAIT:
			assert_true(++waits < 200);
			wait(e);
			continue;
		case FILE_IO_NOMEM:
			return;
		case FILE_IO_DONE:
			assert_int_equal(io.done, len);
			return;
		}
	}
}

static void do_read(struct env *e)
{
	u32 f = pick(e, NR_FILES);
	u64 bytes = e->length[f] * PAGE, offset;

	if (!bytes)
		return;
	offset = rng_below(&e->rng, bytes);
	do_io(e, f, offset, 1 + rng_below(&e->rng, MIN(bytes - offset, 6 * PAGE)), false);
}

static void do_write(struct env *e)
{
	u32 f = pick(e, NR_FILES);
	u64 offset = pick(e, PAGES) * PAGE + (pick(e, 2) ? pick(e, PAGE) : 0);
	u64 len = pick(e, 2) ? PAGE * (1 + pick(e, 5)) : 1 + pick(e, 3 * PAGE);

	len = MIN(len, PAGES * PAGE - offset);
	do_io(e, f, offset, len, true);
	e->length[f] = MAX(e->length[f], (u32)((offset + len + PAGE - 1) / PAGE));
}

static void do_sync(struct env *e)
{
	u32 f = pick(e, NR_FILES), i, from = pick(e, PAGES), n = 1 + pick(e, PAGES - from);

	kernel_file_write(e->k, e->c, f + 1, from * PAGE, n * PAGE);
	while (kernel_file_wait(e->k, e->c, f + 1, from * PAGE, n * PAGE))
		wait(e);
	follow(e);
	for (i = from; i < from + n; i++)
		assert_true(object_page(object_of(e, f), i) == NO_FRAME || e->was[f][i].dirty ||
			    e->device[f][i] == e->expected[f][i]);
}

static void do_truncate(struct env *e)
{
	u32 f = pick(e, NR_FILES), n = pick(e, PAGES), i;

	follow(e);
	kernel_file_truncate(e->k, e->c, f + 1, n * PAGE);
	for (i = n; i < PAGES && n < e->length[f]; i++) {
		assert_true(object_page(object_of(e, f), i) == NO_FRAME);
		e->expected[f][i] = e->device[f][i] = 0;
		e->was[f][i] = (struct was){ .pfn = NO_FRAME };
	}
	e->length[f] = n;
}

static void do_advise(struct env *e)
{
	u32 from = pick(e, PAGES);

	kernel_file_advise(e->k, e->c, 1 + pick(e, NR_FILES), from * PAGE, PAGE * (1 + pick(e, PAGES - from)),
			   pick(e, 5));
	follow(e);
}

/* ---- mappings ---- */

static u64 va_of(u32 w, u32 i)
{
	return BASE + (w * PAGES + i) * PAGE;
}

static void do_map(struct env *e)
{
	u32 m = pick(e, NR_MMS), w = pick(e, WINDOWS), f = pick(e, NR_FILES);
	bool shared = pick(e, 3);
	struct mm_map map = { .addr = va_of(w, 0),
			      .len = PAGES * PAGE,
			      .flags = shared ? RW | MM_SHARED : MM_READ,
			      .object = f + 1 };

	assert_int_equal(mm_mmap(e->mm[m], e->c, &map), MM_OK);
	e->window[m][w] = (struct window){ true, shared, f };
	follow(e);
}

static void do_unmap(struct env *e)
{
	u32 m = pick(e, NR_MMS), w = pick(e, WINDOWS);

	assert_int_equal(mm_munmap(e->mm[m], e->c, va_of(w, 0), PAGES * PAGE), MM_OK);
	e->window[m][w].mapped = false;
	follow(e);
}

/* What a walker does at the first write, where the kernel has not done it before. */
static void set_dirty(struct env *e, struct mm *mm, u64 pa)
{
	const struct pt_format *f = e->k->format;
	u64 entry = pte_read(mm, pa);

	assert_true(f->flags(entry, 0) & PTE_WRITE);
	pte_write(mm, NULL, KPATH_FAULT, pa, f->encode(f->pa(entry, 0), f->flags(entry, 0) | PTE_DIRTY, 0));
}

static void do_touch(struct env *e)
{
	u32 m = pick(e, NR_MMS), w = pick(e, WINDOWS), i = pick(e, PAGES), traps, waits = 0;
	const struct window *win = &e->window[m][w];
	bool write = win->shared && pick(e, 2);
	enum trap_result got;
	u64 pa, pfn;

	if (!win->mapped)
		return;
	while ((got = ref_access(e->cpu, e->mm[m], va_of(w, i), write ? ACCESS_WRITE : ACCESS_READ,
				 &traps)) == TRAP_BLOCK) {
		assert_true(++waits < 200);
		wait(e);
	}
	follow(e);
	if (got != TRAP_RETRY)
		return;
	pa = pgtable_entry(e->mm[m], NULL, KPATH_FAULT, va_of(w, i), false);
	pfn = pte_pfn(e->mm[m], pte_read(e->mm[m], pa));
	assert_int_equal(pfn, object_page(object_of(e, win->file), i));
	assert_int_equal(e->in_frame[pfn], e->expected[win->file][i]);
	if (!write)
		return;
	set_dirty(e, e->mm[m], pa);
	e->in_frame[pfn] = e->expected[win->file][i] = ++e->written;
	if (writeback_tracks(e->k, object_of(e, win->file)))
		assert_true(page_cache_page(e->k, pfn)->marks & PG_DIRTY);
	follow(e);
}

static void do_protect(struct env *e)
{
	u32 m = pick(e, NR_MMS), w = pick(e, WINDOWS), i = pick(e, PAGES - 8);

	if (!e->window[m][w].mapped || !e->window[m][w].shared)
		return;
	mm_mprotect(e->mm[m], e->c, va_of(w, i), 8 * PAGE, MM_READ);
	mm_mprotect(e->mm[m], e->c, va_of(w, i), 8 * PAGE, RW);
	follow(e);
}

/* ---- the kernel ---- */

static void do_evict(struct env *e)
{
	u64 pfn = object_page(object_of(e, pick(e, NR_FILES)), pick(e, PAGES));
	bool dirty;

	page_cache_settle(e->k, e->c);
	if (pfn == NO_FRAME)
		return;
	dirty = page_cache_page(e->k, pfn)->marks & PG_DIRTY;
	assert_false(page_cache_remove(e->k, e->c, pfn, workingset_eviction(e->k, pfn)) && dirty);
	follow(e);
}

static void do_flush(struct env *e)
{
	if (pick(e, 2))
		writeback_tick(e->k, e->c);
	kernel_run_flusher(e->k, e->c);
	follow(e);
}

static void do_reclaim(struct env *e)
{
	reclaim_direct(e->k, e->c, GFP_HIGHUSER_MOVABLE, 0);
	follow(e);
}

static void let_time_pass(struct env *e)
{
	e->c->ops->spend(e->c, KPATH_LOCK, rng_below(&e->rng, 1u << (10 + pick(e, 17))));
}

/* ---- machines ---- */

struct machine {
	enum kernel_era era;
	u32 mode, device, around;
	u32 background; /* percent */
};

static struct env *env_new(const struct machine *m, u64 seed)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = {
		.cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = seed, .cpus = 1
	};
	static const struct disk_cfg disk = { .seek_average = { 8500000, 0 },
					      .seek_track = { 1000000, 0 },
					      .rpm = 7200,
					      .depth = 128,
					      .bandwidth = 100000000,
					      .size = 1ull << 30 };

	e->cfg = (struct kernel_cfg){ .era = m->era,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .zero_page = true,
				      .instruction_scale = 100,
				      .placement = FRAME_BUDDY,
				      .fault_around = m->around,
				      .page_cache = m->mode,
				      .read_ahead = 32 * PAGE,
				      .dirty_background_ratio = m->background,
				      .dirty_ratio = 2 * m->background,
				      .dirty_expire = { 50000000, 0 },
				      .storage = { m->device },
				      .blockdev = { disk, ref_flash, ref_flash } };
	/* So small that files go beyond its end and on at its beginning. */
	if (m->device == BLOCKDEV_HDD && m->mode == PAGE_CACHE_WARM)
		e->cfg.blockdev.hdd.size = 1u << 20;
	e->ptmem = ptmem_new(MEMORY / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	e->in_frame = calloc(MEMORY / PAGE, sizeof(*e->in_frame));
	e->pte_dirty = calloc(MEMORY / PAGE, 1);
	rng_init(&e->rng, seed, "page_cache");
	return e;
}

static void make_files(struct env *e)
{
	u32 f, i;

	for (f = 0; f < NR_FILES; f++) {
		e->length[f] = f * 40;
		kernel_file_size(e->k, e->c, f + 1, e->length[f] * PAGE);
		for (i = 0; i < PAGES; i++) {
			e->was[f][i].pfn = NO_FRAME;
			if (i < e->length[f])
				e->expected[f][i] = e->device[f][i] = ++e->written;
		}
	}
	for (i = 0; i < NR_MMS; i++)
		e->mm[i] = mm_new(e->k, false);
}

static void env_free(struct env *e)
{
	u32 m;

	for (m = 0; m < NR_MMS; m++)
		mm_put(e->mm[m], e->c);
	check_contents(e);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->in_frame);
	free(e->pte_dirty);
	free(e->cpu);
	free(e);
}

/* Of a thousand steps. */
static const struct {
	u32 often;
	void (*happen)(struct env *e);
} steps_of[] = {
	{ 250, do_read }, { 300, do_write },  { 250, do_touch },     { 120, do_evict }, { 15, do_protect },
	{ 5, do_sync },   { 3, do_advise },   { 4, do_flush },       { 4, do_reclaim }, { 4, do_map },
	{ 4, do_unmap },  { 1, do_truncate }, { 40, let_time_pass },
};

static void step(struct env *e)
{
	u32 at = pick(e, 1000), i;

	for (i = 0; at >= steps_of[i].often; i++)
		at -= steps_of[i].often;
	steps_of[i].happen(e);
}

static void run(const struct machine *m, u64 seed, u32 steps)
{
	struct env *e = env_new(m, seed);
	const struct page_cache *pc = e->k->page_cache;
	u32 i;

	make_files(e);
	for (i = 0; i < steps; i++) {
		step(e);
		if (i % 8 == 0)
			check_contents(e);
		if (i % 64 == 0) {
			kernel_check(e->k);
			ref_tlb_check(e->cpu);
		}
	}
	assert_int_equal(pc->pgpgin, 4 * pc->st.read_pages);
	assert_int_equal(pc->st.added - pc->st.removed, pc->pages);
	assert_int_equal(pc->st.written + pc->writeback, pc->pgpgout / 4);
	assert_true(pc->st.read_pages && pc->st.written && e->k->fault.file);
	assert_int_equal(pc->st.mkclean != 0, writeback_tracks(e->k, object_of(e, 0)));
	if (m->device)
		assert_true(e->k->fault.major);
	/* 2.5.66 to 2.6.21 let 5 % be dirty, nearly all of the files. */
	if (m->device && (m->era <= ERA_2_4_21 || m->era >= ERA_2_6_26))
		assert_true(pc->wb->st.throttled);
	env_free(e);
}

static const struct machine machines[] = {
	{ ERA_2_4_0, PAGE_CACHE_COLD, BLOCKDEV_HDD, 0, 1 },
	{ ERA_2_4_21, PAGE_CACHE_WARM, BLOCKDEV_HDD, 0, 1 },
	{ ERA_2_5_66, PAGE_CACHE_COLD, BLOCKDEV_HDD, 0, 1 },
	{ ERA_2_6_5, PAGE_CACHE_WARM, BLOCKDEV_NONE, 0, 1 },
	{ ERA_2_6_9, PAGE_CACHE_COLD, BLOCKDEV_SATA_SSD, 0, 1 },
	{ ERA_2_6_18, PAGE_CACHE_COLD, BLOCKDEV_HDD, 0, 1 },
	{ ERA_2_6_26, PAGE_CACHE_WARM, BLOCKDEV_SATA_SSD, 0, 1 },
	{ ERA_2_6_37, PAGE_CACHE_COLD, BLOCKDEV_NVME, 65536, 1 },
	{ ERA_6_X, PAGE_CACHE_COLD, BLOCKDEV_NVME, 65536, 1 },
	{ ERA_6_X, PAGE_CACHE_WARM, BLOCKDEV_HDD, 65536, 1 },
	{ ERA_6_X, PAGE_CACHE_COLD, BLOCKDEV_NONE, 16384, 1 },
};

static void nothing_is_lost(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++)
		run(&machines[i], 100 + i, 5000);
}

/* ---- readahead ---- */

static struct env *one_file(enum kernel_era era, u32 device, u32 pages)
{
	struct env *e = env_new(&(struct machine){ era, PAGE_CACHE_COLD, device, 0, 10 }, 7);

	e->mm[0] = mm_new(e->k, false);
	e->mm[1] = mm_new(e->k, false);
	kernel_file_size(e->k, e->c, 1, pages * PAGE);
	return e;
}

static void one_file_free(struct env *e)
{
	mm_put(e->mm[0], e->c);
	mm_put(e->mm[1], e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->in_frame);
	free(e->pte_dirty);
	free(e->cpu);
	free(e);
}

static void plain_io(struct env *e, u64 offset, u64 len, bool write)
{
	struct file_io io = { .file = 1, .offset = offset, .len = len, .write = write };
	enum file_io_step s;
	u32 bytes;
	u64 va;

	while ((s = kernel_file_io(e->k, e->c, &io, &va, &bytes)) != FILE_IO_DONE) {
		assert_int_not_equal(s, FILE_IO_NOMEM);
		if (s == FILE_IO_WAIT)
			e->c->ops->wait_until(e->c, KPATH_LOCK, e->c->block_until);
		else
			kernel_file_copied(e->k, e->c, &io, va, bytes);
	}
}

static u64 cached(struct env *e)
{
	return object_of(e, 0)->pages.pages;
}

/*
 * A file is read page by page from its beginning. On demand: 4 pages, of which the second asks for 8 more,
 * whose first asks for 16, and so on to 32 (mm/readahead.c); the windows of 2.6.13 come to the same. 2.4: 3
 * pages with the first, then twice as many and one, up to 32, each time when the last request is reached.
 */
static void sequential_reads_ramp_up(void **state)
{
	static const struct {
		enum kernel_era era;
		struct {
			u32 page, cached;
		} steps[6];
	} cases[] = {
		{ ERA_6_X, { { 0, 4 }, { 1, 12 }, { 4, 28 }, { 12, 60 }, { 28, 92 }, { 60, 124 } } },
		{ ERA_2_6_37, { { 0, 4 }, { 1, 12 }, { 4, 28 }, { 12, 60 }, { 28, 92 }, { 60, 124 } } },
		{ ERA_2_6_18, { { 0, 4 }, { 1, 12 }, { 4, 28 }, { 12, 60 }, { 28, 92 }, { 60, 124 } } },
		{ ERA_2_4_21, { { 0, 4 }, { 1, 11 }, { 4, 24 }, { 11, 49 }, { 24, 81 }, { 49, 113 } } },
	};
	u32 i, page, at;
	struct env *e;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Without a device nothing is still being read when it is asked for. */
		e = one_file(cases[i].era, BLOCKDEV_NONE, 1000);
		for (page = 0, at = 0; page < 64; page++) {
			plain_io(e, page * PAGE, PAGE, false);
			at += at + 1 < 6 && cases[i].steps[at + 1].page == page;
			assert_int_equal(cached(e), cases[i].steps[at].cached);
		}
		one_file_free(e);
	}
}

/* A read here and there brings what it needs; a long one what the window holds. */
static void random_reads_bring_no_more(void **state)
{
	struct env *e = one_file(ERA_6_X, BLOCKDEV_NVME, 4000);

	plain_io(e, 1000 * PAGE, PAGE, false);
	assert_int_equal(cached(e), 1);
	plain_io(e, 2000 * PAGE + 100, 2 * PAGE, false);
	assert_int_equal(cached(e), 4);
	plain_io(e, 3000 * PAGE, 64 * PAGE, false);
	assert_in_range(cached(e), 4 + 64, 4 + 64 + 48);
	one_file_free(e);
}

/* Faults: around the page, and the next window when its mark is reached; 2.4: aligned clusters. */
static void faults_read_around(void **state)
{
	static const struct {
		enum kernel_era era;
		u32 first, second;
	} cases[] = { { ERA_6_X, 32, 64 }, { ERA_2_6_18, 32, 32 }, { ERA_2_4_21, 8, 16 } };
	struct mm_map map = { .addr = BASE, .len = 200 * PAGE, .flags = MM_READ, .object = 1 };
	u32 i, traps;
	struct env *e;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		e = one_file(cases[i].era, BLOCKDEV_NVME, 200);
		assert_int_equal(mm_mmap(e->mm[0], e->c, &map), MM_OK);
		assert_int_equal(ref_access(e->cpu, e->mm[0], BASE + 50 * PAGE, ACCESS_READ, &traps),
				 TRAP_BLOCK);
		assert_int_equal(cached(e), cases[i].first);
		e->c->ops->wait_until(e->c, KPATH_LOCK, e->c->block_until);
		assert_int_equal(ref_access(e->cpu, e->mm[0], BASE + 50 * PAGE, ACCESS_READ, &traps),
				 TRAP_RETRY);
		assert_int_equal(e->k->fault.major, 1);
		assert_int_equal(e->k->fault.minor, 0);
		ref_access(e->cpu, e->mm[0], BASE + 58 * PAGE, ACCESS_READ, &traps);
		assert_int_equal(cached(e), cases[i].second);
		e->c->ops->spend(e->c, KPATH_LOCK, 1000000000);
		one_file_free(e);
	}
}

/* ---- writers that wait ---- */

static u64 flush_when;

static void flush_soon(void *arg, struct cpu *c, u64 when)
{
	flush_when = when;
}

/* Whatever is due comes to pass until then. */
static void pass(struct env *e, u64 until)
{
	u64 when;

	while (flush_when && flush_when <= until) {
		when = flush_when;
		flush_when = 0;
		e->c->ops->wait_until(e->c, KPATH_LOCK, when);
		kernel_run_flusher(e->k, e->c);
	}
	e->c->ops->wait_until(e->c, KPATH_LOCK, until);
}

/* A file of 100 MB is written: never more is dirty than may be, and it takes what the device takes. */
static void writers_wait_for_the_device(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_21, ERA_2_6_18, ERA_2_6_37, ERA_6_X };
	const u64 bytes = 100u << 20;
	u32 i, n;
	u64 va;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct file_io io = { .file = 1, .len = bytes, .write = true };
		struct env *e = one_file(eras[i], BLOCKDEV_HDD, 0);
		const struct page_cache *pc = e->k->page_cache;
		enum file_io_step s;

		flush_when = 0;
		kernel_on_flush(e->k, flush_soon, e);
		while ((s = kernel_file_io(e->k, e->c, &io, &va, &n)) != FILE_IO_DONE) {
			assert_int_not_equal(s, FILE_IO_NOMEM);
			if (s == FILE_IO_COPY)
				kernel_file_copied(e->k, e->c, &io, va, n);
			pass(e, s == FILE_IO_WAIT ? e->c->block_until : e->c->ops->now(e->c));
			if (pc->wb->st.dirty_threshold)
				assert_in_range(pc->dirty, 0, pc->wb->st.dirty_threshold + 200);
		}
		/* 100 MB/s, less what is still in memory; the disk seeks now and then. */
		assert_in_range(e->c->ops->now(e->c), 970000000, 1100000000);
		assert_true(pc->wb->st.throttled);
		kernel_on_flush(e->k, NULL, NULL);
		e->c->ops->spend(e->c, KPATH_LOCK, 1000000000);
		one_file_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(sequential_reads_ramp_up),
		cmocka_unit_test(random_reads_bring_no_more),
		cmocka_unit_test(faults_read_around),
		cmocka_unit_test(writers_wait_for_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
