/*
 * The timeline of a run: a lane a core, kernel thread and device, and what its time went to, out of
 * events.json. Time is cut into pieces a little wider than a line; in each the kernel's parts stand on the
 * lane's base line as high as their share of the piece, the program's above them, and the rest is idle. What
 * is there at all is drawn at least MIN_SHARE high, so that a single fault is seen. For single events there
 * is ui.perfetto.dev.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/events_share.h"
#include "analysis/format.h"
#include "model/base/error.h"

#define TOP       58u
#define AXIS      74u /* tick labels and the axis' name */
#define CAPTION   34u
#define LEGEND    22u /* height of a row */
#define COLUMNS   3u
#define LEFT      104u
#define RIGHT     24u
#define PIECES    256u
#define GAP       0.18 /* between lanes, of a lane */
#define MIN_SHARE 0.035
#define MAX_MARKS 8u
#define OOM_STYLE 9u

/* The kernel's parts have the colours of the cycle stack where it shows the same. */
static const char *const colours[NR_SHARE_PARTS] = {
	"#CC79A7", "#7A1F4F", "#D55E00", "#E69F00", "#0072B2",
	"#56B4E9", "#707070", "#009E73", "#8FBF7F", "#DDDDDD",
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct events_table t;
	struct events_shares s;
	u32 shown[NR_SHARE_PARTS], n_shown;
	u32 block[NR_SHARE_PARTS]; /* of the data file */
	u32 oom;                   /* block, ~0: none */
	double unit;               /* cycles of a unit of the time axis */
	const char *unit_name;
};

static char *read_events(struct picture *p)
{
	char *path = xasprintf("%s/" EVENTS_FILE, p->q->runs[0].dir), *bad = events_read(&p->t, path);

	if (!bad && !p->t.n)
		bad = xasprintf("'%s' tells of nothing", path);
	free(path);
	return bad;
}

static void choose_parts(struct picture *p)
{
	u32 i;

	for (i = 0; i < NR_SHARE_PARTS; i++)
		if (p->s.all[i] > 0)
			p->shown[p->n_shown++] = i;
}

static void choose_unit(struct picture *p)
{
	double hz = (double)p->q->runs[0].hz;

	p->unit = hz * figure_time_unit((double)(p->s.to - p->s.from) / hz, &p->unit_name);
}

static double time_of(const struct picture *p, double cycle)
{
	return (cycle - (double)p->s.from) / p->unit;
}

static double piece_edge(const struct picture *p, u32 i)
{
	return time_of(p, (double)p->s.from + (double)(p->s.to - p->s.from) * i / PIECES);
}

/* ---- data ---- */

/* The first lane is on top; each is 1 high. */
static double base_of(const struct picture *p, u32 lane)
{
	return (double)(p->s.n_lanes - 1 - lane) + GAP / 2;
}

struct box {
	double x0, x1, y0, y1;
};

static bool joins(const struct box *a, const struct box *b)
{
	return a->x1 == b->x0 && fabs(a->y0 - b->y0) < 1e-9 && fabs(a->y1 - b->y1) < 1e-9;
}

/* gnuplot does not count blocks without data: one is begun by its first box. */
static void write_box(struct picture *p, u32 which, const struct box *b)
{
	if (b->x1 <= b->x0)
		return;
	if (p->block[which] == ~0u) {
		p->block[which] = figure_block(p->f, share_part_name[p->shown[which]]);
		fprintf(p->f->dat, "# left, bottom, left, right (%s), bottom, top (lanes)\n", p->unit_name);
	}
	fprintf(p->f->dat, "%.7g %.5g %.7g %.7g %.5g %.5g\n", b->x0, b->y0, b->x0, b->x1, b->y0, b->y1);
}

/* How high a part stands in a piece, of a lane; the parts below it have taken `taken` already. */
static double height_of(const struct picture *p, const struct share_lane *l, u32 piece, u32 part,
			double taken)
{
	double whole = (double)(p->s.to - p->s.from) / PIECES, share = l->cycles[piece][part] / whole;

	if (share <= 0 || taken >= 1)
		return 0;
	if (part != SHARE_PROGRAM)
		share = fmax(share, MIN_SHARE);
	return fmin(share, 1 - taken);
}

/* Pieces that look alike are one box. */
static void write_lane(struct picture *p, u32 lane, u32 which, double taken[PIECES])
{
	struct box last = { 0 }, b;
	double height, base = base_of(p, lane);
	u32 i;

	for (i = 0; i < PIECES; i++) {
		height = height_of(p, &p->s.lane[lane], i, p->shown[which], taken[i]);
		b = (struct box){ piece_edge(p, i), piece_edge(p, i + 1), base + taken[i] * (1 - GAP),
				  base + (taken[i] + height) * (1 - GAP) };
		taken[i] += height;
		if (height > 0 && joins(&last, &b)) {
			last.x1 = b.x1;
			continue;
		}
		write_box(p, which, &last);
		last = height > 0 ? b : (struct box){ 0 };
	}
	write_box(p, which, &last);
}

static void write_parts(struct picture *p)
{
	double(*taken)[PIECES] = xcalloc(p->s.n_lanes, sizeof(*taken));
	u32 i, lane;

	for (i = 0; i < p->n_shown; i++) {
		p->block[i] = ~0u;
		for (lane = 0; lane < p->s.n_lanes; lane++)
			write_lane(p, lane, i, taken[lane]);
	}
	free(taken);
}

/* Ends of processes, above their lanes. */
static void write_ends(struct picture *p)
{
	const struct share_lane *l;
	u32 i;

	p->oom = ~0u;
	for (i = 0; i < p->t.n; i++) {
		const struct events_row *r = &p->t.row[i];

		if (r->kind != TL_OOM_KILL && r->kind != TL_FAULT_OOM && r->kind != TL_FAULT_SEGV)
			continue;
		if (p->oom == ~0u)
			p->oom = figure_block(p->f, "processes that were ended: when, and on which lane");
		l = events_share_lane(&p->s, &p->t.lane[r->lane]);
		fprintf(p->f->dat, "%.7g %.5g\n", time_of(p, (double)r->end),
			base_of(p, (u32)(l - p->s.lane)) + (1 - GAP));
	}
}

/* Named places, where there are few. */
static void draw_marks(const struct picture *p)
{
	u32 i, n = 0;

	for (i = 0; i < p->t.n; i++)
		n += p->t.row[i].text != NULL;
	for (i = 0; n <= MAX_MARKS && i < p->t.n; i++) {
		const struct events_row *r = &p->t.row[i];
		struct text a;

		if (!r->text)
			continue;
		fprintf(p->f->gp,
			"set arrow from %.7g, graph 0 to %.7g, graph 1.02 nohead lw 1 dt 2 lc rgb "
			"'" FIGURE_INK "' front\nset label ",
			time_of(p, (double)r->start), time_of(p, (double)r->start));
		figure_quote(p->f->gp, format_clip(&a, r->text, 14));
		fprintf(p->f->gp,
			" at %.7g, graph 1.02 center offset 0,0.6 font ',%u' textcolor rgb '" FIGURE_INK
			"'\n",
			time_of(p, (double)r->start), FIGURE_CAPTION);
	}
}

/* ---- around it ---- */

static u32 lane_height(const struct picture *p)
{
	u32 height = 440 / MAX(p->s.n_lanes, 1);

	return MAX(MIN(height, 52), 15);
}

static void lane_names(const struct picture *p)
{
	double height = lane_height(p), top = p->f->height - TOP;
	u32 i;

	fputs("unset ytics\n", p->f->gp);
	for (i = 0; i < p->s.n_lanes; i++)
		figure_text(p->f, LEFT - 10.0, top - (i + 0.5) * height, "right", FIGURE_SMALL, FIGURE_INK,
			    p->s.lane[i].name);
	for (i = 0; i <= p->s.n_lanes; i++)
		fprintf(p->f->gp,
			"set arrow from graph 0, first %u to graph 1, first %u nohead lw 0.5 lc rgb "
			"'#CCCCCC' back\n",
			i, i);
}

/* "reclaim 1.20 ms, 3.1 %": of the time of all cores. */
static char *part_text(const struct picture *p, u32 part)
{
	double cores = 0, all;
	struct text a;
	u32 i;

	for (i = 0; i < p->s.n_lanes; i++)
		cores += p->s.lane[i].pid == EVENTS_PID_CORES;
	all = cores * (double)(p->s.to - p->s.from);
	if (part == SHARE_IO)
		return xasprintf("%s (%s)", share_part_name[part],
				 format_seconds(&a, p->s.all[part] / (double)p->q->runs[0].hz));
	return xasprintf("%s (%s, %.*f %%)", share_part_name[part],
			 format_seconds(&a, p->s.all[part] / (double)p->q->runs[0].hz),
			 100 * p->s.all[part] < all ? 2 : 1, 100 * p->s.all[part] / all);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->n_shown + (p->oom != ~0u) + COLUMNS - 1) / COLUMNS;
}

static void legend(const struct picture *p)
{
	double x, y;
	char *name;
	u32 i, row;

	for (i = 0; i < p->n_shown + (p->oom != ~0u); i++) {
		x = 24 + i % COLUMNS * (FIGURE_WIDTH - 40.0) / COLUMNS;
		row = i / COLUMNS;
		y = CAPTION + (legend_rows(p) - row - 0.5) * LEGEND;
		if (i == p->n_shown) {
			figure_point_sample(p->f, x + 7, y, OOM_STYLE);
			figure_text(p->f, x + 22, y, "left", FIGURE_SMALL, FIGURE_INK, "process ended");
			continue;
		}
		name = part_text(p, p->shown[i]);
		figure_box_sample(p->f, x, y, colours[p->shown[i]]);
		figure_text(p->f, x + 22, y, "left", FIGURE_SMALL, FIGURE_INK, name);
		free(name);
	}
}

static void axes(const struct picture *p)
{
	char name[32];

	snprintf(name, sizeof(name), "time (%s)", p->unit_name);
	figure_axis_names(p->f, name, NULL, NULL);
	fprintf(p->f->gp,
		"set border 1\nunset grid\nset grid xtics lt 1 lw 0.5 lc rgb '#CCCCCC' dt 1\n"
		"set xrange [0:%.10g]\nset yrange [0:%u]\n",
		time_of(p, (double)p->s.to), p->s.n_lanes);
	if (p->t.left_out)
		figure_text(p->f, FIGURE_WIDTH - RIGHT, p->f->height - 22.0, "right", FIGURE_SMALL, "#D55E00",
			    "cut at the limit of events");
	else
		figure_text(p->f, FIGURE_WIDTH - RIGHT, p->f->height - 22.0, "right", FIGURE_SMALL,
			    FIGURE_GREY, "height: share of the time; white: idle");
}

static void plot_command(const struct picture *p)
{
	const char *next = "plot DATA";
	FILE *gp = p->f->gp;
	u32 i;

	for (i = 0; i < p->n_shown; i++) {
		if (p->block[i] == ~0u)
			continue;
		fprintf(gp, "%s index %u using 1:2:3:4:5:6 with boxxyerror fs solid 1 noborder lc rgb '%s'",
			next, p->block[i], colours[p->shown[i]]);
		next = ", \\\n     ''";
	}
	if (p->oom != ~0u)
		fprintf(gp, ", \\\n     '' index %u using 1:2 with points ls %u", p->oom, OOM_STYLE);
	fputc('\n', gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom;

	choose_parts(p);
	choose_unit(p);
	write_parts(p);
	write_ends(p);
	bottom = CAPTION + AXIS + LEGEND * legend_rows(p);
	figure_size(p->f, TOP + lane_height(p) * p->s.n_lanes + bottom, "What the kernel did, and when");
	figure_margins(p->f, LEFT, RIGHT, bottom, TOP);
	figure_caption(p->f, p->q->runs, 1);
	fprintf(p->f->gp, "set style line %u lc rgb '#000000' pt 11 ps 0.9\n", OOM_STYLE);
	axes(p);
	lane_names(p);
	draw_marks(p);
	legend(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = q->n_runs == 1 ? read_events(&p) : xstrdup("it shows one run; name one");

	if (bad)
		return bad;
	events_shares_of(&p.t, PIECES, &p.s);
	if (p.s.to == p.s.from)
		bad = xstrdup("nothing in its events.json took any time");
	else
		draw_picture(&p);
	events_shares_fini(&p.s);
	events_table_fini(&p.t);
	return bad;
}

const struct plot_kind plot_timeline = {
	.name = "timeline",
	.help = "what each core's time went to: faults, reclaim, shootdown, ...; of replay --timeline",
	.draw = draw
};
