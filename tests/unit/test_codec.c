/* Does what goes into an encoder come out of a cursor, whatever it is, and does damage stay in its packet? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "tests/ref/ref_packet.h"
#include "traces/capture_write.h"
#include "traces/decode.h"
#include "traces/encode.h"
#include "traces/hash.h"
#include "traces/packet.h"
#include "traces/trace.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define N_BLOCKS  300u
#define N_THREADS 3u

/* A program that is made up: its blocks, and how each slot's address moves. */
struct program {
	struct rng rng;
	struct tr_dict *dict;
	u32 id[N_BLOCKS];
	u64 addr[N_BLOCKS][TR_MAX_SLOTS];
	u64 stride[N_BLOCKS][TR_MAX_SLOTS];
};

/* What a thread did, as plain words: kind, then block and addresses or an event's fields. */
struct log {
	u64 *word;
	size_t n, max;
};

static void log_word(struct log *l, u64 w)
{
	if (l->n == l->max) {
		l->max = l->max ? 2 * l->max : 1024;
		l->word = xrealloc(l->word, l->max * sizeof(*l->word));
	}
	l->word[l->n++] = w;
}

static void log_run(struct log *l, const struct tr_block *b, const u64 *addr)
{
	u32 i;

	log_word(l, 1);
	log_word(l, b->pc);
	log_word(l, b->n_insns);
	for (i = 0; i < b->n_insns; i++)
		log_word(l, b->insn_size[i]);
	log_word(l, b->n_slots);
	for (i = 0; i < b->n_slots; i++) {
		const struct tr_slot *s = &b->slot[i];

		log_word(l, (u64)s->size << 40 | (u64)s->insn << 24 | (u64)s->dep << 8 | s->kind);
		log_word(l, addr[i]);
	}
}

static void log_event(struct log *l, const struct tr_event *ev)
{
	const char *name = ev->name ? ev->name : "";

	log_word(l, 2);
	log_word(l, ev->kind);
	log_word(l, ev->prot);
	log_word(l, ev->flags);
	log_word(l, ev->file);
	log_word(l, ev->seq);
	log_word(l, ev->addr);
	log_word(l, ev->len);
	log_word(l, ev->addr2);
	log_word(l, ev->len2);
	log_word(l, ev->offset);
	log_word(l, ev->arg);
	log_word(l, ev->name != NULL);
	for (; *name; name++)
		log_word(l, (u8)*name);
}

static u64 any_number(struct rng *r)
{
	return rng_next(r) >> rng_below(r, 64);
}

static u32 any_count(struct rng *r, u32 max)
{
	switch (rng_below(r, 12)) {
	case 0:
		return 0;
	case 1:
		return max;
	case 2:
		return (u32)rng_below(r, max + 1);
	default:
		return (u32)rng_below(r, 9);
	}
}

static u32 any_block(struct program *p)
{
	static u8 size[TR_MAX_INSNS];
	static struct tr_slot slot[TR_MAX_SLOTS];
	struct tr_block b = { .pc = any_number(&p->rng), .insn_size = size, .slot = slot };
	struct rng *r = &p->rng;
	u32 i, insn = 0;

	b.n_insns = (u16)any_count(r, TR_MAX_INSNS);
	b.n_slots = (u16)any_count(r, TR_MAX_SLOTS);
	for (i = 0; i < b.n_insns; i++)
		size[i] = (u8)(1 + rng_below(r, rng_below(r, 8) ? 15 : 255));
	for (i = 0; i < b.n_slots; i++) {
		insn += (u32)rng_below(r, 6);
		insn = b.n_insns ? MIN(insn, b.n_insns - 1u) : 0;
		slot[i].insn = (u16)insn;
		slot[i].kind = (u8)rng_below(r, TR_NR_KINDS);
		slot[i].size = rng_below(r, 4) ? 1u << rng_below(r, 7) : (u32)(1 + rng_below(r, TR_MAX_SIZE));
		slot[i].dep = rng_below(r, 2) ? 0 : (u16)any_number(r);
	}
	return tr_dict_add(p->dict, &b);
}

static struct program *any_program(u64 seed)
{
	struct program *p = xcalloc(1, sizeof(*p));
	u32 i, j;

	rng_init(&p->rng, seed, "codec");
	p->dict = tr_dict_new();
	for (i = 0; i < N_BLOCKS; i++) {
		p->id[i] = any_block(p);
		for (j = 0; j < TR_MAX_SLOTS; j++) {
			p->addr[i][j] = any_number(&p->rng);
			p->stride[i][j] = rng_below(&p->rng, 3) ? 8 : any_number(&p->rng);
		}
	}
	return p;
}

static void free_program(struct program *p)
{
	tr_dict_free(p->dict);
	free(p);
}

static void one_run(struct program *p, u32 which, struct tr_encoder *e, struct log *l)
{
	u64 *addr = p->addr[which];
	u32 i;

	log_run(l, tr_dict_get(p->dict, p->id[which]), addr);
	tr_encode_run(e, p->id[which], addr);
	for (i = 0; i < TR_MAX_SLOTS; i++) {
		addr[i] += p->stride[which][i];
		if (!rng_below(&p->rng, 16))
			addr[i] = any_number(&p->rng);
	}
}

static void one_event(struct program *p, struct tr_encoder *e, struct log *l)
{
	static char name[TR_MAX_NAME + 1];
	struct rng *r = &p->rng;
	struct tr_event ev = { .kind = (u8)(1 + rng_below(r, TR_NR_EVENTS - 1)),
			       .prot = (u8)any_number(r),
			       .flags = (u32)any_number(r),
			       .file = (u32)any_number(r),
			       .seq = any_number(r),
			       .addr = any_number(r),
			       .len = any_number(r),
			       .addr2 = any_number(r),
			       .len2 = any_number(r),
			       .offset = TR_NO_OFFSET,
			       .arg = any_number(r) };

	if (rng_below(r, 2)) {
		u32 len = any_count(r, TR_MAX_NAME);

		memset(name, 'x', len);
		name[len] = 0;
		ev.name = name;
	}
	log_event(l, &ev);
	tr_encode_event(e, &ev);
}

static void emit_to_file(void *arg, const u8 *packet, u32 len, u64 insns)
{
	assert_true(len <= TR_PACKET_MAX);
	assert_true(capture_write(arg, packet, len, insns));
}

/* Writes a capture of N_THREADS threads taking turns; their logs tell what must be read. */
static void write_program(struct program *p, const char *path, u32 steps, struct log log[N_THREADS])
{
	struct tr_encoder *e[N_THREADS];
	char err[TR_ERRBUF];
	struct capture_writer *w = capture_create(path, err);
	u32 i, which = 0;

	assert_non_null(w);
	for (i = 0; i < N_THREADS; i++) {
		struct tr_encoder_cfg cfg = { .dict = p->dict,
					      .pid = 7,
					      .tid = 100 + i,
					      .isa = "x86_64",
					      .emit = emit_to_file,
					      .arg = w };

		e[i] = tr_encoder_new(&cfg);
	}
	for (i = 0; i < steps; i++) {
		u32 t = (u32)rng_below(&p->rng, N_THREADS);

		which = rng_below(&p->rng, 4) ? (which + 1) % 7 : (u32)rng_below(&p->rng, N_BLOCKS);
		one_run(p, which, e[t], &log[t]);
		if (!rng_below(&p->rng, 50))
			one_event(p, e[t], &log[t]);
		if (!rng_below(&p->rng, 500))
			tr_encoder_flush(e[t]);
	}
	for (i = 0; i < N_THREADS; i++)
		tr_encoder_free(e[i]);
	assert_true(capture_close(w, err));
}

static void log_packet(struct trace *t, struct tr_cursor *c, const struct trace_packet *p, struct log *l)
{
	struct tr_chunk chunk;
	u32 n_runs = 0, n_addrs = 0;
	u64 n_insns = 0;

	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		const u64 *addr = chunk.addr;
		u32 i;

		assert_true(chunk.n_runs <= TR_CHUNK_RUNS);
		for (i = 0; i < chunk.n_runs; i++) {
			const struct tr_block *b = trace_block(t, chunk.block[i]);

			assert_true(chunk.block[i] < p->n_blocks);
			log_run(l, b, addr);
			addr += b->n_slots;
			n_insns += b->n_insns;
		}
		assert_int_equal(addr - chunk.addr, chunk.n_addrs);
		n_runs += chunk.n_runs;
		n_addrs += chunk.n_addrs;
		if (chunk.event)
			log_event(l, chunk.event);
	}
	assert_int_equal(n_runs, p->n_runs);
	assert_int_equal(n_addrs, p->n_addrs);
	assert_int_equal(n_insns, p->n_insns);
}

static void read_program(const char *path, const struct trace_opts *opts, struct log log[N_THREADS])
{
	char err[TR_ERRBUF] = "";
	struct trace *t = trace_open(path, opts, err);
	struct tr_cursor *c;
	struct trace_packet *p;
	u64 insns[N_THREADS] = { 0 };
	u32 number[N_THREADS] = { 0 };
	enum trace_status status;

	assert_string_equal(err, "");
	assert_non_null(t);
	assert_string_equal(trace_format(t), "capture");
	assert_string_equal(trace_isa(t), "x86_64");
	assert_true(trace_has_mappings(t));
	c = tr_cursor_new(t);
	while ((status = trace_next(t, &p)) == TRACE_OK) {
		u32 thread = p->tid - 100;

		assert_int_equal(p->pid, 7);
		assert_in_range(thread, 0, N_THREADS - 1);
		assert_int_equal(p->insns, insns[thread]);
		assert_int_equal(p->number, number[thread]++);
		insns[thread] += p->n_insns;
		log_packet(t, c, p, &log[thread]);
		trace_packet_free(t, p);
	}
	assert_int_equal(status, TRACE_END);
	assert_int_equal(trace_lost(t), 0);
	tr_cursor_free(c);
	trace_close(t);
}

static void round_trip(const char *path, u32 steps, bool decode_thread, u64 seed)
{
	struct program *p = any_program(seed);
	struct trace_opts opts = { .decode_thread = decode_thread };
	struct log wrote[N_THREADS] = { { 0 } }, got[N_THREADS] = { { 0 } };
	u32 i;

	write_program(p, path, steps, wrote);
	read_program(path, &opts, got);
	for (i = 0; i < N_THREADS; i++) {
		assert_int_equal(got[i].n, wrote[i].n);
		if (wrote[i].n)
			assert_memory_equal(got[i].word, wrote[i].word, wrote[i].n * sizeof(u64));
		free(got[i].word);
		free(wrote[i].word);
	}
	free_program(p);
	unlink(path);
}

static void test_round_trip(void **state)
{
	u32 i;

	round_trip("codec.tmp", 0 + 1, false, 1);
	for (i = 0; i < 20; i++)
		round_trip("codec.tmp", 1000, i % 2, 100 + i);
	round_trip("codec.tmp.gz", 20000, true, 2);
}

static void keep_packet(void *arg, const u8 *packet, u32 len, u64 insns)
{
	u64 *total = arg;

	total[0]++;
	total[1] += len;
}

/* A loop costs next to nothing, however long it is, and its packets stay bounded. */
static void test_loop_is_small(void **state)
{
	u8 size[2] = { 4, 2 };
	struct tr_slot slot = { .size = 8 };
	struct tr_block b = { .pc = 0x400000, .n_insns = 2, .n_slots = 1, .insn_size = size, .slot = &slot };
	struct tr_dict *dict = tr_dict_new();
	u64 total[2] = { 0 }, addr = 0x7fff0000, i;
	struct tr_encoder_cfg cfg = {
		.dict = dict, .pid = 1, .tid = 1, .isa = "", .emit = keep_packet, .arg = total
	};
	struct tr_encoder *e = tr_encoder_new(&cfg);
	u32 id = tr_dict_add(dict, &b);

	assert_int_equal(id, tr_dict_add(dict, &b));
	for (i = 0; i < 3u << 20; i++, addr += 64)
		tr_encode_run(e, id, &addr);
	tr_encoder_free(e);
	tr_dict_free(dict);
	assert_in_range(total[0], 2, 8);
	assert_in_range(total[1], 1, 8 * 128);
}

static void ref_run(void *arg, u64 pc)
{
	log_word(arg, 1);
	log_word(arg, pc);
}

static void ref_insn(void *arg, u64 size)
{
	log_word(arg, 2);
	log_word(arg, size);
}

static void ref_data(void *arg, u64 kind, u64 addr, u64 size, u64 dep)
{
	log_word(arg, 3 + kind);
	log_word(arg, addr);
	log_word(arg, size);
	log_word(arg, dep);
}

static void ref_event(void *arg, u64 kind)
{
	log_word(arg, 10 + kind);
}

/* The cursor's chunks, told in the same words. */
static void tell_chunk(struct trace *t, const struct tr_chunk *chunk, struct log *l)
{
	const u64 *addr = chunk->addr;
	u32 i, insn, slot;

	for (i = 0; i < chunk->n_runs; i++) {
		const struct tr_block *b = trace_block(t, chunk->block[i]);

		ref_run(l, b->pc);
		for (insn = slot = 0; insn < b->n_insns || slot < b->n_slots; insn++) {
			if (insn < b->n_insns)
				ref_insn(l, b->insn_size[insn]);
			for (; slot < b->n_slots && b->slot[slot].insn == insn; slot++)
				ref_data(l, b->slot[slot].kind, *addr++, b->slot[slot].size,
					 b->slot[slot].dep);
		}
	}
	if (chunk->event)
		ref_event(l, chunk->event->kind);
}

/* Another decoder, written from FORMAT.md, gets the same out of the same packets. */
static void test_against_reference(void **state)
{
	struct program *p = any_program(5);
	struct log wrote[N_THREADS] = { { 0 } }, ref = { 0 }, got = { 0 };
	const struct ref_sink sink = { &ref, ref_run, ref_insn, ref_data, ref_event };
	struct trace_packet *packet;
	struct tr_chunk chunk;
	char err[TR_ERRBUF];
	struct tr_cursor *c;
	struct trace *t;
	u32 i;

	write_program(p, "codec.tmp", 5000, wrote);
	t = trace_open("codec.tmp", NULL, err);
	assert_non_null(t);
	c = tr_cursor_new(t);
	while (trace_next(t, &packet) == TRACE_OK) {
		ref_packet_decode(packet->bytes, packet->len, &sink);
		tr_cursor_set(c, packet);
		while (tr_cursor_next(c, &chunk))
			tell_chunk(t, &chunk, &got);
		trace_packet_free(t, packet);
	}
	assert_true(got.n > 100000);
	assert_int_equal(got.n, ref.n);
	assert_memory_equal(got.word, ref.word, ref.n * sizeof(u64));
	for (i = 0; i < N_THREADS; i++)
		free(wrote[i].word);
	free(ref.word);
	free(got.word);
	tr_cursor_free(c);
	trace_close(t);
	free_program(p);
	unlink("codec.tmp");
}

#define MAX_KEPT 8u

struct kept {
	u32 n;
	u32 len[MAX_KEPT];
	u8 packet[MAX_KEPT][TR_PACKET_MAX];
};

static void keep_bytes(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct kept *k = arg;

	if (k->n == MAX_KEPT)
		return;
	memcpy(k->packet[k->n], packet, len);
	k->len[k->n++] = len;
}

/* Decodes whatever it is; returns the reason for which it ended early, or NULL. */
static const char *decode_hostile(const u8 *packet, u32 len)
{
	struct tr_dict *dict = tr_dict_new();
	struct tr_cursor *c = cursor_new(dict);
	const char *why = NULL;
	struct packet *p = packet_parse(dict, packet, len, &why);
	struct tr_chunk chunk;
	u64 runs = 0;

	if (p) {
		tr_cursor_set(c, &p->pub);
		while (tr_cursor_next(c, &chunk)) {
			runs += chunk.n_runs;
			if (chunk.event && chunk.event->kind == TR_EV_LOST)
				why = "lost";
		}
		assert_true(runs <= p->pub.n_runs);
		assert_false(tr_cursor_next(c, &chunk));
	}
	free(p);
	tr_cursor_free(c);
	tr_dict_free(dict);
	return why;
}

/* Bytes that make no sense under a checksum that is right: an end, never a read beyond them. */
static void test_hostile_bytes(void **state)
{
	static struct kept k;
	struct program *p = any_program(77);
	struct tr_encoder_cfg cfg = {
		.dict = p->dict, .pid = 7, .tid = 100, .isa = "", .emit = keep_bytes, .arg = &k
	};
	struct tr_encoder *e = tr_encoder_new(&cfg);
	struct log l = { 0 };
	u32 i, j, noticed = 0;

	for (i = 0; i < 200; i++) {
		one_run(p, (u32)rng_below(&p->rng, 20), e, &l);
		if (!rng_below(&p->rng, 10))
			one_event(p, e, &l);
		if (!rng_below(&p->rng, 20))
			tr_encoder_flush(e);
	}
	tr_encoder_free(e);
	for (i = 0; i < 20000; i++) {
		static u8 bad[TR_PACKET_MAX];
		u32 which = (u32)rng_below(&p->rng, k.n), len = k.len[which];

		memcpy(bad, k.packet[which], len);
		for (j = (u32)rng_below(&p->rng, 4) + 1; j; j--)
			bad[PACKET_OFF_N_RUNS + rng_below(&p->rng, len - PACKET_OFF_N_RUNS)] =
				(u8)rng_next(&p->rng);
		if (!rng_below(&p->rng, 4))
			len = PACKET_HEADER + (u32)rng_below(&p->rng, len - PACKET_HEADER);
		put_le64(bad + PACKET_OFF_CHECKSUM,
			 hash_bytes(bad + PACKET_OFF_PID, len - PACKET_OFF_PID, get_le64(bad)));
		noticed += decode_hostile(bad, len) != NULL;
	}
	assert_in_range(noticed, 5000, 20000);
	free(l.word);
	free_program(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_against_reference),
		cmocka_unit_test(test_loop_is_small),
		cmocka_unit_test(test_hostile_bytes),
	};

	char dir[] = "/tmp/mmsim-test-codec.XXXXXX";
	int failed;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
