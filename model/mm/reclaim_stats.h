/* What reclaim counts: mm.reclaim. */
#ifndef MMSIM_MM_RECLAIM_STATS_H
#define MMSIM_MM_RECLAIM_STATS_H

#include "model/sim/stat.h"

#define RECLAIM_STATS(X)                                                                          \
	X(direct, "calls", "of direct reclaim: allocstall")                                       \
	X(group, "calls", "for a group that was at its limit")                                    \
	X(scanned_kswapd, "pages", "of inactive lists, that kswapd looked at: pgscan_kswapd")     \
	X(scanned_direct, "pages", "that direct reclaim looked at: pgscan_direct")                \
	X(stolen_kswapd, "pages", "that kswapd freed: pgsteal_kswapd")                            \
	X(stolen_direct, "pages", "that direct reclaim freed: pgsteal_direct")                    \
	X(scanned_anon, "pages", "of these, of private or shared anonymous memory")               \
	X(scanned_file, "pages", "of these, of files")                                            \
	X(stolen_anon, "pages", "freed, of private or shared anonymous memory")                   \
	X(stolen_file, "pages", "freed, of files")                                                \
	X(refilled, "pages", "of active lists, that were looked at: pgrefill")                    \
	X(kept_referenced, "pages", "that stayed because they were used meanwhile")               \
	X(activated, "pages", "that became active because they were")                             \
	X(kept_writeback, "pages", "that stayed because they were being written")                 \
	X(kept_mapped, "pages", "that stayed because their mappings could not be taken away")     \
	X(kept_no_swap, "pages", "that stayed because there was no room in swap")                 \
	X(written, "pages", "whose write reclaim began: nr_vmscan_write")                         \
	X(unmapped, "entries", "taken away")                                                      \
	X(scanned_entries, "entries", "of page tables, that swap_out() looked at")                \
	X(waits, "times", "that reclaim slept: for a device's queue, or after a pass")            \
	X(wait_cycles, "cycles", "that it was to sleep for, of threads and of kswapd")            \
	X(priority_passes, "passes", "over zones or nodes")                                       \
	X(refaults_anon, "pages", "that came back after their eviction: workingset_refault_anon") \
	X(refaults_file, "pages", "the same, of files")                                           \
	X(activates, "pages", "of these, that became active at once: workingset_activate")        \
	X(oom_kills, "processes", "killed for want of memory")                                    \
	X(oom_pages, "pages", "that these had")

struct reclaim_stats {
	RECLAIM_STATS(STAT_FIELD)
};

#endif
