/*
 * Several cores on a hierarchy of small caches and directories, put together by hand, with a spy on every
 * edge that follows the data: each level has a version of each line's bytes, each store makes a new one, and
 * what a read delivers, a write carries and a probe brings down is copied from version to version. Nothing
 * here looks at a directory. After each access:
 *   - a load delivered the version of the last store to its line, by whatever core;
 *   - after a store no other core's private caches hold the line;
 *   - a line that one core holds dirty, or not marked as shared, is held by no other core.
 */
#ifndef MMSIM_REF_COHERENCE_H
#define MMSIM_REF_COHERENCE_H

#include "model/hw/cache.h"
#include "model/hw/coherence.h"
#include "model/hw/sharing.h"

#define REF_LINES     64u
#define REF_MAX_CORES 8u
#define REF_MAX_NODES 96u
#define REF_MAX_EDGES 128u

struct ref_shape {
	u32 cores, cores_per_l3; /* 0: there is no L3 */
	u32 l2_inclusion, l3_inclusion, l4_inclusion;
	bool l2, l4, through, allocate, forward, prefetchers;
	u32 policy;
};

/* A level: a cache, a directory, or memory. */
struct ref_node {
	struct cache *cache;
	u32 version[REF_LINES];
};

struct ref_edge {
	struct port port;   /* for the node above */
	struct above above; /* for the node below */
	struct ref_coherence *sys;
	struct ref_node *lower, *upper;
	struct port *to;
	struct above *from;
};

struct ref_core {
	struct cache l1i, l1d, l2;
	struct ref_node *first[2]; /* L1I, L1D */
	struct ref_node *walker;   /* keeps nothing, and reads where the L1D reads */
	struct port *walks;
	u64 page_used;
};

struct ref_coherence {
	struct ref_shape shape;
	struct port memory;
	struct ref_node node[REF_MAX_NODES];
	struct ref_edge edge[REF_MAX_EDGES];
	u32 n_nodes, n_edges, n_directories, n_l3;
	struct ref_core core[REF_MAX_CORES];
	struct cache l3[REF_MAX_CORES], l4;
	struct directory *directory[REF_MAX_NODES];
	struct sharing sharing;
	u32 latest[REF_LINES]; /* version of the last store */
	u64 storing;           /* line that a store is just writing, ~0: none */
	u64 transfers, stores, loads;
};

struct ref_coherence *ref_coherence_new(const struct ref_shape *shape);
void ref_coherence_free(struct ref_coherence *s);
void ref_coherence_load(struct ref_coherence *s, u32 core, u64 pa, enum mem_class cls, u64 now);
void ref_coherence_fetch(struct ref_coherence *s, u32 core, u64 pa, u64 now);
void ref_coherence_store(struct ref_coherence *s, u32 core, u64 pa, u32 bytes, enum mem_class cls, u64 now);
/* The walker's own read or write of an entry, below the first levels. */
void ref_coherence_walk(struct ref_coherence *s, u32 core, u64 pa, bool write, u64 now);
/* Every structure in order by its own check. */
void ref_coherence_sane(const struct ref_coherence *s);

#endif
