#include "model/hw/shortcut.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

void shortcut_init(struct shortcut *s, u32 rows, u32 sets, bool off)
{
	u32 i;

	s->row = xmalloc(rows * sizeof(*s->row));
	s->mask = rows - 1;
	s->of_set = xcalloc(sets, sizeof(*s->of_set));
	s->off = off ? SHORT_NOTHING : 0;
	for (i = 0; i < sets; i++)
		s->of_set[i] = i & s->mask;
	shortcut_clear(s);
}

void shortcut_fini(struct shortcut *s)
{
	free(s->row);
	free(s->of_set);
}

void shortcut_clear(struct shortcut *s)
{
	memset(s->row, 0xff, (s->mask + 1) * sizeof(*s->row));
}
