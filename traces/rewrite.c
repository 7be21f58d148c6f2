#include "traces/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/capture_write.h"

struct stream {
	u32 pid, tid;
	struct tr_encoder *encoder;
};

struct rewriter {
	struct capture_writer *out;
	struct tr_dict *dict;
	char isa[9];
	struct stream *stream;
	u32 n, last; /* last: asked for last */
};

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct rewriter *w = arg;

	capture_write(w->out, packet, len, insns); /* what goes wrong is told at the end */
}

struct rewriter *rewriter_open(const char *path, const char *isa, char err[TR_ERRBUF])
{
	struct capture_writer *out = capture_create(path, err);
	struct rewriter *w;

	if (!out)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->out = out;
	w->dict = tr_dict_new();
	memcpy(w->isa, isa, strnlen(isa, sizeof(w->isa) - 1));
	return w;
}

struct tr_encoder *rewriter_thread(struct rewriter *w, u32 pid, u32 tid, u64 seen)
{
	struct tr_encoder_cfg cfg = {
		.dict = w->dict, .pid = pid, .tid = tid, .isa = w->isa, .seen = seen, .emit = emit, .arg = w
	};
	u32 i;

	for (i = 0; i < w->n; i++) {
		const struct stream *s = &w->stream[(w->last + i) % w->n];

		if (s->pid != pid || s->tid != tid)
			continue;
		w->last = (w->last + i) % w->n;
		return s->encoder;
	}
	w->stream = xrealloc(w->stream, (w->n + 1) * sizeof(*w->stream));
	w->stream[w->n] = (struct stream){ pid, tid, tr_encoder_new(&cfg) };
	w->last = w->n++;
	return w->stream[w->last].encoder;
}

void rewriter_end_packet(struct rewriter *w, u32 pid, u32 tid)
{
	tr_encoder_flush(rewriter_thread(w, pid, tid, 0));
}

u32 rewriter_block(struct rewriter *w, const struct tr_block *b)
{
	return tr_dict_add(w->dict, b);
}

bool rewriter_close(struct rewriter *w, char err[TR_ERRBUF])
{
	bool good;
	u32 i;

	for (i = 0; i < w->n; i++)
		tr_encoder_free(w->stream[i].encoder);
	good = capture_close(w->out, err);
	tr_dict_free(w->dict);
	free(w->stream);
	free(w);
	return good;
}
