/*
 * mmsim convert --anonymise: pages are scrambled (traces/scramble.h) and regions moved (traces/relocate.h),
 * names dropped, processes and threads numbered anew. Kept are block structure, offsets in pages, sizes,
 * order, which file is which, and its pages.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/convert.h"
#include "model/base/error.h"
#include "traces/relocate.h"
#include "traces/scramble.h"

#define FIRST_ID 1000u        /* of processes and threads */
#define STACK    (8ull << 20) /* may grow to that without a call: Linux's usual RLIMIT_STACK */

struct names {
	char **at;
	u32 n;
};

struct anonymiser {
	struct trace *t;
	struct scramble *pages; /* NULL: they stay where they are in their regions */
	struct relocation *moved;
	struct rewriter *w;
	struct names marks;
	u32 *id; /* of processes and threads, as they turn up */
	u32 n_ids;
	u32 *block; /* of the new table + 1, by the old one's */
	u32 n_blocks;
	u64 *addr; /* room for a run's */
};

/* ---- what is to be moved ---- */

static u32 code_bytes(const struct tr_block *b)
{
	u32 bytes = 0, i;

	for (i = 0; i < b->n_insns; i++)
		bytes += b->insn_size[i];
	return bytes;
}

static bool is_msync(const struct tr_event *ev)
{
	return ev->kind == TR_EV_SYSCALL && (ev->flags == TR_CALL_MSYNC || ev->flags == TR_CALL_MSYNC_BEGIN);
}

/* Which lengths belong to addresses of the program. */
static bool has_range(const struct tr_event *ev)
{
	switch (ev->kind) {
	case TR_EV_MAP:
	case TR_EV_UNMAP:
	case TR_EV_REMAP:
	case TR_EV_PROTECT:
	case TR_EV_ADVISE:
	case TR_EV_READ:
	case TR_EV_WRITE:
		return true;
	case TR_EV_SYSCALL:
		return tr_call_has_range(ev->flags);
	default:
		return is_msync(ev);
	}
}

/* An access, the code of a block. */
static void touch_piece(struct anonymiser *a, u64 addr, u64 len)
{
	relocation_touch(a->moved, addr, len);
	if (a->pages)
		scramble_piece(a->pages, addr, len);
}

static void touch_range(struct anonymiser *a, u64 addr, u64 len)
{
	relocation_touch(a->moved, addr, len);
	if (a->pages)
		scramble_range(a->pages, addr, len);
}

/* In which order a stack grows decides how far it does. */
static void touch_stack(struct anonymiser *a, const struct tr_event *ev)
{
	u64 below = MIN(ev->addr, STACK);

	touch_piece(a, ev->addr - below, below + ev->len);
}

/* What of a file is called for or mapped. */
static void touch_file(struct anonymiser *a, const struct tr_event *ev)
{
	if (!a->pages || ev->file == TR_NO_FILE || ev->offset == TR_NO_OFFSET)
		return;
	if (ev->kind == TR_EV_MAP)
		scramble_map(a->pages, ev->file, ev->offset, ev->addr, ev->len);
	else
		scramble_file_range(a->pages, ev->file, ev->offset, ev->len);
}

static void touch_event(struct anonymiser *a, const struct tr_event *ev)
{
	if (has_range(ev) && ev->addr)
		touch_range(a, ev->addr, ev->len);
	if (ev->kind == TR_EV_MAP && (ev->flags & TR_MAP_GROWSDOWN))
		touch_stack(a, ev);
	if (ev->kind == TR_EV_REMAP && ev->addr2) {
		touch_range(a, ev->addr2, ev->len2);
		if (a->pages)
			scramble_move(a->pages, ev->addr, ev->len, ev->addr2, ev->len2);
	}
	/* The heap grows where it is; one byte behind its end is where it may go on. */
	if (ev->kind == TR_EV_BRK && ev->addr) {
		u64 start = MIN(ev->addr, ev->addr2), end = MAX(ev->addr, ev->addr2);

		relocation_touch(a->moved, start, end - start + 1);
		if (a->pages)
			scramble_range(a->pages, start, end - start);
	}
	touch_file(a, ev);
}

static void touch_run(struct anonymiser *a, u32 block, const u64 *addr)
{
	const struct tr_block *b = trace_block(a->t, block);
	u32 i;

	for (i = 0; i < b->n_slots; i++)
		touch_piece(a, addr[i], b->slot[i].size);
	if (block >= a->n_blocks) {
		u32 n = MAX(block + 1, 2 * a->n_blocks);

		a->block = xrealloc(a->block, n * sizeof(*a->block));
		memset(a->block + a->n_blocks, 0, (n - a->n_blocks) * sizeof(*a->block));
		a->n_blocks = n;
	}
	if (a->block[block])
		return;
	a->block[block] = 1;
	if (b->n_insns)
		touch_piece(a, b->pc, code_bytes(b));
}

static void touch_chunk(struct anonymiser *a, const struct tr_chunk *chunk)
{
	const u64 *addr = chunk->addr;
	u32 i;

	for (i = 0; i < chunk->n_runs; i++) {
		touch_run(a, chunk->block[i], addr);
		addr += trace_block(a->t, chunk->block[i])->n_slots;
	}
	if (chunk->event)
		touch_event(a, chunk->event);
}

/* ---- writing ---- */

/* Of processes and threads, which have their numbers from the same pool. */
static u32 new_id(struct anonymiser *a, u32 old)
{
	u32 i;

	for (i = 0; i < a->n_ids && a->id[i] != old; i++)
		;
	if (i == a->n_ids) {
		a->id = xrealloc(a->id, (a->n_ids + 1) * sizeof(*a->id));
		a->id[a->n_ids++] = old;
	}
	return FIRST_ID + i;
}

/* The same mark has the same number. */
static char *new_mark(struct anonymiser *a, const char *name)
{
	u32 i;

	for (i = 0; i < a->marks.n && strcmp(a->marks.at[i], name); i++)
		;
	if (i == a->marks.n) {
		a->marks.at = xrealloc(a->marks.at, (i + 1) * sizeof(*a->marks.at));
		a->marks.at[a->marks.n++] = xstrdup(name);
	}
	return xasprintf("mark-%u", i + 1);
}

/* Names that tell nothing of the program: "[heap]", "[stack]". A new string, or NULL. */
static char *new_name(struct anonymiser *a, const struct tr_event *ev)
{
	static const char *const plain[] = { "[heap]", "[stack]", "[bss]", "[vdso]", "[vvar]", "[vsyscall]" };
	u32 i;

	if (!ev->name)
		return NULL;
	if (ev->kind == TR_EV_FILE)
		return xasprintf("file-%u", ev->file);
	if (ev->kind == TR_EV_MARK)
		return new_mark(a, ev->name);
	if (ev->kind == TR_EV_LOST || ev->kind == TR_EV_SLAB_ALLOC)
		return xstrdup(ev->name);
	for (i = 0; i < ARRAY_SIZE(plain); i++)
		if (!strcmp(ev->name, plain[i]))
			return xstrdup(ev->name);
	return NULL;
}

/* Of an access or an instruction; ranges stay where they are in their regions. */
static u64 new_address(struct anonymiser *a, u64 addr)
{
	return relocation_address(a->moved, a->pages ? scramble_address(a->pages, addr) : addr);
}

static void put_event(struct anonymiser *a, struct tr_encoder *e, const struct tr_event *ev)
{
	struct tr_event out = *ev;
	char *name = new_name(a, ev);

	out.name = name;
	if (has_range(ev) || ev->kind == TR_EV_BRK) {
		out.addr = ev->addr ? relocation_address(a->moved, ev->addr) : 0;
		if (ev->addr2 && ev->kind != TR_EV_SYSCALL)
			out.addr2 = relocation_address(a->moved, ev->addr2);
	}
	if (ev->kind == TR_EV_FORK || ev->kind == TR_EV_CLONE)
		out.arg = new_id(a, (u32)ev->arg);
	tr_encode_event(e, &out);
	free(name);
}

static u32 new_block(struct anonymiser *a, u32 block)
{
	struct tr_block b = *trace_block(a->t, block);

	if (b.n_insns)
		b.pc = new_address(a, b.pc);
	return rewriter_block(a->w, &b);
}

static u32 put_run(struct anonymiser *a, struct tr_encoder *e, u32 block, const u64 *addr)
{
	u32 n = trace_block(a->t, block)->n_slots, i;

	for (i = 0; i < n; i++)
		a->addr[i] = new_address(a, addr[i]);
	if (!a->block[block])
		a->block[block] = new_block(a, block) + 1;
	tr_encode_run(e, a->block[block] - 1, a->addr);
	return n;
}

static void put_chunk(struct anonymiser *a, const struct trace_packet *p, const struct tr_chunk *chunk)
{
	struct tr_encoder *e = rewriter_thread(a->w, new_id(a, p->pid), new_id(a, p->tid), p->seen);
	const u64 *addr = chunk->addr;
	u32 i;

	for (i = 0; i < chunk->n_runs; i++)
		addr += put_run(a, e, chunk->block[i], addr);
	if (chunk->event)
		put_event(a, e, chunk->event);
}

/* out NULL: only looks what there is to be moved. */
static void pass(struct anonymiser *a, const char *in, const char *out, const struct trace_opts *opts)
{
	struct tr_cursor *cursor;
	struct trace_packet *p;
	struct tr_chunk chunk;

	cursor = tr_cursor_new(a->t);
	while ((p = convert_next(a->t))) {
		for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk);) {
			if (out)
				put_chunk(a, p, &chunk);
			else
				touch_chunk(a, &chunk);
		}
		if (out)
			rewriter_end_packet(a->w, new_id(a, p->pid), new_id(a, p->tid));
		trace_packet_free(a->t, p);
	}
	tr_cursor_free(cursor);
}

/* Structure comes first: who shares the recording has to know when it left little to be scrambled. */
static void warn_of_few(const struct scramble *s, const char *in)
{
	u64 all = scramble_pages(s), changed = scramble_changed(s);

	if (changed < all / 2)
		warn("%s: only %" PRIu64 " of %" PRIu64
		     " pages change places inside their 2 MB: the others are "
		     "held by accesses that lie across pages, by small mappings, or by files that processes "
		     "map "
		     "at places which have no larger alignment in common",
		     in, changed, all);
}

void convert_anonymise(const char *in, const char *out, const struct trace_opts *opts, u64 key, bool pages)
{
	struct anonymiser a = { 0 };
	u32 i;

	if (!strcmp(in, "-"))
		die("a recording is made anonymous out of a file, which is read twice, not of standard "
		    "input");
	a.addr = xcalloc(TR_MAX_SLOTS, sizeof(*a.addr));
	a.t = convert_open(in, opts);
	a.moved = relocation_new(key, trace_isa(a.t));
	if (pages)
		a.pages = scramble_new(key);
	pass(&a, in, NULL, opts);
	trace_close(a.t);
	relocation_draw(a.moved);
	if (pages)
		scramble_draw(a.pages);
	memset(a.block, 0, a.n_blocks * sizeof(*a.block));
	a.t = convert_open(in, opts);
	a.w = convert_create(out, a.t);
	pass(&a, in, out, opts);
	trace_close(a.t);
	convert_close(a.w);
	relocation_free(a.moved);
	if (pages) {
		warn_of_few(a.pages, in);
		scramble_free(a.pages);
	}
	for (i = 0; i < a.marks.n; i++)
		free(a.marks.at[i]);
	free(a.marks.at);
	free(a.id);
	free(a.block);
	free(a.addr);
}
