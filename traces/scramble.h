/*
 * A secret one-to-one mapping of 4 KiB pages that keeps their structure: pages change places within aligned
 * 2 MB so that two of them which share an aligned block of 8 KB, 16 KB, ... 2 MB still share one of that
 * size, and two which do not still do not. (The same is done to addresses of IPv4: Xu, Fan, Ammar, Moon,
 * "Prefix-preserving IP address anonymization", ICNP 2002.) So what reads or allocates aligned blocks sees as
 * many of them as before: lines of page-table entries, what a fault maps around it, tables, larger pages.
 *
 * Each block's halves change places or do not, as the key draws, but for those that must not:
 *  - ranges (mappings, calls) remain ranges: pages do not change places across their ends;
 *  - what lies across pages (an access, a block of code) still does, in the same order;
 *  - pages of a file change places as pages of the file do, in all that maps it.
 *
 * All is told first, then drawn. Not moved are the 2 MB: see relocate.h. Private to mmsim convert.
 */
#ifndef MMSIM_TRACES_SCRAMBLE_H
#define MMSIM_TRACES_SCRAMBLE_H

#include "model/base/types.h"

struct scramble;

struct scramble *scramble_new(u64 key);
void scramble_free(struct scramble *s);

/* One piece: its pages stay side by side. */
void scramble_piece(struct scramble *s, u64 addr, u64 len);
/* Pages among which some may change places; of a page that is in it in part, neither half leaves it. */
void scramble_range(struct scramble *s, u64 addr, u64 len);
/* A range of a file, be it called for or mapped. */
void scramble_file_range(struct scramble *s, u32 file, u64 offset, u64 len);
void scramble_map(struct scramble *s, u32 file, u64 offset, u64 addr, u64 len);
/* What was at one range is at another from now on, or at the beginning of it. */
void scramble_move(struct scramble *s, u64 addr, u64 len, u64 to, u64 to_len);

/* After the last one. */
void scramble_draw(struct scramble *s);
u64 scramble_address(struct scramble *s, u64 addr);
/* Of the pages that were asked for: all, and those that change their places. */
u64 scramble_pages(const struct scramble *s);
u64 scramble_changed(const struct scramble *s);

#endif
