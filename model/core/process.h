/*
 * A recording as replay sees it: its processes and threads, and which packet is whose. A file gives packets
 * in the order in which they were written; each thread consumes its own. Packets read on the way to another
 * thread's wait in their thread's queue.
 *
 * Nothing here runs or costs anything; states are moved by the engine. Called by the engine.
 */
#ifndef MMSIM_CORE_PROCESS_H
#define MMSIM_CORE_PROCESS_H

#include "model/core/core.h"
#include "model/core/order.h"
#include "model/core/rebase.h"
#include "model/mm/kernel.h"
#include "model/sim/event.h"
#include "traces/trace.h"

enum thread_state {
	THREAD_READY,   /* the scheduler has it */
	THREAD_ORDER,   /* until number `need` was applied */
	THREAD_TAKING,  /* until the others of its process have passed what they had seen before its event */
	THREAD_STARVED, /* until a packet of it is read */
	THREAD_ASLEEP,  /* until `wake` fires */
};

struct thread {
	struct recording *rec;
	struct process *proc;
	u32 tid;
	enum thread_state state;
	bool alive;    /* its CLONE was applied, or it has run */
	bool draining; /* ended by a signal: what its recording still holds changes state, but nothing runs */
	bool waiting;  /* its last event was a WAIT */
	bool resting;  /* it did not run when it was recorded: it has done nothing since a WAIT */
	bool io_wait;  /* for a device; or it has not run since */
	u64 need;      /* THREAD_ORDER: the number */
	bool assumed;  /* THREAD_TAKING was given up */
	u64 stands;    /* not READY: the highest number that it is known to stand at, see thread_stands() */

	struct trace_packet *first, *last; /* queued */
	struct trace_packet *packet;       /* being decoded, NULL: none */
	struct tr_cursor *cursor;          /* while there is a packet */
	u32 chunks;                        /* of the packet so far */
	bool has_chunk;
	struct core_chunk chunk;
	u64 *rebased; /* its addresses, where the recording is packed */
	u32 cap_rebased;
	struct tr_event event; /* after the chunk; kind TR_EV_NONE: none */
	bool gap_over;         /* the recorded time before its allocation event has passed */
	bool event_begun;      /* its time is charged already; only copying or sleeping is left */
	u64 copied;            /* of the user buffer of its READ or WRITE */
	struct file_io io;     /* where that goes through the page cache */

	u64 allocated_at;  /* cycle of its last allocation event, 0: none yet */
	struct task *task; /* the kernel's of it, NULL: none yet */
	u64 ready_at;      /* cycle at which it left its core, or from which on it may go on */

	struct event wake;
	u32 bound;        /* 1 + the only core that it may run on, 0: any */
	u64 serial;       /* the scheduler's, 0: none yet */
	u64 quantum_left; /* cycles */
	bool ran;         /* on last_core */
	u32 last_core;
	u32 held_on;         /* 1 + the core that it would run on (engine_state.h), 0: none */
	struct thread *next; /* in the scheduler's queue, or among the recording's blocked threads */
	struct thread *next_of_process;
	struct thread *next_in_bucket;
};

struct process {
	u32 pid;
	bool born;     /* it has or had an address space */
	struct mm *mm; /* NULL before that and after its end */
	u64 brk;       /* where the heap ends */
	u32 n_threads; /* that have not ended */
	struct thread *threads;
	struct process *next;
};

#define RECORDING_BUCKETS 4096u

struct recording {
	struct trace *trace;
	struct engine *engine; /* for the threads' wake-ups */
	u32 index;             /* among the engine's recordings */
	bool ended;            /* the trace has no more packets */
	u64 buffered;          /* bytes of packets that wait in queues */
	u64 packets;
	struct order order;
	struct kevents *kevents; /* what its allocation events hold, NULL: it had none yet */
	u64 changed_at; /* cycle of the last event or block of a thread, which may let others go on */
	struct code_table code;
	struct rebase *rebase; /* NULL: addresses are as recorded */
	struct tr_cursor *peek;
	struct process *processes;
	/* THREAD_ORDER and THREAD_TAKING, in the order in which they blocked. */
	struct thread *blocked, **blocked_end;
	u32 n_starved;
	u32 n_going; /* READY or ASLEEP */
	struct thread *bucket[RECORDING_BUCKETS];
	struct thread *spare_threads;
	struct tr_cursor **spare_cursors;
	u32 n_spare_cursors, cap_spare_cursors;
};

/*
 * line: bytes of an instruction-cache line; page_shift: of the smallest pages. The recording owns the trace
 * and the packing (NULL: none) from now on.
 */
struct recording *recording_new(struct trace *t, u32 index, u32 line, u32 page_shift, struct rebase *rebase,
				struct engine *e);
void recording_free(struct recording *r);

/*
 * Reads one packet and queues it at its thread, which is made if it is not known. NULL: there are no more.
 * die()s on damage, with the trace's words.
 */
struct thread *recording_read(struct recording *r);

struct process *recording_process(struct recording *r, u32 pid);        /* made if unknown */
struct thread *recording_thread(struct recording *r, u32 pid, u32 tid); /* made STARVED if unknown */

/* The next packet of the queue becomes the one that is decoded; false: the queue is empty. */
bool thread_next_packet(struct thread *th);
/* The next chunk and event of the packet; false: the packet is done and given back. */
bool thread_next_chunk(struct thread *th);
/*
 * What the thread had seen right after the current chunk's runs: told by the first SEEN or numbered event
 * before the next block run, or by the next packet. 0 if nothing tells.
 */
u64 thread_next_seen(const struct thread *th);
/* Will it, as far as is known, use nothing that number n takes away before n was applied? */
bool thread_stands(const struct thread *th, u64 n);
/*
 * Takes the thread out of its process. True: packets that are queued already belong to a later thread of the
 * same name, which the struct is now, STARVED no more; else the struct is gone.
 */
bool thread_end(struct thread *th);

#endif
