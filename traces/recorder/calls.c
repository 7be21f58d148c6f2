#include "traces/recorder/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "traces/recorder/recorder.h"

/*
 * Order between threads (see traces/block.h). A call that changes the address space takes its number when it
 * is entered and holds process.space_lock until it returns, so numbers follow the order in which the calls
 * took effect; it is entered in the stream when its result is known. It advances process.epoch before it
 * takes effect, and every other thread looks at the epoch at each block and access (plugin.c). What wakes
 * others takes its number on entry, what may have been woken says at its return what it has seen. A number
 * that was taken is always entered, with a failed call as TR_EV_SYSCALL.
 */

#define PAGE            4096ull
#define PAGE_UP(a)      (((a) + PAGE - 1) & ~(PAGE - 1))

#define MAX_CALL        1024
#define MAX_IOV         1024u
#define MAX_SHM         64u
#define GUEST_ERRNO_MAX 4095

static u8 kind_of[MAX_CALL];
static u64 heap_start, heap_end;
static struct {
	u64 addr, len;
} attached[MAX_SHM];

void calls_start(void)
{
	for (u32 i = 0; i < n_call_rows; i++) {
		s16 num = call_rows[i].num[process.isa_column];

		if (num != CALL_NONE)
			kind_of[num] = call_rows[i].kind;
	}
}

bool guest_read(void *to, u64 addr, size_t len)
{
	struct iovec local = { to, len };
	struct iovec remote = { (void *)(uintptr_t)(addr + process.guest_base), len };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static u64 guest_word(u64 addr, u32 i)
{
	u64 word = 0;
	size_t size = process.guest32 ? 4 : 8;

	return guest_read(&word, addr + i * size, size) ? word : 0;
}

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000ull + (u64)ts.tv_nsec;
}

static long switches(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_THREAD, &ru) ? 0 : ru.ru_nvcsw;
}

/* --- entry --- */

static void take_number(struct thread *t)
{
	t->call.seq = seq_take();
	last_word_set(
		t, &(struct tr_event){ .kind = TR_EV_SYSCALL, .seq = t->call.seq, .arg = (u64)t->call.num },
		NULL);
}

/* From here to the return no other call of the process changes the address space. */
static void lock_space(struct thread *t)
{
	pthread_mutex_lock(&process.space_lock);
	t->call.locked = true;
	epoch_look(t);
	take_number(t);
}

static void change_space(struct thread *t)
{
	lock_space(t);
	t->epoch = atomic_fetch_add(&process.epoch, 1) + 1;
}

static void wake_others(struct thread *t)
{
	event_simple(t, TR_EV_WAKE, seq_take(), (u64)t->call.num);
}

static bool is_thread(const struct call *c)
{
	return c->kind == CALL_CLONE && c->arg[0] & CLONE_VM && !(c->arg[0] & CLONE_VFORK);
}

static bool futex_waits(const struct call *c)
{
	u32 op = (u32)c->arg[1] & ~(u32)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);

	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_LOCK_PI ||
	       op == FUTEX_WAIT_REQUEUE_PI || op == FUTEX_LOCK_PI2;
}

static void enter_exec(struct thread *t)
{
	char path[TR_MAX_NAME + 1] = "";
	struct tr_event ev = { .kind = TR_EV_EXEC, .seq = seq_take(), .len = (u64)t->call.num };
	u64 at = t->call.arg[t->call.kind == CALL_EXECVEAT];

	for (u32 i = 0; i < TR_MAX_NAME && guest_read(path + i, at + i, 1) && path[i]; i++)
		;
	t->call.seq = ev.seq;
	last_word_set(t, &ev, path);
	if (t->call.kind == CALL_EXECVE)
		follow_exec(t, at, t->call.arg[1], t->call.arg[2]);
}

static void enter_exit(struct thread *t)
{
	const struct tr_event ev = {
		.kind = TR_EV_EXIT,
		.seq = seq_take(),
		.arg = t->call.arg[0] & 0xff,
		.flags = t->call.kind == CALL_EXIT_GROUP ? TR_EXIT_GROUP : 0,
	};

	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
	thread_end(t);
}

static void note_time(struct thread *t)
{
	t->call.entered = now_ns();
	t->call.switches = switches();
}

void call_enter(struct thread *t, s64 num, const u64 arg[6])
{
	struct call *c = &t->call;

	*c = (struct call){ .num = num, .kind = num >= 0 && num < MAX_CALL ? kind_of[num] : CALL_OTHER };
	for (u32 i = 0; i < 6; i++)
		c->arg[i] = process.guest32 ? (u32)arg[i] : arg[i];
	switch (c->kind) {
	case CALL_MMAP ... CALL_SHMDT:
		change_space(t);
		break;
	case CALL_CLONE:
	case CALL_FORK:
		if (is_thread(c))
			take_number(t);
		else
			lock_space(t);
		break;
	case CALL_EXECVE:
	case CALL_EXECVEAT:
		enter_exec(t);
		break;
	case CALL_EXIT:
	case CALL_EXIT_GROUP:
		enter_exit(t);
		break;
	case CALL_FUTEX:
		if (futex_waits(c))
			note_time(t);
		else
			wake_others(t);
		break;
	case CALL_WRITE ... CALL_SENDMSG:
	case CALL_WAKE_FD:
		if (fd_kind((int)c->arg[0]) != FD_FILE)
			wake_others(t);
		break;
	case CALL_WAKE:
		wake_others(t);
		break;
	case CALL_READ ... CALL_RECVMSG:
	case CALL_WAIT ... CALL_SLEEP:
		note_time(t);
		break;
	}
}

/* --- return: the address space --- */

static u32 map_flags(u64 flags)
{
	static const struct {
		u32 linux_flag, flag;
	} table[] = {
		{ MAP_SHARED, TR_MAP_SHARED },     { MAP_ANONYMOUS, TR_MAP_ANON },
		{ MAP_FIXED, TR_MAP_FIXED },       { MAP_GROWSDOWN, TR_MAP_GROWSDOWN },
		{ MAP_HUGETLB, TR_MAP_HUGETLB },   { MAP_LOCKED, TR_MAP_LOCKED },
		{ MAP_POPULATE, TR_MAP_POPULATE }, { MAP_NORESERVE, TR_MAP_NORESERVE },
	};
	u32 out = 0;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		out |= flags & table[i].linux_flag ? table[i].flag : 0;
	return out;
}

static void return_mmap(struct thread *t, u64 addr)
{
	struct call *c = &t->call;
	struct file_ref file = { 0 };
	struct tr_event ev = { .kind = TR_EV_MAP, .seq = c->seq, .addr = addr };

	for (u32 i = 0; i < 6 && process.guest32 && c->kind == CALL_MMAP; i++)
		c->arg[5 - i] = guest_word(c->arg[0], 5 - i);
	if (!(c->arg[3] & MAP_ANONYMOUS))
		file = file_of_fd(t, (int)c->arg[4]);
	ev.len = PAGE_UP(c->arg[1]);
	ev.prot = c->arg[2] & (TR_PROT_READ | TR_PROT_WRITE | TR_PROT_EXEC);
	ev.flags = map_flags(c->arg[3]);
	if (file.ino)
		ev.offset = c->kind == CALL_MMAP2 ? c->arg[5] * PAGE : c->arg[5];
	maps_add(addr, ev.len);
	event_put(t, &ev, file, NULL);
	if (file.ino && ev.prot & TR_PROT_EXEC)
		mark_resolve_mapped((int)c->arg[4], addr, ev.offset);
}

static void return_mremap(struct thread *t, u64 addr)
{
	const struct call *c = &t->call;
	const struct tr_event ev = {
		.kind = TR_EV_REMAP,
		.seq = c->seq,
		.addr = c->arg[0],
		.len = PAGE_UP(c->arg[1]),
		.addr2 = addr,
		.len2 = PAGE_UP(c->arg[2]),
		.flags = c->arg[3] & MREMAP_FIXED ? TR_MAP_FIXED : 0,
	};

	if (!(c->arg[3] & MREMAP_DONTUNMAP))
		maps_remove(ev.addr, ev.len);
	maps_add(addr, ev.len2);
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

/* munmap, mprotect, madvise: a range and perhaps a word. */
static void return_range(struct thread *t, enum tr_event_kind kind)
{
	const struct call *c = &t->call;
	const struct tr_event ev = {
		.kind = (u8)kind,
		.seq = c->seq,
		.addr = c->arg[0],
		.len = PAGE_UP(c->arg[1]),
		.prot = kind == TR_EV_PROTECT ? c->arg[2] & 7 : 0,
		.arg = kind == TR_EV_ADVISE ? c->arg[2] : 0,
	};

	if (kind == TR_EV_UNMAP)
		maps_remove(ev.addr, ev.len);
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

/* The first call tells where the heap starts, whatever it asks for. */
static void return_brk(struct thread *t, u64 end)
{
	struct tr_event ev = { .kind = TR_EV_BRK, .seq = t->call.seq, .addr = end, .flags = TR_MAP_HEAP };

	if (!heap_start)
		heap_start = heap_end = end;
	if (end > heap_end)
		maps_add(PAGE_UP(heap_end), end - PAGE_UP(heap_end));
	else if (end < heap_end)
		maps_remove(PAGE_UP(end), heap_end - PAGE_UP(end));
	heap_end = end;
	ev.addr2 = heap_start;
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

static void return_shmat(struct thread *t, u64 addr)
{
	struct tr_event ev = { .kind = TR_EV_MAP, .seq = t->call.seq, .addr = addr };
	struct shmid_ds ds;

	if (!shmctl((int)t->call.arg[0], IPC_STAT, &ds))
		ev.len = PAGE_UP(ds.shm_segsz);
	ev.prot = TR_PROT_READ | (t->call.arg[2] & SHM_RDONLY ? 0 : TR_PROT_WRITE);
	ev.flags = TR_MAP_SHARED | TR_MAP_ANON;
	for (u32 i = 0; i < MAX_SHM; i++) {
		if (!attached[i].len) {
			attached[i].addr = addr;
			attached[i].len = ev.len;
			break;
		}
	}
	maps_add(addr, ev.len);
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

static void return_shmdt(struct thread *t)
{
	struct tr_event ev = { .kind = TR_EV_UNMAP, .seq = t->call.seq, .addr = t->call.arg[0] };

	for (u32 i = 0; i < MAX_SHM; i++) {
		if (attached[i].len && attached[i].addr == ev.addr) {
			ev.len = attached[i].len;
			attached[i].len = 0;
		}
	}
	maps_remove(ev.addr, ev.len);
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

/* --- return: buffers --- */

static void put_buffer(struct thread *t, enum tr_event_kind kind, u64 addr, u64 len, struct file_ref file,
		       u64 offset)
{
	const struct tr_event ev = {
		.kind = (u8)kind,
		.addr = addr,
		.len = len,
		.offset = file.ino ? offset : TR_NO_OFFSET,
	};

	if (!len)
		return;
	maps_check(t, addr, false);
	event_put(t, &ev, file, NULL);
}

/* done bytes went through the vector's buffers in turn. */
static void put_vector(struct thread *t, enum tr_event_kind kind, u64 iov, u64 n, u64 done,
		       struct file_ref file, u64 offset)
{
	for (u32 i = 0; i < MIN(n, MAX_IOV) && done; i++) {
		u64 addr = guest_word(iov, 2 * i);
		u64 len = MIN(guest_word(iov, 2 * i + 1), done);

		put_buffer(t, kind, addr, len, file, offset);
		offset += len;
		done -= len;
	}
}

/* Where in the file the call's first byte lies; the call has moved the position unless it gave one itself. */
static u64 file_offset(const struct call *c, u64 done)
{
	switch (c->kind) {
	case CALL_PREAD:
	case CALL_PWRITE:
	case CALL_PREADV:
	case CALL_PWRITEV:
		return process.guest32 ? c->arg[3] | c->arg[4] << 32 : c->arg[3];
	default:
		return (u64)lseek((int)c->arg[0], 0, SEEK_CUR) - done;
	}
}

static void return_buffers(struct thread *t, enum tr_event_kind kind, u64 done)
{
	const struct call *c = &t->call;
	u64 at = file_offset(c, done), written = kind == TR_EV_WRITE ? done : 0;
	struct file_ref file = file_before(t, (int)c->arg[0], at + done, written);
	u64 offset = file.ino ? at : TR_NO_OFFSET;

	switch (c->kind) {
	case CALL_READV:
	case CALL_PREADV:
	case CALL_WRITEV:
	case CALL_PWRITEV:
		put_vector(t, kind, c->arg[1], c->arg[2], done, file, offset);
		break;
	case CALL_RECVMSG:
	case CALL_SENDMSG:
		put_vector(t, kind, guest_word(c->arg[1], 2), guest_word(c->arg[1], 3), done, file, offset);
		break;
	default:
		put_buffer(t, kind, c->arg[1], done, file, offset);
	}
}

/* --- return: order --- */

static void put_sleep(struct thread *t)
{
	event_simple(t, TR_EV_SLEEP, 0, now_ns() - t->call.entered);
}

/* After a call that another thread or the outside may have let go on. */
static void return_waiter(struct thread *t, bool outside)
{
	if (switches() == t->call.switches)
		event_simple(t, TR_EV_SYSCALL, 0, (u64)t->call.num);
	else if (outside)
		put_sleep(t);
	else
		event_simple(t, TR_EV_WAIT, 0, (u64)t->call.num);
	seen_put(t);
}

static void return_read(struct thread *t, s64 ret)
{
	enum fd_kind kind = fd_kind((int)t->call.arg[0]);

	if (kind == FD_PIPE || kind == FD_OUTSIDE)
		return_waiter(t, kind == FD_OUTSIDE);
	else if (ret <= 0)
		event_simple(t, TR_EV_SYSCALL, 0, (u64)t->call.num);
	if (ret > 0)
		return_buffers(t, TR_EV_READ, (u64)ret);
}

static void return_write(struct thread *t, s64 ret)
{
	if (ret > 0)
		return_buffers(t, TR_EV_WRITE, (u64)ret);
	else
		event_simple(t, TR_EV_SYSCALL, 0, (u64)t->call.num);
	if (fd_kind((int)t->call.arg[0]) != FD_FILE)
		seen_put(t); /* it may have waited for room */
}

/* --- return: processes --- */

static void become_child(struct thread *t)
{
	process.pid = getpid();
	maps_forked();
	thread_forked(t);
}

static void return_clone(struct thread *t, s64 ret)
{
	if (ret == 0 && !is_thread(&t->call)) {
		become_child(t);
		return;
	}
	event_simple(t, is_thread(&t->call) ? TR_EV_CLONE : TR_EV_FORK, t->call.seq, (u64)ret);
}

static void put_call(struct thread *t)
{
	event_simple(t, TR_EV_SYSCALL, t->call.seq, (u64)t->call.num);
}

/* --- return: calls on files --- */

/* traces/block.h: TR_CALL_*. */
static void put_file_call(struct thread *t, int fd, struct tr_event ev)
{
	struct file_ref file = file_of_fd(t, fd);

	ev.kind = TR_EV_SYSCALL;
	ev.arg = (u64)t->call.num;
	if (file.ino)
		event_put(t, &ev, file, NULL);
	else
		put_call(t);
}

static void return_open(struct thread *t, s64 fd)
{
	const struct call *c = &t->call;

	if (c->kind == CALL_CREAT || c->arg[c->kind == CALL_OPENAT ? 2 : 1] & O_TRUNC)
		put_file_call(t, (int)fd, (struct tr_event){ .flags = TR_CALL_TRUNCATE });
	else
		put_call(t);
}

static void return_truncate(struct thread *t)
{
	const struct call *c = &t->call;
	u64 len = c->kind == CALL_TRUNCATE64 ? c->arg[1] | c->arg[2] << 32 : c->arg[1];

	put_file_call(t, (int)c->arg[0], (struct tr_event){ .flags = TR_CALL_TRUNCATE, .len = len });
}

static void return_sync_range(struct thread *t)
{
	const struct call *c = &t->call;
	u64 waits = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
	struct tr_event ev = { .flags = c->arg[3] & waits ? TR_CALL_SYNC : TR_CALL_SYNC_BEGIN,
			       .offset = c->arg[1],
			       .len = c->arg[2] };

	put_file_call(t, (int)c->arg[0], ev);
}

static void return_advise(struct thread *t)
{
	const struct call *c = &t->call;
	struct tr_event ev = { .flags = TR_CALL_ADVISE,
			       .offset = c->arg[1],
			       .len = c->arg[2],
			       .addr2 = c->kind == CALL_FADVISE ? c->arg[3] : POSIX_FADV_WILLNEED };

	put_file_call(t, (int)c->arg[0], ev);
}

static void return_msync(struct thread *t)
{
	const struct call *c = &t->call;
	const struct tr_event ev = { .kind = TR_EV_SYSCALL,
				     .flags = c->arg[2] & MS_SYNC ? TR_CALL_MSYNC : TR_CALL_MSYNC_BEGIN,
				     .addr = c->arg[0],
				     .len = c->arg[1],
				     .arg = (u64)c->num };

	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

/* mlock, munlock: a range; mlockall and its end: everything. */
static void return_mlock(struct thread *t)
{
	static const u32 flags[] = { TR_CALL_MLOCK, TR_CALL_MLOCK, TR_CALL_MUNLOCK, TR_CALL_MLOCKALL,
				     TR_CALL_MUNLOCKALL };
	const struct call *c = &t->call;
	struct tr_event ev = { .kind = TR_EV_SYSCALL,
			       .flags = flags[c->kind - CALL_MLOCK],
			       .arg = (u64)c->num };

	if (c->kind <= CALL_MUNLOCK) {
		ev.addr = c->arg[0];
		ev.len = c->arg[1];
	}
	if (c->kind == CALL_MLOCK2 || c->kind == CALL_MLOCKALL)
		ev.addr2 = c->arg[c->kind == CALL_MLOCK2 ? 2 : 0];
	event_put(t, &ev, (struct file_ref){ 0 }, NULL);
}

/* True if c was one: a call on a file, or on what is mapped. */
static bool return_file(struct thread *t, s64 ret)
{
	switch (t->call.kind) {
	case CALL_OPEN:
	case CALL_OPENAT:
	case CALL_CREAT:
		return_open(t, ret);
		return true;
	case CALL_FSYNC:
		put_file_call(t, (int)t->call.arg[0], (struct tr_event){ .flags = TR_CALL_SYNC });
		return true;
	case CALL_SYNC_RANGE:
		return_sync_range(t);
		return true;
	case CALL_TRUNCATE:
	case CALL_TRUNCATE64:
		return_truncate(t);
		return true;
	case CALL_FADVISE:
	case CALL_READAHEAD:
		return_advise(t);
		return true;
	case CALL_MSYNC:
		return_msync(t);
		return true;
	case CALL_MLOCK ... CALL_MUNLOCKALL:
		return_mlock(t);
		return true;
	default:
		return false;
	}
}

static void return_sigaction(struct thread *t)
{
	u64 sig = t->call.arg[0], act = t->call.arg[1];

	if (act && sig < ARRAY_SIZE(process.handler))
		process.handler[sig] = guest_word(act, 0);
}

static void return_ok(struct thread *t, s64 ret)
{
	const struct call *c = &t->call;
	u64 value = process.guest32 ? (u32)ret : (u64)ret;

	switch (c->kind) {
	case CALL_MMAP:
	case CALL_MMAP2:
		return_mmap(t, value);
		break;
	case CALL_MUNMAP:
		return_range(t, TR_EV_UNMAP);
		break;
	case CALL_MREMAP:
		return_mremap(t, value);
		break;
	case CALL_MPROTECT:
		return_range(t, TR_EV_PROTECT);
		break;
	case CALL_MADVISE:
		return_range(t, TR_EV_ADVISE);
		break;
	case CALL_BRK:
		return_brk(t, value);
		break;
	case CALL_SHMAT:
		return_shmat(t, value);
		break;
	case CALL_SHMDT:
		return_shmdt(t);
		break;
	case CALL_CLONE:
	case CALL_FORK:
		return_clone(t, ret);
		break;
	case CALL_FILL1:
		put_buffer(t, TR_EV_READ, c->arg[0], (u64)ret, (struct file_ref){ 0 }, 0);
		break;
	case CALL_FILL2:
		put_buffer(t, TR_EV_READ, c->arg[1], (u64)ret, (struct file_ref){ 0 }, 0);
		break;
	case CALL_FILL3:
		put_buffer(t, TR_EV_READ, c->arg[2], (u64)ret, (struct file_ref){ 0 }, 0);
		break;
	case CALL_SIGACTION:
		return_sigaction(t);
		put_call(t);
		break;
	default:
		put_call(t);
	}
}

/* Calls that may wait, whatever their result. True if c was one. */
static bool return_order(struct thread *t, s64 ret)
{
	switch (t->call.kind) {
	case CALL_READ ... CALL_RECVMSG:
		return_read(t, ret);
		return true;
	case CALL_WRITE ... CALL_SENDMSG:
		return_write(t, ret);
		return true;
	case CALL_FUTEX:
		if (futex_waits(&t->call))
			return_waiter(t, ret == -ETIMEDOUT);
		return true;
	case CALL_WAIT:
		return_waiter(t, false);
		return true;
	case CALL_POLL:
		return_waiter(t, ret == 0);
		return true;
	case CALL_SLEEP:
		put_sleep(t);
		seen_put(t);
		return true;
	case CALL_WAKE:
		return true;
	default:
		return false;
	}
}

void call_return(struct thread *t, s64 ret)
{
	bool locked = t->call.locked;

	if (return_order(t, ret))
		;
	else if (ret >= 0 && return_file(t, ret))
		;
	else if (ret < 0 && ret >= -GUEST_ERRNO_MAX)
		put_call(t);
	else
		return_ok(t, ret);
	if (self == t)
		last_word_clear(t);
	if (locked)
		pthread_mutex_unlock(&process.space_lock);
}
