#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/recorder/depend.h"
#include "traces/recorder/qemu_plugin.h"
#include "traces/recorder/recorder.h"

/* So many runs are checked access by access: the dynamic loader needs about as many. */
#define SETTLING_RUNS 200000u

struct process process = { .space_lock = PTHREAD_MUTEX_INITIALIZER };
__thread struct thread *self __attribute__((tls_model("initial-exec")));

/* --- runs --- */

/* Enters the run in progress in the ring. The variant's keys are those of the accesses. */
static always_inline void run_put(struct thread *t, const struct variant *v)
{
	u64 *out = t->out;
	u32 n = 1;

	out[0] = v->block;
	if (likely(!v->merged)) {
		for (u32 i = 0; i < t->n; i++)
			out[n++] = t->addr[i];
	} else {
		for (u32 i = 0; i < t->n; i++) {
			if (!v->part[i])
				out[n++] = t->addr[i];
		}
	}
	stream_publish(t, n);
}

static void window_turn(struct thread *t)
{
	const struct rec_window *w = &process.shared->window;

	if (t->muted)
		return;
	t->recorded += t->on ? t->span : 0;
	if (t->on && w->max && t->recorded >= w->max) {
		t->on = false;
		t->left = INT64_MAX;
	} else if (t->on) {
		t->on = false;
		t->left += (s64)w->sample_skip;
	} else {
		t->on = true;
		t->span = w->sample_on ? w->sample_on : (u64)INT64_MAX / 2;
		if (w->max)
			t->span = MIN(t->span, w->max - t->recorded);
		t->left += (s64)t->span;
	}
	t->tb = NULL;
	t->n = 0;
}

/* Begins to count towards --skip, or to record at once. */
void window_start(struct thread *t)
{
	t->marked = true;
	t->left = (s64)process.shared->window.skip;
	if (!t->left)
		window_turn(t);
}

static always_inline void window_count(struct thread *t, u32 insns)
{
	t->left -= insns;
	if (unlikely(t->left <= 0))
		window_turn(t);
}

/* Enters the part of the run before instruction `to`; what follows is another run of the same block. */
static noinline void run_put_until(struct thread *t, u32 to)
{
	const struct variant *v = variant_get(t, to);
	u32 insns = to - t->from;

	if (v && !t->muted)
		run_put(t, v);
	t->from = to;
	t->n = 0;
	if (v)
		window_count(t, insns);
}

static always_inline bool is_usual(const struct thread *t, const struct variant *v)
{
	if (unlikely(!v) || v->n_raw != t->n || t->from)
		return false;
	for (u32 i = 0; i < t->n; i++) {
		if (v->key[i] != t->key[i])
			return false;
	}
	return likely(!v->merged) || variant_parts_fit(t, v);
}

/* The block was left, complete or not, and the thread goes on at next_pc. */
static always_inline void run_close(struct thread *t, u64 next_pc)
{
	const struct variant *v = atomic_load_explicit(&t->tb->usual, memory_order_acquire);

	if (likely(is_usual(t, v))) {
		run_put(t, v);
		window_count(t, v->to);
	} else {
		run_put_until(t, variant_left_at(t, next_pc));
	}
}

void run_finish(struct thread *t)
{
	if (t->tb)
		run_put_until(t, t->tb->n_insns);
	t->tb = NULL;
	t->n = 0;
}

/* --- threads --- */

/* Where no stream is to be had the thread runs on unrecorded. */
static struct thread *thread_muted(void)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->muted = true;
	t->left = INT64_MAX;
	return t;
}

struct thread *thread_current(void)
{
	if (self)
		return self;
	self = stream_open(-1);
	if (!self) {
		self = thread_muted();
		atomic_fetch_add(&process.shared->threads_lost, 1);
	}
	self->left = INT64_MAX;
	if (!process.shared->window.mark[0] || atomic_load(&process.marked))
		window_start(self);
	return self;
}

void thread_end(struct thread *t)
{
	stream_close(t);
	self = thread_muted();
}

void thread_forked(struct thread *t)
{
	struct thread *child;

	self = NULL;
	child = thread_current();
	child->marked = t->marked;
	child->on = t->on && !child->muted;
	child->left = child->muted ? INT64_MAX : t->left;
	child->span = t->span;
	child->recorded = t->recorded;
	child->call = t->call;
	stream_forget(t);
}

/* Another thread has changed the address space: say up to where this one knows of it, before it goes on. */
static noinline void epoch_seen(struct thread *t)
{
	t->epoch = atomic_load(&process.epoch);
	seen_put(t);
	if (atomic_load(&process.marked) && !t->marked)
		window_start(t);
}

void epoch_look(struct thread *t)
{
	if (t->epoch != atomic_load(&process.epoch))
		epoch_seen(t);
}

static noinline void epoch_seen_in_block(struct thread *t, u32 insn)
{
	bool begun = t->n && KEY_INSN(t->key[t->n - 1]) == insn;

	if (t->tb)
		run_put_until(t, MAX(t->from, begun ? insn + 1 : insn));
	epoch_seen(t);
}

/* --- what QEMU calls while the program runs --- */

/* The thread runs a block that is not recorded. */
static void on_tb_left_out(struct thread *t, const struct tb *tb)
{
	variant_settle(t);
	t->tb = NULL;
	window_count(t, tb->n_insns);
}

static void on_tb(unsigned vcpu, void *udata)
{
	struct tb *tb = udata;
	struct thread *t = self;

	if (unlikely(!t))
		t = thread_current();
	if (likely(t->tb))
		run_close(t, tb->pc);
	if (unlikely(t->epoch != atomic_load_explicit(&process.epoch, memory_order_relaxed)))
		epoch_seen(t);
	if (unlikely(!t->on))
		on_tb_left_out(t, tb);
	else
		t->tb = tb;
	t->n = 0;
	t->from = 0;
}

static noinline void accesses_full(struct thread *t, u64 key)
{
	if (t->tb)
		run_put_until(t, MAX(t->from, KEY_INSN(key) + 1));
	t->n = 0;
}

static always_inline void access_add(struct thread *t, u64 addr, u64 key)
{
	u32 n = t->n;

	t->addr[n] = addr;
	t->key[n] = key;
	t->n = ++n;
	if (unlikely(n == MAX_RAW))
		accesses_full(t, key);
}

static noinline void access_in_new_epoch(struct thread *t, u64 addr, u64 key)
{
	epoch_seen_in_block(t, KEY_INSN(key));
	access_add(t, addr, key);
}

/* What is rare is called last, so that the usual way keeps no registers. */
static void on_access(unsigned vcpu, u32 meminfo, u64 addr, void *udata)
{
	struct thread *t = self;
	u64 key = (u64)(uintptr_t)udata << 32 | meminfo;

	if (unlikely(t->epoch != atomic_load_explicit(&process.epoch, memory_order_relaxed)))
		access_in_new_epoch(t, addr, key);
	else
		access_add(t, addr, key);
}

/*
 * A repeated string instruction. QEMU up to 9 leaves the block after each iteration; later ones may stay in
 * it. Each iteration is a run of its own, so that a block does not have a shape for each number of
 * iterations.
 */
static void on_repeated_access(unsigned vcpu, u32 meminfo, u64 addr, void *udata)
{
	struct thread *t = self;
	u64 key = (u64)(uintptr_t)udata << 32 | meminfo;
	u32 insn = KEY_INSN(key);

	for (u32 i = t->n; i-- > 0 && KEY_INSN(t->key[i]) == insn;) {
		if (!t->tb || t->key[i] != key || (i && KEY_INSN(t->key[i - 1]) == insn))
			continue;
		run_put_until(t, insn + 1);
		t->from = insn;
	}
	on_access(vcpu, meminfo, addr, udata);
}

static void on_mark(unsigned vcpu, void *udata)
{
	u32 insn = (u32)(uintptr_t)udata;
	struct thread *t = thread_current();
	const struct tr_event ev = { .kind = TR_EV_MARK, .addr = process.mark_addr };

	if (t->tb && insn > t->from)
		run_put_until(t, insn);
	event_put(t, &ev, (struct file_ref){ 0 }, process.shared->window.mark);
	if (!atomic_exchange(&process.marked, true))
		atomic_fetch_add(&process.epoch, 1);
}

static void on_syscall(u64 id, unsigned vcpu, s64 num, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 a7,
		       u64 a8)
{
	const u64 arg[6] = { a1, a2, a3, a4, a5, a6 };
	struct thread *t = thread_current();

	run_finish(t);
	call_enter(t, num, arg);
}

static void on_syscall_ret(u64 id, unsigned vcpu, s64 num, s64 ret)
{
	call_return(thread_current(), ret);
}

static void on_qemu_exit(u64 id, void *udata)
{
	if (self)
		run_finish(self);
}

/* --- translation --- */

#define X86_MAX_PREFIX 4

static bool is_x86_prefix(u8 b, bool guest32)
{
	return b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 || (b & 0xe7) == 0x26 ||
	       b == 0x64 || b == 0x65 || (!guest32 && (b & 0xf0) == 0x40);
}

/* What the bytes of an x86 instruction say of its accesses: locked or exchanging, repeated string operation.
 */
static u32 x86_flags(const u8 *code, size_t len)
{
	bool lock = false, repeat = false;
	size_t i = 0;

	while (i + 1 < len && is_x86_prefix(code[i], process.guest32)) {
		lock |= code[i] == 0xf0;
		repeat |= code[i] == 0xf2 || code[i] == 0xf3;
		i++;
	}
	if (i + 1 < len && (code[i] & 0xfe) == 0x86 &&
	    code[i + 1] < 0xc0) /* xchg with memory locks by itself */
		lock = true;
	if (!(code[i] >= 0xa4 && code[i] <= 0xa7) &&
	    !(code[i] >= 0xaa && code[i] <= 0xaf)) /* movs..cmps, stos..scas */
		repeat = false;
	return (lock ? UDATA_ATOMIC : 0) | (repeat ? UDATA_REPEAT : 0);
}

/* code: its bytes, zeros behind them; left empty where they are of no use. */
static void instrument_insn(struct qemu_plugin_insn *insn, u32 i, u8 code[DEPEND_CODE])
{
	size_t len = process.x86 ? plugin_insn_bytes(insn, code, DEPEND_CODE, process.qemu_api) : 0;
	u32 flags = len ? x86_flags(code, len) : 0;
	qemu_plugin_mem_fn fn = flags & UDATA_REPEAT ? on_repeated_access : on_access;
	void *udata = (void *)(uintptr_t)(i | flags);

	qemu_plugin_register_vcpu_mem_cb(insn, fn, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, udata);
	if (process.mark_addr && qemu_plugin_insn_vaddr(insn) == process.mark_addr)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)i);
}

static void on_translate(u64 id, struct qemu_plugin_tb *qtb)
{
	u8 size[TR_MAX_INSNS], code[TR_MAX_INSNS * DEPEND_CODE];
	u32 n = (u32)MIN(qemu_plugin_tb_n_insns(qtb), TR_MAX_INSNS);
	struct thread *t = thread_current();
	u64 last = 0;

	maps_start(t);
	memset(code, 0, n * DEPEND_CODE);
	for (u32 i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(qtb, i);

		size[i] = (u8)MAX(qemu_plugin_insn_size(insn), 1);
		last = qemu_plugin_insn_vaddr(insn) + size[i] - 1;
		instrument_insn(insn, i, code + i * DEPEND_CODE);
	}
	maps_check(t, qemu_plugin_tb_vaddr(qtb), true);
	maps_check(t, last, true);
	qemu_plugin_register_vcpu_tb_exec_cb(qtb, on_tb, QEMU_PLUGIN_CB_NO_REGS,
					     tb_intern(qemu_plugin_tb_vaddr(qtb), n, size, code));
}

/* --- start --- */

static void set_isa(const char *target)
{
	snprintf(process.isa, sizeof(process.isa), "%s", target);
	process.x86 = !strcmp(target, "x86_64") || !strcmp(target, "i386");
	process.guest32 = !strcmp(target, "i386");
	process.isa_column = !strcmp(target, "x86_64") ? 0 : process.guest32 ? 1 : 2;
}

static const char *option(const char *arg, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(arg, name, len) && arg[len] == '=' ? arg + len + 1 : NULL;
}

static void read_options(int argc, char **argv, int *slot)
{
	for (int i = 0; i < argc; i++) {
		const char *v;

		if ((v = option(argv[i], "memory")))
			process.collector_path = v;
		else if ((v = option(argv[i], "plugin")))
			process.plugin_path = v;
		else if ((v = option(argv[i], "slot")))
			*slot = atoi(v);
	}
}

static void register_callbacks(u64 id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
	qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_ret);
	qemu_plugin_register_atexit_cb(id, on_qemu_exit, NULL);
}

/* This image follows another one in the thread's stream (execve). */
static void go_on(int slot)
{
	self = stream_open(slot);
	if (!self)
		return;
	self->left = INT64_MAX;
	exec_followed(self);
	if (!process.shared->window.mark[0])
		window_start(self);
}

int qemu_plugin_install(u64 id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	char err[256] = "started without memory=, by hand?";
	int slot = -1;

	if (info->system_emulation) {
		fprintf(stderr, "mmsim recorder: only user-mode programs are recorded\n");
		return -1;
	}
	process.pid = getpid();
	process.qemu_api = info->version.cur;
	process.settling = SETTLING_RUNS;
	set_isa(info->target_name);
	read_options(argc, argv, &slot);
	if (!process.collector_path || !shared_open(process.collector_path, err, sizeof(err))) {
		fprintf(stderr, "mmsim recorder: %s\n", err);
		return -1;
	}
	calls_start();
	if (slot >= 0)
		go_on(slot);
	register_callbacks(id);
	return 0;
}
