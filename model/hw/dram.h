/*
 * DRAM behind the last cache: channels of ranks of banks with an open row each, a data bus a channel. A read
 * costs the last cache's latency and the fabric, then the device: row hit tCL + burst, closed bank tRCD + tCL
 * + burst, conflict tRP + tRCD + tCL + burst, more where JEDEC's other limits bind, the bus is taken or the
 * rank is refreshed. dram_cfg.h has the times, dram_map.h where a line lies, dram_slots.h the reservations.
 * Model "flat" answers after a fixed time.
 *
 * The controller is FR-FCFS as far as reservations can be: a request reserves its commands when it is asked
 * for, at the earliest legal times, also in gaps before those of requests asked for earlier; so row hits and
 * free banks do not wait behind conflicts. A later request cannot slow an earlier one, nor one that is asked
 * for later but comes long before it, from a core that is behind (DRAM_EARLY_PS). A bank serves its
 * requests in the order of asking, and no row hit overtakes a conflict in the same bank. Reads go first:
 * writes are held back, and written in a batch, row hits before others, when the channel's queue is full; a
 * read of a waiting line is answered from the queue. No idle time is used for writing.
 *
 * A refresh of a rank is due every tREFI, the ranks taking turns, and starts when the rank has done what is
 * reserved: a request that comes when it is due waits, one that came before makes it wait, as the postponing
 * that JEDEC allows. It is worked out when a request comes; nothing happens in an idle machine.
 *
 * Not modelled: the command bus, the clock grid of the commands, power-down, refresh of single banks, power.
 * Called by the last cache through its port.
 */
#ifndef MMSIM_HW_DRAM_H
#define MMSIM_HW_DRAM_H

#include "model/hw/dram_cfg.h"
#include "model/hw/dram_map.h"
#include "model/hw/port.h"
#include "model/sim/state.h"
#include "model/sim/stat.h"

#define DRAM_STATS(X)                                                               \
	X(reads, "lines", "lines read")                                             \
	X(writes, "requests", "writes, whole lines or less")                        \
	X(row_hits, "requests", "the row was open")                                 \
	X(row_closed, "requests", "the bank had no open row")                       \
	X(row_conflicts, "requests", "another row had to be closed")                \
	X(forwarded, "lines", "reads answered from the write queue")                \
	X(merged, "requests", "writes to a line that waited in the write queue")    \
	X(waiting, "lines", "in the write queues now")                              \
	X(early, "requests", "so long before the last ones that none is in their way")  \
	X(fixed, "requests", "answered after the fixed time of model flat, or in fast-forward") \
	X(batches, "batches", "times a full write queue was written")               \
	X(refreshes, "refreshes", "of a rank, as far as requests have come since")  \
	X(turnarounds, "changes", "between reading and writing on a data bus")      \
	X(bus_cycles, "cycles", "that data buses were busy, all channels added up") \
	X(read_cycles, "cycles", "from a read's arrival to its last data")

struct dram_stats {
	DRAM_STATS(STAT_FIELD)
};

#define DRAM_CHANNEL_STATS(X)                                        \
	X(requests, "requests", "that used this channel's data bus") \
	X(bus_cycles, "cycles", "that its data bus was busy")

struct dram_channel_stats {
	DRAM_CHANNEL_STATS(STAT_FIELD)
};

/* A request that comes so long before others that were served is let pass: who knows what it would meet. */
#define DRAM_EARLY_PS 1000000u

struct dram;
/*
 * Of a configuration that dram_check() accepts; line is a power of two. reach: latency of the last cache, in
 * cycles, which a request has spent before it comes here.
 */
struct dram *dram_new(const struct dram_cfg *cfg, u32 line, u64 reach, u64 hz);
void dram_free(struct dram *d);
struct port *dram_port(struct dram *d);
const struct dram_stats *dram_stats(const struct dram *d);
/* Registers what a checkpoint holds of a DRAM that nothing was asked of while time went on. */
void dram_state(struct dram *d, struct state *s);
void dram_stats_add(const struct dram *d, struct stats *s, const char *prefix);

/* Tells of every command that is reserved, in any order. DRAM_PREA and DRAM_REF are a whole rank's. */
enum dram_command { DRAM_ACT, DRAM_PRE, DRAM_RD, DRAM_WR, DRAM_PREA, DRAM_REF, NR_DRAM_COMMANDS };
typedef void (*dram_watch_fn)(void *arg, enum dram_command c, const struct dram_place *p, u64 tick);
void dram_watch(struct dram *d, dram_watch_fn fn, void *arg);

#endif
