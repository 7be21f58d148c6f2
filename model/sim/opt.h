/*
 * Configuration as tables: a component's options are an array of rows, and a row is name, type, default,
 * range, unit, help and dump at once. config.h fills structs from libconfig files and "-s key=value" through
 * them.
 *
 * Not here: what the values mean together (each component checks its own geometry and returns an error text).
 */
#ifndef MMSIM_SIM_OPT_H
#define MMSIM_SIM_OPT_H

#include "model/base/types.h"

enum opt_type {
	OPT_BOOL,   /* bool: "yes"/"no", true/false */
	OPT_U32,    /* u32; where there are names also one of these words: OPT_WORD() of its index */
	OPT_U64,    /* u64 */
	OPT_SIZE,   /* u64, bytes: 48K, 2M, 1G, 32768 */
	OPT_TIME,   /* struct opt_time: "14ns", "1.5us", or a bare number of core cycles */
	OPT_FREQ,   /* u64, Hz: "3.0GHz", "800MHz" */
	OPT_ENUM,   /* u32: number of a word of names, see word.h: of plain words the index */
	OPT_STRING, /* char *, owned by the configuration */
};

/* Numbers that no range reaches. */
#define OPT_WORD(index) (~(u32)(index))

/* A duration as the user gave it; converted once, by time_to_cycles() of sim/time.h. */
struct opt_time {
	u64 cycles; /* if ps is 0 */
	u64 ps;
};

struct opt {
	const char *name; /* NULL ends a table */
	enum opt_type type;
	size_t offset;
	const char *def; /* as a user would write it; NULL: 0, or "" */
	u64 min, max;    /* of numbers; of a time: in its own unit, cycles or ps; both 0: no limit */
	const char *unit;
	const char *help; /* one line */
	const char *const
		*names; /* OPT_ENUM: allowed words, patterns of word.h; OPT_U32: words beside numbers */
};

/*
 * Reads text into the field; on error returns what is wrong and what is allowed (the caller frees it), and
 * the field keeps its value. opt_format() gives the form in which a user would write the value, opt_range()
 * what is allowed; the caller frees both.
 */
char *opt_parse(const struct opt *o, const char *text, void *field);
char *opt_format(const struct opt *o, const void *field);
char *opt_range(const struct opt *o);
size_t opt_field_size(const struct opt *o);

/* One named group of keys, "l1d.size": prefix "l1d", option "size". Prefix "" for top-level keys. */
struct opt_section {
	const char *prefix; /* NULL ends an array of sections */
	const struct opt *opts;
	size_t offset; /* of the component's struct in the whole configuration struct */
	const char *help; /* NULL: another one like the section before, as of config_open.c */
	const char *defaults; /* libconfig text that overrides the table's defaults here, or NULL */
};

#endif
