#include "model/base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define ARENA_SLAB ((size_t)1 << 20)

struct arena_slab {
	struct arena_slab *next;
	size_t used, size;
	char bytes[] __attribute__((aligned(64)));
};

struct arena {
	struct arena_slab *slab; /* the one that is being filled, older ones behind it */
};

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	struct arena_slab *s, *next;

	if (!a)
		return;
	for (s = a->slab; s; s = next) {
		next = s->next;
		free(s);
	}
	free(a);
}

static struct arena_slab *slab_new(struct arena *a, size_t bytes)
{
	size_t size = MAX(bytes, ARENA_SLAB);
	struct arena_slab *s = aligned_alloc(64, (sizeof(*s) + size + 63) & ~(size_t)63);

	if (!s)
		fail("out of host memory: %zu bytes were asked for", size);
	s->next = a->slab;
	s->used = 0;
	s->size = size;
	a->slab = s;
	return s;
}

void *arena_alloc(struct arena *a, size_t bytes, size_t align)
{
	struct arena_slab *s = a->slab;
	size_t at = s ? (s->used + align - 1) & ~(align - 1) : 0;

	if (!s || at + bytes > s->size) {
		s = slab_new(a, bytes);
		at = 0;
	}
	s->used = at + bytes;
	return memset(s->bytes + at, 0, bytes);
}
