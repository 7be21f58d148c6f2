/* A page fault while it is resolved; for fault*.c. */
#ifndef MMSIM_MM_FAULT_IMPL_H
#define MMSIM_MM_FAULT_IMPL_H

#include "model/mm/page.h"
#include "model/mm/rmap.h"

struct fault {
	struct kernel *k;
	struct cpu *c;
	struct mm *mm;
	struct page_view view;
	const struct vma *vma; /* the view's */
	u64 va;                /* as the tables see it */
	u64 page;              /* as the TLB sees it */
	u64 entry_pa, entry;
	bool write;
	bool dirtied; /* a page of a shared mapping */
	bool called;  /* by a call, not by an exception */
};

/* fault.c */

/* What a call faults in beforehand: without an exception, and with the result of one. */
enum trap_result fault_populate(struct mm *mm, struct cpu *c, u64 va, bool write);
/* A device has to be asked: VM_FAULT_MAJOR, of this fault however often it is begun again. */
void fault_is_major(struct fault *f);
/* Somebody else's than a program's has been resolved. */
void fault_is_over(struct fault *f);
/* The thread waits until a cycle, and takes the fault again. */
enum trap_result fault_wait(struct fault *f, u64 until);
/* What the fault's entry would be with that frame. */
struct rmap_entry fault_this_entry(const struct fault *f, u64 pfn);
/* The entry maps the frame, accessed and, if the fault is a write, dirty. */
void fault_set_entry(struct fault *f, u64 pfn, bool write);
/* A page that is the faulting address space's own is mapped for the first time. */
void fault_map_new(struct fault *f, u64 pfn);
/* do_wp_page(): the fault's entry forbids to write, and its VMA does not. */
enum trap_result fault_write_protected(struct fault *f);

/* fault_swap.c */

/* do_swap_page(): the entry has a slot of swap. */
enum trap_result fault_swap(struct fault *f);
/* Whether the page of a private entry is this address space's alone, and may be written where it is. */
bool fault_is_sole(struct fault *f, u64 pfn);

#endif
