#include "traces/recorder/calls.h"

/* Numbers: arch/x86/entry/syscalls/syscall_{64,32}.tbl and include/uapi/asm-generic/unistd.h of Linux. */
const struct call_row call_rows[] = {
	{ CALL_MMAP, { 9, 90, 222 } },
	{ CALL_MMAP2, { CALL_NONE, 192, CALL_NONE } },
	{ CALL_MUNMAP, { 11, 91, 215 } },
	{ CALL_MREMAP, { 25, 163, 216 } },
	{ CALL_MPROTECT, { 10, 125, 226 } },
	{ CALL_MADVISE, { 28, 219, 233 } },
	{ CALL_BRK, { 12, 45, 214 } },
	{ CALL_SHMAT, { 30, 397, 196 } },
	{ CALL_SHMDT, { 67, 398, 197 } },
	{ CALL_CLONE, { 56, 120, 220 } },
	{ CALL_CLONE, { 435, 435, 435 } }, /* clone3: QEMU refuses it so far */
	{ CALL_FORK, { 57, 2, CALL_NONE } },
	{ CALL_FORK, { 58, 190, CALL_NONE } },
	{ CALL_EXECVE, { 59, 11, 221 } },
	{ CALL_EXECVEAT, { 322, 358, 281 } },
	{ CALL_EXIT, { 60, 1, 93 } },
	{ CALL_EXIT_GROUP, { 231, 252, 94 } },
	{ CALL_READ, { 0, 3, 63 } },
	{ CALL_READ, { 45, 371, 207 } },       /* recvfrom */
	{ CALL_READ, { 78, 141, CALL_NONE } }, /* getdents */
	{ CALL_READ, { 217, 220, 61 } },       /* getdents64 */
	{ CALL_PREAD, { 17, 180, 67 } },
	{ CALL_READV, { 19, 145, 65 } },
	{ CALL_PREADV, { 295, 333, 69 } },
	{ CALL_PREADV, { 327, 378, 286 } }, /* preadv2 */
	{ CALL_RECVMSG, { 47, 372, 212 } },
	{ CALL_WRITE, { 1, 4, 64 } },
	{ CALL_WRITE, { 44, 369, 206 } }, /* sendto */
	{ CALL_PWRITE, { 18, 181, 68 } },
	{ CALL_WRITEV, { 20, 146, 66 } },
	{ CALL_PWRITEV, { 296, 334, 70 } },
	{ CALL_PWRITEV, { 328, 379, 287 } }, /* pwritev2 */
	{ CALL_SENDMSG, { 46, 370, 211 } },
	{ CALL_FILL1, { 79, 183, 17 } },   /* getcwd */
	{ CALL_FILL1, { 318, 355, 278 } }, /* getrandom */
	{ CALL_FILL2, { 89, 85, CALL_NONE } },
	{ CALL_FILL3, { 267, 305, 78 } },
	{ CALL_FUTEX, { 202, 240, 98 } },
	{ CALL_FUTEX, { CALL_NONE, 422, CALL_NONE } }, /* futex_time64 */
	{ CALL_WAKE, { 62, 37, 129 } },                /* kill */
	{ CALL_WAKE, { 200, 238, 130 } },              /* tkill */
	{ CALL_WAKE, { 234, 270, 131 } },              /* tgkill */
	{ CALL_WAKE, { 40, 187, 71 } },                /* sendfile */
	{ CALL_WAKE, { 275, 313, 76 } },               /* splice */
	{ CALL_WAKE, { 65, CALL_NONE, 193 } },         /* semop */
	{ CALL_WAKE, { 69, 400, 189 } },               /* msgsnd */
	{ CALL_WAKE, { 242, 279, 182 } },              /* mq_timedsend */
	{ CALL_WAKE_FD, { 3, 6, 57 } },                /* close */
	{ CALL_WAKE_FD, { 48, 373, 210 } },            /* shutdown */
	{ CALL_WAIT, { 61, 114, 260 } },               /* wait4 */
	{ CALL_WAIT, { 247, 284, 95 } },               /* waitid */
	{ CALL_WAIT, { 43, CALL_NONE, 202 } },         /* accept */
	{ CALL_WAIT, { 288, 364, 242 } },              /* accept4 */
	{ CALL_WAIT, { 42, 362, 203 } },               /* connect */
	{ CALL_WAIT, { 34, 29, CALL_NONE } },          /* pause */
	{ CALL_WAIT, { 130, 179, 133 } },              /* rt_sigsuspend */
	{ CALL_WAIT, { 128, 177, 137 } },              /* rt_sigtimedwait */
	{ CALL_WAIT, { 73, 143, 32 } },                /* flock */
	{ CALL_WAIT, { 70, 401, 188 } },               /* msgrcv */
	{ CALL_WAIT, { 243, 280, 183 } },              /* mq_timedreceive */
	{ CALL_POLL, { 7, 168, CALL_NONE } },
	{ CALL_POLL, { 23, 142, CALL_NONE } },         /* select */
	{ CALL_POLL, { 271, 309, 73 } },               /* ppoll */
	{ CALL_POLL, { CALL_NONE, 414, CALL_NONE } },  /* ppoll_time64 */
	{ CALL_POLL, { 270, 308, 72 } },               /* pselect6 */
	{ CALL_POLL, { CALL_NONE, 413, CALL_NONE } },  /* pselect6_time64 */
	{ CALL_POLL, { 232, 256, CALL_NONE } },        /* epoll_wait */
	{ CALL_POLL, { 281, 319, 22 } },               /* epoll_pwait */
	{ CALL_SLEEP, { 35, 162, 101 } },              /* nanosleep */
	{ CALL_SLEEP, { 230, 267, 115 } },             /* clock_nanosleep */
	{ CALL_SLEEP, { CALL_NONE, 407, CALL_NONE } }, /* clock_nanosleep_time64 */
	{ CALL_SIGACTION, { 13, 174, 134 } },
	{ CALL_OPEN, { 2, 5, CALL_NONE } },
	{ CALL_OPENAT, { 257, 295, 56 } },
	{ CALL_CREAT, { 85, 8, CALL_NONE } },
	{ CALL_FSYNC, { 74, 118, 82 } },
	{ CALL_FSYNC, { 75, 148, 83 } }, /* fdatasync */
	{ CALL_SYNC_RANGE, { 277, CALL_NONE, 84 } },
	{ CALL_TRUNCATE, { 77, 93, 46 } },
	{ CALL_TRUNCATE64, { CALL_NONE, 194, CALL_NONE } },
	{ CALL_FADVISE, { 221, CALL_NONE, 223 } },
	{ CALL_READAHEAD, { 187, CALL_NONE, 213 } },
	{ CALL_MSYNC, { 26, 144, 227 } },
	{ CALL_MLOCK, { 149, 150, 228 } },
	{ CALL_MLOCK2, { 325, 376, 284 } },
	{ CALL_MUNLOCK, { 150, 151, 229 } },
	{ CALL_MLOCKALL, { 151, 152, 230 } },
	{ CALL_MUNLOCKALL, { 152, 153, 231 } },
};
const u32 n_call_rows = ARRAY_SIZE(call_rows);
