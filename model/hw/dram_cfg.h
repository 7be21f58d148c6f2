/*
 * What of DRAM can be configured, and what it comes to: geometry, and JEDEC's minimum times between commands
 * in ticks, from the preset where a key is 0. The presets and their sources stand in dram_cfg.c.
 *
 * A tick is 1/1024 of a core cycle: a burst of 2.5 ns is 9.5 cycles at 3.8 GHz, and rounding each one up to
 * 10 would cost 5 % of the bandwidth. Times are rounded up to ticks once, and what DRAM answers is rounded up
 * to cycles once.
 *
 * Not here: tRC, which is tRAS + tRP, and so follows from them. dram.c and its tests use the resolved form.
 */
#ifndef MMSIM_HW_DRAM_CFG_H
#define MMSIM_HW_DRAM_CFG_H

#include "model/sim/opt.h"

#define DRAM_TICK_BITS 10

enum dram_model { DRAM_BANKS, DRAM_FLAT };
enum dram_policy { DRAM_OPEN, DRAM_CLOSED, DRAM_TIMEOUT };
enum dram_refresh { DRAM_REFRESH_NONE, DRAM_REFRESH_ALL_BANK };

/* X(name, key, help): from the first command to the second, the earlier named first. */
#define DRAM_TIMES(X)                                                                         \
	X(CK, "tck", "clock period, and the gap left on the data bus when its user changes")  \
	X(CL, "tcl", "column read to first data")                                             \
	X(CWL, "tcwl", "column write to first data")                                          \
	X(RCD, "trcd", "opening a row to a column command")                                   \
	X(RP, "trp", "closing a row to opening another")                                      \
	X(RAS, "tras", "opening a row to closing it")                                         \
	X(RTP, "trtp", "column read to closing the row")                                      \
	X(WR, "twr", "last data written to closing the row")                                  \
	X(RRD_S, "trrd_s", "between activations of a rank, other bank groups")                \
	X(RRD_L, "trrd_l", "between activations of a rank, same bank group")                  \
	X(FAW, "tfaw", "window of a rank that holds four activations at most")                \
	X(CCD_S, "tccd_s", "between column commands of a rank, other bank groups")            \
	X(CCD_L, "tccd_l", "between column commands of a rank, same bank group")              \
	X(CCD_L_WR, "tccd_l_wr", "between column writes of a rank, same bank group")          \
	X(WTR_S, "twtr_s", "last data written to column read of the rank, other bank groups") \
	X(WTR_L, "twtr_l", "last data written to column read of the rank, same bank group")   \
	X(REFI, "trefi", "between refreshes of a rank")                                       \
	X(RFC, "trfc", "that a refresh takes, all banks")                                     \
	X(BURST, "burst", "a line on the data bus")

#define DRAM_TIME_ID(name, key, help) DRAM_T_##name,
enum dram_time { DRAM_TIMES(DRAM_TIME_ID) NR_DRAM_TIMES };
#undef DRAM_TIME_ID

/*
 * The default: lines over the channels, then over two bank groups, which is what tCCD_L asks for, then along
 * the row. One bit of the group is among the lowest on Intel's too (Pessl et al., "DRAMA", USENIX Security
 * 2016).
 */
#define DRAM_MAPPING "rorababgcobg2ch"

struct dram_cfg {
	u32 model;  /* enum dram_model */
	u32 preset; /* index into the presets */
	u32 channels;
	u32 ranks;       /* a channel */
	u32 banks;       /* a rank, in all groups; 0: as the preset */
	u32 bank_groups; /* a rank; 0: as the preset */
	u64 row;         /* bytes; 0: as the preset */
	u32 rows;        /* a bank; 0: as the preset */
	char *mapping;   /* see dram_map.h; never NULL */
	bool bank_xor;
	u32 policy; /* enum dram_policy */
	struct opt_time timeout;
	u32 refresh; /* enum dram_refresh */
	u32 write_queue, write_low;
	struct opt_time fabric;           /* from the last cache to the device and back */
	struct opt_time t[NR_DRAM_TIMES]; /* 0: as the preset */
	struct opt_time flat;             /* device time of model "flat" */
};
extern const struct opt dram_opts[];

/* NULL, or what is wrong; *key is then the key at fault. */
const char *dram_check(const struct dram_cfg *cfg, const char **key);

struct dram_geometry {
	u32 channels, ranks, groups, banks; /* banks: of a group */
	u32 row_lines, rows;
};

/* Of a configuration that dram_check() accepts. */
void dram_geometry(const struct dram_cfg *cfg, u32 line, struct dram_geometry *g);
void dram_timing(const struct dram_cfg *cfg, u32 line, u64 hz, u64 ticks[NR_DRAM_TIMES]);
/* A time in ticks of a core clock of hz, rounded up. */
u64 dram_ticks(struct opt_time t, u64 hz);

#endif
