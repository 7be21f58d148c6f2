/*
 * Which set of a cache a line belongs to where that is more than its number's lowest bits: slices, chosen by
 * a hash of the whole number, and sets within a slice.
 *
 *   set_hash    none  the lowest bits of the line number
 *               xor   XOR of those with as many bits above them (Gonzalez et al., "Eliminating cache conflict
 *                     misses through XOR-based placement functions", ICS 1997)
 *               fold  XOR of all pieces of that many bits
 *   slice_hash  mix   a multiplicative hash, for any number of slices
 *               intel the XOR of address bits found in Intel's last-level caches of 2, 4 and 8 slices
 *                     (Maurice et al., "Reverse engineering Intel last-level cache complex addressing using
 *                     performance counters", RAID 2015, table 3)
 */
#ifndef MMSIM_HW_SET_HASH_H
#define MMSIM_HW_SET_HASH_H

#include "model/base/bits.h"

enum set_hash_kind { SET_HASH_NONE, SET_HASH_XOR, SET_HASH_FOLD };
enum slice_hash_kind { SLICE_HASH_MIX, SLICE_HASH_INTEL };

extern const char *const set_hash_names[], *const slice_hash_names[];

struct set_hash {
	u32 bits, slices; /* of a set's number within a slice */
	enum set_hash_kind kind;
	enum slice_hash_kind slice_kind;
	u32 line_shift;
};

u32 set_hash_fold(const struct set_hash *h, u64 line);
u32 set_hash_intel_slice(const struct set_hash *h, u64 line);

static inline u32 set_hash_slice(const struct set_hash *h, u64 line)
{
	if (h->slice_kind == SLICE_HASH_INTEL)
		return set_hash_intel_slice(h, line);
	return (u32)(((hash64(line) >> 32) * h->slices) >> 32);
}

static inline u32 set_hash(const struct set_hash *h, u64 line)
{
	u32 set = h->kind == SET_HASH_NONE ? (u32)line & ((1u << h->bits) - 1) : set_hash_fold(h, line);

	return (set_hash_slice(h, line) << h->bits) + set;
}

#endif
