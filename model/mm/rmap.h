/*
 * Reverse mapping: from a page to the entries of page tables that map it, as each generation of Linux found
 * them. A scheme is two halves, one for private pages and one for pages of objects (files, shared memory),
 * each a file behind struct rmap_ops; kernel.rmap and kernel.rmap_file choose. Everything that maps, unmaps,
 * copies or moves an entry or a VMA tells here, whatever the scheme; what the halves keep of pages lies in
 * struct page, of VMAs in struct vma, and their objects come out of the slabs. In which structure an object
 * keeps the VMAs that map it (struct i_mmap_ops) is a third thing: truncation needs it with every scheme.
 *
 * A kernel without zones and slabs (kernel.placement other than buddy) and one whose pages are larger than
 * 4 KB has no reverse mapping (k->rmap is NULL), and so nothing that is mapped can be reclaimed. Not tracked:
 * the shared zero page, pages of 1 GB.
 *
 * Not modelled: non-linear mappings; locks of sleeping kinds as something that a thread sleeps on: like
 * spinlocks they are busy until a cycle, for readers and writers apart since they are rw_semaphores. A split
 * or a merge of VMAs never fails: what there is no memory for has no simulated memory then (st.unbacked). For
 * model/mm.
 */
#ifndef MMSIM_MM_RMAP_H
#define MMSIM_MM_RMAP_H

#include "model/mm/memmap.h"
#include "model/mm/mm.h"

enum rmap_scheme {
	RMAP_NONE,           /* up to 2.5.26: page tables are scanned */
	RMAP_PTE_CHAIN,      /* 2.5.27 to 2.6.6 */
	RMAP_OBJRMAP,        /* 2.5.66 with a patch: by VMAs for objects, chains for private pages */
	RMAP_ANONMM,         /* a patch of 2003: private pages by the address spaces of a family */
	RMAP_ANON_VMA,       /* 2.6.7 to 2.6.33 */
	RMAP_ANON_VMA_CHAIN, /* 2.6.34 on */
	NR_RMAP_SCHEMES
};
enum rmap_file { RMAP_FILE_LIST, RMAP_FILE_PRIO_TREE, RMAP_FILE_INTERVAL_TREE, NR_RMAP_FILES };

#define RMAP_STATS(X)                                                                                 \
	X(adds, "entries", "noted: a page was mapped")                                                \
	X(removes, "entries", "forgotten: a page was unmapped")                                       \
	X(copied, "pages", "that could not be where others do not map them: anonmm")                  \
	X(walks, "walks", "from a page to the entries that map it")                                   \
	X(vmas, "VMAs", "visited by these; of pte_chain entries, of anonmm address spaces")           \
	X(walk_max, "VMAs", "that the longest walk visited")                                          \
	X(nodes, "nodes", "of trees that these came by")                                              \
	X(tested, "entries", "of page tables, looked at by these")                                    \
	X(found, "entries", "of those, that map the page")                                            \
	X(walks_1, "walks", "that visited 1 at most")                                                 \
	X(walks_3, "walks", "2 or 3")                                                                 \
	X(walks_7, "walks", "4 to 7")                                                                 \
	X(walks_15, "walks", "8 to 15")                                                               \
	X(walks_31, "walks", "16 to 31")                                                              \
	X(walks_63, "walks", "32 to 63")                                                              \
	X(walks_127, "walks", "64 to 127")                                                            \
	X(walks_255, "walks", "128 to 255")                                                           \
	X(walks_511, "walks", "256 to 511")                                                           \
	X(walks_1023, "walks", "512 to 1,023")                                                        \
	X(walks_more, "walks", "1,024 and more")                                                      \
	X(failed, "preparations", "for a page to be mapped, for which there was no memory")           \
	X(unbacked, "objects", "for which there was no memory, where Linux would have failed a call") \
	X(locks_anon, "locks", "of families of private pages that were taken")                        \
	X(waits_anon, "locks", "of these that were waited for")                                       \
	X(wait_cycles_anon, "cycles", "of that")                                                      \
	X(locks_file, "locks", "of objects' VMAs that were taken")                                    \
	X(waits_file, "locks", "of these that were waited for")                                       \
	X(wait_cycles_file, "cycles", "of that")                                                      \
	X(busy, "locks", "of either, or of page tables, that a walk found taken and did without")

struct rmap_stats {
	RMAP_STATS(STAT_FIELD)
};

/* The objects of reverse mapping, by cache: id, cache and prefix of their counters, plural. */
#define RMAP_OBJECTS(X)                         \
	X(PTE_CHAIN, "pte_chain", "pte_chains") \
	X(ANONMM, "anonmm", "anonmms")          \
	X(ANON_VMA, "anon_vma", "anon_vmas")    \
	X(ANON_VMA_CHAIN, "anon_vma_chain", "anon_vma_chains")

enum rmap_object {
#define X(id, cache, plural) RMAP_OBJECT_##id,
	RMAP_OBJECTS(X)
#undef X
		NR_RMAP_OBJECTS,
};

#define RMAP_OBJECT_STATS(X)                               \
	X(objects, "objects", "in use")                    \
	X(bytes, "bytes", "of these")                      \
	X(allocated, "objects", "that came out of a slab") \
	X(freed, "objects", "that were given back")

struct rmap_object_stats {
	RMAP_OBJECT_STATS(STAT_FIELD)
};

/* An entry that maps a page. */
struct rmap_entry {
	struct mm *mm;
	struct vma *vma; /* NULL: who asks has to find it, see rmap_entry_vma() */
	u64 va, entry_pa;
	u64 pfn;
	u32 level; /* > 0: the page is a part of the large one that the entry maps */
};

struct rmap;

/*
 * A walk: entry() is called for each entry that maps the page, may take it away, and ends the walk by false.
 * It ends by itself when as many were found as the page has; where a lock was taken by others it may find
 * less (`busy`), as Linux does.
 */
struct rmap_walk {
	struct kernel *k;
	struct cpu *c;
	enum kernel_path path;
	u64 pfn;
	bool (*entry)(struct rmap_walk *w, const struct rmap_entry *e);
	void *arg;
	bool unmaps; /* it is try_to_unmap()'s, whose visits cost more */
	bool busy;   /* some entries could not be looked at: the page counts as referenced, and stays */
	u32 vmas, nodes, tested, found; /* so far: struct rmap_stats */
	u32 left;                       /* that the page has beyond those found */
};

/*
 * One half. Functions that it does not need are NULL. Of pages, it is called before the page's count changes:
 * mapcount is what it was.
 */
struct rmap_ops {
	const char *name;
	/* When the kernel boots. */
	void (*init)(struct rmap *r);
	/* Pages will be mapped in the VMA: anon_vma_prepare(), pte_chain_alloc(). False: no memory. */
	bool (*prepare)(struct rmap *r, struct cpu *c, struct vma *v, u32 pages);
	/*
	 * A private page that nobody maps is mapped: its mapping and index are to be set. Without
	 * PG_EXCLUSIVE: all whose entries have the same slot of swap may still map it.
	 */
	void (*add_new)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	/* A page of an object, or one that others map already, is mapped once more. */
	void (*add)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	void (*remove)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	/* The entry at `from` is now e's; its address may be another one too. */
	void (*moved)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e, u64 from);
	/* Whether the page can be mapped at va while others map it where they do; NULL: always. */
	bool (*fits)(const struct page *p, u64 va);
	/* A walk that asked whether the page was referenced has ended. */
	void (*referenced_done)(struct rmap *r, struct cpu *c, struct page *p);
	/* A table of pages has been put in its place. */
	void (*table)(struct rmap *r, struct cpu *c, u64 pfn);

	/* An address space is copied, before its VMAs are; or ends, after they have gone. */
	bool (*fork_mm)(struct rmap *r, struct cpu *c, struct mm *from, struct mm *to);
	void (*exit_mm)(struct rmap *r, struct cpu *c, struct mm *mm);
	/* A VMA goes. */
	void (*unlink)(struct rmap *r, struct cpu *c, struct vma *v);
	/* `to` is a copy of `from` in a child's address space; false: no memory. */
	bool (*fork_vma)(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to);
	/* `to` was a part of `from`. */
	void (*split)(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to);
	/* `gone`, which unlink() will be called for, becomes a part of `keep`. */
	void (*merge)(struct rmap *r, struct cpu *c, struct vma *keep, struct vma *gone);
	bool (*mergeable)(const struct rmap *r, const struct vma *a, const struct vma *b);
	/* start, end or the place in the object of a VMA will change; has changed. */
	void (*before_change)(struct rmap *r, struct cpu *c, struct vma *v);
	void (*after_change)(struct rmap *r, struct cpu *c, struct vma *v);

	/* NULL: it cannot; who wants to know scans the page tables. */
	void (*walk)(struct rmap_walk *w, struct page *p);
	/* ASSERTs what it can of its own structures, and of what it has of a page that is mapped. */
	void (*sane)(const struct rmap *r);
	void (*sane_page)(const struct rmap *r, const struct page *p);
	void (*free)(struct rmap *r);
};
extern const struct rmap_ops rmap_none;

/* A search among an object's VMAs. */
struct i_mmap_scan {
	struct rmap *r;
	struct cpu *c;
	u64 first, last; /* pages of the object */
	/* For each that shows some of them, or with a list for all. False ends the search. */
	bool (*vma)(struct i_mmap_scan *s, struct vma *v);
	void *arg;
	u32 nodes; /* of a tree that it came by */
};

/* How an object's VMAs are kept: address_space.i_mmap. */
struct i_mmap_ops {
	const char *name;
	void (*link)(struct rmap *r, struct cpu *c, struct object *o, struct vma *v);
	void (*unlink)(struct rmap *r, struct cpu *c, struct object *o, struct vma *v);
	void (*scan)(struct i_mmap_scan *s, const struct object *o);
	bool moves; /* a VMA whose place in the object changes is taken out and put in again */
	u32 (*sane)(const struct object *o); /* ASSERTs; how many VMAs there are */
};

/* Times for which locks were held, by lock. A lock that falls onto another one's place takes it. */
#define RMAP_HELD_LOCKS 64u
struct rmap_held {
	u64 va;
	struct rw_holds times;
};

struct rmap {
	struct kernel *k;
	const struct rmap_ops *anon, *file;
	const struct i_mmap_ops *i_mmap;
	void *anon_state; /* of that half */
	u64 mapped;       /* pages that somebody maps: nr_mapped with nr_anon_pages */
	struct kmem_cache *cache[NR_RMAP_OBJECTS];
	u32 object_bytes[NR_RMAP_OBJECTS]; /* with what the allocator adds */
	struct vma_layout {
		u8 start, mm, pgoff, anon_vma, anon_links, i_mmap;
	} vma;                        /* bytes from a vm_area_struct's beginning */
	u16 mm_pgd;                   /* the same of mm_struct */
	u16 i_mmap_root, i_mmap_lock; /* and of what an object is */
	const struct page_layout *page;
	bool rw_locks;         /* locks of sleeping kinds let readers be together */
	enum kernel_path path; /* of what is done now */
	struct rmap_held held[RMAP_HELD_LOCKS];
	struct rmap_stats st;
	struct rmap_object_stats object[NR_RMAP_OBJECTS];
};

/* With its pages and slabs the kernel gets a reverse mapping, if it can have one. */
void rmap_boot(struct kernel *k);
void rmap_free(struct rmap *r);
void rmap_stats_add(const struct rmap *r, struct stats *s); /* registers mm.rmap.* */
u64 rmap_mapped_pages(const struct kernel *k);
/* Whether walks are possible: not with RMAP_NONE. */
bool rmap_can_walk(const struct kernel *k, const struct page *p);

/* ---- pages; all of them do nothing without a reverse mapping ---- */

/* Before a private page, or one of an object, is mapped in a VMA of mm; false: no memory. */
bool rmap_prepare(struct mm *mm, struct cpu *c, struct vma *v);
bool rmap_prepare_object(struct mm *mm, struct cpu *c, struct vma *v);
/* The same for whatever page a child is to share. */
bool rmap_prepare_dup(struct mm *mm, struct cpu *c, struct vma *v, u64 pfn);
void rmap_add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
/* A private page that comes back from swap; exclusive: no other entry has its slot. */
void rmap_add_swapped(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive);
void rmap_add(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
/* The same in a child's address space. */
void rmap_dup(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
/* On the account of `path`. */
void rmap_remove(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path);
void rmap_moved(struct kernel *k, struct cpu *c, const struct rmap_entry *e, u64 from);
/*
 * False: the page cannot be mapped there as well, or by the one entry that is moved there, while others map
 * it: it has to be copied (rmap_anonmm.c).
 */
bool rmap_can_share(const struct kernel *k, u64 pfn, u64 va);
bool rmap_can_move(const struct kernel *k, u64 pfn, u64 va);
void rmap_copied(struct kernel *k); /* one was */
/* What is known of a page goes to the one that it was moved to: mm/migrate.c:folio_migrate_flags() and
 * mapping. */
void rmap_migrate(struct kernel *k, struct cpu *c, u64 from, u64 to);
/* The same for all pages of a large page; level tells of which size. */
bool rmap_prepare_huge(struct mm *mm, struct cpu *c, struct vma *v, u32 level);
void rmap_add_new_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_dup_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_remove_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e, enum kernel_path path);
/* A page table of mm begins to translate va, by entries of a level; or stops being one. */
void rmap_table(struct mm *mm, struct cpu *c, u64 pfn, u64 va, u32 level);
void rmap_table_gone(struct kernel *k, u64 pfn);

/* ---- VMAs ---- */

bool rmap_fork_mm(struct mm *from, struct mm *to, struct cpu *c);
void rmap_exit_mm(struct mm *mm, struct cpu *c);
void rmap_link(struct mm *mm, struct cpu *c, struct vma *v);
void rmap_unlink(struct mm *mm, struct cpu *c, struct vma *v);
bool rmap_fork_vma(struct mm *to_mm, struct cpu *c, struct vma *from, struct vma *to);
void rmap_split(struct mm *mm, struct cpu *c, struct vma *from, struct vma *to);
void rmap_merge(struct mm *mm, struct cpu *c, struct vma *keep, struct vma *gone);
bool rmap_mergeable(const struct mm *mm, const struct vma *a, const struct vma *b);
void rmap_before_change(struct mm *mm, struct cpu *c, struct vma *v);
void rmap_after_change(struct mm *mm, struct cpu *c, struct vma *v);

/* ---- walks ---- */

/* False: the scheme cannot. */
bool rmap_walk(struct rmap_walk *w);
/* After a walk that asked whether the page was referenced: page_referenced()'s end. */
void rmap_referenced_done(struct kernel *k, struct cpu *c, u64 pfn);
/* The VMA of an entry that a walk found; finding it is charged where the scheme has only the entry. */
struct vma *rmap_entry_vma(const struct rmap_walk *w, const struct rmap_entry *e);
/* All VMAs that show pages first to last of an object; false: there is no reverse mapping. */
typedef void (*rmap_vma_fn)(void *arg, struct vma *v);
bool rmap_each_vma(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last, rmap_vma_fn fn,
		   void *arg);
/* Where a VMA shows a page of that index; ~0: nowhere. mm/internal.h:vma_address() */
static inline u64 vma_address(const struct vma *v, u64 index)
{
	u64 within = index - v->pgoff;

	return within < (v->end - v->start) >> FRAME_SHIFT ? v->start + (within << FRAME_SHIFT) : ~(u64)0;
}
/* The index of the page at va: linear_page_index(). */
static inline u64 linear_page_index(const struct vma *v, u64 va)
{
	return v->pgoff + ((va - v->start) >> FRAME_SHIFT);
}

/* Pages that reverse mapping knows; NULL: it has none of that frame. */
struct page *rmap_page(const struct kernel *k, u64 pfn);
static inline bool page_is_anon(const struct page *p)
{
	return p->mapping & PAGE_MAPPING_ANON;
}

/* --check: counts, mappings and walks against all page tables. */
void rmap_check(const struct kernel *k);

#endif
