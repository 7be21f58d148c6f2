/*
 * Words that an option may be set to: an array of patterns, NULL-terminated. A pattern is a plain word
 * ("lru") or one with alternatives in braces ("m{0,1}_r{0,2}"), which stands for all their combinations.
 *
 * A word's number is its pattern's index in the lowest WORD_BITS; above them the combination: the first
 * group's choice, plus the second's times the number of the first's alternatives, and so on. For opt.c, and
 * for whoever takes such a number apart.
 */
#ifndef MMSIM_SIM_WORD_H
#define MMSIM_SIM_WORD_H

#include "model/base/types.h"

#define WORD_BITS  8u
#define WORD_INDEX ((1u << WORD_BITS) - 1)

bool word_find(const char *const *patterns, const char *text, u32 *number);
/* The word with that number; the caller frees it. */
char *word_format(const char *const *patterns, u32 number);

#endif
