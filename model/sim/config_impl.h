/*
 * What config.c (keys and values) and config_file.c (reading libconfig) share. For these two files only.
 */
#ifndef MMSIM_SIM_CONFIG_IMPL_H
#define MMSIM_SIM_CONFIG_IMPL_H

#include "model/sim/config.h"

struct config_key {
	char *name; /* in full: "dtlb.p4k.entries" */
	const struct opt *opt;
	void *field;
	char *where; /* NULL: default */
	u32 turn;    /* the how manieth assignment gave it its value */
};

struct config {
	const struct opt_section *sections;
	struct config_key *key; /* in the order of the sections */
	u32 n;
	u32 turns; /* assignments so far */
	char *error; /* why the last read failed; owned here: nothing leaks when a hook survives die() */
};

/* These return false and leave c->error. */
bool config_fail(struct config *c, const char *fmt, ...) printf_like(2, 3);
/* where is NULL for a default; else "file:line" or "-s key=value", which also begins the message. */
bool config_assign(struct config *c, const char *name, const char *text, const char *where);
bool config_read_named(struct config *c, const char *kind, const char *name);
/* prefix: the section that the text's keys belong to, "" for all; name NULL: these are defaults. */
bool config_read_text(struct config *c, const char *name, const char *text, size_t len, const char *prefix);

/* Whether name is a group: some key's name continues it after a dot. "" is one. */
bool config_is_group(const struct config *c, const char *name);
/* config_open.c: a key of a section that has no name yet; whether one could have that name; it gets it. */
bool config_is_vacant(const struct config_key *k);
bool config_could_be_group(const struct config *c, const char *name);
bool config_adopt(struct config *c, const char *name);
/* "group.NAME.limit" of group.*1.limit; the caller frees it. */
char *config_shown_name(const char *name);
const struct config_key *config_find(const struct config *c, const char *name);
bool config_unknown(struct config *c, const char *name, const char *where);

#endif
