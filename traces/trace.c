#include "traces/trace.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/decode.h"
#include "traces/dict.h"
#include "traces/kept.h"
#include "traces/reader.h"
#include "traces/source.h"

static const struct reader_ops *const formats[] = {
	/* probe order */
	&fmt_capture, &fmt_lackey, &fmt_xdin, &fmt_din, &fmt_champsim, &fmt_cloudsuite, &fmt_kmem,
};

/* Packets that a decode thread may be ahead. */
#define AHEAD 16u

struct ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct packet *packet[AHEAD + 1]; /* one more: the one in hand when stopped */
	u32 first, n;
	enum trace_status ended; /* TRACE_OK while it runs */
	bool stop;
};

struct trace {
	char *path;
	struct trace_opts opts;
	struct source *src;
	const struct reader_ops *ops;
	void *reader;
	struct tr_dict *dict;
	bool dict_given; /* it is another's */
	char isa[9];
	_Atomic(u64) lost;
	u64 read;     /* packets taken from the reader */
	bool damaged; /* the reader has to be put on its feet before it is asked again */
	bool done;
	struct packet *first; /* read by trace_open, not yet given out */
	enum trace_status first_status;
	struct ahead *ahead; /* NULL: no thread */
	const struct kept *kept; /* NULL: it is read; else src and reader are none */
	u32 taken;               /* packets of those that are kept */
	struct trace *rest;      /* what follows them, once it is asked for */
	char error[TR_ERRBUF];
};

/* ---- reading ---- */

static void set_error(struct trace *t, const char *fmt, ...) printf_like(2, 3);
static void set_error(struct trace *t, const char *fmt, ...)
{
	char text[TR_ERRBUF];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(t->error, sizeof(t->error), "%.200s: %.280s", t->path, text);
}

/* The next packet as it is, TRACE_ERROR at damage. */
static enum trace_status read_packet(struct trace *t, struct packet **p)
{
	char err[TR_ERRBUF] = "";
	const char *why;
	const u8 *bytes;
	u32 len;
	enum trace_status status;

	if (t->damaged && !t->ops->resync(t->reader))
		return TRACE_END;
	t->damaged = false;
	status = t->ops->next(t->reader, &bytes, &len, err);
	if (status == TRACE_ERROR) {
		t->damaged = true;
		set_error(t, "%s; --keep-going goes on without it", err);
	}
	if (status != TRACE_OK)
		return status;
	t->read++;
	*p = packet_parse(t->dict, bytes, len, &why);
	if (*p)
		return TRACE_OK;
	set_error(t, "packet %llu is damaged: %s; --keep-going skips it", (unsigned long long)t->read, why);
	return TRACE_ERROR;
}

/* The next packet that the caller shall see. */
static enum trace_status read_on(struct trace *t, struct packet **p)
{
	enum trace_status status = TRACE_END;

	if (t->done)
		return TRACE_END;
	while ((status = read_packet(t, p)) == TRACE_ERROR && t->opts.keep_going)
		t->lost++;
	t->done = status != TRACE_OK;
	return status;
}

/* ---- the decode thread ---- */

static void *read_ahead(void *arg)
{
	struct trace *t = arg;
	struct ahead *a = t->ahead;
	enum trace_status status;
	struct packet *p;

	do {
		status = read_on(t, &p);
		pthread_mutex_lock(&a->lock);
		while (a->n == AHEAD && !a->stop)
			pthread_cond_wait(&a->changed, &a->lock);
		if (status == TRACE_OK)
			a->packet[(a->first + a->n++) % (AHEAD + 1)] = p;
		else
			a->ended = status;
		if (a->stop)
			status = TRACE_END;
		pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	} while (status == TRACE_OK);
	return NULL;
}

static void start_ahead(struct trace *t)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	t->ahead = a;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	if (pthread_create(&a->thread, NULL, read_ahead, t))
		fail("cannot start a thread to decode %s", t->path);
}

static void stop_ahead(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	for (; a->n; a->n--, a->first++)
		free(a->packet[a->first % (AHEAD + 1)]);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static enum trace_status take_ahead(struct ahead *a, struct packet **p)
{
	enum trace_status status = TRACE_OK;

	pthread_mutex_lock(&a->lock);
	while (!a->n && a->ended == TRACE_OK)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->n) {
		*p = a->packet[a->first];
		a->first = (a->first + 1) % (AHEAD + 1);
		a->n--;
	} else {
		status = a->ended;
		a->ended = TRACE_END;
	}
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return status;
}

/* ---- opening ---- */

static const struct reader_ops *format_named(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static const struct reader_ops *detect(struct source *src)
{
	const struct reader_ops *best = NULL;
	int sure = 0;
	size_t len;
	const u8 *head = source_head(src, &len);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		int now = formats[i]->probe(head, len);

		if (now > sure) {
			best = formats[i];
			sure = now;
		}
	}
	return best;
}

static void list_formats(char *text, size_t size)
{
	size_t len = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(formats) && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "", formats[i]->name);
}

static bool choose_format(struct trace *t, char err[TR_ERRBUF])
{
	char names[256];
	size_t len;

	list_formats(names, sizeof(names));
	t->ops = t->opts.format ? format_named(t->opts.format) : detect(t->src);
	if (t->ops)
		return true;
	source_head(t->src, &len);
	if (t->opts.format)
		snprintf(err, TR_ERRBUF, "no format is named '%s'; there are: %s", t->opts.format, names);
	else if (!len && source_failed(t->src))
		snprintf(err, TR_ERRBUF, "%s", source_failed(t->src));
	else if (!len)
		snprintf(err, TR_ERRBUF, "is empty once inflated");
	else
		snprintf(err, TR_ERRBUF, "is no trace that can be read; the formats are: %s", names);
	return false;
}

static void read_first(struct trace *t)
{
	t->first_status = read_on(t, &t->first);
	if (t->first_status == TRACE_OK)
		memcpy(t->isa, t->first->isa, sizeof(t->isa));
}

/* dict: of blocks that are known already; NULL: a new one. */
static struct trace *open_file(const char *path, const struct trace_opts *opts, struct tr_dict *dict,
			       char err[TR_ERRBUF])
{
	struct trace *t = xcalloc(1, sizeof(*t));
	char why[TR_ERRBUF] = "";

	t->path = xstrdup(strcmp(path, "-") ? path : "standard input");
	t->opts = opts ? *opts : (struct trace_opts){ 0 };
	t->src = source_open(path, why);
	if (!t->src)
		goto out_free;
	if (!choose_format(t, why))
		goto out_close;
	t->reader = t->ops->open(t->src, why);
	if (!t->reader)
		goto out_close;
	t->dict = dict ? dict : tr_dict_new();
	t->dict_given = dict != NULL;
	read_first(t);
	if (t->opts.decode_thread && t->first_status == TRACE_OK)
		start_ahead(t);
	return t;

out_close:
	source_close(t->src);
out_free:
	snprintf(err, TR_ERRBUF, "%.200s %.300s", t->path, why);
	free(t->path);
	free(t);
	return NULL;
}

static struct trace *open_kept(const struct kept *k)
{
	const struct trace *origin = kept_origin(k);
	struct trace *t = xcalloc(1, sizeof(*t));

	t->path = xstrdup(origin->path);
	t->ops = origin->ops;
	t->dict = origin->dict;
	t->dict_given = true;
	t->kept = k;
	memcpy(t->isa, origin->isa, sizeof(t->isa));
	return t;
}

struct trace *trace_open(const char *path, const struct trace_opts *opts, char err[TR_ERRBUF])
{
	const struct kept *k = opts && (opts->format || opts->keep_going) ? NULL : kept_find(path);

	return k ? open_kept(k) : open_file(path, opts, NULL, err);
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	if (t->ahead)
		stop_ahead(t->ahead);
	trace_close(t->rest);
	if (!t->kept) {
		t->ops->close(t->reader);
		source_close(t->src);
	}
	free(t->first);
	if (!t->dict_given)
		tr_dict_free(t->dict);
	free(t->path);
	free(t);
}

/* ---- what is kept ---- */

/* Opens the file behind what is kept of it. */
static enum trace_status open_rest(struct trace *t)
{
	enum trace_status status = TRACE_OK;
	struct trace_packet *p;
	u32 i;

	t->rest = open_file(t->path, NULL, t->dict, t->error);
	if (!t->rest)
		return TRACE_ERROR;
	for (i = 0; i < t->taken && status == TRACE_OK; i++) {
		status = trace_next(t->rest, &p);
		if (status == TRACE_OK)
			trace_packet_free(t->rest, p);
	}
	return status;
}

static enum trace_status take_kept(struct trace *t, struct trace_packet **pub)
{
	struct packet *p = kept_packet(t->kept, t->taken);
	enum trace_status status = TRACE_OK;

	if (p) {
		t->taken++;
		*pub = &p->pub;
		return TRACE_OK;
	}
	if (kept_is_whole(t->kept))
		return TRACE_END;
	if (!t->rest)
		status = open_rest(t);
	if (status == TRACE_OK)
		status = trace_next(t->rest, pub);
	if (status == TRACE_ERROR && t->rest)
		memcpy(t->error, t->rest->error, sizeof(t->error));
	return status;
}

/* ---- using ---- */

enum trace_status trace_next(struct trace *t, struct trace_packet **pub)
{
	struct packet *p = t->first;
	enum trace_status status = t->first_status;

	if (t->kept)
		return take_kept(t, pub);
	t->first = NULL;
	t->first_status = TRACE_OK;
	if (!p && status == TRACE_OK)
		status = t->ahead ? take_ahead(t->ahead, &p) : read_on(t, &p);
	if (status == TRACE_OK)
		*pub = &p->pub;
	return status;
}

void trace_packet_free(struct trace *t, struct trace_packet *p)
{
	free(container_of(p, struct packet, pub));
}

struct tr_cursor *tr_cursor_new(struct trace *t)
{
	return cursor_new(t->dict);
}

const struct tr_block *trace_block(const struct trace *t, u32 id)
{
	return tr_dict_get(t->dict, id);
}

const char *trace_path(const struct trace *t)
{
	return t->path;
}

const char *trace_format(const struct trace *t)
{
	return t->ops->name;
}

const char *trace_isa(const struct trace *t)
{
	return t->isa;
}

bool trace_has_mappings(const struct trace *t)
{
	return t->ops->has_mappings;
}

u64 trace_bytes_read(const struct trace *t)
{
	if (t->rest)
		return trace_bytes_read(t->rest);
	if (t->kept)
		return t->taken ? kept_position(t->kept, t->taken - 1) : 0;
	return source_position(t->src);
}

u64 trace_bytes_total(const struct trace *t)
{
	return source_length(t->kept ? kept_origin(t->kept)->src : t->src);
}

u64 trace_lost(const struct trace *t)
{
	return t->lost;
}

u64 trace_skipped(const struct trace *t)
{
	if (t->rest)
		return trace_skipped(t->rest);
	return t->kept ? trace_skipped(kept_origin(t->kept)) : t->ops->skipped(t->reader);
}

u64 reader_skips_nothing(const void *state)
{
	return 0;
}

const char *trace_error(const struct trace *t)
{
	return t->error;
}
