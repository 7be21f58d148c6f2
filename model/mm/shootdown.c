#include "model/mm/shootdown.h"

#include "model/base/bits.h"
#include "model/mm/asid.h"
#include "model/mm/footprint.h"

/* Cycles of the invalidations alone. */
static u64 flush_cycles(const struct kernel *k, const struct flush *f)
{
	return f->whole ? k->cost.flush_all : ((f->end - f->start) >> f->shift) * k->cost.flush;
}

static void drop_pages(struct cpu *c, u16 asid, const struct flush *f)
{
	u64 va;

	for (va = f->start; va < f->end; va += 1ull << f->shift)
		c->ops->flush_page(c, asid, va);
}

static void flush_here(struct mm *mm, struct cpu *c, const struct flush *f)
{
	struct kernel *k = mm->k;

	kernel_path_step(k, c, mm, STEP_FLUSH);
	charge_time(&k->charger, c, KPATH_FLUSH, flush_cycles(k, f));
	if (f->whole) {
		c->ops->flush_asid(c, mm_asid(mm, c));
		k->flush.full++;
	} else {
		drop_pages(c, mm_asid(mm, c), f);
		k->flush.pages += (f->end - f->start) >> f->shift;
	}
}

/* arch/x86/mm/tlb.c:should_flush_tlb() */
static bool interrupts(const struct asids *a, const struct mm *mm, const struct flush *f)
{
	return f->tables || (a->loaded == mm && !a->lazy);
}

static void flush_there(struct mm *mm, struct asids *a, const struct flush *f)
{
	if (a->loaded != mm)
		asid_forget(mm, a);
	else if (f->whole || a->lazy)
		a->cpu->ops->flush_asid(a->cpu, mm_asid(mm, a->cpu));
	else
		drop_pages(a->cpu, mm_asid(mm, a->cpu), f);
}

static u64 flush_pages(const struct flush *f)
{
	return f->whole ? 0 : (f->end - f->start) >> f->shift;
}

/* An interrupt with its flush; returns the cycle at which the other one has answered. */
static u64 interrupt(const struct kernel *k, struct cpu *c, struct cpu *other, const struct flush *f,
		     u64 flush_cycles)
{
	u64 cycles = k->cost.ipi_handler + flush_cycles, answered;

	if (!k->charger.on) {
		timeline_span(k->charger.timeline, other->id, TL_IPI, other->ops->now(other),
			      other->ops->now(other), c->id, flush_pages(f));
		return 0;
	}
	c->ops->spend(c, KPATH_SHOOTDOWN, k->cost.ipi_send);
	answered = other->ops->interrupt(other, c->ops->now(c) + k->cost.ipi_latency, cycles);
	timeline_span(k->charger.timeline, other->id, TL_IPI, answered - cycles, answered, c->id,
		      flush_pages(f));
	return answered;
}

/* Returns the cycle at which the other one has answered, 0 if it is not asked. */
static u64 shoot(struct mm *mm, struct cpu *c, struct asids *a, const struct flush *f)
{
	struct kernel *k = mm->k;

	flush_there(mm, a, f);
	if (!interrupts(a, mm, f)) {
		k->shootdown.deferred++;
		return 0;
	}
	k->shootdown.ipis++;
	return interrupt(k, c, a->cpu, f, flush_cycles(k, f));
}

static u64 shoot_others(struct mm *mm, struct cpu *c, const struct flush *f)
{
	u64 others = mm->cpus & ~(1ull << c->id), answered = 0, one;

	for (; others; others &= others - 1) {
		one = shoot(mm, c, &mm->k->asids[__builtin_ctzll(others)], f);
		answered = MAX(answered, one);
	}
	mm->k->shootdown.waits += answered != 0;
	return answered;
}

/* A flush that others take part in, in cycles. */
struct sending {
	u64 begin, sent, answered;
};

/* They have been asked, and this one has done its part; what it took is told by its parts. */
static void await_answers(const struct charger *ch, struct cpu *c, u64 pages, const struct sending *s)
{
	u64 flushed = charge_begin(ch, c);

	c->ops->wait_until(c, KPATH_SHOOTDOWN, s->answered);
	timeline_span(ch->timeline, c->id, TL_SHOOTDOWN_SEND, s->begin, s->sent, 0, 0);
	timeline_span(ch->timeline, c->id, TL_SHOOTDOWN_FLUSH, s->sent, flushed, 0, 0);
	charge_end(ch, c, TL_SHOOTDOWN_WAIT, flushed, 0, 0);
	charge_end(ch, c, TL_SHOOTDOWN, s->begin, pages, 0);
}

void tlb_flush(struct mm *mm, struct cpu *c, const struct flush *asked)
{
	const struct charger *ch = &mm->k->charger;
	u64 begin = charge_begin(ch, c), sent, answered;
	struct flush f = *asked;

	f.whole |= (f.end - f.start) >> f.shift > mm->k->cfg.flush_ceiling;
	answered = shoot_others(mm, c, &f);
	sent = charge_begin(ch, c);
	flush_here(mm, c, &f);
	if (answered)
		await_answers(ch, c, flush_pages(&f), &(struct sending){ begin, sent, answered });
}

void tlb_flush_page(struct mm *mm, struct cpu *c, u64 va)
{
	u32 shift = mm->k->page_shift;

	tlb_flush(mm, c, &(struct flush){ .start = va, .end = va + (1ull << shift), .shift = shift });
}

void tlb_flush_mm(struct mm *mm, struct cpu *c)
{
	tlb_flush(mm, c, &(struct flush){ .whole = true });
}

/* ---- flushes that were put off ---- */

u64 tlb_put_off(struct mm *mm)
{
	u64 cpus = mm->cpus, left;

	for (left = cpus; left; left &= left - 1) {
		struct asids *a = &mm->k->asids[__builtin_ctzll(left)];

		if (a->loaded != mm)
			asid_forget(mm, a);
	}
	return cpus & mm->cpus;
}

/* 0: it is not asked. */
static u64 shoot_loaded(struct kernel *k, struct cpu *c, u32 cpu)
{
	struct mm *mm = k->asids[cpu].loaded;

	return mm ? shoot(mm, c, &k->asids[cpu], &(struct flush){ .whole = true }) : 0;
}

void tlb_flush_cpus(struct kernel *k, struct cpu *c, u64 cpus)
{
	u64 others = cpus & ~(1ull << c->id), answered = 0, one;
	u64 begin = charge_begin(&k->charger, c), sent;

	for (; others; others &= others - 1) {
		one = shoot_loaded(k, c, (u32)__builtin_ctzll(others));
		answered = MAX(answered, one);
	}
	sent = charge_begin(&k->charger, c);
	if (cpus >> c->id & 1 && k->asids[c->id].loaded)
		flush_here(k->asids[c->id].loaded, c, &(struct flush){ .whole = true });
	k->shootdown.waits += answered != 0;
	if (answered)
		await_answers(&k->charger, c, 0, &(struct sending){ begin, sent, answered });
}

/* ---- kernel addresses ---- */

static u64 kernel_flush_cycles(const struct kernel *k, const struct flush *f)
{
	/* All that is global goes by two writes of CR4 (PGE off and on). */
	return f->whole ? 2 * k->cost.flush_all : ((f->end - f->start) >> f->shift) * k->cost.flush;
}

static void drop_kernel(struct cpu *c, const struct flush *f)
{
	if (f->whole)
		c->ops->flush_all(c);
	else
		c->ops->flush_kernel_range(c, f->start, f->end);
}

static u64 shoot_kernel(struct kernel *k, struct cpu *c, struct cpu *other, const struct flush *f)
{
	drop_kernel(other, f);
	if (!c)
		return 0;
	k->shootdown.ipis++;
	return interrupt(k, c, other, f, kernel_flush_cycles(k, f));
}

static void flush_kernel(struct kernel *k, struct cpu *c, const struct flush *f)
{
	u64 begin = charge_begin(&k->charger, c), sent, answered = 0, one;
	u32 i;

	for (i = 0; i < k->n_cpus; i++) {
		if (k->asids[i].cpu == c)
			continue;
		one = shoot_kernel(k, c, k->asids[i].cpu, f);
		answered = MAX(answered, one);
	}
	if (!c)
		return;
	sent = charge_begin(&k->charger, c);
	kernel_step(k, c, STEP_FLUSH_KERNEL);
	charge_time(&k->charger, c, KPATH_FLUSH, kernel_flush_cycles(k, f));
	drop_kernel(c, f);
	k->shootdown.waits += answered != 0;
	if (answered)
		await_answers(&k->charger, c, flush_pages(f), &(struct sending){ begin, sent, answered });
}

void kernel_flush_range(struct kernel *k, struct cpu *c, u64 start, u64 end)
{
	struct flush f = { .start = start, .end = end, .shift = k->page_shift };

	f.whole = k->cfg.era != ERA_6_X || (end - start) >> f.shift > k->cfg.flush_ceiling;
	flush_kernel(k, c, &f);
}

void kernel_flush_here(const struct kernel *k, struct cpu *c, u64 va)
{
	struct flush f = { .start = va, .end = va + (1ull << k->page_shift), .shift = k->page_shift };

	if (!c)
		return;
	charge_time(&k->charger, c, KPATH_FLUSH, kernel_flush_cycles(k, &f));
	drop_kernel(c, &f);
}
