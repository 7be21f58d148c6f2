/*
 * Fuzz target: any bytes as a configuration file, over sections of every option type. What loads must dump to
 * a text that loads to the same; what does not must die with status 2.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/config.h"

struct toy {
	u32 number, word;
	u64 seed, size, hz;
	struct opt_time time;
	bool flag;
	char *text;
};

static const char *const words[] = { "lru", "fifo", "random", NULL };
#define AT(f) offsetof(struct toy, f)
static const struct opt opts[] = {
	{ "number", OPT_U32, AT(number), "8", 1, 4096, "ways", "a number", NULL },
	{ "word", OPT_ENUM, AT(word), "lru", 0, 0, NULL, "a word", words },
	{ "seed", OPT_U64, AT(seed), "1", 0, 0, NULL, "a large number", NULL },
	{ "size", OPT_SIZE, AT(size), "32K", 0, 1ull << 40, "bytes", "a size", NULL },
	{ "frequency", OPT_FREQ, AT(hz), "3.0GHz", 1000000, 100000000000, "Hz", "a clock", NULL },
	{ "time", OPT_TIME, AT(time), "5", 0, 0, NULL, "a time", NULL },
	{ "flag", OPT_BOOL, AT(flag), "yes", 0, 0, NULL, "a flag", NULL },
	{ "text", OPT_STRING, AT(text), NULL, 0, 0, NULL, "a text", NULL },
	{ 0 },
};
static const struct opt_section sections[] = {
	{ "", opts, 0, "top", NULL },
	{ "l1", opts, sizeof(struct toy), "group", NULL },
	{ "l1.p4k", opts, 2 * sizeof(struct toy), "group in a group", NULL },
	{ 0 },
};

static jmp_buf died;

static void hook(int status, const char *message)
{
	ASSERT(status == 2 && *message);
	longjmp(died, 1);
}

static char *dump(const struct config *c)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	config_dump(c, f);
	fclose(f);
	return text;
}

static void must_load_back(const struct config *c)
{
	struct toy copy[3];
	struct config *d = config_new(sections, copy);
	char *text = dump(c), *again;

	die_hook_set(NULL);
	config_load_text(d, "dump", text, strlen(text));
	again = dump(d);
	ASSERT(!strcmp(text, again));
	free(text);
	free(again);
	config_free(d);
}

/* libconfig 1.5 forgets the string before a syntax error. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct toy target[3];
	struct config *c = config_new(sections, target);

	die_hook_set(hook);
	if (!setjmp(died)) {
		config_load_text(c, "fuzz.cfg", (const char *)data, size);
		must_load_back(c);
	}
	config_free(c);
	return 0;
}
