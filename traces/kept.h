/*
 * Recordings held in memory, decoded: what trace_keep() (trace.h) has made is given out again packet by
 * packet by every trace_open() of the same name, in this process and in those that it forks. Nothing is
 * copied: a cursor's chunks are those that are kept, 8 bytes an address. (Four bytes would be less memory,
 * but to make addresses of them took a tenth of the time that a replay takes.)
 *
 * Only the beginning may be kept; who goes on reads the file again from its beginning, passing over what was
 * kept, into the same table of blocks, in which ids therefore mean the same.
 *
 * Private to traces/.
 */
#ifndef MMSIM_TRACES_KEPT_H
#define MMSIM_TRACES_KEPT_H

#include "traces/decode.h"

struct kept;

/* NULL: no recording of that name is kept. */
const struct kept *kept_find(const char *path);
/* The n-th packet, a new one as packet_parse() makes them; NULL: so many are not kept. */
struct packet *kept_packet(const struct kept *k, u32 n);
u64 kept_position(const struct kept *k, u32 n); /* of the file, behind the n-th packet */
bool kept_is_whole(const struct kept *k);
/* What it was read from, open until the program ends: format, instruction set, table of blocks. */
struct trace *kept_origin(const struct kept *k);

#endif
