/* Steps of mlock() and its kin; see step.h. Estimates, by those of mprotect(). */
#ifndef MMSIM_MM_STEP_MLOCK_H
#define MMSIM_MM_STEP_MLOCK_H

#define MLOCK_STEPS(X)                                                                    \
	X(MLOCK, SYSCALL, 300, 350, 900, 3000, "body of mlock(), munlock(), mlockall()")  \
	X(MLOCK_PAGE, SYSCALL, 10, 15, 120, 150, "each page that is there already")       \
	X(POPULATE_PAGE, SYSCALL, 60, 70, 120, 200, "each page looked up to be faulted in")

#endif
