#include "model/sim/suggest.h"

#include <string.h>

#define MAX_WORD 63u

void suggest_init(struct suggest *s, const char *word)
{
	size_t len = strlen(word);

	s->word = word;
	s->best = NULL;
	s->distance = 2 + (u32)(MIN(len, MAX_WORD) / 4); /* one more than is still taken for a slip */
}

/* Levenshtein's distance, one row of the table at a time; both words have at most MAX_WORD letters. */
static u32 edit_distance(const char *a, const char *b)
{
	u32 row[MAX_WORD + 1], lb = (u32)strlen(b);

	for (u32 j = 0; j <= lb; j++)
		row[j] = j;
	for (u32 i = 1; a[i - 1]; i++) {
		u32 diagonal = row[0];

		row[0] = i;
		for (u32 j = 1; j <= lb; j++) {
			u32 replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(replace, 1 + MIN(row[j], row[j - 1]));
		}
	}
	return row[lb];
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	u32 d;

	if (strlen(s->word) > MAX_WORD || strlen(candidate) > MAX_WORD)
		return;
	d = edit_distance(s->word, candidate);
	if (d < s->distance) {
		s->best = candidate;
		s->distance = d;
	}
}
