/*
 * Which addresses a recording touches, and when: for each piece of memory and each stretch of instructions
 * whether something in it was fetched, loaded or stored. In one pass; memory is bounded, as stretches and
 * pieces double when there are too many.
 *
 * Instructions are counted in the order of the file, of all threads together. For pictures.
 */
#ifndef MMSIM_ANALYSIS_ADDRESS_MAP_H
#define MMSIM_ANALYSIS_ADDRESS_MAP_H

#include "model/base/types.h"

#define ADDRESS_MAP_COLUMNS 320u   /* stretches, at most; half as many, at least, if instructions allow it */
#define ADDRESS_MAP_PIECES  32768u /* at most */

enum address_use { ADDRESS_FETCHED, ADDRESS_LOADED, ADDRESS_STORED, NR_ADDRESS_USES };

/* A piece of memory, of one process. */
struct address_piece {
	u32 pid;
	u64 addr;
	const char *name;                                    /* what is mapped there */
	u64 used[NR_ADDRESS_USES][ADDRESS_MAP_COLUMNS / 64]; /* a bit a stretch */
};

struct address_map {
	struct address_piece *piece; /* by process and address */
	u32 n;
	u64 piece_bytes; /* a page of 4 KB or more */
	u64 stretch;     /* instructions */
	u64 insns;       /* in all; of a trace without them, its runs of blocks */
	struct footprint *names;
};

/* NULL, or what is wrong (a new string) and nothing to free. */
char *address_map_read(struct address_map *m, const char *trace);
void address_map_fini(struct address_map *m);

static inline bool address_piece_used(const struct address_piece *p, enum address_use use, u32 column)
{
	return p->used[use][column / 64] >> column % 64 & 1;
}

#endif
