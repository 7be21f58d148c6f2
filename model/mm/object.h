/*
 * What can be mapped besides private anonymous memory: files, and shared anonymous memory. An object owns the
 * frames of its pages, each page found by its index; every address space that maps it shares them. A file's
 * pages stay when nobody maps it any more (they are "in the page cache"); shared anonymous memory goes with
 * its last mapping.
 *
 * Not modelled yet: reading from a device, dirty pages and write-back, readahead, eviction. For model/mm.
 */
#ifndef MMSIM_MM_OBJECT_H
#define MMSIM_MM_OBJECT_H

#include "model/mm/frame.h"
#include "model/base/map64.h"

struct object {
	u64 id;             /* 0: nobody else can name it */
	bool anon;          /* shared anonymous memory */
	u32 users;          /* VMAs that map it */
	struct map64 pages; /* index -> pfn, one reference each */
	struct objects *set;
	struct object *prev, *next;
};

struct objects {
	struct frames *frames;
	struct page_alloc *pa; /* NULL: pages have no struct page */
	struct map64 by_id;    /* id -> the object's host address */
	struct object *first;
};

void objects_init(struct objects *set, struct frames *frames, struct page_alloc *pa);
void objects_fini(struct objects *set); /* frees them all with their frames */
/* The object of that id, made if there is none. One more user. */
struct object *object_open(struct objects *set, u64 id, bool anon);
void object_get(struct object *o);
void object_put(struct object *o, struct cpu *c);
u64 object_page(const struct object *o, u64 index);    /* its frame, NO_FRAME if there is none yet */
void object_add(struct object *o, u64 index, u64 pfn); /* takes over the caller's reference */
/* Takes the pages first..last, as far as they exist, out of the object. */
void object_drop_range(struct object *o, struct cpu *c, u64 first, u64 last);

#endif
