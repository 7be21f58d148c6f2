/*
 * Lines in flight: what a cache has asked for below and does not have yet, though its tags already say so.
 * Looked at only while there are any. A full file makes the next miss wait for the first line to arrive.
 */
#ifndef MMSIM_HW_MSHR_H
#define MMSIM_HW_MSHR_H

#include "model/sim/time.h"

#define MSHR_MAX 256u

struct mshr_file {
	u32 n, cap;
	u64 last; /* cycle at which the last of them arrives */
	u64 line[MSHR_MAX];
	u64 ready[MSHR_MAX];
};

static inline void mshr_expire(struct mshr_file *m, u64 now)
{
	u32 i, kept = 0;

	for (i = 0; i < m->n; i++) {
		if (m->ready[i] <= now)
			continue;
		m->line[kept] = m->line[i];
		m->ready[kept++] = m->ready[i];
	}
	m->n = kept;
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
		if (m->line[i] == line && m->ready[i] > ready)
			ready = m->ready[i];
	}
	return ready;
}

/* The cycle at which a miss that comes now gets an entry. */
static inline u64 mshr_start(struct mshr_file *m, u64 now)
{
	u64 first = ~(u64)0;
	u32 i;

	if (unlikely(time_stands))
		return now;
	mshr_expire(m, now);
	if (m->n < m->cap)
		return now;
	for (i = 0; i < m->n; i++)
		first = MIN(first, m->ready[i]);
	mshr_expire(m, first);
	return first;
}

/* As if a line was in flight until then: everybody looks closely. 0: until those that are. */
static inline void mshr_set_last(struct mshr_file *m, u64 last)
{
	u32 i;

	m->last = last;
	for (i = 0; i < m->n; i++)
		m->last = MAX(m->last, m->ready[i]);
}

static inline void mshr_add(struct mshr_file *m, u64 line, u64 ready)
{
	if (unlikely(time_stands))
		return;
	m->line[m->n] = line;
	m->ready[m->n++] = ready;
	m->last = MAX(m->last, ready);
}

#endif
