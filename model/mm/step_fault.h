/* Steps of faults, system calls and what changes address spaces; see step.h. */
#ifndef MMSIM_MM_STEP_FAULT_H
#define MMSIM_MM_STEP_FAULT_H

#define FAULT_STEPS(X)                                                                      \
	X(FAULT_ENTRY, FAULT, 70, 70, 135, 225, "exception entry, up to the fault handler") \
	X(FAULT_EXIT, FAULT, 30, 30, 40, 169, "events, return to the program")

#endif
