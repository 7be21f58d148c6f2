/*
 * Files of /proc against what a Linux 6.18 printed with the same state (a guest of two CPUs, zones of 3,840,
 * 772,915 and 2,916,352 managed pages), line by line but for what the model leaves out; and the formats of
 * older kernels against lines of theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/mm/pcp.h"
#include "model/mm/procfs.h"
#include "tests/ref/ref_pages.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define BLOCK 512u

/* A machine's zones made by hand: nothing but what is printed. */
struct hand {
	struct page_alloc pa;
	struct zone zone[3];
	struct pcp pcp[3][2];
	u8 *types[3];
};

static void hand_zone(struct hand *h, u32 i, enum zone_type type, u64 start, u64 end)
{
	struct zone *z = &h->zone[i];

	*z = (struct zone){ .pa = &h->pa, .type = type, .index = i, .start = start, .end = end };
	z->pcp = h->pcp[i];
	h->types[i] = z->block_type = xcalloc(1, (end / BLOCK - start / BLOCK) + 2);
	h->pa.n_zones = i + 1;
}

static struct hand *hand_new(enum kernel_era era)
{
	struct hand *h = xcalloc(1, sizeof(*h));

	h->pa.cfg = (struct page_alloc_cfg){ .era = era, .shift = 12, .nodes = 1, .cpus = 2, .word = 8 };
	h->pa.cfg.pcp = era == ERA_6_X ? PCP_LISTS : era >= ERA_2_6_26 ? PCP_MERGED : PCP_HOT_COLD;
	h->pa.cfg.dma_end = 16ull << 20;
	h->pa.zone = h->zone;
	h->pa.max_order = MAX_ORDERS;
	h->pa.pageblock_order = 9;
	return h;
}

static void hand_free(struct hand *h)
{
	u32 i;

	for (i = 0; i < 3; i++)
		free(h->types[i]);
	free(h);
}

/* n[order] blocks of a type. */
static void hand_blocks(struct zone *z, enum migratetype type, const u64 n[MAX_ORDERS])
{
	u32 order;

	for (order = 0; order < MAX_ORDERS; order++) {
		z->area[order].nr[type] = n[order];
		z->area[order].nr_free += n[order];
		z->free += n[order] << order;
	}
}

static char *text_of(const char *name, const struct proc_source *p)
{
	const struct proc_file *file;
	static size_t size;
	static char *text;
	FILE *f = open_memstream(&text, &size);

	for (file = proc_files; strcmp(file->name, name); file++)
		;
	assert_true(proc_has(file, p));
	file->write(f, p);
	fclose(f);
	return text;
}

static void check_text(const char *name, const struct proc_source *p, const char *expected)
{
	char *text = text_of(name, p);

	assert_string_equal(text, expected);
	free(text);
}

/* The line that begins with that. */
static void check_line(const char *name, const struct proc_source *p, const char *expected)
{
	char *text = text_of(name, p), *line = strstr(text, expected);

	if (!line || (line != text && line[-1] != '\n') || line[strlen(expected)] != '\n')
		fail_msg("no line '%s' in\n%s", expected, text);
	free(text);
}

static const u64 dma_unmovable[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
static const u64 dma_movable[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3 };
static const u64 normal_unmovable[] = { 13, 259, 500, 268, 91, 23, 6, 2, 2, 0, 0 };
static const u64 normal_movable[] = { 528, 2217, 305, 5534, 5607, 10076, 7157, 4412, 2311, 1201, 1733 };
static const u64 normal_reclaimable[] = { 1, 2025, 2041, 2638, 1899, 1098, 442, 121, 21, 0, 0 };
static const u64 normal_highatomic[] = { 4, 4, 4, 3, 2, 1, 2, 2, 0, 0, 0 };

static void hand_live_blocks(struct hand *h)
{
	hand_zone(h, 0, ZONE_DMA, 1, 4096);
	hand_blocks(&h->zone[0], MIGRATE_UNMOVABLE, dma_unmovable);
	hand_blocks(&h->zone[0], MIGRATE_MOVABLE, dma_movable);
	memset(h->types[0] + 1, MIGRATE_MOVABLE, 7);
	hand_zone(h, 1, ZONE_NORMAL, 4096, 4096 + 600 * BLOCK);
	hand_blocks(&h->zone[1], MIGRATE_UNMOVABLE, normal_unmovable);
	hand_blocks(&h->zone[1], MIGRATE_MOVABLE, normal_movable);
	hand_blocks(&h->zone[1], MIGRATE_RECLAIMABLE, normal_reclaimable);
	hand_blocks(&h->zone[1], MIGRATE_HIGHATOMIC, normal_highatomic);
	memset(h->types[1] + 76, MIGRATE_MOVABLE, 152);
	memset(h->types[1] + 228, MIGRATE_RECLAIMABLE, 371);
	h->types[1][599] = MIGRATE_HIGHATOMIC;
}

static void test_buddyinfo(void **state)
{
	struct hand *h = hand_new(ERA_6_X);
	const struct proc_source p = { .pa = &h->pa };

	hand_live_blocks(h);
	check_text(
		"buddyinfo", &p,
		"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      "
		"1      3 \n"
		"Node 0, zone   Normal    546   4505   2850   8443   7599  11198   7607   4537   2334   "
		"1201   1733 \n");
	hand_free(h);
}

static void test_pagetypeinfo(void **state)
{
	static const char *const lines[] = {
		"Page block order: 9",
		"Pages per block:  512",
		"Free pages count per migrate type at order       0      1      2      3      4      5      "
		"6    "
		"  7      8      9     10 ",
		"Node    0, zone      DMA, type    Unmovable      0      0      0      0      0      0      "
		"0    "
		"  0      1      0      0 ",
		"Node    0, zone      DMA, type      Movable      0      0      0      0      0      0      "
		"0    "
		"  0      0      1      3 ",
		"Node    0, zone   Normal, type      Movable    528   2217    305   5534   5607  10076   "
		"7157   "
		"4412   2311   1201   1733 ",
		"Node    0, zone   Normal, type  Reclaimable      1   2025   2041   2638   1899   1098    "
		"442   "
		" 121     21      0      0 ",
		"Node    0, zone   Normal, type   HighAtomic      4      4      4      3      2      1      "
		"2   "
		"   2      0      0      0 ",
		"Node    0, zone   Normal, type      Isolate      0      0      0      0      0      0      "
		"0   "
		"   0      0      0      0 ",
		"Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate ",
		"Node 0, zone      DMA            1            7            0            0            0 ",
		"Node 0, zone   Normal           76          152          371            1            0 ",
	};
	struct hand *h = hand_new(ERA_6_X);
	const struct proc_source p = { .pa = &h->pa };
	u32 i;

	hand_live_blocks(h);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		check_line("pagetypeinfo", &p, lines[i]);
	h->zone[1].area[0].nr[MIGRATE_UNMOVABLE] = 123456;
	check_line(
		"pagetypeinfo", &p,
		"Node    0, zone   Normal, type    Unmovable >100000    259    500    268     91     23      "
		"6      2      2      0      0 ");
	h->pa.cfg.era = ERA_2_6_37;
	check_line(
		"pagetypeinfo", &p,
		"Number of blocks type     Unmovable  Reclaimable      Movable      Reserve      Isolate ");
	check_line("pagetypeinfo", &p,
		   "Node 0, zone      DMA            1            0            7            0            0 ");
	hand_free(h);
}

/* Four pages and a block of four: for eight, F = 8, B = 5, S = 0, so 1000 - (1000 + 1000 * 8/8) / 5. */
static void test_extfrag(void **state)
{
	static const u64 blocks[MAX_ORDERS] = { 4, 0, 1 };
	struct hand *h = hand_new(ERA_6_X);
	const struct proc_source p = { .pa = &h->pa };

	hand_zone(h, 0, ZONE_NORMAL, 0, BLOCK);
	hand_blocks(&h->zone[0], MIGRATE_MOVABLE, blocks);
	check_text(
		"extfrag_index", &p,
		"Node 0, zone   Normal -1.000 -1.000 -1.000  0.600  0.700  0.750  0.775  0.788  0.794  0.797 "
		" 0.799 \n");
	check_text(
		"unusable_index", &p,
		"Node 0, zone   Normal 0.000 0.500 0.500 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 \n");
	hand_free(h);
}

/* /proc/zoneinfo of that machine, without the counters that the model has not. */
static void hand_live_zones(struct hand *h)
{
	static const u64 marks[3][NR_WMARKS] = { { 17, 21, 25, 29 },
						 { 3536, 4420, 5304, 6188 },
						 { 13342, 16677, 20012, 23347 } };
	static const u64 pages[3][2] = { { 3998, 3840 }, { 782336, 772915 }, { 5505024, 2916352 } };
	u32 i;

	hand_zone(h, 0, ZONE_DMA, 1, 4096);
	hand_zone(h, 1, ZONE_DMA32, 4096, 4096 + 1044480);
	hand_zone(h, 2, ZONE_NORMAL, 1048576, 1048576 + 5505024);
	h->pa.cfg.dma32_end = 4ull << 30;
	for (i = 0; i < 3; i++) {
		memcpy(h->zone[i].wmark, marks[i], sizeof(marks[i]));
		h->zone[i].present = pages[i][0];
		h->zone[i].managed = pages[i][1];
	}
	hand_blocks(&h->zone[0], MIGRATE_MOVABLE, dma_movable);
	hand_blocks(&h->zone[0], MIGRATE_UNMOVABLE, dma_unmovable);
	h->zone[0].lowmem_reserve[ZONE_DMA32] = 3019;
	h->zone[0].lowmem_reserve[ZONE_NORMAL] = 14411;
	h->zone[0].lowmem_reserve[ZONE_MOVABLE] = 14411;
}

static const char zoneinfo_dma[] = "Node 0, zone      DMA\n"
				   "  per-node stats\n"
				   "  pages free     3840\n"
				   "        boost    0\n"
				   "        min      17\n"
				   "        low      21\n"
				   "        high     25\n"
				   "        promo    29\n"
				   "        spanned  4095\n"
				   "        present  3998\n"
				   "        managed  3840\n"
				   "        cma      0\n"
				   "        protection: (0, 3019, 14411, 14411)\n"
				   "      nr_free_pages 3840\n"
				   "      nr_free_pages_blocks 3584\n"
				   "      nr_free_cma  0\n"
				   "  pagesets\n"
				   "    cpu: 0\n"
				   "              count:    0\n"
				   "              high:     0\n"
				   "              batch:    1\n"
				   "              high_min: 10\n"
				   "              high_max: 240\n"
				   "  vm stats threshold: 4\n"
				   "    cpu: 1\n"
				   "              count:    0\n"
				   "              high:     0\n"
				   "              batch:    1\n"
				   "              high_min: 10\n"
				   "              high_max: 240\n"
				   "  vm stats threshold: 4\n"
				   "  node_unreclaimable:  0\n"
				   "  start_pfn:           1\n"
				   "Node 0, zone    DMA32\n"
				   "  pages free     0\n";

static const char zoneinfo_end[] = "  vm stats threshold: 32\n"
				   "  node_unreclaimable:  0\n"
				   "  start_pfn:           1048576\n"
				   "Node 0, zone  Movable\n"
				   "  pages free     0\n"
				   "        boost    0\n"
				   "        min      32\n"
				   "        low      32\n"
				   "        high     32\n"
				   "        promo    32\n"
				   "        spanned  0\n"
				   "        present  0\n"
				   "        managed  0\n"
				   "        cma      0\n"
				   "        protection: (0, 0, 0, 0)\n";

static void test_zoneinfo(void **state)
{
	struct hand *h = hand_new(ERA_6_X);
	const struct proc_source p = { .pa = &h->pa };
	char *text;
	u32 i;

	hand_live_zones(h);
	for (i = 0; i < 2; i++)
		h->pcp[0][i] = (struct pcp){ .batch = 1, .high_min = 10, .high_max = 240 };
	text = text_of("zoneinfo", &p);
	assert_memory_equal(text, zoneinfo_dma, strlen(zoneinfo_dma));
	assert_non_null(strstr(text, "\n  vm stats threshold: 24\n"));
	assert_string_equal(text + strlen(text) - strlen(zoneinfo_end), zoneinfo_end);
	free(text);
	hand_free(h);
}

static void test_old_zoneinfo(void **state)
{
	struct hand *h = hand_new(ERA_2_6_18);
	const struct proc_source p = { .pa = &h->pa };

	hand_zone(h, 0, ZONE_DMA, 0, 4096);
	h->zone[0].present = 4096;
	h->zone[0].free = 3161;
	memcpy(h->zone[0].wmark, (u64[]){ 17, 21, 25, 0 }, sizeof(h->zone[0].wmark));
	h->zone[0].lowmem_reserve[ZONE_NORMAL] = 880;
	h->pa.cfg.cpus = 1;
	h->pcp[0][0] = (struct pcp){ .nr = { 5, 2 }, .hot_high = 6, .batch = 1, .cold_high = 2 };
	h->pcp[0][0].cold_batch = 1;
	check_text("zoneinfo", &p,
		   "Node 0, zone      DMA\n"
		   "  pages free     3161\n"
		   "        min      17\n"
		   "        low      21\n"
		   "        high     25\n"
		   "        spanned  4096\n"
		   "        present  4096\n"
		   "        protection: (0, 880)\n"
		   "  pagesets\n"
		   "    cpu: 0 pcp: 0\n"
		   "              count: 5\n"
		   "              high:  6\n"
		   "              batch: 1\n"
		   "    cpu: 0 pcp: 1\n"
		   "              count: 2\n"
		   "              high:  2\n"
		   "              batch: 1\n"
		   "  vm stats threshold: 2\n"
		   "  all_unreclaimable: 0\n"
		   "  start_pfn:         0\n");
	hand_free(h);
}

/* Names that the registry has appear in the kernel's order, whatever the order of registration. */
static void test_vmstat(void **state)
{
	struct hand *h = hand_new(ERA_6_X);
	struct stats *s = stats_new();
	const struct proc_source p = { .pa = &h->pa, .stats = s };
	u64 fault = 205207826, free_ = 302286720, dma = 1, other = 5;

	hand_live_blocks(h);
	stats_add_one(s, "mm.vmstat.pgfault", &fault, "", "");
	stats_add_one(s, "mm.vmstat.pgfree", &free_, "", "");
	stats_add_one(s, "mm.vmstat.pgalloc_dma", &dma, "", "");
	stats_add_one(s, "mm.vmstat.not_of_linux", &other, "", "");
	check_text("vmstat", &p,
		   "nr_free_pages 4626852\n"
		   "nr_free_pages_blocks 2393088\n"
		   "nr_free_cma 0\n"
		   "pgalloc_dma 1\n"
		   "pgfree 302286720\n"
		   "pgfault 205207826\n");
	h->pa.pgalloc[ZONE_DMA] = 7;
	h->pa.pgalloc[ZONE_NORMAL] = 8;
	h->pa.cfg.era = ERA_2_6_5;
	check_text("vmstat", &p, "pgalloc 15\npgfree 302286720\npgfault 205207826\n");
	stats_free(s);
	hand_free(h);
}

/* Free memory, without the reserves: those of the DMA zone are its high mark and what Normal may not have. */
static void test_meminfo(void **state)
{
	struct hand *h = hand_new(ERA_6_X);
	const struct proc_source p = { .pa = &h->pa };

	hand_live_zones(h);
	check_text("meminfo", &p,
		   "MemTotal:       14772428 kB\n"
		   "MemFree:           15360 kB\n"
		   "MemAvailable:          0 kB\n"
		   "Percpu:                0 kB\n");
	h->zone[2].free = 1000000;
	check_line("meminfo", &p, "MemFree:         4015360 kB");
	/* 1003840 - (3840 + 5304 + 20012): DMA's reserve is all that it has. */
	check_line("meminfo", &p, "MemAvailable:    3898736 kB");
	h->pa.cfg.era = ERA_2_6_18;
	check_text("meminfo", &p,
		   "MemTotal:     14772428 kB\n"
		   "MemFree:       4015360 kB\n"
		   "HighTotal:           0 kB\n"
		   "HighFree:            0 kB\n"
		   "LowTotal:     14772428 kB\n"
		   "LowFree:       4015360 kB\n");
	hand_free(h);
}

/* A machine of 2.4 with 30,832 KB, of which 12,600 were free. */
static void test_meminfo_2_4(void **state)
{
	struct hand *h = hand_new(ERA_2_4_0);
	const struct proc_source p = { .pa = &h->pa };

	hand_zone(h, 0, ZONE_NORMAL, 0, 8192);
	h->zone[0].managed = 7708;
	h->zone[0].free = 3150;
	check_text("meminfo", &p,
		   "        total:    used:    free:  shared: buffers:  cached:\n"
		   "Mem:  31571968 18669568 12902400        0        0        0\n"
		   "Swap:        0        0        0\n"
		   "MemTotal:        30832 kB\n"
		   "MemFree:         12600 kB\n"
		   "HighTotal:           0 kB\n"
		   "HighFree:            0 kB\n"
		   "LowTotal:        30832 kB\n"
		   "LowFree:         12600 kB\n");
	hand_free(h);
}

/* A page of objects of 256 bytes, one of them in use: 16 go into it. */
struct slab_machine {
	struct ref_pages pages;
	struct slabs *s;
	struct proc_source p;
};

static void slab_machine_init(struct slab_machine *m, enum kernel_era era, enum slab_form form, u32 cpus)
{
	struct page_alloc_cfg cfg = { .era = era, .bytes = 64 << 20, .shift = 12, .nodes = 1, .cpus = cpus };
	struct kmem_cache *k;

	cfg.word = form == SLAB_SLUB ? 8 : 4;
	cfg.direct_map = form == SLAB_SLUB ? 0xffff888000000000ull : 0xc0000000ull;
	ref_pages_init(&m->pages, &cfg);
	m->s = slabs_new_from(&m->pages.pa, &ref_pages_ops, form, 64);
	k = kmem_cache_create(m->s, "filp", 256, 0, SLAB_HWCACHE_ALIGN);
	assert_true(kmem_cache_alloc(k, NULL, GFP_KERNEL) != 0);
	m->p = (struct proc_source){ .pa = &m->pages.pa, .slabs = m->s };
}

static void slab_machine_fini(struct slab_machine *m)
{
	slabs_free(m->s);
	ref_pages_fini(&m->pages);
}

static void test_slabinfo(void **state)
{
	struct slab_machine m;
	char *text;

	slab_machine_init(&m, ERA_6_X, SLAB_SLUB, 2);
	text = text_of("slabinfo", &m.p);
	assert_memory_equal(
		text,
		"slabinfo - version: 2.1\n"
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "
		"tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> "
		"<sharedavail>\n"
		"filp                  16     16    256   16    1 : tunables    0    0    0 : slabdata "
		"     1      1      0\n",
		300);
	free(text);
	slab_machine_fini(&m);
}

/* The caches were listed from the youngest on, in 2.4 behind the cache of caches. */
static void test_old_slabinfo(void **state)
{
	struct slab_machine m;
	char *text;

	slab_machine_init(&m, ERA_2_4_21, SLAB_CLASSIC, 1);
	check_line("slabinfo", &m.p, "filp                   1     15    256    1    1    1");
	slab_machine_fini(&m);
	slab_machine_init(&m, ERA_2_4_21, SLAB_CLASSIC, 2);
	text = text_of("slabinfo", &m.p);
	assert_memory_equal(text, "slabinfo - version: 1.1 (SMP)\nkmem_cache ", 41);
	free(text);
	check_line("slabinfo", &m.p, "filp                  15     15    256    1    1    1 :  252  126");
	slab_machine_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buddyinfo),    cmocka_unit_test(test_pagetypeinfo),
		cmocka_unit_test(test_extfrag),      cmocka_unit_test(test_zoneinfo),
		cmocka_unit_test(test_old_zoneinfo), cmocka_unit_test(test_vmstat),
		cmocka_unit_test(test_meminfo),      cmocka_unit_test(test_meminfo_2_4),
		cmocka_unit_test(test_slabinfo),     cmocka_unit_test(test_old_slabinfo),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
