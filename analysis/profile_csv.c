/* The tables of a profile, for files and for the terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "analysis/format.h"
#include "analysis/out.h"
#include "analysis/profile_state.h"
#include "model/base/error.h"

#define PRINTED 10u

static u64 wait_of(const struct profile_counts *c)
{
	return c->load_wait + c->store_wait;
}

static void add(struct profile_counts *sum, const struct profile_counts *c)
{
#define PROFILE_ADD(name, help) sum->name += c->name;
	PROFILE_COUNTS(PROFILE_ADD)
}

static void write_heads(FILE *f, const char *first)
{
	fputs(first, f);
#define PROFILE_HEAD(name, help) fputs("," #name, f);
	PROFILE_COUNTS(PROFILE_HEAD)
	fputc('\n', f);
}

static void write_counts(FILE *f, const struct profile_counts *c)
{
#define PROFILE_WRITE(name, help) fprintf(f, ",%" PRIu64, c->name);
	PROFILE_COUNTS(PROFILE_WRITE)
	fputc('\n', f);
}

/* ---- order: the longest waits first, then by place ---- */

static int order(const struct profile_counts *a, const struct profile_counts *b)
{
	if (wait_of(a) != wait_of(b))
		return wait_of(a) < wait_of(b) ? 1 : -1;
	return 0;
}

static int by_number(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

static int order_pages(const void *x, const void *y)
{
	const struct profile_page *a = x, *b = y;
	int by = order(&a->c, &b->c);

	return by ? by : a->vpn != b->vpn ? by_number(a->vpn, b->vpn) : by_number(a->space, b->space);
}

static int order_lines(const void *x, const void *y)
{
	const struct profile_line *a = x, *b = y;
	int by = order(&a->c, &b->c);

	return by ? by : a->line != b->line ? by_number(a->line, b->line) : by_number(a->space, b->space);
}

static int order_mappings(const void *x, const void *y)
{
	const struct profile_mapping *a = x, *b = y;
	int by = order(&a->c, &b->c);

	return by ? by : strcmp(a->name, b->name);
}

/* ---- functions: places of the code taken together ---- */

struct function {
	u32 mapping;
	char *symbol; /* "": none is known; then offset is of a page */
	u64 offset;
	struct profile_counts c;
};

struct functions {
	struct function *at;
	u32 n;
};

static int by_identity(const void *x, const void *y)
{
	const struct function *a = x, *b = y;
	int by = by_number(a->mapping, b->mapping);

	by = by ? by : strcmp(a->symbol, b->symbol);
	return by ? by : by_number(a->offset, b->offset);
}

static int order_functions(const void *x, const void *y)
{
	const struct function *a = x, *b = y;
	int by = order(&a->c, &b->c);

	return by ? by : by_identity(x, y);
}

static struct function function_of(struct profile *p, const struct profile_code *c)
{
	struct function f = { .c = c->c };

	f.mapping = profile_place(p, c->space, c->ip, &f.offset);
	f.symbol = profile_symbol(p, f.mapping, f.offset, false);
	f.offset = *f.symbol ? 0 : f.offset >> PROFILE_PAGE_SHIFT << PROFILE_PAGE_SHIFT;
	return f;
}

static struct functions functions_of(struct profile *p)
{
	struct functions fs = { .at = xcalloc(MAX(p->n_places, 1u), sizeof(*fs.at)) };
	u32 i;

	for (i = 0; i < p->n_places; i++)
		fs.at[i] = function_of(p, &p->place[i]);
	qsort(fs.at, p->n_places, sizeof(*fs.at), by_identity);
	for (i = 0; i < p->n_places; i++) {
		if (fs.n && !by_identity(&fs.at[fs.n - 1], &fs.at[i])) {
			add(&fs.at[fs.n - 1].c, &fs.at[i].c);
			free(fs.at[i].symbol);
		} else {
			fs.at[fs.n++] = fs.at[i];
		}
	}
	qsort(fs.at, fs.n, sizeof(*fs.at), order_functions);
	return fs;
}

static void functions_fini(struct functions *fs)
{
	u32 i;

	for (i = 0; i < fs->n; i++)
		free(fs->at[i].symbol);
	free(fs->at);
}

/* ---- files ---- */

static void add_page(struct profile_mapping *m, const struct profile_page *page)
{
	m->accesses += page->accesses;
	add(&m->c, &page->c);
}

static struct profile_mapping *sum_mappings(struct profile *p)
{
	struct profile_mapping *m;
	u32 i;

	for (i = 0; i < p->n_mappings; i++) {
		p->mapping[i].c = (struct profile_counts){ 0 };
		p->mapping[i].accesses = 0;
	}
	for (i = 0; i < p->n_pages; i++)
		add_page(&p->mapping[p->page[i].mapping], &p->page[i]);
	m = xcalloc(MAX(p->n_mappings, 1u), sizeof(*m));
	memcpy(m, p->mapping, p->n_mappings * sizeof(*m));
	qsort(m, p->n_mappings, sizeof(*m), order_mappings);
	return m;
}

static void write_mappings(struct profile *p, FILE *f, u32 rows)
{
	struct profile_mapping *m = sum_mappings(p);
	u32 i;

	write_heads(f, "mapping,pages,accesses");
	for (i = 0; i < p->n_mappings && i < rows; i++) {
		if (!m[i].pages)
			continue;
		csv_field(f, m[i].name);
		fprintf(f, ",%" PRIu64 ",%" PRIu64, m[i].pages, m[i].accesses);
		write_counts(f, &m[i].c);
	}
	free(m);
}

/* process,address,mapping,offset,symbol */
static void write_place(struct profile *p, FILE *f, u32 space, u64 address, u32 mapping, u64 offset)
{
	char *symbol = profile_symbol(p, mapping, offset, true);

	fprintf(f, "%" PRIu32 ",0x%" PRIx64 ",", p->space[space].pid, address);
	csv_field(f, p->mapping[mapping].name);
	fprintf(f, ",0x%" PRIx64 ",", offset);
	csv_field(f, symbol);
	free(symbol);
}

static void write_pages(struct profile *p, FILE *f, u32 rows)
{
	struct profile_page *page = xcalloc(MAX(p->n_pages, 1u), sizeof(*page));
	u32 i;

	memcpy(page, p->page, p->n_pages * sizeof(*page));
	qsort(page, p->n_pages, sizeof(*page), order_pages);
	write_heads(f, "process,address,mapping,offset,symbol,accesses");
	for (i = 0; i < p->n_pages && i < rows; i++) {
		write_place(p, f, page[i].space, page[i].vpn << PROFILE_PAGE_SHIFT, page[i].mapping,
			    page[i].offset);
		fprintf(f, ",%" PRIu64, page[i].accesses);
		write_counts(f, &page[i].c);
	}
	free(page);
}

static const struct sharing_line *find_sharing(const struct sharing_line *s, u32 n, u64 pa)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (s[i].line == pa)
			return &s[i];
	return NULL;
}

static void write_line(struct profile *p, FILE *f, const struct profile_line *l, const struct sharing_line *s)
{
	u64 address = l->line << p->line_shift;
	struct profile_page *page = &p->page[profile_page(p, l->space, address >> PROFILE_PAGE_SHIFT)];
	u64 in_page = address & ((1u << PROFILE_PAGE_SHIFT) - 1);

	write_place(p, f, l->space, address, page->mapping, page->offset + in_page);
	fprintf(f, ",%u,%" PRIu32 ",%" PRIu32, (u32)__builtin_popcountll(l->cores), s ? s->false_misses : 0,
		s ? s->true_misses : 0);
	write_counts(f, &l->c);
}

static void write_lines(struct profile *p, FILE *f, u32 rows, const struct sharing_line *sharing, u32 n)
{
	struct profile_line *line = xcalloc(MAX(p->n_lines, 1u), sizeof(*line));
	u32 i;

	memcpy(line, p->line, p->n_lines * sizeof(*line));
	qsort(line, p->n_lines, sizeof(*line), order_lines);
	write_heads(f, "process,address,mapping,offset,symbol,cores,false_sharing,true_sharing");
	for (i = 0; i < p->n_lines && i < rows; i++)
		write_line(p, f, &line[i], find_sharing(sharing, n, line[i].pa));
	free(line);
}

static void write_code(struct profile *p, FILE *f, u32 rows)
{
	struct functions fs = functions_of(p);
	u32 i;

	write_heads(f, "mapping,symbol,offset");
	for (i = 0; i < fs.n && i < rows; i++) {
		csv_field(f, p->mapping[fs.at[i].mapping].name);
		fputc(',', f);
		csv_field(f, fs.at[i].symbol);
		if (*fs.at[i].symbol)
			fputc(',', f);
		else
			fprintf(f, ",0x%" PRIx64, fs.at[i].offset);
		write_counts(f, &fs.at[i].c);
	}
	functions_fini(&fs);
}

void profile_write(struct profile *p, const char *dir, u32 rows, const struct sharing_line *sharing,
		   u32 n_sharing)
{
	struct out o;

	out_open(&o, dir, MAPPINGS_FILE);
	write_mappings(p, o.f, rows);
	out_close(&o);
	out_open(&o, dir, PAGES_FILE);
	write_pages(p, o.f, rows);
	out_close(&o);
	out_open(&o, dir, LINES_FILE);
	write_lines(p, o.f, rows, sharing, n_sharing);
	out_close(&o);
	out_open(&o, dir, CODE_FILE);
	write_code(p, o.f, rows);
	out_close(&o);
}

/* ---- the terminal ---- */

static void print_row(FILE *f, const char *name, u64 n, const struct profile_counts *c, u64 all)
{
	struct text a, b, m, d, w, p;

	fprintf(f, "  %-32s%9s%12s%11s%8s%8s\n", format_clip(&a, name, 32), format_count_in(&b, n, 8),
		format_count_in(&m, c->l1_misses, 11), format_count_in(&d, c->dram, 10),
		format_count_in(&w, c->walks, 7), format_percent(&p, (double)wait_of(c), (double)all));
}

static void print_mappings(struct profile *p, FILE *f, u64 all)
{
	struct profile_mapping *m = sum_mappings(p);
	u32 i, shown = 0;

	fprintf(f, "\n  %-32s%9s%12s%11s%8s%8s\n", "data in", "pages", "L1 misses", "DRAM", "walks",
		"waited");
	for (i = 0; i < p->n_mappings && shown < PRINTED; i++) {
		if (!m[i].pages)
			continue;
		print_row(f, m[i].name, m[i].pages, &m[i].c, all);
		shown++;
	}
	free(m);
}

static void print_functions(struct profile *p, FILE *f, u64 all)
{
	struct functions fs = functions_of(p);
	char *name;
	u32 i;

	fprintf(f, "\n  %-32s%9s%12s%11s%8s%8s\n", "accessed by", "slow", "L1 misses", "DRAM", "walks",
		"waited");
	for (i = 0; i < fs.n && i < PRINTED; i++) {
		const struct function *fn = &fs.at[i];
		const char *file = format_base(p->mapping[fn->mapping].name);

		name = *fn->symbol ? xasprintf("%s (%s)", fn->symbol, file)
				   : xasprintf("%s+0x%llx", file, (unsigned long long)fn->offset);
		print_row(f, name, fn->c.slow, &fn->c, all);
		free(name);
	}
	functions_fini(&fs);
}

void profile_print(struct profile *p, FILE *f)
{
	struct profile_counts sum = { 0 };
	u32 i;

	for (i = 0; i < p->n_pages; i++)
		add(&sum, &p->page[i].c);
	print_mappings(p, f, wait_of(&sum));
	print_functions(p, f, wait_of(&sum));
}
