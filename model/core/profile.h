/*
 * Who asks where a program's accesses went, by address and by code (replay --profile): the engine says which
 * process a core runs and which addresses it has accessed, a core tells of every access that took longer than
 * an L1 hit, with the L1 TLB's help. Telling changes nothing.
 *
 * Not told: fetches, and the kernel's own accesses.
 * Implemented by analysis/.
 */
#ifndef MMSIM_CORE_PROFILE_H
#define MMSIM_CORE_PROFILE_H

#include "model/core/latency.h"

struct tr_event;

/* A slow access; one that straddles lines is one, at its address, served as its slowest part. */
struct profile_sample {
	u64 va, pa;      /* pa: of the part that was there last */
	u64 ip;          /* of its block's first instruction, plus the instruction's number */
	u64 cycles, hit; /* its latency, and that of a hit */
	bool store;      /* atomics are */
	enum mem_level served;
	enum core_xlate how;
};

struct profile_hook {
	void *arg;
	bool on; /* tell of accesses; of processes and events always */
	void (*runs)(void *arg, u32 core, u32 recording, u32 pid);
	void (*accesses)(void *arg, u32 core, const u64 *va, u32 n); /* in order, prefetches too */
	void (*sample)(void *arg, u32 core, const struct profile_sample *s);
	void (*event)(void *arg, u32 recording, u32 pid, const struct tr_event *ev);
};

#endif
