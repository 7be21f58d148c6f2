/*
 * Stretches of the kernel's text that are fetched again and again: where their lines and translations are. As
 * long as these are there, a stretch is a row of hits that do nothing but renew times of last use (hw/hot.h),
 * and is fetched without a lookup. Whether they are there is asked of the tags whenever anything has gone
 * from L1I or ITLB since, so nothing ends what is known here but another table of the kernel's.
 *
 * Only where hot lines are, and a hit on L1I moves a time alone. For core_kernel.c.
 */
#ifndef MMSIM_CORE_TEXT_RUNS_H
#define MMSIM_CORE_TEXT_RUNS_H

#include "model/hw/cache.h"
#include "model/hw/tlb.h"

#define TEXT_RUNS      128u
#define TEXT_RUN_LINES 96u
/* Of one page each, and side by side in memory. */
#define TEXT_RUN_PIECES 2u

struct text_piece {
	u64 line; /* number of the first physical line */
	u32 first, n;
	u64 *page_used;
	const u64 *page_at; /* the translation is there while this is */
	u64 page_key;
};

struct text_run {
	u64 number; /* of the first virtual line; ~0: none */
	u64 gone;   /* all was there when so much was gone of what is hot */
	u32 lines, n_pieces;
	struct text_piece piece[TEXT_RUN_PIECES];
	u32 id[TEXT_RUN_LINES];
};

struct text_runs {
	struct cache *l1i;
	struct tlb *itlb;
	u64 *clock;
	struct text_run run[TEXT_RUNS];
};

/* NULL: this L1I has no lines of whose hits a time is all that moves. */
struct text_runs *text_runs_new(struct cache *l1i, struct tlb *itlb, u64 *clock);
void text_runs_forget(struct text_runs *t);
/*
 * Lines [number, number + lines) are fetched, if all that is asked for is where it was. No line may be in
 * flight. False: nothing has changed.
 */
bool text_runs_fetch(struct text_runs *t, u64 number, u32 lines);
/* They were just fetched, and hit. Those seen a second time are known from then on, if they are hot. */
void text_runs_learn(struct text_runs *t, u64 number, u32 lines);

#endif
