#include "model/mm/swap_zram.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/kmap.h"
#include "model/mm/vmalloc.h"

#define AT(field) offsetof(struct zram_cfg, field)

/*
 * Written pages of perl, Python, awk and sqlite3 with some MB of small records each, compressed page by page
 * with lz4: 5 to 59 % of a page (90 % of them), means of 24 to 32 %; up to 4 % were of one value, hardly one
 * did not become smaller. Pages of pictures or encrypted data would not.
 */
const struct opt zram_opts[] = {
	{ "same", OPT_U32, AT(same), "3", 0, 100, "%", "of pages are of one value", NULL },
	{ "incompressible", OPT_U32, AT(incompressible), "1", 0, 100, "%", "of pages do not become smaller",
	  NULL },
	{ "smallest", OPT_U32, AT(smallest), "10", 1, 100, "%",
	  "of a page that the best of the others become", NULL },
	{ "largest", OPT_U32, AT(largest), "45", 1, 100, "%", "of a page that the worst of them become",
	  NULL },
	{ 0 },
};

#undef AT

#define STAT_STRUCT struct zram_stats
static const struct stat_desc stat_rows[] = { ZRAM_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* mm/zsmalloc.c: ZS_MIN_ALLOC_SIZE, ZS_SIZE_CLASS_DELTA, ZS_HANDLE_SIZE; chains of 4 pages, since 6.3 of 8.
 */
#define MIN_SIZE    32u
#define DELTA       16u
#define HANDLE      8u
#define NR_CLASSES  255u
#define CHAIN_MAX   8u
#define OBJECTS_MAX (CHAIN_MAX * (u32)FRAME_SIZE / MIN_SIZE)

/* struct zram_table_entry; the working memory of lz4 and lzo-rle (LZ4_MEM_COMPRESS), cleared at each use. */
#define ENTRY_BYTES 16u
#define WORK_BYTES  16384u

/* By how full they are zspages stand in groups, the fullest first: enum fullness_group. */
#define GROUPS   10u
#define NO_GROUP GROUPS /* full */

struct zspage {
	struct zspage *prev, *next; /* of its class and group, while it has free objects */
	u32 class, used, group;
	u64 pfn[CHAIN_MAX];
	u16 n_free, free[]; /* objects */
};

struct size_class {
	u32 bytes, pages, objects; /* of an object; of a zspage */
	struct zspage *partial[GROUPS];
};

/* What a slot has: nothing, a value, or an object. */
enum content { EMPTY, SAME, OBJECT };

struct zslot {
	struct zspage *page;
	u16 object, bytes;
	u8 content;
};

struct zram {
	struct kernel *k;
	struct zram_cfg cfg;
	u64 n;
	struct zslot *slot;
	u64 table_va, work_va; /* of the kernel's table; of the working memory of each hardware thread */
	struct rng rng;
	u8 class_of[NR_CLASSES]; /* of each size the class that serves it */
	struct size_class class[NR_CLASSES];
	u32 huge; /* bytes from which a whole page is used */
	struct zram_stats st;
};

/* ---- size classes ---- */

/* calculate_zspage_chain_size(): as many pages as waste least. */
static u32 chain_of(const struct kernel *k, u32 bytes)
{
	u32 most = k->cfg.era == ERA_6_X ? CHAIN_MAX : CHAIN_MAX / 2, best = 1, least = ~0u, i;

	for (i = 1; i <= most; i++) {
		u32 waste = i * (u32)FRAME_SIZE % bytes;

		if (waste < least) {
			least = waste;
			best = i;
		}
	}
	return best;
}

/* zs_create_pool(): from the largest down; a class that would be cut in the same way is its larger neighbour.
 */
static void make_classes(struct zram *z)
{
	u32 i, at = NR_CLASSES;

	for (i = NR_CLASSES; i-- > 0;) {
		struct size_class *c = &z->class[i];

		c->bytes = MIN(MIN_SIZE + i * DELTA, (u32)FRAME_SIZE);
		c->pages = chain_of(z->k, c->bytes);
		c->objects = c->pages * (u32)FRAME_SIZE / c->bytes;
		if (at == NR_CLASSES || z->class[at].pages != c->pages || z->class[at].objects != c->objects)
			at = i;
		z->class_of[i] = (u8)at;
		if (c->pages == 1 && c->objects == 1)
			z->huge = c->bytes - HANDLE;
	}
}

static u32 class_for(const struct zram *z, u32 bytes)
{
	u32 size = MAX(bytes + HANDLE, MIN_SIZE);

	return bytes >= z->huge ? NR_CLASSES - 1 : z->class_of[(size - MIN_SIZE + DELTA - 1) / DELTA];
}

struct zram *zram_new(struct kernel *k, const struct zram_cfg *cfg, u64 slots, u64 seed)
{
	struct zram *z = xcalloc(1, sizeof(*z));

	z->k = k;
	z->cfg = *cfg;
	z->n = slots;
	z->slot = xcalloc(slots, sizeof(*z->slot));
	rng_init(&z->rng, seed, "zram");
	make_classes(z);
	return z;
}

bool zram_boot(struct zram *z)
{
	z->table_va = vmalloc(z->k, NULL, z->n * ENTRY_BYTES);
	z->work_va = vmalloc(z->k, NULL, (u64)z->k->pa->cfg.cpus * WORK_BYTES);
	return z->table_va && z->work_va;
}

void zram_free(struct zram *z)
{
	u64 i;

	if (!z)
		return;
	/* Slots of one zspage: the last one frees it. */
	for (i = 0; i < z->n; i++)
		if (z->slot[i].content == OBJECT && !--z->slot[i].page->used)
			free(z->slot[i].page);
	free(z->slot);
	free(z);
}

void zram_stats_add(const struct zram *z, struct stats *s)
{
	static const char *const levels[] = { "stored", "same", "huge", "compressed", "pages", "pages_max" };
	char name[32] = "mm.zram.";
	u32 i;

	stats_add(s, "mm.zram", stat_rows, &z->st);
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		snprintf(name + 8, sizeof(name) - 8, "%s", levels[i]);
		stats_set_level(s, name);
	}
}

/* ---- zsmalloc ---- */

static void unlink_page(struct size_class *c, struct zspage *p)
{
	if (p->group == NO_GROUP)
		return;
	*(p->prev ? &p->prev->next : &c->partial[p->group]) = p->next;
	if (p->next)
		p->next->prev = p->prev;
	p->group = NO_GROUP;
}

/* fix_fullness_group() */
static void link_page(struct size_class *c, struct zspage *p)
{
	u32 group = p->used * GROUPS / c->objects;

	if (group == p->group)
		return;
	unlink_page(c, p);
	if (group == NO_GROUP)
		return;
	p->group = group;
	p->prev = NULL;
	p->next = c->partial[group];
	if (p->next)
		p->next->prev = p;
	c->partial[group] = p;
}

/* find_get_zspage() */
static struct zspage *fullest(const struct size_class *c)
{
	u32 group = GROUPS;

	while (group-- > 0)
		if (c->partial[group])
			return c->partial[group];
	return NULL;
}

static void free_pages_of(struct zram *z, struct cpu *c, struct zspage *p, u32 n)
{
	while (n--)
		free_pages(z->k->pa, c, p->pfn[n], 0);
	free(p);
}

/* alloc_zspage(). Who writes to swap reclaims, and may take what it needs for that (PF_MEMALLOC). */
static struct zspage *new_page(struct zram *z, struct cpu *c, u32 class)
{
	const struct size_class *sc = &z->class[class];
	struct zspage *p = xcalloc(1, sizeof(*p) + sc->objects * sizeof(p->free[0]));
	u32 i;

	p->class = class;
	p->group = NO_GROUP;
	for (i = 0; i < sc->pages; i++) {
		p->pfn[i] = alloc_pages(z->k->pa, c, GFP_NOIO | GFP_HIGHMEM | GFP_MOVABLE | GFP_MEMALLOC, 0);
		if (p->pfn[i] == NO_FRAME) {
			free_pages_of(z, c, p, i);
			return NULL;
		}
	}
	while (p->n_free < sc->objects) {
		p->free[p->n_free] = (u16)(sc->objects - 1 - p->n_free);
		p->n_free++;
	}
	z->st.pages += sc->pages;
	z->st.pages_max = MAX(z->st.pages_max, z->st.pages);
	return p;
}

static bool take_object(struct zram *z, struct cpu *c, struct zslot *s)
{
	u32 class = class_for(z, s->bytes);
	struct size_class *sc = &z->class[class];

	s->page = fullest(sc);
	if (!s->page)
		s->page = new_page(z, c, class);
	if (!s->page)
		return false;
	s->object = s->page->free[--s->page->n_free];
	s->page->used++;
	link_page(sc, s->page);
	return true;
}

static void give_object(struct zram *z, struct cpu *c, struct zslot *s)
{
	struct zspage *p = s->page;
	struct size_class *sc = &z->class[p->class];

	p->free[p->n_free++] = s->object;
	if (--p->used) {
		link_page(sc, p);
		return;
	}
	unlink_page(sc, p);
	z->st.pages -= sc->pages;
	free_pages_of(z, c, p, sc->pages);
}

/* ---- slots ---- */

static void touch_slot(const struct zram *z, struct cpu *c, u64 slot)
{
	charge_store(&z->k->charger, c, KPATH_ZRAM, z->table_va + slot * ENTRY_BYTES, ENTRY_BYTES);
}

void zram_discard(struct zram *z, struct cpu *c, u64 slot)
{
	struct zslot *s = &z->slot[slot];

	if (s->content == EMPTY)
		return;
	touch_slot(z, c, slot);
	z->st.stored--;
	if (s->content == SAME) {
		z->st.same--;
	} else {
		z->st.huge -= s->bytes >= z->huge;
		z->st.compressed -= s->bytes;
		give_object(z, c, s);
	}
	*s = (struct zslot){ 0 };
}

/* What the page becomes. */
static struct zslot draw(struct zram *z)
{
	u64 percent = rng_below(&z->rng, 100), least = z->cfg.smallest, most = MAX(z->cfg.largest, least);
	u32 bytes = (u32)FRAME_SIZE;

	if (percent < z->cfg.same)
		return (struct zslot){ .content = SAME };
	if (percent - z->cfg.same >= z->cfg.incompressible)
		bytes = (u32)((least * FRAME_SIZE + rng_below(&z->rng, (most - least) * FRAME_SIZE + 1)) /
			      100);
	return (struct zslot){ .content = OBJECT, .bytes = (u16)(bytes >= z->huge ? FRAME_SIZE : bytes) };
}

/* The object's bytes, which can lie in two pages of its zspage, are read or written. */
static void access_object(const struct zram *z, struct cpu *c, const struct zslot *s, bool write)
{
	u64 at = (u64)s->object * z->class[s->page->class].bytes, end = at + s->bytes;

	while (z->k->charger.on && c && at < end) {
		u64 part = MIN(end, align_down(at, FRAME_SIZE) + FRAME_SIZE) - at;
		u64 va = kmap_atomic(z->k, c, s->page->pfn[at >> FRAME_SHIFT]);

		if (write)
			charge_store(&z->k->charger, c, KPATH_ZRAM, va + (at & FRAME_MASK), (u32)part);
		else
			charge_load(&z->k->charger, c, KPATH_ZRAM, va + (at & FRAME_MASK), (u32)part);
		kunmap_atomic(z->k, c, va);
		at += part;
	}
}

static void access_frame(const struct zram *z, struct cpu *c, u64 pfn, bool write)
{
	u64 va;

	if (!z->k->charger.on || !c)
		return;
	va = kmap_atomic(z->k, c, pfn);
	if (write)
		charge_store(&z->k->charger, c, KPATH_ZRAM, va, FRAME_SIZE);
	else
		charge_load(&z->k->charger, c, KPATH_ZRAM, va, FRAME_SIZE);
	kunmap_atomic(z->k, c, va);
}

/* page_same_filled() ends at the first difference; then the compressor reads it all. */
static void compress(const struct zram *z, struct cpu *c, const struct zslot *s, u64 pfn)
{
	access_frame(z, c, pfn, false);
	kernel_path_step(z->k, c, NULL, s->content == SAME ? STEP_ZRAM_FILL : STEP_ZRAM_COMPRESS);
	if (s->content == OBJECT && c)
		charge_store(&z->k->charger, c, KPATH_ZRAM, z->work_va + (u64)c->id * WORK_BYTES, WORK_BYTES);
}

bool zram_write(struct zram *z, struct cpu *c, u64 slot, u64 pfn)
{
	struct zslot s = draw(z);

	zram_discard(z, c, slot);
	compress(z, c, &s, pfn);
	if (s.content == OBJECT && !take_object(z, c, &s)) {
		z->st.failed++;
		return false;
	}
	if (s.content == OBJECT)
		access_object(z, c, &s, true);
	touch_slot(z, c, slot);
	z->slot[slot] = s;
	z->st.writes++;
	z->st.stored++;
	z->st.same += s.content == SAME;
	z->st.huge += s.content == OBJECT && s.bytes >= z->huge;
	z->st.compressed += s.bytes;
	return true;
}

void zram_read(struct zram *z, struct cpu *c, u64 slot, u64 pfn)
{
	const struct zslot *s = &z->slot[slot];

	ASSERT(s->content != EMPTY);
	touch_slot(z, c, slot);
	z->st.reads++;
	kernel_path_step(z->k, c, NULL, s->content == SAME ? STEP_ZRAM_FILL : STEP_ZRAM_DECOMPRESS);
	if (s->content == OBJECT)
		access_object(z, c, s, false);
	access_frame(z, c, pfn, true);
}

/* ---- for --check ---- */

void zram_sane(const struct zram *z)
{
	u64 i, stored = 0, bytes = 0;

	for (i = 0; i < z->n; i++) {
		stored += z->slot[i].content != EMPTY;
		bytes += z->slot[i].bytes;
		ASSERT(z->slot[i].content != OBJECT ||
		       z->slot[i].object < z->class[z->slot[i].page->class].objects);
	}
	ASSERT(stored == z->st.stored && bytes == z->st.compressed);
}

void zram_each_block(const struct zram *z, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	struct map64 seen = { 0 };
	u64 i, pages = 0;
	u32 j;

	for (i = 0; i < z->n; i++) {
		const struct zspage *p = z->slot[i].content == OBJECT ? z->slot[i].page : NULL;

		if (!p || map64_find(&seen, p->pfn[0]))
			continue;
		map64_set(&seen, p->pfn[0], 1);
		for (j = 0; j < z->class[p->class].pages; j++, pages++)
			fn(arg, p->pfn[j], 0);
	}
	ASSERT(pages == z->st.pages);
	map64_fini(&seen);
}
