/*
 * Programs of a Linux of 2003 as their address spaces have them: what is mapped, and how much of it a run
 * touches. Private to generate/; forks.c executes them.
 */
#ifndef MMSIM_TRACES_GENERATE_IMAGES_H
#define MMSIM_TRACES_GENERATE_IMAGES_H

#include "traces/generate/process.h"

/* A binary or library: pages that it has, and of those the ones that a run reads (text) or writes. */
struct image_object {
	const char *path;
	u16 text, text_used;
	u16 data, data_used;
	u16 bss, bss_used;
};

#define IMAGE_OBJECTS 8u

struct image {
	const char *name;
	const struct image_object *object[IMAGE_OBJECTS]; /* the binary first; NULL ends */
	u16 heap, stack;                                  /* pages written */
	u16 shared_rw; /* pages that parent and child write after a fork: stack, heap, data */
	u16 files;     /* of IMAGE_FILE bytes that it reads */
	u16 calls;     /* system calls beside those of memory and files */
};

#define IMAGE_FILE (2u * GENERATE_PAGE)

extern const struct image image_make, image_sh, image_gcc, image_cc1, image_as, image_fixdep, image_mv,
	image_lat_proc, image_hello;

/* What executing images needs of a recording. */
struct image_use {
	struct generation *g;
	u32 load, store;
	u32 n_objects; /* named so far */
	const struct image_object *object[64];
	u32 file[64];
	u32 source; /* the file of which images read their input, 0: not named yet */
};

void image_use_begin(struct image_use *u, struct generation *g);
/* The process executes the image: maps it and touches what a run of it touches. */
void image_exec(struct image_use *u, struct tr_encoder *enc, const struct image *image);
/* What a process of the image writes after a fork, in the parent as in the child. */
void image_after_fork(struct image_use *u, struct tr_encoder *enc, const struct image *image);
/* Mappings that an execution makes; pages that it reads of files; pages that it writes. */
u32 image_mappings(const struct image *image);
u32 image_read(const struct image *image);
u32 image_written(const struct image *image);

#endif
