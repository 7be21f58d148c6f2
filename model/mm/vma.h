/*
 * The VMAs of an address space: disjoint, sorted, neighbours that could be one are one. A sorted array of
 * pointers with a last-hit cache: a VMA keeps its host address while others come and go.
 *
 * Not modelled: what the era's own search structure (list, red-black tree, maple tree) costs. For model/mm.
 */
#ifndef MMSIM_MM_VMA_H
#define MMSIM_MM_VMA_H

#include "model/arch/addr.h"
#include "model/mm/interval_tree.h"
#include "model/mm/object.h"
#include "model/mm/prio_tree.h"

struct mm;
struct vma;
struct anon_vma;
struct anon_vma_chain;

struct vma_links {
	struct vma *next, *prev;
};

/* rmap_prio_tree.c: of VMAs with the same pages of an object one is in the tree, and has the others in a
 * list. */
struct vma_prio {
	struct vma_links links; /* in that */
	struct vma *first, *last;
	struct vma *in_tree;
	struct prio_node node;
};

/* What a reverse mapping has of a VMA; rmap.h. */
struct vma_rmap {
	union {
		struct vma_links list;         /* rmap_anon_vma.c */
		struct anon_vma_chain *newest; /* rmap_anon_vma_chain.c */
	} anon;
	union {
		struct vma_links list;         /* rmap_objrmap.c */
		struct vma_prio prio;          /* rmap_prio_tree.c */
		struct interval_node interval; /* rmap_interval_tree.c */
	} file;                                /* in its object's structure of mappings */
	struct anon_vma *anon_vma;
};

/* vma->swap_readahead_info: page of the last fault for a page in swap; pages read then; hits since. */
struct vma_swap {
	u64 vpn;
	u8 window, hits;
};

/* What a walk of reverse mapping needs lies in one line of the host's. */
struct vma {
	u64 start, end; /* whole pages, end exclusive */
	u64 pgoff;      /* vm_pgoff, what a page's index counts from: of start in the object; without one
			   start's own page number until it is moved */
	struct mm *mm;  /* that it was linked in */
	u64 va;         /* of its vm_area_struct, 0: none yet; vma_object.h */
	struct vma_rmap rmap;
	struct object *object; /* NULL: private anonymous; else one user of it */
	u64 offset;            /* of start in the object; 0 without */
	struct hold read;      /* the last faults in it; mmap_lock.h */
	u32 flags;             /* MM_* of kernel.h */
	bool anon; /* has had private pages, as Linux's vma->anon_vma tells; fork copies their PTEs */
	struct vma_swap swap;
};

struct vma_set {
	struct mm *mm; /* NULL: nobody follows its changes */
	struct vma **v;
	u32 n, cap;
	u32 last; /* index found last */
	/* For vma_object.h: some have no object yet; and the objects of those that are gone. */
	bool fresh;
	u64 *gone;
	u32 n_gone, cap_gone;
};

void vma_set_fini(struct vma_set *s, struct cpu *c);
/* Index of the first VMA that ends above va; s->n if there is none. */
u32 vma_index(struct vma_set *s, u64 va);
struct vma *vma_find(struct vma_set *s, u64 va); /* the one that contains va, or NULL */
/* True if one of them overlaps start..end. */
bool vma_overlaps(struct vma_set *s, u64 start, u64 end);
/*
 * A copy of *like, in a free range. Takes a user of like->object. Merges with equal neighbours; or stands
 * alone, as fork's copies do, is returned, and reverse mapping is still to be told (rmap_fork_vma()).
 */
void vma_insert(struct vma_set *s, struct cpu *c, const struct vma *like);
struct vma *vma_copy(struct vma_set *s, const struct vma *like);
/* Makes start and end boundaries, so that what lies between can be changed as whole VMAs. */
void vma_isolate(struct vma_set *s, struct cpu *c, u64 start, u64 end);
/* A new beginning or end, in free room. */
void vma_resize(struct vma_set *s, struct cpu *c, struct vma *v, u64 start, u64 end);
/* Takes start..end away from all of them; gives users of objects back. */
void vma_remove(struct vma_set *s, struct cpu *c, u64 start, u64 end);
/* What lies in start..end goes to addresses that are higher by delta (modulo 2^64) and free. */
void vma_move(struct vma_set *s, struct cpu *c, u64 start, u64 end, u64 delta);
/* Merges equal neighbours that meet in start..end, both included. */
void vma_merge(struct vma_set *s, struct cpu *c, u64 start, u64 end);
/* Byte of the object at va. */
static inline u64 vma_offset(const struct vma *v, u64 va)
{
	return v->object ? v->offset + (va - v->start) : 0;
}
/* ASSERTs order, disjointness, alignment, and without a reverse mapping that everything is merged. */
void vma_sane(const struct vma_set *s);

#endif
