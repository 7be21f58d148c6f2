/*
 * blocks.csv: free blocks of the page allocator by order over time, a row a zone and one of all zones.
 *
 *	after         intervals that had passed: 0 is the beginning of what was measured
 *	instructions  of all cores until then, and
 *	cycle         the clock, of the whole replay
 *	node, zone    "0", "Normal"; of all zones "all", "all"
 *	free_pages    of the kernel's page size
 *	page_bytes    that size
 *	order0, ...   blocks of 1, 2, 4, ... pages
 */
#ifndef MMSIM_ANALYSIS_BLOCKS_CSV_H
#define MMSIM_ANALYSIS_BLOCKS_CSV_H

#include <stdio.h>

#include "model/mm/alloc.h"

#define BLOCKS_FILE "blocks.csv"

void blocks_csv_head(FILE *f);
void blocks_csv_rows(FILE *f, const struct page_alloc *pa, u64 after, u64 instructions, u64 cycle);

/* A row of all zones, read back. */
struct blocks_row {
	u64 after, instructions, cycle, free_pages, page_bytes;
	u64 nr[MAX_ORDERS];
};
struct blocks_table {
	struct blocks_row *row;
	u32 n, cap;
};
/* Reads the rows of all zones; NULL if the table is well-formed, else what is wrong where (a new string). */
char *blocks_csv_read(FILE *f, struct blocks_table *t);
void blocks_table_fini(struct blocks_table *t);

#endif
