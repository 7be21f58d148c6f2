#include "model/hw/shortcut.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

void shortcut_init(struct shortcut *s, u32 rows, u32 sets, bool off)
{
	u32 i;

	s->row = xmalloc(rows * sizeof(*s->row));
	s->seen = s->row;
	s->mask = rows - 1;
	s->of_set = xcalloc(sets, sizeof(*s->of_set));
	for (i = 0; i < sets; i++)
		s->of_set[i] = i & s->mask;
	shortcut_clear(s);
	if (!off)
		return;
	s->seen = xmalloc(rows * sizeof(*s->seen));
	memset(s->seen, 0xff, rows * sizeof(*s->seen));
}

void shortcut_fini(struct shortcut *s)
{
	if (s->seen != s->row)
		free(s->seen);
	free(s->row);
	free(s->of_set);
}

void shortcut_clear(struct shortcut *s)
{
	memset(s->row, 0xff, (s->mask + 1) * sizeof(*s->row));
}
