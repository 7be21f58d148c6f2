/*
 * One picture on its way to gnuplot: its data file, its script, and the visual language that all pictures
 * share: sizes, fonts, a palette that colour-blind readers can tell apart, a title, and a caption that says
 * what was measured on what.
 *
 * A picture is drawn on a canvas of logical pixels, 800 wide, so that all formats look the same; lengths here
 * are such pixels from the lower left corner. "stem.dat" and "stem.gp" stay beside the picture: `gnuplot
 * stem.gp` draws it again.
 *
 * Not here: what is drawn (one file a kind), which kinds there are (plot.h). Called by the kinds.
 */
#ifndef MMSIM_PLOTS_FIGURE_H
#define MMSIM_PLOTS_FIGURE_H

#include <stdio.h>

#include "analysis/run.h"

#define FIGURE_WIDTH 800u

struct figure {
	FILE *gp, *dat;
	char *gp_text, *dat_text; /* what the two wrote, valid after figure_draw() has closed them */
	size_t gp_size, dat_size;
	char *dir, *stem;
	u32 height;
	u32 left, right, bottom, top; /* margins around the axes */
	u32 n_blocks;                 /* of the data file */
};

/* Formats of a picture, by the end of the file name. */
enum { FIGURE_SVG = 1, FIGURE_PNG = 2, FIGURE_PDF = 4 };

/* Begins a picture dir/stem.*; heading says what is plotted. */
void figure_begin(struct figure *f, const char *dir, const char *stem);
void figure_size(struct figure *f, u32 height, const char *heading);
/* Where the axes stand, in pixels from the edges of the canvas. */
void figure_margins(struct figure *f, u32 left, u32 right, u32 bottom, u32 top);
/* Names below, above and left of the axes, after figure_margins(); NULL: none. */
void figure_axis_names(struct figure *f, const char *x, const char *x2, const char *y);
/* The caption of a picture of these runs: machine, kernel, trace, version. */
void figure_caption(struct figure *f, const struct run *runs, u32 n);
/* Writes data and script and runs gnuplot; fails naming what went wrong. Frees what f holds. */
void figure_draw(struct figure *f, u32 formats);
/* Gives up a begun figure. */
void figure_drop(struct figure *f);

/* "a, b": texts joined; a new string. */
char *figure_list(const char *const *text, u32 n);

/* A string as gnuplot reads it: quoted, quotes doubled; control characters blank, what is no UTF-8 a '?'. */
void figure_quote(FILE *gp, const char *s);
/* Text at a place of the canvas; align is "left", "center" or "right". */
void figure_text(struct figure *f, double x, double y, const char *align, u32 size, const char *colour,
		 const char *s);
/* A sample of a line style in a legend drawn by hand; a sample of a filled box. */
void figure_line_sample(struct figure *f, double x, double y, u32 style);
void figure_box_sample(struct figure *f, double x, double y, const char *colour);
/* Makes a line style one of open symbols, and shows a sample of it. */
void figure_point_style(struct figure *f, u32 style);
void figure_point_sample(struct figure *f, double x, double y, u32 style);
/* Defines line styles 1 to n of the palette, one a run or series. */
void figure_line_styles(struct figure *f, u32 n);

/* Begins the next block of the data file; gnuplot reads it as `DATA index <returned>`. */
u32 figure_block(struct figure *f, const char *comment);

/*
 * Ticks on a logarithmic axis from low to high: `axis` is "x", "x2", "y" or "y2"; a tick labelled v stands at
 * v * scale. With base 10, 1-2-5 steps where there is room, else decades; with base 2, powers of two with K,
 * M, G where binary.
 */
void figure_log_ticks(struct figure *f, const char *axis, double low, double high, double scale);
void figure_binary_ticks(struct figure *f, const char *axis, double low, double high);
/* Ticks on a linear axis, in steps of 1, 2 or 5 times a power of ten, large numbers with k, M or G. */
void figure_linear_ticks(struct figure *f, const char *axis, double low, double high);

/* The unit in which so many seconds are told on an axis: its length in seconds, and its name. */
double figure_time_unit(double seconds, const char **name);

/* Sizes of text, in pixels of the canvas. */
#define FIGURE_HEADING 19u
#define FIGURE_NAME    16u /* of an axis, and the ticks */
#define FIGURE_TEXT    15u
#define FIGURE_SMALL   13u
#define FIGURE_CAPTION 12u

#define FIGURE_INK     "#222222"
#define FIGURE_GREY    "#666666"
extern const char *const figure_palette[8]; /* Okabe and Ito's, in our order for lines */

#endif
