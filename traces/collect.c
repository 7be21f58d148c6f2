#include "traces/collect.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/collect_write.h"
#include "traces/encode.h"

/* At most that much of one stream is taken before the others get their turn. */
#define TURN_BYTES (REC_RING / 2)
/*
 * Nothing is held back for longer than that many bytes of the others: a replay reads on only so far
 * (replay.buffer) for a thread that others wait for.
 */
#define HOLD_BYTES (4u << 20)
/* How long it waits when there is nothing, while processes run and when all their streams have ended. */
#define IDLE_NS   10000000
#define ENDING_NS 500000
/* After that many idle rounds what was gathered is written, for who reads along. */
#define IDLE_FLUSH 50

/* The collector's side of a stream. */
struct lane {
	bool open, broken;
	u32 pid, tid;
	char isa[9];
	struct tr_encoder *encoder;
	const u64 *ring;
	bool holds;      /* something was encoded since the last flush */
	u64 held_since;  /* bytes of the capture then */
	bool ended;      /* TR_EV_EXIT was seen */
	u64 last_number; /* of its numbered events */
};

struct process {
	pid_t pid;
	int pidfd;  /* -1: gone */
	int status; /* as a shell gives it */
};

struct file_id {
	u64 dev, ino;
};

struct collector {
	int fd;
	char memory[64];
	struct rec_shared *shared;
	u8 *blocks;
	struct tr_dict *dict;
	struct capture_queue *queue;
	struct lane lane[REC_STREAMS];
	struct process *process;
	u32 n_processes, max_processes;
	struct file_id *file;
	u32 n_files, max_files;
	u32 idle_rounds;
	struct collect_stats stats;
};

static long futex(_Atomic u32 *word, int op, u32 value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

/* --- blocks --- */

/* The dictionary's id of a block of the shared area; false if there is no such block. */
static bool block_enter(struct collector *c, struct rec_block *b, u64 room)
{
	struct tr_block block = { .pc = b->pc, .n_insns = b->n_insns, .n_slots = b->n_slots };
	const struct tr_slot *slot = (const struct tr_slot *)(b + 1);
	u32 last = 0;

	if (b->n_insns > TR_MAX_INSNS || b->n_slots > TR_MAX_SLOTS ||
	    rec_block_bytes(b->n_insns, b->n_slots) > room)
		return false;
	block.slot = slot;
	block.insn_size = (const u8 *)(slot + b->n_slots);
	for (u32 i = 0; i < block.n_slots; i++) {
		if (!slot[i].size || slot[i].size > TR_MAX_SIZE || slot[i].insn < last ||
		    slot[i].kind >= TR_NR_KINDS || slot[i].insn >= MAX(block.n_insns, 1))
			return false;
		last = slot[i].insn;
	}
	for (u32 i = 0; i < block.n_insns; i++) {
		if (!block.insn_size[i])
			return false;
	}
	atomic_store(&b->id, tr_dict_add(c->dict, &block) + 1);
	return true;
}

static struct rec_block *block_at(struct collector *c, u64 number)
{
	struct rec_block *b = (struct rec_block *)(c->blocks + number * 8);

	if (unlikely(number >= (REC_BLOCK_AREA - sizeof(*b)) / 8))
		return NULL;
	if (unlikely(!atomic_load_explicit(&b->id, memory_order_relaxed)) &&
	    !block_enter(c, b, REC_BLOCK_AREA - number * 8))
		return NULL;
	return b;
}

/* --- events --- */

static u32 file_id(struct collector *c, u64 dev, u64 ino)
{
	if (!ino)
		return TR_NO_FILE;
	for (u32 i = c->n_files; i-- > 0;) {
		if (c->file[i].ino == ino && c->file[i].dev == dev)
			return i + 1;
	}
	if (c->n_files == c->max_files) {
		c->max_files = 2 * c->max_files + 64;
		c->file = xrealloc(c->file, c->max_files * sizeof(*c->file));
	}
	c->file[c->n_files++] = (struct file_id){ dev, ino };
	return c->n_files;
}

static void lane_event(struct collector *c, struct lane *l, const struct tr_event *ev)
{
	tr_encode_event(l->encoder, ev);
	if (ev->kind != TR_EV_SEEN && ev->seq)
		l->last_number = ev->seq;
	l->ended |= ev->kind == TR_EV_EXIT || (ev->kind == TR_EV_EXEC && !ev->arg);
}

static void lane_end(struct collector *c, struct lane *l, int status, bool last);

/* execve ended the process's other threads; those of the new image have seen its number. */
static void end_others(struct collector *c, const struct lane *l, u64 exec)
{
	for (u32 i = 0; i < REC_STREAMS; i++) {
		struct lane *other = &c->lane[i];

		if (other != l && other->open && other->pid == l->pid && c->shared->stream[i].seen < exec)
			lane_end(c, other, 0, false);
	}
}

static bool take_event(struct collector *c, struct lane *l, const struct rec_event *r, u32 words,
		       const char *text)
{
	char name[TR_MAX_NAME + 1];
	struct tr_event ev = r->ev;

	if (r->name_len > TR_MAX_NAME || (words && REC_EVENT_WORDS(r->name_len) != words) ||
	    ev.kind == TR_EV_NONE || ev.kind >= TR_NR_EVENTS)
		return false;
	memcpy(name, text, r->name_len);
	name[r->name_len] = '\0';
	ev.name = r->name_len ? name : NULL;
	ev.file = file_id(c, r->dev, r->ino);
	lane_event(c, l, &ev);
	if (ev.kind == TR_EV_EXEC)
		end_others(c, l, ev.seq);
	return true;
}

/* --- streams --- */

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct collector *c = arg;

	capture_queue_put(c->queue, packet, len, insns);
	c->stats.bytes += len;
}

static const u64 *map_ring(struct collector *c, u32 slot)
{
	const int prot = PROT_READ | PROT_WRITE;
	u8 *p = mmap(NULL, 2 * REC_RING, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	off_t at = (off_t)REC_RING_AT(slot);

	if (p == MAP_FAILED || mmap(p, REC_RING, prot, MAP_SHARED | MAP_FIXED, c->fd, at) == MAP_FAILED ||
	    mmap(p + REC_RING, REC_RING, prot, MAP_SHARED | MAP_FIXED, c->fd, at) == MAP_FAILED)
		fail("cannot map a ring of the recording: %s", strerror(errno));
	return (const u64 *)p;
}

static void lane_open(struct collector *c, u32 slot)
{
	struct rec_stream *s = &c->shared->stream[slot];
	struct lane *l = &c->lane[slot];

	*l = (struct lane){ .open = true, .pid = s->pid, .tid = s->tid, .ring = map_ring(c, slot) };
	memcpy(l->isa, s->isa, sizeof(s->isa));
	l->encoder = tr_encoder_new(&(struct tr_encoder_cfg){
		.dict = c->dict,
		.pid = s->pid,
		.tid = s->tid,
		.isa = l->isa,
		.seen = s->seen,
		.emit = emit,
		.arg = c,
	});
	collect_expect(c, (pid_t)s->pid);
	c->stats.threads++;
}

/* What the process wrote makes no sense: it has overwritten our memory. */
static void lane_break(struct collector *c, struct lane *l)
{
	l->broken = true;
	lane_event(c, l,
		   &(struct tr_event){ .kind = TR_EV_LOST,
				       .name = "the program overwrote the recorder's memory" });
}

/* Takes one record of at most `words` words. Returns its length, 0 if it makes no sense. */
static always_inline u32 take_record(struct collector *c, struct lane *l, const u64 *at, u64 words)
{
	struct rec_block *b;
	u32 len;

	if (unlikely(at[0] & REC_EVENT)) {
		const struct rec_event *r = (const struct rec_event *)(at + 1);

		len = (u32)at[0];
		if (len > words || len < REC_EVENT_WORDS(0) ||
		    !take_event(c, l, r, len, (const char *)(r + 1)))
			return 0;
		return len;
	}
	b = block_at(c, at[0]);
	if (unlikely(!b) || b->n_slots + 1u > words)
		return 0;
	tr_encode_run(l->encoder, b->id - 1, at + 1);
	c->stats.insns += b->n_insns;
	c->stats.accesses += b->n_slots;
	return b->n_slots + 1u;
}

/* Takes what the stream has, up to a turn's worth; returns how many bytes. */
static u64 lane_take(struct collector *c, u32 slot)
{
	struct rec_stream *s = &c->shared->stream[slot];
	struct lane *l = &c->lane[slot];
	u64 head = atomic_load_explicit(&s->head, memory_order_acquire);
	u64 start = atomic_load(&s->tail);
	u64 tail = start, end = MIN(head, start + TURN_BYTES);

	if (l->broken || head - tail > REC_RING)
		tail = head;
	while (tail < end) {
		u32 words = take_record(c, l, l->ring + (tail & (REC_RING - 1)) / 8, (head - tail) / 8);

		if (unlikely(!words)) {
			lane_break(c, l);
			tail = head;
			break;
		}
		tail += (u64)words * 8;
	}
	atomic_store(&s->tail, tail);
	if (atomic_load(&s->waiting) && tail != start && atomic_exchange(&s->waiting, 0))
		futex(&s->waiting, FUTEX_WAKE, 1, NULL);
	return tail - start;
}

static void lane_flush(struct lane *l)
{
	tr_encoder_flush(l->encoder);
	l->holds = false;
}

static void lane_close(struct collector *c, u32 slot)
{
	struct lane *l = &c->lane[slot];

	while (lane_take(c, slot))
		;
	tr_encoder_free(l->encoder);
	munmap((void *)l->ring, 2 * REC_RING);
	l->open = false;
	atomic_store(&c->shared->stream[slot].state, REC_FREE);
}

/* --- ends that no call showed --- */

static u64 take_number(struct collector *c)
{
	return atomic_fetch_add(&c->shared->seq, 1) + 1;
}

/* An execve that was not followed happened after all that the other threads did: see exec_followed(). */
static void take_last_word(struct collector *c, struct lane *l, struct rec_stream *s)
{
	struct rec_event word = s->last_word;

	if (word.ev.seq <= l->last_number)
		return; /* it was entered, and the thread killed before it could take the word back */
	if (word.ev.kind == TR_EV_EXEC) {
		lane_event(
			c, l,
			&(struct tr_event){ .kind = TR_EV_SYSCALL, .seq = word.ev.seq, .arg = word.ev.len });
		word.ev.len = 0;
		word.ev.seq = take_number(c);
	}
	take_event(c, l, &word, 0, s->last_name);
}

/* The thread is gone without a word: enters what it was doing, and its end. */
static void lane_end(struct collector *c, struct lane *l, int status, bool last)
{
	u32 slot = (u32)(l - c->lane);
	struct rec_stream *s = &c->shared->stream[slot];

	while (lane_take(c, slot))
		;
	if (atomic_exchange(&s->has_last_word, 0) && !l->ended && !l->broken)
		take_last_word(c, l, s);
	if (!l->ended && !last) {
		lane_event(c, l, &(struct tr_event){ .kind = TR_EV_WAIT });
		lane_event(c, l,
			   &(struct tr_event){ .kind = TR_EV_SEEN, .seq = atomic_load(&c->shared->seq) });
	}
	if (!l->ended)
		lane_event(c, l,
			   &(struct tr_event){ .kind = TR_EV_EXIT,
					       .seq = take_number(c),
					       .arg = (u64)status,
					       .flags = last ? TR_EXIT_GROUP : 0 });
	lane_close(c, slot);
}

/* The thread that a signal killed the process in is not known; its first one ends it for all. */
static void process_end(struct collector *c, const struct process *p)
{
	struct lane *first = NULL;
	bool ended = false;

	for (u32 i = 0; i < REC_STREAMS; i++) {
		struct lane *l = &c->lane[i];

		if (!l->open || l->pid != (u32)p->pid)
			continue;
		while (lane_take(c, i))
			;
		ended |= l->ended;
		if (l->tid == l->pid || !first)
			first = l;
	}
	if (first && !ended)
		lane_end(c, first, p->status, true);
	for (u32 i = 0; i < REC_STREAMS; i++) {
		if (c->lane[i].open && c->lane[i].pid == (u32)p->pid)
			lane_end(c, &c->lane[i], p->status, false);
	}
}

/* --- processes --- */

static struct process *process_find(struct collector *c, pid_t pid)
{
	for (u32 i = 0; i < c->n_processes; i++) {
		if (c->process[i].pid == pid && c->process[i].pidfd >= 0)
			return &c->process[i];
	}
	return NULL;
}

void collect_expect(struct collector *c, pid_t pid)
{
	struct process *p;

	if (process_find(c, pid))
		return;
	if (c->n_processes == c->max_processes) {
		c->max_processes = 2 * c->max_processes + 16;
		c->process = xrealloc(c->process, c->max_processes * sizeof(*c->process));
	}
	p = &c->process[c->n_processes++];
	*p = (struct process){ .pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0) };
	c->stats.processes++;
	if (p->pidfd < 0) {
		process_end(c, p);
		c->n_processes--;
	}
}

static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A dead process that its parent has not asked for yet shows its status (proc(5): exit_code, the last field).
 */
static int status_of_zombie(pid_t pid)
{
	char path[64], line[2048], *p;
	FILE *f;
	size_t len;
	int status = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	len = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	line[len] = '\0';
	p = strrchr(line, ' ');
	if (p)
		status = atoi(p + 1);
	if (f)
		fclose(f);
	return shell_status(status);
}

static bool is_dead(const struct process *p)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void look_for_dead(struct collector *c, pid_t child, int *status)
{
	for (u32 i = 0; i < c->n_processes; i++) {
		struct process *p = &c->process[i];
		int code;

		if (p->pidfd < 0 || !is_dead(p))
			continue;
		p->status = status_of_zombie(p->pid);
		if (waitpid(p->pid, &code, WNOHANG) == p->pid)
			p->status = shell_status(code);
		if (p->pid == child)
			*status = p->status;
		process_end(c, p);
		close(p->pidfd);
		*p = c->process[--c->n_processes];
		i--;
	}
}

/* Orphans of recorded processes become our children, perhaps before their first word. Reaps the others. */
static bool children_left(struct collector *c)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT))
			return false;
		if (!info.si_pid || process_find(c, info.si_pid))
			return true;
		waitpid(info.si_pid, NULL, 0);
	}
}

/* --- the caller's side --- */

static int make_memory(void)
{
	int fd = memfd_create("mmsim-recording", MFD_CLOEXEC);

	if (fd >= 0 && !ftruncate(fd, (off_t)REC_FILE_SIZE))
		return fd;
	fail("cannot make %llu MB of shared memory for the recording (it is filled as needed only): %s; "
	     "raise `ulimit -f`",
	     (unsigned long long)REC_FILE_SIZE >> 20, strerror(errno));
}

struct collector *collect_open(const char *path, const struct rec_window *window, char err[TR_ERRBUF])
{
	struct capture_queue *queue = capture_queue_open(path, err);
	struct collector *c;
	void *p;

	if (!queue)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->queue = queue;
	c->dict = tr_dict_new();
	c->fd = make_memory();
	p = mmap(NULL, REC_BLOCKS_AT + REC_BLOCK_AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		 c->fd, 0);
	if (p == MAP_FAILED)
		fail("cannot map the recording's shared memory: %s; raise `ulimit -v`", strerror(errno));
	c->shared = p;
	c->blocks = (u8 *)p + REC_BLOCKS_AT;
	c->shared->magic = REC_MAGIC;
	c->shared->collector = (u32)getpid();
	c->shared->window = *window;
	snprintf(c->memory, sizeof(c->memory), "/proc/%d/fd/%d", (int)getpid(), c->fd);
	return c;
}

const char *collect_memory(const struct collector *c)
{
	return c->memory;
}

const char *collect_error(struct collector *c)
{
	const char *error = capture_queue_error(c->queue);

	if (error)
		atomic_store(&c->shared->stop, 1);
	return error;
}

/* What was taken may be held for a while. */
static u64 lane_hold(const struct collector *c, struct lane *l, u64 taken)
{
	if (taken && !l->holds) {
		l->holds = true;
		l->held_since = c->stats.bytes;
	}
	if (l->holds && c->stats.bytes - l->held_since > HOLD_BYTES)
		lane_flush(l);
	return taken;
}

static u64 take_all(struct collector *c)
{
	u32 used = MIN(atomic_load(&c->shared->streams_used), REC_STREAMS);
	u64 taken = 0;

	for (u32 i = 0; i < used; i++) {
		u32 state = atomic_load(&c->shared->stream[i].state);
		struct lane *l = &c->lane[i];

		if (!l->open && (state == REC_LIVE || state == REC_CLOSED))
			lane_open(c, i);
		if (!l->open)
			continue;
		taken += lane_hold(c, l, lane_take(c, i));
		if (state == REC_CLOSED)
			lane_close(c, i);
	}
	return taken;
}

static bool any_open(const struct collector *c)
{
	for (u32 i = 0; i < REC_STREAMS; i++) {
		if (c->lane[i].open)
			return true;
	}
	return false;
}

static void idle(struct collector *c)
{
	struct timespec ts = { .tv_nsec = any_open(c) ? IDLE_NS : ENDING_NS };
	_Atomic u32 *asleep = &c->shared->asleep;

	if (++c->idle_rounds == IDLE_FLUSH) {
		for (u32 i = 0; i < REC_STREAMS; i++) {
			if (c->lane[i].open)
				lane_flush(&c->lane[i]);
		}
		capture_queue_sync(c->queue);
	}
	atomic_store(asleep, 1);
	futex(asleep, FUTEX_WAIT, 1, &ts);
	atomic_store(asleep, 0);
}

bool collect_step(struct collector *c, pid_t child, int *status)
{
	if (take_all(c)) {
		c->idle_rounds = 0;
		return true;
	}
	look_for_dead(c, child, status);
	if (!c->n_processes && !children_left(c))
		return take_all(c) > 0;
	idle(c);
	return true;
}

bool collect_close(struct collector *c, struct collect_stats *stats, char err[TR_ERRBUF])
{
	bool ok;

	for (u32 i = 0; i < REC_STREAMS; i++) {
		if (c->lane[i].open)
			lane_close(c, i);
	}
	c->stats.threads_lost = atomic_load(&c->shared->threads_lost);
	c->stats.blocks_lost = atomic_load(&c->shared->blocks_lost);
	*stats = c->stats;
	ok = capture_queue_close(c->queue, err);
	munmap(c->shared, REC_BLOCKS_AT + REC_BLOCK_AREA);
	close(c->fd);
	tr_dict_free(c->dict);
	free(c->process);
	free(c->file);
	free(c);
	return ok;
}
