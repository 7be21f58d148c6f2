/*
 * Processes of a generated recording, each of one thread: what they map, how they fork, execute, wait for
 * each other and end. Numbers keep the order that the program needs and no other.
 *
 * A process's blocks are those of generate_block(): a program that it executes has to map GENERATE_CODE
 * again. Private to generate/.
 */
#ifndef MMSIM_TRACES_GENERATE_PROCESS_H
#define MMSIM_TRACES_GENERATE_PROCESS_H

#include "traces/generate/generate.h"

struct process_map {
	u64 addr, len;
	u8 prot;    /* TR_PROT_* */
	u32 flags;  /* TR_MAP_* */
	u32 file;   /* TR_NO_FILE: none */
	u64 offset; /* bytes into the file */
};

/* Names a file of so many bytes; returns its number. Numbers are given in turn from 1 on. */
u32 process_file(struct generation *g, struct tr_encoder *enc, const char *name, u64 len);
void process_map(struct tr_encoder *enc, const struct process_map *m);
/* One access of the block at an address. */
static inline void process_touch(struct tr_encoder *enc, u32 block, u64 addr)
{
	tr_encode_run(enc, block, &addr);
}
void process_syscall(struct tr_encoder *enc, u64 number);
void process_mark(struct tr_encoder *enc, const char *name);

/* Returns the child's pid. What the parent did so far comes before it in the file. */
u32 process_fork(struct generation *g, struct tr_encoder *parent);
/* The stream of a child, which begins when everything up to that number has happened: its fork, or more. */
struct tr_encoder *process_begin(struct generation *g, u32 pid, u64 seen);
/* The address space is replaced; what it maps follows. */
void process_exec(struct tr_encoder *enc, const char *path);
/* The process ends, and with it the stream. Returns the number of its end. */
u64 process_exit(struct generation *g, struct tr_encoder *enc);

/* Children that are all forked before the first of them runs, and that live until all have met. */
struct process_family {
	u32 first; /* pid; the others' follow */
	u64 n;
	u64 forked; /* number of the last fork */
};

struct process_family process_fork_family(struct generation *g, u64 n);
struct tr_encoder *process_family_begin(struct generation *g, const struct process_family *f, u64 child);
/* The child has done its work, and waits until the parent lets all of them go. */
void process_family_meet(const struct process_family *f, u64 child, struct tr_encoder *enc);
/* The child ends after that, and its stream with it. */
void process_family_end(const struct process_family *f, u64 child, struct tr_encoder *enc);
/* The parent goes on when all children have done their work. */
void process_family_await(struct generation *g, const struct process_family *f);
/* The parent lets the children go, and waits for their end. */
void process_family_release(struct generation *g, const struct process_family *f);

/* Nothing after this comes before what is numbered so far. */
void process_see(struct tr_encoder *enc, u64 seq);
/* The process sleeps until then. */
void process_wait(struct tr_encoder *enc, u64 seq);
/* The process wakes who waits for the number that this returns. */
u64 process_wake(struct generation *g, struct tr_encoder *enc);

#endif
