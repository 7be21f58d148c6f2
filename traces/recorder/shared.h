/*
 * The memory that a recording's processes and its collector (traces/collect.c) share.
 *
 * One memory file of the collector holds, in this order: struct rec_shared, the area of static blocks, and
 * one ring a stream. A recorded process maps it through /proc/<collector>/fd/<n>, so no descriptor of ours
 * lives in the recorded program. A stream is one recorded thread: the thread appends records to its ring, the
 * collector encodes them. What was published is the collector's even if the process is killed the next
 * moment.
 *
 * The memory lies in the recorded program's address space, which a program gone wild may overwrite: the
 * collector checks what it reads.
 *
 * A record is one or more words of 8 bytes:
 *
 *   run    the number of the static block (its place in the area, in units of 8 bytes), one address a slot
 *   event  REC_EVENT | number of words of this record, struct rec_event, the name
 */
#ifndef MMSIM_RECORDER_SHARED_H
#define MMSIM_RECORDER_SHARED_H

#include <stdatomic.h>

#include "traces/block.h"

#define REC_MAGIC      0x6d6d726563303031ull /* "mmrec001" */
#define REC_STREAMS    1024u
#define REC_RING       (1u << 19)
#define REC_BLOCK_AREA (1ull << 30)
#define REC_EVENT      (1ull << 63)
#define REC_MAX_RECORD                                                                      \
	((TR_MAX_SLOTS + 1) * 8 + 1024 + TR_MAX_NAME) /* bytes; nothing published is longer \
						       */
#define REC_MAX_MARK 256u

/* A static block in the area: then n_slots struct tr_slot, then n_insns sizes. */
struct rec_block {
	_Atomic u32 id; /* the collector's: dictionary id + 1, 0 not yet entered */
	u16 n_insns, n_slots;
	u64 pc;
};

struct rec_event {
	struct tr_event ev; /* file and name unset */
	u64 dev, ino;       /* of the file; ino 0: none */
	u32 name_len;       /* bytes that follow, no NUL among them */
	u32 pad;
};

#define REC_EVENT_WORDS(name_len) (1 + (sizeof(struct rec_event) + (name_len) + 7) / 8)

enum rec_stream_state {
	REC_FREE,
	REC_CLAIMED, /* a thread fills in the header */
	REC_LIVE,
	REC_CLOSED, /* the thread has ended; the collector takes what is left and frees the stream */
};

struct rec_stream {
	_Atomic u32 state;
	u32 pid, tid;
	char isa[8];
	u64 seen;
	/* By the thread. */
	_Alignas(64) _Atomic u64 head; /* bytes published so far */
	/*
	 * What happened if the thread is never heard of again: a call that has taken its number and may not
	 * come back (execve: its number of a call is in len), or that a kill interrupted. The collector
	 * enters it when the process is gone.
	 */
	_Atomic u32 has_last_word;
	struct rec_event last_word;
	char last_name[TR_MAX_NAME];
	/* By the collector. */
	_Alignas(64) _Atomic u64 tail; /* bytes taken so far */
	_Atomic u32 waiting;           /* futex: the thread waits for room */
};

/* What part is recorded, in instructions of a thread. */
struct rec_window {
	u64 skip;
	u64 max;                    /* 0: no end */
	u64 sample_on, sample_skip; /* record that many, then skip that many, again and again; 0: all */
	char mark[REC_MAX_MARK];    /* start at this function or address; "": at once */
};

struct rec_shared {
	u64 magic;
	u32 collector; /* pid */
	struct rec_window window;
	_Atomic u32 threads_lost;     /* for which there was no stream */
	_Atomic u32 blocks_lost;      /* the area is full: runs of new blocks are left out */
	_Atomic u32 stop;             /* nothing more is recorded */
	_Atomic u32 streams_used;     /* none of a higher index was ever claimed */
	_Atomic u32 asleep;           /* the collector waits here (futex) until somebody sets it to 0 */
	_Alignas(64) _Atomic u64 seq; /* last number given out */
	_Alignas(64) _Atomic u64 blocks_used; /* bytes of the area */
	struct rec_stream stream[REC_STREAMS];
};

#define REC_PAGE_ALIGN(n)  (((n) + 4095) & ~4095ull)
#define REC_BLOCKS_AT      REC_PAGE_ALIGN(sizeof(struct rec_shared))
#define REC_RING_AT(index) (REC_BLOCKS_AT + REC_BLOCK_AREA + (u64)(index)*REC_RING)
#define REC_FILE_SIZE      REC_RING_AT(REC_STREAMS)

static inline size_t rec_block_bytes(u32 n_insns, u32 n_slots)
{
	return (sizeof(struct rec_block) + n_slots * sizeof(struct tr_slot) + n_insns + 7) & ~(size_t)7;
}

#endif
