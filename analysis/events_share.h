/*
 * What the time of each core went to, in equal pieces of it, out of a timeline: spans less the spans in them.
 * Of a kernel thread when it ran, of a device when it had requests. For pictures.
 */
#ifndef MMSIM_ANALYSIS_EVENTS_SHARE_H
#define MMSIM_ANALYSIS_EVENTS_SHARE_H

#include "analysis/events_read.h"

enum share_part {
	SHARE_FAULT,     /* faults that needed no device */
	SHARE_MAJOR,     /* the cores' part of those that did */
	SHARE_RECLAIM,   /* direct reclaim, and the allocator's slow path around it */
	SHARE_COMPACT,   /* direct compaction */
	SHARE_SHOOTDOWN, /* flushing others' TLBs, and waiting for them */
	SHARE_IPI,       /* interrupts by others who do */
	SHARE_CALL,      /* system calls that change or copy memory */
	SHARE_KTHREAD,   /* ticks and kernel threads */
	SHARE_IO,        /* devices: requests under way */
	SHARE_PROGRAM,   /* what is left of a thread's turns */
	NR_SHARE_PARTS,
};
extern const char *const share_part_name[NR_SHARE_PARTS];

struct share_lane {
	char name[32];
	u32 pid;                          /* EVENTS_PID_* */
	u32 number;                       /* of the core, or device; of a kernel thread its lane */
	double (*cycles)[NR_SHARE_PARTS]; /* by piece */
};

struct events_shares {
	struct share_lane *lane; /* cores, kernel threads, devices */
	u32 n_lanes, n_pieces;
	u64 from, to;               /* cycles */
	double all[NR_SHARE_PARTS]; /* cycles of all cores; of devices: SHARE_IO */
};

/* The table must not be empty. */
void events_shares_of(const struct events_table *t, u32 n_pieces, struct events_shares *s);
void events_shares_fini(struct events_shares *s);
/* The lane on which a row of the table is shown. */
const struct share_lane *events_share_lane(const struct events_shares *s, const struct events_lane *l);

#endif
