#include "model/core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/core/core_state.h"
#include "model/core/inorder.h"
#include "model/sim/time.h"

/* Configuration. */

static const char *const model_names[] = { "inorder", "window", NULL };

#define AT(field) offsetof(struct core_cfg, field)

const struct opt core_opts[] = {
	{ "model", OPT_ENUM, AT(model), "inorder", 0, 0, NULL, "how instructions overlap", model_names },
	{ "frequency", OPT_FREQ, AT(frequency), "3GHz", 1000000, 100000000000ull, "Hz", "the core's clock",
	  NULL },
	{ "width", OPT_U32, AT(width), "6", 1, 64, "instructions", "issued, and retired, a cycle", NULL },
	{ "window", OPT_U32, AT(window), "512", 1, WINDOW_MAX, "instructions",
	  "dispatched and not retired, in model window", NULL },
	{ "mshrs", OPT_U32, AT(mshrs), "16", 1, MSHR_MAX, "lines",
	  "L1D misses of a core in flight, where l1d.mshrs does not allow fewer", NULL },
	{ "store_buffer", OPT_U32, AT(store_buffer), "72", 1, STORE_BUFFER_MAX, "stores",
	  "retired stores that wait for their lines", NULL },
	/*
	 * clear_page() takes about 600 cycles where the caches have the page (Virtuoso's sources, one host),
	 * 0.5 us where they have not, copying it 0.3 to 0.7 us.
	 */
	{ "frame_line", OPT_TIME, AT(frame_line), "9", 0, 0, "cycles or time",
	  "that 64 bytes of a frame take to be cleared or copied, if L2 has the frame, and L1D not them",
	  NULL },
	{ "frame_line_cold", OPT_TIME, AT(frame_line_cold), "7.5ns", 0, 0, "cycles or time",
	  "the same where L2 does not have the frame either", NULL },
	{ "unknown_dependence", OPT_STRING, AT(unknown_dependence), "none", 0, 0, NULL,
	  "loads of unknown dependence that wait for the load before: none, chain (all) or a percentage "
	  "(\"25%\")",
	  NULL },
	{ 0 },
};

/* Percent of loads, or -1 if the text makes no sense. */
static int parse_dependence(const char *text)
{
	char *end;
	long n;

	if (!text || !strcmp(text, "none"))
		return 0;
	if (!strcmp(text, "chain"))
		return DEPEND_ALL;
	n = strtol(text, &end, 10);
	if (end == text || (*end && strcmp(end, "%")) || n < 0 || n > (long)DEPEND_ALL)
		return -1;
	return (int)n;
}

const char *core_check(const struct core_cfg *cfg, const char **key)
{
	*key = "unknown_dependence";
	if (parse_dependence(cfg->unknown_dependence) < 0)
		return "allowed are none, chain, or a percentage from 0% to 100%";
	return NULL;
}

/* Building. */

/* The private levels below the first, from the farthest up. Returns what the first stands on. */
static struct port *add_lower(struct core *c, const struct core_params *p, u64 seed, u32 *needs)
{
	struct port *below = memory_port(p->memory, p->id);
	enum mem_level level;
	u32 n;

	for (level = MEM_L2; level <= MEM_L4; level++)
		c->n_lower += hw_private(hw_level(p->hw, level));
	n = c->n_lower;
	*needs = memory_needs(p->memory);
	for (level = MEM_L4; level >= MEM_L2; level--) {
		struct cache_params l = { .cfg = hw_level(p->hw, level), .name = mem_level_name[level],
					  .level = level, .hz = p->cfg->frequency, .seed = seed,
					  .below = below, .needs = *needs };

		if (!hw_private(l.cfg))
			continue;
		cache_init(&c->lower[--n], &l);
		below = &c->lower[n].port;
		*needs = cache_needs(&c->lower[n]);
	}
	return below;
}

/* In bytes; 0: there are none. */
static u64 smallest_page(const struct pt_format *f)
{
	return f ? 1ull << page_size_shift[f->leaf[0]] : 0;
}

/* What other cores' accesses do to this one's caches. It comes late where the core has run ahead. */
static u32 core_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct core *c = container_of(a, struct core, above);
	u32 answer = 0, i;

	for (i = 0; i < c->n_outer; i++)
		answer |= above_probe(c->outer[i], pa, what, now);
	if (what == PROBE_HOLDS || !(answer & PROBE_FOUND))
		return answer;
	c->late += now < core_cycle(c);
	c->contends = true;
	*core_lost(c, pa) = pa >> c->l1d.line_shift;
	cache_note_contention(&c->l1d, pa, true);
	return answer;
}

static void core_each_line(const struct above *a, above_line_fn fn, void *arg)
{
	const struct core *c = container_of(a, const struct core, above);
	u32 i;

	for (i = 0; i < c->n_outer; i++)
		above_each_line(c->outer[i], fn, arg);
}

static const struct above_ops core_above_ops = { core_probe, core_each_line };

/* Tells each level who stands right above it. */
static void attach_caches(struct core *c, struct memory *memory)
{
	struct cache *first[] = { &c->l1i, &c->l1d };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		if (c->n_lower)
			cache_attach(&c->lower[0], &first[i]->above);
		else
			c->outer[c->n_outer++] = &first[i]->above;
	}
	for (i = 1; i < c->n_lower; i++)
		cache_attach(&c->lower[i], &c->lower[i - 1].above);
	if (c->n_lower)
		c->outer[c->n_outer++] = &c->lower[c->n_lower - 1].above;
	c->above.ops = &core_above_ops;
	memory_attach(memory, c->id, &c->above);
}

static void add_caches(struct core *c, const struct core_params *p)
{
	u64 hz = p->cfg->frequency, seed = p->seed + p->id;
	struct cache_cfg l1d_cfg = p->hw->l1d;
	struct cache_params l1d = { .cfg = &l1d_cfg, .name = "l1d", .level = MEM_L1, .hz = hz, .seed = seed,
				    .shortcut = p->shortcut,
				    .page = smallest_page(p->format),
				    .va_bits = p->format ? p->format->va_bits : 0 };
	struct cache_params l1i = { .cfg = &p->hw->l1i,
				    .name = "l1i",
				    .level = MEM_L1,
				    .hz = hz,
				    .seed = seed,
				    .shortcut = p->shortcut,
				    .page = l1d.page,
				    .va_bits = l1d.va_bits };

	l1d_cfg.mshrs = MIN(l1d_cfg.mshrs, p->cfg->mshrs);
	l1d.below = l1i.below = add_lower(c, p, seed, &l1d.needs);
	l1i.needs = l1d.needs;
	cache_init(&c->l1d, &l1d);
	cache_init(&c->l1i, &l1i);
	attach_caches(c, p->memory);
}

/* The page of a prefetch is looked up for nothing else. */
static bool prefetch_translate(void *arg, u64 va, u64 *pa, u64 *now)
{
	struct core *c = arg;

	c->dtlb.st.prefetcher_lookups++;
	return core_translate_quietly(c, va, TLB_PREFETCHER, pa, now);
}

static void add_translation(struct core *c, const struct core_params *p)
{
	const struct hw_cfg *hw = p->hw;
	u64 hz = p->cfg->frequency, seed = p->seed + p->id;
	struct walker_params w = { .cfg = &hw->walker,
				   .pwc = &hw->pwc,
				   .format = p->format,
				   .ptmem = p->ptmem,
				   .port = &c->l1d.port,
				   .pte_latency = &c->lat.pte,
				   .nested = &hw->nested,
				   .host = p->host,
				   .hz = hz,
				   .seed = seed };

	if (hw->walker.port == WALKER_L2)
		w.port = c->l1d.below;
	walker_init(&c->walker, &w);
	c->walker.kernel_turns_out = &c->account.total.evicted_lines;
	tlb_init(&c->itlb, &hw->itlb, "itlb", hz, seed);
	tlb_init(&c->dtlb, &hw->dtlb, "dtlb", hz, seed);
	tlb_init(&c->stlb, &hw->stlb, "stlb", hz, seed);
	tlb_add_hot(&c->itlb, c->l1i.index.vivt ? NULL : c->l1i.hot, &c->clock);
	tlb_add_hot(&c->dtlb, c->l1d.index.vivt ? NULL : c->l1d.hot, &c->clock);
	c->has_stlb = c->stlb.n_arrays != 0;
	tlb_prefetch_init(&c->tlb_prefetcher, &hw->stlb_prefetch, &c->stlb, &c->walker);
	if (c->l1d.prefetch)
		prefetch_translate_by(c->l1d.prefetch, prefetch_translate, c);
}

/* A hit in the cache and the TLB: side by side, one after the other, or without the TLB. */
static u64 hit_latency(const struct cache *l1, const struct tlb *t, u32 indexing)
{
	if (indexing == INDEX_VIVT)
		return l1->latency;
	return indexing == INDEX_VIPT ? MAX(l1->latency, t->latency) : t->latency + l1->latency;
}

static void add_window(struct core *c, u32 size)
{
	u32 i;

	window_init(&c->window, size);
	c->l1d.mshr.settled = c->filling.settled = c->walker.busy.settled = &c->settled;
	for (i = 0; i < c->n_lower; i++)
		c->lower[i].mshr.settled = &c->settled;
}

/* Cycles of one of L1D's lines, at least one, from those of 64 bytes. */
static u64 line_time(const struct core_params *p, struct opt_time of_64)
{
	return MAX(time_to_cycles(of_64, p->cfg->frequency) * p->hw->l1d.line / 64, 1u);
}

struct core *core_new(const struct core_params *p)
{
	struct core *c = aligned_alloc(64, (sizeof(*c) + 63) & ~(size_t)63);

	if (!c)
		fail("out of host memory: %zu bytes were asked for", sizeof(*c));
	memset(c, 0, sizeof(*c));
	c->cpu = (struct cpu){ .ops = &core_cpu_ops, .id = p->id };
	c->id = p->id;
	c->horizon = ~(u64)0;
	memset(c->lost, 0xff, sizeof(c->lost));
	c->width = p->cfg->width;
	c->per_width = c->width > 1 ? ~(u64)0 / c->width + 1 : 0;
	c->xlate = p->format != NULL;
	c->page_shift = p->format ? p->format->shift[0] : FRAME_SHIFT;
	c->host = p->host;
	c->kernel = p->kernel;
	c->kernel_ops = p->kernel_ops;
	c->sb.cap = p->cfg->store_buffer;
	c->frame_line = line_time(p, p->cfg->frame_line);
	c->frame_line_cold = line_time(p, p->cfg->frame_line_cold);
	c->depend = (u32)parse_dependence(p->cfg->unknown_dependence);
	rng_init(&c->rng, p->seed + p->id, "core.unknown_dependence");
	add_caches(c, p);
	c->l1i.tags.clock = c->l1d.tags.clock = &c->clock;
	c->hit_latency = c->l1d.latency;
	c->fetch_latency = c->l1i.latency;
	if (c->xlate) {
		add_translation(c, p);
		c->hit_latency = hit_latency(&c->l1d, &c->dtlb, p->hw->l1d.indexing);
		c->fetch_latency = hit_latency(&c->l1i, &c->itlb, p->hw->l1i.indexing);
		c->text = line_runs_new(&c->l1i, &c->itlb, &c->clock);
		c->data = line_runs_new(&c->l1d, &c->dtlb, &c->clock);
		c->group = core_groups_new(c);
	}
	if (p->cfg->model == CORE_WINDOW)
		add_window(c, p->cfg->window);
	core_note_stores(c);
	return c;
}

void core_free(struct core *c)
{
	u32 i;

	if (!c)
		return;
	window_fini(&c->window);
	free(c->text);
	free(c->data);
	free(c->group);
	cache_fini(&c->l1i);
	cache_fini(&c->l1d);
	for (i = 0; i < c->n_lower; i++)
		cache_fini(&c->lower[i]);
	if (c->xlate) {
		walker_fini(&c->walker);
		tlb_fini(&c->itlb);
		tlb_fini(&c->dtlb);
		tlb_fini(&c->stlb);
	}
	free(c);
}

/* Counters. */

const char *const core_xlate_name[NR_CORE_XLATES] = { "tlb", "stlb", "walk", "fault" };

static const struct {
	const char *name, *help;
} parts[NR_CORE_PARTS] = {
#define X(id, name, help) [PART_##id] = { name, help },
	CORE_PARTS(X)
#undef X
#define X(id, name, help) [PART_KERNEL + KPATH_##id] = { "kernel." name, help },
	KERNEL_PATHS(X)
#undef X
};

const char *core_part_name(enum core_part part)
{
	return part == PART_IPI ? kernel_path_name[KPATH_IPI] : parts[part].name;
}

#define STAT_STRUCT struct core_stats
static const struct stat_desc core_table[] = { CORE_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

void core_stats(struct core *c, struct stats *s)
{
	char name[64];
	u32 i;

#define UNDER(what) (snprintf(name, sizeof(name), "core%u.%s", c->id, what), name)
	snprintf(name, sizeof(name), "core%u", c->id);
	stats_add(s, name, core_table, &c->st);
	for (i = 0; i < NR_CORE_PARTS; i++) {
		snprintf(name, sizeof(name), "core%u.cycles.%s", c->id, core_part_name((enum core_part)i));
		stats_add_one(s, name, &c->cycles[i], "cycles", parts[i].help);
	}
	core_kernel_stats(c, s);
	cache_stats_add(&c->l1i, s, UNDER("l1i"));
	cache_stats_add(&c->l1d, s, UNDER("l1d"));
	for (i = 0; i < c->n_lower; i++)
		cache_stats_add(&c->lower[i], s, UNDER(mem_level_name[c->lower[i].level]));
	if (!c->xlate)
		return;
	tlb_stats_add(&c->itlb, s, UNDER("itlb"));
	tlb_stats_add(&c->dtlb, s, UNDER("dtlb"));
	if (c->has_stlb)
		tlb_stats_add(&c->stlb, s, UNDER("stlb"));
	tlb_prefetch_stats_add(&c->tlb_prefetcher, s, UNDER("stlb"));
	walker_stats_add(&c->walker, s, UNDER("walker"));
#undef UNDER
}

/* The bins of pure hits, which are never sampled one by one. */
static void count_pure_hits(struct core *c)
{
	u64 loads = c->data_loads - c->sampled_loads, stores = c->data_stores - c->sampled_stores;

	c->lat.load[MEM_L1][XLATE_TLB].bin[hist_index(c->hit_latency)] += loads - c->pure_loads;
	c->lat.store[MEM_L1][XLATE_TLB].bin[hist_index(c->hit_latency)] += stores - c->pure_stores;
	c->pure_loads = loads;
	c->pure_stores = stores;
}

void core_sync(struct core *c)
{
	u64 sum = 0, stalls = 0, end = MAX(c->slots, c->retired);
	u32 i;

	c->st.cycles = (end + c->width - 1) / c->width;
	for (i = PART_BASE + 1; i < NR_CORE_PARTS; i++) {
		c->cycles[i] = c->stall[i] / c->width;
		sum += c->cycles[i];
		stalls += c->stall[i];
	}
	ASSERT(stalls + c->st.instructions == end);
	c->cycles[PART_BASE] = c->st.cycles - sum;
	count_pure_hits(c);
	core_kernel_sync(c);
}

static void count_runs(struct core *c, const code_counts *sum)
{
	c->st.instructions += code_count(sum, COUNT_INSNS);
	c->st.atomics += code_count(sum, COUNT_ATOMICS);
	c->st.software_prefetches += code_count(sum, COUNT_PREFETCHES);
	c->l1i.st.fetches += code_count(sum, COUNT_FETCHES);
	c->l1d.st.loads += code_count(sum, COUNT_LOADS);
	c->l1d.st.stores += code_count(sum, COUNT_STORES);
	c->data_loads += code_count(sum, COUNT_LOADS) - code_count(sum, COUNT_ATOMICS);
	c->data_stores += code_count(sum, COUNT_STORES);
	if (c->xlate && !c->l1i.index.vivt)
		c->itlb.st.lookups += code_count(sum, COUNT_ITLB_LOOKUPS);
	if (c->xlate && !c->l1d.index.vivt)
		c->dtlb.st.lookups += code_count(sum, COUNT_SLOTS);
}

static inline void add_counts(code_counts *sum, const code_counts *v, s32 sign)
{
	u32 i;

	for (i = 0; i < COUNT_VECTORS; i++)
		sum[i] += v[i] * (u32)sign;
}

/* Of a run that stopped in its middle: what is yet to be done, from the access on for which it stopped. */
static void note_rest(struct core_chunk *ch)
{
	const struct code_block *b = &ch->code->block[ch->block[ch->run]];
	const struct code_slot *s = b->slot + ch->slot;
	u32 rest[NR_CODE_COUNTS] = { 0 };

	rest[COUNT_INSNS] = (u32)b->n_insns - MIN(b->n_insns, s->insn);
	for (; s < b->slot + b->n_slots; s++) {
		rest[COUNT_LOADS] += s->kind == TR_LOAD || s->kind == TR_ATOMIC;
		rest[COUNT_STORES] += s->kind == TR_STORE || s->kind == TR_ATOMIC;
		rest[COUNT_ATOMICS] += s->kind == TR_ATOMIC;
		rest[COUNT_PREFETCHES] += s->kind == TR_PREFETCH;
		rest[COUNT_SLOTS]++;
	}
	memcpy(ch->rest, rest, sizeof(ch->rest));
}

/* Running. */

static struct core_delay *delay_of_next(struct core *c, const struct core_chunk *ch)
{
	return ch->begun ? &c->delay : &c->fetch_delay;
}

/* The access or fetch that waits for a device is told with the time that it waited. */
static void note_blocked(struct core *c, struct core_chunk *ch)
{
	ch->blocked = true;
	ch->blocked_at = c->began;
	ch->blocked_by = c->cpu.cause < NR_CAUSES_OF_NO_FAULT ? CAUSE_MAJOR : c->cpu.cause;
	c->delay = (struct core_delay){ 0 };
}

static void resume_blocked(struct core *c, struct core_chunk *ch)
{
	u64 now = core_cycle(c);

	ch->blocked = false;
	*delay_of_next(c, ch) = (struct core_delay){ now - MIN(now, ch->blocked_at), ch->blocked_by };
	core_forget(c);
}

enum core_stop core_run(struct core *c, struct core_chunk *ch, u64 until)
{
	bool far = ch->code->far_dep || (ch->code->unknown_dep && c->depend);
	u64 slots = until > ~(u64)0 / c->width ? ~(u64)0 : until * c->width;
	enum core_stop stop;
	code_counts sum[COUNT_VECTORS];
	bool begun = ch->begun;

	if (!begun)
		c->waits_at = 0;
	if (unlikely(ch->blocked))
		resume_blocked(c, ch);
	if (time_stands)
		stop = run_timeless_chunk(c, ch, slots, sum);
	else if (c->window.size)
		stop = run_window_chunk(c, ch, slots, sum, far);
	else if (c->xlate && far)
		stop = run_chunk(c, ch, slots, sum, true, true);
	else if (c->xlate && c->l1d.line_shift == COMMON_LINE_SHIFT)
		stop = run_common_chunk(c, ch, slots, sum);
	else if (c->xlate)
		stop = run_chunk(c, ch, slots, sum, true, false);
	else
		stop = run_chunk(c, ch, slots, sum, false, far);
	if (begun)
		add_counts(sum, ch->rest, 1);
	if (ch->begun) {
		note_rest(ch);
		add_counts(sum, ch->rest, -1);
	}
	count_runs(c, sum);
	if (stop == CORE_AHEAD)
		return stop;
	if (stop == CORE_BLOCK)
		note_blocked(c, ch);
	c->waits_at = 0;
	core_sync(c);
	return stop;
}

enum core_stop core_pass_over(struct core *c, struct core_chunk *ch, u64 until)
{
	u64 slots = until > ~(u64)0 / c->width ? ~(u64)0 : until * c->width, t = c->slots;
	enum core_stop stop = CORE_DONE;

	for (; ch->run < ch->n_runs; ch->run++) {
		const struct code_block *b = &ch->code->block[ch->block[ch->run]];

		stop = t < slots ? CORE_DONE : CORE_QUANTUM;
		if (stop != CORE_DONE)
			break;
		t += b->n_insns;
		ch->at += b->n_slots;
	}
	core_pass(c, t, PART_IDLE);
	core_sync(c);
	return stop;
}

void core_set_horizon(struct core *c, u64 slot)
{
	c->horizon = slot;
}

u64 core_due(const struct core *c)
{
	return MAX(c->slots, c->waits_at);
}

u64 core_references(const struct core *c)
{
	return c->l1i.st.fetches + c->l1d.st.loads + c->l1d.st.stores;
}

u64 core_late(const struct core *c)
{
	return c->late;
}

const struct trap *core_trap(const struct core *c)
{
	return &c->trap;
}

u64 core_now(const struct core *c)
{
	return core_cycle(c);
}

u64 core_instructions(const struct core *c)
{
	return c->st.instructions;
}

struct cpu *core_cpu(struct core *c)
{
	return &c->cpu;
}

void core_explain(struct core *c, bool on)
{
	core_forget(c);
	mshr_set_last(&c->l1i.mshr, on ? ~(u64)0 / c->width : 0);
	mshr_set_last(&c->l1d.mshr, on ? ~(u64)0 / c->width : 0);
}

void core_set_profile(struct core *c, const struct profile_hook *hook)
{
	c->profile = hook;
}

void core_set_mm(struct core *c, struct mm *mm)
{
	c->mm = mm;
}

void core_set_service(struct core *c, u8 thread, u8 kernel)
{
	c->l1i.service = c->l1d.service = c->walker.service = thread;
	c->l1i.kernel_service = c->l1d.kernel_service = kernel;
}

void core_wait_until(struct core *c, u64 cycle, enum core_part part)
{
	core_drain(c);
	if (cycle > core_cycle(c))
		c->delay = (struct core_delay){ 0 }; /* it would have waited as long */
	core_pass_until(c, cycle, part);
	core_sync(c);
}

void core_delayed(struct core *c, u64 from, enum access_cause cause)
{
	if (core_cycle(c) <= from)
		return;
	c->delay.cycles += core_cycle(c) - from;
	c->delay.cause = MAX(c->delay.cause, cause);
	core_forget(c);
}

const struct core_latency *core_latency(const struct core *c)
{
	return &c->lat;
}

void core_latency_add(struct core_latency *sum, const struct core_latency *l)
{
	u32 level, class;

	for (level = 0; level < NR_MEM_LEVELS; level++) {
		for (class = 0; class < NR_CORE_CLASSES; class++) {
			hist_merge(&sum->load[level][class], &l->load[level][class]);
			hist_merge(&sum->store[level][class], &l->store[level][class]);
		}
	}
	hist_merge(&sum->fetch, &l->fetch);
	hist_merge(&sum->kernel, &l->kernel);
	hist_merge(&sum->pte, &l->pte);
}

void core_copy_back(struct core *c)
{
	u32 i;

	cache_copy_back(&c->l1d, core_cycle(c));
	for (i = 0; i < c->n_lower; i++)
		cache_copy_back(&c->lower[i], core_cycle(c));
}

struct each_translation {
	core_translation_fn fn;
	void *arg;
};

static void pass_on(void *arg, u64 va, u16 asid, u64 bytes, u64 entry)
{
	const struct each_translation *e = arg;
	struct core_translation t = { .va = va, .bytes = bytes, .asid = asid };

	t.pa = (entry & ~TLB_FLAGS) & ~(bytes - 1);
	t.flags = (u32)(entry & TLB_FLAGS & ~TLB_PAGE);
	e->fn(e->arg, &t);
}

void core_each_translation(const struct core *c, core_translation_fn fn, void *arg)
{
	struct each_translation e = { fn, arg };

	if (!c->xlate)
		return;
	tlb_each(&c->itlb, pass_on, &e);
	tlb_each(&c->dtlb, pass_on, &e);
	tlb_each(&c->stlb, pass_on, &e);
}

u64 core_machine_pa(const struct core *c, u64 pa)
{
	return c->host ? stage2_pa(c->host, pa) : pa;
}

void core_sane(const struct core *c)
{
	u32 i;

	window_sane(&c->window);
	cache_sane(&c->l1i);
	cache_sane(&c->l1d);
	for (i = 0; i < c->n_lower; i++)
		cache_sane(&c->lower[i]);
	if (c->xlate) {
		tlb_sane(&c->itlb);
		tlb_sane(&c->dtlb);
		tlb_sane(&c->stlb);
		walker_sane(&c->walker);
	}
}
