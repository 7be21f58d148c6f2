/* Which points of a sweep's product its conditions leave. */
#include "analysis/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/expr.h"
#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/sim/config.h"

/* What keys come to that no axis varies: of each machine and kernel, which may be axes. */
struct base {
	const char *machine, *kernel;
	struct machine_cfg cfg;
	struct config *config;
};

struct chooser {
	const struct sweep *s;
	const char *usual_machine, *usual_kernel;
	struct base *base;
	u32 n;
	u64 point;
	char *value; /* given out last */
};

static const char *chosen(const struct chooser *c, const char *word, const char *own, const char *usual)
{
	const struct sweep_axis *a = sweep_axis(c->s, word);

	return a ? sweep_value(c->s, c->point, a) : own ? own : usual;
}

/* As replay does: the usual kernel gives way to what the machine's file says. */
static struct config *load(const struct chooser *c, struct base *b)
{
	bool own_kernel = c->s->kernel || sweep_axis(c->s, SWEEP_KERNEL);
	struct config *config = config_new(machine_sections, &b->cfg);
	u32 i;

	if (!own_kernel)
		config_load(config, "kernels", b->kernel);
	config_load(config, "machines", b->machine);
	if (own_kernel)
		config_load(config, "kernels", b->kernel);
	for (i = 0; i < c->s->settings.n; i++)
		config_set(config, c->s->settings.at[i]);
	return config;
}

static struct config *base_config(struct chooser *c)
{
	const char *machine = chosen(c, SWEEP_MACHINE, c->s->machine, c->usual_machine);
	const char *kernel = chosen(c, SWEEP_KERNEL, c->s->kernel, c->usual_kernel);
	struct base *b;
	u32 i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->base[i].machine, machine) && !strcmp(c->base[i].kernel, kernel))
			return c->base[i].config;
	b = &c->base[c->n++];
	b->machine = machine;
	b->kernel = kernel;
	b->config = load(c, b);
	return b->config;
}

static const char *value_of(void *arg, const char *key)
{
	struct chooser *c = arg;
	const struct sweep_axis *a = sweep_axis(c->s, key);

	if (a)
		return sweep_value(c->s, c->point, a);
	if (!strcmp(key, SWEEP_MACHINE))
		return chosen(c, key, c->s->machine, c->usual_machine);
	free(c->value);
	c->value = config_get(base_config(c), key);
	return c->value;
}

static char *holds(struct chooser *c, bool *all)
{
	char *bad = NULL;
	bool one;
	u32 i;

	*all = true;
	for (i = 0; i < c->s->where.n && *all && !bad; i++) {
		bad = expr_test(c->s->where.at[i], value_of, c, &one);
		*all = one;
	}
	return bad;
}

static u64 combinations(const struct sweep *s)
{
	const struct sweep_axis *m = sweep_axis(s, SWEEP_MACHINE), *k = sweep_axis(s, SWEEP_KERNEL);

	return (u64)(m ? m->values.n : 1) * (k ? k->values.n : 1);
}

static void chooser_fini(struct chooser *c)
{
	u32 i;

	for (i = 0; i < c->n; i++)
		config_free(c->base[i].config);
	free(c->base);
	free(c->value);
}

char *sweep_choose(struct sweep *s, const char *usual_machine, const char *usual_kernel)
{
	struct chooser c = { .s = s, .usual_machine = usual_machine, .usual_kernel = usual_kernel };
	u64 *left = xcalloc(s->points, sizeof(*left)), n = 0;
	char *bad = NULL;
	bool all;

	c.base = xcalloc(combinations(s), sizeof(*c.base));
	for (c.point = 0; c.point < s->points && !bad; c.point++) {
		bad = holds(&c, &all);
		if (all)
			left[n++] = c.point;
	}
	chooser_fini(&c);
	if (!bad && !n)
		bad = xasprintf("none of the %llu combinations fulfils the conditions",
				(unsigned long long)s->points);
	if (bad) {
		free(left);
		return bad;
	}
	s->chosen = left;
	s->points = n;
	return NULL;
}
