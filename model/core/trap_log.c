#include "model/core/trap_log.h"

#include <stdlib.h>

#include "model/base/error.h"

void trap_log_add(struct trap_log *l, const struct trap *t)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 1024;
		l->note = xrealloc(l->note, l->cap * sizeof(*l->note));
	}
	l->note[l->n++] = (struct trap_note){ .records = l->records, .va = t->va, .access = (u8)t->access,
					      .present = t->present, .copies = l->copies };
}

void trap_log_fini(struct trap_log *l)
{
	free(l->note);
	*l = (struct trap_log){ 0 };
}
