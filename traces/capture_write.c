#include "traces/capture_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "model/base/error.h"
#include "traces/encode.h"
#include "traces/pcap.h"

/* Level 1: on recordings the higher ones gain a tenth in size and cost three times the time. */
#define GZIP_MODE "wb1"

struct capture_writer {
	char *path;
	int fd;
	gzFile gz; /* NULL: plain */
	u64 written, synced;
	char error[TR_ERRBUF];
};

static bool ends_in_gz(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && !strcmp(path + len - 3, ".gz");
}

static bool write_failed(struct capture_writer *w)
{
	const char *why = strerror(errno);
	int code = Z_ERRNO;

	if (w->error[0])
		return false;
	if (w->gz)
		why = gzerror(w->gz, &code);
	if (code == Z_ERRNO)
		why = strerror(errno);
	snprintf(w->error, sizeof(w->error), "cannot write %s: %s (%llu bytes of packets are in it)", w->path,
		 why, (unsigned long long)w->written);
	return false;
}

static bool put_plain(struct capture_writer *w, const u8 *bytes, u32 len)
{
	while (len) {
		ssize_t n = write(w->fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (u32)n;
	}
	return true;
}

static bool put(struct capture_writer *w, const u8 *bytes, u32 len)
{
	return w->gz ? gzwrite(w->gz, bytes, len) == (int)len : put_plain(w, bytes, len);
}

static bool put_file_header(struct capture_writer *w)
{
	u8 header[PCAP_FILE_HEADER];

	pcap_put_file_header(header);
	if (!put(w, header, sizeof(header)))
		return write_failed(w);
	w->written = sizeof(header);
	return capture_sync(w);
}

struct capture_writer *capture_create(const char *path, char err[TR_ERRBUF])
{
	bool is_stdout = !strcmp(path, "-");
	struct capture_writer *w = xcalloc(1, sizeof(*w));

	w->path = xstrdup(is_stdout ? "standard output" : path);
	w->fd = is_stdout ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd < 0) {
		snprintf(err, TR_ERRBUF, "cannot create %s: %s", w->path, strerror(errno));
		goto out_free;
	}
	if (ends_in_gz(path)) {
		w->gz = gzdopen(w->fd, GZIP_MODE);
		ASSERT(w->gz);
		gzbuffer(w->gz, 1 << 17);
	}
	if (put_file_header(w))
		return w;
	snprintf(err, TR_ERRBUF, "%s", w->error);
	if (w->gz)
		gzclose(w->gz);
	else
		close(w->fd);
out_free:
	free(w->path);
	free(w);
	return NULL;
}

/* A record cut off by a full disk would make readers report damage; a plain file can do without it. */
static void cut_back(struct capture_writer *w)
{
	struct stat st;

	if (!w->gz && !fstat(w->fd, &st) && S_ISREG(st.st_mode) && !ftruncate(w->fd, (off_t)w->written))
		lseek(w->fd, (off_t)w->written, SEEK_SET);
}

bool capture_write(struct capture_writer *w, const u8 *packet, u32 len, u64 insns)
{
	u8 record[PCAP_RECORD_HEADER + TR_PACKET_MAX];

	ASSERT(len <= TR_PACKET_MAX);
	if (w->error[0])
		return false;
	pcap_put_record_header(record, insns, len);
	memcpy(record + PCAP_RECORD_HEADER, packet, len);
	if (!put(w, record, PCAP_RECORD_HEADER + len)) {
		write_failed(w);
		cut_back(w);
		return false;
	}
	w->written += PCAP_RECORD_HEADER + len;
	return w->written - w->synced < CAPTURE_SYNC_BYTES || capture_sync(w);
}

bool capture_sync(struct capture_writer *w)
{
	w->synced = w->written;
	if (w->gz && gzflush(w->gz, Z_SYNC_FLUSH) != Z_OK)
		return write_failed(w);
	return true;
}

const char *capture_write_error(const struct capture_writer *w)
{
	return w->error;
}

bool capture_close(struct capture_writer *w, char err[TR_ERRBUF])
{
	bool ok;

	errno = 0;
	ok = w->gz ? gzclose(w->gz) == Z_OK : !close(w->fd);
	w->gz = NULL;
	if (!ok)
		write_failed(w);
	snprintf(err, TR_ERRBUF, "%s", w->error);
	ok = !w->error[0];
	free(w->path);
	free(w);
	return ok;
}
