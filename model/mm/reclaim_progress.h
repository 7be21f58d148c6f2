/* What a thread keeps of an allocation while it waits: vmscan_wait.c. */
#ifndef MMSIM_MM_RECLAIM_PROGRESS_H
#define MMSIM_MM_RECLAIM_PROGRESS_H

#include "model/base/types.h"

/*
 * How far a thread has come with memory for a fault or a call that has to wait: it is made again afterwards,
 * and reclaim goes on from there.
 */
struct reclaim_progress {
	bool slept;         /* what is made again has waited for memory */
	bool waits;         /* in try_to_free_pages() */
	s32 priority;       /* of its next pass */
	u64 scanned, freed; /* pages */
	u32 idle;           /* calls of it in a row that freed nothing: no_progress_loops */
};

#endif
