#include "analysis/confidence.h"

#include <math.h>

/*
 * The probability that |T| <= t, a finite sum for whole degrees of freedom: M. Abramowitz, I. A. Stegun,
 * Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
 */
static double within(double t, u32 freedom)
{
	double theta = atan(t / sqrt(freedom)), c = cos(theta), term, sum;
	bool odd = freedom & 1;
	u32 k;

	if (freedom == 1)
		return 2 * theta / M_PI;
	term = odd ? c : 1;
	sum = term;
	for (k = odd ? 3 : 2; k + 2 <= freedom; k += 2) {
		term *= (k - 1.0) / k * c * c;
		sum += term;
	}
	return odd ? 2 / M_PI * (theta + sin(theta) * sum) : sin(theta) * sum;
}

double student_t95(u32 freedom)
{
	double low = 1.9, high = 13, middle = 0; /* of infinitely many it is 1.96, of one 12.71 */

	while (high - low > 1e-9) {
		middle = (low + high) / 2;
		*(within(middle, freedom) < 0.95 ? &low : &high) = middle;
	}
	return middle;
}

struct confidence confidence_of(const double *x, u32 n)
{
	struct confidence c = {
		.n = n, .sd = NAN, .low = NAN, .high = NAN, .min = INFINITY, .max = -INFINITY
	};
	double squares = 0, half;
	u32 i;

	for (i = 0; i < n; i++) {
		c.mean += x[i] / n;
		c.min = fmin(c.min, x[i]);
		c.max = fmax(c.max, x[i]);
	}
	if (n < 2)
		return c;
	for (i = 0; i < n; i++)
		squares += (x[i] - c.mean) * (x[i] - c.mean);
	c.sd = sqrt(squares / (n - 1));
	half = student_t95(n - 1) * c.sd / sqrt(n);
	c.low = c.mean - half;
	c.high = c.mean + half;
	return c;
}
