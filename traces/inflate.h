/*
 * Undoing gzip, bzip2 and xz, found by their first bytes, a piece at a time; anything else passes unchanged.
 *
 * Everything before damage or a cut comes out first. Files of several members or streams are one. Private to
 * traces/.
 */
#ifndef MMSIM_TRACES_INFLATE_H
#define MMSIM_TRACES_INFLATE_H

#include "model/base/types.h"

/* Bytes of a file that tell its compression; a shorter file may be passed too. */
#define INFLATE_HEAD 6u

struct inflater;

struct inflater *inflater_new(const u8 *head, size_t len);
void inflater_free(struct inflater *f);

struct inflate_io {
	const u8 *in; /* advanced over what was taken */
	size_t in_len;
	bool in_ends; /* nothing comes after in */
	u8 *out;
	size_t out_len; /* of the room; what was filled is returned */
};

/*
 * Returns the number of bytes put out; 0 with input left over never happens before the end. What stops it for
 * good (damage, a cut) is set in *why after everything before it was put out.
 */
size_t inflater_step(struct inflater *f, struct inflate_io *io, const char **why);

#endif
