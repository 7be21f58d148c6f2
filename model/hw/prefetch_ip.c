/*
 * ip-stride: follows single instructions. An instruction whose address moved by the same stride `confidence`
 * times running has the address `distance` strides ahead brought, and the degree - 1 behind that. Intel's
 * Optimization Reference Manual, "Data Prefetching": a load with a regular stride sends a prefetch to "the
 * sum of the current address and the stride", forward or backward, up to 2 KB; instructions are told apart
 * by the lowest 8 bits of their address. That it takes three accesses (two equal strides), and 24 entries, is
 * what AfterImage (ASPLOS 2023) found on Haswell and Coffee Lake; their order is LRU here.
 *
 * Others monitor misses alone, which hits in between do not disturb (Arm, Cortex-A35 Technical Reference
 * Manual, "Data prefetching"): option `hits`.
 *
 * What an instruction's address is when the recording has whole blocks: the block's plus the number of the
 * instruction in it (core/inorder.h).
 */
#include "model/hw/prefetch.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/hw/tags.h"

#define AT(field) offsetof(struct prefetcher_cfg, field)

const struct opt prefetch_ip_stride_opts[] = {
	{ "degree", OPT_U32, AT(degree), "1", 1, 16, "lines", "asked for at a time", NULL },
	{ "distance", OPT_U32, AT(distance), "1", 1, 64, "strides", "from an access to the first of them",
	  NULL },
	{ "entries", OPT_U32, AT(entries), "24", 1, 4096, "instructions", "remembered at a time", NULL },
	{ "confidence", OPT_U32, AT(confidence), "2", 1, 255, "strides", "equal ones running that start it",
	  NULL },
	{ "ip_bits", OPT_U32, AT(ip_bits), "8", 1, 64, "bits",
	  "low bits that tell instructions from each other", NULL },
	{ "max_stride", OPT_SIZE, AT(max_stride), "2K", 1, 1ull << 30, "bytes", "longest stride", NULL },
	{ "hits", OPT_BOOL, AT(hits), "yes", 0, 0, NULL,
	  "learns from all loads; no: from misses and first uses of prefetched lines", NULL },
	{ "cross_page", OPT_BOOL, AT(cross_page), "no", 0, 0, NULL, "l1d: goes on into other pages", NULL },
	{ 0 },
};

struct ip_entry {
	u64 last;
	s64 stride;
	u32 seen; /* how often running */
};

struct ip_stride {
	struct prefetcher_cfg cfg;
	u64 ip_mask;
	struct tags tags;
	struct ip_entry *entry; /* by id */
};

static void *ip_create(const struct prefetcher_cfg *cfg, u32 line_shift, u32 page_shift)
{
	struct ip_stride *s = xcalloc(1, sizeof(*s));

	s->cfg = *cfg;
	s->ip_mask = cfg->ip_bits < 64 ? (1ull << cfg->ip_bits) - 1 : ~(u64)0;
	tags_init(&s->tags, 1, cfg->entries, TAGS_LRU, 0, "ip-stride");
	s->entry = xcalloc(tags_ids(&s->tags), sizeof(*s->entry));
	return s;
}

static void ip_destroy(void *state)
{
	struct ip_stride *s = state;

	tags_fini(&s->tags);
	free(s->entry);
	free(s);
}

static void ip_begin(struct ip_stride *s, u64 ip, u64 addr)
{
	u32 id = tags_victim(&s->tags, 0);

	tags_put(&s->tags, id, ip);
	s->entry[id] = (struct ip_entry){ .last = addr };
}

/* Whether the entry's stride is to be believed after an access to addr. */
static bool ip_follow(const struct ip_stride *s, struct ip_entry *e, u64 addr)
{
	s64 stride = (s64)(addr - e->last);

	e->seen = stride == e->stride ? MIN(e->seen + 1, s->cfg.confidence) : 1;
	e->stride = stride;
	e->last = addr;
	return e->seen == s->cfg.confidence && stride && (u64)llabs(stride) <= s->cfg.max_stride;
}

static void ip_learn(void *state, const struct prefetch_access *a, struct prefetch_wishes *w)
{
	struct ip_stride *s = state;
	u64 ip = a->ip & s->ip_mask;
	u32 id, i;

	if (!a->ip || !(s->cfg.hits || a->miss || a->first_use))
		return;
	id = tags_find(&s->tags, 0, ip);
	if (id == TAG_MISS) {
		ip_begin(s, ip, a->addr);
		return;
	}
	tags_touch(&s->tags, id);
	if (!ip_follow(s, &s->entry[id], a->addr))
		return;
	for (i = 0; i < s->cfg.degree; i++)
		prefetch_wish(w, a->addr + (u64)s->entry[id].stride * (s->cfg.distance + i));
}

static void ip_keep(void *state, struct state *s, const char *owner)
{
	struct ip_stride *ip = state;

	tags_state(&ip->tags, s, owner);
	state_add(s, owner, "strides", ip->entry, tags_ids(&ip->tags) * sizeof(*ip->entry));
}

const struct prefetcher_ops prefetch_ip_stride = { "ip-stride", true, true, ip_create, ip_destroy,
						   ip_learn, ip_keep };
