/*
 * The naive twin of the kernel's address spaces: a dictionary of pages. No VMAs, no tables, no TLB: each page
 * says whether it is mapped, with which rights, to which page of which object, and which frame it has. What
 * the kernel does by ranges is done here page by page.
 */
#ifndef MMSIM_TESTS_REF_MM_H
#define MMSIM_TESTS_REF_MM_H

#include "model/mm/kernel.h"

#define REF_PAGES     640u /* of the space in which everything happens */
#define REF_MMS       6u
#define REF_OBJECTS   1024u
#define REF_OBJ_PAGES 2048u
#define REF_FRAMES    65536u
#define REF_NAMED     8u /* objects 1..7 have that id, the others have none */

enum ref_writable { REF_NO, REF_YES, REF_MAYBE }; /* maybe: a fork failed half way */

struct ref_page {
	bool mapped;
	bool anon; /* its VMA has had private pages */
	u32 flags;
	u32 object; /* 0: none */
	u32 index; /* in the object; of private memory: its own page number until it is moved with pages in it
		    */
	s32 frame; /* -1: none */
	enum ref_writable writable;
};

struct ref_space {
	bool used;
	struct ref_page page[REF_PAGES];
	u32 brk;
};

struct ref_object {
	bool used, anon;
	s32 frame[REF_OBJ_PAGES];
};

struct ref_mm {
	struct ref_space space[REF_MMS];
	struct ref_object object[REF_OBJECTS];
	u32 refs[REF_FRAMES]; /* frame 0 is the shared zero page */
	u32 live;             /* frames in use */
	u32 stack_pages;      /* limit of a stack */
	u64 first_vpn;        /* page 0 of the space is that one of the machine */
	u32 around;           /* pages of a fault-around */
	bool zero_page;
};

enum ref_outcome { REF_HIT, REF_SEGV, REF_ZERO, REF_ZERO_PAGE, REF_COW, REF_REUSE, REF_FILE };

struct ref_mm *ref_mm_new(u32 stack_pages, bool zero_page, u64 first_vpn, u32 around);
/* Pages are numbers; e is exclusive. */
void ref_mmap(struct ref_mm *t, u32 m, u32 s, u32 e, u32 flags, u32 object, u32 index);
void ref_munmap(struct ref_mm *t, u32 m, u32 s, u32 e);
bool ref_mprotect(struct ref_mm *t, u32 m, u32 s, u32 e, u32 rights); /* false: there was a hole */
void ref_madvise(struct ref_mm *t, u32 m, u32 s, u32 e, u32 advice);
void ref_brk(struct ref_mm *t, u32 m, u32 s, u32 e);
/* no_memory: the kernel said so, and so did nothing after making room. False: it must have refused. */
bool ref_mremap(struct ref_mm *t, u32 m, u32 fs, u32 fe, u32 ts, u32 te, bool no_memory);
void ref_fork(struct ref_mm *t, u32 from, u32 to);
void ref_fork_failed(struct ref_mm *t, u32 from);
void ref_exit(struct ref_mm *t, u32 m);
/*
 * trapped tells what happened where the twin cannot know (REF_MAYBE); frames, how many there are beside the
 * tables.
 */
enum ref_outcome ref_touch(struct ref_mm *t, u32 m, u32 page, enum access_kind access, bool trapped,
			   u32 frames);
/* The kernel had no frame for this access; data_frames: how many frames it uses that are not tables. */
void ref_touch_failed(struct ref_mm *t, u32 m, u32 page, enum access_kind access, u32 data_frames);

#endif
