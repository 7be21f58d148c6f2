/*
 * The machine: the whole configuration in one struct, the table of its keys, and what is built from it:
 * memory, cores, the kernel and the engine, wired together.
 *
 * Not modelled: cores that differ.
 * Called by the verbs of cli/ and by tests.
 */
#ifndef MMSIM_CORE_MACHINE_H
#define MMSIM_CORE_MACHINE_H

#include "model/core/core.h"
#include "model/core/engine.h"
#include "model/mm/kernel.h"
#include "model/sim/config.h"
#include "model/sim/stat.h"

struct machine_cfg {
	u32 cores;
	u32 translation; /* 0 off, 1 on */
	u64 seed;
	u64 memory; /* bytes */
	bool shortcut, copy_back;
	u32 run_ahead;
	struct core_cfg core;
	struct hw_cfg hw;
	struct kernel_cfg kernel;
	struct engine_cfg engine;
	struct sched_cfg sched;
	struct service_cfg service;
};
extern const struct opt_section machine_sections[];

/* Ends the program, naming the key and where its value comes from, if the values make no machine together. */
void machine_check(const struct machine_cfg *cfg, const struct config *c);

struct machine {
	struct machine_cfg cfg;
	struct event_queue events;
	struct ptmem *ptmem;
	struct stage2 *host; /* NULL: the machine is no guest */
	struct kernel *kernel;
	struct memory *memory;
	struct core **cores;
	struct engine *engine;
	struct stats *stats;
	struct core_latency *latency; /* of several cores, added up */
};

/* check_every: records between walks over the whole state, 0: never. The machine keeps cfg's strings. */
struct machine *machine_new(const struct machine_cfg *cfg, u64 check_every);
void machine_free(struct machine *m);
/* The end of a run: writes dirty lines down, if that is asked for. */
void machine_finish(struct machine *m);
/* For the end of every run: walks the whole state; ASSERTs. */
void machine_settle(struct machine *m);
/* The histograms of all cores together, as they are now. */
const struct core_latency *machine_latency(struct machine *m);

#endif
