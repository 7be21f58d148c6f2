/*
 * Fields of a comma-separated table as RFC 4180 has them: quoted where they hold a comma, a quote or a line's
 * end.
 */
#ifndef MMSIM_ANALYSIS_CSV_H
#define MMSIM_ANALYSIS_CSV_H

#include <stdio.h>

void csv_field(FILE *f, const char *text);
/* The field that *at begins with, without its quotes, a new string; *at then stands behind it and its comma.
 */
char *csv_take(const char **at);

#endif
