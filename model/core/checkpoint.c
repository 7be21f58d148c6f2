#include "model/core/checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/time.h"

#define MAGIC    "mmsim checkpoint 2\n"
#define MAX_TEXT (1u << 24)
#define DIRTY    1u /* in a line's address */

/* ---- writing ---- */

static void put(FILE *f, u64 n)
{
	fwrite(&n, sizeof(n), 1, f);
}

static void put_table(void *arg, u64 pfn, u64 *entries)
{
	put(arg, pfn);
	fwrite(entries, FRAME_SIZE, 1, arg);
}

static void put_line(void *arg, u64 pa, bool dirty)
{
	put(arg, pa | (dirty ? DIRTY : 0));
}

/* Each list ends with ~0, which is no line's and no frame's. */
static void put_tables(FILE *f, struct machine *m)
{
	ptmem_each(m->ptmem, put_table, f);
	put(f, ~(u64)0);
}

static void put_lines(FILE *f, struct machine *m)
{
	core_cache_lines(m->cores[0], true, put_line, f);
	put(f, ~(u64)0);
	memory_each_line(m->memory, put_line, f);
	core_cache_lines(m->cores[0], false, put_line, f);
	put(f, ~(u64)0);
}

enum part { TRANSLATION, CACHES, NR_PARTS };

static void register_state(struct machine *m, struct state *s, enum part part)
{
	if (part == TRANSLATION) {
		core_translation_state(m->cores[0], s);
	} else {
		core_state(m->cores[0], s);
		memory_state(m->memory, s);
	}
}

static void put_state(FILE *f, struct machine *m)
{
	enum part part;

	for (part = 0; part < NR_PARTS; part++) {
		struct state *s = state_new();

		register_state(m, s, part);
		put(f, state_bytes(s));
		state_save(s, f);
		state_free(s);
	}
}

void checkpoint_write(const char *path, const char *text, const struct trap_log *log, struct machine *m)
{
	FILE *f;

	if (m->host || m->cfg.cores > 1)
		die("--checkpoint: only machines of one core, without a guest, can be held");
	if (log->unusual)
		die("--checkpoint: a fault has stopped a thread in the part before it, which cannot be "
		    "repeated");
	f = fopen(path, "wb");
	if (!f)
		fail("cannot write '%s': %s", path, strerror(errno));
	fputs(MAGIC, f);
	put(f, strlen(text));
	fputs(text, f);
	put(f, log->n);
	fwrite(log->note, sizeof(*log->note), log->n, f);
	put_tables(f, m);
	put_state(f, m);
	put_lines(f, m);
	if (ferror(f) | fclose(f))
		fail("cannot write '%s': %s", path, strerror(errno));
}

/* ---- reading ---- */

_Noreturn static void damaged(const struct checkpoint *c)
{
	die("'%s' is not a whole checkpoint of this version of mmsim: write it anew with --checkpoint",
	    c->path);
}

static u64 get(const struct checkpoint *c)
{
	u64 n;

	if (fread(&n, sizeof(n), 1, c->f) != 1)
		damaged(c);
	return n;
}

static void get_bytes(const struct checkpoint *c, void *to, u64 bytes)
{
	if (bytes && fread(to, bytes, 1, c->f) != 1)
		damaged(c);
}

static void get_log(struct checkpoint *c)
{
	struct trap_log *l = &c->log;
	struct trap_note n;
	u64 i, count = get(c);

	for (i = 0; i < count; i++) {
		get_bytes(c, &n, sizeof(n));
		l->records = n.records;
		l->copies = n.copies;
		trap_log_add(l, &(struct trap){ n.va, n.access, n.present });
	}
}

void checkpoint_open(struct checkpoint *c, const char *path)
{
	char magic[sizeof(MAGIC)] = "";
	u64 n;

	*c = (struct checkpoint){ .path = path, .f = fopen(path, "rb") };
	if (!c->f)
		die("cannot read '%s': %s", path, strerror(errno));
	get_bytes(c, magic, sizeof(MAGIC) - 1);
	n = strcmp(magic, MAGIC) ? MAX_TEXT : get(c);
	if (n >= MAX_TEXT)
		damaged(c);
	c->text = xcalloc(1, n + 1);
	get_bytes(c, c->text, n);
	get_log(c);
}

void checkpoint_close(struct checkpoint *c)
{
	if (c->f)
		fclose(c->f);
	free(c->text);
	trap_log_fini(&c->log);
	*c = (struct checkpoint){ 0 };
}

/* The kernel has made the same tables; what the walker noted in them is added. */
static void get_tables(struct checkpoint *c, struct machine *m)
{
	u64 pfn;

	while ((pfn = get(c)) != ~(u64)0) {
		if (!ptmem_has(m->ptmem, pfn))
			die("'%s' is of another recording or another kernel: it holds a page table that "
			    "is not one here", c->path);
		get_bytes(c, ptmem_entries(m->ptmem, pfn), FRAME_SIZE);
	}
}

static void get_lines(struct checkpoint *c, struct core *core, bool code, bool warm)
{
	u64 line;

	while ((line = get(c)) != ~(u64)0)
		if (warm)
			core_warm(core, line & ~(u64)DIRTY, code, line & DIRTY);
}

static void get_state(struct checkpoint *c, struct machine *m, enum part part, bool wanted)
{
	struct state *s = state_new();
	u64 bytes = get(c);

	register_state(m, s, part);
	if (wanted ? bytes != state_bytes(s) || !state_load(s, c->f) : fseek(c->f, (long)bytes, SEEK_CUR))
		damaged(c);
	state_free(s);
}

void checkpoint_restore(struct checkpoint *c, struct machine *m, struct checkpoint_same same)
{
	time_stands = true;
	get_tables(c, m);
	get_state(c, m, TRANSLATION, same.translation);
	get_state(c, m, CACHES, same.caches);
	get_lines(c, m->cores[0], true, !same.caches);
	get_lines(c, m->cores[0], false, !same.caches);
	core_restored(m->cores[0]);
	time_stands = false;
}
