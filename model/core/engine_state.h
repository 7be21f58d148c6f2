/*
 * The engine's inside. Private to engine*.c.
 */
#ifndef MMSIM_CORE_ENGINE_STATE_H
#define MMSIM_CORE_ENGINE_STATE_H

#include "model/base/map64.h"
#include "model/core/engine.h"

/* Work of the kernel that comes by itself (engine_tick.c): periodic, or of a node's threads. */
struct engine_job {
	struct event ev;
	struct engine *engine;
	u32 node;     /* of memory, for work of a node */
	bool of_node; /* any idle core of the node does */
	u32 core;     /* whose work it is; of a node's: who does it if no core is idle */
	u32 tick;     /* enum kernel_tick; NR_KERNEL_TICKS: threads that were woken */
	bool flusher; /* of the flusher, then */
	u64 period;   /* cycles */
	bool due;
	bool behind;    /* it could go on, but others wait for the core */
	u64 not_before; /* cycle up to which threads that were woken sleep themselves */
	struct engine_job *next; /* that is due on the same core */
};

struct engine_core {
	struct core *core;
	struct cpu *cpu;
	u32 id;
	bool active;       /* it has a thread, or looks for one; else it is idle */
	struct mm *loaded; /* address space of the thread that runs; NULL: to be loaded before one does */
	struct thread *current;
	u64 turn_start, turn_end; /* cycles */
	u64 turn_told;            /* up to there the timeline has been told of turns */
	struct engine_job *due;   /* before it goes on, in this order */
	/*
	 * The thread that ran last, if only the replay's order keeps it from going on: as the program was
	 * recorded it ran, and to the kernel it still does. NULL: there is none.
	 */
	struct thread *held;
};

/* Files by their names, and what a recording's number of a file stands for. */
struct engine_files {
	struct map64 of_number; /* identities, by recording and number */
	char **name;
	u32 n, cap;
};

struct engine {
	struct engine_params p;
	struct engine_core *cores;
	u32 n_idle;
	struct engine_core *on; /* whose turn it is */
	u64 now;                /* cycle at which its turn came: nobody has anything to do before it */
	u64 horizon;            /* issue slot at which another's turn comes */
	u64 run_until;          /* cycle up to which it may run ahead */
	struct sched sched;
	struct recording **recordings;
	u32 n_recordings, n_made; /* n_made: also of those that are gone */
	bool recheck;             /* somebody who is blocked may be able to go on */
	u32 n_asleep;             /* threads */
	u32 n_io_waits;           /* of these, that wait for a device */
	u64 shared_objects;       /* shared anonymous mappings so far */
	struct engine_files files;

	u64 limit, next_check; /* records */
	enum engine_mode mode;
	struct engine_goal goal;
	u64 skipped_insns;
	u64 accesses; /* recorded ones, of all runs so far */
	struct explain *explain;
	const struct profile_hook *profile; /* NULL: nobody asks */
	struct timeline *timeline; /* NULL: nobody listens */
	struct tracer *tracer;
	struct trap_log *log, *repeat;
	bool marked; /* a mark was passed */
	char mark[TR_MAX_NAME + 1];

	struct engine_stats st;
	struct engine_run_stats run_st;
	struct order_stats order_st; /* of all recordings */
	struct engine_job *job;      /* those of ticks, then one a node for its threads */
	struct engine_job *flusher;  /* of them */
	u32 n_jobs;
	u64 syscalls[ENGINE_SYSCALLS];
	bool unknown_dep; /* of recordings that have ended, see engine_unknown_dependence() */
	struct engine_death deaths[ENGINE_DEATHS];
	u32 n_deaths;
};

/* What is left for the running thread to do. */
enum step {
	STEP_DONE,  /* go on behind it */
	STEP_AGAIN, /* the turn is over in the middle of it */
	STEP_LEFT,  /* the thread has left the core; it may be gone */
};

/* engine.c */
/* A chunk of the running thread, and the event behind it, as far as it gets in this turn. */
enum step engine_step(struct engine *e, struct thread *th);
/* The limit of engine_run(), or a goal. */
bool engine_reached(const struct engine *e);
void engine_end_recordings(struct engine *e);
/* The running thread's core has nothing to do until that cycle. */
void engine_idle_until(struct engine *e, u64 when);
/* What was to happen now has to wait: it is another core's turn. */
bool engine_others_turn(const struct engine *e);
/* Something has happened that may let threads of the recording go on. */
void engine_changed(struct engine *e, struct recording *r);
/* The running thread, or a starved one, ends; with the last one its process does. */
enum step engine_end_thread(struct engine *e, struct thread *th);
void engine_end_mm(struct engine *e, struct process *p);
/* Memory ran out: the running thread's process ends. */
enum step engine_kill_oom(struct engine *e, struct thread *th);

/* engine_event.c: makes the event behind the running thread's chunk happen, if it is its turn. */
enum step engine_event(struct engine *e, struct thread *th);

/* engine_lock.c: mlock() and its kin; and what is faulted in with it, or with a mapping. */
bool engine_is_lock_call(const struct tr_event *ev);
enum step engine_lock_call(struct engine *e, struct thread *th);
enum step engine_populate(struct engine *e, struct thread *th, u64 addr, u64 len);

/* engine_file.c: files of recordings as the kernel knows them. */
void engine_files_free(struct engine *e);
/* The identity of a recording's file: its name's, where it has told one; else its own. */
u64 engine_file(struct engine *e, const struct recording *r, u32 file);
enum step engine_name_file(struct engine *e, struct thread *th);
/* The event's mapping is of a file, which is as long as that at least. */
void engine_file_is_mapped(struct engine *e, struct thread *th, const struct tr_event *ev);
/* Whether the event goes through the kernel's page cache. */
bool engine_has_file(const struct engine *e, const struct tr_event *ev);
/* read() and write(); write: of the user's buffer. */
enum step engine_file_io(struct engine *e, struct thread *th, bool write);
/* fsync(), msync(), ftruncate(), posix_fadvise(): whether a call is one of them. */
bool engine_is_file_call(const struct engine *e, const struct tr_event *ev);
enum step engine_file_call(struct engine *e, struct thread *th);

/*
 * engine_alloc.c: brings the running thread to where and when its allocation event happened. STEP_DONE: it is
 * there.
 */
enum step engine_await_alloc(struct engine *e, struct thread *th);
bool engine_is_alloc(enum tr_event_kind kind);
enum step engine_page_alloc(struct engine *e, struct thread *th);
enum step engine_page_free(struct engine *e, struct thread *th);
enum step engine_object_alloc(struct engine *e, struct thread *th);
enum step engine_object_free(struct engine *e, struct thread *th);

/* engine_turn.c */
/* The thread goes on elsewhere, or ends: nothing runs where it was held. */
void engine_let_go(struct engine *e, struct thread *th);
/* The scheduler has given the thread to that core, or to SCHED_ANY. */
void engine_placed(struct engine *e, struct thread *th, u32 core);

/* engine_tick.c: what the kernel does unasked is scheduled from now on. */
void engine_begin_ticks(struct engine *e);
void engine_end_ticks(struct engine *e);
/* The core, which is not idle, does what is due on it. */
void engine_do_due(struct engine *e, struct engine_core *c);
void engine_hasten_threads(struct engine *e, const struct engine_core *c);

/* engine_explain.c: for who asks (profile.h): what the core runs; whole runs' addresses from an index on. */
void engine_tell_runs(struct engine *e);
void engine_tell_accesses(struct engine *e, const struct core_chunk *c, u32 from);
/* How many of the chunk's next `n` runs come before one that is to be explained. */
u32 engine_unexplained(const struct engine *e, const struct core_chunk *c, u32 n);
/* Makes the next run, which is to be explained. */
enum core_stop engine_explain_run(struct engine *e, struct core_chunk *c, u64 until);

/* engine_checkpoint.c: faults of the run that comes, or of the copy, are noted under this place. */
void engine_note_place(struct engine *e, bool copies);
void engine_note_stop(struct engine *e);
/* Those that were noted there happen. */
void engine_repeat(struct engine *e, bool copies);
/* As long as they are at those addresses; up to one that ended the copy: whether there was one. */
bool engine_repeat_within(struct engine *e, bool copies, u64 start, u64 end);

/* engine_block.c */
/* The thread can go on from cycle `when` on. */
void engine_ready(struct engine *e, struct thread *th, u64 when);
/* The running thread has used its core for long enough. */
void engine_yield(struct engine *e);
/* Of the running thread: */
enum step engine_wait_order(struct engine *e, struct thread *th, u64 need, u64 stands);
enum step engine_wait_taking(struct engine *e, struct thread *th);
enum step engine_sleep(struct engine *e, struct thread *th, u64 until);
/* A trap said that it must wait: until the core's block_until, or for its next turn. */
enum step engine_block(struct engine *e, struct thread *th);
enum step engine_starve(struct engine *e, struct thread *th);
/* Have the other threads of the process passed what they had seen before number n? *when: since when. */
bool engine_others_stand(const struct thread *th, u64 n, u64 *when);
/* Readies those whom what has happened lets go on. */
void engine_wake_blocked(struct engine *e);
/* Reads one packet, which its thread may have waited for. False: there is none, or replay.buffer is full. */
bool engine_read(struct engine *e, struct recording *r);
/* Reads packets until the thread has one. False: there is none, or none within replay.buffer. */
bool engine_read_for(struct engine *e, struct thread *th);
/* Reads one packet of any recording; starved: of one in which threads wait for packets. */
bool engine_read_ahead(struct engine *e, bool starved);
/*
 * Nobody can run, sleeps, or gets a packet: gives something up. At a recording's end threads without packets
 * end; then who waits for threads that have nothing to run waits no longer; then the lowest number that is
 * waited for is taken as passed. False: there is nothing to do any more.
 */
bool engine_unblock(struct engine *e);

#endif
