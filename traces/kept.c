#include "traces/kept.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/base/error.h"

/* Large pages of the host: children then share them through few page-table entries. */
#define HUGE_PAGE (2u << 20)
#define PIECE     (16u << 20)

struct kept_packet {
	struct packet head; /* bytes: none */
	u64 position;
};

struct kept {
	char *path;
	struct trace *origin;
	struct kept_packet *packet;
	u32 n, cap;
	bool whole;
	char *room; /* left of the last piece */
	size_t left;
	u64 bytes;
	struct tr_chunk *chunk; /* of the packet at hand */
	u32 cap_chunks;
	struct kept *next;
};

static struct kept *all;

static void new_piece(struct kept *k)
{
	k->room = aligned_alloc(HUGE_PAGE, PIECE);
	if (!k->room)
		fail("out of host memory for a decoded recording");
	madvise(k->room, PIECE, MADV_HUGEPAGE); /* where there are none, small ones do */
	k->left = PIECE;
	k->bytes += PIECE;
}

static void *keep_bytes(struct kept *k, const void *from, size_t bytes)
{
	void *at;

	ASSERT(bytes <= PIECE);
	if (!k->room || bytes > k->left)
		new_piece(k);
	at = k->room;
	if (bytes)
		memcpy(at, from, bytes);
	bytes = MIN((bytes + 15) & ~(size_t)15, k->left);
	k->room += bytes;
	k->left -= bytes;
	return at;
}

static const struct tr_event *keep_event(struct kept *k, const struct tr_event *e)
{
	struct tr_event copy = *e;

	if (e->name)
		copy.name = keep_bytes(k, e->name, strlen(e->name) + 1);
	return keep_bytes(k, &copy, sizeof(copy));
}

static void keep_chunk(struct kept *k, u32 n, const struct tr_chunk *c)
{
	struct tr_chunk copy = *c;

	copy.block = keep_bytes(k, c->block, c->n_runs * sizeof(*c->block));
	copy.addr = keep_bytes(k, c->addr, c->n_addrs * sizeof(*c->addr));
	if (c->event)
		copy.event = keep_event(k, c->event);
	if (n == k->cap_chunks) {
		k->cap_chunks = 2 * k->cap_chunks + 64;
		k->chunk = xrealloc(k->chunk, k->cap_chunks * sizeof(*k->chunk));
	}
	k->chunk[n] = copy;
}

static void keep_packet(struct kept *k, struct tr_cursor *cursor, const struct trace_packet *p)
{
	struct kept_packet *to;
	struct tr_chunk chunk;
	u32 n = 0;

	for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk); n++)
		keep_chunk(k, n, &chunk);
	if (k->n == k->cap) {
		k->cap = 2 * k->cap + 64;
		k->packet = xrealloc(k->packet, k->cap * sizeof(*k->packet));
	}
	to = &k->packet[k->n++];
	*to = (struct kept_packet){ .head = { .pub = *p, .n_chunks = n } };
	to->head.pub.bytes = NULL;
	to->head.pub.next = NULL;
	to->head.chunk = keep_bytes(k, k->chunk, n * sizeof(*k->chunk));
	to->position = trace_bytes_read(k->origin);
}

struct trace_kept trace_keep(const char *path, const struct trace_limits *l)
{
	struct kept *k = xcalloc(1, sizeof(*k));
	enum trace_status status = TRACE_OK;
	struct tr_cursor *cursor;
	struct trace_packet *p;
	char err[TR_ERRBUF];
	u64 runs = 0, insns = 0;

	ASSERT(!kept_find(path));
	k->origin = trace_open(path, NULL, err);
	if (!k->origin) {
		free(k);
		return (struct trace_kept){ 0 };
	}
	k->path = xstrdup(path);
	cursor = tr_cursor_new(k->origin);
	while (runs < l->runs && insns < l->insns && k->bytes < l->bytes &&
	       (status = trace_next(k->origin, &p)) == TRACE_OK) {
		keep_packet(k, cursor, p);
		runs += p->n_runs;
		insns += p->n_insns;
		trace_packet_free(k->origin, p);
	}
	k->whole = status == TRACE_END;
	tr_cursor_free(cursor);
	free(k->chunk);
	k->chunk = NULL;
	k->next = all;
	all = k;
	return (struct trace_kept){ .bytes = k->bytes, .runs = runs, .whole = k->whole };
}

const struct kept *kept_find(const char *path)
{
	const struct kept *k = all;

	while (k && strcmp(k->path, path))
		k = k->next;
	return k;
}

struct packet *kept_packet(const struct kept *k, u32 n)
{
	struct packet *p;

	if (n >= k->n)
		return NULL;
	p = xmalloc(sizeof(*p));
	*p = k->packet[n].head;
	return p;
}

u64 kept_position(const struct kept *k, u32 n)
{
	return k->packet[n].position;
}

bool kept_is_whole(const struct kept *k)
{
	return k->whole;
}

struct trace *kept_origin(const struct kept *k)
{
	return k->origin;
}
