/*
 * Panels: several small plots one above the other over one horizontal axis, each with a scale of its own from
 * 0 on, a title and a legend at its right. A scale is linear, or where few values are far above the others
 * the logarithm of 1 + v. Inside one pair of gnuplot's axes a panel takes 1 of the height, and values are
 * scaled to it here.
 */
#ifndef MMSIM_PLOTS_PANEL_H
#define MMSIM_PLOTS_PANEL_H

#include "plots/figure.h"

#define PANEL_HEIGHT 150u /* canvas of one, its title included */
#define PANEL_RIGHT  168u /* margin for the legends */

struct panel {
	const char *title; /* with the unit */
	double high;       /* largest value */
	bool log;
	u32 number; /* from the top */
	u32 of;     /* panels in the picture */
	double end; /* of its scale */
};

/* Chooses the scale, once all is set but `end`. */
void panel_scale(struct panel *p);
/* Where a value stands on gnuplot's axis. */
double panel_y(const struct panel *p, double value);
/* Title, frame and horizontal lines; the ticks of all panels are one list, which panels_ticks() writes. */
void panel_frame(struct figure *f, const struct panel *p);
void panels_ticks(struct figure *f, const struct panel *p, u32 n);
/* A row of the panel's legend; `row` from 0. */
void panel_legend(struct figure *f, const struct panel *p, u32 row, u32 style, const char *name);

#endif
