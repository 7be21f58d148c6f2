/*
 * Memory in nodes: each has an equal part of the physical addresses and DRAM of its own. Whoever asks stands
 * in a node; a line of another one costs the way there and back, and takes its turn on the link between the
 * two, which carries a line at a time in each direction.
 *
 * The way is given for a distance of 20 in the ACPI SLIT's units, where 10 is the node itself, and grows in
 * proportion to the distance beyond 10.
 *
 * Not modelled: hops through third nodes as such (the distance says it), the links' requests. One node costs
 * nothing. Built by memory.c.
 */
#ifndef MMSIM_HW_NUMA_H
#define MMSIM_HW_NUMA_H

#include "model/hw/dram.h"

#define NUMA_MAX_NODES 64u
#define NUMA_LOCAL     10u

struct numa_cfg {
	u32 nodes;            /* 0: one a socket; the machine fills in what it means */
	char *distances;      /* rows of the SLIT, "10 21; 21 10"; "": 20 between any two */
	struct opt_time way;  /* what an access at distance 20 takes longer */
	struct opt_time line; /* that a line occupies a link */
	u64 memory;           /* bytes of all nodes, filled in by the machine */
};
extern const struct opt numa_opts[];

/* NULL, or why there can be no such nodes; *key is then the option at fault. No nodes: one. */
const char *numa_check(const struct numa_cfg *cfg, u32 cores, const char **key);
/* The node of a core: neighbouring cores share one. */
u32 numa_node_of_core(const struct numa_cfg *cfg, u32 cores, u32 core);
/* SLIT distance between two nodes. */
u32 numa_distance(const struct numa_cfg *cfg, u32 from, u32 to);

#define NUMA_STATS(X)                                                 \
	X(local_reads, "lines", "read from the asker's own node")     \
	X(remote_reads, "lines", "read from another node")            \
	X(local_writes, "requests", "written to the writer's own node") \
	X(remote_writes, "requests", "written to another node")       \
	X(transfers, "lines", "handed from a cache of one node to one of another") \
	X(link_wait, "cycles", "until a link was free")

struct numa_stats {
	NUMA_STATS(STAT_FIELD)
};

struct numa;
/* reach, line: as dram_new(). */
struct numa *numa_new(const struct numa_cfg *cfg, const struct dram_cfg *dram, u32 line, u64 reach, u64 hz);
void numa_free(struct numa *n);
/* What those who stand in a node ask. */
struct port *numa_port(struct numa *n, u32 node);
/* What the way between two nodes takes, there and back. */
u64 numa_way(const struct numa *n, u32 from, u32 to);
/* The cycle at which a line that a cache in `from` has at `ready` is in `to`. */
u64 numa_transfer(struct numa *n, u32 from, u32 to, u64 ready);
/* Registers "dram." or, of several nodes, "dram_0.", ... and "numa.". */
void numa_stats_add(const struct numa *n, struct stats *s);

/* Registers what a checkpoint holds of memory that nothing was asked of while time went on. */
void numa_state(struct numa *n, struct state *s);

#endif
