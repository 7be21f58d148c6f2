/*
 * What delayed the program, as a timeline: spans of cycles and instants, told by the parts of the model while
 * somebody listens (replay --timeline). A span is told once, when it is over. On one lane spans nest or
 * follow each other; only those of devices may overlap. Telling changes no result, and costs a test of a
 * pointer while nobody listens.
 *
 * Not told: accesses and instructions themselves, and work that has no cpu (the boot). Anyone of the model
 * may tell, off the hot path; who writes them down is a listener (analysis/events_json.c).
 */
#ifndef MMSIM_SIM_TIMELINE_H
#define MMSIM_SIM_TIMELINE_H

#include "model/base/types.h"

/* Whose lane an event stands on. */
enum timeline_lane {
	TL_LANE_CPU,     /* of a hardware thread: `of` is its number */
	TL_LANE_IRQ,     /* interrupts that it gets */
	TL_LANE_KTHREAD, /* of a hardware thread, and that of the kernel thread; arg0 is its node */
	TL_LANE_DEVICE,  /* of a device: `of` is its number */
};

/*
 * Identifier, name, category, lane, names of both arguments ("": there is none).
 * Faults are told by what they gave, one each; fault.wait: the part up to where it had to wait for a device,
 * after which it is made again.
 */
#define TIMELINE_KINDS(X)                                                       \
	X(RUN, "run", "sched", CPU, "pid", "tid")                               \
	X(FAULT_ZERO, "fault.zero", "fault", CPU, "address", "major")           \
	X(FAULT_ZERO_PAGE, "fault.zero_page", "fault", CPU, "address", "major") \
	X(FAULT_HUGE, "fault.huge", "fault", CPU, "address", "major")           \
	X(FAULT_COW, "fault.cow", "fault", CPU, "address", "major")             \
	X(FAULT_REUSE, "fault.reuse", "fault", CPU, "address", "major")         \
	X(FAULT_FILE, "fault.file", "fault", CPU, "address", "major")           \
	X(FAULT_SWAP, "fault.swap", "fault", CPU, "address", "major")           \
	X(FAULT_SPURIOUS, "fault.spurious", "fault", CPU, "address", "major")   \
	X(FAULT_SEGV, "fault.segv", "fault", CPU, "address", "major")           \
	X(FAULT_OOM, "fault.oom", "fault", CPU, "address", "major")             \
	X(FAULT_WAIT, "fault.wait", "fault", CPU, "address", "major")           \
	X(CALL_MMAP, "call.mmap", "call", CPU, "address", "bytes")              \
	X(CALL_MUNMAP, "call.munmap", "call", CPU, "address", "bytes")          \
	X(CALL_MREMAP, "call.mremap", "call", CPU, "address", "bytes")          \
	X(CALL_MPROTECT, "call.mprotect", "call", CPU, "address", "bytes")      \
	X(CALL_MADVISE, "call.madvise", "call", CPU, "address", "bytes")        \
	X(CALL_BRK, "call.brk", "call", CPU, "address", "bytes")                \
	X(CALL_FORK, "call.fork", "call", CPU, "child", "")                     \
	X(CALL_EXEC, "call.exec", "call", CPU, "", "")                          \
	X(CALL_EXIT, "call.exit", "call", CPU, "", "")                          \
	X(CALL_READ, "call.read", "call", CPU, "address", "bytes")              \
	X(CALL_WRITE, "call.write", "call", CPU, "address", "bytes")            \
	X(MARK, "mark", "mark", CPU, "", "")                                    \
	X(ALLOC_SLOW, "alloc.slow", "alloc", CPU, "order", "gfp")               \
	X(COMPACT, "compact.direct", "compact", CPU, "order", "ok")             \
	X(RECLAIM, "reclaim.direct", "reclaim", CPU, "order", "freed")          \
	X(RECLAIM_WAIT, "reclaim.wait", "reclaim", CPU, "sleep", "priority")    \
	X(OOM_KILL, "oom.kill", "oom", CPU, "pid", "pages")                     \
	X(SHOOTDOWN, "shootdown", "shootdown", CPU, "pages", "")                \
	X(SHOOTDOWN_SEND, "shootdown.send", "shootdown", CPU, "", "")           \
	X(SHOOTDOWN_FLUSH, "shootdown.flush", "shootdown", CPU, "", "")         \
	X(SHOOTDOWN_WAIT, "shootdown.wait", "shootdown", CPU, "", "")           \
	X(IPI, "ipi", "ipi", IRQ, "from", "pages")                              \
	X(TICK, "tick", "kthread", CPU, "what", "node")                         \
	X(KSWAPD, "kswapd", "kthread", KTHREAD, "node", "order")                \
	X(KCOMPACTD, "kcompactd", "kthread", KTHREAD, "node", "order")          \
	X(KHUGEPAGED, "khugepaged", "kthread", KTHREAD, "node", "collapsed")    \
	X(FLUSHER, "flusher", "kthread", KTHREAD, "node", "pages")              \
	X(SWAP_READ, "swap.read", "io", DEVICE, "slot", "pages")                \
	X(SWAP_WRITE, "swap.write", "io", DEVICE, "slot", "pages")              \
	X(FILE_READ, "file.read", "io", DEVICE, "block", "pages")               \
	X(FILE_WRITE, "file.write", "io", DEVICE, "block", "pages")

enum timeline_kind {
#define X(id, name, category, lane, arg0, arg1) TL_##id,
	TIMELINE_KINDS(X)
#undef X
		NR_TIMELINE_KINDS,
};

/* What `of` means of devices. */
enum timeline_device {
	TL_DEVICE_STORAGE, /* what files lie on */
	TL_DEVICE_SWAP,
	NR_TIMELINE_DEVICES,
};
extern const char *const timeline_devices[NR_TIMELINE_DEVICES];

struct timeline_kind_info {
	const char *name, *category;
	enum timeline_lane lane;
	const char *arg[2];
};
extern const struct timeline_kind_info timeline_kinds[NR_TIMELINE_KINDS];

struct timeline_event {
	enum timeline_kind kind;
	u32 of;         /* hardware thread or device */
	u64 start, end; /* cycles; of an instant the same */
	bool instant;
	u64 arg[2];
	const char *text; /* NULL: none */
};

typedef void (*timeline_fn)(void *arg, const struct timeline_event *e);

/* Who listens keeps one, and it is paused but for the part of a replay that is measured. */
struct timeline {
	timeline_fn tell;
	void *arg;
	bool paused;
	u64 limit;                     /* events that are told; what comes after is only counted */
	u64 told, dropped;             /* events */
	u64 cut_at;                    /* cycle at which the first of the dropped began */
	u64 count[NR_TIMELINE_KINDS];  /* of both */
	u64 cycles[NR_TIMELINE_KINDS]; /* that they took */
};

/* Counts the event, and tells it within the limit. */
void timeline_tell(struct timeline *t, const struct timeline_event *e);

static inline bool timeline_on(const struct timeline *t)
{
	return unlikely(t != NULL) && !t->paused;
}

/* `of` is the number of the hardware thread on which it was, or that of the device. */
static inline void timeline_span(struct timeline *t, u32 of, enum timeline_kind kind, u64 start, u64 end,
				 u64 arg0, u64 arg1)
{
	if (timeline_on(t))
		timeline_tell(
			t,
			&(struct timeline_event){
				.kind = kind, .of = of, .start = start, .end = end, .arg = { arg0, arg1 } });
}

static inline void timeline_instant(struct timeline *t, u32 of, enum timeline_kind kind, u64 now, u64 arg0,
				    u64 arg1)
{
	if (timeline_on(t))
		timeline_tell(t, &(struct timeline_event){ .kind = kind,
							   .of = of,
							   .start = now,
							   .end = now,
							   .instant = true,
							   .arg = { arg0, arg1 } });
}

/* A named place of the program was passed. */
static inline void timeline_mark(struct timeline *t, u32 of, u64 now, const char *name)
{
	if (timeline_on(t))
		timeline_tell(t, &(struct timeline_event){ .kind = TL_MARK,
							   .of = of,
							   .start = now,
							   .end = now,
							   .instant = true,
							   .text = name });
}

#endif
