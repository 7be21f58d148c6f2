/* What the halves of private pages that go by VMAs have in common. For rmap_anon*.c. */
#ifndef MMSIM_MM_RMAP_ANON_H
#define MMSIM_MM_RMAP_ANON_H

#include "model/mm/rmap_halves.h"

/*
 * find_mergeable_anon_vma(): the VMA behind v, else the one before it, if it could be a part of v but for its
 * rights, and has what can be shared. NULL: there is none.
 */
const struct vma *rmap_find_mergeable(struct rmap *r, struct cpu *c, const struct vma *v,
				      bool (*shares)(const struct vma *v));

#endif
