/* The kernel as a whole: its configuration, its beginning and end, its counters. */
#include "model/mm/mm.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/asid.h"
#include "model/mm/contig.h"
#include "model/mm/era.h"
#include "model/mm/footprint.h"
#include "model/mm/gather.h"
#include "model/mm/alloc.h"
#include "model/mm/kernel_boot.h"
#include "model/mm/kmap.h"
#include "model/mm/kpgtable.h"
#include "model/mm/kthread.h"
#include "model/mm/layout.h"
#include "model/mm/memcg.h"
#include "model/mm/page.h"
#include "model/mm/page_cache.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/vmscan.h"
#include "model/mm/vmalloc.h"
#include "model/sim/time.h"

static const char *const numa_names[] = { "local", "interleave", NULL };
static const char *const hugetlb_names[] = { "2m", "1g", NULL };
static const char *const pcp_names[] = { "era", "none", "hot-cold", "merged", "lists", NULL };
static const char *const slab_names[] = { "era", "slab", "slub", NULL };
static const char *const boot_names[] = { "fresh", "aged", "buddyinfo", NULL };
static const char *const reclaim_names[] = { "era", "scan", "zone", "split", "mglru", NULL };
static const char *const reclaim_wait_names[] = { "era",         "never",     "each_pass",
						  "late_passes", "congested", "throttle", NULL };
static const char *const page_cache_names[] = { "off", "warm", "cold", NULL };
static const char *const rmap_names[] = { "era",    "none",     "pte_chain",      "objrmap",
					  "anonmm", "anon_vma", "anon_vma_chain", NULL };
static const char *const rmap_file_names[] = { "scheme", "list", "prio_tree", "interval_tree", NULL };
static const char *const tlbi_names[] = { "layout", "ipi", "broadcast", NULL };
static const char *const thp_names[] = { "never", "always", "madvise", NULL };
static const char *const contiguous_names[] = { "never", "always", NULL };
static const char *const layout_names[] = { "x86-64",    "x86-64-la57", "i386", "i386-pae", "arm64-4k",
					    "arm64-16k", "arm64-64k",   "sv39", "sv48",     NULL };

#define AT(field) offsetof(struct kernel_cfg, field)

/*
 * One INVLPG: 260 cycles in Molnar's test (LKML, 2015-06-08) and by the slope of Hansen's table of
 * flush_tlb_mm_range (commit a5102476a24b); a write of CR3: 96 in Molnar's. An interrupt to another core: 50
 * to 200 for the write of the ICR (x2APIC); with a delivery of 500 ns it and its answer take somewhat more
 * than 1 us, the least that is usually said (1 to 3 us); the way to another socket, the return and the
 * broadcast are guesses. The stack limit is _STK_LIM of include/uapi/linux/resource.h;
 * fault_around is fault_around_pages of mm/memory.c (since 3.15). 32 colours are those of an L2 of 128 KB a
 * way.
 */
const struct opt kernel_opts[] = {
	{ "era", OPT_ENUM, AT(era), "6.x", 0, 0, NULL, "Linux version whose rules are followed", era_names },
	{ "charge", OPT_BOOL, AT(charge), "yes", 0, 0, NULL,
	  "the kernel's instructions and accesses take their time; no: it does its work for nothing", NULL },
	{ "warm", OPT_BOOL, AT(warm), "yes", 0, 0, NULL,
	  "its text and data are in L2 and below at the beginning, as after some time (placement = buddy)",
	  NULL },
	{ "instruction_scale", OPT_U32, AT(instruction_scale), "100", 1, 1000, "%",
	  "of the instructions that its steps take (step.h)", NULL },
	{ "layout", OPT_ENUM, AT(layout), "x86-64", 0, 0, NULL, "address-space layout and page-table format",
	  layout_names },
	{ "direct_page", OPT_ENUM, AT(direct_page), "era", 0, 0, NULL,
	  "largest page of the kernel's direct map; era: what the layout and the era have",
	  direct_page_names },
	{ "placement", OPT_ENUM, AT(placement), "buddy", 0, 0, NULL,
	  "where frames come from: the page allocator, or a pool that takes them by a rule",
	  frame_placement_names },
	{ "pcp", OPT_ENUM, AT(pcp), "era", 0, 0, NULL, "per-CPU lists of pages", pcp_names },
	{ "slab", OPT_ENUM, AT(slab), "era", 0, 0, NULL, "allocator of kernel objects", slab_names },
	{ "rmap", OPT_ENUM, AT(rmap), "era", 0, 0, NULL,
	  "reverse mapping: how the mappings of a page are found", rmap_names },
	{ "rmap_file", OPT_ENUM, AT(rmap_file), "scheme", 0, 0, NULL,
	  "in which structure an object's mappings are kept; scheme: the one that came with kernel.rmap",
	  rmap_file_names },
	{ "cache_line", OPT_U32, AT(cache_line), "0", 0, 256, "bytes",
	  "lines that objects are aligned to, and nodes of pte_chains have (L1_CACHE_BYTES); 0: those of L1D",
	  NULL },
	{ "highpte", OPT_BOOL, AT(highpte), "no", 0, 0, NULL,
	  "pte_chains hold physical addresses, 8 bytes with PAE, as kernels with page tables in highmem do",
	  NULL },
	{ "reclaim", OPT_ENUM, AT(reclaim), "era", 0, 0, NULL,
	  "how pages are chosen: by scanning page tables (2.4), from two lists a zone (2.6), or from lists "
	  "of "
	  "private memory and of files (2.6.28 on), or by generations (6.1 on, where it is configured)",
	  reclaim_names },
	{ "reclaim_wait", OPT_ENUM, AT(reclaim_wait), "era", 0, 0, NULL,
	  "what reclaim sleeps for when a pass freed too little: a write that ends, after each pass (2.5), "
	  "late ones (2.6.8 on), those while a device's queue is full (2.6.36 on); or for a jiffy when there "
	  "is no progress at all (5.16 on)",
	  reclaim_wait_names },
	{ "swappiness", OPT_U32, AT(swappiness), "60", 0, 200, NULL,
	  "how much private memory is preferred to files: /proc/sys/vm/swappiness", NULL },
	{ "min_free_kbytes", OPT_U64, AT(min_free_kbytes), "0", 0, 0, "KB",
	  "that the zones' marks keep free; 0: by the era's formula", NULL },
	{ "boot", OPT_ENUM, AT(boot), "fresh", 0, 0, NULL,
	  "memory at the beginning: all free, used for a while, or with the free blocks of boot_buddyinfo",
	  boot_names },
	{ "boot_occupancy", OPT_U32, AT(boot_occupancy), "50", 0, 100, "%",
	  "of memory in use by others, with boot = aged", NULL },
	{ "boot_fragmentation", OPT_U32, AT(boot_fragmentation), "50", 0, 100, "%",
	  "of that, scattered page by page", NULL },
	{ "boot_buddyinfo", OPT_STRING, AT(boot_buddyinfo), "", 0, 0, NULL,
	  "a copy of some machine's /proc/buddyinfo, for boot = buddyinfo", NULL },
	{ "numa", OPT_ENUM, AT(numa), "local", 0, 0, NULL,
	  "which node a page is taken from: that of the core that touches it first, or each in turn",
	  numa_names },
	{ "colours", OPT_U32, AT(colours), "32", 1, 65536, "colours", "page colours of placement = coloured",
	  NULL },
	{ "zero_page", OPT_BOOL, AT(zero_page), "yes", 0, 0, NULL,
	  "reads of untouched anonymous memory share one cleared frame, or large page", NULL },
	{ "flush_ceiling", OPT_U32, AT(flush_ceiling), "era", 0, 0, "pages",
	  "of a range that are invalidated one by one; more: the whole address space", asids_words },
	{ "tlbi", OPT_ENUM, AT(tlbi), "layout", 0, 0, NULL,
	  "how other cores are told to flush: by interrupts, by broadcast, or as those of the layout are",
	  tlbi_names },
	{ "pti", OPT_BOOL, AT(pti), "no", 0, 0, NULL,
	  "page-table isolation, as far as every invalidation is made twice", NULL },
	{ "asids", OPT_U32, AT(asids), "era", 0, ASIDS_MAX, "ids",
	  "a core's tags for address spaces in its TLB; 0: none, a switch flushes; era: those of Linux then",
	  asids_words },
	{ "stack_limit", OPT_SIZE, AT(stack_limit), "8M", FRAME_SIZE, 1ull << 40, "bytes",
	  "to which a stack grows by itself", NULL },
	{ "thp", OPT_ENUM, AT(thp), "never", 0, 0, NULL,
	  "large pages for anonymous memory, where a mapping has room for them; madvise: only with "
	  "MADV_HUGEPAGE",
	  thp_names },
	{ "hugetlb", OPT_ENUM, AT(hugetlb), "2m", 0, 0, NULL,
	  "pages of MAP_HUGETLB: the page tables' second size, or where there is room the third (2M, 1G)",
	  hugetlb_names },
	{ "contiguous", OPT_ENUM, AT(contiguous), "never", 0, 0, NULL,
	  "runs of pages with the contiguous hint (AArch64) for anonymous memory, where there is room",
	  contiguous_names },
	{ "fault_around", OPT_SIZE, AT(fault_around), "64K", 0, 2u << 20, "bytes",
	  "around a read fault of a file that are mapped with it; rounded down to a power of two", NULL },
	{ "page_cache", OPT_ENUM, AT(page_cache), "off", 0, 0, NULL,
	  "pages of files in memory at the beginning: cold, none; warm, those that will be used; off: files "
	  "are always there, for kernel.file_fill a page, and read() and write() copy from nowhere",
	  page_cache_names },
	{ "read_ahead", OPT_SIZE, AT(read_ahead), "128K", 0, 1ull << 30, "bytes",
	  "of a file that are read ahead at most: read_ahead_kb", NULL },
	{ "dirty_background_ratio", OPT_U32, AT(dirty_background_ratio), "era", 0, 100, "%",
	  "of memory that is dirty before the flusher begins to write", asids_words },
	{ "dirty_ratio", OPT_U32, AT(dirty_ratio), "era", 0, 100, "%",
	  "of memory that is dirty before those wait who make more of it dirty", asids_words },
	{ "dirty_expire", OPT_TIME, AT(dirty_expire), "30s", 0, 0, "cycles or time",
	  "after which what is dirty is written; divided by time_scale", NULL },
	{ "time_scale", OPT_U32, AT(time_scale), "1", 1, KERNEL_TIME_SCALE_MAX, NULL,
	  "divides the periods of periodic work, of which recordings of milliseconds would see none", NULL },
#define X(id, key, def, name, help) { #key, OPT_TIME, AT(key), def, 0, 0, "cycles or time", help, NULL },
	KERNEL_TICKS(X)
#undef X
#define X(name, def, help) { #name, OPT_TIME, AT(name), def, 0, 0, NULL, help, NULL },
		KERNEL_TIMES(X)
#undef X
			{ 0 },
};

#undef AT

const struct pt_format *kernel_format(const struct kernel_cfg *cfg)
{
	return kernel_layouts[cfg->layout].format;
}

bool kernel_fits(const struct kernel *k, u64 addr, u64 len)
{
	return addr <= k->user_end && len <= k->user_end - addr;
}

u64 kernel_user_end(const struct kernel *k)
{
	return k->user_end;
}

const char *kernel_layout_check(const struct kernel_cfg *cfg, u64 memory)
{
	const char *why = layout_check(cfg->layout, cfg->era, memory);

	return why ? why : kernel_boot_check(cfg, memory);
}

static void set_costs(struct kernel_costs *cost, const struct kernel_cfg *cfg, u64 hz)
{
#define X(name, def, help) cost->name = time_to_cycles(cfg->name, hz);
	KERNEL_TIMES(X)
#undef X
}

/* A power of two, as fault_around_bytes_set() makes it; 1: only the page itself. */
static u32 around_pages(const struct kernel_cfg *cfg)
{
	u32 n = 1;

	while ((u64)n * 2 << kernel_format(cfg)->shift[0] <= cfg->fault_around)
		n *= 2;
	return n;
}

struct kernel *kernel_new(const struct kernel_params *p)
{
	struct kernel *k = xcalloc(1, sizeof(*k));

	k->cfg = *p->cfg;
	k->cfg.asids = kernel_asids(p->cfg);
	k->rules = flush_rules_of(p->cfg);
	k->trim_period = p->hz / MAX(p->cfg->time_scale, 1);
	set_costs(&k->cost, p->cfg, p->hz);
	k->layout = layout_of(p->cfg->layout, (enum kernel_era)p->cfg->era, p->memory);
	charger_init(&k->charger, p->cfg->era, layout_image_va(&k->layout), k->layout.image_bytes,
		     p->cfg->instruction_scale, p->cfg->charge);
	footprint_init(k);
	charger_stalls(&k->charger, p->cfg->era,
		       &(struct step_stalls){ .atomic = k->cost.atomic,
					      .trap = k->cost.trap,
					      .syscall = k->cost.syscall,
					      .text_line = k->cost.text_line },
		       MAX(p->cpus, 1u));
	k->charger.ladder = ladder_new(p->cfg->charge);
	k->around_pages = around_pages(p->cfg);
	k->format = p->format;
	k->page_shift = p->format->shift[0];
	k->huge_top = p->cfg->hugetlb && k->format->leaf[2] != NR_PAGE_SIZES ? 2 : 1;
	k->contig_order = p->cfg->contiguous ? contig_order(k->format) : 0;
	k->user_end = k->layout.user_end;
	k->ptmem = p->ptmem;
	k->nodes = MAX(p->nodes, 1);
	k->hz = p->hz;
	k->kthreads = kthreads_new(k, p->hz);
	kernel_boot(k, p);
	objects_init(&k->objects, k);
	page_cache_boot(k);
	k->gather = xmalloc((size_t)k->rules.gather * GATHER_NESTED * sizeof(*k->gather));
	if (p->cfg->storage.device)
		k->storage = blockdev_new((enum blockdev_kind)p->cfg->storage.device, &p->cfg->blockdev,
					  p->hz, p->seed, "storage");
	swap_boot(k, p);
	k->huge_zero_pfn = NO_FRAME;
	k->zero_pfn = p->cfg->zero_page ? page_alloc(k, NULL, GFP_KERNEL, 0, ~(u64)0) : NO_FRAME;
	return k;
}

void kernel_free(struct kernel *k)
{
	struct task *t;
	struct mm *mm;

	if (!k)
		return;
	frames_sane(k->frames);
	if (k->pa) {
		page_alloc_sane(k->pa);
		k->pa->release = NULL; /* the lists of pages end as a whole */
	}
	while ((mm = k->mms)) {
		k->mms = mm->next;
		vma_set_fini(&mm->vmas, NULL);
		if (mm->implicit_maps)
			rmap_unlink(mm, NULL, &mm->implicit);
		rmap_exit_mm(mm, NULL);
		free(mm->nodes.va);
		free(mm);
	}
	while (k->n_cpus)
		asids_fini(&k->asids[--k->n_cpus]);
	while ((t = k->tasks)) {
		k->tasks = t->next;
		free(t);
	}
	free(k->asids);
	free(k->cpu);
	objects_fini(&k->objects);
	swap_shut(k);
	page_cache_free(k);
	kevents_free(k->kevents);
	map64_fini(&k->deposits);
	kernel_boot_undo(k);
	free(k->gather);
	kthreads_free(k->kthreads);
	free(k->footprint);
	charger_fini(&k->charger);
	ladder_free(k->charger.ladder);
	blockdev_free(k->storage);
	free(k);
}

const struct ladder *kernel_ladder(const struct kernel *k)
{
	return k->charger.ladder;
}

void kernel_set_timeline(struct kernel *k, struct timeline *t)
{
	k->charger.timeline = t;
}

void kernel_set_tracer(struct kernel *k, struct tracer *t)
{
	k->charger.tracer = t;
}

void kernel_syscall(struct kernel *k, struct cpu *c)
{
	kernel_path_step(k, c, NULL, STEP_SYSCALL);
}

#define STAT_STRUCT struct fault_stats
static const struct stat_desc fault_stats[] = { FAULT_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct pgtable_stats
static const struct stat_desc pgtable_stats[] = { PGTABLE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct huge_stats
static const struct stat_desc huge_stats[] = { HUGE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct thp_stats
static const struct stat_desc thp_stats[] = { THP_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct contig_stats
static const struct stat_desc contig_stats[] = { CONTIG_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct flush_stats
static const struct stat_desc flush_stats[] = { FLUSH_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct shootdown_stats
static const struct stat_desc shootdown_stats[] = { SHOOTDOWN_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct call_stats
static const struct stat_desc call_stats[] = { CALL_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void kernel_sync(struct kernel *k)
{
	const struct mm *mm;

	k->rss = (struct mm_rss){ 0 };
	for (mm = k->mms; mm; mm = mm->next) {
		k->rss.anon += mm->rss.anon;
		k->rss.file += mm->rss.file;
		k->rss.swap += mm->rss.swap;
		k->rss.shmem += mm->rss.shmem;
	}
}

static void rss_stats(struct kernel *k, struct stats *s)
{
	stats_add_one(s, "mm.rss.anon", &k->rss.anon, "pages", "private ones that are mapped now");
	stats_add_one(s, "mm.rss.file", &k->rss.file, "pages", "of files and shared memory, mapped now");
	stats_add_one(s, "mm.rss.shmem", &k->rss.shmem, "pages", "of these, of shared memory");
	stats_add_one(s, "mm.rss.swap", &k->rss.swap, "entries", "of page tables, for pages in swap");
	stats_set_level(s, "mm.rss.anon");
	stats_set_level(s, "mm.rss.file");
	stats_set_level(s, "mm.rss.shmem");
	stats_set_level(s, "mm.rss.swap");
}
#define STAT_STRUCT struct mmap_lock_stats
static const struct stat_desc mmap_lock_stats[] = { MMAP_LOCK_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* mm.thp.*, and the same as /proc/vmstat names it. */
static void thp_stats_add(struct kernel *k, struct stats *s)
{
	stats_add(s, "mm.thp", thp_stats, &k->thp);
	stats_add_one(s, "mm.vmstat.thp_split_page", &k->thp.pages_split, "pages", "large ones split");
	stats_add_one(s, "mm.vmstat.thp_collapse_alloc", &k->thp.collapses, "pages",
		      "large ones that khugepaged put together");
	stats_add_one(s, "mm.vmstat.thp_collapse_alloc_failed", &k->thp.collapse_fails, "ranges",
		      "for which khugepaged got no block");
	stats_add_one(s, "mm.vmstat.thp_scan_exceed_none_pte", &k->thp.exceed_none, "ranges",
		      "with too many pages that are not there");
	stats_add_one(s, "mm.vmstat.thp_scan_exceed_swap_pte", &k->thp.exceed_swap, "ranges",
		      "with too many pages in swap");
	stats_add_one(s, "mm.vmstat.thp_scan_exceed_share_pte", &k->thp.exceed_shared, "ranges",
		      "with too many shared pages");
}

void kernel_stats(struct kernel *k, struct stats *s)
{
	stats_add(s, "mm.mmap_lock", mmap_lock_stats, &k->mmap_lock);
	stats_add(s, "mm.fault", fault_stats, &k->fault);
	stats_add(s, "mm.pgtable", pgtable_stats, &k->pgtable);
	rss_stats(k, s);
	stats_add(s, "mm.thp", huge_stats, &k->huge);
	if (k->cfg.thp)
		thp_stats_add(k, s);
	if (k->contig_order)
		stats_add(s, "mm.contig", contig_stats, &k->contig);
	stats_add(s, "mm.flush", flush_stats, &k->flush);
	stats_add(s, "mm.shootdown", shootdown_stats, &k->shootdown);
	stats_add(s, "mm.call", call_stats, &k->call);
	kevents_stats(k, s);
	frames_stats(k->frames, s);
	if (k->pa)
		page_alloc_stats_add(k->pa, s);
	if (k->pa)
		kthreads_stats_add(k->kthreads, s);
	if (k->slabs)
		slabs_stats_add(k->slabs, s);
	if (k->rmap)
		rmap_stats_add(k->rmap, s);
	if (k->lru) {
		lru_stats_add(k, s);
		reclaim_stats_add(k, s);
		memcg_stats_add(k, s);
	}
	if (k->vmalloc)
		vmalloc_stats_add(k->vmalloc, s);
	if (k->kmaps)
		kmaps_stats_add(k->kmaps, s);
	if (k->storage)
		blockdev_stats_add(k->storage, s);
	if (k->pa)
		page_cache_stats_add(k, s);
	swap_stats_add(k, s);
	ladder_stats(k->charger.ladder, s);
	/* What there is already of /proc/vmstat, under the kernel's names. */
	stats_add_one(s, "mm.vmstat.pgfault", &k->pgfault, "faults", "resolved, or out of memory");
	stats_add_one(s, "mm.vmstat.pgmajfault", &k->fault.major, "faults", "that waited for a device");
	stats_add_one(s, "mm.vmstat.pgreuse", &k->fault.reuse, "faults", "writes that kept their frame");
	stats_add_one(s, "mm.vmstat.nr_page_table_pages", &k->pgtable.pages, "frames",
		      "that are page tables");
	stats_add_one(s, "mm.vmstat.thp_fault_alloc", &k->huge.faults, "faults", "that gave a large page");
	stats_add_one(s, "mm.vmstat.thp_fault_fallback", &k->huge.fallbacks, "faults",
		      "without a block for a large page");
	stats_add_one(s, "mm.vmstat.thp_zero_page_alloc", &k->huge.zero_allocs, "pages", "huge zero ones");
	stats_add_one(s, "mm.vmstat.thp_zero_page_alloc_failed", &k->huge.zero_fails, "faults",
		      "without a block for the huge zero page");
	stats_add_one(s, "mm.vmstat.thp_split_pmd", &k->huge.splits, "pages", "large ones made small ones");
	stats_add_one(s, "mm.vmstat.nr_tlb_local_flush_one", &k->flush.pages, "flushes", "of one page");
	stats_add_one(s, "mm.vmstat.nr_tlb_local_flush_all", &k->flush.full, "flushes",
		      "of an address space");
	stats_add_one(s, "mm.vmstat.nr_tlb_remote_flush", &k->shootdown.waits, "flushes",
		      "that interrupted other hardware threads");
	stats_add_one(s, "mm.vmstat.nr_tlb_remote_flush_received", &k->shootdown.ipis, "interrupts",
		      "for them");
	stats_set_level(s, "mm.pgtable.pages");
	stats_set_level(s, "mm.vmstat.nr_page_table_pages");
}
