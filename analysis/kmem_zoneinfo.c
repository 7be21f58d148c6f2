#include "analysis/kmem_zoneinfo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_PAGES (1ull << 31) /* of a zone: 8 TB */

struct parser {
	struct kmem_zoneinfo *info;
	struct kmem_zone *zone; /* that lines are about, NULL before the first */
	u32 cpu;
	bool in_cpu;
};

/* "NAME value": numbers of a zone, then of a CPU's set; names that both have are told apart by where they
 * are. */
static u64 *zone_field(struct kmem_zone *z, const char *name)
{
	const struct {
		const char *name;
		u64 *value;
	} fields[] = {
		{ "boost", &z->boost },     { "min", &z->min },          { "low", &z->low },
		{ "high", &z->high },       { "spanned", &z->spanned },  { "present", &z->present },
		{ "managed", &z->managed }, { "start_pfn:", &z->start },
	};
	u32 i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].name, name))
			return fields[i].value;
	return NULL;
}

static u32 *set_field(struct kmem_pageset *s, const char *name)
{
	if (!strcmp(name, "count:"))
		return &s->count;
	if (!strcmp(name, "high:"))
		return &s->high;
	if (!strcmp(name, "batch:"))
		return &s->batch;
	if (!strcmp(name, "high_min:"))
		return &s->high_min;
	return strcmp(name, "high_max:") ? NULL : &s->high_max;
}

static const char *take_field(struct parser *p, const char *name, u64 v)
{
	u64 *zone = zone_field(p->zone, name);
	u32 *set = set_field(&p->zone->cpu[p->cpu], name);

	if (!strcmp(name, "cpu:")) {
		if (v >= MAX_CPUS)
			return "more CPUs than a machine can have here";
		p->cpu = (u32)v;
		p->in_cpu = true;
		p->info->cpus = MAX(p->info->cpus, p->cpu + 1);
	} else if (p->in_cpu && set) {
		if (v > UINT32_MAX)
			return "a number that is too large";
		*set = (u32)v;
	} else if (zone) {
		if (v > MAX_PAGES)
			return "a number that is too large";
		*zone = v;
	}
	return NULL;
}

static const char *begin_zone(struct parser *p, u32 node, const char name[16])
{
	struct kmem_zoneinfo *info = p->info;

	/* A zone without pages gives its place to the next. */
	if (p->zone && p->zone->managed)
		info->n++;
	if (info->n == KMEM_MAX_ZONES)
		return "too many zones";
	p->zone = &info->zone[info->n];
	*p->zone = (struct kmem_zone){ .node = node };
	memcpy(p->zone->name, name, sizeof(p->zone->name));
	p->cpu = 0;
	p->in_cpu = false;
	return NULL;
}

static const char *take_line(struct parser *p, const char *line)
{
	char name[32], zone[16] = "";
	u32 node;
	u64 v;

	if (sscanf(line, "Node %" SCNu32 ", zone %15s", &node, zone) == 2)
		return begin_zone(p, node, zone);
	if (!p->zone)
		return "not /proc/zoneinfo: no \"Node 0, zone\" before it";
	if (sscanf(line, " pages free %" SCNu64, &v) == 1) {
		p->zone->free = v;
		return v > MAX_PAGES ? "a number that is too large" : NULL;
	}
	if (sscanf(line, " %31s %" SCNu64, name, &v) == 2)
		return take_field(p, name, v);
	return NULL;
}

#define MAX_BATCH (1u << 20)

static const char *check_set(const struct kmem_zone *z, const struct kmem_pageset *s)
{
	if (!s->batch || s->batch > MAX_BATCH || s->high_min > s->high_max || !s->high_max)
		return "no batch, high_min and high_max that could be: a kernel before 6.7?";
	if (s->count > z->managed || s->high_max > MAX_PAGES || s->high > MAX_PAGES)
		return "a CPU's lists have more pages than their zone";
	return NULL;
}

static const char *check(struct kmem_zoneinfo *info)
{
	const char *why = info->n && info->cpus ? NULL : "it has no zone with pages and CPUs";
	u32 i, c;

	for (i = 0; i < info->n && !why; i++) {
		struct kmem_zone *z = &info->zone[i];

		if (z->managed > z->spanned || z->free > z->managed)
			return "a zone has more pages managed than spanned, or more free than managed";
		for (c = 0; c < info->cpus && !why; c++) {
			/* A number that no CPU has: nothing happens there. */
			if (!z->cpu[c].high_max && !z->cpu[c].batch)
				z->cpu[c] = (struct kmem_pageset){ .batch = 1, .high_max = 1 };
			why = check_set(z, &z->cpu[c]);
		}
	}
	return why;
}

bool kmem_zoneinfo_read(struct kmem_zoneinfo *info, const char *path, char err[KMEM_ERRBUF])
{
	struct parser p = { .info = info };
	const char *why = NULL;
	char line[512];
	u32 n = 0;
	FILE *f = fopen(path, "r");

	*info = (struct kmem_zoneinfo){ 0 };
	if (!f) {
		snprintf(err, KMEM_ERRBUF, "%s", strerror(errno));
		return false;
	}
	while (!why && fgets(line, sizeof(line), f)) {
		n++;
		why = take_line(&p, line);
	}
	fclose(f);
	if (why) {
		snprintf(err, KMEM_ERRBUF, "line %u: %s", n, why);
		return false;
	}
	info->n += p.zone && p.zone->managed;
	why = check(info);
	if (why)
		snprintf(err, KMEM_ERRBUF, "%s", why);
	return !why;
}

int kmem_zone_of(const struct kmem_zoneinfo *info, u64 pfn)
{
	u32 i;

	for (i = 0; i < info->n; i++)
		if (pfn >= info->zone[i].start && pfn - info->zone[i].start < info->zone[i].spanned)
			return (int)i;
	return -1;
}
