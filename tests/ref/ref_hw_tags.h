/*
 * Naive twins of the tag array's policies: a list that is searched from end to end, and a tree that is
 * walked by recursion. Slow and plain; for differential runs.
 */
#ifndef MMSIM_TESTS_REF_HW_TAGS_H
#define MMSIM_TESTS_REF_HW_TAGS_H

#include "model/hw/cache_cfg.h"

struct ref_tags;
struct ref_tags *ref_tags_new(u32 sets, u32 ways, enum tag_policy policy);
void ref_tags_free(struct ref_tags *t);
/* Uses a key. Returns whether it was there; if not, *evicted is what had to go for it, ~0 if nothing. */
bool ref_tags_access(struct ref_tags *t, u32 set, u64 key, u64 *evicted);
/* Takes a key out, if it is there. */
bool ref_tags_drop(struct ref_tags *t, u32 set, u64 key);

#endif
