/*
 * stream: follows sequences of lines, ascending or descending, one a page. After `confidence` steps running
 * in one direction, every access brings up to `degree` lines, in order, until the stream is `distance` lines
 * ahead. Intel's Optimization Reference Manual, "Data Prefetching", of the L2 streamer: it "detects and
 * maintains up to 32 streams", "for each 4K byte page, one forward or one backward stream", "may issue two
 * prefetch requests on every L2 lookup" and "can run up to 20 lines ahead of the load request". How many
 * accesses make a stream is not published: a direction that was confirmed once is assumed.
 */
#include "model/hw/prefetch.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/tags.h"

#define AT(field) offsetof(struct prefetcher_cfg, field)

const struct opt prefetch_stream_opts[] = {
	{ "degree", OPT_U32, AT(degree), "2", 1, 16, "lines", "asked for at a time", NULL },
	{ "distance", OPT_U32, AT(distance), "20", 1, 64, "lines", "it runs ahead at most", NULL },
	{ "entries", OPT_U32, AT(entries), "32", 1, 4096, "streams", "followed at a time", NULL },
	{ "confidence", OPT_U32, AT(confidence), "2", 1, 255, "steps",
	  "running in one direction that make a stream", NULL },
	{ "max_stride", OPT_SIZE, AT(max_stride), "4K", 16, 1ull << 30, "bytes", "longest step", NULL },
	{ 0 },
};

struct stream {
	u64 last;  /* lines */
	u64 ahead; /* the furthest that was asked for */
	s64 step;  /* 1, -1; 0: not known */
	u32 seen;  /* steps running */
};

struct streams {
	struct prefetcher_cfg cfg;
	u32 line_shift, page_lines;
	u64 max_step; /* lines */
	struct tags tags;
	struct stream *stream; /* by id */
};

static void *stream_create(const struct prefetcher_cfg *cfg, u32 line_shift, u32 page_shift)
{
	struct streams *s = xcalloc(1, sizeof(*s));

	s->cfg = *cfg;
	s->line_shift = line_shift;
	s->page_lines = page_shift - line_shift;
	s->max_step = cfg->max_stride >> line_shift;
	tags_init(&s->tags, 1, cfg->entries, TAGS_LRU, 0, "stream");
	s->stream = xcalloc(tags_ids(&s->tags), sizeof(*s->stream));
	return s;
}

static void stream_destroy(void *state)
{
	struct streams *s = state;

	tags_fini(&s->tags);
	free(s->stream);
	free(s);
}

static void stream_begin(struct streams *s, u64 line)
{
	u32 id = tags_victim(&s->tags, 0);

	tags_put(&s->tags, id, line >> s->page_lines);
	s->stream[id] = (struct stream){ .last = line };
}

/* Whether there is a stream after an access to another line than the last. */
static bool stream_follow(const struct streams *s, struct stream *t, u64 line)
{
	s64 delta = (s64)(line - t->last), step = delta > 0 ? 1 : -1;

	t->last = line;
	if ((u64)llabs(delta) > s->max_step)
		step = 0;
	if (step != t->step || !step) {
		t->step = step;
		t->seen = 0;
		t->ahead = line;
	}
	if (!step)
		return false;
	t->seen = MIN(t->seen + 1, s->cfg.confidence);
	return t->seen == s->cfg.confidence;
}

/* Lines that the stream is ahead of an access; less than none: the access has overtaken it. */
static s64 stream_lead(const struct stream *t, u64 line)
{
	return (s64)(t->ahead - line) * t->step;
}

static void stream_learn(void *state, const struct prefetch_access *a, struct prefetch_wishes *w)
{
	struct streams *s = state;
	u64 line = a->addr >> s->line_shift;
	u32 id = tags_find(&s->tags, 0, line >> s->page_lines), i;
	struct stream *t;

	if (id == TAG_MISS) {
		stream_begin(s, line);
		return;
	}
	tags_touch(&s->tags, id);
	t = &s->stream[id];
	if (line == t->last || !stream_follow(s, t, line))
		return;
	if (stream_lead(t, line) < 0)
		t->ahead = line;
	for (i = 0; i < s->cfg.degree && stream_lead(t, line) < (s64)s->cfg.distance; i++) {
		t->ahead += (u64)t->step;
		prefetch_wish(w, t->ahead << s->line_shift);
	}
}

static void stream_keep(void *state, struct state *s, const char *owner)
{
	struct streams *all = state;

	tags_state(&all->tags, s, owner);
	state_add(s, owner, "streams", all->stream, tags_ids(&all->tags) * sizeof(*all->stream));
}

const struct prefetcher_ops prefetch_stream = { "stream", false, false, stream_create, stream_destroy,
						stream_learn, stream_keep };
