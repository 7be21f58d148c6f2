#include "model/hw/tlb_cfg.h"

#include "model/base/bits.h"
#include "model/hw/tag_policy.h"

/*
 * Intel's second-level TLBs: XOR-7 with the 128 sets of Skylake, XOR-8 with the 256 of Broadwell (Gras et
 * al., "Translation Leak-aside Buffer", USENIX Security 2018, table 3; Tatar et al., "TLB;DR", USENIX
 * Security 2022).
 */
static const char *const set_hash_names[] = { "none", "xor6", "xor7", "xor8", "xor9", NULL };

u32 tlb_hash_bits(enum tlb_set_hash hash)
{
	return hash == TLB_HASH_NONE ? 0 : 5u + hash;
}

#define HASH_HELP "of the page number: none takes its low bits, xorN XORs the N low ones with the N above"

#define ARRAY(field) offsetof(struct tlb_array_cfg, field)

const struct opt tlb_array_opts[] = {
	{ "entries", OPT_U32, ARRAY(entries), "0", 0, 65536, "entries", "translations held; 0: none here",
	  NULL },
	{ "ways", OPT_U32, ARRAY(ways), "0", 0, 4096, "entries", "entries a set; 0: fully associative",
	  NULL },
	{ "replacement", OPT_ENUM, ARRAY(replacement), "lru", 0, 0, NULL, "which entry of a set has to go",
	  tag_policy_names },
	{ "set_hash", OPT_ENUM, ARRAY(set_hash), "none", 0, 0, NULL, HASH_HELP, set_hash_names },
	{ 0 },
};

#define AT(field) offsetof(struct tlb_cfg, field)

const struct opt tlb_opts[] = {
	{ "entries", OPT_U32, AT(any.entries), "64", 0, 65536, "entries",
	  "translations of all page sizes that have no array of their own; 0: none", NULL },
	{ "ways", OPT_U32, AT(any.ways), "4", 0, 4096, "entries", "entries a set; 0: fully associative",
	  NULL },
	{ "replacement", OPT_ENUM, AT(any.replacement), "lru", 0, 0, NULL, "which entry of a set has to go",
	  tag_policy_names },
	{ "set_hash", OPT_ENUM, AT(any.set_hash), "none", 0, 0, NULL, HASH_HELP, set_hash_names },
	{ "latency", OPT_TIME, AT(latency), "1", 0, 0, "cycles or time",
	  "of a hit; stlb: added when the L1 TLB misses", NULL },
	{ 0 },
};

static const char *const prefetcher_names[] = { "none", "next-page", NULL };

const struct opt tlb_prefetch_opts[] = {
	{ "prefetcher", OPT_ENUM, offsetof(struct tlb_prefetch_cfg, prefetcher), "none", 0, 0, NULL,
	  "which translations are fetched before they are asked for", prefetcher_names },
	{ 0 },
};

const char *tlb_array_check(const struct tlb_array_cfg *c, const char **key)
{
	u32 ways = c->ways ? c->ways : c->entries;

	if (!c->entries)
		return NULL;
	*key = "ways";
	if (ways > 4096)
		return "an array of more than 4096 entries needs ways, at most 4096";
	if (c->entries % ways)
		return "the number of entries must be a multiple of ways";
	*key = "entries";
	if (!is_pow2(c->entries / ways))
		return "entries / ways, the number of sets, must be a power of two";
	*key = "set_hash";
	if (c->set_hash != TLB_HASH_NONE && c->entries / ways != 1u << tlb_hash_bits(c->set_hash))
		return "xorN makes an index of N bits: there must be 2^N sets (xor7: 128)";
	*key = "replacement";
	return tag_policy_check(c->replacement, ways);
}

const char *tlb_check(const struct tlb_cfg *c, enum page_size needed, const char **key)
{
	const char *why = tlb_array_check(&c->any, key);

	if (why)
		return why;
	*key = "entries";
	if (needed != NR_PAGE_SIZES && !c->any.entries && !c->own[needed].entries)
		return "there must be room for the layout's smallest pages, here or in their own array (p4k, "
		       "p16k, p64k)";
	return NULL;
}

bool tlb_has_entries(const struct tlb_cfg *c)
{
	u32 i, n = c->any.entries;

	for (i = 0; i < NR_PAGE_SIZES; i++)
		n |= c->own[i].entries;
	return n;
}
