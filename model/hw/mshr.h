/*
 * Lines in flight: what a cache has asked for below and does not have yet, though its tags already say so.
 * Looked at only while there are any. A full file makes the next miss wait for the first line to arrive.
 *
 * Requests need not come in the order of time: a load that waits for its producer asks for a later time than
 * the one behind it in the program. So an entry has a beginning, and stays until no request can come from
 * before its end. A later request cannot slow an earlier one: it may take an entry in a gap that closes.
 */
#ifndef MMSIM_HW_MSHR_H
#define MMSIM_HW_MSHR_H

#include "model/sim/time.h"

#define MSHR_MAX  256u
#define MSHR_KEPT 2048u

struct mshr {
	u64 line;
	u64 start, ready; /* cycles */
};

struct mshr_file {
	u32 n, cap;
	u64 last; /* cycle at which the last of them arrives */
	const u64 *settled; /* cycle before which no request starts; NULL: that of the last request */
	struct mshr entry[MSHR_KEPT];
};

/* Forgets what no request that starts at `now` or later can meet. */
static inline void mshr_expire(struct mshr_file *m, u64 now)
{
	u64 settled = m->settled ? *m->settled : now;
	u32 i, kept = 0;

	for (i = 0; i < m->n; i++) {
		if (m->entry[i].ready > settled)
			m->entry[kept++] = m->entry[i];
	}
	m->n = kept;
}

/* Whether every entry is taken at that cycle; *first is then when the first of them becomes free. */
static inline bool mshr_full(const struct mshr_file *m, u64 now, u64 *first)
{
	u32 i, taken = 0;

	*first = ~(u64)0;
	if (likely(m->n < m->cap))
		return false;
	for (i = 0; i < m->n; i++) {
		if (m->entry[i].start > now || m->entry[i].ready <= now)
			continue;
		*first = MIN(*first, m->entry[i].ready);
		taken++;
	}
	return taken >= m->cap;
}

static inline bool mshr_any(const struct mshr_file *m, u64 now)
{
	return m->n && m->last > now;
}

/* When the line will be there; now or earlier: it is not in flight. */
static inline u64 mshr_ready(const struct mshr_file *m, u64 line, u64 now)
{
	u64 ready = 0;
	u32 i;

	if (!mshr_any(m, now))
		return 0;
	for (i = 0; i < m->n; i++) {
		if (m->entry[i].line == line && m->entry[i].ready > ready)
			ready = m->entry[i].ready;
	}
	return ready;
}

/* The cycle at which a miss that comes now gets an entry. */
static inline u64 mshr_start(struct mshr_file *m, u64 now)
{
	u64 first;

	if (unlikely(time_stands))
		return now;
	mshr_expire(m, now);
	while (mshr_full(m, now, &first))
		now = first;
	return now;
}

/* As if a line was in flight until then: everybody looks closely. 0: until those that are. */
static inline void mshr_set_last(struct mshr_file *m, u64 last)
{
	u32 i;

	m->last = last;
	for (i = 0; i < m->n; i++)
		m->last = MAX(m->last, m->entry[i].ready);
}

/* Where there is no room to remember one more, the first to arrive is forgotten. */
static inline void mshr_add(struct mshr_file *m, u64 line, u64 start, u64 ready)
{
	u32 at = m->n, i;

	if (unlikely(time_stands))
		return;
	if (unlikely(at == MSHR_KEPT)) {
		for (i = at = 0; i < m->n; i++)
			at = m->entry[i].ready < m->entry[at].ready ? i : at;
	} else {
		m->n++;
	}
	m->entry[at] = (struct mshr){ line, start, ready };
	m->last = MAX(m->last, ready);
}

#endif
