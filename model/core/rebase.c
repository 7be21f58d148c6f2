#include "model/core/rebase.h"

#include <stdlib.h>

#include "model/base/error.h"

#define VA_END  (1ull << 48) /* of any machine */
#define NEAR    384u         /* regions */
#define NOWHERE (~(u64)0)

struct rebase *rebase_new(u64 user_end)
{
	struct rebase *r = xcalloc(1, sizeof(*r));
	u32 i;

	r->n = user_end >> REBASE_SHIFT;
	r->taken = xcalloc(r->n / 64 + 1, sizeof(*r->taken));
	for (i = 0; i < REBASE_SEEN; i++)
		r->seen[i].region = NOWHERE;
	return r;
}

void rebase_free(struct rebase *r)
{
	if (!r)
		return;
	map64_fini(&r->at);
	free(r->taken);
	free(r);
}

static bool is_free(const struct rebase *r, u64 at, u64 count)
{
	u64 i;

	if (at >= r->n || count > r->n - at)
		return false;
	for (i = at; i < at + count; i++)
		if (r->taken[i / 64] >> i % 64 & 1)
			return false;
	return true;
}

static void take(struct rebase *r, u64 region, u64 at)
{
	r->taken[at / 64] |= 1ull << at % 64;
	map64_set(&r->at, region, at);
}

/* As far from a region that has a place as was recorded, if there is one not far from the first or the last.
 */
static u64 near_others(const struct rebase *r, u64 first, u64 count)
{
	const u64 *at;
	u64 d;

	for (d = 1; d <= NEAR; d++) {
		at = first >= d ? map64_find(&r->at, first - d) : NULL;
		if (at && is_free(r, *at + d, count))
			return *at + d;
		at = map64_find(&r->at, first + count - 1 + d);
		if (at && *at >= count - 1 + d && is_free(r, *at - d - (count - 1), count))
			return *at - d - (count - 1);
	}
	return NOWHERE;
}

/* The highest place with so many free regions on both sides. Region 0 holds addresses that are none. */
static u64 highest(const struct rebase *r, u64 count, u64 gap)
{
	u64 at;

	for (at = r->n; at > count + gap;) {
		at--;
		if (is_free(r, at - gap - count + 1, count + 2 * gap))
			return at - count + 1;
	}
	return NOWHERE;
}

static u64 find_place(const struct rebase *r, u64 first, u64 count)
{
	u64 at = is_free(r, first, count) ? first : near_others(r, first, count);
	u64 gap;

	for (gap = r->n / 4; at == NOWHERE && gap; gap /= 2)
		at = highest(r, count, gap);
	return at == NOWHERE ? highest(r, count, 0) : at;
}

static _Noreturn void refuse(u64 va, u64 len, u64 n)
{
	u64 mb = n << (REBASE_SHIFT - 20), end = va + len;

	die("the recording does not fit the %llu MB of user space of kernel.layout even when it is packed "
	    "(layout.rebase): there is no room for 0x%llx-0x%llx in one piece; choose a layout with more "
	    "address bits",
	    (unsigned long long)mb, (unsigned long long)va,
	    (unsigned long long)end);
}

/* Regions that have no place get one, those beside each other together. Where the first is, if all are in one
 * piece. */
static u64 place(struct rebase *r, u64 first, u64 count)
{
	u64 begin = 0, end, at, i;

	for (; begin < count; begin = end) {
		end = begin + 1;
		if (map64_find(&r->at, first + begin))
			continue;
		while (end < count && !map64_find(&r->at, first + end))
			end++;
		at = find_place(r, first + begin, end - begin);
		if (at == NOWHERE)
			return NOWHERE;
		for (i = begin; i < end; i++)
			take(r, first + i, at + i - begin);
	}
	at = *map64_find(&r->at, first);
	for (i = 1; i < count; i++)
		if (*map64_find(&r->at, first + i) != at + i)
			return NOWHERE;
	return at;
}

u64 rebase_range(struct rebase *r, u64 va, u64 len)
{
	u64 first = va >> REBASE_SHIFT, last = (va + MAX(len, 1) - 1) >> REBASE_SHIFT, at;

	if (va + len < va || va + len > VA_END)
		return va;
	at = last - first < r->n ? place(r, first, last - first + 1) : NOWHERE;
	if (at == NOWHERE)
		refuse(va, len, r->n);
	return va + ((at - first) << REBASE_SHIFT);
}

u64 rebase_slow(struct rebase *r, u64 va)
{
	u64 region = va >> REBASE_SHIFT, to = rebase_range(r, va, 1);

	r->seen[region % REBASE_SEEN].region = region;
	r->seen[region % REBASE_SEEN].delta = to - va;
	return to;
}

void rebase_event(struct rebase *r, struct tr_event *ev)
{
	u64 start;

	switch (ev->kind) {
	case TR_EV_REMAP:
		ev->addr2 = rebase_range(r, ev->addr2, ev->len2);
		ev->addr = rebase_range(r, ev->addr, ev->len);
		break;
	case TR_EV_MAP:
	case TR_EV_UNMAP:
	case TR_EV_PROTECT:
	case TR_EV_ADVISE:
	case TR_EV_READ:
	case TR_EV_WRITE:
		ev->addr = rebase_range(r, ev->addr, ev->len);
		break;
	case TR_EV_SYSCALL:
		if (tr_call_has_range(ev->flags))
			ev->addr = rebase_range(r, ev->addr, ev->len);
		break;
	case TR_EV_BRK:
		if (ev->addr < ev->addr2)
			break;
		start = rebase_range(r, ev->addr2, ev->addr - ev->addr2);
		ev->addr += start - ev->addr2;
		ev->addr2 = start;
		break;
	}
}
