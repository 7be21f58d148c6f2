#include "analysis/address_map.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "traces/footprint.h"
#include "traces/trace.h"

#define PAGE_SHIFT 12u
#define RECENT     1024u

/* The map in the making. */
struct making {
	struct address_map *m;
	struct trace *t;
	struct map64 index; /* of pieces, by key() */
	u32 cap;
	u32 shift; /* of a piece's bytes */
	u32 pid;   /* of the packet at hand */
	struct {
		u64 key;
		u32 piece;
	} recent[RECENT];
};

/* Addresses have at most 57 bits; processes are told apart by the order in which they come. */
static u64 key(const struct making *mk, u32 pid, u64 addr)
{
	return (addr >> mk->shift) ^ (u64)pid * 0x9e3779b97f4a7c15u;
}

static void forget_recent(struct making *mk)
{
	u32 i;

	for (i = 0; i < RECENT; i++)
		mk->recent[i].key = MAP64_NO_KEY;
}

/* ---- growing ---- */

static void join(struct address_piece *into, const struct address_piece *p)
{
	u32 use, i;

	for (use = 0; use < NR_ADDRESS_USES; use++)
		for (i = 0; i < ADDRESS_MAP_COLUMNS / 64; i++)
			into->used[use][i] |= p->used[use][i];
}

/* Pieces are twice as large from now on. */
static void coarsen(struct making *mk)
{
	struct address_map *m = mk->m;
	u32 i, n = m->n;
	u64 *at, k;

	mk->shift++;
	map64_fini(&mk->index);
	mk->index = (struct map64){ 0 };
	for (i = m->n = 0; i < n; i++) {
		struct address_piece p = m->piece[i];

		p.addr = p.addr >> mk->shift << mk->shift;
		k = key(mk, p.pid, p.addr);
		at = map64_find(&mk->index, k);
		if (at) {
			join(&m->piece[*at], &p);
			continue;
		}
		map64_set(&mk->index, k, m->n);
		m->piece[m->n++] = p;
	}
	forget_recent(mk);
}

/* Bits 2i and 2i+1 become bit i. */
static u64 halve(u64 bits)
{
	u64 half = 0;
	u32 i;

	for (i = 0; i < 32; i++)
		half |= (u64)((bits >> 2 * i & 3) != 0) << i;
	return half;
}

/* Stretches are twice as long from now on. */
static void lengthen(struct address_map *m)
{
	const u32 words = ADDRESS_MAP_COLUMNS / 64;
	u32 p, use, i;
	u64 *w;

	m->stretch *= 2;
	for (p = 0; p < m->n; p++) {
		for (use = 0; use < NR_ADDRESS_USES; use++) {
			w = m->piece[p].used[use];
			for (i = 0; i < words; i++)
				w[i] = halve(w[i]);
			for (i = 0; i < words; i++)
				w[i] = (2 * i < words ? w[2 * i] : 0) |
				       (2 * i + 1 < words ? w[2 * i + 1] << 32 : 0);
		}
	}
}

static u32 add_piece(struct making *mk, u64 addr)
{
	struct address_map *m = mk->m;

	if (m->n == mk->cap) {
		mk->cap = MAX(256, 2 * mk->cap);
		m->piece = xrealloc(m->piece, mk->cap * sizeof(*m->piece));
	}
	m->piece[m->n] = (struct address_piece){ .pid = mk->pid, .addr = addr >> mk->shift << mk->shift };
	map64_set(&mk->index, key(mk, mk->pid, addr), m->n);
	return m->n++;
}

/* ---- touching ---- */

static struct address_piece *piece_of(struct making *mk, u64 addr)
{
	u64 k = key(mk, mk->pid, addr), *at;
	u32 recent = (u32)(k % RECENT);

	if (mk->recent[recent].key == k)
		return &mk->m->piece[mk->recent[recent].piece];
	at = map64_find(&mk->index, k);
	if (!at && mk->m->n == ADDRESS_MAP_PIECES) {
		coarsen(mk);
		return piece_of(mk, addr);
	}
	mk->recent[recent].key = k;
	mk->recent[recent].piece = at ? (u32)*at : add_piece(mk, addr);
	return &mk->m->piece[mk->recent[recent].piece];
}

static void touch(struct making *mk, u64 addr, u64 len, enum address_use use)
{
	u32 column = (u32)(mk->m->insns / mk->m->stretch);
	u64 last = (addr + len - 1) >> PAGE_SHIFT, page;

	for (page = addr >> PAGE_SHIFT; page <= last; page++)
		piece_of(mk, page << PAGE_SHIFT)->used[use][column / 64] |= 1ull << column % 64;
}

static u64 code_bytes(const struct tr_block *b)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < b->n_insns; i++)
		n += b->insn_size[i];
	return n;
}

static void take_run(struct making *mk, const struct tr_block *b, const u64 *addr)
{
	u32 i;

	if (mk->m->insns >= mk->m->stretch * ADDRESS_MAP_COLUMNS)
		lengthen(mk->m);
	if (b->n_insns)
		touch(mk, b->pc, code_bytes(b), ADDRESS_FETCHED);
	for (i = 0; i < b->n_slots; i++)
		if (b->slot[i].kind != TR_PREFETCH)
			touch(mk, addr[i], b->slot[i].size,
			      b->slot[i].kind == TR_LOAD ? ADDRESS_LOADED : ADDRESS_STORED);
	mk->m->insns += MAX(b->n_insns, 1u);
}

static void take_packet(struct making *mk, struct tr_cursor *c, const struct trace_packet *p)
{
	struct tr_chunk chunk;
	const u64 *addr;
	u32 i;

	mk->pid = p->pid;
	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		for (i = 0, addr = chunk.addr; i < chunk.n_runs; i++) {
			const struct tr_block *b = trace_block(mk->t, chunk.block[i]);

			take_run(mk, b, addr);
			addr += b->n_slots;
		}
		if (chunk.event)
			footprint_event(mk->m->names, p->pid, chunk.event);
	}
}

/* ---- the whole ---- */

static int by_address(const void *a, const void *b)
{
	const struct address_piece *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static char *read_all(struct making *mk)
{
	struct tr_cursor *c = tr_cursor_new(mk->t);
	enum trace_status status;
	struct trace_packet *p;
	char *bad = NULL;

	while ((status = trace_next(mk->t, &p)) == TRACE_OK) {
		take_packet(mk, c, p);
		trace_packet_free(mk->t, p);
	}
	if (status == TRACE_ERROR)
		bad = xstrdup(trace_error(mk->t));
	tr_cursor_free(c);
	return bad;
}

char *address_map_read(struct address_map *m, const char *trace)
{
	struct making mk = { .m = m, .shift = PAGE_SHIFT };
	char err[TR_ERRBUF], *bad;
	u32 i;

	*m = (struct address_map){ .stretch = 1 };
	mk.t = trace_open(trace, NULL, err);
	if (!mk.t)
		return xstrdup(err);
	m->names = footprint_new();
	forget_recent(&mk);
	bad = read_all(&mk);
	trace_close(mk.t);
	map64_fini(&mk.index);
	m->piece_bytes = 1ull << mk.shift;
	if (m->n)
		qsort(m->piece, m->n, sizeof(*m->piece), by_address);
	for (i = 0; i < m->n; i++)
		m->piece[i].name = footprint_name(m->names, m->piece[i].pid, m->piece[i].addr);
	if (bad)
		address_map_fini(m);
	return bad;
}

void address_map_fini(struct address_map *m)
{
	free(m->piece);
	if (m->names)
		footprint_free(m->names);
	*m = (struct address_map){ 0 };
}
