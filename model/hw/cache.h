/*
 * A cache of any level: tags, state of the lines, lines in flight. Physically tagged, but for a vivt first
 * level. Write-back or write-through, allocating on a store miss or not.
 *
 * Rules of counting: a line asked for from above is a fetch or a load (a store's miss asks as a load, also
 * counted in rfo); a write from above (write-back or written-through store) is a store. A dirty victim goes
 * down after its line was read. A write of a whole line that misses allocates without reading below; a part
 * of a line reads first; without allocation it goes down at its own size. Clean victims are dropped.
 * Traffic of the walker, the kernel, prefetches and coherence is counted beside.
 *
 * A first level may choose the set by the virtual address (cache_index.h, cache_virtual.h); a line is then
 * found from below by cache_find_pa() alone, and what its physical address is says cache_line_number().
 *
 * Time: now is when the request started at the first level, a hit is now + latency, and a miss hands the
 * same now down: latencies are totals. Tags change at once; a line in flight is a hit that waits.
 *
 * Inclusion towards the levels above:
 *   none       lines come and go as they are asked for here.
 *   inclusive  what stands above stands here: an eviction drops the line above as well, and what was dirty
 *              there goes down with it. A line that is wholly written above without being read is given a
 *              place here.
 *   exclusive  a victim level: it is filled by what leaves the levels above, clean lines too, and a line that
 *              is read leaves it, dirty as it is. What misses here passes by. Where several cores stand
 *              above, a line is filled in when the last of them lets it go (or writes it back), and stays
 *              when it is read by one while another has it; a dirty one also when it is fetched or
 *              prefetched. A clean line counts as shared here where a directory stands below: nobody says
 *              whether it was.
 *
 * Coherence, where a directory stands somewhere below: a line that others may hold is marked LINE_SHARED,
 * and a write asks below first; a line that leaves, and that nobody above holds, is told to be gone. A core's
 * own L1I and L1D are not kept coherent with each other.
 *
 * Classes of service go with requests; a clean line that leaves for an exclusive level, and is only told to
 * be gone, is filled there for the class that asked last. So do the makers of requests, the kernel or a
 * program: lines know which of them has brought them, and victims of a program's that the kernel turns out
 * are counted, each level for itself. A clean line that an exclusive level takes in is the program's there.
 *
 * Not modelled: bank conflicts. Called by the core, the walker and the cache above.
 */
#ifndef MMSIM_HW_CACHE_H
#define MMSIM_HW_CACHE_H

#include "model/hw/backlog.h"
#include "model/hw/cache_cfg.h"
#include "model/hw/cache_index.h"
#include "model/hw/hot.h"
#include "model/hw/mshr.h"
#include "model/hw/partition.h"
#include "model/hw/port.h"
#include "model/hw/prefetch.h"
#include "model/hw/set_hash.h"
#include "model/hw/tags.h"
#include "model/hw/way_predict.h"
#include "model/sim/stat.h"

#define CACHE_STATS(X)                                                                               \
	X(fetches, "references", "instruction fetches; below L1: lines asked for by L1I")            \
	X(fetch_misses, "references", "of those, not present")                                       \
	X(loads, "references", "loads; below L1: lines asked for from above")                        \
	X(load_misses, "references", "of those, not present")                                        \
	X(stores, "references", "stores; below L1: write-backs and written-through stores")          \
	X(store_misses, "references", "of those, not present")                                       \
	X(rfo, "lines", "of the loads, those that a store's miss asked for")                         \
	X(writebacks, "lines", "dirty victims written to the level below")                           \
	X(evictions, "lines", "victims, clean or dirty")                                             \
	X(fills, "lines", "lines brought in or allocated")                                           \
	X(pending_hits, "references", "hits on a line still in flight")                              \
	X(mshr_waits, "misses", "that found no free MSHR")                                           \
	X(pte_reads, "references", "page-table entries read by the walker")                          \
	X(pte_read_misses, "references", "of those, not present")                                    \
	X(pte_writes, "references", "accessed and dirty bits set by the walker")                     \
	X(pte_write_misses, "references", "of those, not present")                                   \
	X(kernel_loads, "references", "the kernel's own loads")                                      \
	X(kernel_load_misses, "references", "of those, not present")                                 \
	X(kernel_stores, "references", "the kernel's own stores")                                    \
	X(kernel_store_misses, "references", "of those, not present")                                \
	X(kernel_fetches, "references", "lines of the kernel's text")                                \
	X(kernel_fetch_misses, "references", "of those, not present")                                \
	X(prefetches, "references", "prefetches that asked here")                                    \
	X(prefetch_misses, "references", "of those, not present")                                    \
	X(prefetch_issued, "lines", "asked for below by this level's own prefetchers")               \
	X(prefetch_useful, "lines", "of those, used")                                                \
	X(prefetch_late, "lines", "of the useful, waited for at their first use")                    \
	X(prefetch_useless, "lines", "of the issued, gone or overwritten without use")               \
	X(prefetch_redundant, "lines", "wanted by the prefetchers, but present")                     \
	X(prefetch_dropped, "lines", "wanted by the prefetchers, but without translation or MSHR")   \
	X(coherence_upgrades, "lines", "shared, or to be wholly written, that were asked for below") \
	X(coherence_invalidations, "lines", "given up, for another's write or the level below")      \
	X(coherence_downgrades, "lines", "to be shared, for another's read")                         \
	X(coherence_dirty, "lines", "of both, dirty")                                                \
	X(coherence_writes, "lines", "dirty ones from a core above, for another's access")           \
	X(coherence_write_misses, "lines", "of those, not present")                                  \
	X(back_invalidations, "lines", "inclusive: victims that stood above as well")                \
	X(back_invalidations_dirty, "lines", "of those, dirty above")                                \
	X(victim_fills, "lines", "exclusive: clean ones filled in when they left the levels above")  \
	X(handed_up, "lines", "exclusive: that left when they were asked for")

/* Of a first level alone. */
#define CACHE_VIRTUAL_STATS(X)                                                                    \
	X(alias_evictions, "lines", "given up because another virtual address of theirs asked")   \
	X(alias_flushes, "lines", "of those, flushed by the kernel (alias = flush)")              \
	X(virtual_flushes, "lines", "vivt: given up with their translation, or at a switch")      \
	X(way_mispredicts, "references", "hits in another way than the predicted one")

struct cache_virtual_stats {
	CACHE_VIRTUAL_STATS(STAT_FIELD)
};

/* What a line is beside present. */
#define LINE_DIRTY      1u
#define LINE_SHARED     2u /* others may hold it: a write asks below first */
#define LINE_PREFETCHED 4u /* brought in by a prefetcher of this level, and not used since */
#define LINE_WATCHED    8u /* a prefetcher wants to see every load of it: no hit is plain */
/* In a first level: another core had it lately. No hit is plain until 15 have found it still here. */
#define LINE_CONTENDED  0xf0u
#define LINE_CONTENDED_HIT 0x10u

struct cache_stats {
	CACHE_STATS(STAT_FIELD)
};

struct cache {
	struct tags tags;
	struct hot_lines *hot; /* first level only */
	u8 *state;          /* by line id: LINE_* */
	u64 *kernels;       /* a bit a line: the kernel has brought it */
	u64 latency;
	u32 line_shift, set_mask;
	bool write_through, allocate;
	bool hashed; /* sets are chosen by more than the lowest bits: */
	struct set_hash hash;
	enum mem_level level;
	struct port *below;
	u32 inclusion; /* enum cache_inclusion */
	u32 needs;     /* NEEDS_*, of what is below */
	bool coherent; /* a directory stands below */
	bool tells;    /* below has to be told of a line that is gone, clean or not */
	struct above above; /* what the level below sees of this cache and of those above it */
	struct above *up[2];
	u32 n_up;
	u64 filling; /* line that is being read from below, TAG_NO_KEY: none */
	struct partition *partition; /* NULL: every class may fill every way */
	/*
	 * Classes of service: of the thread above a first level, of the kernel there, and that for which this
	 * level turns a line out.
	 */
	u8 service, kernel_service, serves;
	u64 *turns_out;          /* of the last request, as of `serves` */
	struct backlog *backlog; /* NULL: nobody waits for a port or a write-back */
	struct cache_index index;
	struct prefetch *prefetch; /* NULL: there is no prefetcher */
	u8 fresh;                  /* state of a line that was just put: 0 or LINE_WATCHED */
	struct way_predict way;
	struct cache_virtual_stats virtual;
	struct cache_stats st;
	struct port port;
	struct mshr_file mshr; /* last, as it is large and what is used of it stands at its front */
};

struct cache_params {
	const struct cache_cfg *cfg;
	const char *name; /* seeds its random generator */
	enum mem_level level;
	struct port *below;
	u64 hz, seed;
	bool shortcut; /* first level: keep a shortcut table */
	u64 page;      /* first level: bytes of the smallest page, 0: addresses are not translated */
	u32 va_bits;   /* of an address that is translated */
	u32 needs;     /* NEEDS_*, of what is below */
};

/* What those above must heed of what stands below. */
#define NEEDS_DIRECTORY 1u /* somewhere */
#define NEEDS_INCLUSIVE 2u /* somewhere */
#define NEEDS_EXCLUSIVE 4u /* the very next level */

void cache_init(struct cache *c, const struct cache_params *p);
void cache_fini(struct cache *c);
/* What stands right above: one cache or directory, or the L1I and the L1D of a core. */
void cache_attach(struct cache *c, struct above *above);
/* For those that are built on top: NEEDS_*. */
u32 cache_needs(const struct cache *c);
/* An access found the line in a first level, or brought it; contended: another core had it until now. */
void cache_note_contention(struct cache *c, u64 pa, bool contended);
void cache_stats_add(const struct cache *c, struct stats *s, const char *prefix);
void cache_sane(const struct cache *c);
/* Registers what a checkpoint holds of an idle cache. */
void cache_state(struct cache *c, struct state *s, const char *owner);
/* Calls fn for each line, those used longest ago in their sets first. */
typedef void (*cache_line_fn)(void *arg, u64 pa, bool dirty);
void cache_each(const struct cache *c, cache_line_fn fn, void *arg);
/* Line `id`, which is there, leaves its place empty; all is done that is done for a victim. */
void cache_evict(struct cache *c, u32 id, u64 now);
/* Writes every dirty line down, set by set, the oldest first; the lines stay, clean. */
void cache_copy_back(struct cache *c, u64 now);

/*
 * One line is read, or at most one line's bytes are written: r->pa, r->cls, and r->bytes of a write. The
 * access itself is not counted, only what it does; a request through the port is counted. Returns the cycle
 * of the data, or at which the line can be written.
 */
u64 cache_load(struct cache *c, struct mem_req *r, u64 now);
u64 cache_store(struct cache *c, struct mem_req *r, u64 now);
/* A line of a first level will be wholly written soon, as port_expect(). */
void cache_expect_store(struct cache *c, u64 pa);
/*
 * A prefetcher of this level wants a line: r->pa, r->skew, r->ip. It takes its MSHR now or never, and asks
 * below at cycle `start`, when its address is known.
 */
void cache_prefetch(struct cache *c, struct mem_req *r, u64 now, u64 start);

static always_inline u32 cache_set(const struct cache *c, u64 line)
{
	if (likely(!c->hashed))
		return (u32)line & c->set_mask;
	return set_hash(&c->hash, line);
}

/* Where a request's line is, or will be. */
struct cache_place {
	u32 set;
	u64 key;
};

static always_inline struct cache_place cache_place(const struct cache *c, const struct mem_req *r)
{
	u64 line = r->pa >> c->line_shift;

	if (likely(!c->index.by_va))
		return (struct cache_place){ cache_set(c, line), line };
	return (struct cache_place){ cache_set(c, index_address(&c->index, r->pa, r->skew) >> c->line_shift),
				     index_key(&c->index, r) };
}

/* The physical line number of line `id`, which is there. */
static always_inline u64 cache_line_number(const struct cache *c, u32 id)
{
	return unlikely(c->index.line) ? c->index.line[id] : c->tags.key[id];
}

/* Whether the class for which a line has to go may have that one. */
static inline bool cache_may_fill(const struct cache *c, u32 id)
{
	u32 way = tags_way(&c->tags, id);

	return !c->partition || (way < PARTITION_WAYS && c->partition->ways[c->serves] >> way & 1);
}

u32 cache_find_synonym(const struct cache *c, u64 line);

/*
 * The id of a physical line, or TAG_MISS: the only way to find a line from below, where no virtual address is
 * known. There is one copy of a line at most.
 */
static always_inline u32 cache_find_pa(const struct cache *c, u64 line)
{
	if (likely(!c->index.aliases))
		return tags_find(&c->tags, cache_set(c, line), line);
	return cache_find_synonym(c, line);
}

/* Line `id` is the one used last in its set. */
static always_inline void cache_renewed(struct cache *c, u32 id)
{
	if (c->hot)
		hot_newest(c->hot, tags_set(&c->tags, id), id);
}

/*
 * Uses line `id` of a first level. False: it is not as simple as to be a hit that takes no time, and nothing
 * has changed.
 */
static always_inline bool cache_use_plainly(struct cache *c, u32 id, u64 va, bool write)
{
	if (unlikely(c->state[id] &
		     (LINE_PREFETCHED | LINE_CONTENDED | (write ? LINE_SHARED : LINE_WATCHED))))
		return false;
	if (unlikely(c->way.utag) && !way_right(&c->way, id, va))
		return false;
	tags_touch(&c->tags, id);
	cache_renewed(c, id);
	c->state[id] |= write ? LINE_DIRTY : 0;
	return true;
}

/*
 * The hit of the hot path, in a first level: nothing is in flight, and a write need not go further. The
 * line's id; TAG_MISS: it is not one, and nothing has changed. Not for vivt.
 */
static always_inline u32 cache_plain_hit(struct cache *c, u64 va, u64 pa, bool write, u32 line_shift)
{
	u64 line = pa >> line_shift;
	/* a first level has one slice */
	u32 set = (u32)(index_address(&c->index, pa, va ^ pa) >> line_shift) & c->set_mask, id;

	if (unlikely(write && c->write_through))
		return TAG_MISS;
	id = tags_find(&c->tags, set, line);
	if (unlikely(id == TAG_MISS || !cache_use_plainly(c, id, va, write)))
		return TAG_MISS;
	return id;
}

#endif
