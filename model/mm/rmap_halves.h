/*
 * The halves of reverse mapping, which ones a scheme has, and what they have in common: charging on the path
 * that is at work, objects out of the slabs. For rmap*.c.
 */
#ifndef MMSIM_MM_RMAP_HALVES_H
#define MMSIM_MM_RMAP_HALVES_H

#include "model/mm/page_layout.h"
#include "model/mm/rmap.h"
#include "model/mm/rmap_lock.h"

extern const struct rmap_ops rmap_pte_chain;                     /* both halves */
extern const struct rmap_ops rmap_objrmap;                       /* of objects: by i_mmap */
extern const struct rmap_ops rmap_objrmap_chain;                 /* the same beside pte_chains */
extern const struct rmap_ops rmap_anonmm, rmap_anon_vma, rmap_anon_vma_chain; /* of private pages */
extern const struct i_mmap_ops i_mmap_list, i_mmap_prio_tree, i_mmap_interval_tree;

const struct rmap_ops *rmap_anon_half(enum rmap_scheme scheme);
const struct rmap_ops *rmap_file_half(enum rmap_scheme scheme);
const struct i_mmap_ops *rmap_i_mmap(enum rmap_file file);

/* The place of fields in vm_area_struct, mm_struct and an object; rmap_layout.c */
void rmap_set_layout(struct rmap *r);

/* Where objects of a kind come from is known from then on; false: no memory for the cache. */
bool rmap_object_cache(struct rmap *r, enum rmap_object what);
/* An object's address; 0: no memory. */
u64 rmap_object_new(struct rmap *r, struct cpu *c, enum rmap_object what);
void rmap_object_free(struct rmap *r, struct cpu *c, enum rmap_object what, u64 va);
/* The same where nobody can fail: 0 is counted as unbacked. */
u64 rmap_object_need(struct rmap *r, struct cpu *c, enum rmap_object what);

/* A step on the path that is at work, its instructions and atomics so many times, its text once. */
static inline void rmap_step(const struct rmap *r, struct cpu *c, enum kernel_step s, u32 times)
{
	const struct step_text *t = &r->k->charger.step[s];

	if (!r->k->charger.on || !c || !times)
		return;
	c->ops->execute(c, r->path, t->va, t->bytes, (u64)t->instructions * times);
	if (t->stall)
		c->ops->spend(c, r->path, (u64)t->stall * times);
}

/* Accesses of what lies there; 0: nowhere. */
static inline void rmap_load(const struct rmap *r, struct cpu *c, u64 va, u32 bytes)
{
	if (va)
		charge_load(&r->k->charger, c, r->path, va, bytes);
}

static inline void rmap_store(const struct rmap *r, struct cpu *c, u64 va, u32 bytes)
{
	if (va)
		charge_store(&r->k->charger, c, r->path, va, bytes);
}

/* A field of a VMA, which may have no address yet. */
static inline void rmap_load_vma(const struct rmap *r, struct cpu *c, const struct vma *v, u32 offset,
				 u32 bytes)
{
	if (v->va)
		charge_load(&r->k->charger, c, r->path, v->va + offset, bytes);
}

static inline void rmap_store_vma(const struct rmap *r, struct cpu *c, const struct vma *v, u32 offset,
				  u32 bytes)
{
	if (v->va)
		charge_store(&r->k->charger, c, r->path, v->va + offset, bytes);
}

/* vm_start, vm_end and vm_pgoff: what tells whether a VMA shows a page. */
static inline void rmap_load_range(const struct rmap *r, struct cpu *c, const struct vma *v)
{
	u32 word = r->k->layout.word;

	rmap_load_vma(r, c, v, r->vma.start, 2 * word);
	rmap_load_vma(r, c, v, r->vma.pgoff, word);
}

/* address_space.i_mmap, and its lock; 0: the object has no address. */
static inline u64 rmap_i_mmap_va(const struct rmap *r, const struct object *o)
{
	return o->inode ? o->inode + r->i_mmap_root : 0;
}

static inline u64 rmap_i_mmap_lock_va(const struct rmap *r, const struct object *o)
{
	return o->inode ? o->inode + r->i_mmap_lock : 0;
}

/* One entry more, or less, of a page that has a count alone. */
void rmap_count(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
void rmap_uncount(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e);
/* ptep_to_paddr(), before anything is known of the page. */
void rmap_chain_address(struct rmap *r, struct cpu *c);
/* What a page's first entry, and each that goes, takes more while the count has a lock. */
void rmap_page_lock(struct rmap *r, struct cpu *c);

/* Insertion into an interval tree, or removal: nodes from n up to the root, which touch() charges. */
void rmap_touch_path(struct rmap *r, struct cpu *c, const struct interval_node *n,
		     void (*touch)(const struct rmap *r, struct cpu *c, const struct interval_node *n));

/* ---- walks ---- */

/*
 * The walk comes to a VMA that should show the page at va, or with v NULL to a place in an address space; ~0:
 * it does not show it. False: the walk is over.
 */
bool rmap_visit(struct rmap_walk *w, struct mm *mm, struct vma *v, u64 va);
/* An entry that the page has; the same. */
bool rmap_found(struct rmap_walk *w, const struct rmap_entry *e);

#endif
