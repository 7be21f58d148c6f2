/*
 * Is a recording possible? Runs its threads in a random order that the numbers allow (traces/block.h, "Order
 * between threads") and checks that every fetch and access lies in what is mapped then, that no thread is
 * left over, and that every thread has an end. Knows nothing of the engine: lists and a linear search.
 *
 * usage: check FILE [SEED [gaps]]; prints counts; exit status 1 if anything is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/trace.h"

#define MAX_THREADS 4096
#define MAX_SHOWN   10

struct range {
	u64 lo, hi;
};

struct space {
	u32 pid, n;
	u64 heap_end;
	struct range range[8192];
};

struct thread {
	u32 pid, tid;
	struct trace_packet *first, *last;
	struct tr_cursor *cursor;
	bool open, ended, started;
	bool has_event;
	struct tr_event event;
	u32 last_range;
};

static struct trace *trace;
static struct thread thread[MAX_THREADS];
static struct space *space[MAX_THREADS];
static u32 n_threads, n_spaces, wrong;
static u64 deps[3]; /* addresses that depend on no access, on a known one, on who knows */
static bool allow_gaps;
static u64 n_gaps;
static u64 *pages;
static u64 applied, insns, accesses, n_pages, kinds[TR_NR_KINDS], events[TR_NR_EVENTS], calls[8];

static struct space *space_of(u32 pid)
{
	for (u32 i = 0; i < n_spaces; i++)
		if (space[i]->pid == pid)
			return space[i];
	space[n_spaces] = xcalloc(1, sizeof(**space));
	space[n_spaces]->pid = pid;
	return space[n_spaces++];
}

static struct thread *thread_of(u32 pid, u32 tid)
{
	for (u32 i = 0; i < n_threads; i++)
		if (thread[i].tid == tid && thread[i].pid == pid)
			return &thread[i];
	ASSERT(n_threads < MAX_THREADS);
	thread[n_threads] = (struct thread){ .pid = pid, .tid = tid, .cursor = tr_cursor_new(trace) };
	return &thread[n_threads++];
}

static void complain(const struct thread *t, const char *what, u64 a, u64 b)
{
	if (wrong++ < MAX_SHOWN)
		printf("process %u thread %u: %s %#llx %#llx (numbers applied: %llu)\n", t->pid, t->tid, what,
		       (unsigned long long)a, (unsigned long long)b, (unsigned long long)applied);
}

/* Counts distinct pages: an open hash of those that a process's accesses touched. */
static void note_page(u32 pid, u64 addr)
{
	static u64 size = 1u << 22, last;
	u64 key = (addr >> 12) + ((u64)pid << 40) + 1, at = key * 0x9e3779b97f4a7c15ull >> 42;

	if (key == last)
		return;
	last = key;
	if (!pages)
		pages = xcalloc(size, sizeof(*pages));
	while (pages[at] && pages[at] != key)
		at = (at + 1) & (size - 1);
	if (!pages[at]) {
		pages[at] = key;
		n_pages++;
		ASSERT(n_pages < size / 2);
	}
}

/* --- address spaces --- */

static void put(struct space *s, u64 lo, u64 hi)
{
	ASSERT(s->n < ARRAY_SIZE(s->range));
	if (lo < hi)
		s->range[s->n++] = (struct range){ lo, hi };
}

static void cut(struct space *s, u64 lo, u64 hi)
{
	u32 n = s->n;

	for (u32 i = 0; i < n;) {
		struct range r = s->range[i];

		if (r.hi <= lo || hi <= r.lo) {
			i++;
			continue;
		}
		s->range[i] = s->range[--n];
		s->range[n] = s->range[--s->n];
		put(s, r.lo, MIN(r.hi, lo));
		put(s, MAX(r.lo, hi), r.hi);
	}
}

static bool mapped(struct thread *t, const struct space *s, u64 addr)
{
	if (t->last_range < s->n && s->range[t->last_range].lo <= addr && addr < s->range[t->last_range].hi)
		return true;
	for (u32 i = 0; i < s->n; i++) {
		if (s->range[i].lo <= addr && addr < s->range[i].hi) {
			t->last_range = i;
			return true;
		}
	}
	return false;
}

static void set_brk(struct space *s, const struct tr_event *ev)
{
	cut(s, ev->addr2, s->heap_end);
	s->heap_end = (ev->addr + 4095) & ~4095ull;
	put(s, ev->addr2, s->heap_end);
}

static void apply_space(const struct tr_event *ev, struct space *s, const struct thread *t)
{
	switch (ev->kind) {
	case TR_EV_MAP:
		cut(s, ev->addr, ev->addr + ev->len);
		put(s, ev->addr, ev->addr + ev->len);
		break;
	case TR_EV_UNMAP:
		cut(s, ev->addr, ev->addr + ev->len);
		break;
	case TR_EV_REMAP:
		cut(s, ev->addr, ev->addr + ev->len);
		cut(s, ev->addr2, ev->addr2 + ev->len2);
		put(s, ev->addr2, ev->addr2 + ev->len2);
		break;
	case TR_EV_BRK:
		set_brk(s, ev);
		break;
	case TR_EV_READ:
	case TR_EV_WRITE:
		if (!mapped((struct thread *)t, s, ev->addr) ||
		    !mapped((struct thread *)t, s, ev->addr + ev->len - 1))
			complain(t, "a buffer outside of mappings:", ev->addr, ev->len);
		break;
	case TR_EV_FORK: {
		struct space *child = space_of((u32)ev->arg);

		memcpy(child->range, s->range, sizeof(s->range));
		child->n = s->n;
		child->heap_end = s->heap_end;
		break;
	}
	case TR_EV_EXEC:
		s->n = 0;
		s->heap_end = 0;
		break;
	default:
		break;
	}
}

/* --- threads --- */

static bool takes_away(const struct tr_event *ev)
{
	return ev->kind == TR_EV_UNMAP || ev->kind == TR_EV_REMAP || ev->kind == TR_EV_PROTECT ||
	       ev->kind == TR_EV_ADVISE || (ev->kind == TR_EV_MAP && ev->flags & TR_MAP_FIXED) ||
	       ev->kind == TR_EV_BRK || ev->kind == TR_EV_EXEC ||
	       (ev->kind == TR_EV_EXIT && ev->flags & TR_EXIT_GROUP);
}

/* The number before which the thread cannot go on: that of the SEEN, or of the event, at which it stands. */
static u64 stands_at(const struct thread *t)
{
	if (t->has_event)
		return t->event.seq;
	return t->open || !t->first ? 0 : t->first->seen;
}

static bool others_stand(const struct thread *t, u64 seq)
{
	for (u32 i = 0; i < n_threads; i++) {
		const struct thread *o = &thread[i];

		if (o != t && o->pid == t->pid && o->started && !o->ended && stands_at(o) < seq)
			return false;
	}
	return true;
}

static bool may_happen(const struct thread *t)
{
	const struct tr_event *ev = &t->event;

	if (ev->kind == TR_EV_SEEN)
		return ev->seq <= applied;
	if (!ev->seq)
		return true;
	return ev->seq == applied + 1 && (!takes_away(ev) || others_stand(t, ev->seq));
}

static void happen(struct thread *t)
{
	const struct tr_event ev = t->event;

	t->has_event = false;
	events[ev.kind]++;
	if (ev.kind == TR_EV_SYSCALL)
		calls[ev.flags % 8]++;
	apply_space(&ev, space_of(t->pid), t);
	if (ev.kind != TR_EV_SEEN && ev.seq)
		applied = ev.seq;
	if (ev.kind == TR_EV_EXIT || (ev.kind == TR_EV_EXEC && !ev.arg))
		t->ended = true;
	if (ev.kind == TR_EV_LOST)
		complain(t, "something was lost", 0, 0);
}

static void check_run(struct thread *t, struct space *s, const struct tr_block *b, const u64 *addr)
{
	u64 pc = b->pc;

	for (u32 i = 0; i < b->n_insns; pc += b->insn_size[i++])
		if (!mapped(t, s, pc) || !mapped(t, s, pc + b->insn_size[i] - 1))
			complain(t, "a fetch outside of mappings:", pc, b->pc);
	for (u32 i = 0; i < b->n_slots; i++) {
		kinds[b->slot[i].kind]++;
		deps[b->slot[i].dep == TR_DEP_NONE ? 0 : b->slot[i].dep == TR_DEP_UNKNOWN ? 2 : 1]++;
		note_page(t->pid, addr[i]);
		if (!mapped(t, s, addr[i]) || !mapped(t, s, addr[i] + b->slot[i].size - 1))
			complain(t, "an access outside of mappings:", addr[i], b->pc);
	}
	insns += b->n_insns;
	accesses += b->n_slots;
}

static void check_chunk(struct thread *t, const struct tr_chunk *c)
{
	struct space *s = space_of(t->pid);
	const u64 *addr = c->addr;

	if (t->ended && c->n_runs)
		complain(t, "runs after the end", 0, 0);
	for (u32 i = 0; i < c->n_runs; i++) {
		const struct tr_block *b = trace_block(trace, c->block[i]);

		check_run(t, s, b, addr);
		addr += b->n_slots;
	}
	t->has_event = c->event != NULL;
	if (c->event)
		t->event = *c->event;
}

static void drop_packet(struct thread *t)
{
	struct trace_packet *p = t->first;

	t->open = false;
	t->first = p->next;
	trace_packet_free(trace, p);
}

/* Can it do something, and if so, does it. */
static bool step(struct thread *t)
{
	struct tr_chunk chunk;

	if (t->has_event) {
		if (!may_happen(t))
			return false;
		happen(t);
		return true;
	}
	if (!t->open) {
		if (!t->first || t->first->seen > applied)
			return false;
		tr_cursor_set(t->cursor, t->first);
		t->open = t->started = true;
	}
	if (tr_cursor_next(t->cursor, &chunk)) {
		check_chunk(t, &chunk);
	} else {
		drop_packet(t);
	}
	return true;
}

/*
 * A thread that was killed right after it had taken a number may have left a gap: nobody has the next number.
 * Steps over it if asked to allow that.
 */
static bool skip_gap(void)
{
	u64 next = UINT64_MAX;

	for (u32 i = 0; i < n_threads; i++) {
		u64 n = thread[i].has_event && thread[i].event.seq ? thread[i].event.seq - 1 : 0;

		if (n > applied)
			next = MIN(next, n);
	}
	if (!allow_gaps || next == UINT64_MAX)
		return false;
	n_gaps += next - applied;
	applied = next;
	return true;
}

static void check_order(void)
{
	for (;;) {
		u32 from = (u32)rand() % n_threads, i;
		u32 steps = (u32)rand() % 64 + 1;

		for (i = 0; i < n_threads; i++) {
			struct thread *t = &thread[(from + i) % n_threads];

			if (!step(t))
				continue;
			while (--steps && step(t))
				;
			break;
		}
		if (i == n_threads && !skip_gap())
			break;
	}
	for (u32 i = 0; i < n_threads; i++) {
		if (thread[i].has_event || thread[i].first)
			complain(&thread[i], "is left over, it waits for", stands_at(&thread[i]),
				 thread[i].event.kind);
		else if (!thread[i].ended)
			complain(&thread[i], "has no end", 0, 0);
	}
}

static void read_all(const char *path)
{
	char err[TR_ERRBUF];
	struct trace_packet *p;
	enum trace_status status;

	trace = trace_open(path, NULL, err);
	if (!trace)
		die("%s", err);
	while ((status = trace_next(trace, &p)) == TRACE_OK) {
		struct thread *t = thread_of(p->pid, p->tid);

		p->next = NULL;
		if (t->first)
			t->last->next = p;
		else
			t->first = p;
		t->last = p;
	}
	if (status == TRACE_ERROR)
		die("%s", trace_error(trace));
}

static const char *const file_call[8] = { "",       "sync",  "sync_begin",  "truncate",
					  "advise", "msync", "msync_begin", "others" };

static void print_counts(void)
{
	printf("instructions %llu accesses %llu loads %llu stores %llu atomics %llu pages %llu threads %u "
	       "processes %u\n",
	       (unsigned long long)insns, (unsigned long long)accesses, (unsigned long long)kinds[TR_LOAD],
	       (unsigned long long)kinds[TR_STORE], (unsigned long long)kinds[TR_ATOMIC],
	       (unsigned long long)n_pages, n_threads, n_spaces);
	printf("gaps %llu\n", (unsigned long long)n_gaps);
	printf("independent %llu dependent %llu unknown %llu\n", (unsigned long long)deps[0],
	       (unsigned long long)deps[1], (unsigned long long)deps[2]);
	for (u32 i = 0; i < TR_NR_EVENTS; i++)
		if (events[i])
			printf("%s %llu\n", tr_event_name(i), (unsigned long long)events[i]);
	for (u32 i = 1; i < 8; i++)
		printf("%s %llu\n", file_call[i], (unsigned long long)calls[i]);
}

static void free_all(void)
{
	for (u32 i = 0; i < n_threads; i++) {
		while (thread[i].first)
			drop_packet(&thread[i]);
		tr_cursor_free(thread[i].cursor);
	}
	for (u32 i = 0; i < n_spaces; i++)
		free(space[i]);
	free(pages);
	trace_close(trace);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		die("usage: check FILE [SEED]");
	allow_gaps = argc > 3;
	srand(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
	read_all(argv[1]);
	if (!n_threads)
		die("%s holds no thread", argv[1]);
	check_order();
	print_counts();
	if (wrong)
		printf("%u things are wrong\n", wrong);
	free_all();
	return wrong != 0;
}
