/*
 * The words of latency.csv and of the cycle stack, and how tables and pictures call them, in the order in
 * which they are shown. A new level or part of the cycle stack is one row in words.c.
 */
#ifndef MMSIM_ANALYSIS_WORDS_H
#define MMSIM_ANALYSIS_WORDS_H

struct word {
	const char *token, *label;
};

extern const struct word words_served[], words_translation[], words_cause[]; /* each ends with token NULL */

/* The label of a token; the token itself if the list has no such row. */
const char *word_label(const struct word *list, const char *token);

#endif
