/*
 * Which slot a page gets, beside naive twins: scan_swap_map() as 2.4.0 and as 2.6.18 have it, written down
 * from their loops over a list of booleans; and 6.12's clusters with lists that are sorted vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/swap_impl.h"

#define PAGE   4096ull
#define MEMORY (24ull << 20)
#define STEPS  60000u

/* ---- twins ---- */

struct twin {
	bool *used;
	u64 n; /* slots, 0 is the header */
	/* scan_swap_map() */
	u64 lowest_bit, highest_bit, cluster_next, inuse;
	u32 cluster_nr;
	/* clusters */
	u32 *count, *list[3], n_list[3], n_clusters;
	u64 next, cache[64];
	u32 n_cache, cur;
	bool active;
};

#define NONE (~0ull)

static void took(struct twin *t, u64 offset)
{
	t->used[offset] = true;
	t->inuse++;
}

/* mm/swapfile.c:scan_swap_map() of 2.4.0. */
static u64 take_2_4(struct twin *t)
{
	u64 offset, nr;

	if (t->cluster_nr) {
		while (t->cluster_next <= t->highest_bit) {
			offset = t->cluster_next++;
			if (t->used[offset])
				continue;
			t->cluster_nr--;
			goto got_page;
		}
	}
	t->cluster_nr = 256;
	offset = t->lowest_bit;
check_next_cluster:
	if (offset + 255 <= t->highest_bit) {
		for (nr = offset; nr < offset + 256; nr++)
			if (t->used[nr]) {
				offset = nr + 1;
				goto check_next_cluster;
			}
		goto got_page;
	}
	for (offset = t->lowest_bit; offset <= t->highest_bit; offset++) {
		if (t->used[offset])
			continue;
		t->lowest_bit = offset;
	got_page:
		if (offset == t->lowest_bit)
			t->lowest_bit++;
		if (offset == t->highest_bit)
			t->highest_bit--;
		if (t->lowest_bit > t->highest_bit) {
			t->lowest_bit = t->n;
			t->highest_bit = 0;
		}
		took(t, offset);
		t->cluster_next = offset + 1;
		return offset;
	}
	t->lowest_bit = t->n;
	t->highest_bit = 0;
	return NONE;
}

/* The same of 2.6.18. */
static u64 take_2_6(struct twin *t)
{
	u64 offset, last_in_cluster;

	if (t->inuse == t->n - 1)
		return NONE;
	if (!t->cluster_nr) {
		t->cluster_nr = 255;
		if (t->n - 1 - t->inuse < 256)
			goto lowest;
		offset = t->lowest_bit;
		last_in_cluster = offset + 255;
		for (; last_in_cluster <= t->highest_bit; offset++) {
			if (t->used[offset])
				last_in_cluster = offset + 256;
			else if (offset == last_in_cluster) {
				t->cluster_next = offset - 255;
				goto cluster;
			}
		}
		goto lowest;
	}
	t->cluster_nr--;
cluster:
	offset = t->cluster_next;
	if (offset > t->highest_bit)
	lowest:
		offset = t->lowest_bit;
checks:
	if (!t->highest_bit)
		return NONE;
	if (!t->used[offset]) {
		if (offset == t->lowest_bit)
			t->lowest_bit++;
		if (offset == t->highest_bit)
			t->highest_bit--;
		took(t, offset);
		if (t->inuse == t->n - 1) {
			t->lowest_bit = t->n;
			t->highest_bit = 0;
		}
		t->cluster_next = offset + 1;
		return offset;
	}
	while (++offset <= t->highest_bit)
		if (!t->used[offset])
			goto checks;
	goto lowest;
}

static void give_scan(struct twin *t, u64 offset)
{
	t->used[offset] = false;
	t->inuse--;
	if (offset < t->lowest_bit)
		t->lowest_bit = offset;
	if (offset > t->highest_bit)
		t->highest_bit = offset;
}

/* ---- clusters: lists 0 free, 1 nonfull, 2 frag; a full one is in none ---- */

static void list_out(struct twin *t, u32 cluster)
{
	u32 l, i;

	for (l = 0; l < 3; l++)
		for (i = 0; i < t->n_list[l]; i++)
			if (t->list[l][i] == cluster) {
				memmove(&t->list[l][i], &t->list[l][i + 1],
					(--t->n_list[l] - i) * sizeof(u32));
				return;
			}
}

static bool is_in(const struct twin *t, u32 l, u32 cluster)
{
	u32 i;

	for (i = 0; i < t->n_list[l]; i++)
		if (t->list[l][i] == cluster)
			return true;
	return false;
}

static void list_to(struct twin *t, u32 cluster, u32 l)
{
	list_out(t, cluster);
	t->list[l][t->n_list[l]++] = cluster;
}

static void clusters_init(struct twin *t)
{
	u32 i, col, l;

	t->n_clusters = (u32)((t->n + 511) / 512);
	t->count = calloc(t->n_clusters, sizeof(u32));
	for (l = 0; l < 3; l++)
		t->list[l] = calloc(t->n_clusters, sizeof(u32));
	t->count[0] = 1;
	t->count[t->n_clusters - 1] += (u32)(t->n_clusters * 512 - t->n);
	for (col = 0; col < 32; col++)
		for (i = 0; i * 32 + col < t->n_clusters; i++)
			if (t->count[i * 32 + col] < 512)
				list_to(t, i * 32 + col, t->count[i * 32 + col] ? 1 : 0);
	t->next = NONE;
}

static u64 scan_cluster(struct twin *t, u64 from)
{
	u32 c = (u32)(from / 512);
	u64 end = c * 512ull + 512 < t->n ? c * 512ull + 512 : t->n;

	t->next = NONE;
	if (t->count[c] == 512)
		return NONE;
	for (; from < end; from++) {
		if (t->used[from])
			continue;
		took(t, from);
		if (is_in(t, 0, c))
			list_to(t, c, 1);
		if (++t->count[c] == 512)
			list_out(t, c);
		else if (from + 1 < end)
			t->next = from + 1;
		return from;
	}
	return NONE;
}

static u64 take_from_clusters(struct twin *t)
{
	u64 slot = t->next == NONE ? NONE : scan_cluster(t, t->next);
	u32 i, n;

	if (slot == NONE && t->n_list[0])
		slot = scan_cluster(t, t->list[0][0] * 512ull);
	while (slot == NONE && t->n_list[1]) {
		u32 c = t->list[1][0];

		list_to(t, c, 2);
		slot = scan_cluster(t, c * 512ull);
	}
	for (i = 0, n = t->n_list[2]; slot == NONE && i < n; i++) {
		u32 c = t->list[2][0];

		list_to(t, c, 2);
		slot = scan_cluster(t, c * 512ull);
	}
	return slot;
}

static void give_clusters(struct twin *t, u64 slot)
{
	u32 c = (u32)(slot / 512);

	t->used[slot] = false;
	t->inuse--;
	if (!--t->count[c])
		list_to(t, c, 0);
	else if (!is_in(t, 1, c))
		list_to(t, c, 1);
}

/* The slot cache of one hardware thread. */
static u64 take_cached(struct twin *t)
{
	u64 left = t->n - 1 - t->inuse;

	if (t->cur < t->n_cache)
		return t->cache[t->cur++];
	t->cur = t->n_cache = 0;
	if (left > 320)
		t->active = true;
	if (left < 128)
		t->active = false;
	if (!t->active)
		return take_from_clusters(t);
	while (t->n_cache < 64 && (t->cache[t->n_cache] = take_from_clusters(t)) != NONE)
		t->n_cache++;
	return t->n_cache ? t->cache[t->cur++] : NONE;
}

static struct twin *twin_new(u64 n)
{
	struct twin *t = calloc(1, sizeof(*t));

	t->n = n;
	t->used = calloc(n, sizeof(*t->used));
	t->used[0] = true;
	t->lowest_bit = t->cluster_next = 1;
	t->highest_bit = n - 1;
	clusters_init(t);
	return t;
}

static void twin_free(struct twin *t)
{
	u32 l;

	for (l = 0; l < 3; l++)
		free(t->list[l]);
	free(t->count);
	free(t->used);
	free(t);
}

/* ---- beside each other ---- */

struct pair {
	enum kernel_era era;
	u32 device;
	u64 (*take)(struct twin *t);
	void (*give)(struct twin *t, u64 slot);
};

static struct kernel *kernel_with(struct kernel_cfg *cfg, const struct pair *p, u64 slots,
				  struct ptmem *ptmem)
{
	struct kernel_params params = {
		.cfg = cfg, .memory = MEMORY, .hz = 1000000000, .seed = 1, .cpus = 1
	};

	*cfg = (struct kernel_cfg){ .era = p->era,
				    .colours = 1,
				    .instruction_scale = 100,
				    .placement = FRAME_BUDDY,
				    .swap = { .device = p->device, .size = slots * PAGE } };
	cfg->blockdev.hdd =
		(struct disk_cfg){ .rpm = 7200, .depth = 1, .bandwidth = 1u << 20, .size = 1u << 30 };
	cfg->blockdev.nvme = (struct flash_cfg){
		.dies = 1, .depth = 1, .program_pages = 1, .bandwidth = 1u << 20, .size = 1u << 30
	};
	params.format = kernel_format(cfg);
	params.ptmem = ptmem;
	return kernel_new(&params);
}

/* Fills and empties by turns: phases of much taking and of much giving, in random order of slots. */
static void run(const struct pair *p, u64 slots, u64 seed)
{
	struct kernel_cfg cfg;
	struct ptmem *ptmem = ptmem_new(MEMORY / PAGE);
	struct kernel *k = kernel_with(&cfg, p, slots, ptmem);
	struct twin *t = twin_new(slots);
	u64 *mine = calloc(slots, sizeof(*mine)), n = 0, i, slot, full = 0;
	struct rng rng;

	rng_init(&rng, seed, "slots");
	for (i = 0; i < STEPS; i++) {
		u64 likely = i / 4000 % 3 == 0 ? 90 : i / 4000 % 3 == 1 ? 50 : 15;

		if (rng_below(&rng, 100) < likely) {
			slot = swap_take_slot(k, NULL);
			assert_int_equal(slot, p->take(t));
			if (slot == NO_SLOT)
				full++;
			else
				mine[n++] = slot;
		} else if (n) {
			u64 at = rng_below(&rng, n);

			slot = mine[at];
			mine[at] = mine[--n];
			swap_give_back(k->swap, NULL, slot);
			p->give(t, slot);
		}
		if (i % 512 == 0)
			k->swap->ops->sane(k->swap);
	}
	assert_true(full || slots > 2000);
	while (n) {
		swap_give_back(k->swap, NULL, mine[n - 1]);
		p->give(t, mine[--n]);
	}
	free(mine);
	twin_free(t);
	kernel_free(k);
	ptmem_free(ptmem);
}

static void run_all(const struct pair *p)
{
	static const u64 sizes[] = { 2, 5, 257, 300, 513, 700, 1025, 3000, 20000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		run(p, sizes[i], i + 1);
}

static void scan_of_2_4(void **state)
{
	static const struct pair p = { ERA_2_4_0, BLOCKDEV_HDD, take_2_4, give_scan };

	run_all(&p);
}

static void scan_of_2_6(void **state)
{
	static const struct pair p = { ERA_2_6_18, BLOCKDEV_HDD, take_2_6, give_scan };

	run_all(&p);
}

/* Disks of 6.x have no clusters. */
static void scan_of_disks(void **state)
{
	static const struct pair p = { ERA_6_X, BLOCKDEV_HDD, take_2_6, give_scan };

	run_all(&p);
}

static void clusters_of_6_x(void **state)
{
	static const struct pair p = { ERA_6_X, BLOCKDEV_NVME, take_cached, give_clusters };

	run_all(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_of_2_4),
		cmocka_unit_test(scan_of_2_6),
		cmocka_unit_test(scan_of_disks),
		cmocka_unit_test(clusters_of_6_x),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
