/*
 * Encoder: block runs and events of threads become packets (FORMAT.md says every bit).
 *
 * Used by the recorder's plugin, by the readers of foreign formats, by the generators and by convert. It
 * depends on model/base only, so that it can be linked into the plugin. One dictionary is shared by the
 * encoders of a process; an encoder belongs to one thread. Runs are lossless: the decoder gives back the same
 * blocks, addresses and events in the same order.
 */
#ifndef MMSIM_TRACES_ENCODE_H
#define MMSIM_TRACES_ENCODE_H

#include "traces/block.h"

/* A packet never exceeds this (facts of libtrace: above 65,519 bytes some readers overflow). */
#define TR_PACKET_MAX 65000u

/* Static blocks, interned by content. Thread-safe: the plugin translates on any thread. */
struct tr_dict;
struct tr_dict *tr_dict_new(void);
void tr_dict_free(struct tr_dict *d);
/* Copies *b unless an equal block is known. Returns its id: 0, 1, 2, ... */
u32 tr_dict_add(struct tr_dict *d, const struct tr_block *b);
/* The pointer stays valid until the dictionary is freed. */
const struct tr_block *tr_dict_get(const struct tr_dict *d, u32 id);

struct tr_encoder;

/* Takes a finished packet of len <= TR_PACKET_MAX bytes. insns: instructions of the thread before it. */
typedef void (*tr_emit_fn)(void *arg, const u8 *packet, u32 len, u64 insns);

struct tr_encoder_cfg {
	struct tr_dict *dict;
	u32 pid, tid;
	const char *isa; /* "x86_64", "i386", "aarch64", "riscv64", "" if unknown */
	u64 seen;        /* number seen at the start of the stream */
	tr_emit_fn emit;
	void *arg;
};

struct tr_encoder *tr_encoder_new(const struct tr_encoder_cfg *cfg);
/* One run: n_slots addresses of the block. The hot call; no allocation. */
void tr_encode_run(struct tr_encoder *e, u32 block, const u64 *addr);
/* SEEN updates what the next packet's header says. */
void tr_encode_event(struct tr_encoder *e, const struct tr_event *ev);
/* Emits what has been gathered, if anything. */
void tr_encoder_flush(struct tr_encoder *e);
/* Drops what has been gathered without emitting it (a forked child holds a copy of its parent's). */
void tr_encoder_drop(struct tr_encoder *e);
/* Flushes and frees. */
void tr_encoder_free(struct tr_encoder *e);

#endif
