/*
 * The packet as FORMAT.md lays it out: offsets, token classes, and the state that both sides keep alike.
 *
 * Private to traces/: encode.c writes packets, decode.c reads them, capture files carry them unopened.
 */
#ifndef MMSIM_TRACES_PACKET_H
#define MMSIM_TRACES_PACKET_H

#include "traces/block.h"
#include "traces/bytes.h"
#include "traces/encode.h"

#define PACKET_MAGIC   0x504d4d54u /* "TMMP" */
#define PACKET_VERSION 1u

/* Byte offsets of the header's fields. */
enum {
	PACKET_OFF_MAGIC = 0,
	PACKET_OFF_VERSION = 4,
	PACKET_OFF_CHECKSUM = 8, /* XXH64 of all that follows, seeded with the first 8 bytes */
	PACKET_OFF_PID = 16,
	PACKET_OFF_TID = 20,
	PACKET_OFF_INSNS = 24,
	PACKET_OFF_SEEN = 32,
	PACKET_OFF_ISA = 40,
	PACKET_OFF_NUMBER = 48,
	PACKET_OFF_N_INSNS = 52,
	PACKET_OFF_N_RUNS = 56,
	PACKET_OFF_N_ADDRS = 60,
	PACKET_OFF_N_BLOCKS = 64,
	PACKET_OFF_DICT_LEN = 68,
	PACKET_HEADER = 72,
};

#define PACKET_ISA_LEN 8u

/* Limits of one packet, so that damaged counts cannot make a decoder run for long. */
#define PACKET_MAX_RUNS  (1u << 20)
#define PACKET_MAX_ADDRS (1u << 21)

/* A token is a byte: its low half a class, its high half how many predictions before it were right. */
#define TOKEN_COUNT_MORE 15u /* 15 + a LEB128 number that follows */

enum token_next {
	NEXT_ALT,     /* the block's other successor */
	NEXT_NEW,     /* the first dictionary entry not used so far */
	NEXT_INDEX8,  /* u8: index of the dictionary entry */
	NEXT_INDEX16, /* u16 */
	NEXT_EVENT,   /* an event stands here; what comes next is still to be told */
	NEXT_END,     /* the packet ends */
};

enum token_addr {
	ADDR_ALT, /* the slot's other predictor is right; the two change places */
	ADDR_OWN, /* + 0..5: 1, 2, 3, 4, 6, 8 bytes: difference from the slot's last address */
	/* + 0..4: u8 k, then 1, 2, 3, 4, 6 bytes: difference from the k-th last address of all */
	ADDR_BACK = ADDR_OWN + 6,
	ADDR_CLASSES = ADDR_BACK + 5,
};

/* Bytes of the difference, by class. */
static const u8 addr_token_bytes[ADDR_CLASSES] = { 0, 1, 2, 3, 4, 6, 8, 1, 2, 3, 4, 6 };

/* How far back an address may be told relative to an earlier one of the packet. */
#define PACKET_MAX_BACK 63u

/* A guess at a slot's address: off plus that of the access `back` before it, or its own last one if 0. */
struct predictor {
	s32 off;
	u8 back;
};

/* What both sides know of a block of the packet's dictionary: the blocks that followed it last. */
struct succession {
	u16 next[2];
};

#define PACKET_PATHS 4096u

/* Which block followed `cur` when `prev` came before it: place in a table of indices + 1, 0 if unknown. */
static inline u32 packet_path(u32 prev, u32 cur)
{
	return (prev * 61 + cur) & (PACKET_PATHS - 1);
}

/* The guess for the next block, and the other one that NEXT_ALT means. */
static inline u32 packet_guess(u16 path_entry, const struct succession *s)
{
	return path_entry ? path_entry - 1u : s->next[0];
}

static inline u32 packet_other(u32 guess, const struct succession *s)
{
	return s->next[0] != guess ? s->next[0] : s->next[1];
}

/* Both sides call this when the guess was wrong. */
static inline void packet_learn(u16 *path_entry, struct succession *s, u32 next)
{
	*path_entry = (u16)(next + 1);
	if (s->next[0] == next)
		return;
	s->next[1] = s->next[0];
	s->next[0] = (u16)next;
}

/* Events in packets. put: returns the end; at most EVENT_MAX bytes. get: false if the bytes make no sense. */
#define EVENT_MAX (16u + 10 * VARINT_MAX + TR_MAX_NAME)
u8 *event_put(u8 *p, const struct tr_event *ev);
/* name must hold TR_MAX_NAME + 1 bytes; ev->name points there or is NULL. */
bool event_get(const u8 **p, const u8 *end, struct tr_event *ev, char *name);

#endif
