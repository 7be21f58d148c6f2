/*
 * What a recorded program consists of: static basic blocks, runs of them, and events.
 *
 * A static block is a straight piece of code as it was executed at least once: its instructions and its
 * memory slots in program order. Two executions of the same code that made different accesses (a rep-prefixed
 * instruction with a zero count, a block that a fault left in the middle) are two static blocks with the same
 * pc. So a run of a block is completely told by the block and one address a slot.
 *
 * Not here: how runs are stored (codec), how they are read (trace.h), what they cost (model/).
 * Anyone above model/base may include this; the recorder's plugin does too.
 */
#ifndef MMSIM_TRACES_BLOCK_H
#define MMSIM_TRACES_BLOCK_H

#include "model/base/types.h"

enum tr_kind {
	TR_LOAD,
	TR_STORE,
	TR_ATOMIC,   /* counts as one load and one store, asks for its line once, to write */
	TR_PREFETCH, /* a software prefetch: nothing waits for it */
	TR_NR_KINDS,
};

/* struct tr_slot.dep: which earlier data access of the thread produces this slot's address. */
#define TR_DEP_NONE    0      /* none: the address is known early */
#define TR_DEP_MAX     0xfffe /* 1..TR_DEP_MAX: the access that many data accesses before this one */
#define TR_DEP_UNKNOWN 0xffff /* the recording does not say */

struct tr_slot {
	u32 size; /* bytes, at least 1; 1 also where the recording does not tell */
	u16 insn; /* index of the instruction in the block; 0 in a block without instructions */
	u16 dep;
	u8 kind; /* enum tr_kind */
};

/* Limits that the recorder, the readers and the decoder keep, so that a block always fits a packet. */
#define TR_MAX_INSNS 512u
#define TR_MAX_SLOTS 512u
#define TR_MAX_SIZE  (1u << 20) /* bytes of one access */

struct tr_block {
	u64 pc;      /* virtual address of the first instruction */
	u16 n_insns; /* 0: data accesses that belong to no recorded instruction */
	u16 n_slots;
	const u8 *insn_size;        /* n_insns sizes in bytes, 0 never; instructions follow each other */
	const struct tr_slot *slot; /* n_slots, insn never decreasing */
};

/*
 * Events: everything in a thread's stream that is not a block run, in program order with its runs.
 * Numbers and addresses are the recorded machine's; names in comments are those of the fields used.
 */
enum tr_event_kind {
	TR_EV_NONE,
	/* The address space. `addr`, `len` bytes; whole pages except where the program asked otherwise. */
	TR_EV_MAP,     /* mmap, or a mapping that existed at the start: prot, flags, file, offset, name */
	TR_EV_UNMAP,   /* munmap */
	TR_EV_REMAP,   /* mremap: old range addr, len; new range addr2, len2; contents move */
	TR_EV_PROTECT, /* mprotect: prot */
	TR_EV_ADVISE,  /* madvise: arg = advice (Linux MADV_*) */
	TR_EV_BRK,     /* addr = new end of the heap; addr2 = its start */
	/* Threads and processes. `arg` is the other thread or process. */
	TR_EV_CLONE, /* a thread of this process starts: arg = its tid */
	TR_EV_FORK,  /* a child process starts with a copy of this address space: arg = its pid */
	TR_EV_EXEC,  /* the address space is replaced; arg = 1: the new program follows in this stream,
			0: the recording of this process ends here; name = path */
	TR_EV_EXIT,  /* this thread ends: arg = exit status or 128 + signal; flags & TR_EXIT_GROUP: all */
	/* Order. */
	TR_EV_SEEN,  /* from here on the thread has seen every numbered event up to `seq`, see below */
	TR_EV_WAKE,  /* a call that can let another thread go on (futex wake, write to a pipe, ...) */
	TR_EV_WAIT,  /* a call that blocked until another thread let it go on; the SEEN after it says which */
	TR_EV_SLEEP, /* waited for the outside (sleep, network, terminal): arg = ns of host time */
	/* What the kernel did on the program's behalf. */
	TR_EV_READ,    /* the kernel wrote a user buffer: addr, len; file, offset (or ~0) if a file's data */
	TR_EV_WRITE,   /* the kernel read a user buffer: addr, len; file, offset (or ~0) if a file's data */
	TR_EV_SYSCALL, /* any other call: arg = number of the recorded architecture */
	TR_EV_MARK,    /* a named place: name */
	TR_EV_FILE,    /* names a file once before its first use: file = its id, len = bytes, name = path */
	/* What the kernel's allocators were asked for, see "Allocation events" below. */
	TR_EV_PAGE_ALLOC, /* 2^arg pages */
	TR_EV_PAGE_FREE,
	TR_EV_SLAB_ALLOC, /* an object of arg bytes: of the cache `name`, or by kmalloc if there is none */
	TR_EV_SLAB_FREE,
	TR_EV_LOST, /* recorder or reader lost something here: arg = packets, 0 if unknown; name = why */
	TR_NR_EVENTS,
};

/* tr_event.prot */
#define TR_PROT_READ  1u
#define TR_PROT_WRITE 2u
#define TR_PROT_EXEC  4u

/* tr_event.flags of TR_EV_MAP and TR_EV_REMAP */
#define TR_MAP_SHARED    1u
#define TR_MAP_ANON      2u
#define TR_MAP_FIXED     4u /* replaces what was there */
#define TR_MAP_GROWSDOWN 8u /* the stack */
#define TR_MAP_HUGETLB   16u
#define TR_MAP_LOCKED    32u
#define TR_MAP_POPULATE  64u
#define TR_MAP_NORESERVE 128u
#define TR_MAP_INITIAL   256u /* existed before the first instruction */
#define TR_MAP_HEAP      512u /* the brk area */

/* tr_event.flags of TR_EV_EXIT */
#define TR_EXIT_GROUP 1u

/*
 * Allocation events: pages and objects that a kernel's code took and gave back.
 *
 *   flags  the CPU on which it happened, TR_KMEM_CPU(), and TR_KMEM_COLD, TR_KMEM_READS
 *   addr   names what is taken, until it is freed by that name: a pointer, or the number of the first page;
 *          the lower 63 bits count. Pages and objects have names apart. Of a block of pages a part may be
 *          freed by its own number.
 *   arg    pages: the order; objects: the bytes asked for (of a free: 0 if not told)
 *   len    bytes from its beginning on that the user writes after the allocation or reads before the free;
 *          0: the recording does not tell
 *   len2   ns of the recorded machine since the thread's allocation event before this one; 0: not told
 *   addr2  allocations: TR_GFP_*
 *   file   allocations: 1 + the node that was asked for; 0: none was
 *   name   objects: the cache; NULL: kmalloc
 *
 * Numbered, they happen in the order of their numbers; a free on another CPU must not come before its
 * allocation, so one of the two ways of telling order (seq, SEEN) has to be used at least for those.
 */
#define TR_KMEM_CPU(flags)    ((flags)&0xffffu)
#define TR_KMEM_COLD          0x10000u /* the free says that the page is not in the cache */
#define TR_KMEM_READS         0x20000u /* the user reads after the allocation: a device has written */

#define TR_GFP_DMA            0x1u
#define TR_GFP_HIGHMEM        0x2u
#define TR_GFP_DMA32          0x4u
#define TR_GFP_MOVABLE        0x8u
#define TR_GFP_RECLAIMABLE    0x10u
#define TR_GFP_HIGH           0x20u
#define TR_GFP_IO             0x40u
#define TR_GFP_FS             0x80u
#define TR_GFP_ZERO           0x100u
#define TR_GFP_DIRECT_RECLAIM 0x200u
#define TR_GFP_KSWAPD_RECLAIM 0x400u
#define TR_GFP_NORETRY        0x800u
#define TR_GFP_RETRY_MAYFAIL  0x1000u
#define TR_GFP_NOFAIL         0x2000u
#define TR_GFP_NOWARN         0x4000u
#define TR_GFP_COMP           0x8000u
#define TR_GFP_NOMEMALLOC     0x10000u
#define TR_GFP_MEMALLOC       0x20000u
#define TR_GFP_THISNODE       0x40000u
#define TR_GFP_COLD           0x80000u
/* The kernel's names for usual sets of them (include/linux/gfp_types.h). */
#define TR_GFP_ATOMIC       (TR_GFP_HIGH | TR_GFP_KSWAPD_RECLAIM)
#define TR_GFP_NOWAIT       (TR_GFP_KSWAPD_RECLAIM | TR_GFP_NOWARN)
#define TR_GFP_NOIO         (TR_GFP_DIRECT_RECLAIM | TR_GFP_KSWAPD_RECLAIM)
#define TR_GFP_NOFS         (TR_GFP_NOIO | TR_GFP_IO)
#define TR_GFP_KERNEL       (TR_GFP_NOFS | TR_GFP_FS)
#define TR_GFP_HIGHUSER     (TR_GFP_KERNEL | TR_GFP_HIGHMEM)
#define TR_GFP_MOVABLE_USER (TR_GFP_HIGHUSER | TR_GFP_MOVABLE) /* GFP_HIGHUSER_MOVABLE */

/*
 * TR_EV_SYSCALL with flags: a call on what is in memory of a file. file; offset, len: its bytes, len 0: up to
 * the end; addr2: the advice (POSIX_FADV_*). Those of msync have no file, but addr and len of mappings. Or a
 * call that locks mappings, addr and len, or unlocks them; addr2: its flags (MLOCK_*, MCL_*).
 */
#define TR_CALL_SYNC        1u /* fsync, fdatasync, sync_file_range: dirty pages are written, waited for */
#define TR_CALL_SYNC_BEGIN  2u /* the same without waiting */
#define TR_CALL_TRUNCATE    3u /* ftruncate, O_TRUNC: to len bytes */
#define TR_CALL_ADVISE      4u /* posix_fadvise, readahead */
#define TR_CALL_MSYNC       5u /* msync with MS_SYNC */
#define TR_CALL_MSYNC_BEGIN 6u /* msync without it */
#define TR_CALL_MLOCK       7u /* mlock, mlock2 */
#define TR_CALL_MUNLOCK     8u
#define TR_CALL_MLOCKALL    9u
#define TR_CALL_MUNLOCKALL  10u

/* Whether addr and len of such a call are a range of the program's. */
static inline bool tr_call_has_range(u32 flags)
{
	return flags >= TR_CALL_MSYNC && flags <= TR_CALL_MUNLOCK;
}

#define TR_NO_FILE          0u
#define TR_NO_OFFSET        (~(u64)0)

/*
 * Order between threads. Events that change an address space, or create, end, wake or wait for a thread, are
 * numbered: `seq` counts from 1 through the whole recording (all its processes), in an order in which they
 * happened. seq is 0 in events that are not numbered. In TR_EV_SEEN it is not the event's own number but the
 * highest number known to have happened when the thread stood here.
 *
 * A replay that obeys two rules is a possible order of the program:
 *   - a thread does not pass a SEEN (nor its own numbered event) before every number up to it (below it) was
 *     applied;
 *   - an event that takes something away (UNMAP, REMAP, PROTECT, ADVISE, MAP with FIXED, shrinking BRK, EXEC,
 *     EXIT with GROUP) waits until each other thread of the process stands at a SEEN of at least its number,
 *     is waiting, or has ended.
 */
struct tr_event {
	u8 kind; /* enum tr_event_kind */
	u8 prot;
	u32 flags;
	u32 file; /* id of TR_EV_FILE, TR_NO_FILE if none */
	u64 seq;
	u64 addr, len;
	u64 addr2, len2;
	u64 offset;
	u64 arg;
	const char *name; /* NUL-terminated, at most TR_MAX_NAME bytes, NULL if none; not owned */
};
#define TR_MAX_NAME 4096u

const char *tr_kind_name(enum tr_kind kind);        /* "load", ... */
const char *tr_event_name(enum tr_event_kind kind); /* "mmap", ... */

#endif
