#include "model/hw/way_predict.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

const char *const way_predictor_names[] = { "none", "utag", "linear", NULL };

void way_init(struct way_predict *w, u32 kind, u64 penalty, u32 ids)
{
	*w = (struct way_predict){ .kind = kind, .penalty = penalty };
	if (kind == WAY_NONE)
		return;
	w->utag = xmalloc(ids * sizeof(*w->utag));
	memset(w->utag, 0xff, ids * sizeof(*w->utag));
}

void way_fini(struct way_predict *w)
{
	free(w->utag);
}

u32 way_learn(struct way_predict *w, u32 first, u32 ways, u32 id, u64 va)
{
	u16 utag = way_utag(w, va);
	u32 i, loser = id;

	for (i = first; i < first + ways; i++) {
		if (w->utag[i] != utag || i == id)
			continue;
		w->utag[i] = WAY_UNKNOWN;
		loser = i;
	}
	w->utag[id] = utag;
	return loser;
}
