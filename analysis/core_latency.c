#include "analysis/core_latency.h"

static struct results_latency *add_kind(struct results_latency *row, const char *kind,
					const struct hist h[NR_MEM_LEVELS][NR_CORE_CLASSES])
{
	u32 level, class;

	for (level = 0; level < NR_MEM_LEVELS; level++)
		for (class = 0; class < NR_CORE_CLASSES; class ++)
			*row++ = (struct results_latency){ kind, mem_level_name[level],
							   core_xlate_name[core_class_xlate(class)],
							   &h[level][class],
							   access_cause_name[core_class_cause(class)] };
	return row;
}

void core_latency_rows(const struct core_latency *l, struct results_latency rows[CORE_LATENCY_ROWS])
{
	struct results_latency *row = rows;

	row = add_kind(row, "load", l->load);
	row = add_kind(row, "store", l->store);
	*row++ = (struct results_latency){ "fetch", "any", "any", &l->fetch, "any" };
	*row++ = (struct results_latency){ "kernel", "any", "any", &l->kernel, "any" };
	*row++ = (struct results_latency){ "pte", "any", "any", &l->pte, "any" };
}
