/*
 * Slots by scanning swap_map, mm/swapfile.c:scan_swap_map(): runs of SWAPFILE_CLUSTER free slots are taken
 * one after the other, so that what is swapped out together lies together; without such a run the first free
 * one. Disks of all eras, and all devices until the cluster lists of SSDs (3.12; here those of 6.x).
 */
#include "model/mm/swap_impl.h"

#include <stdlib.h>

#include "model/base/error.h"

#define CLUSTER 256u /* SWAPFILE_CLUSTER, without THP_SWAP */

struct scan_state {
	u64 lowest, highest; /* all free slots lie in them; lowest > highest: none */
	u64 next;
	u32 left; /* of the cluster that is being filled */
};

static void *scan_create(struct swap *s)
{
	struct scan_state *st = xcalloc(1, sizeof(*st));

	st->lowest = st->next = 1;
	st->highest = s->n - 1;
	return st;
}

/* The beginning of the first run of free slots from a slot on; looked_at slots were. */
static u64 free_run(const struct swap *s, const struct scan_state *st, u64 from, u64 *looked_at)
{
	u64 slot, n = 0;

	if (from + CLUSTER - 1 > st->highest)
		return NO_SLOT;
	for (slot = from; slot <= st->highest && n < CLUSTER; slot++) {
		++*looked_at;
		n = s->map[slot] ? 0 : n + 1;
		if (!n && slot + CLUSTER > st->highest)
			break;
	}
	return n == CLUSTER ? slot - CLUSTER : NO_SLOT;
}

static u64 free_slot(struct swap *s, struct cpu *c, u64 from, u64 end, u64 *looked_at)
{
	u64 slot;

	for (slot = from; slot <= end; slot++) {
		++*looked_at;
		if (!s->map[slot])
			return slot;
		/* Since 2.6.31. */
		if (s->k->cfg.era >= ERA_2_6_37 && s->map[slot] == SWAP_HAS_CACHE && swap_full(s->k) &&
		    swap_reclaim_slot(s, c, slot))
			return slot;
	}
	return NO_SLOT;
}

/* The lowest free slot; there is none below it. */
static u64 find_lowest(struct swap *s, struct cpu *c, struct scan_state *st, u64 *looked_at)
{
	u64 slot = free_slot(s, c, st->lowest, st->highest, looked_at);

	st->lowest = slot == NO_SLOT ? s->n : slot;
	if (slot == NO_SLOT)
		st->highest = 0;
	return slot;
}

/* 2.4 to 2.6.13: a run that meets slots in use skips them; where there is none left, the lowest slot. */
static u64 find_first(struct swap *s, struct cpu *c, struct scan_state *st, u64 *looked_at)
{
	u64 slot;

	if (st->left && st->next <= st->highest) {
		slot = free_slot(s, c, st->next, st->highest, looked_at);
		if (slot != NO_SLOT) {
			st->left--;
			return slot;
		}
		st->next = st->highest + 1;
	}
	st->left = CLUSTER;
	slot = free_run(s, st, st->lowest, looked_at);
	return slot != NO_SLOT ? slot : find_lowest(s, c, st, looked_at);
}

/* Where the search for an empty run begins: with 2.6.29 devices without seeks are used all over. */
static u64 run_from(const struct swap *s, const struct scan_state *st)
{
	bool seeks = s->dev && blockdev_rotational(s->dev);

	return s->k->cfg.era >= ERA_2_6_37 && !seeks ? MAX(st->next, st->lowest) : st->lowest;
}

/* 2.6.14 on. */
static u64 find_next(struct swap *s, struct cpu *c, struct scan_state *st, u64 *looked_at)
{
	u64 slot = NO_SLOT;

	if (!st->left) {
		st->left = CLUSTER;
		st->next = st->lowest;
		if (swap_usable(s) - s->st.used >= CLUSTER) {
			slot = free_run(s, st, run_from(s, st), looked_at);
			st->next = slot == NO_SLOT ? st->lowest : slot;
		}
	}
	st->left--;
	if (st->next <= st->highest)
		slot = free_slot(s, c, st->next, st->highest, looked_at);
	return slot != NO_SLOT ? slot : free_slot(s, c, st->lowest, st->highest, looked_at);
}

static void took(struct swap *s, struct cpu *c, struct scan_state *st, u64 slot)
{
	swap_took(s, c, slot);
	if (slot == st->lowest)
		st->lowest++;
	if (slot == st->highest)
		st->highest--;
	st->next = slot + 1;
}

static u64 scan_take(struct swap *s, struct cpu *c)
{
	struct scan_state *st = s->slots;
	u64 looked_at = 0, from = st->next, slot;

	if (s->k->cfg.era < ERA_2_6_18)
		slot = find_first(s, c, st, &looked_at);
	else if (s->st.used < swap_usable(s))
		slot = find_next(s, c, st, &looked_at);
	else
		return NO_SLOT;
	swap_map_load(s, c, from, looked_at);
	swap_scanned(s, c, looked_at);
	if (slot != NO_SLOT)
		took(s, c, st, slot);
	return slot;
}

/* swap_entry_free() */
static void scan_give(struct swap *s, struct cpu *c, u64 slot)
{
	struct scan_state *st = s->slots;

	if (st->lowest > st->highest)
		st->lowest = st->highest = slot;
	st->lowest = MIN(st->lowest, slot);
	st->highest = MAX(st->highest, slot);
}

static void scan_sane(const struct swap *s)
{
	const struct scan_state *st = s->slots;
	u64 slot;

	for (slot = 1; slot < s->n; slot++)
		ASSERT(s->map[slot] || (slot >= st->lowest && slot <= st->highest));
}

static u64 scan_held(const struct swap *s)
{
	return 0;
}

const struct slot_ops slots_scan = { scan_create, free, scan_take, scan_give, scan_sane, scan_held };
