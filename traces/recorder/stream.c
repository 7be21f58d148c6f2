#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "traces/recorder/recorder.h"

/* How many bytes a thread writes at most before it tells the collector. */
#define NOTIFY_BYTES (REC_RING / 4)

static int shared_fd(void)
{
	return open(process.collector_path, O_RDWR | O_CLOEXEC);
}

bool shared_open(const char *path, char *err, size_t err_len)
{
	size_t len = REC_BLOCKS_AT + REC_BLOCK_AREA;
	void *p = MAP_FAILED;
	int fd;

	process.collector_path = path;
	fd = shared_fd();
	if (fd >= 0)
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED)
		snprintf(err, err_len, "cannot map %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return false;
	process.shared = p;
	process.blocks = (u8 *)p + REC_BLOCKS_AT;
	if (process.shared->magic == REC_MAGIC)
		return true;
	snprintf(err, err_len, "%s is not a recording's shared memory, or of another version", path);
	return false;
}

/* The ring twice in a row, so that no record is ever cut in two. */
static u64 *map_ring(int slot)
{
	u8 *p = mmap(NULL, 2 * REC_RING, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
	int fd = shared_fd();
	bool ok = p != MAP_FAILED && fd >= 0;

	ok = ok && mmap(p, REC_RING, prot, flags, fd, (off_t)REC_RING_AT(slot)) != MAP_FAILED;
	ok = ok && mmap(p + REC_RING, REC_RING, prot, flags, fd, (off_t)REC_RING_AT(slot)) != MAP_FAILED;
	if (fd >= 0)
		close(fd);
	if (!ok && p != MAP_FAILED)
		munmap(p, 2 * REC_RING);
	return ok ? (u64 *)p : NULL;
}

static int claim_slot(void)
{
	u32 used = atomic_load(&process.shared->streams_used);

	for (u32 i = 0; i < REC_STREAMS; i++) {
		u32 expected = REC_FREE;

		if (!atomic_compare_exchange_strong(&process.shared->stream[i].state, &expected, REC_CLAIMED))
			continue;
		while (used <= i &&
		       !atomic_compare_exchange_weak(&process.shared->streams_used, &used, i + 1))
			;
		return (int)i;
	}
	return -1;
}

static void stream_introduce(struct rec_stream *s)
{
	s->pid = (u32)process.pid;
	s->tid = (u32)gettid();
	memcpy(s->isa, process.isa, sizeof(s->isa));
	s->seen = atomic_load(&process.shared->seq);
	atomic_store(&s->head, 0);
	atomic_store(&s->tail, 0);
	atomic_store(&s->has_last_word, 0);
	atomic_store(&s->waiting, 0);
	atomic_store(&s->state, REC_LIVE);
}

struct thread *stream_open(int slot)
{
	bool fresh = slot < 0;
	struct thread *t;
	u64 *ring;

	if (fresh)
		slot = claim_slot();
	ring = slot < 0 ? NULL : map_ring(slot);
	t = ring ? calloc(1, sizeof(*t)) : NULL;
	if (!t)
		return NULL;
	t->stream = &process.shared->stream[slot];
	t->ring = ring;
	if (fresh)
		stream_introduce(t->stream);
	t->head = atomic_load(&t->stream->head);
	t->out = ring + (t->head & (REC_RING - 1)) / 8;
	t->epoch = atomic_load(&process.epoch);
	stream_make_room(t);
	return t;
}

int stream_slot(const struct thread *t)
{
	return (int)(t->stream - process.shared->stream);
}

static long futex(_Atomic u32 *word, int op, u32 value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static void wake_collector(void)
{
	_Atomic u32 *asleep = &process.shared->asleep;

	if (atomic_load(asleep) && atomic_exchange(asleep, 0))
		futex(asleep, FUTEX_WAKE, 1, NULL);
}

void stream_forget(struct thread *t)
{
	if (t->ring)
		munmap(t->ring, 2 * REC_RING);
	free(t);
}

void stream_close(struct thread *t)
{
	if (t->stream)
		atomic_store(&t->stream->state, REC_CLOSED);
	wake_collector();
	stream_forget(t);
}

static bool collector_gone(void)
{
	return kill((pid_t)process.shared->collector, 0) && errno == ESRCH;
}

static void mute(struct thread *t)
{
	t->muted = true;
	t->on = false;
	t->tb = NULL;
	t->left = INT64_MAX;
	t->head = 0;
	t->limit = UINT64_MAX;
}

/* Called after each NOTIFY_BYTES, and when the ring may be full: then it waits for the collector. */
void stream_make_room(struct thread *t)
{
	const struct timespec second = { .tv_sec = 1 };
	struct rec_stream *s = t->stream;
	int saved = errno;
	u64 room_at;

	for (;;) {
		wake_collector();
		if (atomic_load(&process.shared->stop)) {
			mute(t);
			break;
		}
		atomic_store(&s->waiting, 1);
		room_at = atomic_load(&s->tail) + REC_RING - REC_MAX_RECORD;
		if (t->head <= room_at) {
			atomic_store(&s->waiting, 0);
			t->limit = MIN(room_at, t->head + NOTIFY_BYTES);
			break;
		}
		if (futex(&s->waiting, FUTEX_WAIT, 1, &second) && errno == ETIMEDOUT && collector_gone())
			atomic_store(&process.shared->stop, 1);
	}
	errno = saved;
}

u64 seq_take(void)
{
	return atomic_fetch_add(&process.shared->seq, 1) + 1;
}

static void fill_event(struct rec_event *r, const struct tr_event *ev, struct file_ref file, const char *name)
{
	memset(r, 0, sizeof(*r));
	r->ev = *ev;
	r->ev.name = NULL;
	r->dev = file.dev;
	r->ino = file.ino;
	r->name_len = name ? (u32)strnlen(name, TR_MAX_NAME) : 0;
}

void event_put(struct thread *t, const struct tr_event *ev, struct file_ref file, const char *name)
{
	struct rec_event *r = (struct rec_event *)(t->out + 1);
	u32 words;

	if (t->muted)
		return;
	fill_event(r, ev, file, name);
	words = (u32)REC_EVENT_WORDS(r->name_len);
	t->out[0] = REC_EVENT | words;
	if (name)
		memcpy(r + 1, name, r->name_len);
	stream_publish(t, words);
}

void event_simple(struct thread *t, enum tr_event_kind kind, u64 seq, u64 arg)
{
	const struct tr_event ev = { .kind = (u8)kind, .seq = seq, .arg = arg };

	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

void last_word_set(struct thread *t, const struct tr_event *ev, const char *name)
{
	struct rec_stream *s = t->stream;

	if (t->muted)
		return;
	fill_event(&s->last_word, ev, (struct file_ref){ 0 }, name);
	if (name)
		memcpy(s->last_name, name, s->last_word.name_len);
	atomic_store(&s->has_last_word, 1);
}

void last_word_clear(struct thread *t)
{
	if (!t->muted)
		atomic_store(&t->stream->has_last_word, 0);
}

void seen_put(struct thread *t)
{
	event_simple(t, TR_EV_SEEN, atomic_load(&process.shared->seq), 0);
}
