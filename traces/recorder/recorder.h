/*
 * The recorder's plugin: what its files share. It runs inside QEMU's user-mode emulator, in the recorded
 * process.
 *
 *   plugin.c   what QEMU calls: translation, running of blocks, accesses (the hot path); part recording
 *   variant.c  the shapes in which a translated block was run, which become static blocks
 *   stream.c   the thread's ring in shared memory, events, sequence numbers
 *   maps.c     the guest's mappings: those that exist at start, and a check that none was missed
 *   depend.c   which access of a block gives another its address
 *   calls.c    system calls as events; calls_table.c their numbers; files.c the files behind descriptors
 *   follow.c   execve; mark.c the place of --mark
 *
 * Not here: encoding, compression, files: the collector does that. Nothing here may use standard output,
 * raise a signal, or keep a descriptor: those belong to the recorded program.
 */
#ifndef MMSIM_RECORDER_RECORDER_H
#define MMSIM_RECORDER_RECORDER_H

#include <pthread.h>
#include <sys/types.h>

#include "traces/recorder/shared.h"

/* Our names are the plugin's own: reached without the global offset table. */
#pragma GCC visibility push(hidden)

#define MAX_RAW TR_MAX_SLOTS

/* A translated block of QEMU: instructions that follow each other. Never freed; equal ones are one. */
struct tb {
	u64 pc;
	u32 n_insns;
	struct variant *_Atomic usual; /* the shape of its last complete run */
	struct variant *_Atomic first; /* all shapes */
	struct tb *next;               /* of the hash chain */
	u8 *code;                      /* DEPEND_CODE bytes an instruction */
	u8 insn_size[];
};

/*
 * One shape of a run: instructions from..to-1 of the block and the accesses that they made. key is what QEMU
 * says of an access without its address: instruction and flags in the high half, size and direction in the
 * low one.
 */
struct variant {
	struct variant *next;
	u64 block; /* word of a run record */
	u16 from, to;
	u16 n_raw, n_slots;
	bool merged;    /* some accesses are later parts of the one before */
	const u8 *part; /* n_raw flags: 1 if so */
	u64 key[];
};

#define KEY_INSN(key)   ((u32)((key) >> 32) & 0xffff)
#define KEY_ATOMIC(key) ((key) >> 48 & 1)
#define KEY_REPEAT(key) ((key) >> 49 & 1)
#define KEY_INFO(key)   ((u32)(key))
#define UDATA_ATOMIC    (1u << 16)
#define UDATA_REPEAT    (1u << 17)

struct call {
	int kind; /* enum call_kind */
	s64 num;
	u64 arg[6];
	u64 seq;       /* number taken at entry, 0: none */
	u64 entered;   /* host ns */
	long switches; /* voluntary ones before it */
	bool locked;   /* holds process.space_lock */
};

struct thread {
	/* The run in progress: block, first instruction not yet recorded, accesses so far. */
	struct tb *tb; /* NULL: none, or not recorded now */
	u32 from;
	u32 n;
	u32 epoch;  /* of the address space, as last seen */
	bool on;    /* runs are recorded now */
	bool muted; /* the recording was stopped */
	bool marked;
	s64 left; /* instructions until `on` changes */
	/* The ring. */
	u64 *out; /* where the next record goes */
	u64 head, limit;
	u64 *ring;
	struct rec_stream *stream;
	struct call call;
	u64 span, recorded; /* instructions */
	u64 addr[MAX_RAW], key[MAX_RAW];
};

/* One recorded process. */
struct process {
	struct rec_shared *shared;
	u8 *blocks;
	pid_t pid;
	char isa[8];
	u32 isa_column; /* in calls_table */
	bool guest32, x86;
	int qemu_api;
	u64 guest_base;
	_Atomic u32 settling; /* so many runs have their accesses checked against the known mappings */
	_Atomic u32 epoch;    /* counts calls that change the address space */
	_Atomic bool marked;
	u64 mark_addr; /* 0: unknown or none */
	/* Held from the entry of a call that changes the address space to its return; before maps_lock. */
	pthread_mutex_t space_lock;
	u64 handler[65];                          /* signal handlers */
	const char *plugin_path, *collector_path; /* for follow.c */
};
extern struct process process;

/* stream.c */
bool shared_open(const char *path, char *err, size_t err_len);
/* Finds a stream for the calling thread; NULL if there is none. slot >= 0: goes on in that one. */
struct thread *stream_open(int slot);
void stream_close(struct thread *t);
void stream_forget(struct thread *t); /* frees t, which belongs to the parent process */
int stream_slot(const struct thread *t);
void stream_make_room(struct thread *t);
struct file_ref {
	u64 dev, ino;
};
void event_put(struct thread *t, const struct tr_event *ev, struct file_ref file, const char *name);
void event_simple(struct thread *t, enum tr_event_kind kind, u64 seq, u64 arg);
/* What stands for the call if the thread is never heard of again. */
void last_word_set(struct thread *t, const struct tr_event *ev, const char *name);
void last_word_clear(struct thread *t);
u64 seq_take(void);
void seen_put(struct thread *t);

/* Appends what was published: n words are at t->out. */
static always_inline void stream_publish(struct thread *t, u32 words)
{
	t->head += words * 8;
	t->out = t->ring + (t->head & (REC_RING - 1)) / 8;
	atomic_store_explicit(&t->stream->head, t->head, memory_order_release);
	if (unlikely(t->head > t->limit))
		stream_make_room(t);
}

/* variant.c */
struct tb *tb_intern(u64 pc, u32 n_insns, const u8 *insn_size, const u8 *code);
/* The shape of t's run up to instruction `to`, entered if it is new. NULL: no room, or nothing was done. */
const struct variant *variant_get(struct thread *t, u32 to);
/* Was the run left in the middle, given where the thread went on? The instruction at which, or n_insns. */
u32 variant_left_at(const struct thread *t, u64 next_pc);
/* Would the run's accesses be merged as in v? */
bool variant_parts_fit(const struct thread *t, const struct variant *v);
/* At first, makes sure of each run that the mappings of its accesses are known. */
void variant_settle(struct thread *t);
u64 tb_insn_pc(const struct tb *tb, u32 i);

/* plugin.c */
extern __thread struct thread *self __attribute__((tls_model("initial-exec")));
struct thread *thread_current(void);
void epoch_look(struct thread *t);    /* says what the thread has seen if the address space has changed */
void thread_end(struct thread *t);    /* nothing more comes from it */
void thread_forked(struct thread *t); /* we are the child and t was our parent's */
void run_finish(struct thread *t);    /* the run in progress is complete */
void window_start(struct thread *t);

/* maps.c */
void maps_start(struct thread *t);
void maps_add(u64 addr, u64 len);
void maps_remove(u64 addr, u64 len);
void maps_forked(void);
/* Is the byte in a known mapping? If not, it existed at the start unseen: records it. */
void maps_check(struct thread *t, u64 addr, bool fetched);

/* calls.c */
void call_enter(struct thread *t, s64 num, const u64 arg[6]);
void call_return(struct thread *t, s64 ret);
void calls_start(void);
bool guest_read(void *to, u64 addr, size_t len);

/* files.c */
enum fd_kind { FD_NONE, FD_FILE, FD_PIPE, FD_OUTSIDE };
enum fd_kind fd_kind(int fd);
/* The file behind a descriptor if it is a regular one (ino 0: not); names it in the stream at first use. */
struct file_ref file_of_fd(struct thread *t, int fd);
/* The same of a file to which so many bytes up to `end` were just written; it is named as it was before. */
struct file_ref file_before(struct thread *t, int fd, u64 end, u64 written);
void file_name(struct thread *t, struct file_ref file, u64 size, const char *path);

/* mark.c: finds --mark's place if it is in this file; fd's bytes from offset on are mapped at addr. */
void mark_resolve(const char *path, u64 bias);
void mark_resolve_mapped(int fd, u64 addr, u64 offset);

/* follow.c */
void exec_followed(struct thread *t); /* we are the new image */
/* Starts the new program under QEMU. Returns only if the call must go on as it is. */
void follow_exec(struct thread *t, u64 path, u64 argv, u64 envp);

#pragma GCC visibility pop

#endif
