#include "model/sim/state.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define NAME_MAX_LENGTH 63u

struct block {
	char name[NAME_MAX_LENGTH + 1];
	void *at;
	u64 bytes;
};

struct state {
	struct block *block;
	u32 n;
};

struct state *state_new(void)
{
	return xcalloc(1, sizeof(struct state));
}

void state_free(struct state *s)
{
	free(s->block);
	free(s);
}

void state_add(struct state *s, const char *owner, const char *what, void *at, size_t bytes)
{
	struct block *b;

	s->block = xrealloc(s->block, (s->n + 1) * sizeof(*s->block));
	b = &s->block[s->n++];
	memset(b, 0, sizeof(*b));
	snprintf(b->name, sizeof(b->name), "%s.%s", owner, what);
	b->at = at;
	b->bytes = bytes;
}

u64 state_bytes(const struct state *s)
{
	const struct block *b;
	u64 sum = 0;

	for (b = s->block; b < s->block + s->n; b++)
		sum += sizeof(b->name) + sizeof(b->bytes) + b->bytes;
	return sum;
}

bool state_save(const struct state *s, FILE *f)
{
	const struct block *b;

	for (b = s->block; b < s->block + s->n; b++) {
		fwrite(b->name, sizeof(b->name), 1, f);
		fwrite(&b->bytes, sizeof(b->bytes), 1, f);
		fwrite(b->at, 1, b->bytes, f);
	}
	return !ferror(f);
}

bool state_load(const struct state *s, FILE *f)
{
	char name[NAME_MAX_LENGTH + 1];
	const struct block *b;
	u64 bytes;

	for (b = s->block; b < s->block + s->n; b++) {
		if (fread(name, sizeof(name), 1, f) != 1 || fread(&bytes, sizeof(bytes), 1, f) != 1)
			return false;
		if (memcmp(name, b->name, sizeof(name)) || bytes != b->bytes)
			return false;
		if (fread(b->at, 1, bytes, f) != bytes)
			return false;
	}
	return true;
}
