#include "model/mm/memcg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/asid.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"
#include "model/mm/oom.h"
#include "model/mm/slab.h"
#include "model/mm/vmscan.h"

#define MAX_RETRIES  16u   /* MAX_RECLAIM_RETRIES */
#define COSTLY_PAGES 8u    /* 1 << PAGE_ALLOC_COSTLY_ORDER: nobody is killed for more */
#define STRUCT_BYTES 1024u /* struct mem_cgroup, roughly */

#define AT(field)    offsetof(struct memcg_cfg, field)

const struct opt memcg_opts[] = {
	{ "name", OPT_STRING, AT(name), "", 0, 0, NULL,
	  "what it is called: the part of its keys after \"group.\"", NULL },
	{ "limit", OPT_SIZE, AT(limit), "0", 0, 0, "bytes", "memory that it may have; 0: as much as there is",
	  NULL },
	{ "swap", OPT_SIZE, AT(swap), "0", 0, 0, "bytes", "swap that it may have; 0: as much as there is",
	  NULL },
	{ "processes", OPT_STRING, AT(processes), "all", 0, 0, NULL,
	  "who belongs to it: names of programs and recorded process numbers (\"sqlite3,1234\"), or all",
	  NULL },
	{ 0 },
};

#define STAT_STRUCT struct memcg_stats
static const struct stat_desc stat_rows[] = { MEMCG_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

struct memcg {
	struct memcg_stats st;
	u64 va;    /* of its struct mem_cgroup */
	u64 shmem; /* slots of swap that pages of shared memory have, which were its */
};

/* Of a hardware thread: struct memcg_stock_pcp. */
struct stock {
	u32 group;
	u64 pages;
};

struct memcgs {
	struct memcg group[MEMCG_MAX + 1]; /* the first is the root, which has no limit */
	struct stock *stock;
	u32 n_cpus;
};

static const struct memcg_cfg *cfg_of(const struct kernel *k, u32 group)
{
	return &k->cfg.group[group - 1];
}

static bool is_used(const struct kernel *k, u32 group)
{
	return cfg_of(k, group)->name && *cfg_of(k, group)->name;
}

u32 memcg_groups(const struct kernel_cfg *cfg)
{
	u32 n = 0, i;

	for (i = 0; i < MEMCG_MAX; i++)
		if (cfg->group[i].name && *cfg->group[i].name)
			n = i + 1;
	return n;
}

void memcg_boot(struct kernel *k, u32 cpus)
{
	u32 i;

	if (!memcg_groups(&k->cfg))
		return;
	k->memcgs = xcalloc(1, sizeof(*k->memcgs));
	k->memcgs->stock = xcalloc(cpus, sizeof(*k->memcgs->stock));
	k->memcgs->n_cpus = cpus;
	for (i = 1; i <= MEMCG_MAX; i++) {
		struct memcg *g = &k->memcgs->group[i];

		if (!is_used(k, i))
			continue;
		g->st.limit = cfg_of(k, i)->limit ? cfg_of(k, i)->limit >> FRAME_SHIFT : k->pa->map.pages;
		g->va = kmalloc(k->slabs, NULL, STRUCT_BYTES, GFP_KERNEL);
	}
}

void memcg_free(struct kernel *k)
{
	if (!k->memcgs)
		return;
	free(k->memcgs->stock);
	free(k->memcgs);
}

void memcg_stats_add(struct kernel *k, struct stats *s)
{
	char prefix[80];
	u32 i;

	for (i = 1; k->memcgs && i <= MEMCG_MAX; i++) {
		if (!is_used(k, i))
			continue;
		snprintf(prefix, sizeof(prefix), "mm.group.%.60s", cfg_of(k, i)->name);
		stats_add(s, prefix, stat_rows, &k->memcgs->group[i].st);
	}
}

/* ---- who belongs to it ---- */

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static bool is_listed(const char *list, const char *name, u32 pid)
{
	char number[16];
	size_t n;

	snprintf(number, sizeof(number), "%u", pid);
	for (; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if ((n == 3 && !strncmp(list, "all", n)) ||
		    (n == strlen(number) && !strncmp(list, number, n)) ||
		    (name && n == strlen(name) && !strncmp(list, name, n)))
			return true;
	}
	return false;
}

void mm_join_group(struct mm *mm, const char *program, u32 pid)
{
	struct kernel *k = mm->k;
	u32 i;

	for (i = 1; k->memcgs && i <= MEMCG_MAX; i++)
		if (is_used(k, i) && is_listed(cfg_of(k, i)->processes, base_name(program), pid)) {
			mm->group = i;
			return;
		}
}

/* ---- charges ---- */

static bool count_charge(struct memcg *g, u64 pages)
{
	if (g->st.usage + pages > g->st.limit)
		return false;
	g->st.usage += pages;
	g->st.usage_max = MAX(g->st.usage_max, g->st.usage);
	return true;
}

/* try_charge_memcg(), without what lies in store. */
static bool try_charge(struct kernel *k, struct cpu *c, u32 group, u32 gfp, u64 pages)
{
	struct memcg *g = &k->memcgs->group[group];
	u32 i;

	for (i = 0; i < MAX_RETRIES; i++) {
		if (count_charge(g, pages))
			return true;
		g->st.failcnt++;
		if (!(gfp & GFP_DIRECT_RECLAIM))
			return false;
		if (!reclaim_group(k, c, group, MAX(pages, SWAP_CLUSTER_MAX)) &&
		    k->cpu[c->id].reclaim_until > c->ops->now(c))
			return false;
	}
	if (count_charge(g, pages))
		return true;
	if (pages > COSTLY_PAGES)
		return false;
	g->st.oom++;
	return oom_kill(k, c, group) && count_charge(g, pages);
}

/* drain_stock() */
static void drain(struct kernel *k, struct stock *s)
{
	k->memcgs->group[s->group].st.usage -= s->pages;
	*s = (struct stock){ 0 };
}

/* consume_stock(), refill_stock(): a batch is charged where there is room for one. */
static bool charge(struct kernel *k, struct cpu *c, u32 group, u32 gfp, u64 pages)
{
	struct stock *s = &k->memcgs->stock[c->id];
	struct memcg *g = &k->memcgs->group[group];

	if (s->group == group && s->pages >= pages) {
		s->pages -= pages;
		return true;
	}
	charge_store(&k->charger, c, KPATH_FAULT, g->va, 16);
	if (pages < MEMCG_CHARGE_BATCH && count_charge(g, MEMCG_CHARGE_BATCH)) {
		drain(k, s);
		*s = (struct stock){ group, MEMCG_CHARGE_BATCH - pages };
		return true;
	}
	if (s->group == group)
		drain(k, s);
	return try_charge(k, c, group, gfp, pages);
}

bool memcg_charge(struct kernel *k, struct cpu *c, u32 gfp, u64 pfn, u32 pages)
{
	return !c || !k->memcgs || memcg_charge_mm(k, c, k->asids[c->id].loaded, gfp, pfn, pages);
}

bool memcg_charge_mm(struct kernel *k, struct cpu *c, const struct mm *mm, u32 gfp, u64 pfn, u32 pages)
{
	u32 i;

	if (!mm || !mm->group || !rmap_page(k, pfn))
		return true;
	kernel_path_step(k, c, mm, STEP_GROUP_CHARGE);
	if (!charge(k, c, mm->group, gfp, pages))
		return false;
	k->memcgs->group[mm->group].st.charged += pages;
	for (i = 0; i < pages; i++)
		page_of(&k->pa->map, pfn + i)->group = (u16)mm->group;
	return true;
}

void memcg_uncharge(struct kernel *k, struct page *p)
{
	struct memcg *g = &k->memcgs->group[p->group];

	g->st.usage--;
	g->st.uncharged++;
	p->group = 0;
}

static u64 swapped(const struct kernel *k, u32 group)
{
	const struct mm *mm;
	u64 n = 0;

	for (mm = k->mms; mm; mm = mm->next)
		if (mm->group == group)
			n += mm->rss.swap;
	return n + k->memcgs->group[group].shmem;
}

void memcg_count_shmem(struct kernel *k, u32 group, s32 slots)
{
	if (k->memcgs)
		k->memcgs->group[group].shmem += (u64)(s64)slots;
}

u64 memcg_shmem(const struct kernel *k, u32 group)
{
	return k->memcgs->group[group].shmem;
}

bool memcg_may_swap(const struct kernel *k, const struct page *p)
{
	u64 limit = p->group ? cfg_of(k, p->group)->swap >> FRAME_SHIFT : 0;

	return !limit || swapped(k, p->group) < limit;
}

/* ---- --check ---- */

void memcg_sane(const struct kernel *k)
{
	u64 pages[MEMCG_MAX + 1] = { 0 }, pfn;
	u32 i;

	if (!k->memcgs)
		return;
	for (pfn = 0; pfn < k->pa->map.pages; pfn++) {
		if (!memmap_has(&k->pa->map, pfn))
			pfn |= PAGE_CHUNK - 1;
		else
			pages[page_of(&k->pa->map, pfn)->group]++;
	}
	for (i = 0; i < k->memcgs->n_cpus; i++)
		pages[k->memcgs->stock[i].group] += k->memcgs->stock[i].pages;
	for (i = 1; i <= MEMCG_MAX; i++)
		ASSERT(k->memcgs->group[i].st.usage == pages[i] &&
		       k->memcgs->group[i].st.usage <= MAX(k->memcgs->group[i].st.limit, 0));
}
