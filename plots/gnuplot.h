/*
 * The program gnuplot: whole scripts for it, and running it. Called by figure.c alone.
 */
#ifndef MMSIM_PLOTS_GNUPLOT_H
#define MMSIM_PLOTS_GNUPLOT_H

#include "plots/figure.h"

/* The script that draws the picture in each format (FIGURE_*) around its body f->gp_text; a new string. */
char *gnuplot_script(const struct figure *f, u32 formats);
/* Runs dir/stem.gp in dir; fails if there is no gnuplot, if it fails, or if a picture is not all there. */
void gnuplot_run(const char *dir, const char *stem, u32 formats);

#endif
