/*
 * Steps of periodic work and kernel threads; see step.h. Estimates, all of them, +-40 %: of 6.x the interrupt
 * of a timer with its softirq is taken for 1,000 instructions, a wake for 900 and a switch for 650, of which
 * a worker or a thread needs two.
 */
#ifndef MMSIM_MM_STEP_KTHREAD_H
#define MMSIM_MM_STEP_KTHREAD_H

#define KTHREAD_STEPS(X)                                                                                  \
	X(TIMER_WORK, KTHREAD, 700, 1100, 2200, 3600, "a timer, and the switches to and from its worker") \
	X(VMSTAT_ZONE, KTHREAD, 0, 0, 220, 260, "each zone whose counters the vmstat tick folds")         \
	X(KSWAPD_WAKE, KTHREAD, 200, 300, 500, 900, "waking kswapd or kcompactd")                         \
	X(KSWAPD_AWAKE, KTHREAD, 20, 40, 40, 40, "finding it awake, or with nothing to do")               \
	X(KSWAPD_RUN, KTHREAD, 500, 800, 1500, 2300, "the switches to and from it, its tests and sleep")

#endif
