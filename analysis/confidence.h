/*
 * What a few equal measurements tell of the mean: its 95 % confidence interval by Student's t, which takes
 * them for independent and normally distributed.
 */
#ifndef MMSIM_ANALYSIS_CONFIDENCE_H
#define MMSIM_ANALYSIS_CONFIDENCE_H

#include "model/base/types.h"

struct confidence {
	u32 n;
	double mean, min, max;
	double sd;        /* of the sample; NAN if n < 2, and so is the interval */
	double low, high; /* of the mean */
};

struct confidence confidence_of(const double *x, u32 n);
/* The t that a variable of so many degrees of freedom stays within, on both sides, with 95 %. */
double student_t95(u32 freedom);

#endif
