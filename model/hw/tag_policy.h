/*
 * Replacement policies by name, and whether one can be built for a number of ways. For those who configure;
 * tags_order.c, tags_tree.c and tags_age.c carry them out.
 *
 *   lru, fifo, random
 *   tree-plru   a tree of bits over the ways; where they are no power of two, over the next power
 *   lru-plru4   trees of four ways each, ordered by LRU: Ice Lake's L1D of 12 ways ("LRU3PLRU4",
 *               uops.info/cache.html)
 *   mru1-plru4  trees of four ways each; the one behind the tree used last has to give a way: the STLB of
 *               Kaby Lake, of 12 ways ("(MRU+1)%3PLRU4", Tatar et al., "TLB;DR", USENIX Security 2022)
 *   nru, srrip, brrip, drrip
 *               Jaleel et al., "High performance cache replacement using re-reference interval prediction",
 *               ISCA 2010
 *   qlru_...    quad-age LRU as Abel and Reineke name it ("nanoBench", ISPASS 2020; uops.info/cache.html):
 *               h: age after a hit, m: age of a new line, r: which line goes, u: how the others age;
 *               h00_m1_r2_u1  L2 of Kaby and Coffee Lake         h00_m1_r0_u1  L2 of Cannon Lake and Ice Lake
 *               h11_m1_r0_u0  L3 of Kaby and Coffee Lake         h11_m1_r1_u2  some sets of Ivy Bridge's L3
 *   qlru        qlru_h11_m1_r0_u0
 */
#ifndef MMSIM_HW_TAG_POLICY_H
#define MMSIM_HW_TAG_POLICY_H

#include "model/base/types.h"

enum tag_policy {
	TAGS_LRU,
	TAGS_FIFO,
	TAGS_RANDOM,
	TAGS_PLRU,
	TAGS_NRU,
	TAGS_SRRIP,
	TAGS_BRRIP,
	TAGS_DRRIP,
	TAGS_LRU_PLRU4,
	TAGS_MRU1_PLRU4,
	TAGS_QLRU,
	TAGS_QLRU_NAMED,
	NR_TAG_POLICIES,
};

/*
 * Words of an option (sim/word.h): a policy's number is one of the enum, for TAGS_QLRU_NAMED with a choice.
 */
extern const char *const tag_policy_names[];

/* What a QLRU's name says. Ages are 0 to 3, and 3 goes first. */
#define QLRU_AGES 4u
enum qlru_victim { QLRU_R0, QLRU_R1, QLRU_R2 };
enum qlru_update { QLRU_U0, QLRU_U1, QLRU_U2, QLRU_U3 };

struct qlru {
	u8 hit[QLRU_AGES];     /* age after a hit, by the age before */
	u8 insert, seldom;     /* age of a new line; of one in 16, at random */
	enum qlru_victim victim;
	enum qlru_update update;
	bool misses_only; /* UMO: others age before a miss and at no other time */
};
struct qlru qlru_of(u32 policy);

/* NULL, or why there can be no such policy for so many ways. */
const char *tag_policy_check(u32 policy, u32 ways);

#endif
