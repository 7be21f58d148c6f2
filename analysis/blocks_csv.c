#include "analysis/blocks_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

void blocks_csv_head(FILE *f)
{
	u32 order;

	fputs("after,instructions,cycle,node,zone,free_pages,page_bytes", f);
	for (order = 0; order < MAX_ORDERS; order++)
		fprintf(f, ",order%u", order);
	fputc('\n', f);
}

static void print_numbers(FILE *f, u64 pages, u64 page_bytes, const u64 nr[MAX_ORDERS])
{
	u32 order;

	fprintf(f, "%" PRIu64 ",%" PRIu64, pages, page_bytes);
	for (order = 0; order < MAX_ORDERS; order++)
		fprintf(f, ",%" PRIu64, nr[order]);
	fputc('\n', f);
}

void blocks_csv_rows(FILE *f, const struct page_alloc *pa, u64 after, u64 instructions, u64 cycle)
{
	u64 all[MAX_ORDERS] = { 0 }, nr[MAX_ORDERS];
	const struct zone *z;
	u32 order;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++) {
		for (order = 0; order < MAX_ORDERS; order++) {
			nr[order] = z->area[order].nr_free;
			all[order] += nr[order];
		}
		fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%s,", after, instructions, cycle, z->node,
			zone_type_name[z->type]);
		print_numbers(f, z->free, 1ull << pa->cfg.shift, nr);
	}
	fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",all,all,", after, instructions, cycle);
	print_numbers(f, page_alloc_free_pages(pa), 1ull << pa->cfg.shift, all);
}

static struct blocks_row *add_row(struct blocks_table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->row = xrealloc(t->row, t->cap * sizeof(*t->row));
	}
	return &t->row[t->n++];
}

/* ",1,2,3\n" */
static bool parse_orders(const char *at, struct blocks_row *r)
{
	char *end;
	u32 order;

	for (order = 0; order < MAX_ORDERS; order++, at = end) {
		if (*at++ != ',' || *at < '0' || *at > '9')
			return false;
		r->nr[order] = strtoull(at, &end, 10);
	}
	return *at == '\n';
}

/* True: the line is a row; of all zones it goes into the table. */
static bool take_row(const char *line, struct blocks_table *t)
{
	char node[8], zone[16];
	struct blocks_row r;
	int n = 0;

	if (sscanf(line, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%7[^,],%15[^,],%" SCNu64 ",%" SCNu64 "%n",
		   &r.after, &r.instructions, &r.cycle, node, zone, &r.free_pages, &r.page_bytes, &n) != 7 ||
	    !parse_orders(line + n, &r) || !r.page_bytes || strchr(line, '-'))
		return false;
	if (!strcmp(zone, "all"))
		*add_row(t) = r;
	return true;
}

char *blocks_csv_read(FILE *f, struct blocks_table *t)
{
	char line[1024];
	u32 n = 1;

	memset(t, 0, sizeof(*t));
	if (!fgets(line, sizeof(line), f) || strncmp(line, "after,instructions,cycle,node,zone,", 35))
		return xstrdup("line 1 does not name the columns of a table of blocks");
	while (fgets(line, sizeof(line), f)) {
		n++;
		if (take_row(line, t))
			continue;
		blocks_table_fini(t);
		return xasprintf("line %u is not a row of a table of blocks", n);
	}
	return NULL;
}

void blocks_table_fini(struct blocks_table *t)
{
	free(t->row);
	memset(t, 0, sizeof(*t));
}
