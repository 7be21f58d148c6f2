/*
 * The effective configuration: built-in defaults, then a machine file, a kernel file, and "-s key=value", in
 * that order; the last one wins and every value remembers where it came from.
 *
 * Files are libconfig; `@include "name.cfg"` finds files beside the including one and, failing that, among
 * the ones that are built into the program. Included files come first in a file and are applied before it, so
 * that it overrides them. An unknown key, a bad value or a value out of range is an error that names file,
 * line, key and what is allowed. Geometry that spans keys is checked by the component that uses it, which
 * reports through config_where().
 */
#ifndef MMSIM_SIM_CONFIG_H
#define MMSIM_SIM_CONFIG_H

#include <stdio.h>

#include "model/sim/opt.h"

struct config;

/* `target` is the struct that the sections' offsets refer to; it is set to defaults at once. */
struct config *config_new(const struct opt_section *sections, void *target);
void config_free(struct config *c);

/*
 * kind is "machines" or "kernels", name a built-in's name ("golden-cove") or a path (has a '/' or ends in
 * ".cfg"). die()s with file, line and key.
 */
void config_load(struct config *c, const char *kind, const char *name);
/* The same for a text that is in memory already; name stands for the file in messages and origins. */
void config_load_text(struct config *c, const char *name, const char *text, size_t len);
/* One "key=value" as given on the command line; die()s naming the key and what is allowed. */
void config_set(struct config *c, const char *assignment);
/*
 * The value of any key as text, in the form in which a user would write it, or NULL if there is no such key;
 * the caller frees it.
 */
char *config_get(const struct config *c, const char *key);
/* Where a key's value comes from: "machines/zen4.cfg:12", "-s l1d.size=0", "default". Valid as long as c. */
const char *config_where(const struct config *c, const char *key);

/*
 * Ends the program because the value of key makes no sense with others: adds to the reason key, value
 * and place, and those of the key of its group that was set last, if that was later.
 */
_Noreturn void config_reject(const struct config *c, const char *key, const char *fmt, ...) printf_like(3, 4);

/* Every key in the order of the sections, with its value as text and where that comes from. */
typedef void (*config_visit_fn)(void *arg, const char *key, const char *value, const char *where);
void config_each(const struct config *c, config_visit_fn visit, void *arg);

/* The whole effective configuration as a libconfig file that gives the same configuration when loaded. */
void config_dump(const struct config *c, FILE *f);
/* Every key with default, unit, range and help: what `mmsim config` prints. */
void config_help(const struct opt_section *sections, FILE *f);

/* Files built into the program, made from configs/ at build time. */
struct builtin_file {
	const char *path; /* "machines/golden-cove.cfg" */
	const char *text;
};
extern const struct builtin_file builtin_files[]; /* ends with path NULL */

#endif
