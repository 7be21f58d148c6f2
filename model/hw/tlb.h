/*
 * One level of TLB: an array for each page size or one for several, entries tagged with address space and
 * size. Holds what a translation grants, so that a hit needs no look at the page table.
 *
 * A global translation is every space's, and survives the flush of a space. A page whose size has no array is
 * held in pieces of the next smaller size that has one; all of them go when any address of the page is
 * flushed, as INVLPG does it (Intel SDM volume 3, 4.10.4.1).
 *
 * Not modelled: TLBs that only stores use. Called by the core's translation; flushed through the cpu ops of
 * arch/cpu.h.
 */
#ifndef MMSIM_HW_TLB_H
#define MMSIM_HW_TLB_H

#include "model/arch/cpu.h"
#include "model/arch/pt.h"
#include "model/hw/hot.h"
#include "model/hw/tags.h"
#include "model/hw/tlb_cfg.h"
#include "model/sim/stat.h"

#define TLB_STATS(X)                                                                                         \
	X(lookups, "lookups", "itlb: an instruction and page; dtlb: an access and page; stlb: a miss above") \
	X(misses, "lookups", "of those, without a translation")                                              \
	X(kernel_lookups, "lookups", "the kernel's, a page at a time, beside lookups")                       \
	X(kernel_misses, "lookups", "of those, without a translation")                                       \
	X(prefetcher_lookups, "lookups", "for prefetchers of lines that cross pages, beside lookups")        \
	X(prefetcher_misses, "lookups", "of those, without a translation")                                   \
	X(evictions, "entries", "translations replaced by others")                                           \
	X(kernel_evictions, "entries", "of those, the program's, replaced by the kernel's")                  \
	X(flushed, "entries", "translations that the kernel dropped")

struct tlb_stats {
	TLB_STATS(STAT_FIELD)
};

/* Who looks up, which decides the counters that move. */
enum tlb_asker { TLB_PROGRAM, TLB_KERNEL, TLB_PREFETCHER };

/* What becomes of prefetched translations (tlb_prefetch.h), where there is a prefetcher. */
#define TLB_PREFETCHED_STATS(X)                                        \
	X(prefetch_useful, "entries", "prefetched, and used")          \
	X(prefetch_useless, "entries", "prefetched, and lost unused")

struct tlb_prefetched_stats {
	TLB_PREFETCHED_STATS(STAT_FIELD)
};

/* A translation: page address | size of the page that it is, or is a piece of | PTE_* flags of arch/pt.h. */
#define TLB_FLAGS      0xfffull
#define TLB_PAGE_SHIFT 9u
#define TLB_PAGE       (7ull << TLB_PAGE_SHIFT)
#define TLB_PREFETCHED (1ull << 8) /* and not used since; the walk's PTE_CONTIG is said by the size */

/*
 * The address space of global translations; no other may have the number. The kernel's are of them, without
 * PTE_USER, and are looked for by the kernel alone.
 */
#define TLB_GLOBAL KERNEL_ASID

struct tlb_array {
	struct tags tags;
	u64 *entry; /* by id */
	u32 fold;   /* page number bits from here on are XORed into the set index; 63: none */
	bool hot; /* a hit moves nothing but a time: its pages may be in the shortcut */
};

struct tlb {
	struct tlb_array array[NR_PAGE_SIZES + 1];
	u32 n_arrays;
	u8 which[NR_PAGE_SIZES]; /* array of a page size, TLB_NO_ARRAY: none */
	u8 held[NR_PAGE_SIZES];  /* size in which pages of a size are held, NR_PAGE_SIZES: not at all */
	/*
	 * Page sizes ever held, a bit each, and from bit NR_PAGE_SIZES on those of global pages: only these
	 * are looked for. And TLB_HASHED, if some array's sets are hashed.
	 */
	u32 sizes;
	u32 kernel_sizes;                            /* of the kernel's pages, a bit each */
	bool pieces;                                 /* some entry of a program ever was less than its page */
	u64 kernel_pieces_start, kernel_pieces_last; /* kernel addresses where some was; start > last: none */
	struct hot_lines *hot; /* of the cache beside a first level */
	u64 latency;
	struct tlb_stats st;
	struct tlb_prefetched_stats prefetched;
};
#define TLB_NO_ARRAY 0xff
#define TLB_HASHED   (1u << 31)
#define TLB_OWN_SIZES ((1u << NR_PAGE_SIZES) - 1)

void tlb_init(struct tlb *t, const struct tlb_cfg *cfg, const char *name, u64 hz, u64 seed);
/* A first level tells the shortcut of the cache beside it which pages are gone; the clock is the core's. */
void tlb_add_hot(struct tlb *t, struct hot_lines *hot, u64 *clock);
void tlb_fini(struct tlb *t);
void tlb_stats_add(const struct tlb *t, struct stats *s, const char *prefix);
void tlb_prefetched_stats_add(const struct tlb *t, struct stats *s, const char *prefix);
void tlb_sane(const struct tlb *t);
/* Registers what a checkpoint holds. */
void tlb_state(struct tlb *t, struct state *s, const char *owner);
/* --check: calls fn for each translation held: its first address, its address space, bytes and entry. */
typedef void (*tlb_fn)(void *arg, u64 va, u16 asid, u64 bytes, u64 entry);
void tlb_each(const struct tlb *t, tlb_fn fn, void *arg);

/* Puts a translation in, or replaces what the entry for the page grants. */
void tlb_fill(struct tlb *t, u64 va, u16 asid, enum page_size size, u64 entry);
/* The same for a page of the kernel's. */
void tlb_fill_kernel(struct tlb *t, u64 va, enum page_size size, u64 entry);
/* Drops translations of [start, end) of an address space, and global ones. */
void tlb_flush_range(struct tlb *t, u16 asid, u64 start, u64 end);
void tlb_flush_asid(struct tlb *t, u16 asid); /* global ones stay */
void tlb_flush_all(struct tlb *t);
void tlb_flush_kernel_range(struct tlb *t, u64 start, u64 end);

static always_inline u32 tlb_shift(u32 size)
{
	return size == PAGE_4K ? FRAME_SHIFT : page_size_shift[size];
}

/* 45 bits of page number, 16 of address space, 3 of size. */
static always_inline u64 tlb_key(u64 va, u16 asid, u32 size)
{
	return (va >> tlb_shift(size)) << 19 | (u64)asid << 3 | size;
}

static always_inline u32 tlb_set(const struct tlb_array *a, u64 va, u32 size)
{
	u64 page = va >> tlb_shift(size);

	return (u32)(page ^ page >> a->fold) & (a->tags.sets - 1);
}

static inline u64 tlb_entry(u64 pa, enum page_size page, u32 flags)
{
	return pa | (u64)page << TLB_PAGE_SHIFT | (flags & ~PTE_CONTIG);
}

static inline enum page_size tlb_page(u64 entry)
{
	return (enum page_size)((entry & TLB_PAGE) >> TLB_PAGE_SHIFT);
}

struct tlb_hit {
	u64 *entry; /* NULL: a miss */
	struct tlb_array *array;
	u32 id;
	u32 size; /* enum page_size */
};

static always_inline bool tlb_writes_freely(u64 entry)
{
	return (entry & (PTE_WRITE | PTE_DIRTY)) == (PTE_WRITE | PTE_DIRTY);
}

/* Without a walk: for a write the dirty bit has to be set already. */
static always_inline bool tlb_grants(u64 entry, enum access_kind access)
{
	if (access == ACCESS_WRITE)
		return tlb_writes_freely(entry);
	return access == ACCESS_READ || (entry & PTE_EXEC);
}

static always_inline u64 tlb_pa(const struct tlb_hit *h, u64 va)
{
	u64 in_page = (1ull << tlb_shift(h->size)) - 1;

	return ((*h->entry & ~TLB_FLAGS) & ~in_page) | (va & in_page);
}

/* Looks for a page of one size in a set, and makes it the newest there. */
static always_inline bool tlb_lookup_size(struct tlb_array *a, u32 set, struct tlb_hit *h, u64 va, u16 asid,
					  u32 size)
{
	h->id = tags_use(&a->tags, set, tlb_key(va, asid, size));
	if (h->id == TAG_MISS)
		return false;
	h->size = size;
	h->array = a;
	h->entry = &a->entry[h->id];
	return true;
}

/* The translation of va, made the newest of its set. Counts nothing. */
static always_inline struct tlb_hit tlb_lookup(struct tlb *t, u64 va, u16 asid)
{
	struct tlb_hit h = { 0 };
	struct tlb_array *a;
	u32 m, set, size;

	if (likely(t->sizes == 1u << PAGE_4K)) {
		a = &t->array[t->which[PAGE_4K]];
		set = (u32)(va >> FRAME_SHIFT) & (a->tags.sets - 1);
		tlb_lookup_size(a, set, &h, va, asid, PAGE_4K);
		return h;
	}
	for (m = t->sizes & ~TLB_HASHED; m; m &= m - 1) {
		size = (u32)__builtin_ctz(m) % NR_PAGE_SIZES;
		a = &t->array[t->which[size]];
		set = tlb_set(a, va, size);
		if (tlb_lookup_size(a, set, &h, va, m & TLB_OWN_SIZES ? asid : TLB_GLOBAL, size))
			break;
	}
	return h;
}

/* The same for an access of the kernel to its own addresses. */
static always_inline struct tlb_hit tlb_lookup_kernel(struct tlb *t, u64 va)
{
	struct tlb_hit h = { 0 };
	u32 m, size;

	for (m = t->kernel_sizes; m; m &= m - 1) {
		struct tlb_array *a;

		size = (u32)__builtin_ctz(m);
		a = &t->array[t->which[size]];
		if (tlb_lookup_size(a, tlb_set(a, va, size), &h, va, TLB_GLOBAL, size))
			break;
	}
	return h;
}

/* Whether there is a translation of va. Changes nothing. */
bool tlb_holds(const struct tlb *t, u64 va, u16 asid);
/* Whether a lookup found a prefetched translation, for the first time. */
bool tlb_first_use(struct tlb *t, const struct tlb_hit *h);
/* Drops the translation that a lookup found. */
void tlb_drop(struct tlb *t, const struct tlb_hit *h);

#endif
