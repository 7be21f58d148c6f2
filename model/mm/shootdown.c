#include "model/mm/shootdown.h"

#include "model/base/bits.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/ipi.h"
#include "model/mm/percpu.h"

/* struct flush_tlb_info */
struct info {
	struct mm *mm; /* NULL: whatever each has loaded */
	struct flush f;
	u64 gen;   /* of mm with this change; 0: none in particular */
	bool trim; /* who is asked in vain leaves the mask */
};

static u64 set_of(u32 cpu)
{
	return 1ull << cpu;
}

static u64 pages_of(const struct flush *f)
{
	return f->whole ? 0 : (f->end - f->start) >> f->shift;
}

/* Cycles of the invalidations alone; with page-table isolation user space's tables need theirs. */
static u64 flush_cycles(const struct kernel *k, const struct flush *f)
{
	return (f->whole ? k->cost.flush_all : pages_of(f) * k->cost.flush) << k->cfg.pti;
}

/* ---- lines ---- */

/* Where mm_struct has context.tlb_gen (6.x), and mm_cpumask() in each class of eras. */
#define MM_TLB_GEN 1136u
static const u16 mm_mask_at[NR_ERA_CLASSES] = { 112, 320, 704, 1472 };

static void note_generation(const struct mm *mm, struct cpu *c, enum kernel_path path)
{
	const struct kernel *k = mm->k;

	if (k->rules.generations && mm->va)
		charge_store(&k->charger, c, path, mm->va + MM_TLB_GEN, 8);
}

static void read_mask(const struct mm *mm, struct cpu *c)
{
	const struct kernel *k = mm->k;

	if (mm->va)
		charge_load(&k->charger, c, KPATH_FLUSH, mm->va + mm_mask_at[era_class(k->cfg.era)],
			    k->layout.word);
}

/* ---- on one hardware thread ---- */

static void drop_pages(struct asids *a, const struct flush *f)
{
	u64 va;

	for (va = f->start; va < f->end; va += 1ull << f->shift)
		a->cpu->ops->flush_page(a->cpu, a->loaded->asid[a->cpu->id], va);
}

/*
 * Pages one by one only where that brings it to the present generation, which flushes in between may have
 * made higher.
 */
static bool pages_do(const struct kernel *k, const struct info *i, const struct asid *id)
{
	if (i->f.whole)
		return false;
	return !k->rules.generations || (i->gen == id->gen + 1 && i->gen == id->mm->tlb_gen);
}

/* Cycles that the invalidation takes; 0: there is nothing to do. */
static u64 bring_up_to_date(struct kernel *k, struct asids *a, const struct info *i, u64 *pages, u64 *full)
{
	struct asid *id = asid_loaded(a);

	if (k->rules.generations && id->gen == id->mm->tlb_gen) {
		k->shootdown.up_to_date++;
		return 0;
	}
	if (!pages_do(k, i, id)) {
		asid_flush(a, id);
		++*full;
		return flush_cycles(k, &(struct flush){ .whole = true });
	}
	drop_pages(a, &i->f);
	id->gen = id->mm->tlb_gen;
	*pages += pages_of(&i->f);
	return flush_cycles(k, &i->f);
}

/* flush_tlb_func(), smp_invalidate_interrupt(). Returns the cycles that are no instructions. */
static u64 flush_loaded(struct kernel *k, struct asids *a, const struct info *i, u64 *pages, u64 *full)
{
	if (!a->loaded)
		return 0;
	if (!a->lazy)
		return bring_up_to_date(k, a, i, pages, full);
	asid_leave(a);
	k->shootdown.left++;
	return k->cost.flush_all;
}

/* trace_tlb_flush() of flush_tlb_func(): what has been flushed since the counters were so. */
static void tell_flush(const struct kernel *k, struct cpu *c, enum tlb_flush_reason reason, u64 pages,
		       u64 full)
{
	if (pages || full)
		charge_trace(&k->charger, c, TRACE_TLB_FLUSH, TRACE(full ? TRACE_ALL : pages, reason), NULL);
}

static void flush_here(const struct ipi *x)
{
	const struct info *i = x->arg;
	struct kernel *k = x->k;
	struct asids *a = &k->asids[x->c->id];
	u64 pages = k->flush.pages, full = k->flush.full;

	charge_time(&k->charger, x->c, KPATH_FLUSH, flush_loaded(k, a, i, &k->flush.pages, &k->flush.full));
	tell_flush(k, x->c, i->mm ? TLB_LOCAL_MM_SHOOTDOWN : TLB_LOCAL_SHOOTDOWN, k->flush.pages - pages,
		   k->flush.full - full);
}

static void flush_there(const struct ipi *x, struct asids *a)
{
	const struct info *i = x->arg;
	struct kernel *k = x->k;
	u64 pages = k->shootdown.remote_pages, full = k->shootdown.remote_full;

	kernel_step(k, a->cpu, STEP_IPI_FLUSH);
	if (k->pa)
		charge_store(&k->charger, a->cpu, KPATH_IPI,
			     percpu_va(k->pa, a->cpu->id, PERCPU_TLBSTATE_CTXS), 8);
	if (i->mm && i->mm != a->loaded) {
		k->shootdown.wrong_cpu++;
		i->mm->cpus &= ~set_of(a->cpu->id);
		return;
	}
	if (k->rules.generations && a->loaded && a->loaded->va)
		charge_load(&k->charger, a->cpu, KPATH_IPI, a->loaded->va + MM_TLB_GEN, 8);
	charge_time(&k->charger, a->cpu, KPATH_IPI,
		    flush_loaded(k, a, i, &k->shootdown.remote_pages, &k->shootdown.remote_full));
	tell_flush(k, a->cpu, TLB_REMOTE_SHOOTDOWN, k->shootdown.remote_pages - pages,
		   k->shootdown.remote_full - full);
}

/* ---- on all that it concerns ---- */

/* should_flush_tlb() */
static bool is_asked(const struct kernel *k, const struct asids *a, const struct info *i)
{
	if (!k->rules.generations || i->f.tables)
		return true;
	if (a->lazy)
		return false;
	return !i->mm || a->loaded == i->mm || i->trim;
}

/* What it looks at for that: per-CPU words of the other one. */
static void look_at(const struct kernel *k, struct cpu *c, u32 other)
{
	if (!k->rules.generations || !k->pa)
		return;
	charge_load(&k->charger, c, KPATH_SHOOTDOWN, percpu_va(k->pa, other, PERCPU_TLBSTATE_SHARED), 1);
	charge_load(&k->charger, c, KPATH_SHOOTDOWN, percpu_va(k->pa, other, PERCPU_TLBSTATE), 8);
}

static u64 choose_targets(struct kernel *k, struct cpu *c, const struct info *i, u64 cpus)
{
	u64 left = cpus & ~set_of(c->id), targets = 0;

	for (; left; left &= left - 1) {
		u32 other = (u32)__builtin_ctzll(left);

		look_at(k, c, other);
		if (is_asked(k, &k->asids[other], i))
			targets |= set_of(other);
		else
			k->shootdown.deferred++;
	}
	return targets;
}

/* Whether the hardware thread that flushes has to flush its own, too. */
static bool concerns(const struct info *i, const struct asids *a, u64 cpus)
{
	return i->mm ? i->mm == a->loaded : cpus & set_of(a->cpu->id);
}

static void flush_cpus(struct kernel *k, struct cpu *c, const struct info *i, u64 cpus)
{
	struct ipi x = { .k = k, .c = c, .pages = pages_of(&i->f), .there = flush_there, .arg = i };

	x.here = concerns(i, &k->asids[c->id], cpus) ? flush_here : NULL;
	if (x.here && !k->rules.concurrent) {
		flush_here(&x);
		x.here = NULL;
	}
	x.begin = c->ops->now(c);
	x.targets = choose_targets(k, c, i, cpus);
	if (x.targets) /* native_flush_tlb_multi() */
		charge_trace(&k->charger, c, TRACE_TLB_FLUSH,
			     TRACE(i->f.whole ? TRACE_ALL : x.pages, TLB_REMOTE_SEND_IPI), NULL);
	ipi_call(&x);
}

/* TLBI ...IS by address or by ASID, and the DSB that waits for its end everywhere. */
static void broadcast(struct kernel *k, struct cpu *c, const struct info *i)
{
	u32 n;

	charge_time(&k->charger, c, KPATH_FLUSH, flush_cycles(k, &i->f));
	for (n = 0; n < k->n_cpus; n++) {
		struct asids *a = &k->asids[n];
		u16 id = i->mm->asid[n];

		if (!id)
			continue;
		if (i->f.whole)
			a->cpu->ops->flush_asid(a->cpu, id);
		else
			a->cpu->ops->flush_range(a->cpu, id, i->f.start, i->f.end);
		a->id[id].gen = i->mm->tlb_gen;
	}
	if (i->f.whole)
		k->flush.full++;
	else
		k->flush.pages += pages_of(&i->f);
	k->shootdown.broadcasts++;
	charge_time(&k->charger, c, KPATH_SHOOTDOWN, k->cost.dvm_latency);
}

/* should_trim_cpumask(): once a second. */
static bool is_time_to_trim(struct mm *mm, struct cpu *c)
{
	u64 now = c->ops->now(c), period = mm->k->trim_period;

	if (!mm->k->rules.keeps_mask || now < mm->trimmed_at + period)
		return false;
	mm->trimmed_at = now;
	return true;
}

static void flush_mm(struct mm *mm, struct cpu *c, const struct flush *f)
{
	struct kernel *k = mm->k;
	struct info i = { .mm = mm, .f = *f, .gen = ++mm->tlb_gen };

	k->shootdown.needless += !f->entries;
	kernel_path_step(k, c, mm, STEP_FLUSH);
	if (k->rules.form == FLUSH_BY_BROADCAST) {
		broadcast(k, c, &i);
		return;
	}
	note_generation(mm, c, KPATH_FLUSH);
	read_mask(mm, c);
	if (mm->cpus & ~set_of(c->id))
		i.trim = is_time_to_trim(mm, c);
	flush_cpus(k, c, &i, mm->cpus);
}

void tlb_flush(struct mm *mm, struct cpu *c, const struct flush *asked)
{
	struct flush f = *asked;

	f.whole |= pages_of(&f) > mm->k->rules.ceiling;
	flush_mm(mm, c, &f);
}

void tlb_flush_page(struct mm *mm, struct cpu *c, u64 va)
{
	u32 shift = mm->k->page_shift;
	struct flush f = { .start = va, .end = va + (1ull << shift), .shift = shift, .entries = 1 };

	f.whole = !mm->k->rules.page_alone && !mm->k->rules.ceiling;
	flush_mm(mm, c, &f);
}

void tlb_flush_mm(struct mm *mm, struct cpu *c, u64 entries)
{
	flush_mm(mm, c, &(struct flush){ .whole = true, .entries = entries });
}

/* ---- flushes that were put off ---- */

u64 tlb_put_off(struct mm *mm, struct cpu *c)
{
	mm->tlb_gen++;
	note_generation(mm, c, KPATH_RECLAIM);
	return mm->cpus;
}

void tlb_flush_cpus(struct kernel *k, struct cpu *c, u64 cpus)
{
	struct info i = { .f = { .whole = true } };

	kernel_path_step(k, c, NULL, STEP_FLUSH);
	flush_cpus(k, c, &i, cpus);
}

/* ---- kernel addresses ---- */

static u64 kernel_flush_cycles(const struct kernel *k, const struct flush *f)
{
	/* All that is global goes by two writes of CR4 (PGE off and on). */
	return f->whole ? 2 * k->cost.flush_all : pages_of(f) * k->cost.flush;
}

static void drop_kernel(struct cpu *c, const struct flush *f)
{
	if (f->whole)
		c->ops->flush_all(c);
	else
		c->ops->flush_kernel_range(c, f->start, f->end);
}

static void drop_kernel_here(const struct ipi *x)
{
	charge_time(&x->k->charger, x->c, KPATH_FLUSH, kernel_flush_cycles(x->k, x->arg));
	drop_kernel(x->c, x->arg);
}

/* do_kernel_range_flush(), do_flush_tlb_all(), which up to 4.13 has lazy ones leave. */
static void drop_kernel_there(const struct ipi *x, struct asids *a)
{
	kernel_step(x->k, a->cpu, STEP_IPI_FLUSH);
	charge_time(&x->k->charger, a->cpu, KPATH_IPI, kernel_flush_cycles(x->k, x->arg));
	drop_kernel(a->cpu, x->arg);
	if (x->k->rules.generations || !a->lazy || !a->loaded)
		return;
	asid_leave(a);
	x->k->shootdown.left++;
}

static void drop_kernel_everywhere(const struct kernel *k, const struct flush *f)
{
	u32 i;

	for (i = 0; i < k->n_cpus; i++)
		drop_kernel(k->asids[i].cpu, f);
}

static void flush_kernel(struct kernel *k, struct cpu *c, const struct flush *f)
{
	struct ipi x = { .k = k,
			 .c = c,
			 .pages = pages_of(f),
			 .there = drop_kernel_there,
			 .here = drop_kernel_here,
			 .arg = f };

	kernel_step(k, c, STEP_FLUSH_KERNEL);
	if (k->rules.form == FLUSH_BY_BROADCAST) {
		charge_time(&k->charger, c, KPATH_FLUSH, kernel_flush_cycles(k, f));
		drop_kernel_everywhere(k, f);
		k->shootdown.broadcasts++;
		charge_time(&k->charger, c, KPATH_SHOOTDOWN, k->cost.dvm_latency);
		return;
	}
	x.targets = (k->n_cpus < MAX_CPUS ? set_of(k->n_cpus) - 1 : ~(u64)0) & ~set_of(c->id);
	x.begin = c->ops->now(c);
	ipi_call(&x);
}

void kernel_flush_range(struct kernel *k, struct cpu *c, u64 start, u64 end)
{
	struct flush f = { .start = start, .end = end, .shift = k->page_shift };

	f.whole = k->rules.page_alone || pages_of(&f) > k->rules.ceiling;
	if (c)
		flush_kernel(k, c, &f);
	else
		drop_kernel_everywhere(k, &f);
}

void kernel_flush_here(const struct kernel *k, struct cpu *c, u64 va)
{
	struct flush f = { .start = va, .end = va + (1ull << k->page_shift), .shift = k->page_shift };

	if (!c)
		return;
	charge_time(&k->charger, c, KPATH_FLUSH, kernel_flush_cycles(k, &f));
	drop_kernel(c, &f);
}
