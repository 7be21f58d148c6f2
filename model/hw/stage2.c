#include "model/hw/stage2.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sim/time.h"

static const char *const mode_names[] = { "off", "on", NULL };
static const char *const page_names[] = { "4k", "2m", "1g", NULL };
static const char *const placement_names[] = { "identity", "random", NULL };
static const char *const walk_cache_names[] = { "combined", "guest", NULL };

#define AT(field) offsetof(struct nested_cfg, field)

const struct opt nested_opts[] = {
	{ "mode", OPT_ENUM, AT(mode), "off", 0, 0, NULL, "on: the machine is a guest of a hypervisor",
	  mode_names },
	{ "page", OPT_ENUM, AT(page), "4k", 0, 0, NULL,
	  "host pages: the table format's first, second or third size (4K, 2M, 1G; 16K, 32M; 64K, 512M)",
	  page_names },
	{ "placement", OPT_ENUM, AT(placement), "identity", 0, 0, NULL,
	  "where host pages lie: at the guest's addresses, or at random", placement_names },
	{ "walk_caches", OPT_ENUM, AT(walk_caches), "combined", 0, 0, NULL,
	  "pwc holds host addresses of tables (combined, as Intel), or guest addresses", walk_cache_names },
	{ "fault", OPT_TIME, AT(fault), "0", 0, 0, "cycles or time",
	  "of the guest's first use of a host page; 0: all are there from the start", NULL },
	{ 0 },
};

#undef AT

#define ROUNDS 4u

struct stage2 {
	const struct pt_format *format;
	struct ptmem *ptmem;
	u64 tables[PT_MAX_LEVELS]; /* physical address of the first table of each level */
	u32 level;            /* of the leaves */
	u64 blocks, fault;
	bool *used; /* by the guest's block: it has been waited for */
	bool random;
	u32 half; /* bits of half a block's number, rounded up */
	u64 key[ROUNDS];
};

/* EPT and AMD's nested tables have four levels whatever the guest's have; stage 2 has the guest's granule. */
static const struct pt_format *format_beneath(const struct pt_format *guest)
{
	if (guest == &pt_arm64_4k || guest == &pt_arm64_16k || guest == &pt_arm64_64k)
		return guest;
	if (guest == &pt_riscv_sv39 || guest == &pt_riscv_sv48)
		return &pt_riscv_sv48;
	return &pt_x86_64;
}

const char *nested_check(const struct nested_cfg *cfg, const struct pt_format *guest, const char **key)
{
	if (!cfg->mode)
		return NULL;
	*key = "mode";
	if (!guest)
		return "a guest needs address translation (translation = on)";
	*key = "page";
	if (format_beneath(guest)->leaf[cfg->page] == NR_PAGE_SIZES)
		return "the page tables of kernel.layout have no pages of a third size";
	return NULL;
}

/* Every table has its place, whenever it is needed first: the root, then level by level by address. */
static u64 place_tables(struct stage2 *h, u64 memory)
{
	const struct pt_format *f = h->format;
	u64 next = memory;
	u32 level = f->levels;

	while (level-- > 0) {
		h->tables[level] = next;
		next += ((memory >> (f->shift[level] + f->bits[level])) + 1) << f->shift[0];
	}
	return next;
}

/* The table of a level for a guest's address. */
static u64 table_of(struct stage2 *h, u64 gpa, u32 level)
{
	const struct pt_format *f = h->format;
	u64 size = 1ull << f->shift[0], i;
	u64 pa = h->tables[level] + (gpa >> (f->shift[level] + f->bits[level])) * size;

	for (i = 0; i < size && !ptmem_has(h->ptmem, (pa + i) >> FRAME_SHIFT); i += FRAME_SIZE)
		ptmem_add(h->ptmem, (pa + i) >> FRAME_SHIFT);
	return pa;
}

struct stage2 *stage2_new(const struct nested_cfg *cfg, const struct pt_format *guest, u64 memory, u64 hz,
		      u64 seed)
{
	struct stage2 *h;
	struct rng rng;
	u64 block;
	u32 i;

	if (!cfg->mode)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	h->format = format_beneath(guest);
	h->level = cfg->page;
	h->fault = time_to_cycles(cfg->fault, hz);
	block = 1ull << h->format->shift[h->level];
	memory = align_up(memory, block);
	h->blocks = memory / block;
	h->random = cfg->placement == NESTED_RANDOM;
	h->half = MAX((log2_ceil(h->blocks) + 1) / 2, 1u);
	rng_init(&rng, seed, "nested.placement");
	for (i = 0; i < ROUNDS; i++)
		h->key[i] = rng_next(&rng);
	h->ptmem = ptmem_new(place_tables(h, memory) >> FRAME_SHIFT);
	h->used = xcalloc(h->blocks, sizeof(*h->used));
	return h;
}

void stage2_free(struct stage2 *h)
{
	if (!h)
		return;
	ptmem_free(h->ptmem);
	free(h->used);
	free(h);
}

/* A permutation of all numbers of 2 * half bits: a Feistel network. */
static u64 scramble(const struct stage2 *h, u64 n)
{
	u64 left = n >> h->half, right = n & ((1ull << h->half) - 1), next;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		next = left ^ hash64(right ^ h->key[i]) >> (64 - h->half);
		left = right;
		right = next;
	}
	return left << h->half | right;
}

/* The host's block for a guest's: numbers that the permutation sends beyond the last are sent on. */
static u64 place(const struct stage2 *h, u64 block)
{
	if (!h->random)
		return block;
	do
		block = scramble(h, block);
	while (block >= h->blocks);
	return block;
}

#define LEAF (PTE_PRESENT | PTE_LEAF | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY)

/* Makes the entries on the way to a guest's address. */
static void map(struct stage2 *h, u64 gpa)
{
	const struct pt_format *f = h->format;
	u64 block = gpa >> f->shift[h->level];
	u32 level;

	for (level = f->levels - 1u; level > h->level; level--)
		pt_write(f, h->ptmem, pt_entry_pa(f, table_of(h, gpa, level), gpa, level),
			 f->encode(table_of(h, gpa, level - 1), PTE_TABLE, level));
	pt_write(f, h->ptmem, pt_entry_pa(f, table_of(h, gpa, level), gpa, level),
		 f->encode(place(h, block) << f->shift[level], LEAF, level));
}

u64 stage2_touch(struct stage2 *h, u64 gpa)
{
	u64 block = gpa >> h->format->shift[h->level];

	ASSERT(block < h->blocks);
	if (h->used[block])
		return 0;
	map(h, gpa);
	h->used[block] = true;
	return h->fault;
}

u64 stage2_pa(struct stage2 *h, u64 gpa)
{
	u32 shift = h->format->shift[h->level];

	stage2_touch(h, gpa);
	return place(h, gpa >> shift) << shift | (gpa & ((1ull << shift) - 1));
}

const struct pt_format *stage2_format(const struct stage2 *h)
{
	return h->format;
}

u32 stage2_page_shift(const struct stage2 *h)
{
	return h->format->shift[h->level];
}

const struct ptmem *stage2_ptmem(const struct stage2 *h)
{
	return h->ptmem;
}

u64 stage2_root(const struct stage2 *h)
{
	return h->tables[h->format->levels - 1];
}
