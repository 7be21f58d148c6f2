/*
 * What the report page (plots/report.h) is made of: a JSON object with all numbers of a run or of a sweep,
 *which the page's script draws, and the answer in words, which stands at its top.
 *
 * Of a run:
 *	kind "run"; title, machine, kernel, version, traces, hz, command (a line of the shell), notes
 *	figures      [name, value, unit] of measure.h
 *	stack        [part, cycles], largest first
 *	spread       [kind, accesses, mean, p50, p90, p99, p99.9, longest] in cycles
 *	latency      {kind: [[cycles, accesses], ...]} rising
 *	served       {kind: {rows, columns, cells [[accesses, mean], ...]}} translation by level
 *	amat         [level, accesses that got that far, their mean latency beyond the level before] of loads
 *	counters     [name, value, unit, meaning]
 *	intervals    {ms [...], series {name: {unit, at [...]}}} or null
 *	tables       [{name, about, head [...], rows [[...]], all}] of CSV files that the run has
 *	config, summary   texts
 * Of a sweep:
 *	kind "sweep"; title, version, command
 *	axes         [{key, unit, number, zipped, values [...]}] without the seed
 *	figures      [{name, unit, more}]
 *	points       [{at [index on each axis], name, seeds, failed, mean [...], low [...], high [...]}]
 *	effects      [key, percent] how far its values' mean cycles lie apart, largest first
 *	failures     [point, why]
 *
 * Called by plots/ and cli/.
 */
#ifndef MMSIM_ANALYSIS_REPORT_H
#define MMSIM_ANALYSIS_REPORT_H

#include <jansson.h>

#include "analysis/run.h"
#include "analysis/strings.h"
#include "analysis/sweep.h"

/* The answer: what it was, in one paragraph, and what stands out, a sentence or two each. */
struct answer {
	char *title;
	struct strings lead, findings;
};
void answer_fini(struct answer *a);
/* Adds a sentence. */
void answer_say(struct strings *s, const char *fmt, ...) printf_like(2, 3);

json_t *report_run(const struct run *r);
void report_run_answer(struct answer *a, const struct run *r);
/* NULL, or what is wrong (a new string). */
char *report_sweep(json_t **j, struct answer *a, const char *dir);

#endif
