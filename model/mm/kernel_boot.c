#include "model/mm/kernel_boot.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/boot_state.h"
#include "model/mm/kmap.h"
#include "model/mm/kpgtable.h"
#include "model/mm/kthread.h"
#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/migrate.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/vmalloc.h"

#define MB        (1ull << 20)
#define MIN_PAGES 512u /* of a machine with a kernel in it */

/* Per-CPU lists of each era, kernel.pcp = "era": mm/page_alloc.c of the trees. */
static const u8 era_pcp[NR_ERAS] = {
	[ERA_2_4_0] = PCP_NONE,     [ERA_2_4_21] = PCP_NONE,    [ERA_2_5_66] = PCP_HOT_COLD,
	[ERA_2_6_5] = PCP_HOT_COLD, [ERA_2_6_9] = PCP_HOT_COLD, [ERA_2_6_18] = PCP_HOT_COLD,
	[ERA_2_6_26] = PCP_MERGED,  [ERA_2_6_37] = PCP_MERGED,  [ERA_6_X] = PCP_LISTS,
};

static bool is_pc(const struct layout *l, u64 memory)
{
	return l->dma_end == 16 * MB && memory >= 16 * MB;
}

static struct page_alloc_cfg page_alloc_cfg(const struct kernel *k, const struct kernel_params *p)
{
	const struct layout *l = &k->layout;
	enum kernel_era era = (enum kernel_era)p->cfg->era;

	return (struct page_alloc_cfg){
		.era = era,
		.pcp = p->cfg->pcp ? (enum pcp_form)(p->cfg->pcp - 1) : (enum pcp_form)era_pcp[era],
		.bytes = p->memory,
		.shift = k->page_shift,
		.nodes = MAX(p->nodes, 1),
		.cpus = MAX(p->cpus, 1),
		.word = l->word,
		.dma_end = l->dma_end,
		.dma32_end = l->dma32_end,
		.lowmem_end = l->lowmem_end,
		.direct_map = l->direct_map,
		.memmap_va = l->vmemmap,
		.image_bytes = l->image_bytes,
		.image_pa = l->text_pa,
		.pc = is_pc(l, p->memory),
		.min_free_kbytes = p->cfg->min_free_kbytes,
		.pageblock_order = k->format->shift[1] - k->page_shift,
		.thp = p->cfg->thp,
		.seed = p->seed,
	};
}

/* Lines of a kernel that was built for some machine, where nobody says what that has. */
#define DEFAULT_LINE 64u

/* Until there is more to reclaim, empty slabs are what a shortage of memory can have. */
static void boot_slabs(struct kernel *k, const struct kernel_params *p)
{
	enum slab_form form = era_slab_form((enum kernel_era)p->cfg->era);
	u32 line = p->cfg->cache_line ? p->cfg->cache_line : p->line;

	if (p->cfg->slab)
		form = (enum slab_form)(p->cfg->slab - 1);
	k->slabs = slabs_new(k->pa, form, line ? line : DEFAULT_LINE);
	if (!k->slabs || !slabs_boot(k->slabs))
		die("memory.size: no room for the caches of the kernel's objects");
	k->pa->reclaim = &kernel_reclaim_ops;
	k->pa->reclaim_arg = k;
}

static void age(struct kernel *k)
{
	const struct kernel_cfg *cfg = &k->cfg;
	u64 before = k->pa->unused;

	if (cfg->boot == KERNEL_BOOT_AGED)
		boot_age(k->pa, cfg->boot_occupancy, cfg->boot_fragmentation);
	else if (cfg->boot == KERNEL_BOOT_BUDDYINFO)
		boot_buddyinfo(k->pa, cfg->boot_buddyinfo);
	k->pa->boot_kept = before - k->pa->unused;
}

static bool map_memmap(struct kernel *k)
{
	const struct page_alloc *pa = k->pa;
	u64 first, end;
	u32 node;

	if (!k->layout.vmemmap)
		return true;
	for (node = 0; node < pa->cfg.nodes; node++) {
		first = node_start(pa, node);
		end = node_start(pa, node + 1);
		if (!kpgtable_map_memmap(k->kpgtable, page_struct_va(&pa->map, first),
					 page_struct_pa(pa, first), (end - first) * pa->map.bytes,
					 node + 1 == pa->cfg.nodes))
			return false;
	}
	return true;
}

/* Memory that does not do for the kernel's own tables is too small for the machine. */
static void map_kernel(struct kernel *k)
{
	k->direct_map = k->layout.direct_map;
	k->kpgtable = kpgtable_new(k, (enum direct_page)k->cfg.direct_page);
	if (!k->kpgtable || !map_memmap(k))
		die("memory.size: no room for the kernel's page tables");
	k->vmalloc = vmalloc_new(k);
	if (!k->layout.pkmap)
		return;
	k->kmaps = kmaps_new(k);
	if (!k->kmaps)
		die("memory.size: no room for the kernel's page tables");
}

static void place_flush_state(struct kernel *k)
{
	u32 i;

	for (i = 0; i < FLUSH_VECTORS; i++)
		k->flush_state[i].va = layout_data_va(&k->layout, DATA_FLUSH_STATE + i * 64);
}

void kernel_boot(struct kernel *k, const struct kernel_params *p)
{
	struct frames_cfg cfg = { .bytes = p->memory,
				  .shift = k->page_shift,
				  .placement = p->cfg->placement,
				  .colours = p->cfg->colours,
				  .nodes = MAX(p->nodes, 1) };

	if (p->cfg->placement == FRAME_BUDDY) {
		const struct page_alloc_cfg pages = page_alloc_cfg(k, p);

		k->pa = cfg.pa = page_alloc_new(&pages, &k->charger);
	}
	k->frames = frames_new(&cfg, p->seed);
	if (!k->pa)
		return;
	map_kernel(k);
	boot_slabs(k, p);
	rmap_boot(k);
	place_flush_state(k);
	if (k->rmap)
		lru_boot(k, memcg_groups(&k->cfg));
	if (k->rmap)
		memcg_boot(k, k->pa->cfg.cpus);
	k->data_va = layout_image_va(&k->layout) + k->layout.image_bytes / 2;
	k->migration = migration_new(k);
	compact_init(k->pa, &migration_ops, k->migration);
	age(k);
	boot_settle(k->pa);
}

void kernel_boot_cpu(struct kernel *k, struct cpu *c)
{
	if (!k->pa)
		return;
	ASSERT(c->id < k->pa->cfg.cpus);
	c->direct_map = k->direct_map;
	c->ops->set_kernel_root(c, kpgtable_root(k->kpgtable));
	k->cpu[c->id].idle = k->cpu[c->id].task = kernel_task_new(k, NULL);
}

void kernel_boot_undo(struct kernel *k)
{
	kmaps_free(k->kmaps);
	vmalloc_free(k->vmalloc);
	kpgtable_free(k->kpgtable);
	frames_free(k->frames);
	if (k->slabs)
		slabs_free(k->slabs);
	page_alloc_free(k->pa);
	memcg_free(k);
	lru_free(k);
	rmap_free(k->rmap);
	migration_free(k->migration);
}

const char *kernel_boot_check(const struct kernel_cfg *cfg, u64 memory)
{
	if (cfg->placement == FRAME_BUDDY && memory >> kernel_format(cfg)->shift[0] < MIN_PAGES)
		return "is too small for a kernel; kernel.placement = sequential does without one";
	return NULL;
}
