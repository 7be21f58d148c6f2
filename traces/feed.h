/*
 * Single instructions and their data accesses become one-instruction blocks, and these packets.
 *
 * For readers of formats that know no basic blocks; one thread. Data before any instruction, and more of it
 * than an instruction can have, becomes blocks without instructions, one access each. Private to traces/.
 */
#ifndef MMSIM_TRACES_FEED_H
#define MMSIM_TRACES_FEED_H

#include "traces/block.h"

struct feed;

struct feed *feed_new(const char *isa);
void feed_free(struct feed *f);

/* An instruction begins; data that follows is its own. size 1..255. */
void feed_insn(struct feed *f, u64 pc, u8 size);
void feed_data(struct feed *f, enum tr_kind kind, u64 addr, u32 size, u16 dep);
/* Nothing follows. */
void feed_end(struct feed *f);

/*
 * Takes the oldest finished packet, valid until the next call of this; false: none. To be asked after each
 * call above.
 */
bool feed_take(struct feed *f, const u8 **bytes, u32 *len);

#endif
