#include "traces/decode.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "traces/dict.h"
#include "traces/hash.h"
#include "traces/packet.h"

/* Readable bytes kept after a packet, so that a number may be read as 8 bytes. */
#define SLACK 16u

/* A chunk ends when it holds that many addresses; one more run always fits. */
#define CHUNK_ADDRS 4096u

/* ---- packets ---- */

static const char *check_header(const u8 *b, u32 len)
{
	if (len < PACKET_HEADER)
		return "it is shorter than a packet's header";
	if (get_le32(b + PACKET_OFF_MAGIC) != PACKET_MAGIC)
		return "it does not begin like a packet of a recording";
	if (get_le32(b + PACKET_OFF_VERSION) != PACKET_VERSION)
		return "it was written in a newer version of the format";
	if (hash_bytes(b + PACKET_OFF_PID, len - PACKET_OFF_PID, get_le64(b)) !=
	    get_le64(b + PACKET_OFF_CHECKSUM))
		return "its checksum is wrong";
	if (get_le32(b + PACKET_OFF_N_RUNS) > PACKET_MAX_RUNS ||
	    get_le32(b + PACKET_OFF_N_ADDRS) > PACKET_MAX_ADDRS)
		return "its counts are absurd";
	if (get_le32(b + PACKET_OFF_DICT_LEN) > len - PACKET_HEADER ||
	    get_le32(b + PACKET_OFF_N_BLOCKS) > get_le32(b + PACKET_OFF_DICT_LEN))
		return "its dictionary is longer than the packet";
	return NULL;
}

struct packet *packet_parse(struct tr_dict *dict, const u8 *bytes, u32 len, const char **why)
{
	struct packet *p;
	u32 n_local;
	u8 *copy;

	*why = check_header(bytes, len);
	if (*why)
		return NULL;
	n_local = get_le32(bytes + PACKET_OFF_N_BLOCKS);
	p = xmalloc(sizeof(*p) + n_local * sizeof(*p->id) + len + SLACK);
	memset(p, 0, sizeof(*p));
	p->id = (u32 *)(p + 1);
	copy = memcpy(p->id + n_local, bytes, len);
	memset(copy + len, 0, SLACK);
	p->pub.pid = get_le32(bytes + PACKET_OFF_PID);
	p->pub.tid = get_le32(bytes + PACKET_OFF_TID);
	p->pub.seen = get_le64(bytes + PACKET_OFF_SEEN);
	p->pub.insns = get_le64(bytes + PACKET_OFF_INSNS);
	p->pub.len = len;
	p->pub.bytes = copy;
	memcpy(p->isa, bytes + PACKET_OFF_ISA, PACKET_ISA_LEN);
	p->pub.number = get_le32(bytes + PACKET_OFF_NUMBER);
	p->pub.n_insns = get_le32(bytes + PACKET_OFF_N_INSNS);
	p->pub.n_runs = get_le32(bytes + PACKET_OFF_N_RUNS);
	p->pub.n_addrs = get_le32(bytes + PACKET_OFF_N_ADDRS);
	p->pub.dict_len = get_le32(bytes + PACKET_OFF_DICT_LEN);
	p->n_local = n_local;
	if (!dict_intern(dict, copy + PACKET_HEADER, p->pub.dict_len, n_local, p->id)) {
		*why = "its dictionary makes no sense";
		free(p);
		return NULL;
	}
	p->pub.n_blocks = dict_count(dict);
	return p;
}

/* ---- the cursor ---- */

struct slot_state {
	u64 last;
	struct predictor now, other;
};

struct local {
	struct succession next;
	u32 id;
	u32 first_slot;
	u32 n_slots;
};

struct tr_cursor {
	const struct tr_dict *dict;
	const struct packet *packet; /* NULL: done */
	u32 n_kept;                  /* chunks given out, of a packet that is kept decoded */
	const u8 *p, *end;
	u32 left; /* predictions that are right before the one that `class` corrects */
	u32 class;
	u32 prev, cur;       /* the last two blocks */
	u32 n_used;          /* local blocks that have been run */
	u32 n_runs, n_addrs; /* given out so far */
	const char *damage;

	struct local *local;
	u32 max_local;
	struct slot_state *slot;
	u32 max_slot;
	struct tr_event event;
	u16 paths[PACKET_PATHS];
	u32 block[TR_CHUNK_RUNS];
	u32 chunk_addrs;
	/* The chunk's addresses, after the last ones of the chunk before. */
	u64 addr[PACKET_MAX_BACK + 1 + CHUNK_ADDRS + TR_MAX_SLOTS];
	char name[TR_MAX_NAME + 1];
};

struct tr_cursor *cursor_new(const struct tr_dict *dict)
{
	struct tr_cursor *c = xcalloc(1, sizeof(*c));

	c->dict = dict;
	c->max_local = c->max_slot = 256;
	c->local = xmalloc(c->max_local * sizeof(*c->local));
	c->slot = xmalloc(c->max_slot * sizeof(*c->slot));
	return c;
}

void tr_cursor_free(struct tr_cursor *c)
{
	if (!c)
		return;
	free(c->local);
	free(c->slot);
	free(c);
}

/* Whatever is asked after this gets the end of the packet. Always false, for the callers to return. */
static bool damaged(struct tr_cursor *c, const char *why)
{
	if (!c->damage)
		c->damage = why;
	c->p = c->end;
	c->left = 0;
	c->class = NEXT_END;
	return false;
}

static bool read_token(struct tr_cursor *c)
{
	u64 more;
	u8 token;

	if (c->p >= c->end)
		return damaged(c, "a packet ends in the middle");
	token = *c->p++;
	c->class = token & 15;
	c->left = token >> 4;
	if (c->left < TOKEN_COUNT_MORE)
		return true;
	if (!get_varint(&c->p, c->end, &more) || more > PACKET_MAX_RUNS + PACKET_MAX_ADDRS)
		return damaged(c, "a packet has an absurd count");
	c->left += (u32)more;
	return true;
}

static void set_locals(struct tr_cursor *c, const struct packet *p)
{
	u32 i, n = 0;

	if (p->n_local > c->max_local) {
		c->max_local = p->n_local;
		c->local = xrealloc(c->local, c->max_local * sizeof(*c->local));
	}
	for (i = 0; i < p->n_local; i++) {
		u32 n_slots = dict_entry(c->dict, p->id[i])->block.n_slots;

		c->local[i] = (struct local){ .id = p->id[i], .first_slot = n, .n_slots = n_slots };
		n += n_slots;
	}
	if (n > c->max_slot) {
		c->max_slot = n;
		c->slot = xrealloc(c->slot, c->max_slot * sizeof(*c->slot));
	}
	memset(c->slot, 0, n * sizeof(*c->slot));
}

void tr_cursor_set(struct tr_cursor *c, const struct trace_packet *pub)
{
	const struct packet *p = container_of(pub, struct packet, pub);

	c->packet = p;
	c->n_kept = 0;
	if (p->chunk)
		return;
	set_locals(c, p);
	c->p = p->pub.bytes + PACKET_HEADER + p->pub.dict_len;
	c->end = p->pub.bytes + p->pub.len;
	c->prev = c->cur = 0;
	c->n_used = 0;
	c->n_runs = c->n_addrs = 0;
	c->damage = NULL;
	c->chunk_addrs = 0;
	memset(c->paths, 0, sizeof(c->paths));
	memset(c->addr, 0, (PACKET_MAX_BACK + 1) * sizeof(*c->addr));
	read_token(c);
}

/* ---- which block comes next ---- */

/* Takes an index told by a token; the guess was wrong. */
static bool take_index(struct tr_cursor *c, u32 next)
{
	if (next >= c->n_used)
		return damaged(c, "a packet names a block that it does not have");
	packet_learn(&c->paths[packet_path(c->prev, c->cur)], &c->local[c->cur].next, next);
	c->prev = c->cur;
	c->cur = next;
	return read_token(c);
}

/* The token at hand stands before a run. False: it is not a run that comes. */
static noinline bool next_by_token(struct tr_cursor *c)
{
	u32 guess, next;

	switch (c->class) {
	case NEXT_ALT:
		if (!c->n_used)
			return damaged(c, "a packet begins without a block");
		guess = packet_guess(c->paths[packet_path(c->prev, c->cur)], &c->local[c->cur].next);
		return take_index(c, packet_other(guess, &c->local[c->cur].next));
	case NEXT_NEW:
		if (c->n_used == c->packet->n_local)
			return damaged(c, "a packet uses more blocks than it has");
		return take_index(c, c->n_used++);
	case NEXT_INDEX8:
		next = *c->p++;
		return take_index(c, next);
	case NEXT_INDEX16:
		next = get_le16(c->p);
		c->p += 2;
		return take_index(c, next);
	case NEXT_EVENT:
	case NEXT_END:
		return false;
	}
	return damaged(c, "a packet has an unknown mark");
}

static always_inline bool next_block(struct tr_cursor *c)
{
	u32 next;

	if (!c->left)
		return next_by_token(c);
	if (unlikely(!c->n_used))
		return damaged(c, "a packet begins without a block");
	c->left--;
	next = packet_guess(c->paths[packet_path(c->prev, c->cur)], &c->local[c->cur].next);
	c->prev = c->cur;
	c->cur = next;
	return true;
}

/* ---- addresses ---- */

/*
 * Where the next address goes is also where those before it are found: out[-1] is the last one. Which of the
 * two an address is told by changes from slot to slot, so a branch would often be mispredicted: the place is
 * chosen by arithmetic, which waits for nothing that was just stored.
 */
static always_inline u64 predict(const struct slot_state *s, struct predictor p, const u64 *out)
{
	uintptr_t own = (uintptr_t)&s->last, earlier = (uintptr_t)(out - p.back);
	uintptr_t pick = -(uintptr_t)(p.back != 0);

	return *(const u64 *)(own ^ ((own ^ earlier) & pick)) + (u64)(s64)p.off;
}

/* The token at hand corrects the guess of this slot. */
static noinline u64 addr_by_token(struct tr_cursor *c, struct slot_state *s, u64 *out)
{
	u32 class = c->class, back = 0;
	u64 addr, base = s->last;
	s64 off;

	if (c->damage)
		return 0;
	if (class == ADDR_ALT) {
		struct predictor p = s->other;

		s->other = s->now;
		s->now = p;
		addr = predict(s, p, out);
		read_token(c);
		return addr;
	}
	if (class >= ADDR_CLASSES) {
		damaged(c, "a packet has an unknown address");
		return 0;
	}
	if (class >= ADDR_BACK) {
		back = *c->p++;
		if (!back || back > PACKET_MAX_BACK) {
			damaged(c, "a packet refers too far back");
			return 0;
		}
		base = out[-(long)back];
	}
	off = get_signed(c->p, addr_token_bytes[class]);
	c->p += addr_token_bytes[class];
	if (fits_signed(off, 4))
		s->other = (struct predictor){ .off = (s32)off, .back = (u8)back };
	addr = base + (u64)off;
	read_token(c);
	return addr;
}

/* Every guess of the run is right. */
static always_inline u64 *run_guessed(struct slot_state *s, u32 n, u64 *out)
{
	u32 i;

	for (i = 0; i < n; i++, out++)
		*out = s[i].last = predict(&s[i], s[i].now, out);
	return out;
}

static noinline u64 *run_corrected(struct tr_cursor *c, struct slot_state *s, u32 n, u64 *out)
{
	u32 i;

	for (i = 0; i < n; i++, out++) {
		if (c->left) {
			c->left--;
			*out = predict(&s[i], s[i].now, out);
		} else {
			*out = addr_by_token(c, &s[i], out);
		}
		s[i].last = *out;
	}
	return out;
}

/* ---- chunks ---- */

/* The last addresses of a chunk stay reachable for the next one. */
static u64 *start_addrs(struct tr_cursor *c)
{
	memmove(c->addr, c->addr + c->chunk_addrs, (PACKET_MAX_BACK + 1) * sizeof(*c->addr));
	return c->addr + PACKET_MAX_BACK + 1;
}

/* Runs without any correction, until one comes or the chunk is full: where nearly all time goes. */
static u64 *runs_guessed(struct tr_cursor *c, u32 max, u64 *out, const u64 *full, u32 *n_runs)
{
	const struct local *const local = c->local;
	const u16 *const paths = c->paths;
	struct slot_state *const slot = c->slot;
	u32 left = c->left, prev = c->prev, cur = c->cur, n = *n_runs;

	while (n < max && out < full) {
		u32 next = packet_guess(paths[packet_path(prev, cur)], &local[cur].next);
		const struct local *b = &local[next];

		if (left <= b->n_slots)
			break;
		left -= 1 + b->n_slots;
		c->block[n++] = b->id;
		out = run_guessed(&slot[b->first_slot], b->n_slots, out);
		prev = cur;
		cur = next;
	}
	c->left = left;
	c->prev = prev;
	c->cur = cur;
	*n_runs = n;
	return out;
}

static u32 decode_runs(struct tr_cursor *c, u64 *const addr)
{
	u32 max = MIN(TR_CHUNK_RUNS, c->packet->pub.n_runs - c->n_runs), n = 0;
	u64 *out = addr, *const full = addr + CHUNK_ADDRS;

	while (n < max && out < full) {
		const struct local *b;
		u64 *const start = out;

		if (c->left && c->n_used) {
			out = runs_guessed(c, max, out, full, &n);
			if (n == max || out >= full)
				break;
		}
		if (!next_block(c))
			break;
		b = &c->local[c->cur];
		out = run_corrected(c, &c->slot[b->first_slot], b->n_slots, out);
		if (c->damage) {
			out = start;
			break;
		}
		c->block[n++] = b->id;
	}
	c->chunk_addrs = (u32)(out - addr);
	c->n_runs += n;
	c->n_addrs += c->chunk_addrs;
	return n;
}

static const struct tr_event *lost(struct tr_cursor *c, const char *why)
{
	c->packet = NULL;
	c->event = (struct tr_event){ .kind = TR_EV_LOST, .arg = 1, .name = why };
	return &c->event;
}

/* What follows the runs: an event, the packet's end (NULL), or damage, which ends it. */
static const struct tr_event *decode_event(struct tr_cursor *c)
{
	if (c->n_addrs > c->packet->pub.n_addrs)
		return lost(c, "a packet has more addresses than it says");
	if (!c->left && c->class == NEXT_EVENT && !c->damage) {
		if (!event_get(&c->p, c->end, &c->event, c->name))
			return lost(c, "a packet has an event that makes no sense");
		read_token(c);
		return &c->event;
	}
	if (c->damage)
		return lost(c, c->damage);
	if (c->left || c->class != NEXT_END)
		return c->n_runs < c->packet->pub.n_runs ? NULL
							 : lost(c, "a packet has more runs than it says");
	if (c->n_runs != c->packet->pub.n_runs || c->n_addrs != c->packet->pub.n_addrs || c->p != c->end)
		return lost(c, "a packet has not what its header says");
	c->packet = NULL;
	return NULL;
}

static bool next_kept(struct tr_cursor *c, struct tr_chunk *chunk)
{
	if (c->n_kept == c->packet->n_chunks)
		return false;
	*chunk = c->packet->chunk[c->n_kept++];
	return true;
}

bool tr_cursor_next(struct tr_cursor *c, struct tr_chunk *chunk)
{
	u64 *addr;

	if (!c->packet)
		return false;
	if (c->packet->chunk)
		return next_kept(c, chunk);
	addr = start_addrs(c);
	chunk->n_runs = decode_runs(c, addr);
	chunk->n_addrs = c->chunk_addrs;
	chunk->block = c->block;
	chunk->addr = addr;
	chunk->event = decode_event(c);
	return chunk->n_runs || chunk->event;
}
