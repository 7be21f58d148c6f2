#include "model/mm/ipi.h"

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/percpu.h"
#include "model/sim/time.h"

/* struct __call_single_data, include/linux/smp_types.h: aligned to its size. */
#define CSD_BYTES 32u

/* x2APIC IDs of a cluster, which one write of the ICR reaches (SDM volume 3, "Logical x2APIC ID"). */
#define CLUSTER 16u
/* A flat logical destination names so many (arch/x86/kernel/apic/apic_flat_64.c, mach_apic.h of 2.6). */
#define FLAT_CPUS 8u

/* One target. */
struct answer {
	u64 sent, taken, written; /* cycles */
};

struct round {
	const struct ipi *x;
	struct answer of[MAX_CPUS];
	struct spinlock *lock; /* FLUSH_BY_VECTOR */
	u64 sent, done;        /* cycles of the asker: all interrupts, its own flush */
};

static struct cpu *cpu_of(const struct round *r, u32 i)
{
	return r->x->k->asids[i].cpu;
}

static bool by_call(const struct kernel *k)
{
	return k->rules.form == FLUSH_BY_CALL;
}

/* ---- lines ---- */

static void look(const struct kernel *k, struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	charge_load(&k->charger, c, path, va, bytes);
}

/* A word is looked at, and then written. */
static void take(const struct kernel *k, struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	charge_load(&k->charger, c, path, va, bytes);
	charge_store(&k->charger, c, path, va, bytes);
}

/* Of the target, from the asker: per_cpu_ptr(cfd->csd, target). */
static u64 request_va(const struct round *r, u32 target)
{
	return percpu_va(r->x->k->pa, target, PERCPU_REQUEST + r->x->c->id * CSD_BYTES);
}

static u64 queue_va(const struct round *r, u32 target)
{
	return percpu_va(r->x->k->pa, target, PERCPU_QUEUE);
}

/* ---- send ---- */

/* Until the lock's last holder has all its answers. */
static void claim_vector(struct round *r)
{
	struct kernel *k = r->x->k;

	r->lock = &k->flush_state[r->x->c->id % k->rules.vectors];
	spin_lock(&k->charger, r->x->c, KPATH_SHOOTDOWN, r->lock);
	charge_store(&k->charger, r->x->c, KPATH_SHOOTDOWN, r->lock->va, 4 * k->layout.word);
}

static void write_requests(const struct round *r)
{
	struct kernel *k = r->x->k;
	struct cpu *c = r->x->c;
	u64 left;

	charge_store(&k->charger, c, KPATH_SHOOTDOWN, percpu_va(k->pa, c->id, PERCPU_FLUSH_INFO), 40);
	for (left = r->x->targets; left; left &= left - 1) {
		u32 target = (u32)__builtin_ctzll(left);

		kernel_step(k, c, STEP_IPI_TARGET);
		take(k, c, KPATH_SHOOTDOWN, request_va(r, target), CSD_BYTES);
		take(k, c, KPATH_SHOOTDOWN, queue_va(r, target), k->layout.word);
	}
}

/* Targets of one group are reached by one write of the ICR. */
static u32 group_of(const struct round *r, u32 target)
{
	const struct kernel *k = r->x->k;

	if (by_call(k))
		return cpu_of(r, target)->node * MAX_CPUS + target / CLUSTER;
	return k->n_cpus <= FLAT_CPUS ? 0 : target;
}

static void send(struct round *r)
{
	struct kernel *k = r->x->k;
	struct cpu *c = r->x->c;
	u32 group = ~0u, target;
	u64 left;

	kernel_step(k, c, STEP_IPI_CALL);
	if (k->pa && by_call(k))
		write_requests(r);
	else if (k->pa)
		claim_vector(r);
	for (left = r->x->targets; left; left &= left - 1) {
		target = (u32)__builtin_ctzll(left);
		if (group_of(r, target) != group)
			charge_time(&k->charger, c, KPATH_SHOOTDOWN, k->cost.ipi_send);
		group = group_of(r, target);
		r->of[target].sent = c->ops->now(c);
	}
	r->sent = c->ops->now(c);
}

/* ---- handle ---- */

static void find_request(const struct round *r, const struct asids *a)
{
	const struct kernel *k = r->x->k;
	u32 i = a->cpu->id;

	kernel_step(k, a->cpu, STEP_IPI_QUEUE);
	if (!k->pa)
		return;
	if (by_call(k)) {
		take(k, a->cpu, KPATH_IPI, queue_va(r, i), k->layout.word);
		look(k, a->cpu, KPATH_IPI, request_va(r, i), CSD_BYTES);
		look(k, a->cpu, KPATH_IPI, percpu_va(k->pa, r->x->c->id, PERCPU_FLUSH_INFO), 40);
	} else {
		ASSERT(r->lock);
		look(k, a->cpu, KPATH_IPI, r->lock->va, 4 * k->layout.word);
	}
}

static void write_answer(const struct round *r, const struct asids *a)
{
	const struct kernel *k = r->x->k;

	if (!k->pa)
		return;
	ASSERT(by_call(k) || r->lock);
	take(k, a->cpu, KPATH_IPI, by_call(k) ? request_va(r, a->cpu->id) : r->lock->va, k->layout.word);
}

static u64 arrival(const struct round *r, u32 target)
{
	const struct kernel *k = r->x->k;
	bool far = cpu_of(r, target)->node != r->x->c->node;

	return r->of[target].sent + k->cost.ipi_latency + (far ? k->cost.ipi_far : 0);
}

static void handle(struct round *r, u32 target)
{
	struct kernel *k = r->x->k;
	struct asids *a = &k->asids[target];
	struct answer *answer = &r->of[target];
	struct cpu *t = a->cpu;
	struct ladder_scope scope;
	u64 offset, end;

	answer->taken = t->ops->interrupt(t, arrival(r, target), a->idle);
	offset = answer->taken - t->ops->now(t); /* of the interrupt's time from the target's clock */
	ladder_begin(k->charger.ladder, t, &scope);
	kernel_path_step(k, t, NULL, STEP_IPI_ENTRY);
	find_request(r, a);
	r->x->there(r->x, a);
	write_answer(r, a);
	answer->written = t->ops->now(t) + offset;
	kernel_path_step(k, t, NULL, STEP_IPI_EXIT);
	charge_time(&k->charger, t, KPATH_IPI, k->cost.ipi_exit);
	end = t->ops->now(t) + offset;
	ladder_end(k->charger.ladder, &scope, LADDER_IPI_HANDLE);
	t->ops->interrupt_end(t, end);
	ladder_note(k->charger.ladder, LADDER_IPI_DELIVER, answer->taken - answer->sent);
	timeline_span(k->charger.timeline, target, TL_IPI, answer->taken, end, r->x->c->id, r->x->pages);
}

/* ---- acknowledge ---- */

static void see_answers(const struct round *r)
{
	struct kernel *k = r->x->k;
	struct cpu *c = r->x->c;
	u64 left;

	for (left = r->x->targets; left; left &= left - 1) {
		u32 target = (u32)__builtin_ctzll(left);

		c->ops->wait_until(c, KPATH_SHOOTDOWN, r->of[target].written);
		if (k->pa && by_call(k))
			look(k, c, KPATH_SHOOTDOWN, request_va(r, target), k->layout.word);
	}
	if (!r->lock)
		return;
	look(k, c, KPATH_SHOOTDOWN, r->lock->va, k->layout.word);
	spin_unlock(&k->charger, c, r->lock);
}

/* Whose answer came last. */
static const struct answer *last_answer(const struct round *r)
{
	const struct answer *last = NULL;
	u64 left;

	for (left = r->x->targets; left; left &= left - 1) {
		const struct answer *one = &r->of[__builtin_ctzll(left)];

		if (!last || one->written > last->written)
			last = one;
	}
	return last;
}

/* The parts on the way to the last answer add up to the whole. */
static void account(const struct round *r)
{
	struct kernel *k = r->x->k;
	struct shootdown_stats *st = &k->shootdown;
	const struct answer *last = last_answer(r);
	u64 end = r->x->c->ops->now(r->x->c), ready = MAX(last->written, r->done);

	st->cycles += end - r->x->begin;
	st->send_cycles += last->sent - r->x->begin;
	st->deliver_cycles += last->taken - last->sent;
	st->handle_cycles += last->written - last->taken;
	st->local_cycles += ready - last->written;
	st->ack_cycles += end - ready;
	ladder_note(k->charger.ladder, LADDER_IPI_SEND, r->sent - r->x->begin);
	ladder_note(k->charger.ladder, LADDER_IPI_ACK, end - ready);
	ladder_note(k->charger.ladder, LADDER_SHOOTDOWN, end - r->x->begin);
}

static void tell(const struct round *r)
{
	struct timeline *t = r->x->k->charger.timeline;
	u32 id = r->x->c->id;
	u64 end;

	if (!timeline_on(t))
		return;
	end = r->x->c->ops->now(r->x->c);
	timeline_span(t, id, TL_SHOOTDOWN_SEND, r->x->begin, r->sent, 0, 0);
	if (r->x->here)
		timeline_span(t, id, TL_SHOOTDOWN_FLUSH, r->sent, r->done, 0, 0);
	timeline_span(t, id, TL_SHOOTDOWN_WAIT, r->done, end, 0, 0);
	timeline_span(t, id, TL_SHOOTDOWN, r->x->begin, end, r->x->pages, 0);
}

static void do_here(const struct ipi *x)
{
	if (x->here)
		x->here(x);
}

/* With all that it costs. */
static void call(const struct ipi *x)
{
	struct round r = { .x = x };
	u64 left;

	send(&r);
	for (left = x->targets; left; left &= left - 1)
		handle(&r, (u32)__builtin_ctzll(left));
	do_here(x);
	r.done = x->c->ops->now(x->c);
	see_answers(&r);
	account(&r);
	tell(&r);
}

/* It takes no time. */
static void call_for_nothing(const struct ipi *x)
{
	u64 left, now;

	for (left = x->targets; left; left &= left - 1) {
		struct asids *a = &x->k->asids[__builtin_ctzll(left)];

		now = a->cpu->ops->now(a->cpu);

		x->there(x, a);
		timeline_span(x->k->charger.timeline, a->cpu->id, TL_IPI, now, now, x->c->id, x->pages);
	}
	do_here(x);
	now = x->c->ops->now(x->c);
	if (x->targets)
		timeline_span(x->k->charger.timeline, x->c->id, TL_SHOOTDOWN, now, now, x->pages, 0);
}

void ipi_call(const struct ipi *x)
{
	x->k->shootdown.ipis += (u64)__builtin_popcountll(x->targets);
	x->k->shootdown.waits += x->targets != 0;
	if (x->targets && x->k->charger.on && !time_stands)
		call(x);
	else
		call_for_nothing(x);
}
