#include "tests/ref/ref_pages.h"

#include <stdlib.h>
#include <string.h>

static u64 get(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order)
{
	struct ref_pages *p = container_of(pa, struct ref_pages, pa);
	u64 pfn = ref_pages_get(p, c ? c->node : 0, gfp, order);

	if (pfn == NO_FRAME)
		return pfn;
	page_of(&pa->map, pfn)->state = PAGE_ALLOCATED;
	page_of(&pa->map, pfn)->order = (u8)order;
	return pfn;
}

static void put(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	struct ref_pages *p = container_of(pa, struct ref_pages, pa);

	ASSERT(page_of(&pa->map, pfn)->order == order);
	page_of(&pa->map, pfn)->state = PAGE_UNUSED;
	ref_pages_put(p, pfn, order);
}

static u32 node(const struct page_alloc *pa, u64 pfn)
{
	return ref_pages_node(container_of(pa, struct ref_pages, pa), pfn);
}

const struct slab_pages ref_pages_ops = { get, put, node };

void ref_pages_init(struct ref_pages *p, const struct page_alloc_cfg *cfg)
{
	u64 pfn;

	*p = (struct ref_pages){ .pa = { .cfg = *cfg, .charger = &p->charger, .max_order = MAX_ORDERS } };
	charger_init(&p->charger, cfg->era, 0xffffffff81000000ull, 1u << 25, 100, true);
	memmap_init(&p->pa.map, cfg->bytes, cfg->shift, 0xffffea0000000000ull,
		    era_page_bytes(cfg->era, cfg->word));
	for (pfn = 0; pfn < p->pa.map.pages; pfn += PAGE_CHUNK)
		memmap_populate(&p->pa.map, pfn);
	p->used = xcalloc(p->pa.map.pages, 1);
	rng_init(&p->rng, cfg->seed, "pages");
}

void ref_pages_fini(struct ref_pages *p)
{
	free(p->used);
	if (p->pa.map.chunk)
		memmap_fini(&p->pa.map);
}

void ref_pages_copy(struct ref_pages *to, const struct ref_pages *from)
{
	*to = *from;
	to->used = xmalloc(from->pa.map.pages);
	memcpy(to->used, from->used, from->pa.map.pages);
	to->pa.map.chunk = NULL;
}

u32 ref_pages_node(const struct ref_pages *p, u64 pfn)
{
	return (u32)(pfn / (p->pa.map.pages / MAX(p->pa.cfg.nodes, 1u)));
}

static bool fits(const struct ref_pages *p, u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; i < 1ull << order; i++)
		if (pfn + i >= p->pa.map.pages || p->used[pfn + i])
			return false;
	return true;
}

/* Of a node, from the cursor on and round. */
static u64 find(const struct ref_pages *p, u32 nid, u32 order)
{
	u64 n = p->pa.map.pages / MAX(p->pa.cfg.nodes, 1u), step = 1ull << order, i, pfn;

	for (i = 0; i < n; i += step) {
		pfn = nid * n + (p->cursor / step * step + i) % n;
		if (fits(p, pfn, order))
			return pfn;
	}
	return NO_FRAME;
}

u64 ref_pages_get(struct ref_pages *p, u32 nid, u32 gfp, u32 order)
{
	u64 pfn = NO_FRAME, i;
	u32 nodes = MAX(p->pa.cfg.nodes, 1u), k;

	p->calls++;
	if (p->fail_one_in && !rng_below(&p->rng, p->fail_one_in))
		return NO_FRAME;
	for (k = 0; k < (gfp & GFP_THISNODE ? 1 : nodes) && pfn == NO_FRAME; k++)
		pfn = find(p, (nid + k) % nodes, order);
	if (pfn == NO_FRAME)
		return pfn;
	for (i = 0; i < 1ull << order; i++)
		p->used[pfn + i] = i ? 255 : (u8)(order + 1);
	p->in_use += 1ull << order;
	p->cursor = (pfn + (1ull << order)) % (p->pa.map.pages / nodes);
	return pfn;
}

void ref_pages_put(struct ref_pages *p, u64 pfn, u32 order)
{
	ASSERT(p->used[pfn] == order + 1);
	memset(&p->used[pfn], 0, 1ull << order);
	p->in_use -= 1ull << order;
}

static struct ref_slab_cpu *self(struct cpu *c)
{
	return container_of(c, struct ref_slab_cpu, cpu);
}

static u64 cpu_now(struct cpu *c)
{
	return self(c)->now;
}

static void cpu_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	self(c)->instructions[path] += instructions;
	self(c)->now += instructions;
}

static void touch(struct ref_slab_cpu *c, u64 va, u32 bytes)
{
	u64 line;

	ASSERT(bytes);
	for (line = va / 64; line <= (va + bytes - 1) / 64; line++)
		c->line[c->n_lines++ % REF_LINES] = line;
}

static void cpu_load(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch(self(c), va, bytes);
	self(c)->loads++;
	self(c)->now++;
}

static void cpu_store(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	touch(self(c), va, bytes);
	self(c)->stores++;
	self(c)->now++;
}

static void cpu_wait_until(struct cpu *c, enum kernel_path path, u64 cycle)
{
	self(c)->now = MAX(self(c)->now, cycle);
}

static const struct cpu_ops ops = {
	.now = cpu_now,
	.execute = cpu_execute,
	.load = cpu_load,
	.store = cpu_store,
	.wait_until = cpu_wait_until,
};

void ref_slab_cpu_init(struct ref_slab_cpu *c, u32 id, u32 nid)
{
	*c = (struct ref_slab_cpu){ .cpu = { .ops = &ops, .id = id, .node = nid } };
}

bool ref_slab_cpu_touched(const struct ref_slab_cpu *c, u64 va)
{
	u32 i;

	ASSERT(c->n_lines <= REF_LINES);
	for (i = 0; i < c->n_lines; i++)
		if (c->line[i] == va / 64)
			return true;
	return false;
}
