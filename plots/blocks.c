/*
 * Free memory over time, a line an order: how much of it lies in blocks of that size, and all of it. On a
 * logarithmic scale, on which blocks of a size that there are few of are seen as well as those of which there
 * are many; where a line ends there is no such block.
 */
#include "plots/plot.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/blocks_csv.h"
#include "analysis/format.h"
#include "model/base/error.h"

#define TOP    48u
#define PLOT   330u
#define BOTTOM 108u
#define RIGHT  168u
#define LEGEND 25.0
#define ALL    MAX_ORDERS /* the line of all free memory */
#define STYLES (MAX_ORDERS + 1u)
#define MB     1048576.0

/* One scale from dark to light whose steps readers with any common colour blindness tell apart (viridis). */
static const char *const ramp[MAX_ORDERS] = {
	"#440154", "#482475", "#414487", "#355F8D", "#2A788E", "#21918C",
	"#22A884", "#44BF70", "#7AD151", "#A8DB34", "#D2C90A",
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct blocks_table t;
	double low, high; /* MB */
	double end;       /* of the time axis */
};

static char *read_blocks(struct picture *p)
{
	const char *dir = p->q->runs[0].dir;
	char *path = xasprintf("%s/" BLOCKS_FILE, dir), *why, *bad = NULL;
	FILE *f = fopen(path, "r");

	if (!f) {
		bad = xasprintf("cannot read '%s' (%s): replay with --interval N, and with a kernel that "
				"has zones (kernel.placement = buddy)",
				path, strerror(errno));
	} else {
		why = blocks_csv_read(f, &p->t);
		if (why)
			bad = xasprintf("'%s': %s", path, why);
		else if (p->t.n < 2)
			bad = xasprintf("'%s' has less than two points of time", path);
		free(why);
		fclose(f);
	}
	free(path);
	return bad;
}

static double megabytes(const struct blocks_row *r, u32 order)
{
	u64 pages = order == ALL ? r->free_pages : r->nr[order] << order;

	return (double)pages * (double)r->page_bytes / MB;
}

/* Milliseconds of the machine's time; without a clock, cycles. */
static double time_of(const struct picture *p, const struct blocks_row *r)
{
	ASSERT(p->t.n > 0);
	return 1e3 * (double)(r->cycle - p->t.row[0].cycle) / (double)p->q->runs[0].hz;
}

static void find_range(struct picture *p)
{
	const struct blocks_row *r;
	double v;
	u32 order;

	p->low = INFINITY;
	for (r = p->t.row; r < p->t.row + p->t.n; r++) {
		for (order = 0; order <= ALL; order++) {
			v = megabytes(r, order);
			if (v > 0)
				p->low = fmin(p->low, v);
			p->high = fmax(p->high, v);
		}
	}
	p->end = time_of(p, &p->t.row[p->t.n - 1]);
}

static void write_rows(struct picture *p)
{
	const struct blocks_row *r;
	u32 order;

	figure_block(p->f, "ms, free MB in blocks of order 0, 1, ... 10, in all");
	for (r = p->t.row; r < p->t.row + p->t.n; r++) {
		fprintf(p->f->dat, "%.6g", time_of(p, r));
		for (order = 0; order <= ALL; order++) {
			if (megabytes(r, order) > 0)
				fprintf(p->f->dat, " %.6g", megabytes(r, order));
			else
				fputs(" ?", p->f->dat);
		}
		fputc('\n', p->f->dat);
	}
}

static void styles(struct picture *p)
{
	u32 order;

	for (order = 0; order < MAX_ORDERS; order++)
		fprintf(p->f->gp, "set style line %u lc rgb '%s' lw 2 pt 7 ps 0.3\n", order + 1, ramp[order]);
	fprintf(p->f->gp, "set style line %u lc rgb '#000000' lw 2 dt '-' pt 7 ps 0.3\n", STYLES);
	fputs("set datafile missing '?'\n", p->f->gp);
}

/* "order 3, 32 KB" */
static char *order_name(const struct picture *p, u32 order)
{
	u64 bytes = p->t.row[0].page_bytes << order;

	if (order == ALL)
		return xstrdup("all free memory");
	if (bytes < 1u << 20)
		return xasprintf("order %u, %" PRIu64 " KB", order, bytes >> 10);
	return xasprintf("order %u, %" PRIu64 " MB", order, bytes >> 20);
}

/* The largest on top, as in the picture. */
static void legend(struct picture *p)
{
	double x = FIGURE_WIDTH - RIGHT + 20.0, y = p->f->height - TOP - 12.0;
	char *name;
	u32 i;

	for (i = STYLES; i-- > 0; y -= LEGEND) {
		figure_line_sample(p->f, x, y, i + 1);
		name = order_name(p, i);
		figure_text(p->f, x + 38, y, "left", FIGURE_SMALL, FIGURE_INK, name);
		free(name);
	}
}

/* MB, from whole powers of ten to whole ones. */
static void axes(struct picture *p)
{
	double low = pow(10, floor(log10(p->low))), high = pow(10, ceil(log10(p->high) + 0.02));

	fprintf(p->f->gp, "set logscale y 10\nset yrange [%.10g:%.10g]\nset xrange [0:%.10g]\n", low, high,
		p->end > 0 ? p->end : 1);
	figure_log_ticks(p->f, "y", low, high, 1);
}

static void plot_command(struct picture *p)
{
	u32 i;

	fputs("plot ", p->f->gp);
	for (i = STYLES; i-- > 0;)
		fprintf(p->f->gp, "%s index 0 using 1:%u with linespoints ls %u%s",
			i == STYLES - 1 ? "DATA" : "''", i + 2, i + 1, i ? ", \\\n     " : "\n");
}

static void draw_picture(struct picture *p)
{
	find_range(p);
	figure_size(p->f, TOP + PLOT + BOTTOM, "Free memory by the size of its blocks");
	figure_margins(p->f, 104, RIGHT, BOTTOM, TOP);
	figure_caption(p->f, p->q->runs, 1);
	figure_axis_names(p->f, "time (ms)", NULL, "free memory (MB)");
	styles(p);
	axes(p);
	legend(p);
	write_rows(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = q->n_runs == 1 ? read_blocks(&p) : xstrdup("it shows one run; name one");

	if (!bad)
		draw_picture(&p);
	blocks_table_fini(&p.t);
	return bad;
}

const struct plot_kind plot_blocks = { .name = "blocks",
				       .help = "free memory by the size of its blocks, over time",
				       .draw = draw };
