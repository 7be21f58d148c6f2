/*
 * A page allocator for tests of what stands on it: a bitmap, next fit, halves of memory as nodes, failing
 * when told to. Two of them that are asked for the same give the same pages. And a hardware thread that
 * counts what it is charged and remembers the lines.
 */
#ifndef MMSIM_TESTS_REF_PAGES_H
#define MMSIM_TESTS_REF_PAGES_H

#include "model/base/rng.h"
#include "model/mm/slab_impl.h"

struct ref_pages {
	struct page_alloc pa;
	struct charger charger;
	u8 *used; /* a page's block: order + 1 at its head, 255 in its tail */
	u64 in_use, calls, cursor;
	u32 fail_one_in; /* 0: fails only when nothing fits */
	struct rng rng;
};
extern const struct slab_pages ref_pages_ops;

void ref_pages_init(struct ref_pages *p, const struct page_alloc_cfg *cfg);
void ref_pages_fini(struct ref_pages *p);
/* Another that goes on like this one, without struct pages. */
void ref_pages_copy(struct ref_pages *to, const struct ref_pages *from);
u64 ref_pages_get(struct ref_pages *p, u32 nid, u32 gfp, u32 order);
void ref_pages_put(struct ref_pages *p, u64 pfn, u32 order);
u32 ref_pages_node(const struct ref_pages *p, u64 pfn);

#define REF_LINES 4096u

struct ref_slab_cpu {
	struct cpu cpu;
	u64 instructions[NR_KERNEL_PATHS], loads, stores, now;
	u64 line[REF_LINES]; /* that were touched, in order, each time */
	u32 n_lines;
};
void ref_slab_cpu_init(struct ref_slab_cpu *c, u32 id, u32 nid);
bool ref_slab_cpu_touched(const struct ref_slab_cpu *c, u64 va);

#endif
