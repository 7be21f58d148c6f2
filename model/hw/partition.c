#include "model/hw/partition.h"

#include <errno.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/tags.h"

const char *partition_parse(struct partition *p, const char *text, u32 ways)
{
	u32 n = 0, i;
	char *end;

	for (i = 0; i < PARTITION_CLASSES; i++)
		p->ways[i] = TAG_ALL_WAYS;
	if (!text || !*text)
		return NULL;
	if (ways > PARTITION_WAYS)
		return "more than 64 ways cannot be shared out";
	for (;; text = end + 1) {
		if (n == PARTITION_CLASSES)
			return "there are at most 16 classes";
		errno = 0;
		p->ways[n] = strtoull(text, &end, 0);
		if (end == text || errno || *text == '-' || (*end && *end != ','))
			return "masks of ways are wanted, as \"0xff0,0x00f\" for classes 0 and 1";
		if (!p->ways[n] || p->ways[n] > TAG_ALL_WAYS >> (PARTITION_WAYS - ways))
			return "each class needs at least one way, and no more ways than there are";
		n++;
		if (!*end)
			return NULL;
	}
}

struct partition *partition_new(const char *text, u32 ways)
{
	struct partition *p;

	if (!text || !*text)
		return NULL;
	p = xmalloc(sizeof(*p));
	ASSERT(!partition_parse(p, text, ways));
	return p;
}
