/*
 * Coherence: a directory (MESI, full map, exact) stands wherever several children meet: cores' private
 * caches, or shared caches with all above them, above a shared cache or above DRAM. It knows by line which
 * children hold it. Where one child meets memory alone there is no directory, and nothing is spent on one.
 *
 * A child is a port below which the directory looks like any level; what stands in the child is asked through
 * struct above. A directory is itself an above for the level below it, so directories nest. Rules:
 *   - Several children hold a line: every copy is clean and marked shared. One child holds it: it may own
 *     the line, which only asking it tells, as with the presence bits of an inclusive last level.
 *   - A read: a child that holds the line alone is asked to share it. Dirty bytes go from cache to cache
 *     and are written to the level below as well; a clean line comes from below, or from the child too
 *     where `forward` says so. A read to write, and a write of a child that others share the line with,
 *     drops the other copies.
 *   - upgrade drops the other copies, and goes further down, where the line may be shared farther away.
 *   - gone removes the child: the directory never knows a holder that holds nothing. What is wholly written
 *     is claimed by an upgrade without a copy. A page-table entry may be read by a walker that keeps
 *     nothing: then none of the child's caches is waiting for the line, and the child holds it no more
 *     than before.
 *
 * Time, all totals from the start of the access: `transfer` until a line from another child can be used;
 * `probe` until other copies have answered (a line may be written when they are dropped, or a line that
 * another held alone and clean is used, no sooner than this); `far_transfer` and `far_probe` the same where
 * children meet above DRAM, where the way between two nodes comes on top. An upgrade that finds no other
 * copy takes the latency of the level below.
 *
 * A miss in a child that lost the line to a write of another child is a sharing miss: true sharing if that
 * write's bytes and those that are accessed now overlap, else false sharing. Only the write that took the
 * line is compared, not those that the new owner made to it afterwards. A prefetch is neither.
 *
 * Not modelled: the directory's own size (it never has to evict), races and messages between the
 * participants, ownership of dirty lines that are shared (MOESI's O), a core's L1I and L1D among
 * themselves (they are one child). Called by caches through its ports; built by memory.c.
 */
#ifndef MMSIM_HW_COHERENCE_H
#define MMSIM_HW_COHERENCE_H

#include "model/hw/port.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"

struct coherence_cfg {
	struct opt_time transfer, probe, far_transfer, far_probe;
	bool forward;
};
extern const struct opt coherence_opts[];

#define DIRECTORY_MAX_CHILDREN 64u

#define DIRECTORY_STATS(X)                                                                              \
	X(reads, "lines", "asked for by a child")                                                       \
	X(upgrades, "lines", "asked for to be written by a child that has its bytes, or needs none")    \
	X(transfers_dirty, "lines", "handed from child to child, and written to the level below")       \
	X(transfers_clean, "lines", "handed from child to child, clean")                                \
	X(downgrades, "copies", "that a child had alone and has to share, for another's read")          \
	X(invalidations, "copies", "dropped for another child's write")                                 \
	X(recalls, "copies", "dropped for the level below: its eviction, or a write beyond it")         \
	X(writebacks, "lines", "dirty bytes of a child that were written down for another's access")    \
	X(true_sharing, "misses", "on lines lost to a write of bytes that are accessed now")            \
	X(false_sharing, "misses", "on lines lost to a write of other bytes")

struct directory_stats {
	DIRECTORY_STATS(STAT_FIELD)
};

struct numa;
struct sharing;
struct directory_params {
	u32 children; /* at most DIRECTORY_MAX_CHILDREN */
	u32 line;
	struct port *below;
	bool tells; /* the level below has to be told of lines that no child holds any more */
	bool forward;
	u64 transfer, probe, reach; /* cycles; reach: latency of the level below */
	struct sharing *sharing;    /* counts its sharing misses by line */
	struct numa *numa;          /* NULL: the children do not stand in nodes */
};

struct directory;
struct directory *directory_new(const struct directory_params *p);
void directory_free(struct directory *d);
struct port *directory_port(struct directory *d, u32 child);
/* What stands in a child: one cache with all above it, or two first levels. */
void directory_attach(struct directory *d, u32 child, struct above *above);
/* The node in which a child stands, if they do in any: it asks that node's port instead of `below`. */
void directory_place(struct directory *d, u32 child, u32 node);
struct above *directory_above(struct directory *d);
void directory_stats_add(const struct directory *d, struct stats *s, const char *prefix);
/* ASSERTs that it knows just what its children hold, and that a line of several is owned by none. */
void directory_sane(const struct directory *d);

#endif
