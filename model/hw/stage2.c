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
	u64 root, next_table; /* physical addresses */
	u32 level;            /* of the leaves */
	u64 blocks, fault;
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

/* Bytes of all the tables that map `bytes`, each level rounded up, and some to spare. */
static u64 table_bytes(const struct pt_format *f, u64 bytes)
{
	u64 n = f->levels;
	u32 level;

	for (level = 0; level < f->levels; level++)
		n += bytes >> (f->shift[level] + f->bits[level]);
	return (n + 1) << f->shift[0];
}

static u64 new_table(struct stage2 *h)
{
	u64 pa = h->next_table, size = 1ull << h->format->shift[0], at;

	for (at = 0; at < size; at += FRAME_SIZE)
		ptmem_add(h->ptmem, (pa + at) >> FRAME_SHIFT);
	h->next_table += size;
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
	h->ptmem = ptmem_new((memory + table_bytes(h->format, memory)) >> FRAME_SHIFT);
	h->next_table = memory;
	h->root = new_table(h);
	return h;
}

void stage2_free(struct stage2 *h)
{
	if (!h)
		return;
	ptmem_free(h->ptmem);
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

/* The entry that maps a guest's address; tables above it are made. */
static u64 leaf_entry(struct stage2 *h, u64 gpa)
{
	const struct pt_format *f = h->format;
	u64 table = h->root, at, e;
	u32 level;

	for (level = f->levels - 1u; level > h->level; level--) {
		at = pt_entry_pa(f, table, gpa, level);
		e = pt_read(f, h->ptmem, at);
		if (!(f->flags(e, level) & PTE_PRESENT)) {
			e = f->encode(new_table(h), PTE_TABLE, level);
			pt_write(f, h->ptmem, at, e);
		}
		table = f->pa(e, level);
	}
	return pt_entry_pa(f, table, gpa, h->level);
}

#define LEAF (PTE_PRESENT | PTE_LEAF | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY)

u64 stage2_touch(struct stage2 *h, u64 gpa)
{
	const struct pt_format *f = h->format;
	u64 at = leaf_entry(h, gpa), block = gpa >> f->shift[h->level];

	ASSERT(block < h->blocks);
	if (f->flags(pt_read(f, h->ptmem, at), h->level) & PTE_PRESENT)
		return 0;
	pt_write(f, h->ptmem, at, f->encode(place(h, block) << f->shift[h->level], LEAF, h->level));
	return h->fault;
}

u64 stage2_pa(struct stage2 *h, u64 gpa)
{
	const struct pt_format *f = h->format;
	u64 at, in_block = gpa & ((1ull << f->shift[h->level]) - 1);

	stage2_touch(h, gpa);
	at = leaf_entry(h, gpa);
	return f->pa(pt_read(f, h->ptmem, at), h->level) | in_block;
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
	return h->root;
}
