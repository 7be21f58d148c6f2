/*
 * Naive twins of the tag array's policies, by way: lists that are searched from end to end, trees that are
 * walked by recursion, ages in plain arrays, each written down as its paper tells it. Slow and plain; for
 * differential runs. Where an empty way may be taken they do not say which, but for QLRU.
 */
#ifndef MMSIM_TESTS_REF_HW_TAGS_H
#define MMSIM_TESTS_REF_HW_TAGS_H

#include "model/hw/tag_policy.h"

#define REF_NO_WAY    (~0u)
#define REF_ANY_EMPTY (~0u - 1)

struct ref_tags;
/* seed, name: as the array's, so that both throw the same dice. */
struct ref_tags *ref_tags_new(u32 sets, u32 ways, u32 policy, u64 seed, const char *name);
void ref_tags_free(struct ref_tags *t);
/* The way that holds a key, or REF_NO_WAY. */
u32 ref_tags_find(const struct ref_tags *t, u32 set, u64 key);
void ref_tags_hit(struct ref_tags *t, u32 set, u32 way);
/* The way of the mask that has to go for a new line. */
u32 ref_tags_victim(struct ref_tags *t, u32 set, u64 mask);
void ref_tags_fill(struct ref_tags *t, u32 set, u32 way, u64 key);
bool ref_tags_is_empty(const struct ref_tags *t, u32 set, u32 way);
void ref_tags_drop(struct ref_tags *t, u32 set, u32 way);

#endif
