#include "model/hw/tag_policy.h"

#include "model/base/error.h"
#include "model/sim/word.h"

static const char qlru_pattern[] =
	"qlru_h{00,10,11,20,21}_m{0,1,2,3,r32,r31,r30,r21,r20,r10}_r{0,1,2}_u{0,1,2,3}{,_umo}";

const char *const tag_policy_names[] = {
	"lru",	 "fifo",  "random",    "tree-plru",  "nru",  "srrip",
	"brrip", "drrip", "lru-plru4", "mru1-plru4", "qlru", qlru_pattern, NULL,
};

/* In the pattern's order. */
static const u8 hit_ages[][QLRU_AGES] = {
	{ 0, 0, 0, 0 }, { 0, 0, 0, 1 }, { 0, 0, 1, 1 }, { 0, 0, 0, 2 }, { 0, 0, 1, 2 },
};
static const u8 insert_ages[][2] = {
	{ 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 }, { 3, 2 }, { 3, 1 }, { 3, 0 }, { 2, 1 }, { 2, 0 }, { 1, 0 },
};
#define NR_VICTIMS 3u
#define NR_UPDATES 4u

static u32 take(u32 *choice, u32 n)
{
	u32 i = *choice % n;

	*choice /= n;
	return i;
}

struct qlru qlru_of(u32 policy)
{
	struct qlru q = { .victim = QLRU_R0, .update = QLRU_U0 };
	u32 choice = policy >> WORD_BITS, i, hit = 2, insert = 1;

	if ((policy & WORD_INDEX) == TAGS_QLRU_NAMED) {
		hit = take(&choice, ARRAY_SIZE(hit_ages));
		insert = take(&choice, ARRAY_SIZE(insert_ages));
		q.victim = take(&choice, NR_VICTIMS);
		q.update = take(&choice, NR_UPDATES);
		q.misses_only = choice;
	}
	for (i = 0; i < QLRU_AGES; i++)
		q.hit[i] = hit_ages[hit][i];
	q.insert = insert_ages[insert][0];
	q.seldom = insert_ages[insert][1];
	return q;
}

const char *tag_policy_check(u32 policy, u32 ways)
{
	struct qlru q;

	switch (policy & WORD_INDEX) {
	case TAGS_LRU_PLRU4:
	case TAGS_MRU1_PLRU4:
		return ways % 4 ? "trees of four ways need a multiple of four ways" : NULL;
	case TAGS_QLRU_NAMED:
		q = qlru_of(policy);
		if (q.victim != QLRU_R1 && q.update >= QLRU_U2)
			return "r0 and r2 take a line of age 3, which u2 and u3 do not provide; use r1 there";
		return NULL;
	default:
		return NULL;
	}
}
