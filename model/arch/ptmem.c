#include "model/arch/ptmem.h"

#include <stdlib.h>

#include "model/base/error.h"

/* Two levels by frame number: a leaf of 256 pointers (2 KB) exists where a page table has ever been. */
#define LEAF_SHIFT 8u
#define LEAF_SIZE  (1u << LEAF_SHIFT)

struct ptmem {
	u64 frames;
	u64 ***leaf; /* [pfn >> LEAF_SHIFT][pfn % LEAF_SIZE] */
};

static u64 nr_leaves(const struct ptmem *m)
{
	return (m->frames + LEAF_SIZE - 1) >> LEAF_SHIFT;
}

struct ptmem *ptmem_new(u64 frames)
{
	struct ptmem *m = xmalloc(sizeof(*m));

	m->frames = frames;
	m->leaf = xcalloc(nr_leaves(m), sizeof(*m->leaf));
	return m;
}

void ptmem_free(struct ptmem *m)
{
	u64 i;
	u32 j;

	if (!m)
		return;
	for (i = 0; i < nr_leaves(m); i++) {
		for (j = 0; m->leaf[i] && j < LEAF_SIZE; j++)
			free(m->leaf[i][j]);
		free(m->leaf[i]);
	}
	free(m->leaf);
	free(m);
}

void ptmem_add(struct ptmem *m, u64 pfn)
{
	u64 ***leaf;

	ASSERT(pfn < m->frames);
	leaf = &m->leaf[pfn >> LEAF_SHIFT];
	if (!*leaf)
		*leaf = xcalloc(LEAF_SIZE, sizeof(**leaf));
	ASSERT(!(*leaf)[pfn % LEAF_SIZE]);
	(*leaf)[pfn % LEAF_SIZE] = xcalloc(FRAME_SIZE / sizeof(u64), sizeof(u64));
}

void ptmem_remove(struct ptmem *m, u64 pfn)
{
	free(ptmem_entries(m, pfn));
	m->leaf[pfn >> LEAF_SHIFT][pfn % LEAF_SIZE] = NULL;
}

bool ptmem_has(const struct ptmem *m, u64 pfn)
{
	return pfn < m->frames && m->leaf[pfn >> LEAF_SHIFT] && m->leaf[pfn >> LEAF_SHIFT][pfn % LEAF_SIZE];
}

u64 *ptmem_entries(const struct ptmem *m, u64 pfn)
{
	ASSERT(ptmem_has(m, pfn));
	return m->leaf[pfn >> LEAF_SHIFT][pfn % LEAF_SIZE];
}

void ptmem_each(struct ptmem *m, ptmem_fn fn, void *arg)
{
	u64 i;
	u32 j;

	for (i = 0; i < nr_leaves(m); i++)
		for (j = 0; m->leaf[i] && j < LEAF_SIZE; j++)
			if (m->leaf[i][j])
				fn(arg, (i << LEAF_SHIFT) + j, m->leaf[i][j]);
}
