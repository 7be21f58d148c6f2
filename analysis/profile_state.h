/*
 * The inside of a profile. Private to analysis/profile*.c.
 */
#ifndef MMSIM_ANALYSIS_PROFILE_STATE_H
#define MMSIM_ANALYSIS_PROFILE_STATE_H

#include "analysis/profile.h"
#include "analysis/symbols.h"
#include "model/base/map64.h"
#include "traces/footprint.h"

#define PROFILE_PAGE_SHIFT 12

/* A process of a recording. */
struct profile_space {
	u32 recording, pid;
	struct map64 pages, lines, code; /* to indices of the profile's */
};

/* A mapping by name: file, heap, stack, named or nameless memory. */
struct profile_mapping {
	char *name, *path; /* path: of the file, NULL: it is none */
	u64 bytes;         /* of the file */
	u64 pages, accesses;
	struct symbols *symbols;
	bool looked; /* for symbols */
	struct profile_counts c;
};

struct profile_page {
	u64 vpn;
	u32 space, mapping;
	u64 offset; /* in the mapping */
	u64 accesses;
	struct profile_counts c;
};

struct profile_line {
	u64 line, pa; /* numbers of the virtual and of the physical line */
	u32 space;
	u64 cores; /* bit mask of those that had slow accesses; of more than 64, modulo 64 */
	struct profile_counts c;
};

/* Slow accesses of a place in the code. */
struct profile_code {
	u64 ip;
	u32 space;
	struct profile_counts c;
};

struct profile_core {
	u32 space; /* that runs there */
	u64 vpn;   /* touched last */
	u32 page;  /* its index */
};

struct profile {
	struct profile_hook hook;
	u32 n_files, line_shift;
	struct footprint **footprint; /* one a recording */
	struct profile_core *core;
	struct profile_space *space;
	u32 n_spaces;
	struct profile_mapping *mapping;
	u32 n_mappings;
	struct profile_page *page;
	struct profile_line *line;
	struct profile_code *place;
	u32 n_pages, cap_pages, n_lines, cap_lines, n_places, cap_places;
};

/* Of the process at an address: by name, offset and, if there is one, symbol, "main+0x12". A new string. */
char *profile_symbol(struct profile *p, u32 mapping, u64 offset, bool behind);
/* The mapping and offset of code; the mapping is made if it is new. */
u32 profile_place(struct profile *p, u32 space, u64 addr, u64 *offset);
/* The page's index, made if it is new. */
u32 profile_page(struct profile *p, u32 space, u64 vpn);

#endif
