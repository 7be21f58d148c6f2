/*
 * The ladder: where allocations and frees were served, and what each level cost in cycles, lines, misses and
 * in what the program lost of caches and TLBs. Whoever serves a request opens a scope at its beginning and
 * closes it when it knows the level; scopes nest (a new slab holds the pages that it took), and each counts
 * all that happened inside.
 *
 * Nothing is measured where kernel code costs nothing (kernel.charge = no), or where there is no cpu.
 * For the allocators of model/mm; read by the procfs files and plots.
 */
#ifndef MMSIM_MM_LADDER_H
#define MMSIM_MM_LADDER_H

#include "model/arch/cpu.h"
#include "model/base/hist.h"
#include "model/sim/stat.h"

/* X(id, name, "what") */
#define LADDER_KINDS(X)                                                                                  \
	X(PAGE_PCP, "page.pcp", "pages from a per-CPU list that had one")                                \
	X(PAGE_REFILL, "page.refill", "pages from a per-CPU list after a refill")                        \
	X(PAGE_BUDDY, "page.buddy", "pages straight from the buddy")                                     \
	X(PAGE_SLOW, "page.slow", "pages after the first pass over the zones")                           \
	X(PAGE_FAILED, "page.failed", "requests for pages that got none")                                \
	X(FREE_PCP, "page_free.pcp", "pages freed to a per-CPU list")                                    \
	X(FREE_DRAIN, "page_free.drain", "the same, when the list had to give pages back")               \
	X(FREE_BUDDY, "page_free.buddy", "pages freed straight to the buddy")                            \
	X(OBJECT_CPU, "object.cpu", "objects from the CPU's array or freelist")                          \
	X(OBJECT_SHARED, "object.shared", "objects after a refill from shared or per-CPU partial slabs") \
	X(OBJECT_NODE, "object.node", "objects after a refill from the node's slabs")                    \
	X(OBJECT_GROW, "object.grow", "objects of a new slab, its pages included")                       \
	X(OBJECT_FAILED, "object.failed", "requests for objects that got none")                          \
	X(OBJECT_FREE_CPU, "object_free.cpu", "objects freed to the CPU's array or slab")                \
	X(OBJECT_FREE_SLOW, "object_free.slow", "objects freed past it, to shared arrays or slabs")      \
	X(OBJECT_FREE_SLAB, "object_free.slab", "objects whose slab's pages went back")                  \
	X(VMALLOC, "vmalloc.alloc", "vmalloc, its pages included")                                       \
	X(VFREE, "vmalloc.free", "vfree, its pages included")                                            \
	X(FAULT_PAGE, "fault.page", "handle_mm_fault() that maps a new anonymous page")                  \
	X(FAULT_REFILL, "fault.refill", "the same, when its page came after a refill")                   \
	X(FAULT_TABLE, "fault.table", "the same without one, with a page table more")                    \
	X(FAULT_TABLES, "fault.tables", "the same, with more than one")                                  \
	X(SHOOTDOWN, "shootdown", "flushes that ask others, from the first request to the last answer") \
	X(IPI_SEND, "ipi.send", "of these: writing requests and sending interrupts")                    \
	X(IPI_DELIVER, "ipi.deliver", "each interrupt, from its sending until it is taken")             \
	X(IPI_HANDLE, "ipi.handle", "the same, from its entry to its return")                           \
	X(IPI_ACK, "ipi.ack", "from the last answer written until it is seen")

enum ladder_kind {
#define X(id, name, help) LADDER_##id,
	LADDER_KINDS(X)
#undef X
		NR_LADDER_KINDS,
};
extern const char *const ladder_kind_name[NR_LADDER_KINDS];

/* What one level has cost, added up; KERNEL_TALLY follows the first two. */
struct ladder_row {
	u64 count;
	struct kernel_tally sum;
	struct hist cycles; /* of each */
};

/* One a kernel. */
struct ladder {
	bool on;
	struct ladder_row row[NR_LADDER_KINDS];
};

struct ladder *ladder_new(bool on);
void ladder_free(struct ladder *l);
void ladder_stats(const struct ladder *l, struct stats *s); /* mm.ladder.<kind>.{count,cycles,lines,...} */

static inline const struct hist *ladder_hist(const struct ladder *l, enum ladder_kind kind)
{
	return &l->row[kind].cycles;
}

/* A request under way. */
struct ladder_scope {
	struct cpu *c; /* NULL: not measured */
	struct kernel_tally begin;
};

/* l NULL: there is no ladder. */
static inline bool ladder_is_on(const struct ladder *l, const struct cpu *c)
{
	return l && l->on && c;
}

static inline void ladder_begin(const struct ladder *l, struct cpu *c, struct ladder_scope *s)
{
	s->c = ladder_is_on(l, c) ? c : NULL;
	if (s->c)
		c->ops->tally(c, &s->begin);
}

void ladder_add(struct ladder *l, const struct ladder_scope *s, enum ladder_kind kind);

/* One whose cycles alone are known. */
void ladder_note(struct ladder *l, enum ladder_kind kind, u64 cycles);

/* A scope that is not ended is not counted. */
static inline void ladder_end(struct ladder *l, const struct ladder_scope *s, enum ladder_kind kind)
{
	if (s->c)
		ladder_add(l, s, kind);
}

#endif
