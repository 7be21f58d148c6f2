/*
 * The state of one hardware thread, for the core's own files only: the hot loop (inorder.h), what it leaves
 * to core_mem.c (misses, walks, faults), and what the kernel does to it (core_cpu.c).
 *
 * Time inside a core is kept in issue slots, 1/width of a cycle, so that the hot loop divides nothing: an
 * instruction takes one slot, a stall until a cycle takes the slots up to it.
 */
#ifndef MMSIM_CORE_CORE_STATE_H
#define MMSIM_CORE_CORE_STATE_H

#include "model/core/core.h"
#include "model/core/line_runs.h"
#include "model/core/window.h"
#include "model/core/profile.h"
#include "model/hw/cache_virtual.h"
#include "model/hw/tlb.h"
#include "model/hw/tlb_prefetch.h"
#include "model/hw/walker.h"
#include "model/sim/time.h"

/* Stores that have retired and wait for their lines, drained in order. */
#define STORE_BUFFER_MAX 256u

struct store_buffer {
	u64 done[STORE_BUFFER_MAX]; /* issue slots, a ring, never decreasing */
	u32 head, n, cap;
	u64 last; /* issue slot at which the youngest is drained */
};

/* Cycles at which the data of the last accesses is there, in slots; older ones are there for certain. */
#define READY_RING 256u

/* Levels below the first, at most. */
#define NR_LOWER 3u

#define CORE_LOST 64u

/* How many of unknown_dependence's loads depend on the load before. */
#define DEPEND_ALL 100u

#define CORE_STATS(X)                                                                     \
	X(instructions, "instructions", "executed")                                       \
	X(cycles, "cycles", "of the core's clock")                                        \
	X(atomics, "references", "atomic accesses, each also one load and one store")     \
	X(line_straddles, "references", "data accesses that cross a line")                \
	X(page_straddles, "references", "data accesses that cross a page")                \
	X(software_prefetches, "references", "prefetch instructions")                     \
	X(prefetches_dropped, "references", "of those, dropped: no translation or no MSHR")  \
	X(traps, "traps", "page faults taken")

struct core_stats {
	CORE_STATS(STAT_FIELD)
};

/*
 * What the kernel's paths did. Counted once, in total; the path at hand gets what has come since the mark
 * when another takes over.
 */
struct kernel_account {
	u32 path; /* enum kernel_path: of the last operation */
	struct kernel_tally total, mark;
	u64 sampled; /* lines loaded and stored that are in the histogram one by one */
	u64 pure;    /* in the histogram's bin of hits */
	struct kernel_tally of[NR_KERNEL_PATHS];
};

/* A page that the kernel is in. */
struct kernel_page {
	u64 first, bytes; /* bytes 0: it is in none yet */
	u64 delta;        /* physical - virtual address, in the machine */
	u64 skew;         /* as hw/port.h has it */
	bool writes;
	/* For the shortcut: the time of its last use, NULL: it has none; that it still is where it was. */
	u64 *used;
	const u64 *at;
	u64 key;
	/* And as it was. */
	const u64 *entry;
	u64 value;
};

/* Pages that the kernel has been in lately, by page number, and large ones, by areas of their least size. */
#define KERNEL_PAGES      64u
#define KERNEL_AREAS      32u
#define KERNEL_AREA_SHIFT 21u

struct core {
	struct cpu cpu; /* first: the kernel knows the core by it */
	u64 slots;      /* now; inside core_run() only current where it leaves the hot loop */
	u64 horizon;    /* slot, see core_must_wait() */
	u64 waits_at;   /* slot of the access for which core_run() stopped with CORE_AHEAD, else 0 */
	u32 width;
	u64 per_width; /* ceil(2^64 / width), 0 for width 1 */
	bool xlate;
	u32 page_shift; /* of the smallest pages */
	u64 hit_latency;  /* of a load that hits L1D and DTLB, cycles */
	u64 frame_line, frame_line_cold; /* cycles of a line of a frame that L1D does not have */
	u64 fetch_latency; /* of a fetch that hits L1I and ITLB */
	u64 clock;         /* of the L1s' and L1 TLBs' times of last use */
	/* What every piece of the kernel's code moves stands together, as what follows is megabytes. */
	struct line_runs *text, *data; /* NULL: the kernel's lines are looked up one by one */
	struct line_group *group;      /* the same; by cpu_touches.code */
	struct window window;          /* of the window core, see below */
	u64 stall[NR_CORE_PARTS];      /* slots by part; base is what is left */
	struct kernel_account account;
	struct cache l1i, l1d;
	struct cache lower[NR_LOWER]; /* the private ones below, the nearest first */
	u32 n_lower;
	struct above above; /* how the memory asks the caches right above it: */
	struct above *outer[2];
	u32 n_outer;
	bool has_stlb;
	struct tlb itlb, dtlb, stlb;
	struct walker walker;
	struct tlb_prefetcher tlb_prefetcher;
	struct kernel_page page[KERNEL_PAGES], area[KERNEL_AREAS];
	struct stage2 *host; /* NULL: the kernel's physical addresses are the machine's */
	struct store_buffer sb;
	u32 not_hot;   /* SLOT_* that may not take the shortcut now, see core_note_stores() */
	u64 ip;        /* identity of the instruction that accesses data, where it is no plain hit */
	u64 no_page;   /* the time of a page where there is no translation */

	/*
	 * The window core: an access is made on a clock of its own, c->slots from its start on, beside
	 * these. In order both are behind c->slots, always.
	 */
	u64 dispatched; /* slot in which the instruction was dispatched, after its traps */
	u64 retired;    /* slot at which the one before has retired: what comes earlier holds nothing up */
	u64 settled;    /* cycle before which no access starts any more */
	struct mshr_file filling; /* translations on their way into the DTLB, by core_filling_key() */

	/* Dependences, where the trace or the configuration knows of any. */
	u64 ready[READY_RING], accesses, load_ready, access_ready;
	u32 depend; /* percent of loads with unknown dependence that depend on the load before */
	struct rng rng;
	bool depends; /* what was drawn last */

	struct mm *mm;
	struct kernel *kernel;
	const struct kernel_ops *kernel_ops;
	struct trap trap;
	struct trap_log *trap_log; /* NULL: nobody wants to know */

	u64 cycles[NR_CORE_PARTS]; /* the same for the counters, see core_sync() */
	struct core_stats st;
	u64 sampled_loads, sampled_stores; /* in the histograms one by one; the others are pure hits */
	u64 pure_loads, pure_stores;       /* in the histograms' pure-hit bin */
	u64 data_loads, data_stores;       /* recorded accesses that are loads; stores and atomics */
	struct core_latency lat;
	struct core_delay delay, fetch_delay; /* of the next access, or fetch, by who came before it */
	u64 began; /* cycle from which on the access or fetch at hand could have been made */
	bool contends; /* some line came from another core, or went there */
	u64 lost[CORE_LOST]; /* lines that went lately */
	u64 late;
	u64 interrupt_shift; /* cycles that the clock is ahead while an interrupt is handled */
	u64 interrupted_at;  /* cycle of the clock at which the last interrupt's handler began */
	u64 interrupt_taken; /* the same cycle by when it came */
	struct holds interrupts; /* times of handlers, by when these came */
	const struct profile_hook *profile; /* NULL: nobody asks */
	u32 id;
};

/*
 * Several cores: before an access that may leave the core's own caches and TLBs (whatever is not a plain
 * hit) a core model asks whether it must wait for the others. If so it stops with CORE_AHEAD, having changed
 * nothing; the access is made again when the engine lets the core run on, and is then this core's first.
 *
 * What another core takes away meanwhile comes late. So that this is rare, hits of lines that have come from
 * another core lately are not plain either (LINE_CONTENDED): where cores fight for a line, they do so in the
 * order of time.
 */
static always_inline bool core_must_wait(struct core *c, u64 at)
{
	bool waits = unlikely(at >= c->horizon);

	c->waits_at = waits ? at : 0;
	return waits;
}

static inline u64 *core_lost(struct core *c, u64 pa)
{
	return &c->lost[(pa >> c->l1d.line_shift) % CORE_LOST];
}

/* One segment that is more than a plain hit. */
enum core_stop core_fetch(struct core *c, u64 va);
/*
 * One data access that is more than a plain hit. The time at which its data is there is left in
 * c->access_ready.
 */
enum core_stop core_access(struct core *c, const struct code_block *b, const struct code_slot *s, u64 va);

/* The cycle of a slot: slots / width, by multiplication, exact below 2^58 as width is at most 64. */
static always_inline u64 core_cycle_of(const struct core *c, u64 slots)
{
	return c->per_width ? (u64)((unsigned __int128)slots * c->per_width >> 64) : slots;
}

static always_inline u64 core_cycle(const struct core *c)
{
	return core_cycle_of(c, c->slots);
}

/* Forgets the stores that are drained at slot `at`. */
static always_inline void sb_expire(struct store_buffer *sb, u64 at)
{
	while (sb->n && sb->done[sb->head] <= at) {
		sb->head = (sb->head + 1) % STORE_BUFFER_MAX;
		sb->n--;
	}
}

/*
 * Nothing but loads may take the shortcut while stores wait in the buffer. Never: a prefetch, which may find
 * no MSHR, and an atomic in the window core, which drains it, or among several cores, where it comes in the
 * order of time.
 */
static always_inline void core_note_stores(struct core *c)
{
	bool alone = !c->window.size && !c->l1d.coherent;

	c->not_hot = c->sb.n ? ~0u : alone ? SLOT_PREFETCH : SLOT_ATOMIC | SLOT_PREFETCH;
}

/* A store whose line can be written at slot `ready`; there must be room. */
static always_inline void sb_push(struct store_buffer *sb, u64 at, u64 ready)
{
	sb->last = MAX(sb->last, ready);
	if (sb->last <= at)
		return;
	sb->done[(sb->head + sb->n) % STORE_BUFFER_MAX] = sb->last;
	sb->n++;
}

/* Whether va is the first byte of a page. */
static inline bool core_page_begins(const struct core *c, u64 va)
{
	return !(va & ((1ull << c->page_shift) - 1));
}

/* The physical address, if the TLB has it and grants the access without more ado. */
static always_inline bool core_tlb_hit(struct core *c, struct tlb *t, u64 va, enum access_kind access,
				       struct tlb_hit *h, u64 *pa)
{
	*h = tlb_lookup(t, va, c->walker.asid);
	if (unlikely(!h->entry || !tlb_grants(*h->entry, access)))
		return false;
	*pa = tlb_pa(h, va);
	return true;
}

/* The clock goes on to slot `until`: that part's doing, as far as nothing older holds retirement up. */
static inline void core_pass(struct core *c, u64 until, u32 part)
{
	u64 from = MAX(c->slots, c->retired);

	if (until <= c->slots)
		return;
	c->stall[part] += until > from ? until - from : 0;
	c->slots = until;
}

static inline void core_pass_until(struct core *c, u64 cycle, u32 part)
{
	core_pass(c, cycle * c->width, part);
}

/* Waits, as core_pass(), unless time stands. */
static inline void core_stall(struct core *c, u64 until, u32 part)
{
	if (likely(!time_stands))
		core_pass(c, until, part);
}

static inline void core_stall_until(struct core *c, u64 cycle, u32 part)
{
	core_stall(c, cycle * c->width, part);
}

/* Everything dispatched so far has retired: the window is empty. */
static inline void core_drain(struct core *c)
{
	if (c->retired <= c->slots)
		return;
	c->slots = c->retired;
	c->settled = core_cycle(c);
}

/* The window is empty, and the instruction at hand dispatches now. */
static inline void core_dispatch_again(struct core *c)
{
	core_drain(c);
	c->dispatched = c->slots;
}

/* By page, and by whether it is a walk that brings it. */
static always_inline u64 core_filling_key(u64 va, u32 size, bool walk)
{
	return tlb_key(va, 0, size) << 1 | walk;
}

/* The translation of a page for an access, made if need be; stalls are taken. */
struct xlated {
	u64 pa;
	u64 entry; /* PTE_* flags of it, hw/tlb.h */
	enum core_xlate how;
};
enum core_stop core_translate(struct core *c, struct tlb *t, u64 va, enum access_kind access, bool kernels,
			      struct xlated *x);
/* As core_translate() for a prefetch: no trap, nobody waits; false: there is no translation. */
bool core_translate_quietly(struct core *c, u64 va, enum tlb_asker asker, u64 *pa, u64 *now);

/*
 * plain_hit() of a vivt cache (inorder.h): no TLB is asked where the line has what the page granted.
 */
bool core_virtual_hit(struct core *c, struct cache *l1, u64 at, u64 va, enum access_kind access);

/* Retires a store whose line can be written at cycle `ready`; waits while the buffer is full: that part's. */
void core_retire_store(struct core *c, u64 ready, u32 part);
/* That many lines of an L1 were cleaned and dropped by instructions of the kernel, a cycle each. */
void core_spend_on_lines(struct core *c, u32 lines);
/* Nothing that the shortcut tables say holds any longer. */
void core_forget(struct core *c);

extern const struct cpu_ops core_cpu_ops;

/* core_kernel.c: the kernel's own accesses, as arch/cpu.h says; and one line each of user buffers. */
void core_kernel_execute(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes, u64 instructions);
void core_kernel_load(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes);
void core_kernel_store(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes);
void core_kernel_touch(struct cpu *cpu, enum kernel_path path, const struct cpu_touches *t,
		       const u64 *object);
void core_kernel_zero(struct cpu *cpu, enum kernel_path path, u64 va, u32 bytes);
void core_kernel_copy(struct cpu *cpu, enum kernel_path path, u64 to, u64 from, u32 bytes);
void core_kernel_tally(struct cpu *cpu, struct kernel_tally *t);
void core_kernel_turn(struct core *c, enum kernel_path path);
void core_user_line(struct core *c, u64 va, u64 pa, u32 bytes, bool write);
/* The kernel's side of such a copy, in one page: reads do not wait for each other. */
void core_kernel_side(struct core *c, u64 va, u32 bytes, bool write);
/* core_touch.c: what is known of touch(); NULL where nothing is */
struct line_group *core_groups_new(const struct core *c);
void core_groups_forget(struct core *c);
/* Brings the registered counters up to date. */
void core_kernel_sync(struct core *c);
void core_kernel_stats(struct core *c, struct stats *s);

/* What the kernel does comes after everything that the program has begun. */
static inline struct core *core_of(struct cpu *cpu)
{
	struct core *c = container_of(cpu, struct core, cpu);

	if (likely(!c->window.size))
		return c;
	core_drain(c);
	c->settled = core_cycle(c);
	return c;
}

/* The same, on a path. */
static inline struct core *core_on_path(struct cpu *cpu, enum kernel_path path)
{
	struct core *c = core_of(cpu);

	if (unlikely(c->account.path != path))
		core_kernel_turn(c, path);
	return c;
}

/* Where pages of text and of data that the kernel was in are remembered: each number has one place. */
static inline struct kernel_page *core_page_place(struct core *c, u64 va, bool text)
{
	return &c->page[(hash64(va >> c->page_shift) ^ text) % KERNEL_PAGES];
}

static inline struct kernel_page *core_area_place(struct core *c, u64 va, bool text)
{
	return &c->area[(hash64(va >> KERNEL_AREA_SHIFT) ^ text) % KERNEL_AREAS];
}

/* It is the one of va, and its translation is where it was, and what it was. */
static inline bool core_page_holds(const struct kernel_page *p, u64 va, enum access_kind access)
{
	return va - p->first < p->bytes && *p->at == p->key && *p->entry == p->value &&
	       tlb_grants(p->value, access);
}

/* The page of va, if it is known. */
static inline const struct kernel_page *core_known_page(struct core *c, u64 va, bool text,
							enum access_kind access)
{
	const struct kernel_page *p = core_area_place(c, va, text);

	if (core_page_holds(p, va, access))
		return p;
	p = core_page_place(c, va, text);
	return core_page_holds(p, va, access) ? p : NULL;
}

/* Bytes from an address to the end of its line of data. */
static inline u32 core_line_room(const struct core *c, u64 va)
{
	u32 line = 1u << c->l1d.line_shift;

	return line - ((u32)va & (line - 1));
}

#endif
