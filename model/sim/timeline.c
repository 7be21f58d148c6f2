#include "model/sim/timeline.h"

#include "model/base/error.h"

const struct timeline_kind_info timeline_kinds[NR_TIMELINE_KINDS] = {
#define X(id, name, category, lane, arg0, arg1) \
	[TL_##id] = { name, category, TL_LANE_##lane, { arg0, arg1 } },
	TIMELINE_KINDS(X)
#undef X
};

const char *const timeline_devices[NR_TIMELINE_DEVICES] = {
	[TL_DEVICE_STORAGE] = "storage",
	[TL_DEVICE_SWAP] = "swap device",
};

void timeline_tell(struct timeline *t, const struct timeline_event *e)
{
	ASSERT(e->end >= e->start);
	t->count[e->kind]++;
	t->cycles[e->kind] += e->end - e->start;
	if (t->told == t->limit) {
		if (!t->dropped++)
			t->cut_at = e->start;
		return;
	}
	t->told++;
	t->tell(t->arg, e);
}
