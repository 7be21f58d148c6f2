/* mmsim replay --checkpoint and --restore: which recording, which configuration, how far. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "cli/replay.h"
#include "model/base/error.h"

/* What a warmed state does not depend on: times, and what takes place only in time. */
static const char *const no_state_ends[] = { ".latency", ".mshrs", NULL };
static const char *const no_state[] = { "dram.", "engine.", "coherence.", "core.model", "core.window",
					"core.mshrs", "core.store_buffer", "core.unknown_dependence", NULL };
/* What may be other than it was: lines of other caches warm these, and TLBs are soon filled. */
static const char *const caches[] = { "l1i.", "l1d.", "l2.", "l3.", "l4.", NULL };
static const char *const translation[] = { "itlb.", "dtlb.", "stlb.", "pwc.", "walker.", NULL };

static bool begins(const char *key, const char *const *with)
{
	for (; *with; with++)
		if (!strncmp(key, *with, strlen(*with)))
			return true;
	return false;
}

static bool ends(const char *key, const char *const *with)
{
	size_t n = strlen(key), m;

	for (; *with; with++) {
		m = strlen(*with);
		if (n > m && !strcmp(key + n - m, *with))
			return true;
	}
	return false;
}

/* The text in a checkpoint: lines "key = value" of what it depends on, "recording = ...", "runs = ...". */
struct text_lines {
	char *text;
};

static void add_line(struct text_lines *t, const char *key, const char *value)
{
	char *longer = xasprintf("%s%s = %s\n", t->text, key, value);

	free(t->text);
	t->text = longer;
}

static void add_key(void *arg, const char *key, const char *value, const char *where)
{
	if (!begins(key, no_state) && !ends(key, no_state_ends))
		add_line(arg, key, value);
}

static char *describe(const struct replay *r)
{
	const struct replay_args *a = r->args;
	struct text_lines t = { xstrdup("") };
	char *name, *value;
	u32 i;

	config_each(r->config, add_key, &t);
	for (i = 0; i < a->n_files; i++) {
		name = xasprintf("recording %u", i + 1);
		value = xasprintf("%s, %" PRIu64 " bytes", format_base(a->files[i]), r->file_bytes[i]);
		add_line(&t, name, value);
		free(name);
		free(value);
	}
	return t.text;
}

void replay_write_checkpoint(struct replay *r)
{
	char *config = describe(r), *text;

	text = xasprintf("%sskipped = %" PRIu64 "\nruns = %" PRIu64 "\n", config, r->skipped,
			 replay_position(r).records);
	checkpoint_write(r->args->checkpoint, text, &r->traps, r->machine);
	engine_log_traps(r->machine->engine, NULL);
	free(config);
	free(text);
}

/* ---- restoring ---- */

static u64 number_of(const struct checkpoint *c, const char *key)
{
	char *line = xasprintf("\n%s = ", key), *at = strstr(c->text, line);
	u64 n = at ? strtoull(at + strlen(line), NULL, 10) : 0;

	free(line);
	return n;
}

/* One line of this replay's text against the checkpoint's. */
static void compare(const struct checkpoint *c, const char *line, size_t len, struct checkpoint_same *same)
{
	char *whole = xasprintf("\n%.*s\n", (int)len, line);
	bool there = strstr(c->text, whole) || !strncmp(c->text, whole + 1, len + 1);

	free(whole);
	if (there)
		return;
	if (begins(line, caches))
		same->caches = false;
	else if (begins(line, translation))
		same->translation = false;
	else
		die("--restore: '%s' was made with another value than '%.*s'; what is not of caches and TLBs "
		    "must be the same", c->path, (int)len, line);
}

static struct checkpoint_same what_is_same(const struct replay *r, const struct checkpoint *c)
{
	struct checkpoint_same same = { true, true };
	char *text = describe(r), *line, *end;

	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		compare(c, line, (size_t)(end - line), &same);
	free(text);
	return same;
}

void replay_restore(struct replay *r)
{
	struct checkpoint_same same;
	struct checkpoint c;
	u64 runs;

	checkpoint_open(&c, r->args->restore);
	same = what_is_same(r, &c);
	runs = number_of(&c, "runs");
	replay_pass_to(r, "--restore", number_of(&c, "skipped"));
	engine_repeat_traps(r->machine->engine, &c.log);
	replay_pass_to(r, "--restore", runs);
	engine_repeat_traps(r->machine->engine, NULL);
	checkpoint_restore(&c, r->machine, same);
	engine_run(r->machine->engine, 0); /* goes nowhere, but counts what was restored */
	checkpoint_close(&c);
}
