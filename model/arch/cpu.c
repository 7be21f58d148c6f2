#include "model/arch/cpu.h"

const char *const kernel_path_name[NR_KERNEL_PATHS] = {
#define X(id, name, help) name,
	KERNEL_PATHS(X)
#undef X
};

const char *const kernel_path_help[NR_KERNEL_PATHS] = {
#define X(id, name, help) help,
	KERNEL_PATHS(X)
#undef X
};

const char *const access_cause_name[NR_ACCESS_CAUSES] = {
#define X(id, name, help) name,
	ACCESS_CAUSES(X)
#undef X
};

void cpu_touch_each(struct cpu *c, enum kernel_path path, const struct cpu_touches *t, const u64 *object)
{
	const struct cpu_touch *p;

	for (p = t->touch; p < t->touch + t->n; p++) {
		u64 va = object[p->object] + (u64)(s64)p->at;

		if (!object[p->object])
			continue;
		if (p->write)
			c->ops->store(c, path, va, p->bytes);
		else
			c->ops->load(c, path, va, p->bytes);
	}
}
