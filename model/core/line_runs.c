#include "model/core/line_runs.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct line_runs *line_runs_new(struct cache *l1, struct tlb *tlb, u64 *clock)
{
	struct line_runs *t;

	if (!l1->hot || l1->hot->off || l1->hot->newest || l1->way.utag || l1->index.vivt)
		return NULL;
	t = aligned_alloc(64, sizeof(*t));
	if (!t)
		fail("out of host memory: %zu bytes were asked for", sizeof(*t));
	memset(t, 0, sizeof(*t));
	t->l1 = l1;
	t->tlb = tlb;
	t->clock = clock;
	return t;
}

void line_runs_forget(struct line_runs *t)
{
	u32 i;

	for (i = 0; t && i < LINE_RUN_PAIRS; i++)
		t->run[i][0].name = t->run[i][1].name = 0;
}

static u32 lines_of(const struct line_run *r)
{
	return r->name >> 1 & 127;
}

static u32 write_of(const struct line_run *r)
{
	return r->name & 1;
}

static always_inline u32 pair_of(u64 name)
{
	return (u32)(hash64(name) >> 32) % LINE_RUN_PAIRS;
}

/* NULL: it is not known. */
static always_inline struct line_run *find(struct line_runs *t, u64 name)
{
	u32 pair = pair_of(name), way = t->found[pair];

	if (likely(t->run[pair][way].name == name))
		return &t->run[pair][way];
	way ^= 1;
	if (t->run[pair][way].name != name)
		return NULL;
	t->found[pair] = (u8)way;
	return &t->run[pair][way];
}

static u32 begin_of(const struct line_run *r, u32 piece)
{
	return piece ? r->end[piece - 1] : 0;
}

static bool piece_is_there(const struct line_runs *t, const struct line_run *r, u32 piece)
{
	const u64 *key = t->l1->tags.key;
	u32 begin = begin_of(r, piece), i;

	for (i = begin; i < r->end[piece]; i++)
		if (key[r->id[i]] != r->line[piece] + i - begin ||
		    !line_is_plain(t->l1, r->id[i], write_of(r)))
			return false;
	return true;
}

/* What was gone may have come back since: its lines end the run again when they go. */
static noinline bool is_there(struct line_runs *t, struct line_run *r)
{
	u32 i;

	for (i = 0; i < r->n_pieces; i++)
		if (!piece_is_there(t, r, i))
			return false;
	for (i = 0; i < lines_of(r); i++)
		hot_watch(t->l1->hot, r->id[i]);
	r->gone = t->l1->hot->gone;
	return true;
}

static always_inline void renew(const struct line_runs *t, const struct line_run *r)
{
	u64 *used = t->l1->hot->used, now = *t->clock + 1;
	const u16 *id = r->id, *end = id + lines_of(r);

	for (; id + 4 <= end; id += 4, now += 4) {
		used[id[0]] = now;
		used[id[1]] = now + 1;
		used[id[2]] = now + 2;
		used[id[3]] = now + 3;
	}
	for (; id < end; id++)
		used[*id] = now++;
	*t->clock = now - 1;
}

bool line_runs_use(struct line_runs *t, u64 name)
{
	struct line_run *r = find(t, name);
	u64 before;
	u32 i;

	if (!r)
		return false;
	for (i = 0; i < r->n_pieces; i++)
		if (*r->piece[i].key_at != r->piece[i].key || *r->piece[i].entry_at != r->piece[i].entry)
			return false;
	if (!i || (unlikely(r->gone != t->l1->hot->gone) && !is_there(t, r)))
		return false;
	before = *t->clock;
	renew(t, r);
	for (i = 0; i < r->n_pieces; i++)
		*r->piece[i].page_used = before + r->end[i];
	return true;
}

/* Finds the translation by where its time of last use is. */
static bool find_translation(const struct tlb *t, struct line_piece *p)
{
	const struct tlb_array *a;
	u64 id;
	u32 i;

	for (i = 0; i < t->n_arrays; i++) {
		a = &t->array[i];
		if (!a->tags.used_at || p->page_used < a->tags.used_at)
			continue;
		id = (u64)(p->page_used - a->tags.used_at);
		if (id >= tags_ids(&a->tags))
			continue;
		p->key_at = &a->tags.key[id];
		p->entry_at = &a->entry[id];
		p->key = *p->key_at;
		p->entry = *p->entry_at;
		return true;
	}
	return false;
}

/* The run's next line, which is hot. False: there are too many pieces, or no such translation. */
static bool add_line(const struct line_runs *t, struct line_run *r, u32 n, const struct hot_line *hot)
{
	u32 id = (u32)(hot->line_used - t->l1->hot->used), last = r->n_pieces - 1, next = r->n_pieces;
	u64 line = t->l1->tags.key[id];

	hot_watch(t->l1->hot, id);
	r->id[n] = (u16)id;
	if (n && r->piece[last].page_used == hot->page_used &&
	    r->line[last] + n - begin_of(r, last) == line) {
		r->end[last]++;
		return true;
	}
	if (next == LINE_RUN_PIECES)
		return false;
	r->piece[next] = (struct line_piece){ .page_used = hot->page_used };
	r->line[next] = line;
	r->end[next] = (u16)(n + 1);
	r->n_pieces++;
	return find_translation(t->tlb, &r->piece[next]);
}

static bool learn(struct line_runs *t, struct line_run *r, u64 number)
{
	const struct hot_line *hot;
	u32 i;

	for (i = 0, number |= HOT_KERNEL; i < lines_of(r); i++, number++) {
		hot = &t->l1->hot->row[number % HOT_ROWS];
		if (hot->number[write_of(r)] != number || !add_line(t, r, i, hot))
			return false;
	}
	return true;
}

/* A run is seen for the first time. */
static void note(struct line_runs *t, u64 name)
{
	u32 pair = pair_of(name);

	t->found[pair] ^= 1;
	t->run[pair][t->found[pair]].name = name;
	t->run[pair][t->found[pair]].n_pieces = 0;
}

void line_runs_learn(struct line_runs *t, u64 name, u64 number)
{
	struct line_run *r = find(t, name);

	if (!r) {
		note(t, name);
		return;
	}
	r->n_pieces = 0;
	r->gone = t->l1->hot->gone;
	if (!learn(t, r, number))
		r->n_pieces = 0;
}
