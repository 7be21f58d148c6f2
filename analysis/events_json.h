/*
 * events.json: the timeline (model/sim/timeline.h) as Chrome trace events, which Perfetto (ui.perfetto.dev)
 *and chrome://tracing show: a JSON object with "traceEvents", written as they come, an event a line, so that
 * memory is bounded.
 *
 *	ph "X"  a span: ts and dur in microseconds of model time to the nanosecond, both ends rounded down,
 *	        so that spans nest as they do in cycles; args: the exact first cycle and the cycles, and what
 *	        the kind has; "address" in hexadecimal
 *	ph "b"  and "e" beside each other, with a number "id": a request of a device where there are so many
 *	        at once that lanes run out; args as of "X"
 *	ph "i"  an instant
 *	ph "M"  names of processes and threads, before their first event
 *
 * "Process" 1 has a lane ("thread") a core and one for the interrupts that it got, 2 a lane a kernel thread
 * (its runs stand on the lane of the core that did them, too, with category "on_core" here), 3 a lane a
 *device, and more where its requests overlap. A lane's events stand in the order of their ends.
 *
 * "otherData" at the end: the clock, how many events of each kind there were, and how many were left out at
 *the limit, which an instant for all lanes tells as well.
 *
 * Called by the verbs of cli/ and tests.
 */
#ifndef MMSIM_ANALYSIS_EVENTS_JSON_H
#define MMSIM_ANALYSIS_EVENTS_JSON_H

#include "analysis/counters.h"
#include "model/sim/timeline.h"

#define EVENTS_FILE         "events.json"
#define EVENTS_LIMIT        1000000u /* unless the user says otherwise */

#define EVENTS_PID_CORES    1u
#define EVENTS_PID_KTHREADS 2u
#define EVENTS_PID_DEVICES  3u
#define EVENTS_ON_CORE      "on_core"

/* Whose lane a thread id of processes 1 and 3 is. */
u32 events_core_of(u32 tid);
u32 events_device_of(u32 tid);

struct events;
/* Writes into a run directory; hz: the modelled core clock. */
struct events *events_new(const char *dir, u64 hz, u64 limit);
/* Paused in the beginning. */
struct timeline *events_timeline(struct events *ev);
/* Moves the finished file into place. */
void events_close(struct events *ev);

/*
 * What was told against what was counted meanwhile: NULL, or the kind that differs (a new string). Kinds
 * without a counter of their own are not looked at.
 */
char *events_miscounted(const struct timeline *t, const struct counters *c);

#endif
