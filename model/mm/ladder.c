#include "model/mm/ladder.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"

const char *const ladder_kind_name[NR_LADDER_KINDS] = {
#define X(id, name, help) name,
	LADDER_KINDS(X)
#undef X
};

static const char *const kind_help[NR_LADDER_KINDS] = {
#define X(id, name, help) help,
	LADDER_KINDS(X)
#undef X
};

struct ladder *ladder_new(bool on)
{
	struct ladder *l = xcalloc(1, sizeof(*l));

	l->on = on;
	return l;
}

void ladder_free(struct ladder *l)
{
	free(l);
}

void ladder_add(struct ladder *l, const struct ladder_scope *s, enum ladder_kind kind)
{
	struct ladder_row *row = &l->row[kind];
	struct kernel_tally end;

	s->c->ops->tally(s->c, &end);
	row->count++;
	row->sum.cycles += end.cycles - s->begin.cycles;
	hist_add(&row->cycles, end.cycles - s->begin.cycles, 1);
#define X(field, unit, help) row->sum.field += end.field - s->begin.field;
	KERNEL_TALLY(X)
#undef X
}

void ladder_note(struct ladder *l, enum ladder_kind kind, u64 cycles)
{
	struct ladder_row *row = &l->row[kind];

	if (!l->on)
		return;
	row->count++;
	row->sum.cycles += cycles;
	hist_add(&row->cycles, cycles, 1);
}

#define STAT_STRUCT struct kernel_tally
static const struct stat_desc tally_table[] = { STAT_ROW(cycles, "cycles", "added up")
							KERNEL_TALLY(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void ladder_stats(const struct ladder *l, struct stats *s)
{
	char name[64];
	u32 i;

	for (i = 0; i < NR_LADDER_KINDS; i++) {
		snprintf(name, sizeof(name), "mm.ladder.%s.count", ladder_kind_name[i]);
		stats_add_one(s, name, &l->row[i].count, "requests", kind_help[i]);
		snprintf(name, sizeof(name), "mm.ladder.%s", ladder_kind_name[i]);
		stats_add(s, name, tally_table, &l->row[i].sum);
	}
}
