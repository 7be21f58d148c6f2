#include "traces/feed.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/encode.h"

/* Data accesses of an instruction; a gather has 16. */
#define MAX_DATA 64u

/* One call of a feed function finishes at most two: an instruction's block, and one of data alone. */
#define QUEUE 3u

struct feed {
	struct tr_dict *dict;
	struct tr_encoder *encoder;
	bool inside; /* an instruction has begun */
	u64 pc;
	u8 size;
	u16 n_data;
	struct tr_slot slot[MAX_DATA];
	u64 addr[MAX_DATA];
	u32 first, n; /* of the queue */
	u32 len[QUEUE];
	u8 packet[QUEUE][TR_PACKET_MAX];
};

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct feed *f = arg;
	u32 i = (f->first + f->n++) % QUEUE;

	ASSERT(f->n <= QUEUE);
	memcpy(f->packet[i], packet, len);
	f->len[i] = len;
}

struct feed *feed_new(const char *isa)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	struct tr_encoder_cfg cfg = { .pid = 1, .tid = 1, .isa = isa, .emit = emit, .arg = f };

	f->dict = cfg.dict = tr_dict_new();
	f->encoder = tr_encoder_new(&cfg);
	return f;
}

void feed_free(struct feed *f)
{
	tr_encoder_drop(f->encoder);
	tr_encoder_free(f->encoder);
	tr_dict_free(f->dict);
	free(f);
}

static void end_insn(struct feed *f)
{
	struct tr_block b = {
		.pc = f->pc, .n_insns = 1, .n_slots = f->n_data, .insn_size = &f->size, .slot = f->slot
	};

	if (f->inside)
		tr_encode_run(f->encoder, tr_dict_add(f->dict, &b), f->addr);
	f->inside = false;
	f->n_data = 0;
}

void feed_insn(struct feed *f, u64 pc, u8 size)
{
	end_insn(f);
	f->inside = true;
	f->pc = pc;
	f->size = size;
}

void feed_data(struct feed *f, enum tr_kind kind, u64 addr, u32 size, u16 dep)
{
	struct tr_slot slot = { .size = size, .dep = dep, .kind = (u8)kind };
	struct tr_block alone = { .n_slots = 1, .slot = &slot };

	if (f->n_data == MAX_DATA)
		end_insn(f);
	if (f->inside) {
		f->slot[f->n_data] = slot;
		f->addr[f->n_data++] = addr;
	} else {
		tr_encode_run(f->encoder, tr_dict_add(f->dict, &alone), &addr);
	}
}

void feed_end(struct feed *f)
{
	end_insn(f);
	tr_encoder_flush(f->encoder);
}

bool feed_take(struct feed *f, const u8 **bytes, u32 *len)
{
	if (!f->n)
		return false;
	*bytes = f->packet[f->first];
	*len = f->len[f->first];
	f->first = (f->first + 1) % QUEUE;
	f->n--;
	return true;
}
