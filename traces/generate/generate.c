#include "traces/generate/generate.h"

#include <string.h>

#include "model/base/error.h"
#include "traces/capture_write.h"

extern const struct generator generate_chase, generate_pages, generate_stream, generate_random,
	generate_touch, generate_faults, generate_synonym, generate_sharing, generate_protect,
	generate_shootdown, generate_touchfork, generate_thrash, generate_rmap_test, generate_shared_map,
	generate_cow_children, generate_fault_threads, generate_fork_share, generate_forks, generate_file_io,
	generate_alloc_lifo, generate_alloc_random, generate_alloc_pass, generate_alloc_fragment,
	generate_alloc_network, generate_alloc_file, generate_alloc_reuse;

const struct generator *const generators[] = {
	&generate_chase,         &generate_pages,          &generate_stream,
	&generate_random,        &generate_touch,          &generate_faults,
	&generate_synonym,       &generate_sharing,        &generate_protect,
	&generate_shootdown,     &generate_touchfork,      &generate_thrash,
	&generate_rmap_test,     &generate_shared_map,     &generate_cow_children,
	&generate_fault_threads, &generate_fork_share,     &generate_forks,
	&generate_file_io,       &generate_alloc_lifo,     &generate_alloc_random,
	&generate_alloc_pass,    &generate_alloc_fragment, &generate_alloc_network,
	&generate_alloc_file,    &generate_alloc_reuse,    NULL,
};

#define AT(field) offsetof(struct generate_opts, field)

const struct opt generate_keys[] = {
	{ "size", OPT_SIZE, AT(size), "32K", GENERATE_LINE, 64ull << 30, "bytes", "of data", NULL },
	{ "pages", OPT_U64, AT(pages), "64", 1, 1u << 24, "pages", "of 4 KB", NULL },
	{ "apart", OPT_U64, AT(apart), "1", 0, 1u << 18, "pages",
	  "from one mapping of a page to the other, or from one page to the next", NULL },
	{ "count", OPT_U64, AT(count), "0", 0, 0, "accesses",
	  "to make; 0: what touches everything four times", NULL },
	{ "stride", OPT_SIZE, AT(stride), "8", 1, 1u << 30, "bytes", "from one access to the next", NULL },
	{ "stores", OPT_U32, AT(stores), "0", 0, 100, "percent", "of the accesses that are stores", NULL },
	{ "threads", OPT_U32, AT(threads), "2", 1, GENERATE_THREADS, "threads", "that count", NULL },
	{ "huge", OPT_SIZE, AT(huge), "0", 0, 1u << 30, "bytes",
	  "of the large pages (2M) that the data lies in, as with MAP_HUGETLB; 0: ordinary ones", NULL },
	{ "cpus", OPT_U32, AT(cpus), "1", 1, GENERATE_THREADS, "CPUs", "on which blocks are allocated",
	  NULL },
	{ "live", OPT_U64, AT(live), "256", 1, 1u << 24, "blocks", "in use at the same time, at most", NULL },
	{ "order", OPT_U32, AT(order), "0", 0, 10, NULL, "of the blocks: 2^order pages each", NULL },
	{ "object", OPT_SIZE, AT(object), "0", 0, 4u << 20, "bytes", "of a kernel object; 0: pages", NULL },
	{ "cache", OPT_STRING, AT(cache), NULL, 0, 0, NULL, "name of the objects' cache; empty: kmalloc",
	  NULL },
	{ "touch", OPT_SIZE, AT(touch), "64", 0, 1u << 30, "bytes",
	  "of each block that its user writes first and reads at last", NULL },
	{ "between", OPT_U64, AT(between), "0", 0, 1u << 20, "loads",
	  "that the program makes at random over --size bytes of its own before each page or event", NULL },
	{ "cold", OPT_BOOL, AT(cold), "no", 0, 0, NULL, "pages are asked for with __GFP_COLD", NULL },
	{ "tasks", OPT_U64, AT(tasks), "100", 1, GENERATE_TASKS, "processes", "that run at the same time",
	  NULL },
	{ "vmas", OPT_U64, AT(vmas), "100", 1, 1u << 20, "mappings", "that a process has", NULL },
	{ "iterations", OPT_U64, AT(iterations), "1", 1, 1u << 20, NULL, "of what each process does", NULL },
	{ "visits", OPT_U64, AT(visits), "0", 0, 1u << 20, "mappings",
	  "whose number of pages is touched at random; 0: as many as there are", NULL },
	{ "work", OPT_ENUM, AT(work), "kernbench", 0, 0, NULL, "of each process", generate_works },
	{ "random", OPT_BOOL, AT(random), "no", 0, 0, NULL, "pages are touched in random order", NULL },
	{ "groups", OPT_U64, AT(groups), "1", 1, 256, NULL, "of processes, each with a memory of its own",
	  NULL },
	{ "share", OPT_U32, AT(share), "100", 1, 100, "percent",
	  "of the shared pages that each process touches", NULL },
	{ "unmap", OPT_BOOL, AT(unmap), "no", 0, 0, NULL, "pages are unmapped instead of protected", NULL },
	{ "maps", OPT_BOOL, AT(maps), "no", 0, 0, NULL, "one more thread maps pages meanwhile", NULL },
	{ "seed", OPT_U64, AT(seed), "1", 0, 0, NULL, "of the random order", NULL },
	{ 0 },
};

/* Of the loops; each block has a line of its own. */
#define CODE_SIZE GENERATE_PAGE

const struct generator *generator_find(const char *name)
{
	const struct generator *const *g;

	for (g = generators; *g; g++)
		if (!strcmp((*g)->name, name))
			return *g;
	return NULL;
}

void generate_event(struct generation *g, struct tr_encoder *enc, struct tr_event ev)
{
	ev.seq = ++g->seq;
	tr_encode_event(enc, &ev);
}

static void map(struct generation *g, u64 addr, u64 len, u8 prot, u32 flags, u32 file)
{
	const struct tr_event ev = {
		.kind = TR_EV_MAP,
		.prot = prot,
		.flags = flags,
		.addr = addr,
		.len = len,
		.offset = file == TR_NO_FILE ? TR_NO_OFFSET : 0,
		.file = file,
	};

	generate_event(g, g->enc, ev);
}

void generate_map(struct generation *g, u64 len)
{
	u64 page = MAX(g->o.huge, GENERATE_PAGE);
	u32 flags = g->o.huge ? TR_MAP_ANON | TR_MAP_HUGETLB : TR_MAP_ANON;

	len = (len + page - 1) / page * page;
	map(g, GENERATE_DATA, len, TR_PROT_READ | TR_PROT_WRITE, flags, TR_NO_FILE);
}

#define SHARED_FILE 1u

void generate_map_shared(struct generation *g, u64 at, u64 len)
{
	const struct tr_event names = {
		.kind = TR_EV_FILE, .file = SHARED_FILE, .len = len, .name = "shared"
	};

	if (!g->has_file)
		tr_encode_event(g->enc, &names);
	g->has_file = true;
	map(g, GENERATE_DATA + at, len, TR_PROT_READ | TR_PROT_WRITE, TR_MAP_SHARED, SHARED_FILE);
}

void generate_fill(struct generation *g, u64 len, u64 step)
{
	u32 block = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 at, addr;

	for (at = 0; at < len; at += step) {
		addr = GENERATE_DATA + at;
		tr_encode_run(g->enc, block, &addr);
	}
}

static u64 own_bytes(const struct generation *g)
{
	return (g->o.size + GENERATE_PAGE - 1) / GENERATE_PAGE * GENERATE_PAGE;
}

void generate_own(struct generation *g, u64 at, u32 threads)
{
	u32 store;
	u64 addr;

	if (!g->o.between)
		return;
	g->between_at = at;
	g->between_load = generate_block(g, TR_LOAD, TR_DEP_NONE);
	map(g, at, threads * own_bytes(g), TR_PROT_READ | TR_PROT_WRITE, TR_MAP_ANON, TR_NO_FILE);
	store = generate_block(g, TR_STORE, TR_DEP_NONE);
	for (addr = at; addr < at + threads * own_bytes(g); addr += GENERATE_LINE)
		tr_encode_run(g->enc, store, &addr);
}

void generate_between(struct generation *g, struct tr_encoder *enc, u32 thread)
{
	u64 left, addr;

	for (left = g->o.between; left; left--) {
		addr = g->between_at + thread * own_bytes(g) + rng_below(&g->rng, g->o.size / 8) * 8;
		tr_encode_run(enc, g->between_load, &addr);
	}
}

u32 generate_block(struct generation *g, enum tr_kind kind, u16 dep)
{
	/* mov rax,[rax]; dec rcx; jnz */
	static const u8 sizes[] = { 3, 3, 2 };
	const struct tr_slot slot = { .size = 8, .dep = dep, .kind = kind };
	const struct tr_block b = {
		.pc = GENERATE_CODE + kind * GENERATE_LINE,
		.n_insns = ARRAY_SIZE(sizes),
		.n_slots = 1,
		.insn_size = sizes,
		.slot = &slot,
	};

	return tr_dict_add(g->dict, &b);
}

u32 *generate_cycle(struct generation *g, u32 n)
{
	u32 *next = xmalloc(n * sizeof(*next));
	u32 i, j, swap;

	for (i = 0; i < n; i++)
		next[i] = i;
	for (i = n - 1; i > 0; i--) {
		j = (u32)rng_below(&g->rng, i);
		swap = next[i];
		next[i] = next[j];
		next[j] = swap;
	}
	return next;
}

u64 generate_count(const struct generation *g, u64 n)
{
	return g->o.count ? g->o.count : 4 * n;
}

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	capture_write(arg, packet, len, insns);
}

struct tr_encoder *generate_encoder(struct generation *g, u32 pid, u32 tid, u64 seen)
{
	return tr_encoder_new(&(struct tr_encoder_cfg){
		.dict = g->dict,
		.pid = pid,
		.tid = tid,
		.isa = "x86_64",
		.seen = seen,
		.emit = emit,
		.arg = g->writer,
	});
}

struct tr_encoder *generate_thread(struct generation *g, u32 thread)
{
	generate_event(g, g->enc, (struct tr_event){ .kind = TR_EV_CLONE, .arg = GENERATE_PID + thread });
	return generate_encoder(g, GENERATE_PID, GENERATE_PID + thread, g->seq);
}

void generate_end_thread(struct generation *g, struct tr_encoder *enc)
{
	generate_event(g, enc, (struct tr_event){ .kind = TR_EV_EXIT });
	tr_encoder_free(enc);
}

static void program(struct generation *g, const struct generator *gen)
{
	rng_init(&g->rng, g->o.seed, gen->name);
	map(g, GENERATE_CODE, CODE_SIZE, TR_PROT_READ | TR_PROT_EXEC, TR_MAP_ANON | TR_MAP_INITIAL,
	    TR_NO_FILE);
	gen->run(g);
	generate_event(g, g->enc, (struct tr_event){ .kind = TR_EV_EXIT, .flags = TR_EXIT_GROUP });
}

bool generate(const struct generator *gen, const struct generate_opts *o, const char *path,
	      char err[TR_ERRBUF])
{
	struct generation g = { .o = *o };

	ASSERT(o->stride <= o->size);
	g.writer = capture_create(path, err);
	if (!g.writer)
		return false;
	g.dict = tr_dict_new();
	g.enc = generate_encoder(&g, GENERATE_PID, GENERATE_PID, 0);
	program(&g, gen);
	tr_encoder_free(g.enc);
	tr_dict_free(g.dict);
	return capture_close(g.writer, err);
}
