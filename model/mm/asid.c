#include "model/mm/asid.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/era.h"
#include "model/mm/kernel_boot.h"

const char *const asids_words[] = { "era", NULL };

/*
 * i386 has no PCIDs; on x86-64 Linux uses 6 a CPU since 4.14 (arch/x86/include/asm/tlbflush.h,
 * TLB_NR_DYN_ASIDS) and none before, as the older eras stand for kernels up to that. AArch64 and RISC-V have
 * 8 to 16 bits: more than processes here.
 */
#define X86_PCIDS  6u
#define WIDE_ASIDS 4095u

u32 kernel_asids(const struct kernel_cfg *cfg)
{
	if (cfg->asids != ASIDS_ERA)
		return cfg->asids;
	switch (cfg->layout) {
	case KERNEL_LAYOUT_I386:
	case KERNEL_LAYOUT_I386_PAE:
		return 0;
	case KERNEL_LAYOUT_X86_64:
	case KERNEL_LAYOUT_X86_64_LA57:
		return cfg->era < ERA_6_X ? 0 : X86_PCIDS;
	default:
		return WIDE_ASIDS;
	}
}

static void init(struct asids *a, struct cpu *c, u32 n)
{
	*a = (struct asids){ .cpu = c, .n = n, .next = 1, .id = xcalloc(n + 1, sizeof(*a->id)) };
}

void asids_fini(struct asids *a)
{
	free(a->id);
}

/* ---- */

static u64 set_of(const struct cpu *c)
{
	return 1ull << c->id;
}

static u16 number_of(const struct asids *a, const struct asid *id)
{
	return (u16)(id - a->id);
}

struct asid *asid_loaded(struct asids *a)
{
	return &a->id[a->loaded->asid[a->cpu->id]];
}

void asid_flush(struct asids *a, struct asid *id)
{
	a->cpu->ops->flush_asid(a->cpu, number_of(a, id));
	if (id->mm)
		id->gen = id->mm->tlb_gen;
}

/* choose_new_asid(): the next id becomes the address space's. */
static struct asid *take_id(struct mm *mm, struct asids *a)
{
	struct asid *id = &a->id[a->next];

	a->next = a->next % a->n + 1;
	if (id->mm)
		id->mm->asid[a->cpu->id] = 0;
	id->mm = mm;
	mm->asid[a->cpu->id] = number_of(a, id);
	if (id->used) {
		asid_flush(a, id);
		mm->k->flush.recycled += mm->k->cfg.asids != 0;
	}
	id->gen = mm->tlb_gen;
	id->used = true;
	return id;
}

static void catch_up(struct mm *mm, struct asids *a, struct asid *id)
{
	if (id->gen == mm->tlb_gen)
		return;
	asid_flush(a, id);
	mm->k->flush.stale++;
}

/* The present address space is loaded no more. */
static void unload(struct asids *a, bool keeps_mask)
{
	struct mm *old = a->loaded;

	if (old && !keeps_mask)
		old->cpus &= ~set_of(a->cpu);
	a->loaded = NULL;
}

/* switch_mm_irqs_off() */
void mm_load(struct mm *mm, struct cpu *c)
{
	struct asids *a = &mm->k->asids[c->id];

	a->lazy = false;
	if (a->loaded != mm)
		unload(a, mm->k->rules.keeps_mask);
	a->loaded = mm;
	mm->cpus |= set_of(c);
	if (!mm->asid[c->id])
		take_id(mm, a);
	else
		catch_up(mm, a, asid_loaded(a));
	c->ops->switch_to(c, mm->root, mm->asid[c->id]);
}

void asid_leave(struct asids *a)
{
	const struct kernel *k = a->loaded->k;

	/* Without ids the write of CR3 flushes. */
	if (!k->cfg.asids)
		asid_flush(a, asid_loaded(a));
	unload(a, k->rules.keeps_mask);
	a->cpu->ops->switch_to(a->cpu, 0, 0);
}

static void end_on(struct mm *mm, struct asids *a)
{
	a->id[mm->asid[a->cpu->id]].mm = NULL;
	if (a->loaded != mm)
		return;
	a->loaded = NULL;
	a->cpu->ops->switch_to(a->cpu, 0, 0);
}

void asid_end(struct mm *mm)
{
	u32 i;

	for (i = 0; i < mm->k->n_cpus; i++)
		if (mm->asid[i])
			end_on(mm, &mm->k->asids[i]);
}

/* enter_lazy_tlb() */
struct mm *asid_lend(struct kernel *k, struct cpu *c)
{
	struct asids *a = &k->asids[c->id];
	struct mm *mm = a->lazy ? NULL : a->loaded;

	kernel_enter_lazy(k, c);
	return mm;
}

void asid_return(struct mm *mm, struct cpu *c)
{
	if (mm)
		mm_load(mm, c);
}

u16 mm_asid(const struct mm *mm, const struct cpu *c)
{
	return mm->asid[c->id];
}

void kernel_add_cpu(struct kernel *k, struct cpu *c)
{
	ASSERT(c->id == k->n_cpus && k->n_cpus < MAX_CPUS);
	k->asids = xrealloc(k->asids, (k->n_cpus + 1) * sizeof(*k->asids));
	k->cpu = xrealloc(k->cpu, (k->n_cpus + 1) * sizeof(*k->cpu));
	k->cpu[k->n_cpus] = (struct kernel_cpu){ 0 };
	init(&k->asids[k->n_cpus++], c, MAX(k->cfg.asids, 1));
	kernel_boot_cpu(k, c);
}

/* It stays lazy until it loads an address space. */
void kernel_set_idle(struct kernel *k, struct cpu *c, bool idle)
{
	struct asids *a = &k->asids[c->id];

	a->idle = idle;
	a->lazy |= idle;
}

void kernel_hold(struct kernel *k, struct cpu *c)
{
	k->asids[c->id].idle = true;
}

void kernel_enter_lazy(struct kernel *k, struct cpu *c)
{
	k->asids[c->id].lazy = true;
}

static void sane(const struct asids *a)
{
	const struct mm *mm;
	u32 i;

	for (i = 1; i <= a->n; i++) {
		mm = a->id[i].mm;
		ASSERT(!mm || (mm->asid[a->cpu->id] == i && a->id[i].used && a->id[i].gen <= mm->tlb_gen));
	}
	mm = a->loaded;
	if (!mm)
		return;
	ASSERT(a->id[mm->asid[a->cpu->id]].mm == mm && (mm->cpus & set_of(a->cpu)));
	ASSERT(a->lazy || a->id[mm->asid[a->cpu->id]].gen == mm->tlb_gen);
}

void asids_sane(const struct kernel *k)
{
	u32 i;

	for (i = 0; i < k->n_cpus; i++)
		sane(&k->asids[i]);
}
