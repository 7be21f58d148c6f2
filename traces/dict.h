/*
 * Static blocks interned by content, and their coded form in packets (FORMAT.md, "Dictionary").
 *
 * The same table serves the encoder (blocks come as structs) and the reader (blocks come coded). Entries
 * never move and are never removed. Private to traces/; the public half is in encode.h.
 */
#ifndef MMSIM_TRACES_DICT_H
#define MMSIM_TRACES_DICT_H

#include "traces/block.h"
#include "traces/encode.h"

struct dict_entry {
	struct tr_block block;
	const u8 *body; /* coded instructions and slots: everything but the pc */
	u32 body_len;
	u32 code_len; /* bytes of all instructions */
};

/* Longest coded body, from the limits in block.h. */
#define DICT_BODY_MAX (2 * VARINT_MAX + TR_MAX_INSNS * 2 + TR_MAX_SLOTS * 12)

/* Valid for ids returned so far; takes no lock. */
const struct dict_entry *dict_entry(const struct tr_dict *d, u32 id);
u32 dict_count(const struct tr_dict *d);

/*
 * Interns the n blocks of a packet's dictionary and sets id[0..n-1]. False: the bytes make no sense.
 * Every block found keeps the limits of block.h.
 */
bool dict_intern(struct tr_dict *d, const u8 *bytes, u32 len, u32 n, u32 *id);

#endif
