/* The halves of reverse mapping, and which ones a scheme has. For rmap*.c. */
#ifndef MMSIM_MM_RMAP_HALVES_H
#define MMSIM_MM_RMAP_HALVES_H

#include "model/mm/rmap.h"

const struct rmap_ops *rmap_anon_half(enum rmap_scheme scheme);
const struct rmap_ops *rmap_file_half(enum rmap_scheme scheme, enum rmap_file file);

#endif
