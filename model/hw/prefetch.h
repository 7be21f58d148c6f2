/*
 * Hardware prefetchers: what a cache asks for below before anybody wants it. A prefetcher is a const struct
 * of functions with its own state, one file each, named in one array (prefetch.c). It is shown accesses and
 * tells addresses that it would like to have; this unit keeps them inside the page, or has them translated,
 * and the cache brings them: a line that is there is not asked for, and one for which no MSHR is free is
 * dropped, so no demand miss waits for a prefetch but where both use what is shared below.
 *
 * What is shown: every request that reaches the level, but the walker's, write-backs, and in a first level
 * software prefetches. In a first level the hot path makes the plain hits by itself, so next-line, adjacent
 * and stream see there the misses, the first uses of prefetched lines and the hits on lines in flight. That
 * is all that their rules speak of; only a stream that begins among lines that are present is noticed late.
 * A rule that needs every load (ip-stride: strides inside a line) says so (sees_hits), and all loads of that
 * level then leave the hot path, which takes the host three times as long; its option `hits` says otherwise.
 *
 * Addresses are virtual in a first level and physical below. Nobody crosses a page (lN.prefetch.page, 4 KB on
 * x86 whatever the page's size), except, with cross_page, those of L1D: those are translated as a software
 * prefetch is, through the TLBs, which they fill; an address without translation is dropped.
 *
 * Not modelled: feedback that slows a prefetcher down when memory is busy or its guesses are bad, queues of
 * prefetches, fills of the level below alone. Called by cache.c; the core says how L1D's are translated.
 */
#ifndef MMSIM_HW_PREFETCH_H
#define MMSIM_HW_PREFETCH_H

#include "model/hw/port.h"
#include "model/hw/prefetch_cfg.h"
#include "model/sim/state.h"

struct prefetch_access {
	u64 addr;
	u64 ip;         /* 0: not known */
	bool miss;
	bool first_use; /* of a line that a prefetch brought */
};

/* No access makes a prefetcher ask for more. */
#define PREFETCH_MAX 64u

struct prefetch_wishes {
	u32 n;
	u64 addr[PREFETCH_MAX];
};

struct prefetcher_ops {
	const char *name;
	bool sees_hits; /* where the option hits says so */
	bool crosses;   /* has the option cross_page */
	void *(*create)(const struct prefetcher_cfg *cfg, u32 line_shift, u32 page_shift);
	void (*destroy)(void *state);
	void (*learn)(void *state, const struct prefetch_access *a, struct prefetch_wishes *w);
	void (*keep)(void *state, struct state *s, const char *owner); /* registers what it has learned */
};

extern const struct prefetcher_ops *const prefetchers[NR_PREFETCHERS];
extern const struct prefetcher_ops prefetch_next_line, prefetch_adjacent, prefetch_ip_stride, prefetch_stream;

/* The physical address of a virtual one; *now is moved to when it is known. False: there is none. */
typedef bool (*prefetch_translate_fn)(void *arg, u64 va, u64 *pa, u64 *now);

struct cache;
struct prefetch;

/* NULL: the list is empty. */
struct prefetch *prefetch_new(const struct prefetch_cfg *cfg, const char *text, enum mem_level level,
			      u32 line_shift);
void prefetch_free(struct prefetch *p);
/* Registers what a checkpoint holds. */
void prefetch_state(struct prefetch *p, struct state *s, const char *owner);
void prefetch_translate_by(struct prefetch *p, prefetch_translate_fn translate, void *arg);
bool prefetch_sees_hits(const struct prefetch *p);
/* MSHRs that a prefetch leaves free. */
u32 prefetch_reserve(const struct prefetch *p);

/* Shows an access of cache c to its prefetchers, and brings what they want. */
void prefetch_after(struct cache *c, const struct mem_req *r, bool miss, bool first_use, u64 now);

static inline void prefetch_wish(struct prefetch_wishes *w, u64 addr)
{
	if (w->n < PREFETCH_MAX)
		w->addr[w->n++] = addr;
}

#endif
