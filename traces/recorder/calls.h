/*
 * What the recorder makes of a system call: its kind, and the numbers of the calls of that kind in each
 * architecture. For traces/recorder only.
 */
#ifndef MMSIM_RECORDER_CALLS_H
#define MMSIM_RECORDER_CALLS_H

#include "model/base/types.h"

enum call_kind {
	CALL_OTHER,
	/* The address space. */
	CALL_MMAP,
	CALL_MMAP2, /* offset in pages */
	CALL_MUNMAP,
	CALL_MREMAP,
	CALL_MPROTECT,
	CALL_MADVISE,
	CALL_BRK,
	CALL_SHMAT,
	CALL_SHMDT,
	/* Threads and processes. */
	CALL_CLONE,
	CALL_FORK, /* and vfork, which QEMU makes a fork */
	CALL_EXECVE,
	CALL_EXECVEAT,
	CALL_EXIT,
	CALL_EXIT_GROUP,
	/* User buffers: arguments are fd, buffer, length. */
	CALL_READ,
	CALL_PREAD,
	CALL_READV, /* fd, iovec, count */
	CALL_PREADV,
	CALL_RECVMSG, /* fd, msghdr */
	CALL_WRITE,
	CALL_PWRITE,
	CALL_WRITEV,
	CALL_PWRITEV,
	CALL_SENDMSG,
	CALL_FILL1, /* buffer, length: getcwd, getrandom */
	CALL_FILL2, /* path, buffer, length: readlink */
	CALL_FILL3, /* fd, path, buffer, length: readlinkat */
	/* Order. */
	CALL_FUTEX,
	CALL_WAKE,    /* kill and its like */
	CALL_WAKE_FD, /* close, shutdown: somebody may wait at the other end */
	CALL_WAIT,    /* wait4, accept, sigsuspend */
	CALL_POLL,    /* waits for others, or for a time-out */
	CALL_SLEEP,
	CALL_SIGACTION,
	/* Files; the first argument is the descriptor. */
	CALL_OPEN,   /* path, flags */
	CALL_OPENAT, /* fd, path, flags */
	CALL_CREAT,
	CALL_FSYNC,
	CALL_SYNC_RANGE, /* fd, offset, length, flags */
	CALL_TRUNCATE,   /* fd, length */
	CALL_TRUNCATE64, /* the same with 64 bits, on i386 in two */
	CALL_FADVISE,    /* fd, offset, length, advice */
	CALL_READAHEAD,  /* fd, offset, length */
	CALL_MSYNC,      /* address, length, flags */
	/* Locking of mappings. */
	CALL_MLOCK,    /* address, length */
	CALL_MLOCK2,   /* address, length, flags */
	CALL_MUNLOCK,  /* address, length */
	CALL_MLOCKALL, /* flags */
	CALL_MUNLOCKALL,
};

#define CALL_NONE (-1)

struct call_row {
	u8 kind;
	s16 num[3]; /* x86_64, i386, and the common table of aarch64 and riscv64; CALL_NONE: not there */
};
extern const struct call_row call_rows[];
extern const u32 n_call_rows;

#endif
