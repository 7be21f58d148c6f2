/*
 * DRAM behind the last cache: channels, ranks, banks with an open row each, and the data bus of a channel.
 * A read costs the last cache's latency and the fabric, then the device: row hit tCL + burst, closed bank
 * tRCD + tCL + burst, conflict tRP + tRCD + tCL + burst, a row being closed no earlier than tRAS after it
 * was opened. Banks and buses are reservations. Write-backs take bank and bus time but nobody waits for
 * them. Model "flat" answers after a fixed time.
 *
 * Not modelled: refresh, tFAW and the other limits between banks, reordering of requests, power. Called by
 * the last cache through its port.
 */
#ifndef MMSIM_HW_DRAM_H
#define MMSIM_HW_DRAM_H

#include "model/hw/port.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"

enum dram_model { DRAM_BANKS, DRAM_FLAT };

struct dram_cfg {
	u32 model;  /* enum dram_model */
	u32 preset; /* index into the presets */
	u32 channels;
	u32 ranks; /* a channel */
	u32 banks; /* a rank; 0: as the preset */
	u64 row;   /* bytes; 0: as the preset */
	struct opt_time fabric;                      /* from the last cache to the device and back */
	struct opt_time tcl, trcd, trp, tras, burst; /* 0: as the preset */
	struct opt_time flat;                        /* device time of model "flat" */
};
extern const struct opt dram_opts[];
const char *dram_check(const struct dram_cfg *cfg, const char **key);

#define DRAM_STATS(X)                                                     \
	X(reads, "lines", "lines read")                                   \
	X(writes, "requests", "writes, whole lines or less")              \
	X(row_hits, "requests", "the row was open")                       \
	X(row_closed, "requests", "the bank had no open row")             \
	X(row_conflicts, "requests", "another row had to be closed")      \
	X(read_cycles, "cycles", "from a read's arrival to its last data")

struct dram_stats {
	DRAM_STATS(STAT_FIELD)
};

struct dram;
/* reach: latency of the last cache, in cycles, which a request has spent before it comes here. */
struct dram *dram_new(const struct dram_cfg *cfg, u32 line, u64 reach, u64 hz);
void dram_free(struct dram *d);
struct port *dram_port(struct dram *d);
const struct dram_stats *dram_stats(const struct dram *d);
void dram_stats_add(const struct dram *d, struct stats *s, const char *prefix);

#endif
