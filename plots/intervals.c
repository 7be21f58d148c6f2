/*
 * A run over time, out of intervals.csv: pages in use and free, faults, reclaim and swapping, interrupts for
 * shootdown: a panel each, of what there is. Rates are of an interval, by a millisecond of the machine's
 * time, and stand at its middle; states stand at its end.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/intervals.h"
#include "model/base/error.h"
#include "plots/panel.h"

#define TOP        44u
#define BOTTOM     108u
#define LEFT       104u
#define MAX_SERIES 6u
#define NR_PANELS  5u
#define MAX_RATIO  8.0 /* of the highest value to the usual ones, on a linear scale */

struct series {
	const char *name, *pattern; /* of counters, or several joined by '+' */
	bool always;                /* shown though it is 0 all the time, if the panel is */
};

static const struct shown {
	const char *title;
	bool state;
	struct series series[MAX_SERIES];
} shown[NR_PANELS] = {
	{ "pages in use",
	  true,
	  { { "anonymous", "mm.rss.anon", true },
	    { "of files", "mm.rss.file", true },
	    { "swapped out", "mm.rss.swap", false },
	    { "page tables", "mm.pgtable.pages", false },
	    { "slabs", "mm.slab.pages", false } } },
	{ "free pages", true, { { "free", "mm.frames.free", true } } },
	{ "faults per millisecond",
	  false,
	  { { "cleared page", "mm.fault.zero", true },
	    { "copy on write", "mm.fault.cow", false },
	    { "file", "mm.fault.file", false },
	    { "swap", "mm.fault.swap", false },
	    { "others", "mm.fault.minor+mm.fault.major", false } } },
	{ "reclaim: pages per millisecond",
	  false,
	  { { "scanned", "mm.reclaim.scanned_kswapd+mm.reclaim.scanned_direct", true },
	    { "freed", "mm.reclaim.stolen_kswapd+mm.reclaim.stolen_direct", true },
	    { "swapped in", "mm.swap.read", false },
	    { "swapped out", "mm.swap.written", false } } },
	{ "shootdown: per millisecond",
	  false,
	  { { "interrupts", "mm.shootdown.ipis", true }, { "flushes", "mm.shootdown.waits", false } } },
};

struct picture {
	struct figure *f;
	const struct run *run;
	struct intervals_table t;
	u32 cycles, end; /* columns */
	struct panel panel[NR_PANELS];
	u32 of[NR_PANELS]; /* which of `shown` each is */
	u32 n;
	double start; /* cycle */
	double unit;  /* milliseconds of the axis' */
	const char *unit_name;
};

static double at(const struct picture *p, u32 row, u32 column)
{
	return p->t.at[(size_t)row * p->t.n_columns + column];
}

static double ms(const struct picture *p, double cycles)
{
	return 1e3 * cycles / (double)p->run->hz;
}

/* "others" are the faults that no other line shows. */
static double count(const struct picture *p, u32 row, const struct shown *s, u32 i)
{
	double n = intervals_sum(&p->t, row, s->series[i].pattern);
	u32 k;

	if (s->state || i + 1 != MAX_SERIES - 1 || !s->series[i].pattern)
		return n;
	for (k = 0; k < i; k++)
		n -= intervals_sum(&p->t, row, s->series[k].pattern);
	return fmax(n, 0);
}

static double value(const struct picture *p, u32 row, const struct shown *s, u32 i)
{
	double n = count(p, row, s, i), time = ms(p, at(p, row, p->cycles));

	return s->state ? n : time > 0 ? n / time : 0;
}

static double highest(const struct picture *p, const struct shown *s, u32 i)
{
	double high = 0;
	u32 row;

	for (row = 0; s->series[i].pattern && row < p->t.n_rows; row++)
		high = fmax(high, value(p, row, s, i));
	return high;
}

static bool is_shown(const struct picture *p, const struct shown *s, u32 i)
{
	return s->series[i].pattern && intervals_has(&p->t, s->series[i].pattern) &&
	       (s->series[i].always || highest(p, s, i) > 0);
}

struct height {
	double value, cycles;
};

static int by_value(const void *a, const void *b)
{
	const struct height *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* Above which a panel's highest line is for a tenth of the time. */
static double usual(const struct picture *p, const struct shown *s)
{
	struct height *h = xcalloc(p->t.n_rows, sizeof(*h));
	double all = 0, at_value;
	u32 row, i;

	for (row = 0; row < p->t.n_rows; row++) {
		h[row].cycles = at(p, row, p->cycles);
		all += h[row].cycles;
		for (i = 0; i < MAX_SERIES && s->series[i].pattern; i++)
			h[row].value = fmax(h[row].value, value(p, row, s, i));
	}
	qsort(h, p->t.n_rows, sizeof(*h), by_value);
	for (row = p->t.n_rows - 1, all /= 10; row && (all -= h[row].cycles) > 0; row--)
		;
	at_value = h[row].value;
	free(h);
	return at_value;
}

static void choose_panels(struct picture *p)
{
	double high;
	u32 k, i;

	for (k = 0; k < NR_PANELS; k++) {
		for (i = 0, high = 0; i < MAX_SERIES; i++)
			high = fmax(high, highest(p, &shown[k], i));
		if (high <= 0)
			continue;
		p->panel[p->n] = (struct panel){ .title = shown[k].title, .high = high, .number = p->n };
		p->of[p->n++] = k;
	}
	for (k = 0; k < p->n; k++) {
		p->panel[k].of = p->n;
		p->panel[k].log = p->panel[k].high > MAX_RATIO * usual(p, &shown[p->of[k]]);
		panel_scale(&p->panel[k]);
	}
}

static char *read_table(struct picture *p)
{
	char *path = xasprintf("%s/" INTERVALS_FILE, p->run->dir), *bad = intervals_read(&p->t, path);

	if (!bad) {
		p->cycles = intervals_column(&p->t, "cycles");
		p->end = intervals_column(&p->t, "end_cycle");
		if (p->cycles == NO_COLUMN || p->end == NO_COLUMN)
			bad = xasprintf("'%s' does not say when its intervals ended: replay it again", path);
		else if (p->t.n_rows < 2)
			bad = xasprintf("'%s' has less than two intervals: choose a smaller --interval",
					path);
		else
			choose_panels(p);
	}
	if (!bad && !p->n)
		bad = xasprintf("'%s' tells nothing of memory", path);
	free(path);
	return bad;
}

static void write_series(const struct picture *p, const struct panel *panel, const struct shown *s, u32 i)
{
	double end, half;
	u32 row;

	figure_block(p->f, s->series[i].pattern);
	fprintf(p->f->dat, "# %s, place in the picture, %s: %s\n", p->unit_name, s->title, s->series[i].name);
	for (row = 0; row < p->t.n_rows; row++) {
		end = at(p, row, p->end) - p->start;
		half = s->state ? 0 : at(p, row, p->cycles) / 2;
		fprintf(p->f->dat, "%.7g %.6g %.7g\n", ms(p, end - half) / p->unit,
			panel_y(panel, value(p, row, s, i)), value(p, row, s, i));
	}
}

/* Returns how many lines there are in the panels up to this one. */
static u32 draw_panel(const struct picture *p, u32 k, u32 lines)
{
	const struct shown *s = &shown[p->of[k]];
	u32 i, row = 0;

	panel_frame(p->f, &p->panel[k]);
	for (i = 0; i < MAX_SERIES; i++) {
		if (!is_shown(p, s, i))
			continue;
		write_series(p, &p->panel[k], s, i);
		panel_legend(p->f, &p->panel[k], row++, i + 1, s->series[i].name);
		fprintf(p->f->gp, "line%u = %u\n", lines++, i + 1);
	}
	return lines;
}

static void draw_picture(struct picture *p)
{
	const u32 last = p->t.n_rows - 1;
	const char *next = "plot DATA";
	double all;
	char name[32];
	u32 k, i, lines = 0;

	p->start = at(p, 0, p->end) - at(p, 0, p->cycles);
	all = ms(p, at(p, last, p->end) - p->start);
	p->unit = 1e3 * figure_time_unit(all / 1e3, &p->unit_name);
	figure_size(p->f, TOP + PANEL_HEIGHT * p->n + BOTTOM, "Memory and faults over time");
	figure_margins(p->f, LEFT, PANEL_RIGHT, BOTTOM, TOP);
	figure_caption(p->f, p->run, 1);
	snprintf(name, sizeof(name), "time (%s)", p->unit_name);
	figure_axis_names(p->f, name, NULL, NULL);
	figure_line_styles(p->f, MAX_SERIES);
	fprintf(p->f->gp,
		"set border 0\nunset grid\nset grid xtics lt 1 lw 0.5 lc rgb '#CCCCCC' dt 1\nset xrange "
		"[0:%.10g]\n",
		all / p->unit);
	panels_ticks(p->f, p->panel, p->n);
	for (k = 0; k < p->n; k++)
		lines = draw_panel(p, k, lines);
	for (i = lines; i-- > 0; next = ", \\\n     ''") /* the first ones on top */
		fprintf(p->f->gp, "%s index %u using 1:2 with lines ls line%u", next, i, i);
	fputc('\n', p->f->gp);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .run = q->runs };
	char *bad;

	if (q->n_runs != 1)
		return xstrdup("it shows one run; name one");
	bad = read_table(&p);
	if (!bad)
		draw_picture(&p);
	intervals_table_fini(&p.t);
	return bad;
}

const struct plot_kind plot_intervals = {
	.name = "intervals",
	.help = "memory, faults, reclaim and shootdown over time; of replay --interval",
	.draw = draw
};
