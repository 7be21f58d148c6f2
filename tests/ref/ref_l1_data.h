/*
 * The data of a first level, followed by a naive twin: which version of each line every copy holds, and which
 * memory. The cache itself holds no data; the twin looks at what lies where after each step, and stands
 * below to see what is read and written. It knows nothing of sets, keys and virtual addresses.
 */
#ifndef MMSIM_TESTS_REF_L1_DATA_H
#define MMSIM_TESTS_REF_L1_DATA_H

#include "model/hw/cache.h"

#define REF_DATA_LINES 4096u

struct ref_l1_data {
	struct port port; /* stands between the cache and what was below it */
	struct port *below;
	struct cache *cache;
	u64 base;                    /* physical line number of the first line that is followed */
	u64 memory[REF_DATA_LINES];  /* versions, by line */
	u64 newest[REF_DATA_LINES];
	u64 *copy, *held; /* by line id: version, and the line that was there when last looked */
	u64 stored;       /* version that goes through while a store is made */
};

void ref_l1_data_init(struct ref_l1_data *d, struct cache *c, u64 base_pa);
void ref_l1_data_fini(struct ref_l1_data *d);
/* Call before a store, which is of one line. */
void ref_l1_data_storing(struct ref_l1_data *d, u64 pa);
/* Call after each step: takes note of what lies where. */
void ref_l1_data_look(struct ref_l1_data *d);
/* The only copy of a line, by id, or TAG_MISS; asserts that it is the only one. Look first. */
u32 ref_l1_data_copy(const struct ref_l1_data *d, u64 pa);
/* The line was stored to: its copy, if there is one, is the newest version. Look first. */
void ref_l1_data_stored(struct ref_l1_data *d, u64 pa);
/* The line's bytes were asked for from below: memory has them, if the copy was said to be dirty. */
void ref_l1_data_probed(struct ref_l1_data *d, u64 pa, bool dirty);
/* The line was loaded: asserts that its copy is there and that what was stored last was seen. Look first. */
void ref_l1_data_loaded(const struct ref_l1_data *d, u64 pa);

#endif
