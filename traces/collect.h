/*
 * The collector of a recording: takes what the recorded processes put into shared memory
 * (recorder/shared.h), encodes it and writes the capture file. It sees processes end, however they end, and
 * completes their streams: nothing that a program did before it was killed is lost.
 *
 * Not here: starting the program, options, messages (cli/record.c). One caller, one thread; a second thread
 * of its own compresses and writes.
 */
#ifndef MMSIM_TRACES_COLLECT_H
#define MMSIM_TRACES_COLLECT_H

#include <sys/types.h>

#include "traces/recorder/shared.h"
#include "traces/trace.h"

struct collector;

struct collect_stats {
	u64 insns, accesses; /* an atomic counts once */
	u64 bytes;           /* of the capture, before gzip */
	u32 processes, threads;
	u32 threads_lost; /* more ran at once than can be recorded */
	bool blocks_lost; /* there was no room for more static blocks: not all is recorded */
};

/* Creates the capture file: a bad name is told before the program starts. NULL: err is filled. */
struct collector *collect_open(const char *path, const struct rec_window *window, char err[TR_ERRBUF]);
/* What the plugin needs to find the shared memory. */
const char *collect_memory(const struct collector *c);
/* A process that will be recorded, so that its end is noticed even if it never says a word. */
void collect_expect(struct collector *c, pid_t pid);
/*
 * Takes what there is and waits a little if there is nothing. False: every process known has ended, and all
 * it published has been taken. Reaps children; *status is set when `child` was among them.
 */
bool collect_step(struct collector *c, pid_t child, int *status);
/* What went wrong while writing, NULL if nothing has. From then on nothing more is recorded. */
const char *collect_error(struct collector *c);
/* Completes the file. False: err says what is wrong with it. */
bool collect_close(struct collector *c, struct collect_stats *stats, char err[TR_ERRBUF]);

#endif
