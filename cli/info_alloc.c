#include "cli/info_alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/map64.h"

#define ORDERS   12u /* the last one: 11 and more */
#define TYPES    3u
#define CPUS     64u /* the last one: 63 and more */
#define MAX_ROWS 40u

static const char *const type_name[TYPES] = { "unmovable", "movable", "reclaimable" };

struct row {
	u64 allocs, frees;
};

struct cache {
	char *name; /* NULL: kmalloc */
	struct row row;
	u64 bytes;
};

/*
 * Allocations less frees, by name and by name and CPU, where they are not equal. Sums do not depend on the
 * order of events, which the packets of several threads do not tell.
 */
struct live {
	struct map64 all, by_cpu;
};

struct info_alloc {
	u64 n, n_pages;
	struct row order[ORDERS], cpu[CPUS];
	u64 type[TYPES];
	struct live pages, objects;
	struct cache *cache;
	u32 n_caches;
};

struct info_alloc *info_alloc_new(void)
{
	return xcalloc(1, sizeof(struct info_alloc));
}

static void live_fini(struct live *l)
{
	map64_fini(&l->all);
	map64_fini(&l->by_cpu);
}

void info_alloc_free(struct info_alloc *a)
{
	live_fini(&a->pages);
	live_fini(&a->objects);
	while (a->n_caches)
		free(a->cache[--a->n_caches].name);
	free(a->cache);
	free(a);
}

/* ---- gathering ---- */

static bool is_alloc(const struct tr_event *ev)
{
	return ev->kind == TR_EV_PAGE_ALLOC || ev->kind == TR_EV_SLAB_ALLOC;
}

static void count(struct row *r, const struct tr_event *ev)
{
	if (is_alloc(ev))
		r->allocs++;
	else
		r->frees++;
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct cache *cache_of(struct info_alloc *a, const char *name)
{
	u32 i;

	for (i = 0; i < a->n_caches; i++)
		if (same_name(a->cache[i].name, name))
			return &a->cache[i];
	a->cache = xrealloc(a->cache, ++a->n_caches * sizeof(*a->cache));
	a->cache[i] = (struct cache){ .name = name ? xstrdup(name) : NULL };
	return &a->cache[i];
}

static void add(struct map64 *m, u64 name, u64 n)
{
	const u64 *old = map64_find(m, name);
	u64 sum = (old ? *old : 0) + n;

	if (sum)
		map64_set(m, name, sum);
	else
		map64_remove(m, name);
}

/* A pointer's upper bits are all alike, a page's number has none there: they have room for the CPU. */
static void follow(struct live *l, const struct tr_event *ev)
{
	u64 name = ev->addr & ~(1ull << 63), n = is_alloc(ev) ? 1 : ~(u64)0;

	add(&l->all, name, n);
	add(&l->by_cpu, name ^ (u64)TR_KMEM_CPU(ev->flags) << 47, n);
}

/* As gfp_migratetype() of include/linux/gfp.h. */
static u32 type_of(u64 gfp)
{
	return gfp & TR_GFP_MOVABLE ? 1 : gfp & TR_GFP_RECLAIMABLE ? 2 : 0;
}

static void page_event(struct info_alloc *a, const struct tr_event *ev)
{
	count(&a->order[MIN(ev->arg, ORDERS - 1)], ev);
	if (is_alloc(ev))
		a->type[type_of(ev->addr2)]++;
	a->n_pages++;
	follow(&a->pages, ev);
}

static void object_event(struct info_alloc *a, const struct tr_event *ev)
{
	struct cache *c = cache_of(a, ev->name);

	count(&c->row, ev);
	if (is_alloc(ev))
		c->bytes += ev->arg;
	follow(&a->objects, ev);
}

void info_alloc_event(struct info_alloc *a, const struct tr_event *ev)
{
	switch (ev->kind) {
	case TR_EV_PAGE_ALLOC:
	case TR_EV_PAGE_FREE:
		page_event(a, ev);
		break;
	case TR_EV_SLAB_ALLOC:
	case TR_EV_SLAB_FREE:
		object_event(a, ev);
		break;
	default:
		return;
	}
	count(&a->cpu[MIN(TR_KMEM_CPU(ev->flags), CPUS - 1)], ev);
	a->n++;
}

/* ---- printing ---- */

static void print_row(const char *what, const struct row *r)
{
	printf("  %-22s %16" PRIu64 " %16" PRIu64 "\n", what, r->allocs, r->frees);
}

static void print_rows(const char *head, const struct row *r, u32 n)
{
	char what[32];
	u32 i;

	printf("\n  %-22s %16s %16s\n", head, "allocations", "frees");
	for (i = 0; i < n; i++) {
		if (!r[i].allocs && !r[i].frees)
			continue;
		snprintf(what, sizeof(what), "%u%s", i, i == n - 1 ? " and more" : "");
		print_row(what, &r[i]);
	}
}

/* Sums of what is above and below zero. */
static void sums(const struct map64 *m, u64 *above, u64 *below)
{
	const struct map64_slot *slot;

	*above = *below = 0;
	for (slot = map64_next(m, NULL); slot; slot = map64_next(m, slot)) {
		if ((s64)slot->value > 0)
			*above += slot->value;
		else
			*below -= slot->value;
	}
}

static void print_live(const char *what, const struct live *l)
{
	u64 kept, before, own, others;

	sums(&l->all, &kept, &before);
	sums(&l->by_cpu, &own, &others);
	printf("  %s never freed %" PRIu64 ", freed by another CPU %" PRIu64 ", there from before %" PRIu64
	       "\n",
	       what, kept, others - before, before);
}

static void print_types(const struct info_alloc *a)
{
	u32 i;

	printf("\n  %-22s %16s\n", "migratetype", "allocations");
	for (i = 0; i < TYPES; i++)
		if (a->type[i])
			printf("  %-22s %16" PRIu64 "\n", type_name[i], a->type[i]);
}

static int by_count(const void *x, const void *y)
{
	const struct cache *a = x, *b = y;
	u64 na = a->row.allocs + a->row.frees, nb = b->row.allocs + b->row.frees;

	if (na != nb)
		return na < nb ? 1 : -1;
	return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static void print_caches(const struct info_alloc *a)
{
	u32 i;

	qsort(a->cache, a->n_caches, sizeof(*a->cache), by_count);
	printf("\n  %-22s %16s %16s  %s\n", "cache", "allocations", "frees", "bytes asked for");
	for (i = 0; i < a->n_caches && i < MAX_ROWS; i++) {
		const struct cache *c = &a->cache[i];

		printf("  %-22s %16" PRIu64 " %16" PRIu64 "  %" PRIu64 "\n", c->name ? c->name : "(kmalloc)",
		       c->row.allocs, c->row.frees, c->bytes);
	}
	if (a->n_caches > MAX_ROWS)
		printf("  and %u more\n", a->n_caches - MAX_ROWS);
}

void info_alloc_print(const struct info_alloc *a)
{
	if (!a->n)
		return;
	print_rows("CPU", a->cpu, CPUS);
	if (a->n_pages) {
		print_rows("order", a->order, ORDERS);
		print_types(a);
		print_live("blocks", &a->pages);
	}
	if (a->n_caches) {
		print_caches(a);
		print_live("objects", &a->objects);
	}
}
