#include "model/core/text_runs.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct text_runs *text_runs_new(struct cache *l1i, struct tlb *itlb, u64 *clock)
{
	struct text_runs *t;

	if (!l1i->hot || l1i->hot->off || l1i->hot->newest || l1i->prefetch || l1i->way.utag ||
	    l1i->index.vivt)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->l1i = l1i;
	t->itlb = itlb;
	t->clock = clock;
	text_runs_forget(t);
	return t;
}

void text_runs_forget(struct text_runs *t)
{
	u32 i;

	for (i = 0; t && i < TEXT_RUNS; i++)
		t->run[i].number = ~(u64)0;
}

static struct text_run *run_of(struct text_runs *t, u64 number)
{
	return &t->run[hash64(number) % TEXT_RUNS];
}

static bool piece_is_there(const struct text_runs *t, const struct text_run *r, const struct text_piece *p)
{
	const u64 *key = t->l1i->tags.key;
	const u32 *id = &r->id[p->first];
	u64 differ = *p->page_at ^ p->page_key;
	u32 i;

	for (i = 0; i < p->n; i++)
		differ |= key[id[i]] ^ (p->line + i);
	return !differ;
}

static bool is_there(const struct text_runs *t, struct text_run *r)
{
	u32 i;

	for (i = 0; i < r->n_pieces; i++)
		if (!piece_is_there(t, r, &r->piece[i]))
			return false;
	r->gone = t->l1i->hot->gone;
	return true;
}

static void renew(const struct text_runs *t, const struct text_run *r, const struct text_piece *p)
{
	u64 *used = t->l1i->hot->used, now = *t->clock + 1;
	const u32 *id = &r->id[p->first];
	u32 i;

	for (i = 0; i < p->n; i++)
		used[id[i]] = now + i;
	*t->clock += p->n;
	*p->page_used = *t->clock;
}

bool text_runs_fetch(struct text_runs *t, u64 number, u32 lines)
{
	struct text_run *r = run_of(t, number);
	u32 i;

	if (r->number != number || r->lines != lines)
		return false;
	if (r->gone != t->l1i->hot->gone && !is_there(t, r))
		return false;
	for (i = 0; i < r->n_pieces; i++)
		renew(t, r, &r->piece[i]);
	return r->n_pieces;
}

/* The entry whose time of last use it is. */
static const u64 *entry_used_at(const struct tlb *t, const u64 *used)
{
	const struct tags *tags;
	u32 i;

	for (i = 0; i < t->n_arrays; i++) {
		tags = &t->array[i].tags;
		if (tags->used_at && used >= tags->used_at && used < tags->used_at + tags_ids(tags))
			return &tags->key[used - tags->used_at];
	}
	return NULL;
}

/* The run's next line, which is hot. False: there are too many pieces, or no such translation. */
static bool add_line(const struct text_runs *t, struct text_run *r, u32 n, const struct hot_line *hot)
{
	u32 id = (u32)(hot->line_used - t->l1i->hot->used);
	struct text_piece *p = &r->piece[r->n_pieces];
	u64 line = t->l1i->tags.key[id];

	r->id[n] = id;
	if (n && p[-1].page_used == hot->page_used && p[-1].line + p[-1].n == line) {
		p[-1].n++;
		return true;
	}
	if (r->n_pieces == TEXT_RUN_PIECES)
		return false;
	*p = (struct text_piece){ .line = line,
				  .first = n,
				  .n = 1,
				  .page_used = hot->page_used,
				  .page_at = entry_used_at(t->itlb, hot->page_used) };
	if (!p->page_at)
		return false;
	p->page_key = *p->page_at;
	r->n_pieces++;
	return true;
}

static bool learn(struct text_runs *t, struct text_run *r)
{
	const struct hot_line *hot;
	u64 number;
	u32 i;

	for (i = 0; i < r->lines; i++) {
		number = (r->number + i) | HOT_KERNEL;
		hot = &t->l1i->hot->row[number % HOT_ROWS];
		if (hot->number[HOT_READ] != number || !add_line(t, r, i, hot))
			return false;
	}
	return true;
}

void text_runs_learn(struct text_runs *t, u64 number, u32 lines)
{
	struct text_run *r = run_of(t, number);
	bool again = r->number == number && r->lines == lines;

	if (lines > TEXT_RUN_LINES)
		return;
	r->number = number;
	r->lines = lines;
	r->n_pieces = 0;
	r->gone = t->l1i->hot->gone;
	if (again && !learn(t, r))
		r->n_pieces = 0;
}
