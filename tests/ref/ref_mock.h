/*
 * Scripted levels around a cache or a directory under test. What they are asked is told in one string:
 * "r40 " a read of 0x40 below ("r40+ ": others hold the line), "w40:8 " a write of 8 bytes ("w40:64c " for
 * another's access), "u40 " an upgrade, "g40 " gone; "s1:40 " child 1 is asked to share, "d1:40 " to drop.
 */
#ifndef MMSIM_REF_MOCK_H
#define MMSIM_REF_MOCK_H

#include "model/hw/port.h"

#define MOCK_LINE    64u
#define MOCK_LATENCY 40u

/* What was told since the last time this was called. */
const char *mock_told(void);

struct mock_below {
	struct port port;
	u64 latency;        /* of a read */
	bool shared, dirty; /* what it answers to a read */
};
void mock_below_init(struct mock_below *b);

/* What a level does that has nothing above it to keep in step: the rest of its struct port_ops. */
void mock_no_expect(struct port *p, u64 pa, bool write);
u64 mock_no_upgrade(struct port *p, struct mem_req *r, u64 now);
void mock_no_gone(struct port *p, u64 pa, u64 now);
#define MOCK_PORT_ENDS mock_no_expect, mock_no_upgrade, mock_no_gone

/* Caches above: they have what `answer` says of each line, PROBE_*. */
#define MOCK_LINES 64u
struct mock_above {
	struct above above;
	u32 id, answer[MOCK_LINES];
};
void mock_above_init(struct mock_above *a, u32 id);

#endif
