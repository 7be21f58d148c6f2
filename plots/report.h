/*
 * The report of a run or a sweep: one HTML file that carries all it shows and loads nothing. What it says is
 * made in analysis/report.h; how it looks is in plots/page.
 */
#ifndef MMSIM_PLOTS_REPORT_H
#define MMSIM_PLOTS_REPORT_H

/* NULL, or why there is no report of this directory (a new string). Fails if the file cannot be written. */
char *report_write(const char *dir, const char *path, const char *version);

#endif
