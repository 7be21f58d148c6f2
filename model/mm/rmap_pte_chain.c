/*
 * pte_chains, 2.5.27 to 2.6.6, for private pages and for those of objects: mm/rmap.c of 2.5.66 and of RHEL
 * 3's 2.4.21. A page that one entry maps points to it (PG_direct); of more it has a chain of nodes, a cache
 * line each, of which only the head has free slots, which are used from the last one on. Removing an entry
 * fills its slot from the head; a chain of one entry stays one until page_referenced() makes it direct again.
 * From an entry to its address space and address leads the struct page of the table that it stands in.
 *
 * Nodes are allocated before they are needed, so that an entry never goes without: a CPU keeps one ready
 * (pte_chain_alloc()). 2.5.66 does not know which slots of a head are free and looks at these too.
 *
 * Not modelled: 2.5.27 to 2.5.30, whose nodes had one entry; that others wait for PG_chainlock, a bit of the
 * page's flags that is held for the time of one operation: it costs its two atomics. For rmap_halves.c.
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/arena.h"
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap_halves.h"
#include "model/mm/slab.h"
#include "model/mm/vma_object.h"

/* In struct page.rmap: whether it is the entry (PG_direct) or a chain. */
#define DIRECT 1u
#define CHAIN  2u

struct node {
	struct node *next;
	u64 va;
	u32 first; /* slot that is used; those before it are free */
	u64 entry[];
};

struct spare {
	struct node *first;
	u32 n;
};

struct chains {
	u32 slots;       /* of a node: NRPTE */
	u32 node_bytes;  /* in the kernel's memory */
	u32 entry_bytes; /* of that, a slot */
	struct arena *arena;
	struct node *unused;          /* of the host's memory */
	struct spare spare[MAX_CPUS]; /* of each CPU */
	/* Where a walk is, so that what it takes away has not to be looked for. */
	const struct page *of;
	struct node *at; /* NULL: nowhere */
	u32 slot;
};

static struct chains *chains(const struct rmap *r)
{
	return r->anon_state;
}

/* NRPTE; pte_addr_t is a pointer, or with CONFIG_HIGHPTE a physical address. */
static void init(struct rmap *r)
{
	struct chains *s = xcalloc(1, sizeof(*s));
	u32 word = r->k->layout.word;

	if (!rmap_object_cache(r, RMAP_OBJECT_PTE_CHAIN))
		die("memory.size: no room for the caches of the kernel's objects");
	s->node_bytes = slabs_line(r->k->slabs);
	s->entry_bytes = r->k->cfg.highpte ? r->k->format->entry_bytes : word;
	s->slots = (s->node_bytes - word) / s->entry_bytes;
	s->arena = arena_new();
	r->anon_state = s;
}

static void free_all(struct rmap *r)
{
	arena_free(chains(r)->arena);
	free(chains(r));
}

/* ---- nodes ---- */

static struct node *node_new(struct rmap *r, u64 va)
{
	struct chains *s = chains(r);
	struct node *n = s->unused;

	if (n)
		s->unused = n->next;
	else
		n = arena_alloc(s->arena, sizeof(*n) + s->slots * sizeof(n->entry[0]), 8);
	n->va = va;
	n->next = NULL;
	return n;
}

static void node_free(struct rmap *r, struct cpu *c, struct node *n)
{
	struct chains *s = chains(r);

	rmap_object_free(r, c, RMAP_OBJECT_PTE_CHAIN, n->va);
	if (s->at == n)
		s->at = NULL;
	n->next = s->unused;
	s->unused = n;
}

static struct spare *spare_of(struct rmap *r, const struct cpu *c)
{
	return &chains(r)->spare[c ? c->id : 0];
}

static struct node *pop(struct spare *s)
{
	struct node *n = s->first;

	s->first = n->next;
	s->n--;
	n->next = NULL;
	return n;
}

/*
 * pte_chain_alloc(), and pte_chain_free() of those that were not needed. A fork has one for a mapping, and
 * another one when that is used up.
 */
static bool prepare(struct rmap *r, struct cpu *c, struct vma *v, u32 pages)
{
	struct spare *s = spare_of(r, c);

	if (r->path != KPATH_FORK || s->n < pages)
		rmap_step(r, c, STEP_RMAP_CHAIN_READY, 1);
	while (s->n > pages)
		node_free(r, c, pop(s));
	for (; s->n < pages; s->n++) {
		u64 va = rmap_object_new(r, c, RMAP_OBJECT_PTE_CHAIN);
		struct node *n;

		if (!va)
			return false;
		n = node_new(r, va);
		n->next = s->first;
		s->first = n;
	}
	return true;
}

/* The CPU's, which was prepared; without any, as after a failure that nobody was told of, one without memory.
 */
static struct node *take(struct rmap *r, struct cpu *c)
{
	struct spare *s = spare_of(r, c);

	return s->n ? pop(s) : node_new(r, rmap_object_need(r, c, RMAP_OBJECT_PTE_CHAIN));
}

static struct node *chain_of(const struct page *p)
{
	return p->rmap & CHAIN ? (struct node *)(uintptr_t)(p->rmap & ~(u64)CHAIN) : NULL;
}

static void set_chain(struct page *p, struct node *n)
{
	p->rmap = n ? (uintptr_t)n | CHAIN : 0;
}

/* next_and_idx, then a slot. */
static void touch(struct rmap *r, struct cpu *c, const struct node *n, u32 slot)
{
	u32 word = r->k->layout.word, bytes = chains(r)->entry_bytes;

	if (!n->va)
		return;
	rmap_store(r, c, n->va, word);
	rmap_store(r, c, n->va + word + slot * bytes, bytes);
}

/* ---- entries ---- */

static bool fork_vma(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to)
{
	rmap_step(r, c, STEP_RMAP_CHAIN_READY, 1);
	return true;
}

void rmap_chain_address(struct rmap *r, struct cpu *c)
{
	if (r->k->cfg.highpte)
		rmap_step(r, c, STEP_RMAP_CHAIN_ADDRESS, 1);
}

static bool is_early(const struct rmap *r)
{
	return r->k->cfg.era == ERA_2_5_66;
}

/* Before what the page has now. */
static void put_head(struct rmap *r, struct cpu *c, struct page *p, struct node *n)
{
	n->next = chain_of(p);
	set_chain(p, n);
	n->first = chains(r)->slots;
	rmap_step(r, c, STEP_RMAP_CHAIN_NEW, 1);
}

static void push(struct rmap *r, struct cpu *c, struct node *head, u64 entry_pa)
{
	head->entry[--head->first] = entry_pa;
	touch(r, c, head, head->first);
}

/* page_add_rmap() */
static void add(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	struct node *head = chain_of(p), *n;
	u64 direct = p->rmap & ~(u64)DIRECT;

	rmap_chain_address(r, c);
	if (is_early(r))
		rmap_step(r, c, STEP_RMAP_CHAIN_EARLY, 1);
	if (!p->rmap) {
		p->rmap = e->entry_pa | DIRECT;
		rmap_step(r, c, STEP_RMAP_CHAIN_DIRECT, 1);
		return;
	}
	/* Whether its head has room stands in the head (next_and_idx; the slots themselves in 2.5.66). */
	if (head)
		rmap_load(r, c, head->va, chains(r)->node_bytes);
	if (!head || !head->first) {
		n = take(r, c);
		if (!head)
			p->rmap = 0;
		put_head(r, c, p, n);
		if (!head)
			push(r, c, n, direct);
		head = n;
	} else {
		rmap_step(r, c, STEP_RMAP_CHAIN_ADD, 1);
	}
	push(r, c, head, e->entry_pa);
}

struct slot {
	struct node *node;
	u32 i;
};

/* From the head on; what a walk stands at is known. */
static struct slot find(struct rmap *r, struct cpu *c, const struct page *p, u64 entry_pa)
{
	struct chains *s = chains(r);
	struct node *n;
	u32 i, looked = 0;

	if (s->at && s->of == p && s->at->entry[s->slot] == entry_pa)
		return (struct slot){ s->at, s->slot };
	for (n = chain_of(p); n; n = n->next) {
		rmap_load(r, c, n->va, s->node_bytes);
		looked += is_early(r) ? n->first : 0;
		for (i = n->first; i < s->slots; i++) {
			looked++;
			if (n->entry[i] != entry_pa)
				continue;
			rmap_step(r, c, STEP_RMAP_CHAIN_SCAN, looked);
			return (struct slot){ n, i };
		}
	}
	ASSERT(n);
	return (struct slot){ NULL, 0 };
}

/* page_remove_rmap() */
static void remove_entry(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	struct node *head = chain_of(p);
	struct slot hit;

	rmap_chain_address(r, c);
	rmap_step(r, c, STEP_RMAP_CHAIN_REMOVE, 1);
	if (!head) {
		ASSERT(p->rmap == (e->entry_pa | DIRECT));
		p->rmap = 0;
		return;
	}
	rmap_step(r, c, STEP_RMAP_CHAIN_FILL, 1);
	hit = find(r, c, p, e->entry_pa);
	hit.node->entry[hit.i] = head->entry[head->first];
	touch(r, c, hit.node, hit.i);
	touch(r, c, head, head->first);
	if (++head->first < chains(r)->slots)
		return;
	set_chain(p, head->next);
	node_free(r, c, head);
}

/* move_one_page() takes the old one away and adds the new one, which comes to the same but for its place. */
static void moved(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e, u64 from)
{
	struct slot hit;

	rmap_step(r, c, STEP_RMAP_CHAIN_REMOVE, 1);
	if (!chain_of(p)) {
		ASSERT(p->rmap == (from | DIRECT));
		p->rmap = e->entry_pa | DIRECT;
		return;
	}
	hit = find(r, c, p, from);
	hit.node->entry[hit.i] = e->entry_pa;
	touch(r, c, hit.node, hit.i);
}

static void referenced_done(struct rmap *r, struct cpu *c, struct page *p)
{
	struct node *head = chain_of(p);

	if (!head || head->next || head->first + 1 < chains(r)->slots)
		return;
	rmap_step(r, c, STEP_RMAP_CHAIN_DIRECT, 1);
	p->rmap = head->entry[head->first] | DIRECT;
	touch(r, c, head, head->first);
	node_free(r, c, head);
}

/* ---- walks ---- */

/* pgtable_add_rmap(): the table's mapping and index. */
static void table(struct rmap *r, struct cpu *c, u64 pfn)
{
	rmap_store(r, c, page_struct_va(&r->k->pa->map, pfn) + r->page->mapping, 2 * r->k->layout.word);
}

/* ptep_to_mm() and ptep_to_address() */
static struct rmap_entry describe(const struct rmap_walk *w, u64 entry_pa)
{
	const struct kernel *k = w->k;
	const struct pt_format *f = k->format;
	u64 pfn = entry_pa >> FRAME_SHIFT, within = (entry_pa & FRAME_MASK) / f->entry_bytes, first;
	const struct page *table = rmap_page(k, pfn);
	u32 level = (u32)table->rmap;
	struct rmap_entry e = { .mm = (struct mm *)(uintptr_t)table->mapping,
				.entry_pa = entry_pa,
				.pfn = w->pfn,
				.level = level };

	rmap_load(k->rmap, w->c, page_struct_va(&k->pa->map, pfn) + k->rmap->page->mapping,
		  2 * k->layout.word);
	e.va = (table->index << FRAME_SHIFT) + (within << f->shift[level]);
	first = f->pa(pt_read(f, k->ptmem, entry_pa), level) >> FRAME_SHIFT;
	e.va += (w->pfn - first) << FRAME_SHIFT;
	return e;
}

/* try_to_unmap_one() wants to know the VMA before, for VM_LOCKED. */
static bool visit(struct rmap_walk *w, u64 entry_pa)
{
	struct rmap *r = w->k->rmap;
	struct rmap_entry e = describe(w, entry_pa);

	w->vmas++;
	w->tested++;
	rmap_step(r, w->c, STEP_RMAP_CHAIN_VISIT, 1);
	kernel_load(w->k, w->c, w->path, entry_pa, w->k->format->entry_bytes);
	if (w->unmaps) {
		rmap_step(r, w->c, STEP_RMAP_FIND_VMA, 1);
		vma_object_find(e.mm, w->c, w->path, e.va);
	}
	return rmap_found(w, &e);
}

static bool visit_node(struct rmap_walk *w, struct node *n)
{
	struct rmap *r = w->k->rmap;
	struct chains *s = chains(r);
	u32 i;

	rmap_load(r, w->c, n->va, s->node_bytes);
	for (i = n->first; i < s->slots; i++) {
		s->at = n;
		s->slot = i;
		if (!visit(w, n->entry[i]))
			return false;
	}
	return true;
}

static void walk(struct rmap_walk *w, struct page *p)
{
	struct node *n = chain_of(p), *next;
	struct chains *s = chains(w->k->rmap);

	s->of = p;
	if (!n)
		visit(w, p->rmap & ~(u64)DIRECT);
	for (; n; n = next) {
		next = n->next;
		if (!visit_node(w, n))
			break;
	}
	s->at = NULL;
}

static u32 count_nodes(const struct rmap *r)
{
	const struct memmap *m = &r->k->pa->map;
	const struct node *n;
	u32 nodes = 0;
	u64 pfn;

	for (pfn = 0; pfn < m->pages; pfn++) {
		if (!memmap_has(m, pfn))
			pfn |= PAGE_CHUNK - 1;
		else if (page_of(m, pfn)->mapcount)
			for (n = chain_of(page_of(m, pfn)); n; n = n->next)
				nodes += n->va != 0;
	}
	return nodes;
}

/* No node is lost. */
static void sane(const struct rmap *r)
{
	u32 nodes = count_nodes(r), i;

	for (i = 0; i < MAX_CPUS; i++)
		nodes += chains(r)->spare[i].n;
	ASSERT(nodes == r->object[RMAP_OBJECT_PTE_CHAIN].objects);
}

/* Only the head has free slots; as many nodes as the entries need. */
static void sane_page(const struct rmap *r, const struct page *p)
{
	const struct node *head = chain_of(p), *n;
	u32 entries = 0, slots = chains(r)->slots;

	if (!head) {
		ASSERT(p->mapcount == !!p->rmap);
		return;
	}
	for (n = head; n; n = n->next) {
		ASSERT(n->first < slots && (n == head || !n->first));
		entries += slots - n->first;
	}
	ASSERT(entries == p->mapcount);
}

const struct rmap_ops rmap_pte_chain = {
	.name = "pte_chain",
	.init = init,
	.prepare = prepare,
	.add_new = add,
	.add = add,
	.remove = remove_entry,
	.moved = moved,
	.referenced_done = referenced_done,
	.table = table,
	.fork_vma = fork_vma,
	.walk = walk,
	.sane = sane,
	.sane_page = sane_page,
	.free = free_all,
};
