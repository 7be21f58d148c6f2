#include "model/core/check_tlb.h"

#include "model/base/error.h"

struct check {
	struct core *core;
	const struct kernel *k;
};

static void check_at(const struct check *ch, const struct core_translation *t, u64 offset)
{
	u64 pa = 0;
	u32 flags = 0;

	if (!kernel_translates(ch->k, core_cpu(ch->core), t->asid, t->va + offset, &pa, &flags))
		return;
	ASSERT(flags & PTE_PRESENT);
	ASSERT(core_machine_pa(ch->core, pa) == t->pa + offset);
	ASSERT(!(t->flags & PTE_WRITE) || (flags & PTE_WRITE));
	ASSERT(!(t->flags & PTE_EXEC) || (flags & PTE_EXEC));
}

/* A page of a TLB may be several of the tables. */
static void check_translation(void *arg, const struct core_translation *t)
{
	check_at(arg, t, 0);
	check_at(arg, t, t->bytes - 1);
}

void check_tlb(struct core *c, const struct kernel *k)
{
	struct check ch = { c, k };

	core_each_translation(c, check_translation, &ch);
}
