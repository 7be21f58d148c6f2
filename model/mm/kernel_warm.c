#include "model/mm/kernel_warm.h"

#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/kpgtable.h"
#include "model/mm/page_cache.h"
#include "model/mm/pcp.h"

/* A hardware thread on which steps only tell what they touch. */
struct teller {
	struct cpu cpu;
	const struct kpgtable *tables;
	const struct warm_walk *walk;
	u64 page, bytes, pa; /* the last page that was looked up */
};

static u64 look_up(struct teller *t, u64 va)
{
	enum page_size size;

	if (va - t->page >= t->bytes) {
		t->pa = kpgtable_pa(t->tables, va, NULL, &size);
		t->bytes = 1ull << page_size_shift[size];
		t->page = va & ~(t->bytes - 1);
		t->pa &= ~(t->bytes - 1);
	}
	return t->pa + (va - t->page);
}

static void tell(struct teller *t, u64 va, u32 bytes, bool text)
{
	u64 end = va + bytes;

	for (va &= ~(u64)(t->walk->line - 1); va < end; va += t->walk->line)
		t->walk->fn(t->walk->arg, look_up(t, va), text);
}

static void tell_text(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	tell(container_of(c, struct teller, cpu), va, bytes, true);
}

static void tell_data(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	tell(container_of(c, struct teller, cpu), va, bytes, false);
}

static void spend_nothing(struct cpu *c, enum kernel_path path, u64 cycles)
{
}

static const struct cpu_ops teller_ops = {
	.execute = tell_text,
	.load = tell_data,
	.store = tell_data,
	.touch = cpu_touch_each,
	.spend = spend_nothing,
};

/* Paths that every program goes down all the time. */
static bool is_common(enum kernel_step s)
{
	switch (kernel_step_path[s]) {
	case KPATH_FAULT:
	case KPATH_SYSCALL:
	case KPATH_PCP:
	case KPATH_SLAB:
		return true;
	default:
		return false;
	}
}

/* What happens once a second, or on some machines, without memory or in few programs only, finds its lines
 * gone. */
static bool is_seldom(const struct kernel *k, enum kernel_step s)
{
	if (s == STEP_MLOCK || s == STEP_MLOCK_PAGE || s == STEP_POPULATE_PAGE)
		return true;
	switch (kernel_step_path[s]) {
	case KPATH_KTHREAD:
	case KPATH_IPI:
	case KPATH_SHOOTDOWN:
	case KPATH_RECLAIM:
	case KPATH_SWAP:
	case KPATH_ZRAM:
		return true;
	case KPATH_PAGE_CACHE:
		return !page_cache_on(k);
	default:
		return false;
	}
}

static void tell_steps(const struct kernel *k, struct teller *t, bool common)
{
	u32 s;

	for (s = 0; s < NR_KERNEL_STEPS; s++)
		if (k->charger.step[s].bytes && !is_seldom(k, (enum kernel_step)s) &&
		    is_common((enum kernel_step)s) == common)
			kernel_path_step(k, &t->cpu, NULL, (enum kernel_step)s);
}

static void tell_zone(struct teller *t, const struct zone *z)
{
	u32 i;

	for (i = 0; i < NR_ZONE_LINES; i++)
		tell(t, zone_line(z, (enum zone_line)i), 1, false);
	tell(t, zone_line(z, ZONE_LINE_FREE_AREA), z->pa->max_order * zone_area_bytes(z), false);
	if (z->pcp)
		tell(t, percpu_va(z->pa, t->cpu.id, percpu_pcp(z)), PERCPU_PCP_BYTES, false);
}

void kernel_each_warm_line(struct kernel *k, const struct warm_walk *w)
{
	struct teller t = { .cpu = { .ops = &teller_ops, .id = w->cpu, .direct_map = k->direct_map },
			    .tables = k->kpgtable,
			    .walk = w };
	u32 i;

	if (!k->cfg.warm || !k->charger.on || !k->pa)
		return;
	if (w->all)
		tell_steps(k, &t, false);
	for (i = 0; i < k->pa->n_zones; i++)
		tell_zone(&t, &k->pa->zone[i]);
	tell_steps(k, &t, true);
}
