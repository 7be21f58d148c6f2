/* The system calls that change an address space. */
#include "model/base/error.h"
#include "model/mm/contig.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/mmap_lock.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/swap.h"
#include "model/mm/vma_object.h"
#include "model/mm/zap.h"

#include <stdlib.h>

#define MM_RIGHTS (MM_READ | MM_WRITE | MM_EXEC)

/* Of an object: far from an overflow by the longest mapping. */
#define MAX_OFFSET (1ull << 62)

static void begin_call(struct mm *mm, struct cpu *c, u64 *counter, enum kernel_step body)
{
	++*counter;
	kernel_path_step(mm->k, c, mm, STEP_SYSCALL);
	kernel_path_step(mm->k, c, mm, body);
}

static enum mm_result failed(struct mm *mm, enum mm_result why)
{
	mm->k->call.failed++;
	return why;
}

/* A new mapping; it may have to share its first and last page with others. */
static void insert_mapping(struct mm *mm, struct cpu *c, const struct vma *v)
{
	struct gather g;

	vma_insert(&mm->vmas, c, v);
	gather_begin(&g, mm, c);
	page_refresh_ends(&g, KPATH_SYSCALL, v->start, v->end);
	gather_flush(&g);
	vma_objects_settle(mm, c);
}

/* Opens what is to be mapped; NULL: private anonymous memory. */
static struct object *map_object(struct mm *mm, struct cpu *c, const struct mm_map *map)
{
	bool anon = map->flags & MM_ANON, shared = map->flags & MM_SHARED;

	if (shared ? !anon && !map->object : anon || !map->object)
		return shared ? object_open(&mm->k->objects, c, 0, true) : NULL;
	return object_open(&mm->k->objects, c, map->object, anon);
}

static enum mm_result map_range(struct mm *mm, struct cpu *c, const struct mm_map *map)
{
	struct vma v = { .flags = map->flags | mm->new_flags };

	begin_call(mm, c, &mm->k->call.mmap, STEP_MMAP);
	if (!map->len || !mm_range(mm, map->addr, map->len, &v.start, &v.end) || map->offset > MAX_OFFSET)
		return failed(mm, MM_INVALID);
	v.object = map_object(mm, c, map);
	mm_unmap(mm, c, v.start, v.end);
	if (v.object) {
		v.offset = align_down(map->offset, FRAME_SIZE);
		v.pgoff = v.offset >> FRAME_SHIFT;
		v.flags &= ~MM_GROWSDOWN;
	} else {
		v.flags |= MM_ANON;
		v.pgoff = v.start >> FRAME_SHIFT;
	}
	insert_mapping(mm, c, &v);
	if (v.object)
		object_put(v.object, c);
	if (v.flags & MM_HEAP)
		mm->brk = MAX(mm->brk, v.end);
	return MM_OK;
}

static enum mm_result unmap_range(struct mm *mm, struct cpu *c, u64 addr, u64 len)
{
	u64 start, end;

	begin_call(mm, c, &mm->k->call.munmap, STEP_MUNMAP);
	if (!len || !mm_range(mm, addr, len, &start, &end))
		return failed(mm, MM_INVALID);
	mm_unmap(mm, c, start, end);
	return MM_OK;
}

static enum mm_result set_brk(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	struct vma v = { .flags = MM_READ | MM_WRITE | MM_ANON | MM_HEAP | mm->new_flags };
	u64 first;

	begin_call(mm, c, &mm->k->call.brk, STEP_MMAP);
	if (end < start || !mm_range(mm, start, end - start, &first, &v.end))
		return failed(mm, MM_INVALID);
	v.start = MAX(mm->brk, align_up(start, FRAME_SIZE));
	if (v.end < v.start)
		mm_unmap(mm, c, v.end, v.start);
	mm->brk = MAX(v.end, align_up(start, FRAME_SIZE));
	if (v.start >= v.end)
		return MM_OK;
	v.pgoff = v.start >> FRAME_SHIFT;
	mm_unmap(mm, c, v.start, v.end);
	insert_mapping(mm, c, &v);
	return MM_OK;
}

static enum mm_result protect_range(struct mm *mm, struct cpu *c, u64 addr, u64 len, u32 flags)
{
	struct vma_set *s = &mm->vmas;
	struct gather g;
	u64 start, end, covered = 0;
	u32 i;

	begin_call(mm, c, &mm->k->call.mprotect, STEP_MPROTECT);
	if (!mm_range(mm, addr, len, &start, &end))
		return failed(mm, MM_INVALID);
	gather_begin(&g, mm, c);
	vma_isolate(s, c, start, end);
	for (i = vma_index(s, start); i < s->n && s->v[i]->start < end; i++) {
		struct vma *v = s->v[i];

		covered += v->end - v->start;
		if ((v->flags & MM_RIGHTS) == (flags & MM_RIGHTS))
			continue;
		v->flags = (v->flags & ~MM_RIGHTS) | (flags & MM_RIGHTS);
		page_refresh(&g, KPATH_SYSCALL, v->start, v->end);
		gather_protected(&g, v->start, v->end);
	}
	vma_merge(s, c, start, end);
	gather_flush(&g);
	vma_objects_settle(mm, c);
	return covered == end - start || mm->implicit_maps ? MM_OK : failed(mm, MM_INVALID);
}

struct move {
	struct mm *mm;
	struct cpu *c;
	struct gather gather;
	struct pte_cursor to;
	u64 delta; /* added to addresses, modulo 2^64 */
	bool failed;
};

static void prepare_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct move *m = arg;

	m->failed = m->failed || pte_cursor_at(&m->to, va + m->delta) == NO_ENTRY;
}

/* A page that others map where they do is copied instead: early copy-on-write. False: no memory. */
static bool copy_to_move(struct move *m, u64 va, u64 entry_pa, u64 entry)
{
	struct mm *mm = m->mm;
	struct kernel *k = mm->k;
	u64 old = pte_pfn(mm, entry), pfn;
	struct rmap_entry e = { mm, mm_vma(mm, va), va, entry_pa, old, 0 };

	frame_get(k->frames, old);
	pfn = rmap_prepare(mm, m->c, e.vma) ? page_alloc(k, m->c, GFP_HIGHUSER_MOVABLE, 0, va) : NO_FRAME;
	if (pfn != NO_FRAME && pte_read(mm, entry_pa) == entry) {
		page_copy(k, m->c, pfn, old);
		rmap_remove(k, m->c, &e, KPATH_SYSCALL);
		e.pfn = pfn;
		rmap_add_new(k, m->c, &e);
		lru_add(k, m->c, pfn);
		rmap_copied(k);
		pte_write(mm, m->c, KPATH_SYSCALL, entry_pa,
			  k->format->encode(pfn << FRAME_SHIFT, pte_flags(mm, entry), 0));
		if (pte_flags(mm, entry) & PTE_PRESENT)
			tlb_flush_page(mm, m->c, va);
		swap_page_unmapped(k, m->c, old);
		frame_put(k->frames, m->c, old);
	} else if (pfn != NO_FRAME) {
		frame_put(k->frames, m->c, pfn);
	}
	frame_put(k->frames, m->c, old);
	return pfn != NO_FRAME;
}

static void prepare_present(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct move *m = arg;

	prepare_entry(m, va, entry_pa, entry);
	entry = pte_read(m->mm, entry_pa);
	if (m->failed || !entry || entry_is_swap(m->mm->k->format, entry) ||
	    rmap_can_move(m->mm->k, pte_pfn(m->mm, entry), va + m->delta))
		return;
	m->failed = !copy_to_move(m, va, entry_pa, entry);
}

/* mm/mremap.c:move_ptes(). A page that the new place shares with others has its frame already. */
static void move_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct move *m = arg;
	u64 to = pte_cursor_at(&m->to, va + m->delta);

	if (pte_read(m->mm, to)) {
		zap_range(&m->gather, va, va + 1);
		return;
	}
	kernel_step(m->mm->k, m->c, STEP_PROTECT_PAGE);
	pte_write(m->mm, m->c, KPATH_SYSCALL, entry_pa, 0);
	pte_write(m->mm, m->c, KPATH_SYSCALL, to, entry);
	rmap_moved(m->mm->k, m->c,
		   &(struct rmap_entry){
			   .mm = m->mm, .va = va + m->delta, .entry_pa = to, .pfn = pte_pfn(m->mm, entry) },
		   entry_pa);
	if (pte_flags(m->mm, entry) & PTE_PRESENT)
		gather_page(&m->gather, va);
}

static void move_swap(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct move *m = arg;
	u64 to = pte_cursor_at(&m->to, va + m->delta);

	ASSERT(!pte_read(m->mm, to));
	kernel_step(m->mm->k, m->c, STEP_PROTECT_PAGE);
	pte_write(m->mm, m->c, KPATH_SYSCALL, entry_pa, 0);
	pte_write(m->mm, m->c, KPATH_SYSCALL, to, entry);
}

/* Whether from..end has whole pages that fit their new place; the others are faulted in again. */
static bool can_move(struct move *m, u64 *from, u64 *end)
{
	page_range(m->mm, from, end);
	return *from < *end && !(m->delta & (page_size(m->mm->k) - 1));
}

static void prepare_pages(struct move *m, u64 from, u64 end)
{
	if (!can_move(m, &from, &end))
		return;
	huge_split(&m->gather, KPATH_SYSCALL, from, end);
	contig_unfold(&m->gather, KPATH_SYSCALL, from, end);
	pgtable_each(m->mm, from, end, prepare_present, m);
	pgtable_each_swap(m->mm, from, end, prepare_entry, m);
}

static void move_pages(struct move *m, u64 from, u64 end)
{
	if (!can_move(m, &from, &end)) {
		if (from < end)
			zap_range(&m->gather, from, end);
		return;
	}
	m->to.valid = false;
	pgtable_each(m->mm, from, end, move_entry, m);
	m->to.valid = false;
	pgtable_each_swap(m->mm, from, end, move_swap, m);
}

/* Mappings without a hole between them are moved as one. What lies in implicit memory between them stays. */
static void each_part(struct move *m, u64 from, u64 end, void (*fn)(struct move *m, u64 from, u64 end))
{
	struct vma_set *s = &m->mm->vmas;
	u32 i = vma_index(s, from);

	if (!m->mm->implicit_maps) {
		fn(m, from, end);
		return;
	}
	while (i < s->n && s->v[i]->start < end) {
		u64 start = MAX(s->v[i]->start, from), stop = s->v[i]->end;

		while (++i < s->n && s->v[i]->start == stop)
			stop = s->v[i]->end;
		fn(m, start, MIN(stop, end));
	}
}

static enum mm_result move_range(struct mm *mm, struct cpu *c, u64 from, u64 to, u64 len)
{
	struct move m = { .mm = mm, .c = c, .delta = to - from };

	m.to = (struct pte_cursor){ .mm = mm, .c = c, .path = KPATH_SYSCALL, .make = true };
	gather_begin(&m.gather, mm, c);
	each_part(&m, from, from + len, prepare_pages);
	if (m.failed) {
		mm_free_tables(&m.gather, to, to + len);
		gather_flush(&m.gather);
		return MM_NOMEM;
	}
	each_part(&m, from, from + len, move_pages);
	vma_move(&mm->vmas, c, from, from + len, m.delta);
	page_refresh_ends(&m.gather, KPATH_SYSCALL, from, from + len);
	page_refresh_ends(&m.gather, KPATH_SYSCALL, to, to + len);
	mm_free_tables(&m.gather, from, from + len);
	gather_flush(&m.gather);
	vma_objects_settle(mm, c);
	return MM_OK;
}

/* What continues the last mapping of the old range behind the new one. */
static void map_growth(struct mm *mm, struct cpu *c, struct vma *tail, u64 start, u64 end)
{
	tail->start = start;
	tail->end = end;
	tail->rmap = (struct vma_rmap){ 0 };
	insert_mapping(mm, c, tail);
	if (tail->object)
		object_put(tail->object, c);
}

/*
 * The recorded call has succeeded, so sizes fit; a range of several mappings is moved as it is. from_len 0
 * maps a shared object once more, as Linux does.
 */
static enum mm_result remap(struct mm *mm, struct cpu *c, u64 from, u64 from_end, u64 to, u64 to_end)
{
	u64 from_len = from_end - from, to_len = to_end - to, kept = MIN(from_len, to_len);
	const struct vma *last = vma_find(&mm->vmas, from_len ? from_end - FRAME_SIZE : from);
	enum mm_result result = MM_OK;
	struct vma tail;

	if (!last)
		return MM_INVALID;
	tail = *last;
	tail.offset = vma_offset(last, from + kept);
	tail.pgoff = from == to || last->object || last->anon ? linear_page_index(last, from + kept)
							      : (to + kept) >> FRAME_SHIFT;
	if (tail.object)
		object_get(tail.object);
	if (from != to)
		mm_unmap(mm, c, to, to_end);
	else if (to_end > from_end)
		mm_unmap(mm, c, from_end, to_end);
	if (from != to && kept)
		result = move_range(mm, c, from, to, kept);
	if (result == MM_OK && from_len > kept)
		mm_unmap(mm, c, from + kept, from_end);
	if (result == MM_OK && to_len > kept)
		map_growth(mm, c, &tail, to + kept, to_end);
	else if (tail.object)
		object_put(tail.object, c);
	return result;
}

static enum mm_result remap_range(struct mm *mm, struct cpu *c, u64 from, u64 from_len, u64 to, u64 to_len)
{
	u64 from_start, from_end, to_start, to_end;
	enum mm_result result = MM_INVALID;

	begin_call(mm, c, &mm->k->call.mremap, STEP_MMAP);
	if (to_len && mm_range(mm, from, from_len, &from_start, &from_end) &&
	    mm_range(mm, to, to_len, &to_start, &to_end) &&
	    (from_start == to_start || from_end <= to_start || to_end <= from_start))
		result = remap(mm, c, from_start, from_end, to_start, to_end);
	return result == MM_OK ? MM_OK : failed(mm, result);
}

/* ---- the calls, with the lock that each of them takes ---- */

static enum mm_result unlock(struct mm *mm, struct cpu *c, enum mm_result result)
{
	mmap_write_unlock(mm, c);
	return result;
}

enum mm_result mm_mmap(struct mm *mm, struct cpu *c, const struct mm_map *map)
{
	mmap_write_lock(mm, c, map->addr, map->addr + map->len);
	return unlock(mm, c, map_range(mm, c, map));
}

enum mm_result mm_munmap(struct mm *mm, struct cpu *c, u64 addr, u64 len)
{
	mmap_write_lock(mm, c, addr, addr + len);
	return unlock(mm, c, unmap_range(mm, c, addr, len));
}

enum mm_result mm_brk(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	mmap_write_lock(mm, c, MIN(end, mm->brk), MAX(end, mm->brk));
	return unlock(mm, c, set_brk(mm, c, start, end));
}

enum mm_result mm_mprotect(struct mm *mm, struct cpu *c, u64 addr, u64 len, u32 flags)
{
	mmap_write_lock(mm, c, addr, addr + len);
	return unlock(mm, c, protect_range(mm, c, addr, len, flags));
}

/* Both ranges change; what lies between waits too. */
enum mm_result mm_mremap(struct mm *mm, struct cpu *c, u64 from, u64 from_len, u64 to, u64 to_len)
{
	mmap_write_lock(mm, c, MIN(from, to), MAX(from + from_len, to + to_len));
	return unlock(mm, c, remap_range(mm, c, from, from_len, to, to_len));
}
