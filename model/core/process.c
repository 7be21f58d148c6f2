#include "model/core/process.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct recording *recording_new(struct trace *t, u32 index, u32 line, u32 page_shift, struct rebase *rebase,
				struct engine *e)
{
	struct recording *r = xcalloc(1, sizeof(*r));

	r->trace = t;
	r->index = index;
	r->engine = e;
	r->rebase = rebase;
	r->blocked_end = &r->blocked;
	r->peek = tr_cursor_new(t);
	code_table_init(&r->code, line, page_shift);
	return r;
}

static void thread_free(struct thread *th)
{
	struct trace_packet *p;

	while ((p = th->first)) {
		th->first = p->next;
		trace_packet_free(th->rec->trace, p);
	}
	if (th->packet)
		trace_packet_free(th->rec->trace, th->packet);
	if (th->cursor)
		tr_cursor_free(th->cursor);
	free(th->rebased);
	free(th);
}

static void process_free(struct process *p)
{
	struct thread *th;

	while ((th = p->threads)) {
		p->threads = th->next_of_process;
		thread_free(th);
	}
	free(p);
}

void recording_free(struct recording *r)
{
	struct process *p;
	struct thread *th;

	while ((p = r->processes)) {
		r->processes = p->next;
		process_free(p);
	}
	while ((th = r->spare_threads)) {
		r->spare_threads = th->next;
		free(th);
	}
	while (r->n_spare_cursors)
		tr_cursor_free(r->spare_cursors[--r->n_spare_cursors]);
	free(r->spare_cursors);
	tr_cursor_free(r->peek);
	code_table_fini(&r->code);
	rebase_free(r->rebase);
	trace_close(r->trace);
	free(r);
}

struct process *recording_process(struct recording *r, u32 pid)
{
	struct process **at = &r->processes, *p;

	while ((p = *at)) {
		if (p->pid == pid)
			return p;
		at = &p->next;
	}
	p = xcalloc(1, sizeof(*p));
	p->pid = pid;
	*at = p;
	return p;
}

static u32 bucket_of(u32 pid, u32 tid)
{
	return (pid * 0x9e3779b1u + tid * 0x85ebca6bu) >> 20;
}

static struct thread *thread_new(struct recording *r, struct process *proc, u32 tid)
{
	struct thread *th = r->spare_threads, **bucket = &r->bucket[bucket_of(proc->pid, tid)];

	if (th) {
		r->spare_threads = th->next;
		memset(th, 0, sizeof(*th));
	} else {
		th = xcalloc(1, sizeof(*th));
	}
	th->rec = r;
	th->proc = proc;
	th->tid = tid;
	th->state = THREAD_STARVED;
	r->n_starved++;
	th->next_in_bucket = *bucket;
	*bucket = th;
	th->next_of_process = proc->threads;
	proc->threads = th;
	proc->n_threads++;
	return th;
}

struct thread *recording_thread(struct recording *r, u32 pid, u32 tid)
{
	struct thread *th = r->bucket[bucket_of(pid, tid)];

	for (; th; th = th->next_in_bucket)
		if (th->tid == tid && th->proc->pid == pid)
			return th;
	return thread_new(r, recording_process(r, pid), tid);
}

struct thread *recording_read(struct recording *r)
{
	struct trace_packet *p;
	struct thread *th;
	enum trace_status status;

	if (r->ended)
		return NULL;
	status = trace_next(r->trace, &p);
	if (status == TRACE_ERROR)
		die("%s", trace_error(r->trace));
	if (status == TRACE_END) {
		r->ended = true;
		return NULL;
	}
	th = recording_thread(r, p->pid, p->tid);
	p->next = NULL;
	if (th->first)
		th->last->next = p;
	else
		th->first = p;
	th->last = p;
	r->buffered += p->len;
	r->packets++;
	return th;
}

static void give_back_packet(struct thread *th)
{
	struct recording *r = th->rec;

	trace_packet_free(r->trace, th->packet);
	th->packet = NULL;
	if (r->n_spare_cursors == r->cap_spare_cursors) {
		r->cap_spare_cursors = r->cap_spare_cursors * 2 + 16;
		r->spare_cursors =
			xrealloc(r->spare_cursors, r->cap_spare_cursors * sizeof(struct tr_cursor *));
	}
	r->spare_cursors[r->n_spare_cursors++] = th->cursor;
	th->cursor = NULL;
}

static void add_block(struct recording *r, const struct tr_block *b)
{
	struct tr_block packed = *b;
	u64 bytes = 0;
	u32 i;

	if (!r->rebase || !b->n_insns) {
		code_table_add(&r->code, b);
		return;
	}
	for (i = 0; i < b->n_insns; i++)
		bytes += b->insn_size[i];
	packed.pc = rebase_range(r->rebase, b->pc, bytes);
	code_table_add(&r->code, &packed);
}

bool thread_next_packet(struct thread *th)
{
	struct recording *r = th->rec;
	struct trace_packet *p = th->first;

	ASSERT(!th->packet);
	if (!p)
		return false;
	th->first = p->next;
	th->packet = p;
	th->chunks = 0;
	r->buffered -= p->len;
	while (r->code.n < p->n_blocks)
		add_block(r, trace_block(r->trace, r->code.n));
	th->cursor = r->n_spare_cursors ? r->spare_cursors[--r->n_spare_cursors] : tr_cursor_new(r->trace);
	tr_cursor_set(th->cursor, p);
	return true;
}

static const u64 *rebase_addrs(struct thread *th, const struct tr_chunk *c)
{
	u32 i;

	if (c->n_addrs > th->cap_rebased) {
		th->cap_rebased = MAX(2 * th->cap_rebased, c->n_addrs);
		th->rebased = xrealloc(th->rebased, th->cap_rebased * sizeof(*th->rebased));
	}
	for (i = 0; i < c->n_addrs; i++)
		th->rebased[i] = rebase_addr(th->rec->rebase, c->addr[i]);
	return th->rebased;
}

bool thread_next_chunk(struct thread *th)
{
	struct tr_chunk c;

	th->has_chunk = tr_cursor_next(th->cursor, &c);
	if (!th->has_chunk) {
		give_back_packet(th);
		return false;
	}
	th->chunks++;
	th->chunk = (struct core_chunk){
		.code = &th->rec->code,
		.block = c.block,
		.addr = c.addr,
		.n_runs = c.n_runs,
	};
	th->event = c.event ? *c.event : (struct tr_event){ .kind = TR_EV_NONE };
	th->gap_over = false;
	if (unlikely(th->rec->rebase)) {
		th->chunk.addr = rebase_addrs(th, &c);
		rebase_event(th->rec->rebase, &th->event);
	}
	th->event_begun = false;
	th->copied = 0;
	th->io = (struct file_io){ 0 };
	return true;
}

/*
 * What the packet's events, from chunk number `from` on, say that the thread had seen. False: neither an
 * event nor a block run says it.
 */
static bool packet_tells(struct tr_cursor *peek, const struct trace_packet *p, u32 from, u64 *seen)
{
	struct tr_chunk c;
	u32 i;

	tr_cursor_set(peek, p);
	for (i = 0; tr_cursor_next(peek, &c); i++) {
		if (i < from)
			continue;
		*seen = c.event && !c.n_runs ? order_before(c.event) : 0;
		if (c.n_runs || *seen)
			return true;
	}
	return false;
}

u64 thread_next_seen(const struct thread *th)
{
	u64 seen = order_before(&th->event);

	if (seen || packet_tells(th->rec->peek, th->packet, th->chunks, &seen))
		return seen;
	if (!th->first || !order_passed(&th->rec->order, th->first->seen))
		return th->first ? th->first->seen : 0;
	return packet_tells(th->rec->peek, th->first, 0, &seen) ? seen : 0;
}

bool thread_stands(const struct thread *th, u64 n)
{
	if (th->draining)
		return true;
	switch (th->state) {
	case THREAD_ORDER:
		return th->stands >= n && !order_passed(&th->rec->order, th->need);
	case THREAD_TAKING:
		return th->stands >= n;
	case THREAD_STARVED:
		return th->waiting;
	default:
		return false;
	}
}

static void leave_process(struct thread *th)
{
	struct thread **at;

	for (at = &th->proc->threads; *at != th; at = &(*at)->next_of_process)
		;
	*at = th->next_of_process;
	th->proc->n_threads--;
	for (at = &th->rec->bucket[bucket_of(th->proc->pid, th->tid)]; *at != th; at = &(*at)->next_in_bucket)
		;
	*at = th->next_in_bucket;
}

bool thread_end(struct thread *th)
{
	struct recording *r = th->rec;
	struct process *proc = th->proc;
	struct trace_packet *first = th->first, *last = th->last;
	u32 tid = th->tid;

	if (th->packet)
		give_back_packet(th);
	if (th->state == THREAD_STARVED)
		r->n_starved--;
	leave_process(th);
	free(th->rebased);
	th->next = r->spare_threads;
	r->spare_threads = th;
	if (!first)
		return false;
	th = thread_new(r, proc, tid);
	th->first = first;
	th->last = last;
	return true;
}
