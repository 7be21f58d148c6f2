#include "traces/encode.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "traces/dict.h"
#include "traces/hash.h"
#include "traces/packet.h"

/* The packet's last addresses, for telling an address relative to an earlier one. */
#define RING      (1u << 15)
#define RING_MASK (RING - 1)

/* Longest token with what follows it: token, count, index; for an address token, count, k, 8 bytes. */
#define NEXT_TOKEN_MAX (1 + VARINT_MAX + 2)
#define ADDR_TOKEN_MAX (1 + VARINT_MAX + 1 + 8)

#define NO_LOCAL       UINT32_MAX

struct slot_state {
	u64 last;
	struct predictor now, other;
	u32 at; /* number of its last access in the packet */
};

/* A block of the packet's dictionary. */
struct local {
	struct succession next;
	u32 id;
	u32 first_slot;
};

struct tr_encoder {
	struct tr_encoder_cfg cfg;
	u64 insns; /* of the thread so far */
	u64 seen;
	u32 number; /* of the packet */

	/* The packet being filled. */
	u8 *tokens, *tokens_end;
	u8 *entries, *entries_end; /* coded dictionary */
	u64 first_insn, first_seen;
	u32 n_insns, n_runs, n_addrs, n_events;
	u32 count;     /* predictions that were right since the last token */
	u64 entry_pc;  /* where the last dictionary entry's code ends */
	u32 prev, cur; /* the last two blocks */
	u16 paths[PACKET_PATHS];
	u64 ring[RING]; /* address n of the packet is at (n + 64) & RING_MASK */

	struct local *local;
	u32 n_local, max_local;
	struct slot_state *slot;
	u32 n_slot, max_slot;
	u32 *local_of; /* by dictionary id: index into local, right if that one's id agrees */
	u32 max_id;

	u8 packet[TR_PACKET_MAX];
};

static void start_packet(struct tr_encoder *e)
{
	e->tokens_end = e->tokens;
	e->entries_end = e->entries;
	e->first_insn = e->insns;
	e->first_seen = e->seen;
	e->n_insns = e->n_runs = e->n_addrs = e->n_events = 0;
	e->count = 0;
	e->entry_pc = 0;
	e->prev = e->cur = 0;
	e->n_local = e->n_slot = 0;
	memset(e->paths, 0, sizeof(e->paths));
	memset(e->ring, 0, (PACKET_MAX_BACK + 1) * sizeof(*e->ring));
}

struct tr_encoder *tr_encoder_new(const struct tr_encoder_cfg *cfg)
{
	struct tr_encoder *e = xcalloc(1, sizeof(*e));

	e->cfg = *cfg;
	e->seen = cfg->seen;
	e->tokens = xmalloc(TR_PACKET_MAX);
	e->entries = xmalloc(TR_PACKET_MAX);
	e->max_local = e->max_slot = 256;
	e->local = xmalloc(e->max_local * sizeof(*e->local));
	e->slot = xmalloc(e->max_slot * sizeof(*e->slot));
	start_packet(e);
	return e;
}

static void put_token(struct tr_encoder *e, u32 class)
{
	if (e->count < TOKEN_COUNT_MORE) {
		*e->tokens_end++ = (u8)(class | e->count << 4);
	} else {
		*e->tokens_end++ = (u8)(class | TOKEN_COUNT_MORE << 4);
		e->tokens_end = put_varint(e->tokens_end, e->count - TOKEN_COUNT_MORE);
	}
	e->count = 0;
}

static void put_header(const struct tr_encoder *e, u8 *p, u32 len)
{
	put_le32(p + PACKET_OFF_MAGIC, PACKET_MAGIC);
	put_le32(p + PACKET_OFF_VERSION, PACKET_VERSION);
	put_le32(p + PACKET_OFF_PID, e->cfg.pid);
	put_le32(p + PACKET_OFF_TID, e->cfg.tid);
	put_le64(p + PACKET_OFF_INSNS, e->first_insn);
	put_le64(p + PACKET_OFF_SEEN, e->first_seen);
	memset(p + PACKET_OFF_ISA, 0, PACKET_ISA_LEN);
	memcpy(p + PACKET_OFF_ISA, e->cfg.isa, strnlen(e->cfg.isa, PACKET_ISA_LEN));
	put_le32(p + PACKET_OFF_NUMBER, e->number);
	put_le32(p + PACKET_OFF_N_INSNS, e->n_insns);
	put_le32(p + PACKET_OFF_N_RUNS, e->n_runs);
	put_le32(p + PACKET_OFF_N_ADDRS, e->n_addrs);
	put_le32(p + PACKET_OFF_N_BLOCKS, e->n_local);
	put_le32(p + PACKET_OFF_DICT_LEN, (u32)(e->entries_end - e->entries));
	put_le64(p + PACKET_OFF_CHECKSUM, hash_bytes(p + PACKET_OFF_PID, len - PACKET_OFF_PID, get_le64(p)));
}

void tr_encoder_flush(struct tr_encoder *e)
{
	u32 dict_len = (u32)(e->entries_end - e->entries);
	u32 len;

	if (!e->n_runs && !e->n_events)
		return;
	put_token(e, NEXT_END);
	len = PACKET_HEADER + dict_len + (u32)(e->tokens_end - e->tokens);
	ASSERT(len <= TR_PACKET_MAX);
	memcpy(e->packet + PACKET_HEADER, e->entries, dict_len);
	memcpy(e->packet + PACKET_HEADER + dict_len, e->tokens, (size_t)(e->tokens_end - e->tokens));
	put_header(e, e->packet, len);
	e->cfg.emit(e->cfg.arg, e->packet, len, e->first_insn);
	e->number++;
	start_packet(e);
}

void tr_encoder_drop(struct tr_encoder *e)
{
	e->insns = e->first_insn;
	e->seen = e->first_seen;
	start_packet(e);
}

void tr_encoder_free(struct tr_encoder *e)
{
	if (!e)
		return;
	tr_encoder_flush(e);
	free(e->tokens);
	free(e->entries);
	free(e->local);
	free(e->slot);
	free(e->local_of);
	free(e);
}

/* Flushes if that much does not fit any more. */
static always_inline void make_room(struct tr_encoder *e, u32 tokens, u32 entry, u32 addrs)
{
	u32 used = (u32)(e->tokens_end - e->tokens) + (u32)(e->entries_end - e->entries);

	if (unlikely(used + tokens + entry + PACKET_HEADER + NEXT_TOKEN_MAX > TR_PACKET_MAX ||
		     e->n_runs == PACKET_MAX_RUNS || e->n_addrs + addrs > PACKET_MAX_ADDRS))
		tr_encoder_flush(e);
}

/* ---- which block comes next ---- */

static noinline void grow_local_of(struct tr_encoder *e, u32 id)
{
	u32 size = MAX(1024, e->max_id);

	while (size <= id)
		size *= 2;
	e->local_of = xrealloc(e->local_of, size * sizeof(*e->local_of));
	memset(e->local_of + e->max_id, 0xff, (size - e->max_id) * sizeof(*e->local_of));
	e->max_id = size;
}

static always_inline u32 find_local(struct tr_encoder *e, u32 id)
{
	u32 local;

	if (unlikely(id >= e->max_id))
		grow_local_of(e, id);
	local = e->local_of[id];
	return local < e->n_local && e->local[local].id == id ? local : NO_LOCAL;
}

static u32 add_local(struct tr_encoder *e, u32 id, const struct dict_entry *d)
{
	u32 n_slots = d->block.n_slots;

	if (e->n_local == e->max_local) {
		e->max_local *= 2;
		e->local = xrealloc(e->local, e->max_local * sizeof(*e->local));
	}
	if (e->n_slot + n_slots > e->max_slot) {
		e->max_slot = MAX(e->n_slot + n_slots, e->max_slot * 2);
		e->slot = xrealloc(e->slot, e->max_slot * sizeof(*e->slot));
	}
	e->entries_end = put_varint(e->entries_end, zigzag(d->block.pc - e->entry_pc));
	e->entries_end = put_varint(e->entries_end, d->body_len);
	memcpy(e->entries_end, d->body, d->body_len);
	e->entries_end += d->body_len;
	e->entry_pc = d->block.pc + d->code_len;
	e->local[e->n_local] = (struct local){ .id = id, .first_slot = e->n_slot };
	memset(&e->slot[e->n_slot], 0, n_slots * sizeof(*e->slot));
	e->n_slot += n_slots;
	e->local_of[id] = e->n_local;
	return e->n_local++;
}

static noinline void put_next(struct tr_encoder *e, u32 local, u32 guess, u16 *path, bool is_new)
{
	struct succession *s = &e->local[e->cur].next;

	if (is_new) {
		put_token(e, NEXT_NEW);
	} else if (packet_other(guess, s) == local) {
		put_token(e, NEXT_ALT);
	} else if (local < 256) {
		put_token(e, NEXT_INDEX8);
		*e->tokens_end++ = (u8)local;
	} else {
		put_token(e, NEXT_INDEX16);
		put_le16(e->tokens_end, (u16)local);
		e->tokens_end += 2;
	}
	packet_learn(path, s, local);
}

static always_inline u32 encode_next(struct tr_encoder *e, u32 id, const struct dict_entry *d)
{
	u32 local = find_local(e, id), guess;
	u16 *path = &e->paths[packet_path(e->prev, e->cur)];
	bool is_new = local == NO_LOCAL;

	if (unlikely(is_new))
		local = add_local(e, id, d);
	guess = packet_guess(*path, &e->local[e->cur].next);
	if (likely(guess == local && !is_new))
		e->count++;
	else
		put_next(e, local, guess, path, is_new);
	e->prev = e->cur;
	e->cur = local;
	return local;
}

/* ---- addresses ---- */

static always_inline u64 ring_at(const struct tr_encoder *e, u32 n)
{
	return e->ring[(n + PACKET_MAX_BACK + 1) & RING_MASK];
}

static always_inline u64 predict(const struct tr_encoder *e, const struct slot_state *s, struct predictor p)
{
	return (p.back ? ring_at(e, e->n_addrs - p.back) : s->last) + (u64)(s64)p.off;
}

/* The access before this one that lay equally far from this slot's address the last time too, or 0. */
static u32 steady_back(const struct tr_encoder *e, const struct slot_state *s, u64 addr)
{
	u32 k, n = e->n_addrs;
	u64 moved = addr - s->last;

	if (n - s->at > RING - 2 * PACKET_MAX_BACK)
		return 0;
	for (k = 1; k <= PACKET_MAX_BACK; k++)
		if (ring_at(e, n - k) - ring_at(e, s->at - k) == moved &&
		    fits_signed((s64)(addr - ring_at(e, n - k)), 4))
			return k;
	return 0;
}

static unsigned length_class(s64 v)
{
	unsigned i;

	for (i = 0; i < 5; i++)
		if (fits_signed(v, addr_token_bytes[ADDR_OWN + i]))
			return i;
	return 5;
}

/* The access before this one nearest to addr; *class becomes that of the difference. */
static u32 nearest_back(const struct tr_encoder *e, u64 addr, unsigned *class)
{
	u64 nearest = UINT64_MAX;
	u32 k, found = 1;

	for (k = 1; k <= PACKET_MAX_BACK && nearest >> 8; k++) {
		u64 far = zigzag(addr - ring_at(e, e->n_addrs - k));

		if (far < nearest) {
			nearest = far;
			found = k;
		}
	}
	*class = length_class((s64)unzigzag(nearest));
	return found;
}

static void put_signed(struct tr_encoder *e, s64 v, unsigned bytes)
{
	put_le64(e->tokens_end, (u64)v);
	e->tokens_end += bytes;
}

static void put_back(struct tr_encoder *e, struct slot_state *s, u64 addr, u32 k, unsigned class)
{
	s64 off = (s64)(addr - ring_at(e, e->n_addrs - k));

	put_token(e, ADDR_BACK + class);
	*e->tokens_end++ = (u8)k;
	put_signed(e, off, addr_token_bytes[ADDR_BACK + class]);
	if (fits_signed(off, 4))
		s->other = (struct predictor){ .off = (s32)off, .back = (u8)k };
}

static void put_own(struct tr_encoder *e, struct slot_state *s, u64 addr, unsigned class)
{
	s64 off = (s64)(addr - s->last);

	put_token(e, ADDR_OWN + class);
	put_signed(e, off, addr_token_bytes[ADDR_OWN + class]);
	if (fits_signed(off, 4))
		s->other = (struct predictor){ .off = (s32)off };
}

static noinline void put_addr(struct tr_encoder *e, struct slot_state *s, u64 addr)
{
	unsigned own = length_class((s64)(addr - s->last)), back = 0;
	u32 k;

	if (predict(e, s, s->other) == addr) {
		struct predictor p = s->now;

		put_token(e, ADDR_ALT);
		s->now = s->other;
		s->other = p;
		return;
	}
	k = s->last ? steady_back(e, s, addr) : 0;
	back = length_class((s64)(addr - ring_at(e, e->n_addrs - k)));
	if (k && back <= own) { /* else both just moved by the same stride */
		put_back(e, s, addr, k, back);
		return;
	}
	k = own ? nearest_back(e, addr, &back) : 0;
	if (k && back < own && back < 5)
		put_back(e, s, addr, k, back);
	else
		put_own(e, s, addr, own);
}

static always_inline void encode_addr(struct tr_encoder *e, struct slot_state *s, u64 addr)
{
	if (likely(predict(e, s, s->now) == addr))
		e->count++;
	else
		put_addr(e, s, addr);
	s->last = addr;
	s->at = e->n_addrs;
	e->ring[(e->n_addrs++ + PACKET_MAX_BACK + 1) & RING_MASK] = addr;
}

void tr_encode_run(struct tr_encoder *e, u32 block, const u64 *addr)
{
	const struct dict_entry *d = dict_entry(e->cfg.dict, block);
	u32 n = d->block.n_slots, i, local;
	struct slot_state *s;

	make_room(e, NEXT_TOKEN_MAX + n * ADDR_TOKEN_MAX, 2 * VARINT_MAX + d->body_len, n);
	local = encode_next(e, block, d);
	s = &e->slot[e->local[local].first_slot];
	for (i = 0; i < n; i++)
		encode_addr(e, &s[i], addr[i]);
	e->n_runs++;
	e->n_insns += d->block.n_insns;
	e->insns += d->block.n_insns;
}

void tr_encode_event(struct tr_encoder *e, const struct tr_event *ev)
{
	ASSERT(ev->kind > TR_EV_NONE && ev->kind < TR_NR_EVENTS);
	make_room(e, NEXT_TOKEN_MAX + EVENT_MAX, 0, 0);
	put_token(e, NEXT_EVENT);
	e->tokens_end = event_put(e->tokens_end, ev);
	e->n_events++;
	if (ev->kind == TR_EV_SEEN)
		e->seen = ev->seq;
}
