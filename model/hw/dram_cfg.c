#include "model/hw/dram_cfg.h"

#include <stddef.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/hw/dram_map.h"
#include "model/sim/time.h"

/*
 * A channel of eight x8 devices (DDR5: of four, a subchannel of 32 bits), so that 64 bytes are one burst of 8
 * transfers (DDR5: 16). Times in ps. Sources:
 *
 *  - DDR4: DRAMsim3, DDR4_8Gb_x8_{2400,2666,3200}.ini, at JESD79-4's 17-17-17, 19-19-19 and 22-22-22
 * (3200AA); tCWL, tRTP, tWR and tWTR are the standard's ns.
 *  - DDR5: Ramulator 2, ddr5.py (36-36-36, 16 Gb), and JESD79-5 for tFAW (32 clocks), tRRD_L, tWR, tWTR and
 *    tCCD_L_WR (of devices that need no read-modify-write).
 *  - DDR2: JESD79-2, 4-4-4, devices of 1 Gb in eight banks.
 *  - SDR: data sheets of -75 parts of 128 Mb at CL 3. tRTP is a guess; there is no tFAW, and no time between
 *    written data and a read.
 *
 * No bank groups before DDR4: the _L times are the _S times.
 */
enum { DDR4_2400, DDR4_2666, DDR4_3200, DDR5_4800, DDR2_533, SDR_133, NR_PRESETS };

static const u32 preset_ps[NR_DRAM_TIMES][NR_PRESETS] = {
	/* DDR4-2400, DDR4-2666, DDR4-3200, DDR5-4800, DDR2-533, SDR-133 */
	[DRAM_T_CK] = { 833, 750, 625, 416, 3750, 7500 },
	[DRAM_T_CL] = { 14166, 14250, 13750, 15000, 15000, 22500 },
	[DRAM_T_CWL] = { 10000, 10500, 10000, 14166, 11250, 0 },
	[DRAM_T_RCD] = { 14166, 14250, 13750, 15000, 15000, 20000 },
	[DRAM_T_RP] = { 14166, 14250, 13750, 15000, 15000, 20000 },
	[DRAM_T_RAS] = { 32500, 32000, 32500, 32000, 45000, 44000 },
	[DRAM_T_RTP] = { 7500, 7500, 7500, 7500, 7500, 7500 },
	[DRAM_T_WR] = { 15000, 15000, 15000, 30000, 15000, 15000 },
	[DRAM_T_RRD_S] = { 3333, 3000, 2500, 3333, 7500, 15000 },
	[DRAM_T_RRD_L] = { 5000, 4900, 5000, 5000, 7500, 15000 },
	[DRAM_T_FAW] = { 21666, 21000, 21250, 13333, 37500, 0 },
	[DRAM_T_CCD_S] = { 3333, 3000, 2500, 3333, 7500, 7500 },
	[DRAM_T_CCD_L] = { 5000, 5000, 5000, 5000, 7500, 7500 },
	[DRAM_T_CCD_L_WR] = { 5000, 5000, 5000, 10000, 7500, 7500 },
	[DRAM_T_WTR_S] = { 2500, 2500, 2500, 2500, 7500, 0 },
	[DRAM_T_WTR_L] = { 7500, 7500, 7500, 10000, 7500, 0 },
	[DRAM_T_REFI] = { 7800000, 7800000, 7800000, 3900000, 7800000, 15625000 },
	[DRAM_T_RFC] = { 350000, 350000, 350000, 295000, 127500, 66000 },
	[DRAM_T_BURST] = { 3333, 3000, 2500, 3333, 15000, 60000 },
};

/* Of a rank: bank groups, banks in all of them, bytes of a row, rows of a bank. */
static const struct {
	u32 groups, banks, row, rows;
} preset_org[NR_PRESETS] = {
	[DDR4_2400] = { 4, 16, 8192, 1 << 16 }, [DDR4_2666] = { 4, 16, 8192, 1 << 16 },
	[DDR4_3200] = { 4, 16, 8192, 1 << 16 }, [DDR5_4800] = { 8, 32, 4096, 1 << 16 },
	[DDR2_533] = { 1, 8, 8192, 1 << 14 },   [SDR_133] = { 1, 4, 8192, 1 << 12 },
};

#define PRESET_LINE 64u /* bytes that a preset's burst moves */

static const char *const model_names[] = { "banks", "flat", NULL };
static const char *const preset_names[] = { "ddr4-2400", "ddr4-2666", "ddr4-3200", "ddr5-4800",
					    "ddr2-533",  "sdr-133",   NULL };
static const char *const policy_names[] = { "open", "closed", "timeout", NULL };
static const char *const refresh_names[] = { "none", "all-bank", NULL };

#define AT(field) offsetof(struct dram_cfg, field)
#define TIME_UNIT "cycles or time"
#define LONGEST   1000000000000ull /* a second, or so many cycles */
#define TIME_ROW(name, key, help) \
	{ key, OPT_TIME, AT(t[DRAM_T_##name]), "0", 0, LONGEST, TIME_UNIT, help "; 0: as the preset", NULL },

const struct opt dram_opts[] = {
	{ "model", OPT_ENUM, AT(model), "banks", 0, 0, NULL, "banks and buses, or a fixed time",
	  model_names },
	{ "preset", OPT_ENUM, AT(preset), "ddr5-4800", 0, 0, NULL, "timing and geometry", preset_names },
	{ "channels", OPT_U32, AT(channels), "4", 1, 64, "channels", "with a bus each", NULL },
	{ "ranks", OPT_U32, AT(ranks), "1", 1, 16, "ranks", "a channel", NULL },
	{ "banks", OPT_U32, AT(banks), "0", 0, 256, "banks", "a rank; 0: as the preset", NULL },
	{ "bank_groups", OPT_U32, AT(bank_groups), "0", 0, 16, "groups", "of banks a rank; 0: as the preset",
	  NULL },
	{ "row", OPT_SIZE, AT(row), "0", 0, 1 << 20, "bytes", "of a bank's row; 0: as the preset", NULL },
	{ "rows", OPT_U32, AT(rows), "0", 0, 1 << 24, "rows", "a bank; 0: as the preset", NULL },
	{ "mapping", OPT_STRING, AT(mapping), DRAM_MAPPING, 0, 0, NULL,
	  "fields from the highest address bit down: ro ra bg ba co ch; bgN, coN: a low part of N", NULL },
	{ "bank_xor", OPT_BOOL, AT(bank_xor), "yes", 0, 0, NULL, "banks are permuted by the row's low bits",
	  NULL },
	{ "policy", OPT_ENUM, AT(policy), "open", 0, 0, NULL, "when rows are closed unasked", policy_names },
	{ "timeout", OPT_TIME, AT(timeout), "200ns", 0, LONGEST, TIME_UNIT, "a row stays open unused", NULL },
	{ "refresh", OPT_ENUM, AT(refresh), "all-bank", 0, 0, NULL, "a rank at a time, or none",
	  refresh_names },
	{ "write_queue", OPT_U32, AT(write_queue), "32", 0, 64, "lines",
	  "a channel holds back before writing them in one batch; 0: none", NULL },
	{ "write_low", OPT_U32, AT(write_low), "8", 0, 63, "lines", "that a batch leaves in the queue",
	  NULL },
	{ "fabric", OPT_TIME, AT(fabric), "35ns", 0, LONGEST, TIME_UNIT, "last cache to device and back",
	  NULL },
	{ "flat", OPT_TIME, AT(flat), "60ns", 0, LONGEST, TIME_UNIT, "device time of model flat", NULL },
	DRAM_TIMES(TIME_ROW){ 0 }
};

static u32 all_banks(const struct dram_cfg *cfg)
{
	return cfg->banks ? cfg->banks : preset_org[cfg->preset].banks;
}

static u32 groups(const struct dram_cfg *cfg)
{
	return cfg->bank_groups ? cfg->bank_groups : preset_org[cfg->preset].groups;
}

static u64 row_bytes(const struct dram_cfg *cfg)
{
	return cfg->row ? cfg->row : preset_org[cfg->preset].row;
}

void dram_geometry(const struct dram_cfg *cfg, u32 line, struct dram_geometry *g)
{
	g->channels = cfg->channels;
	g->ranks = cfg->ranks;
	g->groups = groups(cfg);
	g->banks = all_banks(cfg) / g->groups;
	g->row_lines = (u32)MAX(row_bytes(cfg) / line, 1);
	g->rows = cfg->rows ? cfg->rows : preset_org[cfg->preset].rows;
}

const char *dram_check(const struct dram_cfg *cfg, const char **key)
{
	struct dram_geometry g;
	struct dram_map map;

	*key = "row";
	if (cfg->row && (!is_pow2(cfg->row) || cfg->row < 1024))
		return "a row is a power of two of at least 1024 bytes";
	*key = "banks";
	if (all_banks(cfg) % groups(cfg))
		return "the banks of a rank are a multiple of its bank_groups";
	*key = "bank_xor";
	if (cfg->bank_xor && (!is_pow2(all_banks(cfg)) || !is_pow2(groups(cfg))))
		return "banks and bank_groups must be powers of two, or bank_xor = no";
	*key = "write_low";
	if (cfg->write_queue && cfg->write_low >= cfg->write_queue)
		return "less than write_queue";
	*key = "mapping";
	dram_geometry(cfg, PRESET_LINE, &g);
	return dram_map_init(&map, cfg->mapping, &g, cfg->bank_xor);
}

u64 dram_ticks(struct opt_time t, u64 hz)
{
	return t.ps ? ps_to_cycles(t.ps << DRAM_TICK_BITS, hz) : t.cycles << DRAM_TICK_BITS;
}

void dram_timing(const struct dram_cfg *cfg, u32 line, u64 hz, u64 ticks[NR_DRAM_TIMES])
{
	struct opt_time preset = { 0 };
	u32 i;

	for (i = 0; i < NR_DRAM_TIMES; i++) {
		preset.ps = preset_ps[i][cfg->preset];
		if (i == DRAM_T_BURST)
			preset.ps = preset.ps * line / PRESET_LINE;
		ticks[i] = dram_ticks(cfg->t[i].ps || cfg->t[i].cycles ? cfg->t[i] : preset, hz);
	}
	/* Five activations are never closer than this; dram_slots.c relies on it. */
	ticks[DRAM_T_FAW] = MAX(ticks[DRAM_T_FAW], MAX(ticks[DRAM_T_RRD_S], ticks[DRAM_T_RRD_L]));
}
