/*
 * A second decoder of packets, written from traces/FORMAT.md alone: slow, plain, for packets known to be
 * whole. Shares no code with the one in traces/. For tests.
 */
#ifndef MMSIM_TESTS_REF_PACKET_H
#define MMSIM_TESTS_REF_PACKET_H

#include "model/base/types.h"

struct ref_sink {
	void *arg;
	/* A block begins; its instructions follow, each followed by its data. */
	void (*run)(void *arg, u64 pc);
	void (*insn)(void *arg, u64 size);
	void (*data)(void *arg, u64 kind, u64 addr, u64 size, u64 dep);
	void (*event)(void *arg, u64 kind);
};

void ref_packet_decode(const u8 *packet, u32 len, const struct ref_sink *sink);

#endif
