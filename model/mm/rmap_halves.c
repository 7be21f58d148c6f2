#include "model/mm/rmap_halves.h"

const struct rmap_ops rmap_none = { .name = "none" };

const struct rmap_ops *rmap_anon_half(enum rmap_scheme scheme)
{
	return &rmap_none;
}

const struct rmap_ops *rmap_file_half(enum rmap_scheme scheme, enum rmap_file file)
{
	return &rmap_none;
}
