#include "plots/panel.h"

#include <math.h>
#include <stdio.h>

#include "analysis/format.h"

#define PLOT_SHARE 0.74 /* of a panel's height; above it stands its title */
#define STEPS      4.0  /* of the scale, about */
#define ROW        19.0 /* of a legend */

/* 1, 2 or 5 times a power of ten, such that about STEPS of them are the highest value. */
static double step_of(const struct panel *p)
{
	double about = fmax(p->high, 1e-9) / STEPS, power = pow(10, floor(log10(about)));

	if (about <= 1.0001 * power)
		return power;
	return about <= 2 * power ? 2 * power : about <= 5 * power ? 5 * power : 10 * power;
}

void panel_scale(struct panel *p)
{
	double step = step_of(p);

	if (p->log)
		p->end = pow(10, ceil(log10(fmax(p->high, 10))));
	else
		p->end = step * fmax(1, ceil(p->high / step - 1e-6));
}

/* Where tick i is, the first one at 0; false: beyond the end. */
static bool tick(const struct panel *p, u32 i, double *v)
{
	*v = p->log && i ? pow(10, i - 1.0) : i * step_of(p);
	return *v <= p->end * 1.0001;
}

static double bottom(const struct panel *p)
{
	return p->of - 1 - p->number;
}

double panel_y(const struct panel *p, double value)
{
	double share = p->log ? log10(1 + value) / log10(1 + p->end) : value / p->end;

	return bottom(p) + PLOT_SHARE * share;
}

/* Pixels of the canvas. */
static double pixel_y(const struct figure *f, const struct panel *p, double y)
{
	return f->bottom + y / p->of * (f->height - f->top - f->bottom);
}

void panel_frame(struct figure *f, const struct panel *p)
{
	char title[128];
	double v;
	u32 i;

	for (i = 0; tick(p, i, &v); i++)
		fprintf(f->gp,
			"set arrow from graph 0, first %.6g to graph 1, first %.6g nohead lw %s lc rgb '%s' "
			"back\n",
			panel_y(p, v), panel_y(p, v), v > 0 ? "0.5" : "1", v > 0 ? "#CCCCCC" : FIGURE_GREY);
	snprintf(title, sizeof(title), "%s%s", p->title, p->log ? " (logarithmic)" : "");
	figure_text(f, f->left, pixel_y(f, p, bottom(p) + PLOT_SHARE) + 16, "left", FIGURE_TEXT, FIGURE_INK,
		    title);
}

static const char *label(struct text *t, double v)
{
	if (v >= 1e6)
		snprintf(t->s, sizeof(t->s), "%g M", v / 1e6);
	else if (v >= 1000 && v == floor(v))
		format_count(t, (u64)v);
	else
		snprintf(t->s, sizeof(t->s), "%g", v);
	return t->s;
}

void panels_ticks(struct figure *f, const struct panel *p, u32 n)
{
	const char *comma = "";
	struct text t;
	double v;
	u32 i, k;

	fputs("set ytics scale 0 (", f->gp);
	for (i = 0; i < n; i++) {
		for (k = 0; tick(&p[i], k, &v); k++, comma = ", ")
			fprintf(f->gp, "%s'%s' %.6g", comma, p[i].log && v == 1 ? "" : label(&t, v),
				panel_y(&p[i], v)); /* that of 0 is too near */
	}
	fprintf(f->gp, ") font ',%u'\nset yrange [0:%u]\n", FIGURE_SMALL, n);
}

void panel_legend(struct figure *f, const struct panel *p, u32 row, u32 style, const char *name)
{
	double x = FIGURE_WIDTH - PANEL_RIGHT + 14.0,
	       y = pixel_y(f, p, bottom(p) + PLOT_SHARE) - 6 - row * ROW;

	figure_line_sample(f, x, y, style);
	figure_text(f, x + 38, y, "left", FIGURE_SMALL, FIGURE_INK, name);
}
