#include "traces/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/inflate.h"

#define RAW_SIZE (1u << 16)
#define OUT_SIZE (1u << 17)

struct source {
	int fd;
	u64 length;
	_Atomic(u64) position; /* bytes read from fd */
	struct inflater *inflater;
	const char *failed;
	char failed_text[128];
	bool raw_ended, ended;

	const u8 *raw_pos; /* read, not inflated */
	size_t raw_len;
	u8 *pos; /* inflated, not taken */
	size_t len;
	u8 raw[RAW_SIZE];
	u8 out[OUT_SIZE];
	char line[SOURCE_LINE];
};

static int open_path(const char *path, u64 *length, char err[TR_ERRBUF])
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(err, TR_ERRBUF, "cannot be opened: %s", strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		snprintf(err, TR_ERRBUF, "is a directory; name a trace file");
		close(fd);
		return -1;
	}
	*length = S_ISREG(st.st_mode) ? (u64)st.st_size : 0;
	return fd;
}

/* Reads at least `want` raw bytes if there are so many. */
static void fill_raw(struct source *s, size_t want)
{
	memmove(s->raw, s->raw_pos, s->raw_len);
	s->raw_pos = s->raw;
	while (s->raw_len < want && !s->raw_ended) {
		ssize_t n = read(s->fd, s->raw + s->raw_len, RAW_SIZE - s->raw_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			snprintf(s->failed_text, sizeof(s->failed_text), "cannot be read: %s",
				 strerror(errno));
			s->failed = s->failed_text;
		}
		s->raw_ended = n <= 0;
		s->raw_len += n > 0 ? (size_t)n : 0;
		s->position += n > 0 ? (u64)n : 0;
	}
}

struct source *source_open(const char *path, char err[TR_ERRBUF])
{
	u64 length = 0;
	int fd = open_path(path, &length, err);
	struct source *s;

	if (fd < 0)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	s->length = length;
	s->raw_pos = s->raw;
	s->pos = s->out;
	fill_raw(s, INFLATE_HEAD);
	s->inflater = inflater_new(s->raw, s->raw_len);
	if (!s->failed && s->raw_len)
		return s;
	snprintf(err, TR_ERRBUF, "%s", s->failed ? s->failed : "is empty");
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	inflater_free(s->inflater);
	close(s->fd);
	free(s);
}

/* Adds inflated bytes to those not taken; false: there are no more. */
static bool fill(struct source *s)
{
	memmove(s->out, s->pos, s->len);
	s->pos = s->out;
	while (!s->ended) {
		struct inflate_io io = { .out = s->out + s->len, .out_len = OUT_SIZE - s->len };
		size_t n;

		if (!s->raw_len)
			fill_raw(s, 1);
		io.in = s->raw_pos;
		io.in_len = s->raw_len;
		io.in_ends = s->raw_ended;
		n = inflater_step(s->inflater, &io, s->failed ? &(const char *){ NULL } : &s->failed);
		s->raw_pos = io.in;
		s->raw_len = io.in_len;
		s->len += n;
		s->ended = s->failed || (!n && !s->raw_len && s->raw_ended);
		if (n)
			return true;
	}
	return false;
}

const u8 *source_head(struct source *s, size_t *len)
{
	while (s->len < SOURCE_HEAD && fill(s))
		;
	*len = MIN(s->len, SOURCE_HEAD);
	return s->pos;
}

/* Takes what is there, at least a byte, at most len; 0: the end, or where it cannot be read on. */
static size_t read_some(struct source *s, void *bytes, size_t len)
{
	if (!s->len && !fill(s))
		return 0;
	len = MIN(len, s->len);
	memcpy(bytes, s->pos, len);
	s->pos += len;
	s->len -= len;
	return len;
}

size_t source_read(struct source *s, void *bytes, size_t len)
{
	size_t done = 0, n;

	while (done < len && (n = read_some(s, (u8 *)bytes + done, len - done)))
		done += n;
	return done;
}

const char *source_line(struct source *s, size_t *len)
{
	size_t searched = 0, n;
	u8 *end;

	while (!(end = memchr(s->pos + searched, '\n', s->len - searched))) {
		searched = s->len;
		if (searched >= SOURCE_LINE || !fill(s))
			break;
	}
	if (!s->len)
		return NULL;
	n = end ? (size_t)(end - s->pos) : MIN(s->len, SOURCE_LINE);
	*len = MIN(n, SOURCE_LINE - 1);
	memcpy(s->line, s->pos, *len);
	s->line[*len] = 0;
	n += end ? 1 : 0;
	s->pos += n;
	s->len -= n;
	return s->line;
}

const char *source_failed(const struct source *s)
{
	return s->failed;
}

u64 source_position(const struct source *s)
{
	return s->position;
}

u64 source_length(const struct source *s)
{
	return s->length;
}
