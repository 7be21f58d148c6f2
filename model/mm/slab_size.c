#include "model/base/bits.h"
#include "model/mm/slab_impl.h"

static u32 round_up(u32 x, u32 align)
{
	return (x + align - 1) / align * align;
}

enum slab_form era_slab_form(enum kernel_era era)
{
	return era >= ERA_2_6_26 ? SLAB_SLUB : SLAB_CLASSIC;
}

/*
 * kmem_bufctl_t: unsigned int in 2.4 and at least up to 2.5.3x, unsigned short in include/asm-*-/types.h of
 * 2.6.0 to 2.6.13, unsigned int in mm/slab.c since. When it became short was not found; slabinfos of 2.6.0 on
 * have 119 objects of 32 bytes a page, those before and after 113.
 */
static u32 bufctl_bytes(enum kernel_era era)
{
	return era == ERA_2_6_5 || era == ERA_2_6_9 ? 2 : 4;
}

/* CONFIG_NR_CPUS of common kernels: arrays by CPU in the structs. */
static u32 config_cpus(u32 word)
{
	return word == 4 ? 32 : 64;
}

/* 2.4 mm/slab.c: struct kmem_cache_s, cpucache_s; 2.4.0 has one list and firstnotfull instead of three. */
static struct slab_layout layout_24(enum kernel_era era, u32 word)
{
	struct slab_layout l = { .lists = 0, .array_header = 8, .desc = 4 * word + 8 };

	l.sizes = (era == ERA_2_4_0 ? 3 : 6) * word;
	l.lock = l.sizes + 12;
	l.arrays = round_up(l.lock + 4 + 24 + 5 * word + 20 + 2 * word, word);
	l.cache = l.arrays + config_cpus(word) * word;
	return l;
}

/* 2.6.0 to 2.6.10: array[NR_CPUS] first, then batchcount and limit, kmem_list3, sizes, spinlock. */
static struct slab_layout layout_26(u32 word)
{
	struct slab_layout l = { .arrays = 0, .array_header = 16, .desc = 4 * word + 8 };

	l.lists = config_cpus(word) * word + 8;
	l.sizes = l.lists + 9 * word + 4;
	l.lock = l.sizes + 16;
	l.cache = round_up(l.lock + 4 + 24 + 7 * word, word);
	return l;
}

/* 2.6.14 to 2.6.24: kmem_list3 apart, one a node; array_cache has a lock, struct slab a node. */
static struct slab_layout layout_2618(u32 word)
{
	struct slab_layout l = { .arrays = 0, .desc = round_up(4 * word + 8 + 2, word) };

	l.array_header = round_up(20, word);
	l.sizes = config_cpus(word) * word;
	l.cache = round_up(l.sizes + 16 + 32 + 8 * word + (word == 8 ? 64 : 1) * word, word);
	l.node_lock = 7 * word + 8;
	l.node = round_up(l.node_lock + 4 + 3 * word + 4, word);
	return l;
}

/* include/linux/slub_def.h of 2.6.37; mm/slab.h of 6.12: kmem_cache_cpu gets a tid, partial and a lock. */
static struct slab_layout layout_slub(enum kernel_era era, u32 word)
{
	struct slab_layout l = { 0 };

	l.cpu = (era == ERA_6_X ? 5 : 3) * word;
	l.node = (era == ERA_6_X ? 9 : 4) * word;
	l.cache = (era == ERA_6_X ? 26 : 22) * word + (word == 8 ? 64 : 1) * word;
	return l;
}

struct slab_layout slab_layout(enum slab_form form, enum kernel_era era, u32 word)
{
	struct slab_layout l;

	if (form == SLAB_SLUB)
		return layout_slub(era, word);
	l = era <= ERA_2_4_21 ? layout_24(era, word) : era <= ERA_2_6_9 ? layout_26(word) : layout_2618(word);
	l.bufctl = bufctl_bytes(era);
	return l;
}

/*
 * HWCACHE_ALIGN: a line, halved while two objects fit into the half; up to 2.6.5 (kmem_cache_create() of 2.4
 * and 2.6.0) an object of exactly half of it keeps the whole.
 */
static u32 alignment(const struct slabs *s, u32 bytes, u32 align, u32 flags)
{
	bool strict = s->form == SLAB_CLASSIC && s->era <= ERA_2_6_5;
	u32 wanted = s->word;

	if (flags & SLAB_HWCACHE_ALIGN) {
		wanted = s->line;
		while (strict ? bytes < wanted / 2 : bytes <= wanted / 2)
			wanted /= 2;
	}
	return MAX(MAX(wanted, align), s->word);
}

/* mm/slab.c:cache_estimate(). What is in front of the objects is aligned as they are; in 2.4 to the line. */
static u32 estimate(const struct slabs *s, const struct slab_layout *l, struct slab_geometry *g, u32 align)
{
	u32 bytes = s->page_bytes << g->order, n = 0, front;
	u32 base = g->off_slab ? 0 : l->desc, extra = g->off_slab ? 0 : l->bufctl;

	if (s->era <= ERA_2_4_21)
		align = s->line;
	while ((n + 1) * g->size + round_up(base + (n + 1) * extra, align) <= bytes)
		n++;
	g->num = MIN(n, SLAB_USED - 1);
	front = g->num ? round_up(base + g->num * extra, align) : 0;
	return bytes - g->num * g->size - front;
}

/*
 * BREAK_GFP_ORDER: not above order 1 (2.4: 2) unless no object fits, 0 (2.4: 1) in machines of up to 32 MB.
 */
static u32 break_order(const struct slabs *s)
{
	return (s->pa->cfg.bytes > 32u << 20 ? 1 : 0) + (s->era <= ERA_2_4_21 ? 1 : 0);
}

#define MAX_GFP_ORDER 5u

/*
 * mm/slab.c:kmem_cache_create(), calculate_slab_order(). offslab_limit is not looked at: descriptors are off
 * the slab from PAGE_SIZE / 8 on, so a slab of an order that is chosen has 64 objects at most.
 */
static u32 classic_order(const struct slabs *s, const struct slab_layout *l, struct slab_geometry *g,
			 u32 align, u32 flags)
{
	bool reclaim = flags & SLAB_RECLAIM && s->era > ERA_2_4_21;
	u32 left;

	for (;; g->order++) {
		left = estimate(s, l, g, align);
		if (g->order >= MAX_GFP_ORDER)
			return left;
		if (!g->num)
			continue;
		if (reclaim && g->size <= s->page_bytes)
			return left;
		if (g->order >= break_order(s) || left * 8 <= s->page_bytes << g->order)
			return left;
	}
}

struct slab_geometry slab_classic_geometry(const struct slabs *s, u32 bytes, u32 align, u32 flags)
{
	struct slab_layout l = slab_layout(SLAB_CLASSIC, s->era, s->word);
	struct slab_geometry g = { 0 };
	u32 left, front;

	/* The cache of caches is made before there is kmalloc(). */
	g.off_slab = s->cache_cache && round_up(bytes, s->word) >= s->page_bytes / 8;
	align = alignment(s, bytes, align, flags);
	g.size = round_up(round_up(bytes, s->word), align);
	left = classic_order(s, &l, &g, align, flags);
	g.least = g.order;
	front = round_up(g.num * l.bufctl + l.desc, s->era <= ERA_2_4_21 ? s->line : align);
	if (g.off_slab && left >= front) {
		g.off_slab = false;
		left -= front;
	}
	g.desc_bytes = g.off_slab ? g.num * l.bufctl + l.desc : front;
	g.colour_off = MAX(s->line, align);
	g.colours = left / g.colour_off;
	return g;
}

/* mm/slab.c:enable_cpucache(). A kernel for one processor has no shared array, in 2.4 none at all. */
void slab_classic_tunables(const struct slabs *s, u32 size, u32 *limit, u32 *batch, u32 *shared)
{
	bool smp = s->cpus > 1;

	if (s->era <= ERA_2_4_21) {
		*limit = !smp || size > s->page_bytes ? 0 : size > 1024 ? 60 : size > 256 ? 124 : 252;
		*batch = *limit / 2;
		*shared = 0;
		return;
	}
	*limit = size > 131072 ? 1 : size > s->page_bytes ? 8 : size > 1024 ? 24 : size > 256 ? 54 : 120;
	*batch = (*limit + 1) / 2;
	*shared = smp && size <= s->page_bytes ? 8 : 0;
}

#define SLUB_MAX_ORDER 3u
#define SLUB_MAX_OBJS  32767u

/* The order of a block of so many bytes. */
static u32 order_of(const struct slabs *s, u64 bytes)
{
	return log2_ceil((bytes + s->page_bytes - 1) / s->page_bytes);
}

/* mm/slub.c:calc_slab_order(): from an order on, the first that wastes at most a fraction. */
static u32 waste_order(const struct slabs *s, u32 size, u32 from, u32 most, u32 fraction)
{
	u32 order;

	for (order = from; order <= most; order++)
		if ((s->page_bytes << order) % size <= (s->page_bytes << order) / fraction)
			break;
	return order;
}

/*
 * mm/slub.c:calculate_order(): as many objects as 4 * (fls(cpus) + 1), if order 3 holds them, with less
 * waste first. 6.x keeps the number and allows a half to be wasted; before, a quarter, then one object less.
 */
static u32 slub_order(const struct slabs *s, u32 size)
{
	u32 most = MAX((s->page_bytes << SLUB_MAX_ORDER) / size, 1u);
	u32 n = MIN(4 * (log2_floor(s->cpus) + 2), most), order, fraction;
	u32 last = s->era == ERA_6_X ? 2 : 4;

	for (; n > (s->era == ERA_6_X ? 0 : 1); n--) {
		for (fraction = 16; fraction >= last; fraction /= 2) {
			order = waste_order(s, size, order_of(s, (u64)n * size), SLUB_MAX_ORDER, fraction);
			if (order <= SLUB_MAX_ORDER)
				return order;
		}
		if (s->era == ERA_6_X)
			break;
	}
	return order_of(s, size);
}

/* mm/slub.c:calculate_sizes(): where the free pointer is, and what that adds. */
struct slab_geometry slab_slub_geometry(const struct slabs *s, u32 bytes, u32 align, u32 flags)
{
	struct slab_geometry g = { 0 };

	g.size = round_up(bytes, s->word);
	if (flags & (SLAB_CONSTRUCTED | SLAB_TYPESAFE)) {
		g.pointer = g.size;
		g.size += s->word;
	} else if (s->era == ERA_6_X) {
		g.pointer = bytes / 2 / s->word * s->word;
	}
	g.size = round_up(g.size, alignment(s, bytes, align, flags));
	g.order = slub_order(s, g.size);
	g.least = order_of(s, g.size);
	g.num = MIN((s->page_bytes << g.order) / g.size, SLUB_MAX_OBJS);
	return g;
}

/*
 * min_partial: 5 from 2.6.24 on, by size from 2.6.30, by half of its logarithm from 3.2 (set_min_partial()).
 * cpu_partial: set_cpu_partial() and slub_set_cpu_partial() of 6.12; none before 3.2.
 */
void slab_slub_tunables(const struct slabs *s, const struct slab_geometry *g, u32 *min_partial,
			u32 *cpu_partial)
{
	u32 log = log2_floor(g->size), objects;

	if (s->era == ERA_6_X)
		log /= 2;
	*min_partial = s->era == ERA_2_6_26 ? 5 : MIN(MAX(log, 5u), 10u);
	objects = g->size >= s->page_bytes ? 6 : g->size >= 1024 ? 24 : g->size >= 256 ? 52 : 120;
	*cpu_partial = s->era == ERA_6_X ? (2 * objects + g->num - 1) / g->num : 0;
}

/* include/linux/kmalloc_sizes.h; 2.4: without 96 and 192. */
static u32 classic_classes(enum kernel_era era, u32 page_bytes, u32 line, u32 *bytes)
{
	u32 n = 0, size;

	for (size = page_bytes == 4096 ? 32 : 64; size <= 131072; size *= 2) {
		bytes[n++] = size;
		if (era > ERA_2_4_21 && ((size == 64 && line < 64) || (size == 128 && line < 128)))
			bytes[n++] = size / 2 * 3;
	}
	return n;
}

/* mm/slub.c, slab_common.c: up to a page, from 2.6.29 on up to two. */
u32 slab_kmalloc_classes(enum slab_form form, enum kernel_era era, u32 page_bytes, u32 line, u32 *bytes)
{
	u32 n = 0, size, most = era == ERA_2_6_26 ? page_bytes : 2 * page_bytes;

	if (form == SLAB_CLASSIC)
		return classic_classes(era, page_bytes, line, bytes);
	for (size = 8; size <= most; size *= 2) {
		bytes[n++] = size;
		if (size == 64 || size == 128)
			bytes[n++] = size / 2 * 3;
	}
	return n;
}
