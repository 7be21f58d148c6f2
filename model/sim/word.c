#include "model/sim/word.h"

#include <string.h>

#include "model/base/error.h"

static u32 alternatives(const char *group)
{
	u32 n = 1;

	for (; *group != '}'; group++)
		n += *group == ',';
	return n;
}

static bool match(const char *pattern, const char *text, u32 weight, u32 *choice);

/* group: behind the opening brace. */
static bool match_group(const char *group, const char *text, u32 weight, u32 *choice)
{
	const char *rest = strchr(group, '}') + 1;
	u32 n = alternatives(group), i;

	for (i = 0; i < n; i++) {
		size_t len = strcspn(group, ",}");

		if (!strncmp(group, text, len) && match(rest, text + len, weight * n, choice)) {
			*choice += i * weight;
			return true;
		}
		group += len + 1;
	}
	return false;
}

static bool match(const char *pattern, const char *text, u32 weight, u32 *choice)
{
	size_t plain = strcspn(pattern, "{");

	if (strncmp(pattern, text, plain))
		return false;
	if (pattern[plain])
		return match_group(pattern + plain + 1, text + plain, weight, choice);
	return !text[plain];
}

bool word_find(const char *const *patterns, const char *text, u32 *number)
{
	u32 i, choice = 0;

	for (i = 0; patterns[i]; i++) {
		if (match(patterns[i], text, 1, &choice)) {
			*number = i | choice << WORD_BITS;
			return true;
		}
	}
	return false;
}

/* Alternative number i of a group, and its length. */
static const char *alternative(const char *group, u32 i, size_t *len)
{
	for (; i; i--)
		group = strchr(group, ',') + 1;
	*len = strcspn(group, ",}");
	return group;
}

char *word_format(const char *const *patterns, u32 number)
{
	const char *p = patterns[number & WORD_INDEX], *chosen;
	char *word = xmalloc(strlen(p) + 1), *end = word;
	u32 choice = number >> WORD_BITS;
	size_t len;

	while (*p) {
		if (*p != '{') {
			*end++ = *p++;
			continue;
		}
		chosen = alternative(p + 1, choice % alternatives(p + 1), &len);
		memcpy(end, chosen, len);
		end += len;
		choice /= alternatives(p + 1);
		p = strchr(p, '}') + 1;
	}
	*end = '\0';
	return word;
}
