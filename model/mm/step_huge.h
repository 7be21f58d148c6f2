/*
 * Steps of khugepaged; see step.h. Estimates: 30,000 a range that is put together and 450 a page of it, of
 * which 300 are PCP_FREE's.
 */
#ifndef MMSIM_MM_STEP_HUGE_H
#define MMSIM_MM_STEP_HUGE_H

#define HUGE_STEPS(X)                                                                            \
	X(COLLAPSE_SCAN, KTHREAD, 0, 0, 15, 20, "each entry that khugepaged looks at")           \
	X(COLLAPSE_PAGE, KTHREAD, 0, 0, 90, 150, "each page that it replaces, but for its copy") \
	X(COLLAPSE, KTHREAD, 0, 0, 20000, 30000, "a range that becomes large, beside its pages")

#endif
