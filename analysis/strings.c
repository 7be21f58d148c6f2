#include "analysis/strings.h"

#include <stdlib.h>

#include "model/base/error.h"

void strings_add(struct strings *s, const char *text)
{
	s->at = xrealloc(s->at, (s->n + 1) * sizeof(*s->at));
	s->at[s->n++] = xstrdup(text);
}

void strings_fini(struct strings *s)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		free(s->at[i]);
	free(s->at);
	*s = (struct strings){ 0 };
}
