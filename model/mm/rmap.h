/*
 * Reverse mapping: from a page to the entries of page tables that map it, as each generation of Linux found
 * them. A scheme is two halves, one for private pages and one for pages of objects (files, shared memory),
 * each a file behind struct rmap_ops; kernel.rmap and kernel.rmap_file choose. Everything that maps, unmaps,
 * copies or moves an entry or a VMA tells here, whatever the scheme; what the halves keep of pages lies in
 * struct page, of VMAs in struct vma, and their objects come out of the slabs.
 *
 * A kernel without zones and slabs (kernel.placement other than buddy) and one whose pages are larger than
 * 4 KB has no reverse mapping (k->rmap is NULL), and so nothing that is mapped can be reclaimed. Not tracked:
 * the shared zero page, pages of 1 GB. For model/mm.
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

#define RMAP_STATS(X)                                                        \
	X(adds, "entries", "noted: a page was mapped")                       \
	X(removes, "entries", "forgotten: a page was unmapped")              \
	X(walks, "walks", "from a page to the entries that map it")          \
	X(vmas, "VMAs", "or, with anonmm, address spaces, visited by these") \
	X(tested, "entries", "of page tables, looked at by these")           \
	X(found, "entries", "of those, that map the page")                   \
	X(failed, "preparations", "for a page to be mapped, for which there was no memory")

struct rmap_stats {
	RMAP_STATS(STAT_FIELD)
};

/* An entry that maps a page. */
struct rmap_entry {
	struct mm *mm;
	struct vma *vma; /* NULL: the half that asks has to find it */
	u64 va, entry_pa;
	u64 pfn;
	u32 level; /* > 0: the page is a part of the large one that the entry maps */
};

struct rmap;

/*
 * A walk: entry() is called for each entry that maps the page, may take it away, and ends the walk by false.
 * It ends by itself when as many were found as the page has.
 */
struct rmap_walk {
	struct kernel *k;
	struct cpu *c;
	enum kernel_path path;
	u64 pfn;
	bool (*entry)(struct rmap_walk *w, const struct rmap_entry *e);
	void *arg;
	u32 vmas, tested, found; /* so far: struct rmap_stats */
	u32 left;                /* that the page has beyond those found */
};

/*
 * One half. Functions that it does not need are NULL. Of pages, it is called before the page's count changes:
 * mapcount is what it was.
 */
struct rmap_ops {
	const char *name;
	/* A page will be mapped in the VMA: anon_vma_prepare(), pte_chain_alloc(). False: no memory. */
	bool (*prepare)(struct rmap *r, struct cpu *c, struct vma *v);
	/* A private page that nobody has is mapped: its mapping and index are to be set. */
	void (*add_new)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	/* A page of an object, or one that others map already, is mapped once more. */
	void (*add)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	void (*remove)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
	/* The entry at `from` is now e's; its address may be another one too. */
	void (*moved)(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e, u64 from);

	/* An address space is copied, before its VMAs are; or ends, after they have gone. */
	bool (*fork_mm)(struct rmap *r, struct cpu *c, struct mm *from, struct mm *to);
	void (*exit_mm)(struct rmap *r, struct cpu *c, struct mm *mm);
	/* A VMA came, or goes; of an object for the half of objects, any for that of private pages. */
	void (*link)(struct rmap *r, struct cpu *c, struct vma *v);
	void (*unlink)(struct rmap *r, struct cpu *c, struct vma *v);
	/* `to`, which link() was called for, is a copy of `from` in a child's address space; false: no
	 * memory. */
	bool (*fork_vma)(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to);
	/* `to`, which link() was called for, was a part of `from`. */
	void (*split)(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to);
	/* `gone`, which unlink() will be called for, becomes a part of `keep`. */
	void (*merge)(struct rmap *r, struct cpu *c, struct vma *keep, struct vma *gone);
	bool (*mergeable)(const struct rmap *r, const struct vma *a, const struct vma *b);
	/* start, end or the place in the object of a VMA that was linked will change; has changed. */
	void (*before_change)(struct rmap *r, struct cpu *c, struct vma *v);
	void (*after_change)(struct rmap *r, struct cpu *c, struct vma *v);

	/* NULL: it cannot; who wants to know scans the page tables. */
	void (*walk)(struct rmap_walk *w, struct page *p);
	/* ASSERTs what it can of its own structures. */
	void (*sane)(const struct rmap *r);
	void (*free)(struct rmap *r);
};
extern const struct rmap_ops rmap_none;

struct rmap {
	struct kernel *k;
	const struct rmap_ops *anon, *file;
	void *anon_state, *file_state; /* of the halves */
	u64 mapped;                    /* pages that somebody maps: nr_mapped with nr_anon_pages */
	struct rmap_stats st;
};

/* With its pages and slabs the kernel gets a reverse mapping, if it can have one. */
void rmap_boot(struct kernel *k);
void rmap_free(struct rmap *r);
void rmap_stats_add(const struct rmap *r, struct stats *s); /* registers mm.rmap.* */
u64 rmap_mapped_pages(const struct kernel *k);
/* Whether walks are possible: not with RMAP_NONE. */
bool rmap_can_walk(const struct kernel *k, const struct page *p);

/* ---- pages; all of them do nothing without a reverse mapping ---- */

/* Before a page is mapped in a VMA of mm; false: no memory. */
bool rmap_prepare(struct mm *mm, struct cpu *c, struct vma *v);
void rmap_add_new(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_add(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
/*
 * A private page that comes back from swap. If it is not exclusive and new, halves have to note what all who
 * can still map it, because their entries have the same slot, are found by: add_new() sees it without
 * PG_EXCLUSIVE.
 */
void rmap_add_swapped(struct kernel *k, struct cpu *c, const struct rmap_entry *e, bool exclusive);
void rmap_remove(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_moved(struct kernel *k, struct cpu *c, const struct rmap_entry *e, u64 from);
/* What is known of a page goes to the one that it was moved to: mm/migrate.c:folio_migrate_flags() and
 * mapping. */
void rmap_migrate(struct kernel *k, struct cpu *c, u64 from, u64 to);
/* The same for all pages of a large page; level tells of which size. */
void rmap_add_new_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_add_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e);
void rmap_remove_huge(struct kernel *k, struct cpu *c, const struct rmap_entry *e);

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
/*
 * For halves: the walk comes to a VMA, or with v NULL to a place in an address space, where the page would be
 * mapped at va. False: the walk is over.
 */
bool rmap_visit(struct rmap_walk *w, struct mm *mm, struct vma *v, u64 va);
/* Where a VMA shows a page of that index; ~0: nowhere. mm/internal.h:vma_address() */
u64 vma_address(const struct vma *v, u64 index);
/* The index of the page at va: linear_page_index(). */
u64 linear_page_index(const struct vma *v, u64 va);

/* Pages that reverse mapping knows; NULL: it has none of that frame. */
struct page *rmap_page(const struct kernel *k, u64 pfn);
static inline bool page_is_anon(const struct page *p)
{
	return p->mapping & PAGE_MAPPING_ANON;
}

/* --check: counts, mappings and walks against all page tables. */
void rmap_check(const struct kernel *k);

#endif
