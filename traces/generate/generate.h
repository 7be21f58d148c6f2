/*
 * Synthetic recordings: programs whose behaviour has a closed formula. A generator is one file, one const
 * struct and one row in generate.c's array. They write captures as the recorder does: a process, its
 * mappings, its exit.
 *
 * Called by cli/generate.c and by tests.
 */
#ifndef MMSIM_TRACES_GENERATE_H
#define MMSIM_TRACES_GENERATE_H

#include "model/base/rng.h"
#include "model/sim/opt.h"
#include "traces/encode.h"
#include "traces/trace.h"

struct generate_opts {
	u64 size, pages, apart, count, stride, huge, seed;
	u32 stores, threads;
	u64 live, object, touch; /* of allocation events */
	u64 between;
	u64 tasks, groups, vmas, iterations, visits; /* of processes */
	u32 share, work;
	u32 cpus, order;
	bool cold, random, unmap, maps;
	char *cache;
};
extern const struct opt generate_keys[];
extern const char *const generate_works[]; /* of forks.c */

/* A program being written. */
struct generation {
	struct generate_opts o;
	struct tr_dict *dict;
	struct tr_encoder *enc;
	struct rng rng;
	u64 seq; /* number of the last event */
	bool has_file;
	u32 files, children; /* process.h: how many there are so far */
	u32 between_load;    /* what the program's accesses between others are made with */
	u64 between_at;
	struct capture_writer *writer;
};

struct generator {
	const char *name;
	const char *help;    /* one line, with the options that it uses */
	const char *example; /* options, NULL: none is shown */
	void (*run)(struct generation *g);
};
extern const struct generator *const generators[]; /* ends with NULL */

const struct generator *generator_find(const char *name); /* NULL: there is none */
/* o keeps to generate_keys' limits, and stride <= size. Writes the capture; false: err says what is wrong. */
bool generate(const struct generator *gen, const struct generate_opts *o, const char *path,
	      char err[TR_ERRBUF]);

/* ---- for the generators ---- */

#define GENERATE_THREADS 64u
#define GENERATE_TASKS   10000u
#define GENERATE_PAGE    4096u
#define GENERATE_LINE    64u
/* A gigabyte: in the user space of every layout, and whole pages of every size. */
#define GENERATE_DATA 0x40000000ull
#define GENERATE_CODE 0x400000ull /* where the loops lie */
#define GENERATE_PID  1u          /* of the process with which the recording begins */

/* Maps private anonymous memory at GENERATE_DATA, whole pages. */
void generate_map(struct generation *g, u64 len);
/* Maps one shared object from its beginning, at GENERATE_DATA + at. */
void generate_map_shared(struct generation *g, u64 at, u64 len);
/* Fills the data before its use, a store every `step` bytes: memory never written is one shared zero page. */
void generate_fill(struct generation *g, u64 len, u64 step);
/* A loop body of a few instructions, the first of which makes the access. Returns the block's number. */
u32 generate_block(struct generation *g, enum tr_kind kind, u16 dep);
/* A random cycle through 0..n-1: next[i] comes after i (Sattolo). The caller frees it. */
u32 *generate_cycle(struct generation *g, u32 n);
/* Maps and fills the --size bytes of each of so many threads that it uses with --between, at an address. */
void generate_own(struct generation *g, u64 at, u32 threads);
/* The thread makes --between loads at random places of its own data. */
void generate_between(struct generation *g, struct tr_encoder *enc, u32 thread);
/* The event gets the next number. */
void generate_event(struct generation *g, struct tr_encoder *enc, struct tr_event ev);
/* The stream of a thread that begins when everything up to that number has happened. */
struct tr_encoder *generate_encoder(struct generation *g, u32 pid, u32 tid, u64 seen);
/* One more thread of the process begins, and ends; `thread` is 1, 2, ... */
struct tr_encoder *generate_thread(struct generation *g, u32 thread);
void generate_end_thread(struct generation *g, struct tr_encoder *enc);
/* The accesses to make where n of them touch everything once. */
u64 generate_count(const struct generation *g, u64 n);

#endif
