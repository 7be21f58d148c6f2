/*
 * Kernel memory that is contiguous in addresses only: vmalloc, and mappings of given pages (vmap) and of
 * device memory (ioremap) in the same range of addresses. Everything is mapped by the smallest pages; what
 * that costs in TLB entries emerges.
 *
 * Addresses: the lowest hole that is large enough, with a page left free behind each mapping (first fit along
 * vmlist until 2.6.27, the lowest free range of a tree since). May sleep, in every form.
 *
 * The beginning of a mapping flushes nothing, but for ioremap() until 2.6.19 and vmalloc() of 2.4.0, which
 * flush everything. Its end: until 2.6.27 all TLBs of all hardware threads are flushed before vfree()
 * returns. Since 2.6.28 the addresses are only put aside, and flushed once for all when 32 MB x fls(cpus) of
 * them wait, or no hole is left (mm/vmalloc.c:__purge_vmap_area_lazy()); pages go back at once.
 *
 * Not modelled: large pages (since 5.13 where asked for), blocks of vm_map_ram(), pools of 6.9 by CPU, the
 * worker that purges since 5.14 (the caller does), loads of device memory. For model/mm.
 */
#ifndef MMSIM_MM_VMALLOC_H
#define MMSIM_MM_VMALLOC_H

#include "model/mm/mm.h"

#define VMALLOC_STATS(X)                                                          \
	X(maps, "mappings", "made: vmalloc, vmap, ioremap")                       \
	X(unmaps, "mappings", "ended")                                            \
	X(pages, "pages", "mapped")                                               \
	X(looked_at, "areas", "or steps down the tree, in the search for a hole") \
	X(flushes, "flushes", "of all CPUs' TLBs for it")                         \
	X(purges, "purges", "of addresses put aside")                             \
	X(failed, "mappings", "for which there were no addresses or no memory")   \
	X(lazy, "pages", "of addresses that are put aside now")

struct vmalloc_stats {
	VMALLOC_STATS(STAT_FIELD)
};

struct vmap_area {
	u64 start, end; /* the guard page included */
	u64 mapped;     /* bytes from start on */
	u64 *pfn;       /* vmalloc()'s pages; NULL: they are another's */
	bool lazy;      /* unmapped, and waits for a flush */
	/* Kernel addresses of its objects, 0: none. */
	u64 object; /* that a search for a hole reads: struct vmap_area, until 2.6.27 struct vm_struct */
	u64 vm;     /* struct vm_struct, since then */
	u64 array;  /* of pointers to vmalloc()'s pages, since 2.5 */
};

struct vmalloc {
	struct kernel *k;
	struct vmap_area *area; /* by address */
	u32 n, cap;
	struct spinlock lock;
	struct vmalloc_stats st;
};

/* The kernel must have its tables. */
struct vmalloc *vmalloc_new(struct kernel *k);
void vmalloc_free(struct vmalloc *v);
void vmalloc_stats_add(const struct vmalloc *v, struct stats *s); /* registers mm.vmalloc.* */
void vmalloc_sane(const struct vmalloc *v);

/* Kernel addresses; 0: no memory or no addresses. bytes are made whole pages. */
u64 vmalloc(struct kernel *k, struct cpu *c, u64 bytes);
/* n pages, by the numbers of their first frames, in that order. */
u64 vmap(struct kernel *k, struct cpu *c, const u64 *pfn, u64 n);
/* Of physical memory, or beyond it; aligned as its size asks for, as VM_IOREMAP is. */
u64 ioremap(struct kernel *k, struct cpu *c, u64 pa, u64 bytes);
/* The end of any of them, at the address that it began at; vmalloc()'s pages are freed. */
void vfree(struct kernel *k, struct cpu *c, u64 va);
/* The flush that waits: vm_unmap_aliases(). */
void vmalloc_purge(struct kernel *k, struct cpu *c);
/* --check: TLBs may hold what was mapped there until the next purge. */
bool vmalloc_is_lazy(const struct vmalloc *v, u64 va);
/* Calls fn for the first frame of each page that vmalloc() has. */
typedef void (*vmalloc_fn)(void *arg, u64 pfn);
void vmalloc_each_page(const struct vmalloc *v, vmalloc_fn fn, void *arg);

#endif
