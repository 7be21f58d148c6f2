/*
 * Stretches of lines that the kernel uses again and again, of its text and of its objects: where they and
 * their translations are. As long as these are there, a stretch is a row of hits that do nothing but renew
 * times of last use (hw/hot.h), and is used without a lookup. Whether the lines are there is asked of the
 * tags whenever some that are known here have gone since, the translation each time.
 *
 * Only where hot lines are, and a hit on the cache moves a time alone. For core_kernel.c.
 */
#ifndef MMSIM_CORE_LINE_RUNS_H
#define MMSIM_CORE_LINE_RUNS_H

#include "model/hw/cache.h"
#include "model/hw/tlb.h"

/* Pairs, in which a new one takes the place of the one found longer ago. */
#define LINE_RUN_PAIRS 128u
#define LINE_RUN_LINES 96u /* below 128, see line_run_name() */
/* Of one page each, and side by side in memory. */
#define LINE_RUN_PIECES 2u

/* What is looked at comes first: most runs are of one piece, and short. */
struct line_piece {
	u64 *page_used;
	/* The translation, and what it was: it is there while it is the same. */
	const u64 *key_at, *entry_at;
	u64 key, entry;
};

struct line_run {
	u64 name; /* as of line_run_name(); 0: none */
	u64 gone; /* all was there when so much was gone of what is hot */
	u32 n_pieces;
	u16 end[LINE_RUN_PIECES]; /* of each piece, among the run's lines */
	struct line_piece piece[LINE_RUN_PIECES];
	u16 id[LINE_RUN_LINES];
	u64 line[LINE_RUN_PIECES]; /* number of the first physical line of each */
} __attribute__((aligned(64)));

struct line_runs {
	struct cache *l1;
	struct tlb *tlb;
	u64 *clock;
	struct line_run run[LINE_RUN_PAIRS][2];
	u8 found[LINE_RUN_PAIRS];
};

/* A line is used by its time alone, as cache_use_plainly() has it. */
static inline bool line_is_plain(const struct cache *l1, u32 id, u32 write)
{
	u8 state = l1->state[id];

	if (write)
		return (state & (LINE_DIRTY | LINE_SHARED | LINE_PREFETCHED | LINE_CONTENDED)) == LINE_DIRTY;
	return !(state & (LINE_WATCHED | LINE_PREFETCHED | LINE_CONTENDED));
}

/* NULL: this cache has no lines of whose hits a time is all that moves. */
struct line_runs *line_runs_new(struct cache *l1, struct tlb *tlb, u64 *clock);
void line_runs_forget(struct line_runs *t);

/*
 * Names lines [number, number + lines), at least one and at most LINE_RUN_LINES; write: HOT_READ or
 * HOT_WRITE. Of a kernel's address the highest bits say nothing.
 */
static always_inline u64 line_run_name(u64 number, u32 lines, u32 write)
{
	return number << 8 | lines << 1 | write;
}

/*
 * A run is used, if all that is asked for is where it was. No line may be in flight. False: nothing has
 * changed.
 */
bool line_runs_use(struct line_runs *t, u64 name);
/* Its lines were just used, and hit. Those seen a second time are known from then on, if they are hot. */
void line_runs_learn(struct line_runs *t, u64 name, u64 number);

#endif
