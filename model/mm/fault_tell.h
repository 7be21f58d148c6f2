/*
 * What a page fault came to, for who listens: told by the counters that it moved. For fault.c.
 */
#ifndef MMSIM_MM_FAULT_TELL_H
#define MMSIM_MM_FAULT_TELL_H

#include "model/mm/mm.h"

/* It begins. */
void fault_trace(const struct kernel *k, struct cpu *c, const struct trap *t);
/* The fault is over, or waits; before: the counters when it began, at that cycle. */
void fault_tell(const struct kernel *k, struct cpu *c, const struct trap *t, const struct fault_stats *before,
		u64 begin);

#endif
