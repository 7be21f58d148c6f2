/*
 * Allocation events: what a recording or a workload asks the kernel's allocators for, beside what the model's
 * own paths take. A set remembers which frames and objects the names of one recording stand for, from their
 * allocation to their free.
 *
 * What cannot be met, and frees of what nobody has, are results that are counted. What is never freed stays
 * allocated to the end, as in the recorded kernel. Called by the engine.
 *
 * Not modelled: who in the kernel asks, and what it costs to get there.
 */
#ifndef MMSIM_MM_KEVENTS_H
#define MMSIM_MM_KEVENTS_H

#include "model/base/map64.h"
#include "model/mm/gfp.h"
#include "model/mm/kernel.h"

#define KEVENT_NAME_MAX ((1ull << 63) - 1)

struct kevent {
	u64 name;  /* up to KEVENT_NAME_MAX */
	u64 bytes; /* of an object */
	u64 touch; /* bytes that its user writes after the allocation, or reads before the free, at most all
		    */
	u32 order; /* of a block of pages */
	u32 gfp;   /* GFP_* */
	u32 node;
	bool of_node;      /* the allocation asks for that node */
	bool cold;         /* the free says so */
	bool stand_in;     /* the free of an unknown block of pages frees another in its place */
	bool reads;        /* what is touched after the allocation is read */
	const char *cache; /* of an object; NULL: kmalloc */
};

#define KEVENT_STATS(X)                                                              \
	X(page_allocs, "requests", "recorded allocations of pages")                  \
	X(page_frees, "requests", "recorded frees of pages")                         \
	X(pages_taken, "pages", "that these allocations got")                        \
	X(pages_given, "pages", "given back")                                        \
	X(pages, "pages", "taken and not given back")                                \
	X(object_allocs, "requests", "recorded allocations of objects")              \
	X(object_frees, "requests", "recorded frees of objects")                     \
	X(objects_taken, "objects", "that these allocations got")                    \
	X(objects_given, "objects", "given back")                                    \
	X(objects, "objects", "taken and not given back")                            \
	X(failed, "requests", "that got nothing")                                    \
	X(unknown_frees, "requests", "frees of what the recording did not allocate") \
	X(stand_ins, "blocks", "of pages that were freed in their place")            \
	X(failed_frees, "requests", "frees of what had not been got, not made")      \
	X(reused, "requests", "under a name still in use, which was freed first")    \
	X(splits, "blocks", "of which parts were freed")                             \
	X(unmodelled, "requests", "for objects, without a model of their allocator") \
	X(touched, "bytes", "of pages and objects, by their users")

struct kevent_stats {
	KEVENT_STATS(STAT_FIELD)
};

struct kevents;
/* A set for one recording; the kernel owns it. */
struct kevents *kevents_new(struct kernel *k);
void kevents_page_alloc(struct kevents *s, struct cpu *c, const struct kevent *e);
void kevents_page_free(struct kevents *s, struct cpu *c, const struct kevent *e);
void kevents_object_alloc(struct kevents *s, struct cpu *c, const struct kevent *e);
void kevents_object_free(struct kevents *s, struct cpu *c, const struct kevent *e);

/* ---- for model/mm ---- */

void kevents_free(struct kevents *s); /* the set, and the one after it, ...; not what they hold */
void kevents_stats(struct kernel *k, struct stats *s);
/* Calls fn for every frame that a set of the kernel holds. */
void kevents_each_frame(const struct kernel *k, void (*fn)(void *arg, u64 pfn), void *arg);
/* Calls for every object that is no slab's but a block of the page allocator's. */
void kevents_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);

#endif
