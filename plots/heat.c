/*
 * One figure of a sweep against two of its keys: a tile a combination, with its value, coloured by it. Zipped
 * lists are named with the list that they go with; every other key that varies has to be given one value by
 * --only.
 *
 * The colours are those of cividis (J. R. Nunez, C. R. Anderton, R. S. Renslow, PLOS ONE 13(7), 2018), made
 * to look the same to readers with and without colour blindness, and rising in lightness, so that they also
 * print in grey.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/swept.h"

#define TOP    78u
#define BOTTOM 128u
#define LEFT   130u
#define RIGHT  110u

static const u32 cividis[] = { 0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173,
			       0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838 };

struct heat {
	struct figure *f;
	struct swept s;
	u32 x, y;         /* axes */
	double low, high; /* of the values */
	u32 tile;         /* height */
};

static u32 n_of(const struct heat *h, u32 axis)
{
	return h->s.sweep.axis[axis].values.n;
}

static u32 mix(u32 a, u32 b, double part)
{
	u32 out = 0, shift;

	for (shift = 0; shift < 24; shift += 8) {
		double x = (double)(a >> shift & 255), y = (double)(b >> shift & 255);

		out |= (u32)(x + (y - x) * part + 0.5) << shift;
	}
	return out;
}

static double share(const struct heat *h, double v)
{
	return h->high > h->low ? (v - h->low) / (h->high - h->low) : 0.5;
}

static u32 colour(double part)
{
	const u32 last = ARRAY_SIZE(cividis) - 1;
	double at = part * last;
	u32 i = MIN((u32)at, last - 1);

	return mix(cividis[i], cividis[i + 1], at - i);
}

static const char *short_number(struct text *t, double v)
{
	if (v >= 100000)
		return format_count_in(t, (u64)(v + 0.5), 6);
	snprintf(t->s, sizeof(t->s), v >= 1000 ? "%.0f" : v >= 100 ? "%.1f" : v >= 10 ? "%.2f" : "%.3f", v);
	return t->s;
}

/* ---- axes ---- */

static char *find_axes(struct heat *h, const struct plot_request *q)
{
	u32 i;

	h->x = swept_axis(&h->s, q->x, 0);
	h->y = swept_axis(&h->s, q->y, q->x ? 0 : 1);
	if (q->x && !q->y && h->y == h->x)
		h->y = swept_axis(&h->s, NULL, 1);
	if (h->x == SWEPT_NONE || h->y == SWEPT_NONE || h->x == h->y)
		return xasprintf("'%s' has no two keys that vary: name them with --x KEY --y KEY; of one, "
				 "lines are drawn",
				 h->s.dir);
	for (i = 0; i < h->s.sweep.n_axes; i++) {
		const struct sweep_axis *a = &h->s.sweep.axis[i];

		if (i != h->x && i != h->y && !a->zipped && strcmp(a->key, SWEEP_SEED) &&
		    swept_varies(&h->s, i))
			return xasprintf("%s varies, too: give it one value with --only %s=VALUE, or name it "
					 "with --x or --y",
					 a->key, a->key);
	}
	return NULL;
}

/* "48K, 12": the value and those of the lists that are zipped to it. */
static char *label(const struct heat *h, u32 axis, u32 i)
{
	char *text = swept_label(&h->s, axis, i), *one, *longer;
	u32 k;

	for (k = axis + 1; k < h->s.sweep.n_axes && h->s.sweep.axis[k].zipped; k++) {
		one = swept_label(&h->s, k, i);
		longer = xasprintf("%s, %s", text, one);
		free(text);
		free(one);
		text = longer;
	}
	return text;
}

static char *axis_name(const struct heat *h, u32 axis)
{
	char *text = swept_axis_name(&h->s, axis), *one, *longer;
	u32 k;

	for (k = axis + 1; k < h->s.sweep.n_axes && h->s.sweep.axis[k].zipped; k++) {
		one = swept_axis_name(&h->s, k);
		longer = xasprintf("%s, %s", text, one);
		free(text);
		free(one);
		text = longer;
	}
	return text;
}

static void tics(const struct heat *h, const char *name, u32 axis)
{
	struct text t;
	char *text;
	u32 i;

	fprintf(h->f->gp, "set %stics scale 0 (", name);
	for (i = 0; i < n_of(h, axis); i++) {
		text = label(h, axis, i);
		fputs(i ? ", " : "", h->f->gp);
		figure_quote(h->f->gp,
			     format_clip(&t, text, *name == 'x' ? MAX(70 / n_of(h, axis), 3u) : 13));
		fprintf(h->f->gp, " %u", i);
		free(text);
	}
	fputs(")\n", h->f->gp);
}

static void axes(struct heat *h)
{
	char *x = axis_name(h, h->x), *y = axis_name(h, h->y);

	figure_axis_names(h->f, x, NULL, y);
	fprintf(h->f->gp, "set xrange [-0.5:%.1f]\nset yrange [-0.5:%.1f]\nunset grid\nunset border\n",
		n_of(h, h->x) - 0.5, n_of(h, h->y) - 0.5);
	tics(h, "x", h->x);
	tics(h, "y", h->y);
	free(x);
	free(y);
}

/* ---- tiles ---- */

static void write_tile(struct heat *h, const struct swept_point *p)
{
	double v = p->value.mean, part = share(h, v);
	struct text t;

	if (p->value.n)
		fprintf(h->f->dat, "%u %u %u %u %.10g \"%s\"\n", p->at[h->x], p->at[h->y], colour(part),
			part < 0.55 ? 0xffffffu : 0u, v, short_number(&t, v));
	else
		fprintf(h->f->dat, "%u %u %u %u NaN \"failed\"\n", p->at[h->x], p->at[h->y], 0xeeeeee,
			0x666666);
}

static void tiles(struct heat *h)
{
	u32 size = n_of(h, h->x) <= 8 ? 15 : n_of(h, h->x) <= 12 ? 13 : 10, i;

	figure_block(h->f, "tiles: x, y, colour, ink, value, its label");
	for (i = 0; i < h->s.n; i++)
		write_tile(h, &h->s.point[i]);
	fprintf(h->f->gp,
		"plot DATA index 0 using 1:2:(0.5):(0.5):3 with boxxyerror fs solid 1 border lc rgb "
		"'#FFFFFF' "
		"lc rgb variable, \\\n"
		"     '' index 0 using 1:2:6:4 with labels font ',%u' tc rgb variable\n",
		size);
}

/* A column of colours on the right with least and greatest value. */
static void scale(struct heat *h)
{
	double x = FIGURE_WIDTH - 74.0, bottom = BOTTOM, top = h->f->height - TOP, y;
	struct text t;
	u32 i;

	for (i = 0; i < 40; i++) {
		y = bottom + (top - bottom) * i / 40;
		fprintf(h->f->gp,
			"set object rectangle from screen %.5f, screen %.5f to screen %.5f, screen %.5f "
			"fillcolor rgb "
			"'#%06X' fillstyle solid 1 noborder\n",
			x / FIGURE_WIDTH, y / h->f->height, (x + 16) / FIGURE_WIDTH,
			(y + (top - bottom) / 40 + 0.3) / h->f->height, colour((i + 0.5) / 40));
	}
	figure_text(h->f, x + 22, top - 6, "left", FIGURE_SMALL, FIGURE_INK, short_number(&t, h->high));
	figure_text(h->f, x + 22, bottom + 6, "left", FIGURE_SMALL, FIGURE_INK, short_number(&t, h->low));
}

static void range(struct heat *h)
{
	u32 i;

	h->low = INFINITY;
	h->high = -INFINITY;
	for (i = 0; i < h->s.n; i++) {
		if (!h->s.point[i].value.n)
			continue;
		h->low = fmin(h->low, h->s.point[i].value.mean);
		h->high = fmax(h->high, h->s.point[i].value.mean);
	}
}

static void draw_picture(struct heat *h, const struct plot_request *q)
{
	char *heading = swept_figure_name(&h->s);

	range(h);
	h->tile = n_of(h, h->y) <= 6 ? 44 : n_of(h, h->y) <= 12 ? 32 : 22;
	figure_size(h->f, TOP + BOTTOM + h->tile * MAX(n_of(h, h->y), 2u), heading);
	figure_margins(h->f, LEFT, RIGHT, BOTTOM, TOP);
	if (q->n_only) {
		char *only = figure_list(q->only, q->n_only);

		figure_text(h->f, 14, h->f->height - 46.0, "left", FIGURE_SMALL, FIGURE_GREY, only);
		free(only);
	}
	figure_caption(h->f, h->s.named, h->s.n_named);
	axes(h);
	scale(h);
	tiles(h);
	free(heading);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct heat h = { .f = f };
	char *bad = swept_open(&h.s, q);

	if (bad)
		return bad;
	bad = find_axes(&h, q);
	if (!bad)
		draw_picture(&h, q);
	swept_close(&h.s);
	return bad;
}

const struct plot_kind plot_heat = {
	.name = "heat",
	.help = "one figure of a sweep against two of its keys, as coloured tiles",
	.takes_sweep = true,
	.draw = draw
};
