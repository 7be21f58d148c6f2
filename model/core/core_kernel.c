/*
 * The kernel's own accesses on a hardware thread (arch/cpu.h): its text through ITLB and L1I, its data
 * through DTLB and L1D, by kernel virtual addresses. An access goes down the same three steps as a program's
 * (inorder.h): a hot line, a plain hit, everything else. A page is translated once for all the lines that an
 * operation touches there, and counts as one lookup.
 *
 * Time is the path's in every case: translation, lines, room in the store buffer. What the lines of an
 * operation have in common is counted for all of them at its beginning.
 *
 * Not modelled: a vivt first level asks the TLB for the kernel's pages even if it has the lines. Prefetchers
 * of translations do not see the kernel's misses, those of lines follow it within a page only.
 */
#include "model/core/core_state.h"

#include <inttypes.h>

#include "model/base/error.h"
#include "model/hw/cache_whole.h"
#include "model/sim/explain.h"

/* ---- accounts ---- */

/* Misses of a line that went through a first level, which counted `misses` until now. */
static void account_line(struct core *c, const struct mem_req *r, bool missed)
{
	struct kernel_tally *t = &c->account.total;

	t->l1_misses += missed;
	t->l2_misses += missed && r->served > MEM_L2;
	t->memory += missed && r->served >= MEM_REMOTE;
}

/* ---- time ---- */

static always_inline void issue(struct core *c, u64 slots, u32 part)
{
	if (unlikely(time_stands))
		return;
	c->slots += slots;
	c->stall[part] += slots;
}

/* ---- translation ---- */

/* The machine's address of what the kernel calls pa; its host maps the page first, if need be. */
static u64 machine_pa(struct core *c, u32 part, u64 pa)
{
	u64 fault;

	if (likely(!c->host))
		return pa;
	fault = stage2_touch(c->host, pa);
	core_stall_until(c, core_cycle(c) + fault, part);
	return stage2_pa(c->host, pa);
}

static bool translate_by_stlb(struct core *c, struct tlb *t, u64 va, enum access_kind access, u32 part,
			      u64 *pa)
{
	u64 from = core_cycle(c);
	struct tlb_hit h;

	if (!c->has_stlb)
		return false;
	h = tlb_lookup_kernel(&c->stlb, va);
	c->stlb.st.kernel_lookups++;
	core_stall_until(c, from + c->stlb.latency, part);
	if (explain_on())
		explain_hop(from, core_cycle(c), "stlb %s", h.entry ? "hit" : "miss");
	if (!h.entry || !tlb_grants(*h.entry, access)) {
		c->stlb.st.kernel_misses++;
		return false;
	}
	*pa = tlb_pa(&h, va);
	tlb_fill_kernel(t, va, h.size, *h.entry);
	return true;
}

static u64 translate_by_walk(struct core *c, struct tlb *t, u64 va, enum access_kind access, u32 part)
{
	struct walk k = { .va = va, .access = access, .kernels = true };

	walker_walk(&c->walker, &k, core_cycle(c));
	core_stall_until(c, k.done, part);
	ASSERT(k.ok); /* the kernel's tables say so */
	if (c->has_stlb)
		tlb_fill_kernel(&c->stlb, va, k.size, k.entry);
	tlb_fill_kernel(t, va, k.size, k.entry);
	return (k.entry & ~TLB_FLAGS) | (va & ((1ull << page_size_shift[k.size]) - 1));
}

static noinline u64 translate_miss(struct core *c, struct tlb *t, u64 va, enum access_kind access, u32 part)
{
	struct kernel_tally *tally = &c->account.total;
	u64 evicted = t->st.kernel_evictions + c->stlb.st.kernel_evictions, pa;

	t->st.kernel_misses++;
	tally->tlb_misses++;
	if (!translate_by_stlb(c, t, va, access, part, &pa))
		pa = translate_by_walk(c, t, va, access, part);
	tally->evicted_translations += t->st.kernel_evictions + c->stlb.st.kernel_evictions - evicted;
	return pa;
}

static u64 translate(struct core *c, struct tlb *t, struct kernel_page *p, u64 va, enum access_kind access,
		     u32 part)
{
	struct tlb_hit h = tlb_lookup_kernel(t, va);
	bool hit = h.entry && tlb_grants(*h.entry, access);

	if (explain_on())
		explain_hop(core_cycle(c), core_cycle(c), "%s %s", t == &c->itlb ? "itlb" : "dtlb",
			    hit ? "hit" : "miss");
	if (unlikely(!hit)) {
		p->used = NULL;
		return translate_miss(c, t, va, access, part);
	}
	if (h.array->hot && !explain_on()) /* who explains tells of each small one */
		p->bytes = 1ull << page_size_shift[h.size];
	p->used = h.array->hot ? &h.array->tags.used_at[h.id] : NULL;
	p->at = &h.array->tags.key[h.id];
	p->key = *p->at;
	p->entry = h.entry;
	p->value = *h.entry;
	p->writes = tlb_writes_freely(*h.entry);
	return tlb_pa(&h, va);
}

/* A page that is known is a hit that moves a time. */
static bool enter_known_page(struct core *c, struct tlb *t, struct kernel_page *p, u64 va,
			     enum access_kind access)
{
	const struct kernel_page *known = core_known_page(c, va, t == &c->itlb, access);

	if (!known || explain_on())
		return false;
	*p = *known;
	*p->used = ++c->clock;
	return true;
}

static void remember_page(struct core *c, const struct kernel_page *p, u64 va, bool text)
{
	bool large = p->bytes >> KERNEL_AREA_SHIFT;

	*(large ? core_area_place(c, va, text) : core_page_place(c, va, text)) = *p;
}

/* The page of va is the one that the operation is in. The direct map is indexed as physical memory is. */
static noinline void enter_page(struct core *c, struct tlb *t, struct kernel_page *p, u64 va,
				enum access_kind access, u32 part)
{
	u64 in_map = va - c->cpu.direct_map, pa;

	if (likely(enter_known_page(c, t, p, va, access)))
		return;
	p->bytes = 1ull << c->page_shift;
	if (c->walker.kernel_root) {
		pa = translate(c, t, p, va, access, part);
		p->skew = pa == in_map ? 0 : va ^ pa;
	} else {
		pa = machine_pa(c, part, in_map);
		p->skew = in_map ^ pa;
		p->writes = true;
		p->used = &c->no_page;
		p->at = &p->key;
		p->entry = NULL;
	}
	p->first = align_down(va, p->bytes);
	p->delta = pa - va;
	if (p->used && p->entry && !c->l1d.hot->off)
		remember_page(c, p, va, t == &c->itlb);
}

static always_inline void be_in_page(struct core *c, struct tlb *t, struct kernel_page *p, u64 va,
				     enum access_kind access, u32 part)
{
	if (unlikely(va - p->first >= p->bytes))
		enter_page(c, t, p, va, access, part);
}

/* ---- one line ---- */

/* What an L1 access comes after: the TLB, where it is not looked up beside. */
static u64 access_time(const struct core *c, const struct cache *l1, u64 hit_latency)
{
	return core_cycle(c) + (c->walker.kernel_root ? hit_latency - l1->latency : 0);
}

static struct mem_req request(struct core *c, const struct kernel_page *p, u64 va, u32 bytes,
			      enum mem_class cls)
{
	return (struct mem_req){ .pa = va + p->delta,
				 .skew = p->skew,
				 .kernel_va = true,
				 .kernels = true,
				 .turns_out = &c->account.total.evicted_lines,
				 .bytes = bytes,
				 .cls = cls };
}

/* A hit that takes no time but its slot: the line's id, else TAG_MISS, and nothing has changed. */
static always_inline u32 plain_hit(struct core *c, struct cache *l1, const struct kernel_page *p, u64 va,
				   bool write)
{
	u64 pa = va + p->delta;

	if (unlikely(l1->index.vivt))
		return TAG_MISS;
	if (unlikely(l1->mshr.last * c->width > c->slots) &&
	    (explain_on() || mshr_ready(&l1->mshr, pa >> l1->line_shift, 0) * c->width > c->slots))
		return TAG_MISS;
	return cache_plain_hit(l1, pa ^ p->skew, pa, write, l1->line_shift);
}

/* The next access to the line of va may take the shortcut. */
static always_inline void make_hot(struct cache *l1, const struct kernel_page *p, u64 va, u32 id)
{
	if (p->used && *p->at == p->key)
		hot_set(l1->hot, id, va >> l1->line_shift | HOT_KERNEL, p->used,
			p->writes && l1->state[id] & LINE_DIRTY);
}

static void read_line(struct core *c, const struct kernel_page *p, u64 va, u32 bytes, u32 part)
{
	struct mem_req r = request(c, p, va, bytes, MEM_KERNEL_LOAD);
	u64 misses = c->l1d.st.kernel_load_misses, now = core_cycle(c), done;

	done = cache_load(&c->l1d, &r, access_time(c, &c->l1d, c->hit_latency));
	account_line(c, &r, c->l1d.st.kernel_load_misses != misses);
	c->account.sampled++;
	hist_add(&c->lat.kernel, done - now, 1);
	if (done > now + c->hit_latency)
		core_stall_until(c, done, part);
	else
		issue(c, 1, part);
}

static noinline void load_line(struct core *c, struct kernel_page *p, u64 va, u32 bytes, u32 part)
{
	u32 id;

	be_in_page(c, &c->dtlb, p, va, ACCESS_READ, part);
	id = plain_hit(c, &c->l1d, p, va, false);
	if (id == TAG_MISS) {
		read_line(c, p, va, bytes, part);
		return;
	}
	make_hot(&c->l1d, p, va, id);
	issue(c, 1, part);
}

/* Behind the stores that wait, if any do. */
static always_inline void retire_hit(struct core *c, u32 part)
{
	if (c->sb.n)
		core_retire_store(c, core_cycle(c), part);
}

/* Lines ahead of a frame that is zeroed or copied which the caches are told of. */
#define EXPECT_AHEAD 6u

/* Among several cores every line is asked for below, also one that is wholly written. */
static void expect_store(struct core *c, u64 pa)
{
	cache_expect_store(&c->l1d, pa);
	if (c->l1d.coherent)
		port_expect(c->l1d.below, pa, false);
}

static void write_line(struct core *c, const struct kernel_page *p, u64 va, u32 bytes, u32 part)
{
	struct mem_req r = request(c, p, va, bytes, MEM_KERNEL_RFO);
	u64 misses = c->l1d.st.kernel_store_misses, now = core_cycle(c), done;

	if (bytes == 1u << c->l1d.line_shift)
		expect_store(c, r.pa + ((u64)EXPECT_AHEAD << c->l1d.line_shift));
	done = cache_store(&c->l1d, &r, access_time(c, &c->l1d, c->hit_latency));
	account_line(c, &r, c->l1d.st.kernel_store_misses != misses);
	c->account.sampled++;
	hist_add(&c->lat.kernel, done - now, 1);
	core_retire_store(c, done > now + c->hit_latency ? done : now, part);
}

static noinline void store_line(struct core *c, struct kernel_page *p, u64 va, u32 bytes, u32 part)
{
	u32 id;

	be_in_page(c, &c->dtlb, p, va, ACCESS_WRITE, part);
	id = plain_hit(c, &c->l1d, p, va, true);
	issue(c, 1, part);
	if (id == TAG_MISS) {
		write_line(c, p, va, bytes, part);
		return;
	}
	make_hot(&c->l1d, p, va, id);
	retire_hit(c, part);
}

/* ---- loads and stores ---- */

static always_inline u64 line_number(const struct core *c, u64 va)
{
	return va >> c->l1d.line_shift | HOT_KERNEL;
}

/* Returns how many lines it touches. */
static always_inline u32 count_data(struct core *c, u64 va, u32 bytes, u64 *counter)
{
	u64 last = va + bytes - 1;
	u64 lines = (last >> c->l1d.line_shift) - (va >> c->l1d.line_shift) + 1;

	*counter += lines;
	c->account.total.lines += lines;
	if (c->walker.kernel_root)
		c->dtlb.st.kernel_lookups += (last >> c->page_shift) - (va >> c->page_shift) + 1;
	return (u32)lines;
}

static void tell_begin(const struct core *c, enum kernel_path path, const char *what, u64 va, u32 bytes)
{
	explain_open(core_cycle(c), "kernel.%s: %s of %u bytes at 0x%" PRIx64, kernel_path_name[path], what,
		     bytes, va);
}

/*
 * What an operation's lines are known by in c->data; 0: by nothing, as one line, or where translations are
 * not asked for, or while lines are on their way, as always when a record is explained, or stores wait.
 */
static always_inline u64 data_name(const struct core *c, u64 va, u32 lines, u32 write)
{
	if (!c->data || !c->walker.kernel_root || lines < 2 || lines > LINE_RUN_LINES ||
	    (write && c->sb.n) || c->l1d.mshr.last * c->width > c->slots)
		return 0;
	return line_run_name(va >> c->l1d.line_shift, lines, write);
}

static always_inline void each_line(struct core *c, u64 va, u32 bytes, u32 write, u32 part)
{
	struct kernel_page page = { 0 };
	u32 room;

	for (; bytes; va += room, bytes -= room) {
		room = MIN(bytes, core_line_room(c, va));
		if (hot_use(c->l1d.hot, line_number(c, va), write, &c->clock)) {
			issue(c, 1, part);
			if (write)
				retire_hit(c, part);
		} else if (write) {
			store_line(c, &page, va, room, part);
		} else {
			load_line(c, &page, va, room, part);
		}
	}
}

static always_inline void data_lines(struct core *c, enum kernel_path path, u64 va, u32 bytes, u32 write)
{
	struct cache_stats *st = &c->l1d.st;
	u32 lines = count_data(c, va, bytes, write ? &st->kernel_stores : &st->kernel_loads);
	u64 *misses = write ? &st->kernel_store_misses : &st->kernel_load_misses, before = *misses;
	u64 name = data_name(c, va, lines, write);

	if (name && line_runs_use(c->data, name)) {
		issue(c, lines, PART_KERNEL + path);
		return;
	}
	if (unlikely(explain_on())) {
		tell_begin(c, path, write ? "store" : "load", va, bytes);
		if (write)
			explain_mute();
	}
	each_line(c, va, bytes, write, PART_KERNEL + path);
	if (unlikely(explain_on())) {
		if (write)
			explain_unmute();
		explain_close(core_cycle(c), "%s", "");
	}
	if (name && *misses == before)
		line_runs_learn(c->data, name, va >> c->l1d.line_shift);
}

static noinline void load_lines(struct core *c, enum kernel_path path, u64 va, u32 bytes)
{
	data_lines(c, path, va, bytes, HOT_READ);
}

static noinline void store_lines(struct core *c, enum kernel_path path, u64 va, u32 bytes)
{
	data_lines(c, path, va, bytes, HOT_WRITE);
}

/* One hot line, as most are. Nothing is hot while a record is explained. */
static always_inline bool hot_data(struct core *c, u64 va, u32 bytes, u32 write, u64 *counter, u32 part)
{
	if ((va ^ (va + bytes - 1)) >> c->l1d.line_shift ||
	    !hot_use(c->l1d.hot, line_number(c, va), write, &c->clock))
		return false;
	++*counter;
	c->account.total.lines++;
	c->dtlb.st.kernel_lookups += c->walker.kernel_root != 0;
	issue(c, 1, part);
	return true;
}

/* One line that is not hot. */
static noinline void load_one(struct core *c, u64 va, u32 bytes, u32 part)
{
	struct kernel_page page = { 0 };

	c->l1d.st.kernel_loads++;
	c->account.total.lines++;
	c->dtlb.st.kernel_lookups += c->walker.kernel_root != 0;
	load_line(c, &page, va, bytes, part);
}

void core_kernel_load(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	struct core *c = core_on_path(cpu, path);

	if (likely(hot_data(c, va, bytes, HOT_READ, &c->l1d.st.kernel_loads, PART_KERNEL + path)))
		return;
	if (bytes > core_line_room(c, va) || explain_on())
		load_lines(c, path, va, bytes);
	else
		load_one(c, va, bytes, PART_KERNEL + path);
}

void core_kernel_store(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	struct core *c = core_on_path(cpu, path);

	if (likely(hot_data(c, va, bytes, HOT_WRITE, &c->l1d.st.kernel_stores, PART_KERNEL + path)))
		retire_hit(c, PART_KERNEL + path);
	else
		store_lines(c, path, va, bytes);
}

/* ---- text ---- */

static noinline void fetch_line(struct core *c, struct kernel_page *p, u64 va, u32 part)
{
	u64 misses = c->l1i.st.kernel_fetch_misses, now, done;
	struct mem_req r;
	u32 id;

	be_in_page(c, &c->itlb, p, va, ACCESS_EXEC, part);
	id = plain_hit(c, &c->l1i, p, va, false);
	if (id != TAG_MISS) {
		make_hot(&c->l1i, p, va, id);
		return;
	}
	r = request(c, p, va, 0, MEM_KERNEL_FETCH);
	r.ip = va;
	now = access_time(c, &c->l1i, c->fetch_latency);
	if (explain_on())
		explain_open(core_cycle(c), "line of text at 0x%" PRIx64, va);
	done = cache_load(&c->l1i, &r, now);
	account_line(c, &r, c->l1i.st.kernel_fetch_misses != misses);
	if (done > now + c->l1i.latency)
		core_stall_until(c, done - c->l1i.latency, part);
	if (explain_on())
		explain_close(done, "%s", "");
}

/*
 * A line that is not hot, but a hit in a page that the operation is in, while nothing is in flight: whenever
 * it is asked for.
 */
static always_inline bool text_hit(struct core *c, const struct kernel_page *p, u64 va)
{
	u64 pa = va + p->delta;
	u32 id;

	if (va - p->first >= p->bytes || c->l1i.index.vivt || c->l1i.mshr.last * c->width > c->slots)
		return false;
	id = cache_plain_hit(&c->l1i, pa ^ p->skew, pa, false, c->l1i.line_shift);
	if (id == TAG_MISS)
		return false;
	make_hot(&c->l1i, p, va, id);
	return true;
}

/*
 * Fetches text line by line; instructions spread evenly over it, those before a line issue before it is asked
 * for. Returns how many have.
 */
static u64 fetch_lines(struct core *c, u64 first, u64 lines, u64 instructions, u32 part)
{
	u64 issued = 0, before, i;
	struct kernel_page page = { 0 };

	for (i = 0; i < lines; i++) {
		if (likely(hot_use(c->l1i.hot, (first + i) | HOT_KERNEL, HOT_READ, &c->clock)))
			continue;
		if (likely(text_hit(c, &page, (first + i) << c->l1i.line_shift)))
			continue;
		before = instructions * i / lines;
		issue(c, before - issued, part);
		issued = before;
		fetch_line(c, &page, (first + i) << c->l1i.line_shift, part);
	}
	return issued;
}

static u64 fetch_text(struct core *c, u64 va, u32 bytes, u64 instructions, u32 part)
{
	u64 first = va >> c->l1i.line_shift, lines = ((va + bytes - 1) >> c->l1i.line_shift) - first + 1;
	u64 misses = c->l1i.st.kernel_fetch_misses, issued, name;
	bool known = c->text && lines <= LINE_RUN_LINES && c->l1i.mshr.last * c->width <= c->slots;

	c->l1i.st.kernel_fetches += lines;
	c->account.total.lines += lines;
	c->itlb.st.kernel_lookups += ((va + bytes - 1) >> c->page_shift) - (va >> c->page_shift) + 1;
	name = line_run_name(first, (u32)lines, HOT_READ);
	if (known && line_runs_use(c->text, name))
		return 0;
	issued = fetch_lines(c, first, lines, instructions, part);
	if (known && misses == c->l1i.st.kernel_fetch_misses)
		line_runs_learn(c->text, name, first);
	return issued;
}

void core_kernel_execute(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	struct core *c = core_on_path(cpu, path);
	u64 issued = 0;

	c->account.total.instructions += instructions;
	if (unlikely(explain_on()))
		tell_begin(c, path, "text", va, bytes);
	if (bytes && c->walker.kernel_root)
		issued = fetch_text(c, va, bytes, instructions, PART_KERNEL + path);
	issue(c, instructions - issued, PART_KERNEL + path);
	if (unlikely(explain_on()))
		explain_close(core_cycle(c), "%s", "");
}

/* ---- frames ---- */

/* A line of many has taken its cycles from *now on, or more. */
static always_inline void end_cycles(struct core *c, u64 *now, u64 cycles, u32 part)
{
	u64 next = (*now + cycles) * c->width;

	core_stall(c, next, part);
	*now = likely(c->slots == next) ? *now + cycles : core_cycle(c);
}

/*
 * Cycles of a line of a frame that is read or written, if L1D does not have it: what it takes to come, or to
 * become one's own, beside others on their way. Which caches have the frame says its first line.
 */
static u64 cycles_of_absent(const struct core *c, const struct kernel_page *p, u64 va)
{
	const struct cache *l2 = &c->lower[0];
	u64 pa = va + p->delta;

	if (cache_find_pa(&c->l1d, pa >> c->l1d.line_shift) != TAG_MISS ||
	    (c->n_lower && cache_find_pa(l2, pa >> l2->line_shift) != TAG_MISS))
		return c->frame_line;
	return c->frame_line_cold;
}

/*
 * Lines of a page that are written, a cycle each, or `absent` cycles: from *now on, the cycle at hand, which
 * is left there for the next.
 */
static always_inline void fill_line(struct core *c, struct kernel_page *p, u64 va, u32 bytes, u64 *now,
				    u64 absent, u32 part)
{
	u64 misses = c->l1d.st.kernel_store_misses;

	if (likely(plain_hit(c, &c->l1d, p, va, true) != TAG_MISS))
		retire_hit(c, part);
	else
		write_line(c, p, va, bytes, part);
	end_cycles(c, now, c->l1d.st.kernel_store_misses != misses ? absent : 1, part);
}

/* The cycles at which lines are written that wait for nothing but room behind the stores that wait. */
static void write_times(struct core *c, u64 *now, u32 n, u64 *at, u64 absent, u32 part)
{
	u64 later = c->walker.kernel_root ? c->hit_latency - c->l1d.latency : 0;
	u32 i;

	for (i = 0; i < n && c->sb.n; i++) {
		at[i] = core_cycle(c) + later;
		retire_hit(c, part);
		end_cycles(c, now, absent, part);
	}
	if (i == n)
		return;
	for (; i < n; i++, *now += absent)
		at[i] = *now + later;
	core_stall(c, *now * c->width, part);
}

/*
 * As write_line() for n lines that L1D does not have and that can be written at once, as nothing need be
 * asked below; what they turn out goes down together.
 */
static void write_absent(struct core *c, const struct mem_req *r, u32 n, u64 *now, struct cache_down *down,
			 u64 absent, u32 part)
{
	u64 at[CACHE_DOWN];

	write_times(c, now, n, at, absent, part);
	cache_put_whole(&c->l1d, r, n, at, down);
	c->account.total.l1_misses += n;
	c->account.sampled += n;
	hist_add(&c->lat.kernel, c->hit_latency, n);
}

/* Whole lines, of which L1D may have some. Those that it has not are written together. */
static noinline void zero_lines(struct core *c, struct kernel_page *p, u64 va, u32 lines, u32 part)
{
	u32 bytes = 1u << c->l1d.line_shift, n;
	u64 now = core_cycle(c), absent = cycles_of_absent(c, p, va);
	struct cache_down down;

	for (down.n = 0; lines; va += (u64)n << c->l1d.line_shift, lines -= n) {
		struct mem_req r = request(c, p, va, bytes, MEM_KERNEL_RFO);

		n = 1;
		if (plain_hit(c, &c->l1d, p, va, true) != TAG_MISS) {
			retire_hit(c, part);
			end_cycles(c, &now, 1, part);
			continue;
		}
		n = cache_absent(&c->l1d, &r, MIN(lines, CACHE_DOWN));
		if (n) {
			write_absent(c, &r, n, &now, &down, absent, part);
		} else {
			fill_line(c, p, va, bytes, &now, absent, part);
			n = 1;
		}
	}
	cache_send_down(&c->l1d, &down);
}

static void zero_each_line(struct core *c, struct kernel_page *p, u64 va, u32 bytes, u32 part)
{
	u64 now = core_cycle(c), absent = cycles_of_absent(c, p, va);
	u32 line;

	for (; bytes; va += line, bytes -= line) {
		line = MIN(bytes, core_line_room(c, va));
		fill_line(c, p, va, line, &now, absent, part);
	}
}

void core_kernel_zero(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes)
{
	struct core *c = core_on_path(cpu, path);
	u32 part = PART_KERNEL + path, in_line = (1u << c->l1d.line_shift) - 1;
	struct kernel_page page = { 0 };

	if (unlikely(explain_on())) {
		tell_begin(c, path, "zeroing", va, bytes);
		explain_mute();
	}
	count_data(c, va, bytes, &c->l1d.st.kernel_stores);
	be_in_page(c, &c->dtlb, &page, va, ACCESS_WRITE, part);
	if (cache_takes_whole(&c->l1d) && !((va | bytes) & in_line))
		zero_lines(c, &page, va, bytes >> c->l1d.line_shift, part);
	else
		zero_each_line(c, &page, va, bytes, part);
	if (unlikely(explain_on())) {
		explain_unmute();
		explain_close(core_cycle(c), "%s", "");
	}
}

/*
 * One line of many that are read, as many in flight as the MSHRs allow, in a cycle or `absent` ones. Returns
 * when it is there.
 */
static always_inline u64 look_at_line(struct core *c, struct kernel_page *p, u64 va, u32 bytes, u64 *now,
				      u64 absent, u32 part)
{
	u64 begin = *now, misses, done;
	struct mem_req r;

	if (likely(plain_hit(c, &c->l1d, p, va, false) != TAG_MISS)) {
		end_cycles(c, now, 1, part);
		return begin + c->hit_latency;
	}
	misses = c->l1d.st.kernel_load_misses;
	r = request(c, p, va, bytes, MEM_KERNEL_LOAD);
	port_expect(c->l1d.below, r.pa + ((u64)EXPECT_AHEAD << c->l1d.line_shift), false);
	done = cache_load(&c->l1d, &r, access_time(c, &c->l1d, c->hit_latency));
	account_line(c, &r, c->l1d.st.kernel_load_misses != misses);
	c->account.sampled++;
	hist_add(&c->lat.kernel, done - begin, 1);
	core_stall_until(c, begin + r.mshr_wait, part);
	*now = core_cycle(c);
	end_cycles(c, now, c->l1d.st.kernel_load_misses != misses ? absent : 1, part);
	return done;
}

void core_kernel_copy(struct cpu *cpu, enum kernel_path path, u64 to, u64 from, u32 bytes)
{
	struct core *c = core_on_path(cpu, path);
	u32 line = 1u << c->l1d.line_shift, part = PART_KERNEL + path, at;
	struct kernel_page source = { 0 }, target = { 0 };
	u64 last = 0, done, now, absent[2];

	if (unlikely(explain_on())) {
		tell_begin(c, path, "copy", from, bytes);
		explain_mute();
	}
	count_data(c, from, bytes, &c->l1d.st.kernel_loads);
	count_data(c, to, bytes, &c->l1d.st.kernel_stores);
	be_in_page(c, &c->dtlb, &source, from, ACCESS_READ, part);
	be_in_page(c, &c->dtlb, &target, to, ACCESS_WRITE, part);
	absent[0] = cycles_of_absent(c, &source, from);
	absent[1] = cycles_of_absent(c, &target, to);
	now = core_cycle(c);
	for (at = 0; at < bytes; at += line) {
		done = look_at_line(c, &source, from + at, line, &now, absent[0], part);
		last = MAX(last, done);
		fill_line(c, &target, to + at, line, &now, absent[1], part);
	}
	core_stall_until(c, last, part);
	if (unlikely(explain_on())) {
		explain_unmute();
		explain_close(core_cycle(c), "%s", "");
	}
}

/* ---- user buffers ---- */

void core_kernel_side(struct core *c, u64 va, u32 bytes, bool write)
{
	struct kernel_page page = { 0 };
	u32 part = PART_KERNEL + KPATH_UIO, line;
	u64 last = 0, now, done, absent;

	count_data(c, va, bytes, write ? &c->l1d.st.kernel_stores : &c->l1d.st.kernel_loads);
	be_in_page(c, &c->dtlb, &page, va, write ? ACCESS_WRITE : ACCESS_READ, part);
	absent = cycles_of_absent(c, &page, va);
	now = core_cycle(c);
	for (; bytes; va += line, bytes -= line) {
		line = MIN(bytes, core_line_room(c, va));
		if (write) {
			fill_line(c, &page, va, line, &now, absent, part);
			continue;
		}
		done = look_at_line(c, &page, va, line, &now, absent, part);
		last = MAX(last, done);
	}
	core_stall_until(c, last, part);
}

/* A line takes a cycle, as in a copy, but what is read is waited for. */
void core_user_line(struct core *c, u64 va, u64 pa, u32 bytes, bool write)
{
	struct cache_stats *st = &c->l1d.st;
	struct mem_req r = {
		.pa = pa, .skew = va ^ pa, .bytes = bytes, .turns_out = &c->account.total.evicted_lines
	};
	u64 misses = st->kernel_load_misses + st->kernel_store_misses, now = core_cycle(c), done;
	const u32 part = PART_KERNEL + KPATH_UIO;

	r.cls = write ? MEM_KERNEL_RFO : MEM_KERNEL_LOAD;
	c->account.total.lines++;
	done = write ? port_write(&c->l1d.port, &r, now) : port_read(&c->l1d.port, &r, now);
	account_line(c, &r, st->kernel_load_misses + st->kernel_store_misses != misses);
	c->account.sampled++;
	hist_add(&c->lat.kernel, done - now, 1);
	if (write) {
		core_stall_until(c, now + 1, part);
		core_retire_store(c, done > now + c->l1d.latency ? done : now, part);
	} else {
		core_stall_until(c, done > now + c->l1d.latency ? done : now + 1, part);
	}
}
