/*
 * Checking packets and turning them back into runs. Private to traces/; users see trace.h.
 *
 * Nothing here trusts the bytes: whatever they are, no read leaves them and the work is bounded.
 */
#ifndef MMSIM_TRACES_DECODE_H
#define MMSIM_TRACES_DECODE_H

#include "traces/encode.h"
#include "traces/trace.h"

/* A packet that passed its checks, its dictionary interned. */
struct packet {
	struct trace_packet pub; /* first: handed out */
	char isa[9];             /* NUL-terminated */
	u32 n_local;             /* blocks in its dictionary */
	u32 *id;                 /* their ids in the trace's table */
	const struct tr_chunk *chunk; /* in place of bytes, if it is kept decoded: see kept.h */
	u32 n_chunks;
};

/* Returns the packet, which free() frees, or NULL and in *why what is wrong. */
struct packet *packet_parse(struct tr_dict *dict, const u8 *bytes, u32 len, const char **why);

struct tr_cursor *cursor_new(const struct tr_dict *dict);

#endif
