#include "model/core/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/frame.h"
#include "model/mm/kernel_warm.h"
#include "model/core/check_tlb.h"
#include "model/sim/time.h"

static const char *const off_on[] = { "off", "on", NULL };

static const struct opt machine_opts[] = {
	{ "cores", OPT_U32, offsetof(struct machine_cfg, cores), "1", 1, 1024, "cores",
	  "hardware threads; at most 64 are built", NULL },
	{ "sockets", OPT_U32, offsetof(struct machine_cfg, hw.sockets), "1", 1, 64, "sockets",
	  "packages that the cores are divided into; no cache is shared by cores of several", NULL },
	{ "translation", OPT_ENUM, offsetof(struct machine_cfg, translation), "on", 0, 0, NULL,
	  "off: physical = virtual, no faults, for comparison with cache simulators", off_on },
	{ "seed", OPT_U64, offsetof(struct machine_cfg, seed), "1", 0, 0, NULL, "of every random choice",
	  NULL },
	{ 0 },
};

static const struct opt memory_opts[] = {
	{ "size", OPT_SIZE, offsetof(struct machine_cfg, memory), "16G", 16u << 20, 1ull << 40, "bytes",
	  "physical memory", NULL },
	{ 0 },
};

static const struct opt simulator_opts[] = {
	{ "shortcut", OPT_BOOL, offsetof(struct machine_cfg, shortcut), "yes", 0, 0, NULL,
	  "only count an access to the most recently used line and page; changes no result", NULL },
	{ "run_ahead", OPT_U32, offsetof(struct machine_cfg, run_ahead), "1000", 0, 1u << 30, "cycles",
	  "by which a core may be ahead of another in what is its own: what comes from there can be so late",
	  NULL },
	{ "copy_back", OPT_BOOL, offsetof(struct machine_cfg, copy_back), "no", 0, 0, NULL,
	  "at the end write every dirty line down, as some cache simulators do", NULL },
	{ 0 },
};

#define MEMCG_SECTION(n, help)                                                             \
	{ "group.*" #n, memcg_opts, offsetof(struct machine_cfg, kernel.group[(n) - 1]), help, NULL }

const struct opt_section machine_sections[] = {
	{ "", machine_opts, 0, "the machine", NULL },
	{ "memory", memory_opts, 0, "physical memory", NULL },
	{ "core", core_opts, offsetof(struct machine_cfg, core), "a core", NULL },
	HW_SECTIONS(offsetof(struct machine_cfg, hw)),
	{ "kernel", kernel_opts, offsetof(struct machine_cfg, kernel), "the kernel's memory manager", NULL },
	BLOCKDEV_SECTIONS(offsetof(struct machine_cfg, kernel.blockdev)),
	{ "swap", swap_opts, offsetof(struct machine_cfg, kernel.swap), "where private pages go", NULL },
	{ "zram", zram_opts, offsetof(struct machine_cfg, kernel.swap.zram), "compressed memory as swap",
	  NULL },
	MEMCG_SECTION(1, "a group of processes with a limit (memcg); NAME is yours"),
	MEMCG_SECTION(2, NULL),
	MEMCG_SECTION(3, NULL),
	MEMCG_SECTION(4, NULL),
	MEMCG_SECTION(5, NULL),
	MEMCG_SECTION(6, NULL),
	MEMCG_SECTION(7, NULL),
	{ "storage", storage_opts, offsetof(struct machine_cfg, kernel.storage), "what files lie on", NULL },
	{ "sched", sched_opts, offsetof(struct machine_cfg, sched), "the scheduler", NULL },
	{ "cat", service_opts, offsetof(struct machine_cfg, service),
	  "cache allocation: who is in which class of service", NULL },
	{ "layout", layout_opts, offsetof(struct machine_cfg, engine), "how recordings fit it", NULL },
	{ "replay", engine_opts, offsetof(struct machine_cfg, engine), "how recordings are replayed", NULL },
	{ "engine", simulator_opts, 0, "how the simulator itself works", NULL },
	{ 0 },
};

static void check_component(const struct config *c, const char *prefix, const char *key, const char *why)
{
	char full[64];

	if (!why)
		return;
	snprintf(full, sizeof(full), "%s.%s", prefix, key);
	config_reject(c, full, "%s", why);
}

/* alias = colour: a page's frame has its colour, as the cache counts colours. */
static void check_colours(const struct cache_cfg *l1, const struct kernel_cfg *k, enum page_size page,
			  const struct config *c, const char *key)
{
	u64 colours = MAX(l1->size / l1->ways >> page_size_shift[page], 1);

	if (l1->alias != ALIAS_COLOUR || l1->indexing != INDEX_VIPT || colours == 1)
		return;
	if (k->placement != FRAME_COLOURED || k->colours % colours)
		config_reject(c, key, "it needs kernel.placement = coloured and kernel.colours a multiple "
				      "of the cache's %u",
			      (u32)colours);
}

/* A vivt line's key holds its virtual number and its address space's. */
static void check_tags(const struct cache_cfg *l1, const struct kernel_cfg *k, const struct config *c,
		       const char *key)
{
	u32 line = kernel_format(k)->va_bits - log2_floor(l1->line);
	u32 asid = log2_ceil((u64)kernel_asids(k) + 1);

	if (l1->indexing == INDEX_VIVT && l1->asid_tagged && line + asid > 64)
		config_reject(c, key, "lines that small leave %u bits for an address space: use larger "
				      "lines, fewer kernel.asids, or asid_tagged = no",
			      64 - line);
}

void machine_check(const struct machine_cfg *cfg, const struct config *c)
{
	const char *key = NULL, *why;
	enum page_size page = cfg->translation ? kernel_format(&cfg->kernel)->leaf[0] : NR_PAGE_SIZES;
	struct hw_cfg hw = cfg->hw;
	struct cfg_fault fault;

	if (cfg->cores > MAX_CPUS)
		config_reject(c, "cores", "the kernel keeps sets of at most %u cores", MAX_CPUS);
	check_component(c, "memory", "size", kernel_layout_check(&cfg->kernel, cfg->memory));
	why = swap_check(&cfg->kernel, &key);
	check_component(c, "swap", key, why);
	why = core_check(&cfg->core, &key);
	check_component(c, "core", key, why);
	why = service_check(&cfg->service, &key);
	check_component(c, "cat", key, why);
	why = nested_check(&cfg->hw.nested, cfg->translation ? kernel_format(&cfg->kernel) : NULL, &key);
	check_component(c, "nested", key, why);
	hw_resolve(&hw, cfg->memory);
	if (!hw_check(&hw, cfg->cores, page, &fault))
		config_reject(c, fault.key, "%s", fault.why);
	if (cfg->translation) {
		check_colours(&cfg->hw.l1i, &cfg->kernel, page, c, "l1i.alias");
		check_colours(&cfg->hw.l1d, &cfg->kernel, page, c, "l1d.alias");
		check_tags(&cfg->hw.l1i, &cfg->kernel, c, "l1i.asid_tagged");
		check_tags(&cfg->hw.l1d, &cfg->kernel, c, "l1d.asid_tagged");
	}
}

/* Where no address is translated nothing faults, and the kernel's own work would be in the way. */
static struct kernel *build_kernel(struct machine *m)
{
	m->cfg.kernel.charge &= m->cfg.translation != 0;
	struct kernel_params p = {
		.cfg = &m->cfg.kernel,
		.format = kernel_format(&m->cfg.kernel),
		.ptmem = m->ptmem,
		.memory = m->cfg.memory,
		.nodes = m->cfg.hw.numa.nodes,
		.cpus = m->cfg.cores,
		.line = m->cfg.hw.l1d.line,
		.hz = m->cfg.core.frequency,
		.seed = m->cfg.seed,
	};

	return kernel_new(&p);
}

static struct core *build_core(const struct machine *m, u32 id)
{
	struct core *c;
	struct core_params p = {
		.cfg = &m->cfg.core,
		.hw = &m->cfg.hw,
		.memory = m->memory,
		.id = id,
		.seed = m->cfg.seed,
		.shortcut = m->cfg.shortcut,
		.format = m->cfg.translation ? kernel_format(&m->cfg.kernel) : NULL,
		.ptmem = m->ptmem,
		.host = m->host,
		.kernel = m->kernel,
		.kernel_ops = &kernel_ops,
	};

	c = core_new(&p);
	core_cpu(c)->node = numa_node_of_core(&m->cfg.hw.numa, m->cfg.cores, id);
	return c;
}

static struct engine *build_engine(struct machine *m, u64 check_every)
{
	struct engine_params p = {
		.cfg = &m->cfg.engine,
		.sched = &m->cfg.sched,
		.service = &m->cfg.service,
		.cores = m->cores,
		.n_cores = m->cfg.cores,
		.width = m->cfg.core.width,
		.run_ahead = m->cfg.run_ahead,
		.kernel = m->kernel,
		.events = &m->events,
		.hz = m->cfg.core.frequency,
		.line = m->cfg.hw.l1i.line,
		.page_shift = kernel_format(&m->cfg.kernel)->shift[0],
		.check_every = check_every,
	};

	return engine_new(&p);
}

static struct stats *build_stats(const struct machine *m)
{
	struct stats *s = stats_new();
	u32 i;

	engine_stats_add(m->engine, s);
	for (i = 0; i < m->cfg.cores; i++)
		core_stats(m->cores[i], s);
	memory_stats(m->memory, s);
	kernel_stats(m->kernel, s);
	return s;
}

static void warm_line(void *arg, u64 pa, bool text)
{
	core_warm_below(arg, pa, text);
}

/* How many threads share a last cache. */
static u32 last_sharers(const struct machine *m)
{
	u32 most = hw_most_sharers(&m->cfg.hw, m->cfg.cores), n = 1;
	enum mem_level level;

	for (level = MEM_L2; level <= MEM_L4; level++) {
		const struct cache_cfg *c = hw_level(&m->cfg.hw, level);

		n = c->size ? hw_sharers(c, most) : n;
	}
	return n;
}

/*
 * What is common goes to every thread, the rest to the first above each last cache. Nothing of it is told as
 * if it had happened in the run.
 */
static void warm_kernel(struct machine *m)
{
	u64 *before = xcalloc(stats_count(m->stats), sizeof(*before));
	struct warm_walk w = { .line = m->cfg.hw.l1d.line, .fn = warm_line };
	u32 sharers = last_sharers(m);

	stats_copy(m->stats, before);
	time_stands = true;
	for (w.cpu = 0; w.cpu < m->cfg.cores; w.cpu++) {
		w.arg = m->cores[w.cpu];
		w.all = w.cpu % sharers == 0;
		kernel_each_warm_line(m->kernel, &w);
	}
	time_stands = false;
	stats_forget(m->stats, before);
	free(before);
}

struct machine *machine_new(const struct machine_cfg *cfg, u64 check_every)
{
	struct machine *m = xcalloc(1, sizeof(*m));
	u32 i;

	m->cfg = *cfg;
	service_keep(&m->cfg.service);
	hw_resolve(&m->cfg.hw, cfg->memory);
	event_queue_init(&m->events);
	m->ptmem = ptmem_new(cfg->memory >> FRAME_SHIFT);
	m->host = stage2_new(&m->cfg.hw.nested, kernel_format(&cfg->kernel), cfg->memory,
			     cfg->core.frequency, cfg->seed);
	m->kernel = build_kernel(m);
	m->memory = memory_new(&m->cfg.hw, cfg->cores, cfg->core.frequency, cfg->seed);
	m->cores = xcalloc(cfg->cores, sizeof(*m->cores));
	for (i = 0; i < cfg->cores; i++)
		m->cores[i] = build_core(m, i);
	for (i = 0; i < cfg->cores; i++)
		kernel_add_cpu(m->kernel, core_cpu(m->cores[i]));
	m->engine = build_engine(m, check_every);
	m->stats = build_stats(m);
	if (m->cfg.translation)
		warm_kernel(m);
	return m;
}

void machine_free(struct machine *m)
{
	u32 i;

	engine_free(m->engine);
	for (i = 0; i < m->cfg.cores; i++)
		core_free(m->cores[i]);
	free(m->cores);
	free(m->latency);
	memory_free(m->memory);
	kernel_free(m->kernel);
	stage2_free(m->host);
	ptmem_free(m->ptmem);
	event_queue_fini(&m->events);
	stats_free(m->stats);
	service_drop(&m->cfg.service);
	free(m);
}

void machine_finish(struct machine *m)
{
	u32 i;

	engine_finish(m->engine);
	if (!m->cfg.copy_back)
		return;
	for (i = 0; i < m->cfg.cores; i++)
		core_copy_back(m->cores[i]);
	memory_copy_back(m->memory, engine_now(m->engine));
}

void machine_settle(struct machine *m)
{
	u32 i;

	kernel_check(m->kernel);
	for (i = 0; i < m->cfg.cores; i++) {
		core_sane(m->cores[i]);
		check_tlb(m->cores[i], m->kernel);
	}
	memory_sane(m->memory);
}

const struct core_latency *machine_latency(struct machine *m)
{
	u32 i;

	if (m->cfg.cores == 1)
		return core_latency(m->cores[0]);
	if (!m->latency)
		m->latency = xmalloc(sizeof(*m->latency));
	memset(m->latency, 0, sizeof(*m->latency));
	for (i = 0; i < m->cfg.cores; i++)
		core_latency_add(m->latency, core_latency(m->cores[i]));
	return m->latency;
}
