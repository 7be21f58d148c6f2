/*
 * The parts of the page that `mmsim report` writes, made from plots/page at build time. Private to
 * plots/report.c.
 */
#ifndef MMSIM_PLOTS_REPORT_PAGE_H
#define MMSIM_PLOTS_REPORT_PAGE_H

extern const char
	page_html[]; /* {title}, {style}, {answer}, {version}, {data} and {script} stand for those */
extern const char page_css[], page_js[];

#endif
