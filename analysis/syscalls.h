/*
 * Names of system calls by number, for notes. Of x86-64 Linux only: other architectures number theirs in
 * another way and are told by number.
 *
 * Called by the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_SYSCALLS_H
#define MMSIM_ANALYSIS_SYSCALLS_H

#include "model/base/types.h"

/* NULL: no call of x86-64 Linux that is known here has this number. */
const char *syscall_name_x86_64(u32 number);

#endif
