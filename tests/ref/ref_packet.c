#include "tests/ref/ref_packet.h"

#include <stdlib.h>

#include "model/base/error.h"

#define UNKNOWN_DEP 0xffff

struct guess {
	s64 off;
	u64 back;
};

struct slot {
	u64 insn, kind, size, dep, last;
	struct guess now, other;
};

struct block {
	u64 pc, n_insns, n_slots;
	u64 size[512];
	struct slot slot[512];
	u64 next[2];
};

struct ref {
	const u8 *p;
	u64 count, class; /* the token at hand */
	struct block *block;
	u64 used, cur, prev;
	u64 path[4096];
	u64 *addr; /* all of the packet */
	u64 n_addr;
};

static u64 fixed(const u8 *p, unsigned n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static u64 varint(struct ref *r)
{
	u64 v = 0;
	unsigned shift = 0;

	for (; *r->p & 0x80; shift += 7)
		v |= (u64)(*r->p++ & 0x7f) << shift;
	return v | (u64)*r->p++ << shift;
}

static u64 more_if(struct ref *r, u64 v, u64 escape)
{
	return v == escape ? v + varint(r) : v;
}

static void read_slot(struct ref *r, struct slot *s, u64 insn_before)
{
	u64 head = *r->p++, log2 = head >> 4 & 7;

	s->insn = insn_before + more_if(r, head & 3, 3);
	s->kind = head >> 2 & 3;
	s->size = log2 == 7 ? varint(r) : 1u << log2;
	s->dep = head & 0x80 ? varint(r) : 0;
	if ((head & 0x80) && !s->dep)
		s->dep = UNKNOWN_DEP;
}

static void read_block(struct ref *r, struct block *b)
{
	const u8 *halves;
	u64 i;
	u8 counts = *r->p++;

	b->n_insns = more_if(r, counts & 15, 15);
	b->n_slots = more_if(r, counts >> 4, 15);
	halves = r->p;
	r->p += (b->n_insns + 1) / 2;
	for (i = 0; i < b->n_insns; i++) {
		b->size[i] = i % 2 ? halves[i / 2] >> 4 : halves[i / 2] & 15;
		if (!b->size[i])
			b->size[i] = *r->p++;
	}
	for (i = 0; i < b->n_slots; i++)
		read_slot(r, &b->slot[i], i ? b->slot[i - 1].insn : 0);
}

static void read_dictionary(struct ref *r, u64 n, u64 len)
{
	const u8 *end = r->p + len;
	u64 code_end = 0, i, j;

	for (i = 0; i < n; i++) {
		struct block *b = &r->block[i];
		u64 delta = varint(r), body = varint(r);
		const u8 *start = r->p;

		b->pc = code_end + (delta % 2 ? ~(delta / 2) : delta / 2);
		read_block(r, b);
		ASSERT(r->p == start + body);
		code_end = b->pc;
		for (j = 0; j < b->n_insns; j++)
			code_end += b->size[j];
	}
	ASSERT(r->p == end);
}

static void token(struct ref *r)
{
	r->class = *r->p & 15;
	r->count = *r->p++ >> 4;
	r->count = more_if(r, r->count, 15);
}

static u64 other_successor(const struct block *b, u64 guess)
{
	return b->next[0] == guess ? b->next[1] : b->next[0];
}

static void next_block(struct ref *r)
{
	u64 *path = &r->path[(61 * r->prev + r->cur) % 4096], next;
	struct block *cur = &r->block[r->cur];

	next = *path ? *path - 1 : cur->next[0];
	if (r->count) {
		r->count--;
	} else {
		switch (r->class) {
		case 0:
			next = other_successor(cur, next);
			break;
		case 1:
			next = r->used++;
			break;
		case 2:
			next = *r->p++;
			break;
		case 3:
			next = fixed(r->p, 2);
			r->p += 2;
			break;
		}
		*path = next + 1;
		if (cur->next[0] != next) {
			cur->next[1] = cur->next[0];
			cur->next[0] = next;
		}
		token(r);
	}
	r->prev = r->cur;
	r->cur = next;
}

static u64 earlier(const struct ref *r, u64 back)
{
	return back <= r->n_addr ? r->addr[r->n_addr - back] : 0;
}

static u64 guessed(const struct ref *r, const struct slot *s, struct guess g)
{
	return (g.back ? earlier(r, g.back) : s->last) + (u64)g.off;
}

static u64 corrected(struct ref *r, struct slot *s)
{
	static const unsigned length[] = { 0, 1, 2, 3, 4, 6, 8, 1, 2, 3, 4, 6 };
	unsigned n = length[r->class];
	struct guess g = s->other;
	u64 addr;

	if (!r->class) {
		s->other = s->now;
		s->now = g;
		return guessed(r, s, g);
	}
	g.back = r->class >= 7 ? *r->p++ : 0;
	g.off = (s64)fixed(r->p, n);
	if (n < 8 && r->p[n - 1] & 0x80)
		g.off -= (s64)1 << 8 * n;
	r->p += n;
	addr = guessed(r, s, g);
	if (g.off >= INT32_MIN && g.off <= INT32_MAX)
		s->other = g;
	return addr;
}

static void one_slot(struct ref *r, struct slot *s, const struct ref_sink *sink)
{
	if (r->count) {
		r->count--;
		s->last = guessed(r, s, s->now);
	} else {
		s->last = corrected(r, s);
		token(r);
	}
	r->addr[r->n_addr++] = s->last;
	sink->data(sink->arg, s->kind, s->last, s->size, s->dep);
}

static void one_run(struct ref *r, const struct ref_sink *sink)
{
	struct block *b;
	u64 insn, slot = 0;

	next_block(r);
	b = &r->block[r->cur];
	sink->run(sink->arg, b->pc);
	for (insn = 0; insn < b->n_insns; insn++) {
		sink->insn(sink->arg, b->size[insn]);
		while (slot < b->n_slots && b->slot[slot].insn == insn)
			one_slot(r, &b->slot[slot++], sink);
	}
	while (slot < b->n_slots)
		one_slot(r, &b->slot[slot++], sink);
}

static void one_event(struct ref *r, const struct ref_sink *sink)
{
	u64 kind = *r->p++, mask = fixed(r->p, 2), name;
	unsigned i;

	r->p += 2;
	for (i = 0; i < 10; i++)
		if (mask >> i & 1)
			varint(r);
	if (mask >> 10 & 1) {
		name = varint(r);
		r->p += name;
	}
	sink->event(sink->arg, kind);
	token(r);
}

void ref_packet_decode(const u8 *packet, u32 len, const struct ref_sink *sink)
{
	u64 n_blocks = fixed(packet + 64, 4), runs = 0;
	struct ref *r = xcalloc(1, sizeof(*r));

	r->p = packet + 72;
	r->block = xcalloc(n_blocks + 1, sizeof(*r->block));
	r->addr = xcalloc(fixed(packet + 60, 4) + 1, sizeof(*r->addr));
	read_dictionary(r, n_blocks, fixed(packet + 68, 4));
	token(r);
	while (r->count || r->class != 5) {
		if (!r->count && r->class == 4) {
			one_event(r, sink);
			continue;
		}
		one_run(r, sink);
		runs++;
	}
	ASSERT(r->p == packet + len);
	ASSERT(runs == fixed(packet + 56, 4) && r->n_addr == fixed(packet + 60, 4));
	free(r->block);
	free(r->addr);
	free(r);
}
