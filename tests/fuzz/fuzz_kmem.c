/* Any bytes as lines of perf script's text. */
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/kmem_text.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* A line ends where its memory does, for the sanitizer to see who reads on. */
	while (size) {
		const u8 *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;
		char *line = xmalloc(n + 1);
		struct kmem_event ev;
		const char *why;

		memcpy(line, data, n);
		line[n] = 0;
		if (kmem_parse(line, &ev, &why) == KMEM_LINE_EVENT)
			ASSERT(!why && ev.kind < NR_KMEM_KINDS);
		free(line);
		n += end != NULL;
		data += n;
		size -= n;
	}
	return 0;
}
