#include "model/hw/cache_cfg.h"

#include "model/base/bits.h"
#include "model/hw/mshr.h"
#include "model/hw/partition.h"
#include "model/hw/set_hash.h"
#include "model/hw/way_predict.h"

static const char *const indexing_names[] = { "vipt", "pipt", "vivt", NULL };
static const char *const alias_names[] = { "hardware", "colour", "flush", NULL };
static const char *const write_names[] = { "back", "through", NULL };
static const char *const inclusion_names[] = { "none", "inclusive", "exclusive", NULL };

#define AT(field) offsetof(struct cache_cfg, field)

const struct opt cache_opts[] = {
	{ "size", OPT_SIZE, AT(size), "32K", 0, 4ull << 30, "bytes", "data; 0 leaves a lower level out",
	  NULL },
	{ "ways", OPT_U32, AT(ways), "8", 1, 4096, "lines", "lines a set", NULL },
	{ "line", OPT_U32, AT(line), "64", 16, 512, "bytes", "bytes a line, the same in every level", NULL },
	{ "latency", OPT_TIME, AT(latency), "5", 0, 0, "cycles or time",
	  "load-to-use of a hit, from the start", NULL },
	{ "replacement", OPT_ENUM, AT(replacement), "lru", 0, 0, NULL, "which line of a set has to go",
	  tag_policy_names },
	{ "write", OPT_ENUM, AT(write), "back", 0, 0, NULL, "when stores go to the level below",
	  write_names },
	{ "allocate", OPT_BOOL, AT(allocate), "yes", 0, 0, NULL, "a store that misses brings the line in",
	  NULL },
	{ "inclusion", OPT_ENUM, AT(inclusion), "none", 0, 0, NULL, "towards the levels above",
	  inclusion_names },
	{ "sharers", OPT_U32, AT(sharers), "1", 0, 4096, "cores",
	  "cores that share it; 0: all of a socket, or of a node if it has fewer; of a first level 1",
	  NULL },
	{ "classes", OPT_STRING, AT(classes), "", 0, 0, NULL,
	  "ways that classes 0, 1, ... of cat.* may fill, as masks (\"0xff0,0x00f\"); nothing: all", NULL },
	{ "slices", OPT_U32, AT(slices), "1", 1, 256, "slices", "parts of equal size chosen by a hash",
	  NULL },
	{ "set_hash", OPT_ENUM, AT(set_hash), "none", 0, 0, NULL,
	  "how a line's number chooses its set: none (lowest bits), xor (with as many above), fold (all)",
	  set_hash_names },
	{ "slice_hash", OPT_ENUM, AT(slice_hash), "mix", 0, 0, NULL,
	  "how it chooses its slice: mix, intel (as found in last-level caches of 2, 4 and 8 slices)",
	  slice_hash_names },
	{ "ports", OPT_U32, AT(ports), "0", 0, MSHR_MAX, "requests",
	  "taken at a time, a cycle each unless bandwidth says more; 0: any number", NULL },
	{ "bandwidth", OPT_U32, AT(bandwidth), "0", 0, 4096, "bytes a cycle",
	  "of a port, to and from the level above; 0: a line a cycle", NULL },
	{ "writeback_buffer", OPT_U32, AT(writeback_buffer), "0", 0, MSHR_MAX, "lines",
	  "dirty victims that wait for the level below; 0: any number", NULL },
	{ "mshrs", OPT_U32, AT(mshrs), "16", 1, MSHR_MAX, "lines", "lines in flight from below", NULL },
	{ "prefetcher", OPT_STRING, AT(prefetcher), "none", 0, 0, NULL,
	  "none, or next-line, adjacent, ip-stride, stream, joined by +", NULL },
	{ 0 },
};

const struct opt cache_l1_opts[] = {
	{ "indexing", OPT_ENUM, AT(indexing), "vipt", 0, 0, NULL, "which address chooses the set",
	  indexing_names },
	{ "alias", OPT_ENUM, AT(alias), "hardware", 0, 0, NULL,
	  "what keeps a virtually indexed line out of two places: the level below, the choice of frames "
	  "(kernel.placement = coloured) besides, or flushes by the kernel",
	  alias_names },
	{ "asid_tagged", OPT_BOOL, AT(asid_tagged), "yes", 0, 0, NULL,
	  "vivt: lines are tagged by address space; no: a switch empties the cache", NULL },
	{ "way_predictor", OPT_ENUM, AT(way_predictor), "none", 0, 0, NULL,
	  "by virtual address: utag hashes as AMD's since Zen 2 do", way_predictor_names },
	{ "way_mispredict", OPT_TIME, AT(way_mispredict), "8", 0, 0, "cycles or time",
	  "added to a hit in another way than the predicted one", NULL },
	{ 0 },
};

static const char *check_sets(const struct cache_cfg *c, const char **key)
{
	u64 way = (u64)c->ways * c->slices * c->line;

	*key = "line";
	if (!is_pow2(c->line))
		return "a line is a power of two of bytes";
	*key = "size";
	if (c->size % way)
		return "the size must be a multiple of ways x line x slices";
	if (!is_pow2(c->size / way))
		return "size / (ways x line x slices), the number of sets, must be a power of two";
	return NULL;
}

static const char *check_l1(const struct cache_cfg *c, const char **key)
{
	*key = "alias";
	if (c->indexing == INDEX_VIVT && c->alias == ALIAS_COLOUR)
		return "in a vivt cache pages of one colour alias as well; use hardware or flush";
	*key = "way_predictor";
	if (c->way_predictor != WAY_NONE && c->indexing == INDEX_VIVT)
		return "ways are predicted in a vipt or pipt first level alone";
	return NULL;
}

static const char *check_hashes(const struct cache_cfg *c, u32 level, const char **key)
{
	*key = "slices";
	if (level == 1 && c->slices != 1)
		return "a first level has one slice";
	*key = "set_hash";
	if (level == 1 && c->set_hash != SET_HASH_NONE)
		return "a first level's set is in the lowest bits; use none";
	*key = "slice_hash";
	if (c->slice_hash == SLICE_HASH_INTEL && (!is_pow2(c->slices) || c->slices > 8 || c->line != 64))
		return "the hash is known for 1, 2, 4 or 8 slices and lines of 64 bytes; use mix";
	return NULL;
}

static const char *check_ports(const struct cache_cfg *c, u32 level, const char **key)
{
	*key = "ports";
	if (level == 1 && c->ports)
		return "a first level takes what the core issues; use 0";
	*key = "bandwidth";
	return c->bandwidth && !c->ports ? "it is a port's, and there is no number of them; set ports" : NULL;
}

static const char *check_classes(const struct cache_cfg *c, u32 level, const char **key)
{
	struct partition p;

	*key = "classes";
	if (level == 1 && c->classes && *c->classes)
		return "a first level's ways are not shared out";
	return partition_parse(&p, c->classes, c->ways);
}

const char *cache_check(const struct cache_cfg *c, u32 level, u64 page, const char **key)
{
	const char *why;

	*key = "size";
	if (!c->size)
		return level == 1 ? "there must be a first level; only l2, l3 and l4 may be left out" : NULL;
	why = check_sets(c, key);
	if (!why && level == 1)
		why = check_l1(c, key);
	if (why)
		return why;
	*key = "replacement";
	why = tag_policy_check(c->replacement, c->ways);
	if (why)
		return why;
	*key = "inclusion";
	if (level == 1 && c->inclusion != INCLUSION_NONE)
		return "there is no level above a first level; use none";
	if (c->inclusion == INCLUSION_INCLUSIVE && c->ways < 4)
		return "an inclusive level has at least 4 ways: lines on their way up are no victims";
	if (c->inclusion == INCLUSION_EXCLUSIVE && (c->write != WRITE_BACK || !c->allocate))
		return "a level that victims fill needs write = back and allocate = yes";
	why = check_hashes(c, level, key);
	if (!why)
		why = check_ports(c, level, key);
	return why ? why : check_classes(c, level, key);
}
