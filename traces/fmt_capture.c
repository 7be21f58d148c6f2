/*
 * Captures, through libtrace's `pcapfile:`. A thread inflates and checks the framing (framing.h) and feeds
 * libtrace through a pipe; so plain and compressed files, standard input, and what follows damage all go the
 * same way.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/framing.h"
#include "traces/reader.h"

/* Last: it brings macros that types.h has too. */
#include <libtrace.h>

struct capture {
	struct framing framing;
	const char *damage; /* set by the pump before it ends */
	pthread_t pump;
	bool pumping;
	int to_libtrace;
	libtrace_t *trace;
	libtrace_packet_t *packet;
};

static bool pipe_put(int fd, const u8 *bytes, u32 len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (u32)n;
	}
	return true;
}

static void *pump(void *arg)
{
	struct capture *c = arg;
	sigset_t pipe_signal;
	u32 len;

	/* The reader may be closed before the end of the file. */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	if (pipe_put(c->to_libtrace, c->framing.file_header, PCAP_FILE_HEADER))
		while ((len = framing_next(&c->framing, &c->damage)))
			if (!pipe_put(c->to_libtrace, c->framing.record, len))
				break;
	close(c->to_libtrace);
	return NULL;
}

static void stop(struct capture *c)
{
	if (c->packet)
		trace_destroy_packet(c->packet);
	if (c->trace)
		trace_destroy(c->trace);
	c->packet = NULL;
	c->trace = NULL;
	if (c->pumping)
		pthread_join(c->pump, NULL);
	c->pumping = false;
}

/* libtrace inflates and reads ahead on threads of its own unless told otherwise; both are done here. */
static void quiet_libtrace(void)
{
	setenv("LIBTRACEIO", "nothreads", 0);
}

static bool start(struct capture *c, char err[TR_ERRBUF])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char uri[64];
	int fds[2];

	pthread_once(&once, quiet_libtrace);
	if (pipe2(fds, O_CLOEXEC)) {
		snprintf(err, TR_ERRBUF, "no pipe to libtrace: %s", strerror(errno));
		return false;
	}
	c->damage = NULL;
	c->to_libtrace = fds[1];
	c->pumping = !pthread_create(&c->pump, NULL, pump, c);
	if (!c->pumping)
		fail("cannot start a thread to read a capture");
	snprintf(uri, sizeof(uri), "pcapfile:/dev/fd/%d", fds[0]);
	c->trace = trace_create(uri);
	c->packet = trace_create_packet();
	if (!trace_is_err(c->trace) && !trace_start(c->trace)) {
		close(fds[0]);
		return true;
	}
	snprintf(err, TR_ERRBUF, "libtrace cannot read it: %s", trace_get_err(c->trace).problem);
	close(fds[0]);
	stop(c);
	return false;
}

static int capture_probe(const u8 *head, size_t len)
{
	const char *why;

	return framing_probe(head, len, &why) ? 100 : 0;
}

static void *capture_open(struct source *src, char err[TR_ERRBUF])
{
	struct capture *c;
	const char *why;
	const u8 *head;
	size_t len;

	head = source_head(src, &len);
	if (!framing_probe(head, len, &why))
		why = "is no capture file";
	if (why) {
		snprintf(err, TR_ERRBUF, "%s", why);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	framing_start(&c->framing, src);
	if (start(c, err))
		return c;
	free(c);
	return NULL;
}

/* libtrace has seen everything that the pump gave: did that end at the end of the file? */
static enum trace_status ended(struct capture *c, char err[TR_ERRBUF])
{
	if (c->pumping)
		pthread_join(c->pump, NULL);
	c->pumping = false;
	if (!c->damage)
		return TRACE_END;
	snprintf(err, TR_ERRBUF, "after %llu packets: %s", (unsigned long long)c->framing.records, c->damage);
	return TRACE_ERROR;
}

static enum trace_status capture_next(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF])
{
	struct capture *c = state;
	libtrace_linktype_t link;
	int got = trace_read_packet(c->trace, c->packet);

	if (!got)
		return ended(c, err);
	if (got < 0) {
		snprintf(err, TR_ERRBUF, "libtrace: %s", trace_get_err(c->trace).problem);
		return TRACE_ERROR;
	}
	*bytes = trace_get_packet_buffer(c->packet, &link, len);
	return TRACE_OK;
}

static bool capture_resync(void *state)
{
	struct capture *c = state;
	char err[TR_ERRBUF];

	stop(c);
	return framing_resync(&c->framing) && start(c, err);
}

static void capture_close_reader(void *state)
{
	stop(state);
	free(state);
}

const struct reader_ops fmt_capture = {
	.name = "capture",
	.help = "recordings made by mmsim: pcap of link type 147",
	.has_mappings = true,
	.probe = capture_probe,
	.open = capture_open,
	.next = capture_next,
	.resync = capture_resync,
	.skipped = reader_skips_nothing,
	.close = capture_close_reader,
};
