/*
 * Where a line lies in DRAM. The order of address bits is a word of fields from the highest to the lowest, as
 * DRAMsim3 and Ramulator 2 write it: ro (row), ra (rank), bg (bank group), ba (bank of the group), co
 * (column), ch (channel). "rochrababgco" puts a row's lines side by side. A second bg or co with a number is
 * that many low values of the field: "rorababgcobg2ch" spreads neighbours over channels and two bank groups,
 * "rocorababgchco4" leaves four lines together.
 *
 * Counts need not be powers of two (six channels). Addresses beyond the capacity carry on in rows that do not
 * exist, so that no two lines ever share a place.
 *
 * With bank_xor the bank is permuted by the low bits of the row (Zhang, Zhu, Zhang, "A permutation-based page
 * interleaving scheme", MICRO 2000), so that strides of a row's size do not meet in one bank.
 *
 * Not modelled: hashes of channel and rank. Called by dram.c, and by the check of the configuration.
 */
#ifndef MMSIM_HW_DRAM_MAP_H
#define MMSIM_HW_DRAM_MAP_H

#include "model/hw/dram_cfg.h"

enum dram_field { FIELD_RO, FIELD_RA, FIELD_BG, FIELD_BA, FIELD_CO, FIELD_CH, NR_DRAM_FIELDS };

/* One run of the address: so many values of a field, each worth `weight`. */
struct dram_digit {
	enum dram_field field;
	u32 count, weight;
};

/* The same by (line >> shift & mask) << up. */
struct dram_part {
	u32 shift, mask, up;
};

struct dram_map {
	struct dram_digit digit[NR_DRAM_FIELDS + 2]; /* lowest first; two fields can be split */
	u32 n;
	bool shifts;                              /* all counts are powers of two, so the parts hold */
	struct dram_part part[2][NR_DRAM_FIELDS]; /* of each field the low or only one, and the high one */
	u32 bits;                                 /* of a line's number, above which rows do not exist */
	u32 rows;
	u32 groups, group_shift;
	u32 xor_mask; /* of banks of a rank, or 0 */
};

struct dram_place {
	u32 channel, rank, group, bank; /* bank: of the group */
	u32 column;                     /* in lines */
	u64 row;
};

/* NULL, or what is wrong with the text. */
const char *dram_map_init(struct dram_map *m, const char *text, const struct dram_geometry *g, bool bank_xor);
void dram_map_find(const struct dram_map *m, u64 line, struct dram_place *p);

#endif
