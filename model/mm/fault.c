/*
 * Page faults, as mm/memory.c:handle_pte_fault() of Linux 6.x resolves them: an empty entry of private
 * anonymous memory, of an object, or an entry that forbids a write that the VMA allows.
 */
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/contig.h"
#include "model/mm/fault_impl.h"
#include "model/mm/fault_tell.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/mmap_lock.h"
#include "model/mm/page_cache.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shmem.h"
#include "model/mm/shootdown.h"
#include "model/mm/vma_object.h"
#include "model/mm/vmscan.h"
#include "model/mm/writeback.h"

/* stack_guard_gap of mm/mmap.c: pages that stay free below a stack. */
#define STACK_GUARD_GAP 256u

/* arch/x86/mm/fault.c:access_error(): any right lets an x86 read. */
static bool access_allowed(const struct vma *v, enum access_kind access)
{
	if (access == ACCESS_WRITE)
		return v->flags & MM_WRITE;
	if (access == ACCESS_EXEC)
		return v->flags & MM_EXEC;
	return v->flags & (MM_READ | MM_WRITE | MM_EXEC);
}

/* mm/mmap.c:expand_downwards(): the stack above va, made to contain it; NULL if that must not be. */
static struct vma *grow_stack(struct mm *mm, struct cpu *c, u64 va)
{
	u32 i = vma_index(&mm->vmas, va);
	u64 start = align_down(va, FRAME_SIZE), gap = (u64)STACK_GUARD_GAP << mm->k->page_shift;
	struct gather g;
	struct vma *v, *below = i ? mm->vmas.v[i - 1] : NULL;

	if (i == mm->vmas.n)
		return NULL;
	v = mm->vmas.v[i];
	if (!(v->flags & MM_GROWSDOWN) || v->end - start > mm->k->cfg.stack_limit ||
	    (v->start - start) >> FRAME_SHIFT >= v->pgoff)
		return NULL;
	if (below && !(below->flags & MM_GROWSDOWN) && access_allowed(below, ACCESS_READ) &&
	    start < below->end + gap)
		return NULL;
	vma_resize(&mm->vmas, c, v, start, v->end);
	vma_merge(&mm->vmas, c, start, start);
	gather_begin(&g, mm, c);
	page_refresh_ends(&g, KPATH_FAULT, start, start);
	gather_flush(&g);
	mm->k->fault.stack_growth++;
	return vma_find(&mm->vmas, va);
}

/*
 * The lock of the entry's table: a word of the table's struct page (CONFIG_SPLIT_PTLOCK_CPUS, since 2.6.15),
 * before that of mm_struct.
 */
static void lock_table(const struct fault *f)
{
	const struct kernel *k = f->k;

	if (!k->pa || !f->mm->va)
		return;
	charge_store(&k->charger, f->c, KPATH_FAULT,
		     k->cfg.era < ERA_2_6_18 ? f->mm->va
					     : page_struct_va(&k->pa->map, f->entry_pa >> k->page_shift),
		     4);
}

void fault_set_entry(struct fault *f, u64 pfn, bool write)
{
	u32 state = f->write ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED;

	kernel_step(f->k, f->c, STEP_PTE_SET);
	lock_table(f);
	pte_write(f->mm, f->c, KPATH_FAULT, f->entry_pa, pte_make(f->vma, f->mm, pfn, write, state));
}

struct rmap_entry fault_this_entry(const struct fault *f, u64 pfn)
{
	return (struct rmap_entry){ f->mm, f->view.real, page_down(f->k, f->va), f->entry_pa, pfn, 0 };
}

void fault_map_new(struct fault *f, u64 pfn)
{
	struct rmap_entry e = fault_this_entry(f, pfn);

	kernel_path_step(f->k, f->c, f->mm, STEP_PAGE_CHARGE);
	rmap_add_new(f->k, f->c, &e);
	lru_add_vma(f->k, f->c, f->vma, pfn);
	kernel_path_step(f->k, f->c, f->mm, STEP_RSS_ADD);
	page_set_anon(f->mm, f->va);
	fault_set_entry(f, pfn, true);
}

static enum trap_result done(u64 *counter)
{
	++*counter;
	return TRAP_RETRY;
}

/* A cleared frame of the faulting address's own. */
static u64 new_zeroed(struct fault *f)
{
	u64 pfn = page_alloc(f->k, f->c, GFP_HIGHUSER_MOVABLE, 0, f->va);

	if (pfn != NO_FRAME)
		page_zero(f->k, f->c, pfn);
	return pfn;
}

static u64 new_copy(struct fault *f, u64 from)
{
	u64 pfn;

	if (from == f->k->zero_pfn)
		return new_zeroed(f);
	pfn = page_alloc(f->k, f->c, GFP_HIGHUSER_MOVABLE, 0, f->va);
	if (pfn != NO_FRAME)
		page_copy(f->k, f->c, pfn, from);
	return pfn;
}

/*
 * do_anonymous_page(). Implicit mappings get no zero page: what such a trace reads is data that its recording
 * did not see written. Nor do pages of several mappings, of which one may be shared.
 */
static enum trap_result fault_anonymous(struct fault *f)
{
	bool shared_zero = !f->write && f->k->zero_pfn != NO_FRAME && !f->view.implicit && !f->view.mixed;
	u64 pfn;

	if (shared_zero) {
		kernel_path_step(f->k, f->c, f->mm, STEP_ZERO_PAGE_FAULT);
		frame_get(f->k->frames, f->k->zero_pfn);
		fault_set_entry(f, f->k->zero_pfn, false);
		return done(&f->k->fault.zero_page);
	}
	kernel_path_step(f->k, f->c, f->mm, STEP_ANON_FAULT);
	if (f->write && contig_map(f->mm, f->c, &f->view, f->entry_pa, f->va)) {
		page_set_anon(f->mm, f->va);
		return done(&f->k->fault.zero);
	}
	if (!rmap_prepare(f->mm, f->c, f->view.real))
		return TRAP_OOM;
	pfn = new_zeroed(f);
	if (pfn == NO_FRAME)
		return TRAP_OOM;
	fault_map_new(f, pfn);
	return done(&f->k->fault.zero);
}

/* Without a page cache a file's page is there when it is used first. NO_FRAME: no memory. */
static u64 object_frame_made(struct fault *f, u64 index, u64 va)
{
	struct object *o = f->vma->object;
	u64 pfn = object_page(o, index);

	if (pfn != NO_FRAME)
		return pfn;
	pfn = page_alloc(f->k, f->c, GFP_HIGHUSER_MOVABLE, 0, va);
	if (pfn == NO_FRAME)
		return NO_FRAME;
	if (o->anon)
		page_zero(f->k, f->c, pfn);
	else
		charge_time(&f->k->charger, f->c, KPATH_FAULT, f->k->cost.file_fill);
	if (page_cache_add(f->k, f->c, o, index, pfn))
		return pfn;
	frame_put(f->k->frames, f->c, pfn);
	return NO_FRAME;
}

/* filemap_fault(): the object's frame for an address, with a reference for who gets it. TRAP_RETRY: it is. */
static enum trap_result object_frame(struct fault *f, u64 va, u64 *pfn)
{
	u64 index = page_index(f->k, f->vma, va);
	struct page_want w = { .o = f->vma->object,
			       .index = index,
			       .pages = 1,
			       .fault = true,
			       .sequential = f->vma->flags & MM_SEQUENTIAL,
			       .random = f->vma->flags & MM_RANDOM };
	enum cache_answer answer = CACHE_READY;
	bool in_swap = shmem_in_swap(w.o, index), major = !in_swap;

	if (in_swap)
		answer = shmem_from_swap(f->k, f->c, w.o, index, pfn, &major);
	else if (page_cache_on(f->k))
		answer = page_cache_get(f->k, f->c, &w, false, pfn);
	else
		*pfn = object_frame_made(f, index, va);
	if (major && (in_swap || answer == CACHE_WAIT))
		fault_is_major(f);
	if (answer == CACHE_WAIT)
		return fault_wait(f, f->c->block_until);
	if (answer == CACHE_NOMEM || *pfn == NO_FRAME)
		return TRAP_OOM;
	frame_get(f->k->frames, *pfn);
	return TRAP_RETRY;
}

/* The entry gets the caller's reference. */
static void map_object_page(struct fault *f, u64 va, u64 entry_pa, u64 pfn, bool write)
{
	bool writable = f->vma->flags & MM_SHARED && (write || !writeback_tracks(f->k, f->vma->object));

	kernel_step(f->k, f->c, STEP_FILE_PAGE);
	pte_write(f->mm, f->c, KPATH_FAULT, entry_pa,
		  pte_make(f->vma, f->mm, pfn, writable, write ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED));
	rmap_add(f->k, f->c, &(struct rmap_entry){ f->mm, f->view.real, va, entry_pa, pfn, 0 });
	f->k->fault.file_pages++;
}

/* A page of the object that can be mapped without waiting; NO_FRAME: there is none, or for want of memory. */
static u64 frame_around(struct fault *f, u64 va, bool *no_memory)
{
	struct object *o = f->vma->object;
	u64 index = page_index(f->k, f->vma, va), pfn;

	if (o->anon)
		return object_page(o, index);
	if (page_cache_on(f->k))
		return page_cache_peek(f->k, f->c, o, index);
	pfn = object_frame_made(f, index, va);
	*no_memory = pfn == NO_FRAME;
	return pfn;
}

/* One page near the faulting one, if it is there. False: no memory. */
static bool map_around(struct fault *f, u64 entry_pa, u64 va)
{
	bool no_memory = false;
	u64 pfn;

	if (page_view(f->mm, va).mixed)
		return true;
	pfn = frame_around(f, va, &no_memory);
	if (pfn == NO_FRAME)
		return !no_memory;
	frame_get(f->k->frames, pfn);
	if (!rmap_prepare_object(f->mm, f->c, f->view.real)) {
		frame_put(f->k->frames, f->c, pfn);
		return false;
	}
	map_object_page(f, va, entry_pa, pfn, false);
	readahead_mapped(f->vma->object, 1);
	return true;
}

/*
 * do_fault_around(): pages of the same table and VMA near the faulting one, of which a file has all in
 * memory, shared memory those that somebody has used.
 */
static void fault_around(struct fault *f)
{
	const struct pt_format *fmt = f->k->format;
	u32 shift = f->k->page_shift;
	u64 n = f->k->around_pages, table = 1u << fmt->bits[0], at = f->va >> shift & (table - 1), i;
	u64 page = page_down(f->k, f->va), before = (page - page_down(f->k, f->vma->start)) >> shift;
	u64 from = MAX(align_down(at, n), at - MIN(at, before));
	u64 to = MIN(MIN(from + n, table), at + ((page_up(f->k, f->vma->end) - page) >> shift));

	for (i = from; i < to; i++) {
		u64 entry_pa = f->entry_pa + (i - at) * fmt->entry_bytes;
		u64 va = page + ((i - at) << shift);

		if (i != at && !pte_read(f->mm, entry_pa) && !map_around(f, entry_pa, va))
			return;
	}
}

/* do_cow_fault() */
static enum trap_result fault_private_write(struct fault *f, u64 from)
{
	u64 pfn = rmap_prepare(f->mm, f->c, f->view.real) ? new_copy(f, from) : NO_FRAME;

	frame_put(f->k->frames, f->c, from);
	if (pfn == NO_FRAME)
		return TRAP_OOM;
	kernel_path_step(f->k, f->c, f->mm, STEP_WP_FAULT);
	fault_map_new(f, pfn);
	return done(&f->k->fault.cow);
}

/* do_page_mkwrite() and fault_dirty_shared_page() of a shared mapping. */
static void make_dirty(struct fault *f, u64 pfn)
{
	writeback_fault(f->k, f->c, f->vma->object, pfn);
	f->dirtied = true;
}

/*
 * do_read_fault(), do_cow_fault(), do_shared_fault(). What lies around comes first, so that it cannot cost
 * the page itself where memory is short.
 */
static enum trap_result fault_object(struct fault *f)
{
	u64 pfn;
	enum trap_result result = object_frame(f, f->va, &pfn);

	if (result != TRAP_RETRY)
		return result;
	kernel_path_step(f->k, f->c, f->mm, STEP_FILE_FAULT);
	if (f->write && !(f->vma->flags & MM_SHARED))
		return fault_private_write(f, pfn);
	if (f->write)
		kernel_path_step(f->k, f->c, f->mm, STEP_FILE_WRITE);
	if (!f->write)
		fault_around(f);
	if (!rmap_prepare_object(f->mm, f->c, f->view.real)) {
		frame_put(f->k->frames, f->c, pfn);
		return TRAP_OOM;
	}
	if (f->write)
		make_dirty(f, pfn);
	map_object_page(f, page_down(f->k, f->va), f->entry_pa, pfn, f->write);
	return done(&f->k->fault.file);
}

/*
 * The entry grants more than before. The fault itself has dropped this hardware thread's stale entry (SDM
 * volume 3, 4.10.4.1), so the flush costs nothing.
 */
static void upgraded(struct fault *f)
{
	f->c->ops->flush_range(f->c, mm_asid(f->mm, f->c), f->page, f->page + (1ull << f->k->page_shift));
}

/* The page is no longer one of a run. */
static void leave_run(struct fault *f)
{
	struct gather g;

	gather_begin(&g, f->mm, f->c);
	contig_unfold(&g, KPATH_FAULT, f->va, f->va + 1);
	gather_flush(&g);
	f->entry = pte_read(f->mm, f->entry_pa);
}

/* wp_page_copy(), for who has the old page; the entry may have gone while there was no memory for the copy.
 */
static enum trap_result copy_page(struct fault *f, u64 old)
{
	struct rmap_entry was = fault_this_entry(f, old);
	u64 pfn = rmap_prepare(f->mm, f->c, f->view.real) ? new_copy(f, old) : NO_FRAME;

	if (pfn == NO_FRAME)
		return TRAP_OOM;
	if (pte_read(f->mm, f->entry_pa) != f->entry) {
		frame_put(f->k->frames, f->c, pfn);
		return done(&f->k->fault.spurious);
	}
	kernel_path_step(f->k, f->c, f->mm, STEP_WP_FAULT);
	rmap_remove(f->k, f->c, &was, KPATH_FAULT);
	fault_map_new(f, pfn);
	tlb_flush_page(f->mm, f->c, f->page);
	swap_page_unmapped(f->k, f->c, old);
	frame_put(f->k->frames, f->c, old);
	return done(&f->k->fault.cow);
}

/* do_wp_page() */
enum trap_result fault_write_protected(struct fault *f)
{
	u64 old = pte_pfn(f->mm, f->entry);
	enum trap_result result;

	leave_run(f);
	if ((f->vma->flags & MM_SHARED) || fault_is_sole(f, old)) {
		kernel_path_step(f->k, f->c, f->mm, STEP_WP_REUSE);
		if (f->vma->object && f->vma->flags & MM_SHARED)
			make_dirty(f, old);
		fault_set_entry(f, old, true);
		upgraded(f);
		return done(&f->k->fault.reuse);
	}
	frame_get(f->k->frames, old);
	result = copy_page(f, old);
	frame_put(f->k->frames, f->c, old);
	return result;
}

static void split_huge(struct fault *f)
{
	struct gather g;

	gather_begin(&g, f->mm, f->c);
	huge_split(&g, KPATH_FAULT, f->va, f->va + 1);
	gather_flush(&g);
}

/* do_huge_pmd_wp_page(): a page that others use too is split. False: the small page has to be looked at. */
static bool fault_in_huge(struct fault *f, u64 upper, u64 entry, u32 level, enum trap_result *result)
{
	const struct pt_format *fmt = f->k->format;
	u32 flags = fmt->flags(entry, level);
	bool forbidden = f->write && !(flags & PTE_WRITE);

	if (forbidden && !huge_is_sole(f->mm, entry, level)) {
		split_huge(f);
		return false;
	}
	kernel_load(f->k, f->c, KPATH_FAULT, upper, fmt->entry_bytes);
	if (forbidden)
		pte_write(f->mm, f->c, KPATH_FAULT, upper,
			  fmt->encode(fmt->pa(entry, level), flags | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY,
				      level));
	upgraded(f);
	kernel_path_step(f->k, f->c, f->mm, STEP_WP_REUSE);
	*result = done(forbidden ? &f->k->fault.reuse : &f->k->fault.spurious);
	return true;
}

/* True: a large page is the answer. */
static bool fault_huge(struct fault *f, u64 upper, u32 level, enum trap_result *result)
{
	u64 entry = pte_read(f->mm, upper);

	if (huge_entry(f->k, entry, level))
		return fault_in_huge(f, upper, entry, level, result);
	if (entry || !huge_wanted(f->mm, &f->view, f->va, level))
		return false;
	kernel_path_step(f->k, f->c, f->mm, STEP_HUGE_FAULT);
	kernel_load(f->k, f->c, KPATH_FAULT, upper, f->k->format->entry_bytes);
	if (!f->write && huge_wants_zero(f->k, &f->view, level)) {
		if (!huge_map_zero(f->mm, f->c, &f->view, upper, level))
			return false;
		*result = done(&f->k->fault.zero_page);
		return true;
	}
	if (!rmap_prepare(f->mm, f->c, f->view.real) ||
	    !huge_map(f->mm, f->c, f->view.real, upper, f->va, level, f->write))
		return false;
	page_set_anon(f->mm, f->va);
	*result = done(&f->k->fault.huge);
	return true;
}

static enum trap_result fault_resolve(struct fault *f)
{
	u32 level = f->k->huge_top;
	u64 at = pgtable_upper(f->mm, f->c, KPATH_FAULT, f->va, level, true);
	enum trap_result result;

	kernel_path_step(f->k, f->c, f->mm, STEP_TABLE_WALK);
	for (; at != NO_ENTRY && level > 0; level--) {
		if (fault_huge(f, at, level, &result))
			return result;
		at = pgtable_lower(f->mm, f->c, KPATH_FAULT, at, f->va, level, true);
	}
	if (at == NO_ENTRY)
		return TRAP_OOM;
	f->entry_pa = at;
	f->entry = pte_read(f->mm, f->entry_pa);
	kernel_load(f->k, f->c, KPATH_FAULT, f->entry_pa, f->k->format->entry_bytes);
	if (!f->entry)
		return f->vma->object ? fault_object(f) : fault_anonymous(f);
	if (entry_is_swap(f->k->format, f->entry))
		return fault_swap(f);
	if (f->write && !(pte_flags(f->mm, f->entry) & PTE_WRITE))
		return fault_write_protected(f);
	upgraded(f);
	return done(&f->k->fault.spurious);
}

/* How far the counters were that tell what an anonymous fault needed. */
struct fault_needs {
	u64 zero, refills, tables;
};

static struct fault_needs needs_now(const struct kernel *k)
{
	return (struct fault_needs){ k->fault.zero, k->pa ? k->pa->st.pcp_misses : 0, k->pgtable.allocated };
}

/* What a fault did that mapped a new anonymous page; one that had tables and a refill is no sample of either.
 */
static void fault_measured(const struct kernel *k, const struct fault_needs *from,
			   const struct ladder_scope *scope)
{
	struct fault_needs to = needs_now(k);
	u64 tables = to.tables - from->tables;

	if (to.zero == from->zero)
		return;
	if (to.refills == from->refills)
		ladder_end(k->charger.ladder, scope,
			   tables > 1 ? LADDER_FAULT_TABLES
			   : tables   ? LADDER_FAULT_TABLE
				      : LADDER_FAULT_PAGE);
	else if (!tables)
		ladder_end(k->charger.ladder, scope, LADDER_FAULT_REFILL);
}

/* handle_mm_fault(); the ladder is of the page allocator, and of those that ask it. */
static enum trap_result fault_handle(struct fault *f)
{
	struct fault_needs from = needs_now(f->k);
	struct ladder_scope scope;
	enum trap_result result;

	ladder_begin(f->k->pa ? f->k->charger.ladder : NULL, f->c, &scope);
	result = fault_resolve(f);
	fault_measured(f->k, &from, &scope);
	return result;
}

/* Reclaim could get nothing before some transfer is over: the thread waits for that and begins again. */
static enum trap_result wait_for_memory(struct kernel *k, struct cpu *c)
{
	u64 until = k->cpu[c->id].reclaim_until;

	k->cpu[c->id].reclaim_until = 0;
	if (!until)
		return TRAP_OOM;
	c->block_until = MAX(until, c->ops->now(c) + 1);
	return TRAP_BLOCK;
}

/* Of the thread that runs; or where threads have no task_struct, of the hardware thread. */
static bool *major_flag(struct kernel *k, const struct cpu *c)
{
	struct kernel_cpu *kc = &k->cpu[c->id];

	return kc->task ? &kc->task->fault_major : &kc->fault_major;
}

void fault_is_major(struct fault *f)
{
	*major_flag(f->k, f->c) = true;
}

void fault_is_over(struct fault *f)
{
	*major_flag(f->k, f->c) = false;
}

enum trap_result fault_wait(struct fault *f, u64 until)
{
	f->c->block_until = until;
	return TRAP_BLOCK;
}

static enum trap_result count(struct kernel *k, struct cpu *c, enum trap_result result)
{
	bool *major = major_flag(k, c);

	if (result == TRAP_BLOCK) {
		k->fault.blocked++;
		return result;
	}
	reclaim_is_over(k, c);
	k->pgfault++;
	if (result == TRAP_OOM)
		k->fault.oom++;
	else
		++*(*major ? &k->fault.major : &k->fault.minor);
	*major = false;
	return result;
}

/* Entry and exit, of an exception. */
static void step_around(const struct fault *f, enum kernel_step s)
{
	if (!f->called)
		kernel_path_step(f->k, f->c, f->mm, s);
}

/* called: by a call on the program's behalf. */
static enum trap_result fault(struct kernel *k, struct cpu *c, struct mm *mm, const struct trap *t,
			      bool called)
{
	struct fault f = {
		.k = k, .c = c, .mm = mm, .va = t->va, .write = t->access == ACCESS_WRITE, .called = called
	};
	u64 space = 1ull << k->format->va_bits;
	enum trap_result result;
	struct vma *v;

	step_around(&f, STEP_FAULT_ENTRY);
	if (mm->oom_victim) {
		k->pgfault++;
		k->fault.oom++;
		return TRAP_OOM;
	}
	kernel_path_step(k, c, mm, STEP_VMA_LOOKUP);
	f.page = page_down(k, t->va);
	/* Traces of other machines have what addresses they like; tables ignore the bits above theirs. */
	if (mm->implicit_maps)
		f.va &= space - 1;
	vma_object_find(mm, c, KPATH_FAULT, f.va);
	v = mm_vma(mm, f.va);
	fault_lock(mm, c, v, f.va);
	if (!v)
		v = grow_stack(mm, c, f.va);
	if (!v || !access_allowed(v, t->access)) {
		k->fault.segv++;
		*major_flag(k, c) = false;
		fault_unlock(mm, c, v);
		step_around(&f, STEP_FAULT_EXIT);
		return TRAP_SEGV;
	}
	f.view = page_view(mm, f.va);
	f.vma = &f.view.vma;
	result = fault_handle(&f);
	fault_unlock(mm, c, mm_vma(mm, f.va));
	step_around(&f, STEP_FAULT_EXIT);
	if (result == TRAP_OOM)
		result = wait_for_memory(k, c);
	result = count(k, c, result);
	/* balance_dirty_pages(): the fault is resolved, but the thread goes on later. */
	if (result == TRAP_RETRY && f.dirtied && writeback_tracks(k, f.vma->object) &&
	    writeback_balance(k, c, 1))
		return TRAP_BLOCK;
	return result;
}

static enum trap_result handle(struct kernel *k, struct cpu *c, struct mm *mm, const struct trap *t,
			       bool called)
{
	const struct fault_stats before = k->fault;
	u64 begin = charge_begin(&k->charger, c);
	enum trap_result result;

	fault_trace(k, c, t);
	k->cpu[c->id].in_fault = true;
	result = fault(k, c, mm, t, called);
	k->cpu[c->id].in_fault = false;

	fault_tell(k, c, t, &before, begin);
	return result;
}

static enum trap_result kernel_fault(struct kernel *k, struct cpu *c, struct mm *mm, const struct trap *t)
{
	return handle(k, c, mm, t, false);
}

/* faultin_page() */
enum trap_result fault_populate(struct mm *mm, struct cpu *c, u64 va, bool write)
{
	const struct trap t = { .va = va, .access = write ? ACCESS_WRITE : ACCESS_READ };

	return handle(mm->k, c, mm, &t, true);
}

const struct kernel_ops kernel_ops = { .fault = kernel_fault };
