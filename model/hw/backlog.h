/*
 * What a level makes those wait for that ask it and those that it evicts for: ports, each taken by a request
 * for as many cycles as the line's way up or down takes, and a buffer of dirty victims that the level below
 * has not taken yet. A miss that finds its line in the buffer has it back from there.
 *
 * Requests come in the order of the simulation, not of time, and a later one cannot slow an earlier one: it
 * takes a port in a gap between others. Both are reservations from the cycle at which a request starts at the
 * first level, as latencies are totals.
 *
 * Not modelled: banks. Called by cache.c, of levels that have the one or the other.
 */
#ifndef MMSIM_HW_BACKLOG_H
#define MMSIM_HW_BACKLOG_H

#include "model/hw/cache_cfg.h"
#include "model/hw/mshr.h"
#include "model/hw/victims.h"
#include "model/sim/stat.h"

#define BACKLOG_STATS(X)                                                                   \
	X(port_waits, "requests", "that found every port taken")                           \
	X(port_wait_cycles, "cycles", "that they waited")                                  \
	X(writeback_waits, "lines", "dirty victims that found the write-back buffer full") \
	X(writeback_wait_cycles, "cycles", "that the misses behind them waited")           \
	X(writeback_hits, "misses", "that found their line in the write-back buffer")

struct backlog_stats {
	BACKLOG_STATS(STAT_FIELD)
};

/*
 * How many ports are taken at each cycle, of the last so many: cycle n is at n modulo their number, if that
 * is its cycle.
 */
#define BACKLOG_CYCLES 8192u

struct port_calendar {
	u64 cycle[BACKLOG_CYCLES];
	u16 taken[BACKLOG_CYCLES];
};

struct backlog {
	const struct mshr_file *mshr; /* the level's, which knows from when on requests may come */
	u32 bandwidth;                /* bytes a cycle of a port, 0: any */
	u32 n_ports;
	struct port_calendar *ports; /* NULL: any number */
	struct victims *buffer;      /* NULL: lines are below at once */
	struct backlog_stats st;
};

/* NULL: the level makes nobody wait. */
struct backlog *backlog_new(const struct cache_cfg *cfg, const struct mshr_file *mshr);
void backlog_free(struct backlog *b);
void backlog_stats_add(const struct backlog *b, struct stats *s, const char *prefix);

/* A request for so many bytes of a line takes a port. Returns when. */
u64 backlog_port(struct backlog *b, u32 bytes, u64 now);
/* When there is room for one more victim. */
u64 backlog_room(struct backlog *b, u64 now);
/* A victim that left at `now` and is below at `taken`. */
void backlog_add(struct backlog *b, u64 line, u64 now, u64 taken);
/* Whether a line is still on its way down. */
bool backlog_holds(struct backlog *b, u64 line, u64 now);

#endif
