#include "model/mm/asid.h"

#include "model/mm/kernel_boot.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/era.h"

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

/* ---- the ring ---- */

static void unlink_id(struct asids *a, u16 id)
{
	struct asid *i = &a->id[id];

	a->id[i->newer].older = i->older;
	a->id[i->older].newer = i->newer;
}

/* Between id 0 and its neighbour on the new, or the old, side. */
static void link_newest(struct asids *a, u16 id)
{
	a->id[id].newer = 0;
	a->id[id].older = a->id[0].older;
	a->id[a->id[0].older].newer = id;
	a->id[0].older = id;
}

static void link_oldest(struct asids *a, u16 id)
{
	a->id[id].older = 0;
	a->id[id].newer = a->id[0].newer;
	a->id[a->id[0].newer].older = id;
	a->id[0].newer = id;
}

static void init(struct asids *a, struct cpu *c, u32 n)
{
	u32 id;

	*a = (struct asids){ .cpu = c, .id = xcalloc(n + 1, sizeof(*a->id)) };
	for (id = n; id; id--)
		link_newest(a, (u16)id);
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

void asid_forget(struct mm *mm, struct asids *a)
{
	u16 id = mm->asid[a->cpu->id];

	a->cpu->ops->flush_asid(a->cpu, id);
	a->id[id].used = false;
	mm->cpus &= ~set_of(a->cpu);
}

/* The oldest id becomes the address space's. */
static void take_id(struct mm *mm, struct asids *a)
{
	u16 id = a->id[0].newer;
	struct mm *old = a->id[id].mm;

	if (a->id[id].used) {
		a->cpu->ops->flush_asid(a->cpu, id);
		mm->k->flush.recycled += mm->k->cfg.asids != 0;
	}
	if (old) {
		old->asid[a->cpu->id] = 0;
		old->cpus &= ~set_of(a->cpu);
	}
	a->id[id].mm = mm;
	mm->asid[a->cpu->id] = id;
}

void mm_load(struct mm *mm, struct cpu *c)
{
	struct asids *a = &mm->k->asids[c->id];
	u16 id;

	if (!mm->asid[c->id])
		take_id(mm, a);
	id = mm->asid[c->id];
	unlink_id(a, id);
	link_newest(a, id);
	a->id[id].used = true;
	a->loaded = mm;
	mm->cpus |= set_of(c);
	c->ops->switch_to(c, mm->root, id);
}

static void end_on(struct mm *mm, struct asids *a)
{
	u16 id = mm->asid[a->cpu->id];

	a->id[id].mm = NULL;
	unlink_id(a, id);
	link_oldest(a, id);
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

void kernel_set_idle(struct kernel *k, struct cpu *c, bool idle)
{
	k->asids[c->id].lazy = idle;
}
