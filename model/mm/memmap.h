/*
 * mem_map: what is known of each page of physical memory, its struct page. Page numbers (pfn) here and in the
 * page allocator count the kernel's own pages, 4 KB or the granule of the format; frame.h translates.
 *
 * Host memory exists for the chunks of PAGE_CHUNK pages of which somebody uses a part. A chunk that is free,
 * or allocated, as one block has only the struct page of its head, in an array of all heads; chunk[] points
 * there. So page_of() works for the head of a chunk always, for its other pages once it is populated. Who
 * splits a block of a chunk's size, or looks at single pages of one, populates it first; who puts one
 * together depopulates it. Both move the struct pages: pointers into that chunk do not outlive them. For
 * model/mm.
 */
#ifndef MMSIM_MM_MEMMAP_H
#define MMSIM_MM_MEMMAP_H

#include "model/base/types.h"

#define PAGE_CHUNK_SHIFT 10u
#define PAGE_CHUNK       (1u << PAGE_CHUNK_SHIFT)
#define NO_PAGE          (~0u)

/* struct page.state */
enum page_state {
	PAGE_UNUSED,    /* inside a block, or never used */
	PAGE_BUDDY,     /* head of a free block in a free list: order, type, links */
	PAGE_PCP,       /* head of a block in a per-CPU list: order, type, links */
	PAGE_ALLOCATED, /* head of an allocated block: order, refs */
	PAGE_RESERVED,  /* boot memory: never the allocator's */
	PAGE_ISOLATED,  /* taken out of the free lists by compaction */
};

/* Bits of struct page.flags. */
#define PAGE_SLAB       1u /* private: the slab's index */
#define PAGE_TABLE      2u /* a page table */
#define PAGE_MOVABLE    4u /* user memory that compaction may move: private: who owns it */
#define PAGE_HIGHATOMIC 8u
#define PAGE_FRAME      32u /* in use by frame.h's users, with a count of references */
#define PAGE_TAIL       16u /* of a compound block that is used as one */
#define PAGE_LARGE      64u /* stands in the LRU lists for all pages of its block: folio_test_large() */

/* struct page.mapping: private memory; otherwise it is an object's. include/linux/page-flags.h */
#define PAGE_MAPPING_ANON 1u

/* Bits of struct page.marks: include/linux/page-flags.h */
#define PG_REFERENCED  1u
#define PG_ACTIVE      2u
#define PG_LRU         4u /* in a list of lru.h, by prev and next */
#define PG_BATCHED     8u /* on its way there */
#define PG_DIRTY       16u
#define PG_WRITEBACK   32u /* until `ready` */
#define PG_LOCKED      64u /* being read, until `ready` */
#define PG_UNEVICTABLE 128u
#define PG_SWAPBACKED  256u /* of private or shared anonymous memory */
#define PG_WORKINGSET  512u
#define PG_RECLAIM     1024u /* to be freed when its write-back ends */
#define PG_READAHEAD   2048u /* using it asks for more */
#define PG_GEN_SHIFT   13u   /* the bits from here on: the generation's slot + 1, lru_gen.h */
#define PG_EXCLUSIVE   4096u /* nobody else can have it: PageAnonExclusive() */

struct page {
	u32 prev, next; /* pfns of a list's neighbours, NO_PAGE: none */
	u32 refs;
	u8 state; /* enum page_state */
	u8 order;
	u8 type; /* of the list that it is in: enum migratetype */
	u8 flags;
	u64 private;
	/* Of a page that is mapped, or that a file or swap has: */
	u64 mapping; /* what rmap.h finds its mappings by, PAGE_MAPPING_ANON in its last bit; 0: nobody has it
		      */
	u64 index;   /* in pages: of the object, or of the address in its first mapping: page->index */
	u64 rmap;    /* pte_chain.c: the entry that maps it, or the chain of those that do */
	u64 swap;    /* its slot + 1, 0: it is not in the swap cache */
	u64 ready;   /* cycle at which the transfer that it waits for is over, 0: none */
	u32 mapcount; /* entries that map it */
	u16 marks;    /* PG_* */
	u16 group;    /* whose limit it is charged to, 0: the root's */
};

struct memmap {
	u64 pages;           /* of the machine, from pfn 0 on */
	u32 shift;           /* of the size of a page */
	struct page **chunk; /* of each: its pages, or its head alone */
	struct page *head;
	u64 va;             /* of the struct page of pfn 0, in the kernel's address space */
	u32 bytes;          /* of a struct page, era_page_bytes() */
	u64 chunks;         /* that are populated now */
	struct page *spare; /* one chunk's memory, kept: a block at the border is split and merged often */
};

void memmap_init(struct memmap *m, u64 bytes, u32 shift, u64 va, u32 page_bytes);
void memmap_fini(struct memmap *m);
/* The chunk of a page gets all its struct pages; or loses them: all but the head must be PAGE_UNUSED. */
void memmap_populate(struct memmap *m, u64 pfn);
void memmap_depopulate(struct memmap *m, u64 pfn);

/* Whether page_of() may be asked for any page of the chunk, not only for its head. */
static inline bool memmap_has(const struct memmap *m, u64 pfn)
{
	u64 i = pfn >> PAGE_CHUNK_SHIFT;

	return pfn < m->pages && m->chunk[i] != &m->head[i];
}

static inline struct page *page_of(const struct memmap *m, u64 pfn)
{
	return &m->chunk[pfn >> PAGE_CHUNK_SHIFT][pfn % PAGE_CHUNK];
}

/* Where the kernel has its struct page. */
static inline u64 page_struct_va(const struct memmap *m, u64 pfn)
{
	return m->va + pfn * m->bytes;
}

#endif
