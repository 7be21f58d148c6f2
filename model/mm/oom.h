/*
 * The OOM killer: mm/oom_kill.c. The process that has most, as the era counts it, is ended. Its private
 * memory is taken at once, as the reaper of 4.6 on does it, and for older kernels as if it had been able to
 * exit; its threads end at their next fault. For model/mm.
 */
#ifndef MMSIM_MM_OOM_H
#define MMSIM_MM_OOM_H

#include "model/mm/mm.h"

/*
 * group: of whose processes; 0: of all. False: nobody can be killed, or it is the one whose allocation
 * c makes, which fails then.
 */
bool oom_kill(struct kernel *k, struct cpu *c, u32 group);

#endif
