/*
 * Addresses over time: which pages a recording touches while it runs. Pages that are touched at all stand one
 * above the other in the order of their addresses, without the gaps between them, against the instructions
 * executed so far; what is mapped there is named at the right.
 */
#include "plots/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/address_map.h"
#include "analysis/format.h"
#include "model/base/error.h"

#define TOP     48u
#define PLOT    420u
#define AXIS    74u
#define LEGEND  22u
#define CAPTION 34u
#define LEFT    104u
#define RIGHT   176u
#define ROWS    280u /* of the picture, at most */
#define NAME    13.0 /* pixels that a name needs */

static const struct {
	const char *name, *colour;
} uses[NR_ADDRESS_USES] = {
	[ADDRESS_FETCHED] = { "code executed", "#009E73" },
	[ADDRESS_LOADED] = { "read", "#56B4E9" },
	[ADDRESS_STORED] = { "written", "#D55E00" },
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct address_map m;
	u32 rows, columns;
	/* What a cell shows: 1 + enum address_use, 0: nothing. */
	u8 (*cell)[ADDRESS_MAP_COLUMNS];
	u32 block[NR_ADDRESS_USES];
	bool used[NR_ADDRESS_USES];
	double unit; /* instructions */
	const char *unit_name;
};

/* Of several uses the last one is shown. */
static void fill_cells(struct picture *p)
{
	u32 i, use, column;

	p->rows = MIN(p->m.n, ROWS);
	p->columns = (u32)((p->m.insns + p->m.stretch - 1) / p->m.stretch);
	p->cell = xcalloc(p->rows, sizeof(*p->cell));
	for (i = 0; i < p->m.n; i++) {
		u8 *cell = p->cell[(u64)i * p->rows / p->m.n];

		for (use = 0; use < NR_ADDRESS_USES; use++)
			for (column = 0; column < p->columns; column++)
				if (address_piece_used(&p->m.piece[i], use, column))
					cell[column] = MAX(cell[column], (u8)(use + 1));
	}
}

/* gnuplot does not count blocks without data: one is begun by its first box. */
static void write_box(struct picture *p, u32 use, u32 row, u32 from, u32 to)
{
	double height = (double)p->m.n / p->rows, left = (double)(from * p->m.stretch) / p->unit;
	double right = (double)MIN(to * p->m.stretch, p->m.insns) / p->unit;

	if (!p->used[use]) {
		p->used[use] = true;
		p->block[use] = figure_block(p->f, uses[use].name);
		fprintf(p->f->dat, "# left, bottom, left, right (%s), bottom, top (pieces of memory)\n",
			p->unit_name);
	}
	fprintf(p->f->dat, "%.7g %.7g %.7g %.7g %.7g %.7g\n", left, row * height, left, right, row * height,
		(row + 1) * height);
}

/* Neighbours of one use in a row are one box. */
static void write_row(struct picture *p, u32 row, u32 use)
{
	u32 from, to;

	for (from = 0; from < p->columns; from = to) {
		for (to = from + 1; to < p->columns && p->cell[row][to] == p->cell[row][from]; to++)
			;
		if (p->cell[row][from] == use + 1)
			write_box(p, use, row, from, to);
	}
}

static void write_cells(struct picture *p)
{
	u32 use, row;

	for (use = 0; use < NR_ADDRESS_USES; use++)
		for (row = 0; row < p->rows; row++)
			write_row(p, row, use);
}

/* Of the horizontal axis. */
static void choose_unit(struct picture *p)
{
	p->unit = p->m.insns >= 2000000 ? 1e6 : p->m.insns >= 2000 ? 1e3 : 1;
	p->unit_name = p->unit > 1e3 ? "million instructions"
		       : p->unit > 1 ? "thousand instructions"
				     : "instructions";
}

/* ---- names ---- */

static bool same_mapping(const struct address_piece *a, const struct address_piece *b)
{
	return a->pid == b->pid && !strcmp(a->name, b->name);
}

/* Whether the pieces are of several processes. */
static bool several_processes(const struct picture *p)
{
	return p->m.piece[0].pid != p->m.piece[p->m.n - 1].pid;
}

static void draw_name(const struct picture *p, u32 from, u32 to)
{
	double pixel = (double)PLOT / p->m.n, bottom = p->f->bottom;
	const struct address_piece *piece = &p->m.piece[from];
	char *name;
	struct text a;

	fprintf(p->f->gp,
		"set arrow from graph 0, first %u to graph 1.02, first %u nohead lw 0.5 lc rgb '#999999' "
		"front\n",
		to, to);
	if ((to - from) * pixel < NAME)
		return;
	name = several_processes(p) ? xasprintf("%s (%u)", format_base(piece->name), piece->pid)
				    : xstrdup(format_base(piece->name));
	figure_text(p->f, FIGURE_WIDTH - RIGHT + 14.0, bottom + (from + to) / 2.0 * pixel, "left",
		    FIGURE_SMALL, FIGURE_INK, format_clip(&a, name, 20));
	free(name);
}

static void draw_names(const struct picture *p)
{
	u32 from, to;

	for (from = 0; from < p->m.n; from = to) {
		for (to = from + 1; to < p->m.n && same_mapping(&p->m.piece[from], &p->m.piece[to]); to++)
			;
		draw_name(p, from, to);
	}
}

/* ---- around it ---- */

static void legend(const struct picture *p)
{
	double x = 24;
	u32 use;

	for (use = 0; use < NR_ADDRESS_USES; use++) {
		if (!p->used[use])
			continue;
		figure_box_sample(p->f, x, CAPTION + LEGEND / 2.0, uses[use].colour);
		figure_text(p->f, x + 22, CAPTION + LEGEND / 2.0, "left", FIGURE_TEXT, FIGURE_INK,
			    uses[use].name);
		x += 200;
	}
}

static void caption(const struct picture *p)
{
	char *line = xasprintf("trace %.80s  \u00b7  mmsim %s", format_base(p->q->tables[0]), p->q->version);

	figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, line);
	free(line);
}

/* Whole numbers of pieces, about five of them: 1, 2 or 5 times a power of ten. */
static void piece_ticks(const struct picture *p)
{
	static const double times[] = { 2, 2.5, 2 }; /* 1, 2, 5, 10 */
	const char *comma = "";
	struct text a;
	double step = 1;
	u32 i;

	for (i = 0; step * 6 < p->m.n; i++)
		step *= times[i % 3];
	fputs("set ytics (", p->f->gp);
	for (i = 0; i * step <= p->m.n; i++, comma = ", ")
		fprintf(p->f->gp, "%s'%s' %.10g", comma, format_count(&a, (u64)(i * step)), i * step);
	fputs(")\n", p->f->gp);
}

static void axes(const struct picture *p)
{
	char *y = xasprintf("touched memory, by address (%s%" PRIu64 " KB)",
			    p->m.piece_bytes == 4096 ? "pages of " : "pieces of ", p->m.piece_bytes >> 10);

	figure_axis_names(p->f, p->unit_name, NULL, y);
	free(y);
	piece_ticks(p);
	fprintf(p->f->gp, "unset grid\nset xrange [0:%.10g]\nset yrange [0:%u]\n",
		(double)p->m.insns / p->unit, p->m.n);
}

static void plot_command(const struct picture *p)
{
	const char *next = "plot DATA";
	u32 use;

	for (use = 0; use < NR_ADDRESS_USES; use++) {
		if (!p->used[use])
			continue;
		fprintf(p->f->gp,
			"%s index %u using 1:2:3:4:5:6 with boxxyerror fs solid 1 noborder lc rgb '%s'", next,
			p->block[use], uses[use].colour);
		next = ", \\\n     DATA";
	}
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	const u32 bottom = CAPTION + AXIS + LEGEND;

	choose_unit(p);
	fill_cells(p);
	write_cells(p);
	figure_size(p->f, TOP + PLOT + bottom, "Addresses over time");
	figure_margins(p->f, LEFT, RIGHT, bottom, TOP);
	caption(p);
	axes(p);
	draw_names(p);
	legend(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = q->n_tables == 1 ? address_map_read(&p.m, q->tables[0])
				     : xstrdup("it shows one recording; name one");

	if (!bad && !p.m.n)
		bad = xasprintf("'%s' touches no memory", q->tables[0]);
	if (!bad)
		draw_picture(&p);
	free(p.cell);
	address_map_fini(&p.m);
	return bad;
}

const struct plot_kind plot_map = {
	.name = "map",
	.help = "which pages a recording touches, over time; of a recording, not a run",
	.takes_tables = true,
	.draw = draw,
	.table = PLOT_RECORDINGS
};
