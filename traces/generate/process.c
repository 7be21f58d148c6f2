#include "traces/generate/process.h"

#include "model/base/error.h"

u32 process_file(struct generation *g, struct tr_encoder *enc, const char *name, u64 len)
{
	const struct tr_event ev = { .kind = TR_EV_FILE, .file = ++g->files, .len = len, .name = name };

	tr_encode_event(enc, &ev);
	return g->files;
}

void process_map(struct tr_encoder *enc, const struct process_map *m)
{
	const struct tr_event ev = {
		.kind = TR_EV_MAP,
		.prot = m->prot,
		.flags = m->flags,
		.addr = m->addr,
		.len = m->len,
		.file = m->file,
		.offset = m->file == TR_NO_FILE ? TR_NO_OFFSET : m->offset,
	};

	tr_encode_event(enc, &ev);
}

void process_syscall(struct tr_encoder *enc, u64 number)
{
	const struct tr_event ev = { .kind = TR_EV_SYSCALL, .arg = number };

	tr_encode_event(enc, &ev);
}

void process_mark(struct tr_encoder *enc, const char *name)
{
	const struct tr_event ev = { .kind = TR_EV_MARK, .name = name };

	tr_encode_event(enc, &ev);
}

u32 process_fork(struct generation *g, struct tr_encoder *parent)
{
	u32 pid = GENERATE_PID + ++g->children;

	generate_event(g, parent, (struct tr_event){ .kind = TR_EV_FORK, .arg = pid });
	tr_encoder_flush(parent);
	return pid;
}

struct tr_encoder *process_begin(struct generation *g, u32 pid, u64 seen)
{
	return generate_encoder(g, pid, pid, seen);
}

void process_exec(struct tr_encoder *enc, const char *path)
{
	const struct tr_event ev = { .kind = TR_EV_EXEC, .arg = 1, .name = path };

	tr_encode_event(enc, &ev);
}

u64 process_exit(struct generation *g, struct tr_encoder *enc)
{
	generate_event(g, enc, (struct tr_event){ .kind = TR_EV_EXIT, .flags = TR_EXIT_GROUP });
	tr_encoder_free(enc);
	return g->seq;
}

void process_see(struct tr_encoder *enc, u64 seq)
{
	const struct tr_event ev = { .kind = TR_EV_SEEN, .seq = seq };

	tr_encode_event(enc, &ev);
}

void process_wait(struct tr_encoder *enc, u64 seq)
{
	const struct tr_event ev = { .kind = TR_EV_WAIT };

	tr_encode_event(enc, &ev);
	process_see(enc, seq);
}

u64 process_wake(struct generation *g, struct tr_encoder *enc)
{
	generate_event(g, enc, (struct tr_event){ .kind = TR_EV_WAKE });
	return g->seq;
}

struct process_family process_fork_family(struct generation *g, u64 n)
{
	struct process_family f = { .first = GENERATE_PID + g->children + 1, .n = n };
	u64 i;

	for (i = 0; i < n; i++)
		process_fork(g, g->enc);
	f.forked = g->seq;
	return f;
}

/* Numbers after the forks: each child's work, the release, each child's end. */
static u64 family_done(const struct process_family *f, u64 child)
{
	return f->forked + 1 + child;
}

static u64 family_released(const struct process_family *f)
{
	return f->forked + f->n + 1;
}

static u64 family_ended(const struct process_family *f, u64 child)
{
	return family_released(f) + 1 + child;
}

struct tr_encoder *process_family_begin(struct generation *g, const struct process_family *f, u64 child)
{
	return process_begin(g, f->first + (u32)child, f->forked);
}

void process_family_meet(const struct process_family *f, u64 child, struct tr_encoder *enc)
{
	const struct tr_event done = { .kind = TR_EV_WAKE, .seq = family_done(f, child) };

	tr_encode_event(enc, &done);
	process_wait(enc, family_released(f));
}

void process_family_end(const struct process_family *f, u64 child, struct tr_encoder *enc)
{
	const struct tr_event end = {
		.kind = TR_EV_EXIT,
		.flags = TR_EXIT_GROUP,
		.seq = family_ended(f, child),
	};

	tr_encode_event(enc, &end);
	tr_encoder_free(enc);
}

void process_family_await(struct generation *g, const struct process_family *f)
{
	ASSERT(g->seq == f->forked);
	g->seq = family_done(f, f->n - 1);
	process_wait(g->enc, g->seq);
}

void process_family_release(struct generation *g, const struct process_family *f)
{
	process_wake(g, g->enc);
	ASSERT(g->seq == family_released(f));
	g->seq = family_ended(f, f->n - 1);
	process_wait(g->enc, g->seq);
}
