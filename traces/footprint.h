/*
 * Which pages a recording touches, by the mapping they lie in: file, heap, stack, named or nameless memory.
 *
 * Follows the address spaces in the order of the file, in which threads of a process are not in step: a page
 * without a mapping at that moment counts for the one that was there before or that comes later. Pages are
 * 4 KiB. For `mmsim info`; the replay has its own address spaces.
 */
#ifndef MMSIM_TRACES_FOOTPRINT_H
#define MMSIM_TRACES_FOOTPRINT_H

#include "traces/block.h"

struct footprint;

struct footprint *footprint_new(void);
void footprint_free(struct footprint *f);

void footprint_event(struct footprint *f, u32 pid, const struct tr_event *ev);
void footprint_touch(struct footprint *f, u32 pid, u64 addr, u64 len);

/* What is mapped at an address, or was last; valid until the next event. */
const char *footprint_name(const struct footprint *f, u32 pid, u64 addr);

/* What is at an address, in more detail. */
struct footprint_place {
	const char *name;
	bool is_file;
	u64 offset; /* of a file: in it; else from the beginning of the mapping */
	u64 file_bytes; /* 0: unknown */
	u64 start;      /* of the mapping, or of what is left of it */
};
/* False: nothing is or was mapped there. Valid until the next event. */
bool footprint_place(const struct footprint *f, u32 pid, u64 addr, struct footprint_place *place);

struct footprint_row {
	const char *name;
	u64 pages;
	u64 mapped; /* bytes mapped over the whole recording */
};

/* Rows by name, most pages first; valid until the next call of anything here. Returns their number. */
u32 footprint_rows(struct footprint *f, const struct footprint_row **rows);
u64 footprint_pages(const struct footprint *f);

#endif
