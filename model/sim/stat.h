/*
 * Counters: plain u64 fields of a component's struct, told about in one list (X macro) that gives field,
 * name, unit and help. Registering costs nothing at run time: the hot path does `c->st.hits++`.
 *
 * The registry hands every counter to a visitor in order of registration, with its dotted name
 * ("core0.l1d.load_misses"); JSON, tables and intervals are made from it in analysis/. Ratios are made there
 * too.
 */
#ifndef MMSIM_SIM_STAT_H
#define MMSIM_SIM_STAT_H

#include "model/base/types.h"

struct stat_desc {
	const char *name; /* NULL ends a table */
	size_t offset;    /* of a u64 */
	const char *unit;
	const char *help;
};

/*
 * #define CACHE_STATS(X) \
 *	X(loads, "lines", "...") \
 *	...
 * struct cache_stats { CACHE_STATS(STAT_FIELD) };
 * #define STAT_STRUCT struct cache_stats
 * static const struct stat_desc cache_stats[] = { CACHE_STATS(STAT_ROW) { 0 } };
 *
 * STAT_ROW takes offsets in STAT_STRUCT, which the file that holds the table defines.
 */
#define STAT_FIELD(field, unit, help) u64 field;
#define STAT_ROW(field, unit, help)   { #field, offsetof(STAT_STRUCT, field), unit, help },

struct stats;
struct stats *stats_new(void);
void stats_free(struct stats *s);
/*
 * Adds a component's table under a prefix; `base` is what its offsets refer to and must outlive the registry.
 */
void stats_add(struct stats *s, const char *prefix, const struct stat_desc *table, const void *base);
/* One counter that lives alone. */
void stats_add_one(struct stats *s, const char *name, const u64 *value, const char *unit, const char *help);

typedef void (*stat_visit_fn)(void *arg, const char *name, u64 value, const char *unit, const char *help);
void stats_each(const struct stats *s, stat_visit_fn visit, void *arg);
/* The value of a counter by full name; ASSERTs that it exists. */
u64 stats_value(const struct stats *s, const char *name);
bool stats_has(const struct stats *s, const char *name);

/*
 * A counter that tells a state (frames free now, in use at most) and not how often something happened: of a
 * part of a run its last value is told, of all others the difference.
 */
void stats_set_level(struct stats *s, const char *name);

/* All counters at once, by number from 0 in order of registration. */
u32 stats_count(const struct stats *s);
const char *stats_name(const struct stats *s, u32 i);
bool stats_is_level(const struct stats *s, u32 i);
void stats_copy(const struct stats *s, u64 *values);
/*
 * What the counters have counted since they were copied to `values` is not told by the registry from now on:
 * it is no part of the run. Levels stay.
 */
void stats_forget(struct stats *s, const u64 *values);
/* The same counters with other values, which must outlive it; to be freed before s. */
struct stats *stats_view(const struct stats *s, const u64 *values);

#endif
