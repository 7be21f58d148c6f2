#include "tests/ref/ref_coherence.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "tests/ref/ref_mock.h"

#define LINE_BYTES 64u

static u32 line_of(u64 pa)
{
	return (u32)(pa / LINE_BYTES);
}

/* The spies. */

static u64 edge_read(struct port *p, struct mem_req *r, u64 now)
{
	struct ref_edge *e = container_of(p, struct ref_edge, port);
	u64 done = port_read(e->to, r, now);

	e->upper->version[line_of(r->pa)] = e->lower->version[line_of(r->pa)];
	ASSERT(done >= now);
	return done;
}

/*
 * The version that goes down: that of the store which is just being made, if this is its own write; else, of
 * a line that is written back or down, the upper level's. Stores of whole lines are the kernel's here.
 */
static u32 carried(const struct ref_edge *e, const struct mem_req *r)
{
	bool store = r->bytes != LINE_BYTES || r->cls == MEM_KERNEL_RFO;

	if (store)
		ASSERT(e->sys->storing == line_of(r->pa));
	return store ? e->sys->latest[line_of(r->pa)] : e->upper->version[line_of(r->pa)];
}

static u64 edge_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct ref_edge *e = container_of(p, struct ref_edge, port);
	u32 line = line_of(r->pa), version = carried(e, r);
	u64 done;

	/* The rest of the line is as the store before left it. */
	if (e->lower == &e->sys->node[0] && r->bytes != LINE_BYTES)
		ASSERT(e->lower->version[line] + 1 == version);
	e->lower->version[line] = version;
	done = port_write(e->to, r, now);
	/* A part of a line may have been read first. */
	e->lower->version[line] = version;
	return done;
}

static void edge_expect(struct port *p, u64 pa, bool write)
{
	port_expect(container_of(p, struct ref_edge, port)->to, pa, write);
}

static u64 edge_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return port_upgrade(container_of(p, struct ref_edge, port)->to, r, now);
}

/* A clean line may be filled in below. */
static void edge_gone(struct port *p, u64 pa, u64 now)
{
	struct ref_edge *e = container_of(p, struct ref_edge, port);
	u32 line = line_of(pa);

	if (!e->lower->cache || cache_find_pa(e->lower->cache, line) == TAG_MISS)
		e->lower->version[line] = e->upper->version[line];
	port_gone(e->to, pa, now);
}

static const struct port_ops edge_port_ops = { edge_read, edge_write, edge_expect, edge_upgrade, edge_gone };

static u32 edge_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct ref_edge *e = container_of(a, struct ref_edge, above);
	u32 answer = above_probe(e->from, pa, what, now), line = line_of(pa);
	bool clean = answer & PROBE_FOUND && !(answer & PROBE_DIRTY);

	if (what == PROBE_HOLDS)
		return answer;
	if (answer & PROBE_DIRTY || (clean && e->sys->shape.forward && !e->lower->cache))
		e->lower->version[line] = e->upper->version[line];
	e->sys->transfers += (answer & PROBE_DIRTY) != 0;
	return answer;
}

static void edge_each(const struct above *a, above_line_fn fn, void *arg)
{
	above_each_line(container_of(a, const struct ref_edge, above)->from, fn, arg);
}

static const struct above_ops edge_above_ops = { edge_probe, edge_each };

/* Memory keeps what it was given. */

static u64 memory_read(struct port *p, struct mem_req *r, u64 now)
{
	r->served = MEM_DRAM;
	return now + 100;
}

static u64 memory_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now;
}

static const struct port_ops memory_ops = { memory_read, memory_write, MOCK_PORT_ENDS };

/* Building. */

static struct ref_node *add_node(struct ref_coherence *s, struct cache *cache)
{
	ASSERT(s->n_nodes < REF_MAX_NODES);
	s->node[s->n_nodes].cache = cache;
	return &s->node[s->n_nodes++];
}

static struct ref_edge *add_edge(struct ref_coherence *s, struct ref_node *upper, struct ref_node *lower,
				 struct port *to)
{
	struct ref_edge *e = &s->edge[s->n_edges++];

	ASSERT(s->n_edges <= REF_MAX_EDGES);
	*e = (struct ref_edge){ .port = { &edge_port_ops }, .above = { &edge_above_ops }, .sys = s,
				.lower = lower, .upper = upper, .to = to };
	return e;
}

/* Where something can be put: above a node, through one of its ports. */
struct place {
	struct ref_node *node;
	struct directory *dir; /* NULL: the node is a cache or memory */
	struct port *port;
	u32 needs;
};

static void attach(const struct place *p, u32 child, struct above *above)
{
	if (p->dir)
		directory_attach(p->dir, child, above);
	else if (p->node->cache)
		cache_attach(p->node->cache, above);
}

/* Puts a cache there. */
static struct place put_cache(struct ref_coherence *s, const struct place *on, u32 child, struct cache *c,
			      const struct cache_cfg *cfg, enum mem_level level, u64 seed)
{
	struct ref_node *node = add_node(s, c);
	struct ref_edge *e = add_edge(s, node, on->node, on->dir ? directory_port(on->dir, child) : on->port);
	struct cache_params p = { .cfg = cfg, .name = "ref", .level = level, .below = &e->port,
				  .hz = 1000000000, .seed = seed, .shortcut = true, .needs = on->needs };

	cache_init(c, &p);
	e->from = &c->above;
	attach(on, child, &e->above);
	return (struct place){ .node = node, .port = &c->port, .needs = cache_needs(c) };
}

/* A directory above a place; the place itself if there is one child. */
static struct place put_directory(struct ref_coherence *s, const struct place *on, u32 children)
{
	struct ref_node *node;
	struct ref_edge *e;
	struct directory_params p = { .children = children, .line = LINE_BYTES,
				      .tells = on->needs & (NEEDS_DIRECTORY | NEEDS_EXCLUSIVE),
				      .forward = s->shape.forward, .transfer = 60, .probe = 50, .reach = 40,
				      .sharing = &s->sharing };
	struct directory *d;

	if (children == 1)
		return *on;
	node = add_node(s, NULL);
	e = add_edge(s, node, on->node, on->port);
	p.below = &e->port;
	d = directory_new(&p);
	s->directory[s->n_directories++] = d;
	e->from = directory_above(d);
	attach(on, 0, &e->above);
	return (struct place){ .node = node, .dir = d, .needs = on->needs | NEEDS_DIRECTORY };
}

/* Sets x ways lines; an inclusive level has at least 4 ways. */
static struct cache_cfg cache_cfg(const struct ref_shape *shape, u32 sets, u32 ways, u64 latency,
				  u32 inclusion)
{
	return (struct cache_cfg){ .size = sets * ways * LINE_BYTES, .ways = ways, .line = LINE_BYTES,
				   .latency = { .cycles = latency }, .slices = 1,
				   .allocate = shape->allocate || inclusion == INCLUSION_EXCLUSIVE,
				   .indexing = INDEX_PIPT, .inclusion = inclusion, .mshrs = 4,
				   .replacement = shape->policy,
				   .prefetcher = shape->prefetchers ? (char *)"next-line+adjacent" : NULL,
				   .prefetch.page = 4096,
				   .prefetch.of[PREFETCH_NEXT_LINE] = { .degree = 2 },
				   .prefetch.of[PREFETCH_ADJACENT] = { .block = 128 } };
}

static void add_core(struct ref_coherence *s, u32 id, const struct place *on, u32 child)
{
	const struct ref_shape *shape = &s->shape;
	struct cache_cfg l1 = cache_cfg(shape, 2, 2, 5, INCLUSION_NONE), l1i = l1;
	struct cache_cfg l2 = cache_cfg(shape, 2, 4, 16, shape->l2_inclusion);
	struct ref_core *c = &s->core[id];
	struct place top = *on;
	struct port *below;

	if (shape->l2) {
		top = put_cache(s, on, child, &c->l2, &l2, MEM_L2, id);
		child = 0;
	}
	l1i.prefetcher = NULL; /* else it would bring lines that its core stores to, and keep old bytes */
	c->first[0] = put_cache(s, &top, child, &c->l1i, &l1i, MEM_L1, id).node;
	c->walker = add_node(s, NULL);
	below = top.dir ? directory_port(top.dir, child) : top.port;
	c->walks = &add_edge(s, c->walker, top.node, below)->port;
	l1.write = shape->through ? WRITE_THROUGH : WRITE_BACK;
	c->first[1] = put_cache(s, &top, child, &c->l1d, &l1, MEM_L1, id + 100).node;
}

static void add_cores(struct ref_coherence *s, const struct place *root)
{
	const struct ref_shape *shape = &s->shape;
	struct cache_cfg l3 = cache_cfg(shape, 4, 6, 40, shape->l3_inclusion);
	u32 groups = shape->cores_per_l3 ? shape->cores / shape->cores_per_l3 : 0, id;
	struct place at = put_directory(s, root, groups ? groups : shape->cores), top = at;

	for (id = 0; id < shape->cores; id++) {
		if (groups && id % shape->cores_per_l3 == 0) {
			top = put_cache(s, &at, s->n_l3, &s->l3[s->n_l3], &l3, MEM_L3, s->n_l3 + 50u);
			s->n_l3++;
			top = put_directory(s, &top, shape->cores_per_l3);
		}
		add_core(s, id, &top, groups ? id % shape->cores_per_l3 : id);
	}
}

struct ref_coherence *ref_coherence_new(const struct ref_shape *shape)
{
	struct ref_coherence *s = xcalloc(1, sizeof(*s));
	struct cache_cfg l4 = cache_cfg(shape, 4, 8, 60, shape->l4_inclusion);
	struct place root;

	s->shape = *shape;
	s->storing = ~(u64)0;
	s->memory.ops = &memory_ops;
	root = (struct place){ .node = add_node(s, NULL), .port = &s->memory };
	if (shape->l4)
		root = put_cache(s, &root, 0, &s->l4, &l4, MEM_L4, 70);
	add_cores(s, &root);
	return s;
}

void ref_coherence_free(struct ref_coherence *s)
{
	u32 i;

	for (i = 0; i < s->n_nodes; i++) {
		if (s->node[i].cache)
			cache_fini(s->node[i].cache);
	}
	for (i = 0; i < s->n_directories; i++)
		directory_free(s->directory[i]);
	sharing_fini(&s->sharing);
	free(s);
}

/* What is asserted after each access. */

/* Of a core's private caches: 1 some hold the line, 2 one of them dirty or not marked as shared. */
static u32 core_holds(const struct ref_coherence *s, u32 id, u32 line)
{
	const struct ref_core *c = &s->core[id];
	const struct cache *cache[] = { &c->l1i, &c->l1d, s->shape.l2 ? &c->l2 : &c->l1d };
	u32 i, k, holds = 0;

	for (i = 0; i < ARRAY_SIZE(cache); i++) {
		k = cache_find_pa(cache[i], line);
		if (k == TAG_MISS)
			continue;
		holds |= 1;
		if (cache[i]->state[k] & LINE_DIRTY || !(cache[i]->state[k] & LINE_SHARED))
			holds |= 2;
	}
	return holds;
}

static void assert_one_owner(const struct ref_coherence *s, u32 line)
{
	u32 id, holders = 0, owners = 0;

	for (id = 0; id < s->shape.cores; id++) {
		u32 holds = core_holds(s, id, line);

		holders += holds & 1;
		owners += holds >> 1;
	}
	ASSERT(owners <= 1 && (!owners || holders == 1));
}

/* A row of the shortcut that is told must hold: made here as a core makes it, ended by the caches alone. */
static bool plain(struct ref_core *c, struct cache *l1, u64 pa, bool write)
{
	u32 id = cache_plain_hit(l1, pa, pa, write, l1->line_shift);

	if (id == TAG_MISS)
		return false;
	hot_set(l1->hot, id, line_of(pa), &c->page_used, l1->state[id] & LINE_DIRTY);
	return true;
}

static void loaded(const struct ref_coherence *s, const struct ref_node *first, u64 pa)
{
	ASSERT(first->version[line_of(pa)] == s->latest[line_of(pa)]);
	assert_one_owner(s, line_of(pa));
}

void ref_coherence_load(struct ref_coherence *s, u32 core, u64 pa, enum mem_class cls, u64 now)
{
	struct ref_core *c = &s->core[core];
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = cls };

	s->loads++;
	if (!plain(c, &c->l1d, pa, false))
		cache_load(&c->l1d, &r, now);
	loaded(s, c->first[1], pa);
}

void ref_coherence_fetch(struct ref_coherence *s, u32 core, u64 pa, u64 now)
{
	struct ref_core *c = &s->core[core];
	struct mem_req r = { .pa = pa, .cls = MEM_FETCH };

	if (!plain(c, &c->l1i, pa, false))
		cache_load(&c->l1i, &r, now);
	loaded(s, c->first[0], pa);
}

void ref_coherence_store(struct ref_coherence *s, u32 core, u64 pa, u32 bytes, enum mem_class cls, u64 now)
{
	struct ref_core *c = &s->core[core];
	struct mem_req r = { .pa = pa, .bytes = bytes, .cls = cls };
	u32 line = line_of(pa), before = s->latest[line]++, id;

	s->stores++;
	s->storing = line;
	if (!plain(c, &c->l1d, pa, true))
		cache_store(&c->l1d, &r, now);
	/* Part of a line is written into the bytes of the store before. */
	if (bytes != LINE_BYTES && cache_find_pa(&c->l1d, line) != TAG_MISS)
		ASSERT(c->first[1]->version[line] == before);
	s->storing = ~(u64)0;
	c->first[1]->version[line] = s->latest[line];
	for (id = 0; id < s->shape.cores; id++)
		ASSERT(id == core || !core_holds(s, id, line));
	assert_one_owner(s, line);
}

void ref_coherence_walk(struct ref_coherence *s, u32 core, u64 pa, bool write, u64 now)
{
	struct ref_core *c = &s->core[core];
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = MEM_PTE };
	u32 line = line_of(pa);

	if (!write) {
		port_read(c->walks, &r, now);
		loaded(s, c->walker, pa);
		return;
	}
	s->latest[line]++;
	s->storing = line;
	port_write(c->walks, &r, now);
	s->storing = ~(u64)0;
	assert_one_owner(s, line);
}

void ref_coherence_sane(const struct ref_coherence *s)
{
	u32 i;

	for (i = 0; i < s->n_nodes; i++) {
		if (s->node[i].cache)
			cache_sane(s->node[i].cache);
	}
	for (i = 0; i < s->n_directories; i++)
		directory_sane(s->directory[i]);
}
