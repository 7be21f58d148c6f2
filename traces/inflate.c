#include "traces/inflate.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "model/base/error.h"

/* Pieces handed to the libraries, whose counts are 32 bits wide. */
#define MAX_PIECE ((size_t)1 << 30)

/* More than the largest dictionary of `xz -9`; a hostile header must not eat the host. */
#define XZ_MEMORY ((u64)256 << 20)

enum state { GOES_ON, MEMBER_ENDED, DAMAGED };

struct method {
	const char *magic;
	size_t magic_len;
	void (*start)(struct inflater *f);
	/* Moves bytes from io->in to io->out as far as both go, and both with them. */
	enum state (*step)(struct inflater *f, struct inflate_io *io);
	void (*stop)(struct inflater *f);
	const char *cut, *damaged;
};

struct inflater {
	const struct method *method;
	bool inside; /* a member has begun and not ended */
	union {
		z_stream z;
		bz_stream bz;
		lzma_stream xz;
	};
};

static void advance(struct inflate_io *io, const u8 *in, const u8 *out)
{
	io->in_len -= (size_t)(in - io->in);
	io->out_len -= (size_t)(out - io->out);
	io->in = in;
	io->out += out - io->out;
}

static void plain_start(struct inflater *f)
{
}

static enum state plain_step(struct inflater *f, struct inflate_io *io)
{
	size_t n = MIN(io->in_len, io->out_len);

	memcpy(io->out, io->in, n);
	advance(io, io->in + n, io->out + n);
	return MEMBER_ENDED;
}

static void gzip_start(struct inflater *f)
{
	memset(&f->z, 0, sizeof(f->z));
	if (inflateInit2(&f->z, 15 + 16) != Z_OK)
		fail("out of host memory for zlib");
}

static enum state gzip_step(struct inflater *f, struct inflate_io *io)
{
	int ret;

	f->z.next_in = (u8 *)io->in;
	f->z.avail_in = (uInt)MIN(io->in_len, MAX_PIECE);
	f->z.next_out = io->out;
	f->z.avail_out = (uInt)MIN(io->out_len, MAX_PIECE);
	ret = inflate(&f->z, Z_NO_FLUSH);
	advance(io, f->z.next_in, f->z.next_out);
	if (ret == Z_STREAM_END)
		return MEMBER_ENDED;
	return ret == Z_OK || ret == Z_BUF_ERROR ? GOES_ON : DAMAGED;
}

static void gzip_stop(struct inflater *f)
{
	inflateEnd(&f->z);
}

static void bzip2_start(struct inflater *f)
{
	memset(&f->bz, 0, sizeof(f->bz));
	if (BZ2_bzDecompressInit(&f->bz, 0, 0) != BZ_OK)
		fail("out of host memory for bzip2");
}

static enum state bzip2_step(struct inflater *f, struct inflate_io *io)
{
	int ret;

	f->bz.next_in = (char *)io->in;
	f->bz.avail_in = (unsigned)MIN(io->in_len, MAX_PIECE);
	f->bz.next_out = (char *)io->out;
	f->bz.avail_out = (unsigned)MIN(io->out_len, MAX_PIECE);
	ret = BZ2_bzDecompress(&f->bz);
	advance(io, (u8 *)f->bz.next_in, (u8 *)f->bz.next_out);
	if (ret == BZ_STREAM_END)
		return MEMBER_ENDED;
	return ret == BZ_OK ? GOES_ON : DAMAGED;
}

static void bzip2_stop(struct inflater *f)
{
	BZ2_bzDecompressEnd(&f->bz);
}

static void xz_start(struct inflater *f)
{
	f->xz = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(&f->xz, XZ_MEMORY, 0) != LZMA_OK)
		fail("out of host memory for xz");
}

static enum state xz_step(struct inflater *f, struct inflate_io *io)
{
	lzma_ret ret;

	f->xz.next_in = io->in;
	f->xz.avail_in = io->in_len;
	f->xz.next_out = io->out;
	f->xz.avail_out = io->out_len;
	ret = lzma_code(&f->xz, LZMA_RUN);
	advance(io, f->xz.next_in, f->xz.next_out);
	if (ret == LZMA_STREAM_END)
		return MEMBER_ENDED;
	return ret == LZMA_OK || ret == LZMA_BUF_ERROR ? GOES_ON : DAMAGED;
}

static void xz_stop(struct inflater *f)
{
	lzma_end(&f->xz);
}

static const struct method gzip = {
	.magic = "\x1f\x8b\x08",
	.magic_len = 3,
	.start = gzip_start,
	.step = gzip_step,
	.stop = gzip_stop,
	.cut = "its gzip data is cut off",
	.damaged = "its gzip data is damaged",
};
static const struct method bzip2 = {
	.magic = "BZh",
	.magic_len = 3,
	.start = bzip2_start,
	.step = bzip2_step,
	.stop = bzip2_stop,
	.cut = "its bzip2 data is cut off",
	.damaged = "its bzip2 data is damaged",
};
static const struct method xz = {
	.magic = "\3757zXZ",
	.magic_len = 6,
	.start = xz_start,
	.step = xz_step,
	.stop = xz_stop,
	.cut = "its xz data is cut off",
	.damaged = "its xz data is damaged",
};
static const struct method plain = { "", 0, plain_start, plain_step, plain_start, "", "" };

static const struct method *const methods[] = { &gzip, &bzip2, &xz, &plain };

struct inflater *inflater_new(const u8 *head, size_t len)
{
	struct inflater *f = xcalloc(1, sizeof(*f));
	u32 i = 0;

	while (methods[i]->magic_len > len || memcmp(head, methods[i]->magic, methods[i]->magic_len))
		i++;
	f->method = methods[i];
	return f;
}

void inflater_free(struct inflater *f)
{
	if (!f)
		return;
	if (f->inside)
		f->method->stop(f);
	free(f);
}

size_t inflater_step(struct inflater *f, struct inflate_io *io, const char **why)
{
	u8 *const out = io->out;

	while (io->out_len) {
		size_t in_len = io->in_len, out_len = io->out_len;
		enum state state;

		if (!f->inside) {
			if (!io->in_len)
				break;
			f->method->start(f);
			f->inside = true;
		}
		state = f->method->step(f, io);
		if (state == MEMBER_ENDED) {
			f->method->stop(f);
			f->inside = false;
		} else if (state == DAMAGED) {
			*why = f->method->damaged;
			break;
		} else if (in_len == io->in_len && out_len == io->out_len) {
			if (io->in_ends)
				*why = f->method->cut;
			break;
		}
	}
	return (size_t)(io->out - out);
}
