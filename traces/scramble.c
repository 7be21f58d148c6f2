#include "traces/scramble.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/base/rng.h"
#include "traces/hash.h"

#define PAGE_SHIFT 12
#define LEVELS     9u /* of halves: 2 pages to 512 */

/* Blocks of 2^level pages, by the number of their first one: of addresses, or of a file. */
#define OF_ADDRESSES 0u
/* Numbers of files that are none, but contents that were moved. */
#define MOVED (1u << 31)

/* What is known of the halves of a block, apart from what the key says. */
struct block {
	u32 same_as; /* changes places as this one does; itself: none before it */
	bool fixed;
};

/* Pages of a file, and where they are mapped. */
struct mapping {
	u32 file;
	u64 at, page, n; /* page of the file is at that of addresses; n of them */
};

struct cut {
	u32 file;
	u64 page; /* none before it changes places with those from it on */
};

struct scramble {
	u64 seed;
	struct map64 known; /* block: index */
	struct block *block;
	u64 *key_of; /* of each block */
	u32 n_blocks, cap_blocks;
	struct mapping *mapping;
	u32 n_mappings, cap_mappings;
	struct cut *cut;
	u32 n_cuts, cap_cuts;
	u32 moves;
	struct map64 moved; /* pages that were asked for */
	u64 changed;        /* of those */
};

struct scramble *scramble_new(u64 key)
{
	struct scramble *s = xcalloc(1, sizeof(*s));
	struct rng rng;

	rng_init(&rng, key, "scramble");
	s->seed = rng_next(&rng);
	return s;
}

void scramble_free(struct scramble *s)
{
	map64_fini(&s->known);
	map64_fini(&s->moved);
	free(s->block);
	free(s->key_of);
	free(s->mapping);
	free(s->cut);
	free(s);
}

/* ---- blocks ---- */

/* Room for a level in 4 bits; addresses have 52 bits of pages, files fewer. */
static u64 key_of(u32 file, u32 level, u64 page)
{
	u64 words[] = { file, page };

	if (file == OF_ADDRESSES)
		return page << 4 | level;
	return hash_bytes(words, sizeof(words), level) >> 1 | 1ull << 62;
}

static u32 block_of(struct scramble *s, u64 key)
{
	u64 *at = map64_find(&s->known, key);

	if (at)
		return (u32)*at;
	if (s->n_blocks == s->cap_blocks) {
		s->cap_blocks = 2 * s->cap_blocks + 256;
		s->block = xrealloc(s->block, s->cap_blocks * sizeof(*s->block));
		s->key_of = xrealloc(s->key_of, s->cap_blocks * sizeof(*s->key_of));
	}
	s->block[s->n_blocks] = (struct block){ .same_as = s->n_blocks };
	s->key_of[s->n_blocks] = key;
	map64_set(&s->known, key, s->n_blocks);
	return s->n_blocks++;
}

static u32 first_of(struct scramble *s, u32 block)
{
	while (s->block[block].same_as != block)
		block = s->block[block].same_as = s->block[s->block[block].same_as].same_as;
	return block;
}

static void fix(struct scramble *s, u32 level, u64 page)
{
	u32 block = block_of(s, key_of(OF_ADDRESSES, level, page >> level << level));

	s->block[first_of(s, block)].fixed = true;
}

static void unite(struct scramble *s, u64 key_a, u64 key_b)
{
	u32 a = block_of(s, key_a), b = block_of(s, key_b);

	a = first_of(s, a);
	b = first_of(s, b);
	s->block[MIN(a, b)].fixed |= s->block[MAX(a, b)].fixed;
	s->block[MAX(a, b)].same_as = MIN(a, b);
}

/* Pages before this one do not change places with it and those behind it. */
static void cut_at(struct scramble *s, u64 page)
{
	u32 level;

	for (level = 1; level <= LEVELS; level++)
		if (page & ((1u << level) - 1))
			fix(s, level, page);
}

/* The page stays right behind the one before it. */
static void join_at(struct scramble *s, u64 page)
{
	u32 level;

	for (level = 1; level <= LEVELS; level++) {
		fix(s, level, page);
		if (page & ((1u << level) - 1))
			return; /* one block has both: larger ones move them as one */
		fix(s, level, page - 1);
	}
}

/* ---- what is told ---- */

static u64 page_down(u64 addr)
{
	return addr >> PAGE_SHIFT;
}

static u64 page_up(u64 addr)
{
	return page_down(addr) + ((addr & ((1u << PAGE_SHIFT) - 1)) != 0);
}

void scramble_piece(struct scramble *s, u64 addr, u64 len)
{
	u64 page = page_down(addr), last = page_down(addr + MAX(len, 1) - 1);

	while (page < last)
		join_at(s, ++page);
}

void scramble_range(struct scramble *s, u64 addr, u64 len)
{
	cut_at(s, page_down(addr));
	cut_at(s, page_up(addr));
	cut_at(s, page_down(addr + len));
	cut_at(s, page_up(addr + len));
}

static void add_cut(struct scramble *s, u32 file, u64 page)
{
	if (s->n_cuts == s->cap_cuts) {
		s->cap_cuts = 2 * s->cap_cuts + 64;
		s->cut = xrealloc(s->cut, s->cap_cuts * sizeof(*s->cut));
	}
	s->cut[s->n_cuts++] = (struct cut){ file, page };
}

void scramble_file_range(struct scramble *s, u32 file, u64 offset, u64 len)
{
	add_cut(s, file, page_down(offset));
	add_cut(s, file, page_up(offset));
	add_cut(s, file, page_down(offset + len));
	add_cut(s, file, page_up(offset + len));
}

void scramble_map(struct scramble *s, u32 file, u64 offset, u64 addr, u64 len)
{
	struct mapping m = { file, page_down(addr), page_down(offset),
			     page_up(addr + len) - page_down(addr) };

	scramble_range(s, addr, len);
	if (s->n_mappings == s->cap_mappings) {
		s->cap_mappings = 2 * s->cap_mappings + 64;
		s->mapping = xrealloc(s->mapping, s->cap_mappings * sizeof(*s->mapping));
	}
	s->mapping[s->n_mappings++] = m;
	add_cut(s, file, m.page);
	add_cut(s, file, m.page + m.n);
}

/* The file that was mapped there last, if any was: it goes along. */
static void move_file(struct scramble *s, u64 from, u64 to, u64 len)
{
	u32 i;

	for (i = s->n_mappings; i-- > 0;) {
		struct mapping m = s->mapping[i];

		if (m.file >= MOVED || from - m.at >= m.n)
			continue;
		scramble_map(s, m.file, (m.page + (from - m.at)) << PAGE_SHIFT, to << PAGE_SHIFT, len);
		return;
	}
}

void scramble_move(struct scramble *s, u64 addr, u64 len, u64 to, u64 to_len)
{
	u32 contents = MOVED + s->moves++;

	scramble_range(s, addr, len);
	scramble_range(s, to, to_len);
	scramble_map(s, contents, 0, addr, MIN(len, to_len));
	scramble_map(s, contents, 0, to, MIN(len, to_len));
	move_file(s, page_down(addr), page_down(to), to_len);
}

/* ---- drawing ---- */

static int by_file(const void *x, const void *y)
{
	const struct mapping *a = x, *b = y;
	u64 from_a = a->at - a->page, from_b = b->at - b->page;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (from_a != from_b)
		return from_a < from_b ? -1 : 1;
	if (a->page != b->page)
		return a->page < b->page ? -1 : 1;
	return a->n < b->n ? -1 : a->n > b->n;
}

static int by_page(const void *x, const void *y)
{
	const struct cut *a = x, *b = y;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->page < b->page ? -1 : a->page > b->page;
}

/* The same mapping was told before. */
static bool is_known(const struct mapping *first, const struct mapping *m)
{
	return m > first && !by_file(m - 1, m);
}

/* Up to which level blocks of the file are blocks of addresses in all of these mappings of it. */
static u32 common_level(const struct mapping *first, const struct mapping *end)
{
	u64 differ = 0;
	const struct mapping *m;
	u32 level = 0;

	for (m = first; m < end; m++)
		differ |= (m->at - m->page) ^ (first->at - first->page);
	while (level < LEVELS && !(differ >> level & 1))
		level++;
	return level;
}

/* What is in pieces of the file that are not blocks of it everywhere does not change places. */
static void tie(struct scramble *s, const struct mapping *m, u32 common)
{
	u64 first, size;
	u32 level;

	for (level = 1; level <= LEVELS; level++) {
		size = 1ull << level;
		for (first = (m->at + size - 1) & -size; first + size <= m->at + m->n; first += size) {
			if (level > common)
				fix(s, level, first);
			else
				unite(s, key_of(m->file, level, first - m->at + m->page),
				      key_of(OF_ADDRESSES, level, first));
		}
	}
}

static void cut_mapping(struct scramble *s, const struct mapping *m, const struct cut *cut,
			const struct cut *end)
{
	for (; cut < end && cut->file == m->file && cut->page < m->page + m->n; cut++)
		if (cut->page > m->page)
			cut_at(s, m->at + (cut->page - m->page));
}

/* The first cut of the file behind a page. */
static const struct cut *find_cut(const struct scramble *s, u32 file, u64 page)
{
	struct cut key = { file, page };
	u32 low = 0, high = s->n_cuts;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (by_page(&s->cut[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return s->cut + low;
}

static void draw_file(struct scramble *s, const struct mapping *first, const struct mapping *end)
{
	u32 common = common_level(first, end);
	bool elsewhere = (end - 1)->at - (end - 1)->page != first->at - first->page;
	const struct mapping *m;

	for (m = first; m < end; m++) {
		if (is_known(first, m))
			continue;
		cut_mapping(s, m, find_cut(s, m->file, m->page), s->cut + s->n_cuts);
		if (elsewhere)
			tie(s, m, common);
	}
}

void scramble_draw(struct scramble *s)
{
	u32 i, end;

	if (s->n_mappings)
		qsort(s->mapping, s->n_mappings, sizeof(*s->mapping), by_file);
	if (s->n_cuts)
		qsort(s->cut, s->n_cuts, sizeof(*s->cut), by_page);
	for (i = 0; i < s->n_mappings; i = end) {
		for (end = i; end < s->n_mappings && s->mapping[end].file == s->mapping[i].file;)
			end++;
		draw_file(s, s->mapping + i, s->mapping + end);
	}
}

/* ---- addresses ---- */

/* Whether the halves of a block change places. */
static bool turns(struct scramble *s, u32 level, u64 page)
{
	u64 key = key_of(OF_ADDRESSES, level, page >> level << level), *at = map64_find(&s->known, key);
	u32 block;

	if (at) {
		block = first_of(s, (u32)*at);
		if (s->block[block].fixed)
			return false;
		key = s->key_of[block];
	}
	return hash_bytes(&key, sizeof(key), s->seed) & 1;
}

static u64 move_page(struct scramble *s, u64 page)
{
	u64 to = page;
	u32 level;

	for (level = 1; level <= LEVELS; level++)
		if (turns(s, level, page))
			to ^= 1ull << (level - 1);
	return to;
}

u64 scramble_address(struct scramble *s, u64 addr)
{
	u64 page = page_down(addr), *at = map64_find(&s->moved, page), to;

	if (at) {
		to = *at;
	} else {
		to = move_page(s, page);
		map64_set(&s->moved, page, to);
		s->changed += to != page;
	}
	return to << PAGE_SHIFT | (addr & ((1u << PAGE_SHIFT) - 1));
}

u64 scramble_pages(const struct scramble *s)
{
	return s->moved.n;
}

u64 scramble_changed(const struct scramble *s)
{
	return s->changed;
}
