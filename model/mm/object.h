/*
 * What can be mapped besides private anonymous memory: files, and shared anonymous memory. An object is what
 * Linux has as inode and address_space: its pages by their index (cache_index.h), and what the page cache
 * knows of it (page_cache.h); every address space that maps it shares the pages. A file's pages stay when
 * nobody maps it any more; shared anonymous memory goes with its last mapping. A file of a tmpfs is shared
 * memory that stays.
 *
 * For model/mm.
 */
#ifndef MMSIM_MM_OBJECT_H
#define MMSIM_MM_OBJECT_H

#include "model/base/map64.h"
#include "model/mm/cache_index.h"
#include "model/mm/charge.h"
#include "model/mm/frame.h"
#include "model/mm/interval_tree.h"
#include "model/mm/prio_tree.h"
#include "model/mm/readahead.h"
#include "model/mm/rmap_lock.h"

struct vma;

#define OBJECT_ENDLESS (~(u64)0)

/* What is known of a page beside the file's length: it was in memory, and now the device has it, or nobody.
 */
enum page_known { KNOWN_NOT, KNOWN_ON_DEVICE, KNOWN_HOLE };

/* The VMAs that map it: address_space.i_mmap, by one of the structures that rmap.h can have. */
struct object_vmas {
	struct vma *first[2], *last[2]; /* rmap_objrmap.c: lists of private and of shared mappings */
	struct prio_tree prio;          /* rmap_prio_tree.c */
	struct interval_tree tree;      /* rmap_interval_tree.c */
	struct rmap_lock lock;
};

struct object {
	u64 id;                  /* 0: nobody else can name it */
	bool anon;               /* shared anonymous memory, or a file of a tmpfs */
	bool lasts;              /* the latter: it stays when nobody maps it */
	u32 users;               /* VMAs that map it */
	struct page_index pages; /* of each page one reference */
	struct spinlock lock;    /* of the index; va 0: it is not modelled */
	u64 inode;               /* its struct inode, 0: none */
	struct object_vmas i_mmap;
	u64 bytes; /* of a file, OBJECT_ENDLESS: nobody told; what lies behind is not on the device */
	u64 start; /* its first page on the device */
	struct readahead ra;
	u64 last_read;                          /* index of the page that read() used last */
	bool sequential, random;                /* posix_fadvise() */
	u64 dirty;                              /* pages */
	u64 dirty_since;                        /* cycle */
	u64 write_at;                           /* index from which on the flusher goes on */
	struct object *dirty_prev, *dirty_next; /* writeback.h */
	struct map64 known;                     /* by index: enum page_known */
	struct objects *set;
	struct object *prev, *next;
};

struct objects {
	struct kernel *k;
	struct map64 by_id; /* id -> the object's host address */
	struct object *first;
	u64 device_pages; /* given to objects */
};

void objects_init(struct objects *set, struct kernel *k);
void objects_fini(struct objects *set); /* frees them all with their frames */
/* The object of that id, made if there is none. One more user. */
struct object *object_open(struct objects *set, struct cpu *c, u64 id, bool anon);
/* The same for one that is not mapped. */
struct object *object_named(struct objects *set, struct cpu *c, u64 id);
void object_get(struct object *o);
void object_put(struct object *o, struct cpu *c);
/* Takes the pages first..last, as far as they exist, out of the object, and what was left in place of others.
 */
void object_drop_range(struct object *o, struct cpu *c, u64 first, u64 last);

/* Its frame, NO_FRAME if there is none. */
static inline u64 object_page(const struct object *o, u64 index)
{
	return cache_pfn(cache_index_load(&o->pages, index));
}

#endif
