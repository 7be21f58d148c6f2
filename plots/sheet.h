/*
 * A table that an experiment has made for its picture: a CSV file without quotes,
 *	# title What a shootdown takes
 *	# unit us
 *	# caption haswell-2s, linux-6.x
 *	cores,send,deliver,handle
 *	2,0.21,0.14,0.42
 * The first column names the rows, in this order; all others are numbers from 0 on. Other comments are passed
 * over.
 */
#ifndef MMSIM_PLOTS_SHEET_H
#define MMSIM_PLOTS_SHEET_H

#include "model/base/types.h"

#define SHEET_COLUMNS 8u
#define SHEET_ROWS    64u

struct sheet_row {
	char *name;
	double value[SHEET_COLUMNS]; /* < 0: an empty field */
};

struct sheet {
	char *title, *unit, *caption; /* NULL: the table has none */
	char *names, *column[SHEET_COLUMNS]; /* headings, of the names and of the numbers */
	struct sheet_row row[SHEET_ROWS];
	u32 n_columns, n_rows;
};

/* A number from 0 on that is all of a text; false: it is none. */
bool sheet_number(const char *s, double *v);

/*
 * Reads a table into a zeroed sheet, which sheet_fini() has to give back in any case. Empty fields are
 * refused unless `gaps`. NULL, or what is wrong and in which line, to be freed.
 */
char *sheet_read(struct sheet *s, const char *file, bool gaps);
void sheet_fini(struct sheet *s);

#endif
