/* mm/slab.c:s_show(), mm/slab_common.c:cache_show(): caches, the youngest first. */
#include "model/mm/procfs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct caches {
	struct slab_info *at;
	u32 n, cap;
};

static void take(void *arg, const struct slab_info *i)
{
	struct caches *c = arg;

	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->at = xrealloc(c->at, c->cap * sizeof(*c->at));
	}
	c->at[c->n++] = *i;
}

/* Version 1 of the format: up to 2.5.7x. Limits only where there are arrays: 2.4 on one CPU has none. */
static void print_v1(FILE *f, const struct slab_info *i, bool arrays)
{
	fprintf(f, "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4" PRIu64 " %4" PRIu64 " %4u", i->name,
		i->active_objs, i->num_objs, i->objsize, i->active_slabs, i->num_slabs, i->pagesperslab);
	if (arrays)
		fprintf(f, " : %4u %4u", i->limit, i->batchcount);
	fputc('\n', f);
}

static void print_v2(FILE *f, const struct slab_info *i)
{
	fprintf(f, "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4u", i->name, i->active_objs, i->num_objs,
		i->objsize, i->objperslab, i->pagesperslab);
	fprintf(f, " : tunables %4u %4u %4u", i->limit, i->batchcount, i->shared);
	fprintf(f, " : slabdata %6" PRIu64 " %6" PRIu64 " %6" PRIu64 "\n", i->active_slabs, i->num_slabs,
		i->shared_avail);
}

/* The names of two columns stood in the wrong order in version 2.0. */
static void print_head(FILE *f, enum kernel_era era, bool arrays)
{
	if (era <= ERA_2_5_66) {
		fprintf(f, "slabinfo - version: %s\n",
			era == ERA_2_5_66 ? "1.2"
			: arrays          ? "1.1 (SMP)"
					  : "1.1");
		return;
	}
	fprintf(f, "slabinfo - version: %s\n", era <= ERA_2_6_9 ? "2.0" : "2.1");
	fprintf(f,
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables "
		"%s <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
		era <= ERA_2_6_9 ? "<batchcount> <limit>" : "<limit> <batchcount>");
}

/* The cache of caches is the head of 2.4's list itself. */
static void oldest_first(struct caches *c)
{
	struct slab_info first = c->at[0];

	memmove(c->at, c->at + 1, (c->n - 1) * sizeof(*c->at));
	c->at[c->n - 1] = first;
}

void proc_slabinfo(FILE *f, const struct proc_source *p)
{
	enum kernel_era era = p->pa->cfg.era;
	bool arrays = era >= ERA_2_5_66 || p->pa->cfg.cpus > 1;
	struct caches c = { 0 };

	slabs_each(p->slabs, take, &c);
	if (era <= ERA_2_4_21 && c.n)
		oldest_first(&c);
	print_head(f, era, arrays);
	while (c.n-- > 0)
		if (era <= ERA_2_5_66)
			print_v1(f, &c.at[c.n], arrays);
		else
			print_v2(f, &c.at[c.n]);
	free(c.at);
}
