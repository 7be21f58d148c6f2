/* Any bytes as a trace file of any format: read, skipping damage, to the end. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "traces/trace.h"

/* Inflated text can be a thousand times the input; enough of it has been seen then. */
#define MAX_PACKETS 64u

static void read_all(struct trace *t)
{
	struct tr_cursor *c = tr_cursor_new(t);
	struct trace_packet *p;
	struct tr_chunk chunk;
	u32 n = 0;

	while (n++ < MAX_PACKETS && trace_next(t, &p) == TRACE_OK) {
		tr_cursor_set(c, p);
		while (tr_cursor_next(c, &chunk))
			;
		trace_packet_free(t, p);
	}
	tr_cursor_free(c);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct trace_opts opts = { .keep_going = true };
	int fd = memfd_create("fuzz", 0);
	char path[64], err[TR_ERRBUF];
	struct trace *t;

	if (write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = trace_open(path, &opts, err);
	if (t) {
		read_all(t);
		trace_close(t);
	}
	close(fd);
	return 0;
}
