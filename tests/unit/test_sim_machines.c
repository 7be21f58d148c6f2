/* The configurations that are built in: each makes a machine, and its dump makes the same one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/sim/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define KEY_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"

static char *dump(const struct config *c)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	config_dump(c, f);
	fclose(f);
	return text;
}

static void is_a_machine(const char *path)
{
	const char *slash = strchr(path, '/');
	char *kind = strndup(path, (size_t)(slash - path));
	char *name = strndup(slash + 1, strlen(slash + 1) - strlen(".cfg"));
	struct machine_cfg cfg, copy;
	struct config *c = config_new(machine_sections, &cfg), *d = config_new(machine_sections, &copy);
	char *text, *again;

	config_load(c, kind, name);
	machine_check(&cfg, c);
	text = dump(c);
	config_load_text(d, "dump", text, strlen(text));
	machine_check(&copy, d);
	again = dump(d);
	assert_string_equal(text, again);
	free(text);
	free(again);
	free(kind);
	free(name);
	config_free(c);
	config_free(d);
}

static void every_built_in_configuration_can_be_built(void **state)
{
	u32 n = 0;

	for (const struct builtin_file *b = builtin_files; b->path; b++, n++)
		is_a_machine(b->path);
	assert_true(n >= 6);
}

/* `mmsim config` needs a help line for every key, and libconfig allows only certain names. */
static void every_key_is_explained(void **state)
{
	for (const struct opt_section *s = machine_sections; s->prefix; s++) {
		assert_true(s->help || strchr(s->prefix, '*')); /* the first of such groups has it */
		for (const struct opt *o = s->opts; o->name; o++) {
			assert_true(o->help && *o->help);
			assert_true(o->type == OPT_ENUM ? o->names != NULL : !o->names || o->type == OPT_U32);
			assert_true(o->name[strspn(o->name, KEY_CHARS)] == 0);
		}
	}
}

static void see_counter(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	u32 *n = arg;

	assert_true(unit && *unit && help && *help);
	++*n;
}

static void every_counter_is_explained(void **state)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m = machine_new(&cfg, 0);
	u32 n = 0;

	stats_each(m->stats, see_counter, &n);
	assert_true(n > 100);
	machine_free(m);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_configuration_can_be_built),
		cmocka_unit_test(every_key_is_explained),
		cmocka_unit_test(every_counter_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
