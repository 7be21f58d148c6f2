#include "analysis/words.h"

#include <string.h>

const struct word words_served[] = {
	{ "l1", "L1" }, { "l2", "L2" }, { "l3", "L3" }, { "l4", "L4" }, { "remote", "other core" },
	{ "dram", "DRAM" }, { 0 },
};

const struct word words_translation[] = {
	{ "none", "no translation" }, { "tlb", "L1 TLB hit" },   { "stlb", "STLB hit" },
	{ "walk", "page walk" },      { "fault", "page fault" }, { 0 },
};

/* Of latency.csv since it tells causes; "any": of a table before that. */
const struct word words_cause[] = {
	{ "none", "no fault" },
	{ "kthread", "kernel threads" },
	{ "shootdown", "shootdown victim" },
	{ "minor", "minor fault" },
	{ "zero_page", "zero page" },
	{ "zero", "cleared page" },
	{ "file", "file page" },
	{ "swap", "swap cache" },
	{ "huge", "large page" },
	{ "cow", "copy on write" },
	{ "reclaim", "reclaim" },
	{ "major", "major fault" },
	{ "any", "all" },
	{ 0 },
};

const char *word_label(const struct word *list, const char *token)
{
	for (; list->token; list++)
		if (!strcmp(list->token, token))
			return list->label;
	return token;
}
