/* mm/vmstat.c:vmstat_show(), fs/proc/meminfo.c: the machine as a whole. */
#include <inttypes.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/lru.h"
#include "model/mm/mm.h"
#include "model/mm/procfs.h"
#include "model/mm/vmalloc.h"

struct zone_sums {
	u64 free, in_pageblocks, managed, high_managed, high_free;
};

static struct zone_sums sum_zones(const struct page_alloc *pa, u32 node)
{
	struct zone_sums sum = { 0 };
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++) {
		if (node != PROC_ALL_NODES && z->node != node)
			continue;
		sum.free += z->free;
		sum.in_pageblocks += proc_free_in_pageblocks(z);
		sum.managed += z->managed;
		if (z->type != ZONE_HIGHMEM)
			continue;
		sum.high_managed += z->managed;
		sum.high_free += z->free;
	}
	return sum;
}

static struct slab_page_count slab_pages(const struct proc_source *p, u32 node)
{
	struct slab_page_count sum = { 0 }, n;
	u32 i;

	for (i = 0; i < p->pa->cfg.nodes; i++) {
		if (node != PROC_ALL_NODES && i != node)
			continue;
		n = slabs_page_count(p->slabs, i);
		sum.reclaimable += n.reclaimable;
		sum.unreclaimable += n.unreclaimable;
	}
	return sum;
}

static bool slab_value(const struct proc_source *p, const char *name, u32 node, u64 *value)
{
	struct slab_page_count n;

	if (!p->slabs || strncmp(name, "nr_slab", 7))
		return false;
	n = slab_pages(p, node);
	*value = !strcmp(name, "nr_slab_reclaimable")     ? n.reclaimable
		 : !strcmp(name, "nr_slab_unreclaimable") ? n.unreclaimable
							  : n.reclaimable + n.unreclaimable;
	return true;
}

/* Pages of files and shared memory that the kernel keeps. */
static bool file_value(const struct proc_source *p, const char *name, u64 *value)
{
	bool shared = !strcmp(name, "nr_shmem");
	const struct object *o;

	if (!p->kernel || (!shared && strcmp(name, "nr_file_pages")))
		return false;
	*value = 0;
	for (o = p->kernel->objects.first; o; o = o->next)
		if (!shared || o->anon)
			*value += o->pages.pages;
	return true;
}

/* Up to 2.6.17 nr_mapped counted anonymous pages, too. */
static bool mapped_value(const struct proc_source *p, const char *name, u64 *value)
{
	const struct proc_mapped *n = &p->mapped;

	if (!p->kernel)
		return false;
	if (!strcmp(name, "nr_anon_pages"))
		*value = n->anon;
	else if (!strcmp(name, "nr_mapped"))
		*value = n->file + (p->pa->cfg.era < ERA_2_6_18 ? n->anon : 0);
	else if (!strcmp(name, "nr_anon_transparent_hugepages"))
		*value = n->anon_huge;
	else
		return false;
	return true;
}

static bool zone_value(const struct proc_source *p, const char *name, u32 node, u64 *value)
{
	struct zone_sums sum = sum_zones(p->pa, node);

	if (!strcmp(name, "nr_free_pages"))
		*value = sum.free;
	else if (!strcmp(name, "nr_free_pages_blocks"))
		*value = sum.in_pageblocks;
	else if (!strcmp(name, "nr_free_cma"))
		*value = 0;
	else
		return false;
	return true;
}

/* Pages in the lists of reclaim: nr_inactive_anon and its kin, of a node or of all. */
static bool list_value(const struct proc_source *p, const char *name, u32 node, u64 *value)
{
	const struct page_alloc *pa = p->pa;
	u32 list, z;

	if (!p->kernel || !p->kernel->lru || strncmp(name, "nr_", 3) != 0)
		return false;
	for (list = 0; list < NR_PLAIN_LISTS && strcmp(name + 3, lru_list_name[list]) != 0; list++)
		;
	if (!strcmp(name, "nr_mlock"))
		list = LRU_UNEVICTABLE;
	if (list == NR_PLAIN_LISTS)
		return false;
	for (*value = 0, z = 0; z < pa->n_zones; z++)
		if (node == PROC_ALL_NODES || pa->zone[z].node == node)
			*value += lru_zone_pages(p->kernel, z, (enum lru_list)list);
	return true;
}

/* One counter for all zones, until 2.6.6. */
static bool pgalloc(const struct proc_source *p, const char *name, u64 *value)
{
	u32 i;

	if (strcmp(name, "pgalloc"))
		return false;
	for (*value = 0, i = 0; i < NR_ZONE_TYPES; i++)
		*value += p->pa->pgalloc[i];
	return true;
}

static bool counted(const struct proc_source *p, const char *name, u64 *value)
{
	char full[80];

	snprintf(full, sizeof(full), "mm.vmstat.%s", name);
	if (!p->stats || !stats_has(p->stats, full))
		return false;
	*value = stats_value(p->stats, full);
	return true;
}

bool proc_value(const struct proc_source *p, const char *name, u32 node, u64 *value)
{
	if (zone_value(p, name, node, value) || slab_value(p, name, node, value) ||
	    list_value(p, name, node, value))
		return true;
	if (node != PROC_ALL_NODES && p->pa->cfg.nodes > 1)
		return false;
	return file_value(p, name, value) || mapped_value(p, name, value) || pgalloc(p, name, value) ||
	       counted(p, name, value);
}

/* vmstat_text[] of mm/page_alloc.c, later mm/vmstat.c; nothing that needs devices. */
static const char names_2_6_5[] =
	"nr_dirty nr_writeback nr_page_table_pages nr_mapped nr_slab pswpin pswpout "
	"pgalloc pgfree pgactivate pgdeactivate pgfault pgmajfault pgscan pgrefill "
	"pgsteal pginodesteal kswapd_steal kswapd_inodesteal pageoutrun allocstall "
	"pgrotated";
static const char names_2_6_9[] =
	"nr_dirty nr_writeback nr_unstable nr_page_table_pages nr_mapped nr_slab pswpin pswpout pgalloc_high "
	"pgalloc_normal pgalloc_dma pgfree pgactivate pgdeactivate pgfault pgmajfault pgrefill_high "
	"pgrefill_normal pgrefill_dma pgsteal_high pgsteal_normal pgsteal_dma pgscan_kswapd_high "
	"pgscan_kswapd_normal pgscan_kswapd_dma pgscan_direct_high pgscan_direct_normal pgscan_direct_dma "
	"pginodesteal slabs_scanned kswapd_steal kswapd_inodesteal pageoutrun allocstall pgrotated";
static const char names_2_6_18[] =
	"nr_anon_pages nr_mapped nr_file_pages nr_slab nr_page_table_pages nr_dirty nr_writeback nr_unstable "
	"nr_bounce pswpin pswpout pgalloc_dma pgalloc_dma32 pgalloc_normal pgalloc_high pgfree pgactivate "
	"pgdeactivate pgfault pgmajfault pgrefill_dma pgrefill_dma32 pgrefill_normal pgrefill_high "
	"pgsteal_dma pgsteal_dma32 pgsteal_normal pgsteal_high pgscan_kswapd_dma pgscan_kswapd_dma32 "
	"pgscan_kswapd_normal pgscan_kswapd_high pgscan_direct_dma pgscan_direct_dma32 pgscan_direct_normal "
	"pgscan_direct_high pginodesteal slabs_scanned kswapd_steal kswapd_inodesteal pageoutrun allocstall "
	"pgrotated";
static const char names_2_6_37[] =
	"nr_free_pages nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable "
	"nr_mlock nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_slab_reclaimable "
	"nr_slab_unreclaimable nr_page_table_pages nr_kernel_stack nr_vmscan_write nr_isolated_anon "
	"nr_isolated_file nr_shmem nr_dirtied nr_written nr_anon_transparent_hugepages pswpin pswpout "
	"pgalloc_dma pgalloc_dma32 pgalloc_normal pgalloc_high pgalloc_movable pgfree pgactivate "
	"pgdeactivate pgfault pgmajfault pgrefill_dma pgrefill_dma32 pgrefill_normal pgrefill_high "
	"pgrefill_movable pgsteal_dma pgsteal_dma32 pgsteal_normal pgsteal_high pgsteal_movable "
	"pgscan_kswapd_dma pgscan_kswapd_dma32 pgscan_kswapd_normal pgscan_kswapd_high "
	"pgscan_kswapd_movable pgscan_direct_dma pgscan_direct_dma32 pgscan_direct_normal "
	"pgscan_direct_high pgscan_direct_movable pginodesteal slabs_scanned kswapd_steal "
	"kswapd_inodesteal kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly pageoutrun allocstall "
	"pgrotated pgmigrate_success pgmigrate_fail compact_migrate_scanned compact_free_scanned "
	"compact_isolated compact_stall compact_fail compact_success thp_fault_alloc thp_fault_fallback "
	"thp_collapse_alloc thp_collapse_alloc_failed thp_split thp_zero_page_alloc nr_tlb_remote_flush "
	"nr_tlb_remote_flush_received nr_tlb_local_flush_all nr_tlb_local_flush_one";
static const char names_6_x[] =
	"nr_free_pages nr_free_pages_blocks nr_zone_inactive_anon nr_zone_active_anon "
	"nr_zone_inactive_file nr_zone_active_file nr_zone_unevictable nr_zone_write_pending nr_mlock "
	"nr_free_cma numa_hit numa_miss numa_foreign numa_interleave numa_local numa_other nr_inactive_anon "
	"nr_active_anon nr_inactive_file nr_active_file nr_unevictable nr_slab_reclaimable "
	"nr_slab_unreclaimable nr_isolated_anon nr_isolated_file workingset_nodes workingset_refault_anon "
	"workingset_refault_file workingset_activate_anon workingset_activate_file workingset_restore_anon "
	"workingset_restore_file workingset_nodereclaim nr_anon_pages nr_mapped nr_file_pages nr_dirty "
	"nr_writeback nr_shmem nr_shmem_hugepages nr_shmem_pmdmapped nr_file_hugepages nr_file_pmdmapped "
	"nr_anon_transparent_hugepages nr_vmscan_write nr_vmscan_immediate_reclaim nr_dirtied nr_written "
	"nr_throttled_written nr_kernel_misc_reclaimable nr_foll_pin_acquired nr_foll_pin_released "
	"nr_kernel_stack nr_page_table_pages nr_sec_page_table_pages nr_iommu_pages nr_swapcached "
	"pgpromote_success pgpromote_candidate pgdemote_kswapd pgdemote_direct pgdemote_khugepaged "
	"nr_dirty_threshold nr_dirty_background_threshold nr_memmap_pages nr_memmap_boot_pages pgpgin "
	"pgpgout pswpin pswpout pgalloc_dma pgalloc_dma32 pgalloc_normal pgalloc_high pgalloc_movable "
	"allocstall_dma allocstall_dma32 allocstall_normal allocstall_high allocstall_movable pgskip_dma "
	"pgskip_dma32 pgskip_normal pgskip_high pgskip_movable pgfree pgactivate pgdeactivate pglazyfree "
	"pgfault pgmajfault pglazyfreed pgrefill pgreuse pgsteal_kswapd pgsteal_direct pgsteal_khugepaged "
	"pgscan_kswapd pgscan_direct pgscan_khugepaged pgscan_direct_throttle pgscan_anon pgscan_file "
	"pgsteal_anon pgsteal_file zone_reclaim_success zone_reclaim_failed pginodesteal slabs_scanned "
	"kswapd_inodesteal kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly pageoutrun pgrotated "
	"drop_pagecache drop_slab oom_kill numa_pte_updates numa_huge_pte_updates numa_hint_faults "
	"numa_hint_faults_local numa_pages_migrated pgmigrate_success pgmigrate_fail thp_migration_success "
	"thp_migration_fail thp_migration_split compact_migrate_scanned compact_free_scanned "
	"compact_isolated compact_stall compact_fail compact_success compact_daemon_wake "
	"compact_daemon_migrate_scanned compact_daemon_free_scanned htlb_buddy_alloc_success "
	"htlb_buddy_alloc_fail unevictable_pgs_culled unevictable_pgs_scanned unevictable_pgs_rescued "
	"unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared unevictable_pgs_stranded "
	"thp_fault_alloc thp_fault_fallback thp_fault_fallback_charge thp_collapse_alloc "
	"thp_collapse_alloc_failed thp_file_alloc thp_file_fallback thp_file_fallback_charge "
	"thp_file_mapped thp_split_page thp_split_page_failed thp_deferred_split_page thp_split_pmd "
	"thp_scan_exceed_none_pte thp_scan_exceed_swap_pte thp_scan_exceed_share_pte thp_zero_page_alloc "
	"thp_zero_page_alloc_failed thp_swpout thp_swpout_fallback balloon_inflate balloon_deflate "
	"balloon_migrate nr_tlb_remote_flush nr_tlb_remote_flush_received nr_tlb_local_flush_all "
	"nr_tlb_local_flush_one swap_ra swap_ra_hit ksm_swpin_copy cow_ksm zswpin zswpout zswpwb";

static const char *vmstat_names(enum kernel_era era)
{
	if (era == ERA_6_X)
		return names_6_x;
	if (era >= ERA_2_6_26)
		return names_2_6_37;
	if (era == ERA_2_6_18)
		return names_2_6_18;
	return era == ERA_2_6_9 ? names_2_6_9 : names_2_6_5;
}

void proc_vmstat(FILE *f, const struct proc_source *p)
{
	const char *names = vmstat_names(p->pa->cfg.era);
	char name[64];
	u64 value;
	int n;

	for (; sscanf(names, "%63s%n", name, &n) == 1; names += n)
		if (proc_value(p, name, PROC_ALL_NODES, &value))
			fprintf(f, "%s %" PRIu64 "\n", name, value);
}

/* ---- meminfo ---- */

struct meminfo {
	FILE *f;
	const struct proc_source *p;
	struct zone_sums zones;
};

/* Names are padded to 14 columns up to 2.6.27, to 16 since. */
static void line(const struct meminfo *m, const char *name, u64 kb)
{
	char label[32];

	snprintf(label, sizeof(label), "%s:", name);
	fprintf(m->f, "%-*s%8" PRIu64 " kB\n", m->p->pa->cfg.era <= ERA_2_6_26 ? 14 : 16, label, kb);
}

static u64 kb_of(const struct meminfo *m, u64 pages)
{
	return pages << (m->p->pa->cfg.shift - 10);
}

static void pages_line(const struct meminfo *m, const char *name, u64 pages)
{
	line(m, name, kb_of(m, pages));
}

static void value_line(const struct meminfo *m, const char *name, const char *value)
{
	u64 pages;

	if (proc_value(m->p, value, PROC_ALL_NODES, &pages))
		pages_line(m, name, pages);
}

/* mm/page_alloc.c:calculate_totalreserve_pages() */
static u64 total_reserve(const struct page_alloc *pa)
{
	u64 sum = 0, most;
	const struct zone *z;
	u32 i;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++) {
		for (most = 0, i = z->type; i < NR_ZONE_TYPES; i++)
			most = MAX(most, z->lowmem_reserve[i]);
		sum += MIN(most + z->wmark[WMARK_HIGH], z->managed);
	}
	return sum;
}

/* What of the page cache or the slabs may go: what is above half of it, or above the low marks. */
static u64 reclaimable_part(u64 pages, u64 low)
{
	return pages - MIN(pages / 2, low);
}

/* mm/show_mem.c:si_mem_available(); pages of files are the page cache, those of shared memory do not count.
 */
static u64 available(const struct meminfo *m)
{
	u64 low = 0, files = 0, shared = 0, slab = 0, sum, reserve = total_reserve(m->p->pa);
	const struct page_alloc *pa = m->p->pa;
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		low += z->wmark[WMARK_LOW];
	proc_value(m->p, "nr_file_pages", PROC_ALL_NODES, &files);
	proc_value(m->p, "nr_shmem", PROC_ALL_NODES, &shared);
	proc_value(m->p, "nr_slab_reclaimable", PROC_ALL_NODES, &slab);
	sum = m->zones.free + reclaimable_part(files - shared, low) + reclaimable_part(slab, low);
	return sum > reserve ? sum - reserve : 0;
}

/* The two lines that 2.4 begins with, in bytes; shared memory was not counted there any more. */
static void lines_2_4(const struct meminfo *m)
{
	u64 total = kb_of(m, m->zones.managed) << 10, free = kb_of(m, m->zones.free) << 10, files = 0;

	proc_value(m->p, "nr_file_pages", PROC_ALL_NODES, &files);
	fputs("        total:    used:    free:  shared: buffers:  cached:\n", m->f);
	fprintf(m->f, "Mem:  %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8u %8u %8" PRIu64 "\n", total,
		total - free, free, 0, 0, kb_of(m, files) << 10);
	total = m->p->kernel ? kb_of(m, swap_slots(m->p->kernel)) << 10 : 0;
	free = m->p->kernel ? kb_of(m, swap_free_slots(m->p->kernel)) << 10 : 0;
	fprintf(m->f, "Swap: %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", total, total - free, free);
}

static void high_lines(const struct meminfo *m)
{
	const struct zone_sums *z = &m->zones;

	if (m->p->pa->cfg.era > ERA_2_6_18 && !m->p->pa->cfg.lowmem_end)
		return;
	pages_line(m, "HighTotal", z->high_managed);
	pages_line(m, "HighFree", z->high_free);
	pages_line(m, "LowTotal", z->managed - z->high_managed);
	pages_line(m, "LowFree", z->free - z->high_free);
}

/* Slots that a hardware thread has in store are in use. */
static void swap_lines(const struct meminfo *m)
{
	if (!m->p->kernel)
		return;
	pages_line(m, "SwapTotal", swap_slots(m->p->kernel));
	pages_line(m, "SwapFree", swap_free_slots(m->p->kernel));
}

static void mapped_lines(const struct meminfo *m)
{
	enum kernel_era era = m->p->pa->cfg.era;

	if (era >= ERA_2_6_18)
		value_line(m, "AnonPages", "nr_anon_pages");
	if (era >= ERA_2_5_66)
		value_line(m, "Mapped", "nr_mapped");
	if (era >= ERA_2_6_37)
		value_line(m, "Shmem", "nr_shmem");
}

static void slab_lines(const struct meminfo *m)
{
	enum kernel_era era = m->p->pa->cfg.era;

	if (era < ERA_2_5_66)
		return;
	if (era == ERA_6_X)
		value_line(m, "KReclaimable", "nr_slab_reclaimable");
	value_line(m, "Slab", "nr_slab");
	if (era < ERA_2_6_26)
		return;
	value_line(m, "SReclaimable", "nr_slab_reclaimable");
	value_line(m, "SUnreclaim", "nr_slab_unreclaimable");
}

static void add_page(void *arg, u64 pfn)
{
	++*(u64 *)arg;
}

/* Since 6.x what vmalloc() took of memory; before, the addresses of all areas. */
static u64 vmalloc_used(const struct meminfo *m)
{
	const struct vmalloc *v = m->p->kernel->vmalloc;
	u64 sum = 0;
	u32 i;

	if (!v)
		return 0;
	if (m->p->pa->cfg.era == ERA_6_X) {
		vmalloc_each_page(v, add_page, &sum);
		return kb_of(m, sum);
	}
	for (i = 0; i < v->n; i++)
		sum += v->area[i].lazy ? 0 : v->area[i].end - v->area[i].start;
	return sum >> 10;
}

/* The largest hole; since 4.4 always 0. */
static u64 vmalloc_chunk(const struct meminfo *m)
{
	const struct layout *l = &m->p->kernel->layout;
	const struct vmalloc *v = m->p->kernel->vmalloc;
	u64 at = l->vmalloc_start, hole = 0;
	u32 i;

	if (m->p->pa->cfg.era == ERA_6_X)
		return 0;
	for (i = 0; v && i < v->n; i++) {
		hole = MAX(hole, v->area[i].start - at);
		at = v->area[i].end;
	}
	return MAX(hole, l->vmalloc_end - at) >> 10;
}

static void vmalloc_lines(const struct meminfo *m)
{
	const struct kernel *k = m->p->kernel;

	if (!k || m->p->pa->cfg.era < ERA_2_5_66)
		return;
	line(m, "VmallocTotal", (k->layout.vmalloc_end - k->layout.vmalloc_start) >> 10);
	line(m, "VmallocUsed", vmalloc_used(m));
	line(m, "VmallocChunk", vmalloc_chunk(m));
}

void proc_meminfo(FILE *f, const struct proc_source *p)
{
	struct meminfo m = { f, p, sum_zones(p->pa, PROC_ALL_NODES) };
	enum kernel_era era = p->pa->cfg.era;

	if (era < ERA_2_5_66)
		lines_2_4(&m);
	pages_line(&m, "MemTotal", m.zones.managed);
	pages_line(&m, "MemFree", m.zones.free);
	if (era == ERA_6_X)
		pages_line(&m, "MemAvailable", available(&m));
	value_line(&m, "Cached", "nr_file_pages");
	value_line(&m, "SwapCached", "nr_swapcached");
	high_lines(&m);
	swap_lines(&m);
	if (era >= ERA_2_5_66) {
		value_line(&m, "Dirty", "nr_dirty");
		value_line(&m, "Writeback", "nr_writeback");
	}
	mapped_lines(&m);
	slab_lines(&m);
	if (era >= ERA_2_5_66)
		value_line(&m, "PageTables", "nr_page_table_pages");
	vmalloc_lines(&m);
	if (era == ERA_6_X)
		line(&m, "Percpu", ((u64)p->pa->percpu_bytes * p->pa->cfg.cpus) >> 10);
	if (p->kernel && era >= ERA_2_6_37)
		pages_line(&m, "AnonHugePages", p->mapped.anon_huge_pages);
}
