#include "analysis/stack.h"

#include <string.h>

static struct stack_part *find(const struct stack *s, const char *name)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->part[i].name, name))
			return (struct stack_part *)&s->part[i];
	return NULL;
}

static void add(struct stack *s, const char *name, u64 cycles)
{
	struct stack_part *p = find(s, name);

	s->total += cycles;
	if (!p && s->n < STACK_MAX) {
		p = &s->part[s->n++];
		*p = (struct stack_part){ name, 0 };
	}
	if (p)
		p->cycles += cycles;
}

void stack_of(struct stack *s, const struct counters *c)
{
	const char *name;
	u32 i;

	s->n = 0;
	s->total = 0;
	for (i = 0; i < c->n; i++) {
		name = counters_cycle_part(c->at[i].name);
		if (name && c->at[i].value)
			add(s, name, c->at[i].value);
	}
}

u64 stack_get(const struct stack *s, const char *name)
{
	const struct stack_part *p = find(s, name);

	return p ? p->cycles : 0;
}
