/*
 * Who is in which class of service (hw/partition.h): recorded programs by their place on the command line,
 * their processes by number, the kernel's own accesses apart or as the thread for which it works.
 */
#ifndef MMSIM_CORE_SERVICE_H
#define MMSIM_CORE_SERVICE_H

#include "model/hw/partition.h"
#include "model/sim/opt.h"

struct service_cfg {
	char *recordings; /* "0,1": classes of the first, the second, ...; of others 0 */
	char *pids;       /* "1234:1,1240:2": classes of processes of any recording, before that */
	u32 kernel;       /* word: thread, or a class */
};
extern const struct opt service_opts[];

/* NULL, or what is wrong; *key is then the option at fault. */
const char *service_check(const struct service_cfg *cfg, const char **key);

/* Own copies of the lists, for a machine that outlives its configuration; and what frees them. */
void service_keep(struct service_cfg *cfg);
void service_drop(struct service_cfg *cfg);

u8 service_of(const struct service_cfg *cfg, u32 recording, u32 pid);
/* Of the kernel's own accesses while it works for a thread of that class. */
u8 service_of_kernel(const struct service_cfg *cfg, u8 thread);

#endif
