/*
 * Who has to flush what, without generations: for each hardware thread and address space a list of the
 * changes that it has not flushed yet. Up to date is whose list is empty; pages alone may be flushed by whom
 * only that change is missing. For tests of model/mm/shootdown.c and asid.c.
 */
#ifndef MMSIM_TESTS_REF_SHOOTDOWN_H
#define MMSIM_TESTS_REF_SHOOTDOWN_H

#include "model/base/types.h"

#define REF_SHOOT_CPUS   4u
#define REF_SHOOT_MMS    6u
#define REF_SHOOT_MISSED 4096u
#define REF_SHOOT_NONE   (~0u)

struct ref_shoot_missed {
	u32 n;
	u64 change[REF_SHOOT_MISSED];
};

struct ref_shoot_cpu {
	u32 loaded; /* address space, REF_SHOOT_NONE: none */
	bool lazy;
	bool tagged[REF_SHOOT_MMS]; /* it has an id for it */
	u32 owner[8];               /* of each id, REF_SHOOT_NONE: nobody */
	bool used[8];
	u32 next;
	struct ref_shoot_missed missed[REF_SHOOT_MMS];
};

struct ref_shoot_counts {
	u64 ipis, pages, full, remote_pages, remote_full, up_to_date, wrong_cpu, left, deferred, stale,
		recycled;
};

struct ref_shoot {
	bool modern; /* the rules of 6.x, else those up to 4.13 */
	u32 ids;     /* 0: a switch flushes */
	bool mask[REF_SHOOT_MMS][REF_SHOOT_CPUS], put_off[REF_SHOOT_CPUS];
	u64 changes;
	struct ref_shoot_cpu cpu[REF_SHOOT_CPUS];
	struct ref_shoot_counts st;
};

void ref_shoot_init(struct ref_shoot *r, bool modern, u32 ids);
void ref_shoot_switch(struct ref_shoot *r, u32 cpu, u32 mm);
void ref_shoot_idle(struct ref_shoot *r, u32 cpu);
/* pages 0: everything. */
void ref_shoot_flush(struct ref_shoot *r, u32 cpu, u32 mm, u64 pages, bool tables);
void ref_shoot_put_off(struct ref_shoot *r, u32 mm);
void ref_shoot_flush_put_off(struct ref_shoot *r, u32 cpu);
void ref_shoot_end(struct ref_shoot *r, u32 mm);

#endif
