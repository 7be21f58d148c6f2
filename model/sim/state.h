/*
 * What a checkpoint holds of a component: blocks of its memory without pointers in them, each under a name.
 * Who has state registers it; saving writes all blocks, loading fills those of a machine that is built the
 * same.
 *
 * Called by checkpoint.c of model/core, and by the components that it asks.
 */
#ifndef MMSIM_SIM_STATE_H
#define MMSIM_SIM_STATE_H

#include <stdio.h>

#include "model/base/types.h"

struct state;
struct state *state_new(void);
void state_free(struct state *s);

/* owner: "l1d"; what: "keys". The memory must outlive the state. */
void state_add(struct state *s, const char *owner, const char *what, void *at, size_t bytes);

u64 state_bytes(const struct state *s); /* that are saved */
/* False: it cannot be written, errno says why. */
bool state_save(const struct state *s, FILE *f);
/* False: the file holds other blocks. */
bool state_load(const struct state *s, FILE *f);

#endif
