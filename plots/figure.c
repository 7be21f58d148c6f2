#include "plots/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/out.h"
#include "model/base/error.h"
#include "plots/gnuplot.h"

/*
 * M. Okabe and K. Ito, "Color Universal Design" (2008): eight colours that readers with any common colour
 * blindness tell apart. The light yellow comes last: it is too pale for a line on white.
 */
const char *const figure_palette[8] = {
	"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
};

void figure_begin(struct figure *f, const char *dir, const char *stem)
{
	*f = (struct figure){ .dir = xstrdup(dir), .stem = xstrdup(stem) };
	f->gp = open_memstream(&f->gp_text, &f->gp_size);
	f->dat = open_memstream(&f->dat_text, &f->dat_size);
	if (!f->gp || !f->dat)
		fail("out of host memory for a plot");
}

char *figure_list(const char *const *text, u32 n)
{
	char *all = xstrdup(""), *longer;
	u32 i;

	for (i = 0; i < n; i++) {
		longer = xasprintf("%s%s%s", all, i ? ", " : "", text[i]);
		free(all);
		all = longer;
	}
	return all;
}

/* Bytes of the UTF-8 character that s begins with, 0 if it is none. */
static u32 utf8_bytes(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	u32 n = *c < 0x80 ? 1 : *c < 0xc2 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : *c < 0xf5 ? 4 : 0, i;

	for (i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void quote_char(FILE *gp, const char *s, u32 bytes)
{
	if (!bytes)
		fputc('?', gp);
	else if (*s == '\'')
		fputs("''", gp);
	else if ((unsigned char)*s < ' ')
		fputc(' ', gp);
	else
		fwrite(s, 1, bytes, gp);
}

void figure_quote(FILE *gp, const char *s)
{
	u32 bytes;

	fputc('\'', gp);
	for (; *s; s += MAX(bytes, 1u)) {
		bytes = utf8_bytes(s);
		quote_char(gp, s, bytes);
	}
	fputc('\'', gp);
}

void figure_size(struct figure *f, u32 height, const char *heading)
{
	f->height = height;
	fputs("set border 3 lw 1 lc rgb '" FIGURE_GREY "'\n"
	      "set tics nomirror out textcolor rgb '" FIGURE_INK "'\n"
	      "set grid lt 1 lw 0.5 lc rgb '#CCCCCC' dt 1\n"
	      "unset key\n",
	      f->gp);
	figure_text(f, 14, height - 22, "left", FIGURE_HEADING, "#000000", heading);
}

void figure_margins(struct figure *f, u32 left, u32 right, u32 bottom, u32 top)
{
	double w = FIGURE_WIDTH, h = f->height;

	f->left = left;
	f->right = right;
	f->bottom = bottom;
	f->top = top;
	fprintf(f->gp, "set lmargin at screen %.5f\nset rmargin at screen %.5f\n", left / w, (w - right) / w);
	fprintf(f->gp, "set bmargin at screen %.5f\nset tmargin at screen %.5f\n", bottom / h, (h - top) / h);
}

void figure_text(struct figure *f, double x, double y, const char *align, u32 size, const char *colour,
		 const char *s)
{
	fputs("set label ", f->gp);
	figure_quote(f->gp, s);
	fprintf(f->gp, " at screen %.5f, screen %.5f %s font ',%u' textcolor rgb '%s' front\n",
		x / FIGURE_WIDTH, y / f->height, align, size, colour);
}

/* By hand: where gnuplot puts them depends on the terminal. */
void figure_axis_names(struct figure *f, const char *x, const char *x2, const char *y)
{
	double middle = (f->left + FIGURE_WIDTH - f->right) / 2.0;

	if (x)
		figure_text(f, middle, f->bottom - 56.0, "center", FIGURE_NAME, FIGURE_INK, x);
	if (x2)
		figure_text(f, middle, f->height - f->top + 54.0, "center", FIGURE_NAME, FIGURE_INK, x2);
	if (!y)
		return;
	fputs("set label ", f->gp);
	figure_quote(f->gp, y);
	fprintf(f->gp,
		" at screen %.5f, screen %.5f center rotate font ',%u' textcolor rgb '" FIGURE_INK "'\n",
		18.0 / FIGURE_WIDTH, (f->bottom + f->height - f->top) / 2.0 / f->height, FIGURE_NAME);
}

void figure_line_sample(struct figure *f, double x, double y, u32 style)
{
	fprintf(f->gp, "set arrow from screen %.5f, screen %.5f to screen %.5f, screen %.5f nohead ls %u\n",
		x / FIGURE_WIDTH, y / f->height, (x + 30) / FIGURE_WIDTH, y / f->height, style);
}

void figure_box_sample(struct figure *f, double x, double y, const char *colour)
{
	fprintf(f->gp,
		"set object rectangle from screen %.5f, screen %.5f to screen %.5f, screen %.5f "
		"fillcolor rgb '%s' fillstyle solid 1 border lc rgb '#FFFFFF'\n",
		x / FIGURE_WIDTH, (y - 6) / f->height, (x + 14) / FIGURE_WIDTH, (y + 6) / f->height, colour);
}

void figure_line_styles(struct figure *f, u32 n)
{
	static const char *const dashes[] = { "1", "'-'", "'.'", "'-.'" };
	u32 i;

	for (i = 0; i < n; i++)
		fprintf(f->gp, "set style line %u lc rgb '%s' lw 2 dt %s pt 7 ps 0.45\n", i + 1,
			figure_palette[i % 7], dashes[i / 7 % ARRAY_SIZE(dashes)]);
}

void figure_point_style(struct figure *f, u32 style)
{
	static const u32 symbols[] = { 4, 6, 8, 10, 12, 2 }; /* square, circle, triangles, diamond, cross */

	fprintf(f->gp, "set style line %u lc rgb '#000000' lw 1.6 pt %u ps 0.8\n", style,
		symbols[style % ARRAY_SIZE(symbols)]);
}

void figure_point_sample(struct figure *f, double x, double y, u32 style)
{
	fprintf(f->gp, "set label '' at screen %.5f, screen %.5f point ls %u front\n", x / FIGURE_WIDTH,
		y / f->height, style);
}

#define CAPTION_MAX 6u /* names of one kind; more are counted only */

static const char *member_of(const struct run *run, size_t member)
{
	return *(char *const *)((const char *)run + member);
}

static bool said_before(const struct run *runs, u32 at, size_t member)
{
	u32 i;

	for (i = 0; i < at; i++)
		if (!strcmp(member_of(&runs[at], member), member_of(&runs[i], member)))
			return true;
	return false;
}

/* "trace a, b": the different values of a member; "12 traces" if they are many. */
static char *distinct(const struct run *runs, u32 n, const char *name, size_t member)
{
	char *list = xstrdup(name), *longer;
	u32 i, count = 0;

	for (i = 0; i < n; i++) {
		if (said_before(runs, i, member))
			continue;
		longer = xasprintf("%s%s %s", list, count++ ? "," : "", member_of(&runs[i], member));
		free(list);
		list = longer;
	}
	if (count <= CAPTION_MAX)
		return list;
	free(list);
	return xasprintf("%u %ss", count, name);
}

#define CAPTION_PARTS 4u
#define CAPTION_WIDTH 114u /* characters, what stands between the lists not counted */

/* Takes away from the longest of the lists until they fit the line. */
static void fit(char *const list[CAPTION_PARTS], u32 width[CAPTION_PARTS])
{
	u32 i, longest, all;

	for (i = 0; i < CAPTION_PARTS; i++)
		width[i] = MAX((u32)strlen(list[i]), 5u);
	for (;; width[longest]--) {
		for (i = longest = all = 0; i < CAPTION_PARTS; i++) {
			all += width[i];
			longest = width[i] > width[longest] ? i : longest;
		}
		if (all <= CAPTION_WIDTH)
			return;
	}
}

void figure_caption(struct figure *f, const struct run *runs, u32 n)
{
	static const struct {
		const char *name;
		size_t member;
	} says[CAPTION_PARTS] = {
		{ "machine", offsetof(struct run, machine) },
		{ "kernel", offsetof(struct run, kernel) },
		{ "trace", offsetof(struct run, traces) },
		{ "mmsim", offsetof(struct run, version) },
	};
	char line[1024] = "", *list[CAPTION_PARTS];
	u32 width[CAPTION_PARTS], i, at = 0;
	struct text t;

	for (i = 0; i < CAPTION_PARTS; i++)
		list[i] = distinct(runs, n, says[i].name, says[i].member);
	fit(list, width);
	for (i = 0; i < CAPTION_PARTS; i++) {
		at += (u32)snprintf(line + at, sizeof(line) - at, "%s%s", i ? "  \u00b7  " : "",
				    format_clip(&t, list[i], width[i]));
		free(list[i]);
	}
	figure_text(f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, line);
}

u32 figure_block(struct figure *f, const char *comment)
{
	const char *c;

	if (f->n_blocks)
		fputs("\n\n", f->dat);
	fputs("# ", f->dat);
	for (c = comment; *c; c++)
		fputc((unsigned char)*c < ' ' ? ' ' : *c, f->dat);
	fputc('\n', f->dat);
	return f->n_blocks++;
}

/* 0.2, 5, 1,000 or 1 M: what stands at a tick. */
static const char *tick_label(struct text *t, double v)
{
	if (v < 1)
		snprintf(t->s, sizeof(t->s), "%g", v);
	else if (v < 1e6)
		format_count(t, (u64)(v + 0.5));
	else
		snprintf(t->s, sizeof(t->s), "%g%c",
			 v >= 1e12  ? v / 1e12
			 : v >= 1e9 ? v / 1e9
				    : v / 1e6,
			 v >= 1e12  ? 'T'
			 : v >= 1e9 ? 'G'
				    : 'M');
	return t->s;
}

/*
 * Whether the tick at m times a power of ten gets a label: the more room a power of ten has, the more of
 * them. Labels below an axis need their own width.
 */
static bool labelled(const struct figure *f, const char *axis, u32 m, double decades)
{
	double across = (FIGURE_WIDTH - f->left - f->right) / decades;

	if (m == 1)
		return true;
	if (decades <= 1.6)
		return m <= 5 || m == 7;
	return decades <= 4.2 && (m == 2 || m == 5) && (*axis == 'y' || across >= 190);
}

void figure_log_ticks(struct figure *f, const char *axis, double low, double high, double scale)
{
	double decade, v;
	const char *comma = "";
	struct text t;
	u32 m;

	fprintf(f->gp, "set %stics (", axis);
	for (decade = pow(10, floor(log10(low / scale))); decade * scale <= high; decade *= 10) {
		for (m = 1; m < 10; m++) {
			v = decade * m;
			if (v * scale < low || v * scale > high)
				continue;
			if (labelled(f, axis, m, log10(high / low)))
				fprintf(f->gp, "%s'%s' %.10g", comma, tick_label(&t, v), v * scale);
			else
				fprintf(f->gp, "%s'' %.10g 1", comma, v * scale);
			comma = ", ";
		}
	}
	fputs(")\n", f->gp);
}

void figure_binary_ticks(struct figure *f, const char *axis, double low, double high)
{
	static const char *const suffix[] = { "", "K", "M", "G", "T" };
	int from = (int)ceil(log2(low)), to = (int)floor(log2(high)), every = (to - from) / 14 + 1, i, s;
	const char *comma = "";

	fprintf(f->gp, "set %stics (", axis);
	for (i = MAX(from, 0); i <= MIN(to, 49); i += every, comma = ", ") {
		s = i / 10;
		fprintf(f->gp, "%s'%g%s' %.10g", comma, exp2(i - 10 * s), suffix[s], exp2(i));
	}
	fputs(")\n", f->gp);
}

/* The step that makes about six of the range. */
static double linear_step(double range)
{
	double rough = range / 6, power = pow(10, floor(log10(rough)));

	return power * (rough > 5 * power ? 10 : rough > 2 * power ? 5 : rough > power ? 2 : 1);
}

void figure_linear_ticks(struct figure *f, const char *axis, double low, double high)
{
	static const char *const suffix[] = { "", "k", "M", "G", "T" };
	double step = linear_step(high - low), most = fmax(fabs(low), fabs(high)), unit = 1;
	int power = 0, decimals;
	s64 i;

	if (most >= 1e5)
		for (; power < 4 && most / unit >= 1000; power++)
			unit *= 1000;
	decimals = MAX((int)-floor(log10(step / unit) + 1e-9), 0);
	fprintf(f->gp, "set %stics (", axis);
	for (i = (s64)ceil(low / step - 1e-9); (double)i * step <= high * (1 + 1e-12); i++)
		fprintf(f->gp, "%s'%.*f%s' %.10g", i == (s64)ceil(low / step - 1e-9) ? "" : ", ", decimals,
			(double)i * step / unit, i ? suffix[power] : "", (double)i * step);
	fputs(")\n", f->gp);
}

double figure_time_unit(double seconds, const char **name)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "us" } };
	u32 i;

	for (i = 0; i + 1 < ARRAY_SIZE(units) && seconds < 2 * units[i].seconds; i++)
		;
	*name = units[i].name;
	return units[i].seconds;
}

static void write_part(const char *dir, const char *stem, const char *end, const char *text)
{
	char *name = xasprintf("%s.%s", stem, end);
	struct out o;

	out_open(&o, dir, name);
	fputs(text, o.f);
	out_close(&o);
	free(name);
}

static void figure_fini(struct figure *f)
{
	free(f->gp_text);
	free(f->dat_text);
	free(f->dir);
	free(f->stem);
}

void figure_drop(struct figure *f)
{
	fclose(f->gp);
	fclose(f->dat);
	figure_fini(f);
}

void figure_draw(struct figure *f, u32 formats)
{
	char *script;

	if (fclose(f->gp) || fclose(f->dat))
		fail("out of host memory for a plot");
	script = gnuplot_script(f, formats);
	write_part(f->dir, f->stem, "dat", f->dat_text);
	write_part(f->dir, f->stem, "gp", script);
	gnuplot_run(f->dir, f->stem, formats);
	free(script);
	figure_fini(f);
}
