#include "model/core/code.h"

#include <stdlib.h>
#include <string.h>

#include "model/arch/addr.h"
#include "model/base/arena.h"
#include "model/base/error.h"

void code_table_init(struct code_table *t, u32 line, u32 page_shift)
{
	memset(t, 0, sizeof(*t));
	t->line = line;
	t->page_shift = page_shift;
	t->arena = arena_new();
}

void code_table_fini(struct code_table *t)
{
	free(t->block);
	arena_free(t->arena);
	memset(t, 0, sizeof(*t));
}

/* Makes the segments, or only counts them where seg is NULL; and counts fetches and page lookups. */
static u32 make_segs(const struct code_table *t, const struct tr_block *b, struct code_seg *seg, u32 *count)
{
	u64 va = b->pc, here, line = t->line, last_line = ~(u64)0;
	u32 i, n = 0;

	for (i = 0; i < b->n_insns; va += b->insn_size[i++]) {
		u64 last = va + b->insn_size[i] - 1;

		count[COUNT_ITLB_LOOKUPS] += (u32)((last >> t->page_shift) - (va >> t->page_shift) + 1);
		for (here = va; here <= last; here = (here | (line - 1)) + 1) {
			count[COUNT_FETCHES]++;
			if (here / line == last_line)
				continue;
			last_line = here / line;
			if (seg)
				seg[n] = (struct code_seg){ .va = here, .insn = (u16)i };
			n++;
		}
	}
	return n;
}

static const u8 slot_writes[TR_NR_KINDS] = {
	[TR_STORE] = SLOT_WRITES,
	[TR_ATOMIC] = SLOT_WRITES | SLOT_ATOMIC,
	[TR_PREFETCH] = SLOT_WRITES | SLOT_PREFETCH,
};

/* Whether some slot is known to depend on another. */
static bool make_slots(struct code_table *t, const struct tr_block *b, struct code_slot *slot,
		       u32 *count)
{
	bool deps = false;
	u32 i;

	for (i = 0; i < b->n_slots; i++) {
		const struct tr_slot *s = &b->slot[i];

		slot[i] = (struct code_slot){ .last = s->size - 1, .insn = s->insn, .dep = s->dep };
		slot[i].kind = s->kind;
		slot[i].writes = slot_writes[s->kind];
		count[COUNT_LOADS] += s->kind == TR_LOAD || s->kind == TR_ATOMIC;
		count[COUNT_STORES] += s->kind == TR_STORE || s->kind == TR_ATOMIC;
		count[COUNT_ATOMICS] += s->kind == TR_ATOMIC;
		count[COUNT_PREFETCHES] += s->kind == TR_PREFETCH;
		t->unknown_dep |= s->dep == TR_DEP_UNKNOWN && s->kind == TR_LOAD;
		t->far_dep |= s->dep != TR_DEP_UNKNOWN && s->dep > i;
		deps |= s->dep != TR_DEP_UNKNOWN && s->dep != TR_DEP_NONE;
	}
	return deps;
}

static struct code_block *next_block(struct code_table *t)
{
	struct code_block *more;

	if (t->n == t->cap) {
		t->cap = MAX(2 * t->cap, 1024);
		more = aligned_alloc(64, t->cap * sizeof(*more));
		if (!more)
			fail("out of host memory: %zu bytes were asked for", t->cap * sizeof(*more));
		if (t->n)
			memcpy(more, t->block, t->n * sizeof(*more));
		free(t->block);
		t->block = more;
	}
	return &t->block[t->n++];
}

void code_table_add(struct code_table *t, const struct tr_block *b)
{
	struct code_block *out = next_block(t);
	u32 count[NR_CODE_COUNTS] = { 0 }, ignored[NR_CODE_COUNTS];
	u32 n_segs = make_segs(t, b, NULL, count);
	size_t seg_bytes = n_segs * sizeof(struct code_seg);
	char *lists = arena_alloc(t->arena, seg_bytes + b->n_slots * sizeof(struct code_slot), 8);
	struct code_slot *slot = (struct code_slot *)(lists + seg_bytes);

	make_segs(t, b, (struct code_seg *)lists, ignored);
	out->deps = make_slots(t, b, slot, count);
	count[COUNT_INSNS] = b->n_insns;
	count[COUNT_SLOTS] = b->n_slots;
	memcpy(out->count, count, sizeof(count));
	out->seg = (struct code_seg *)lists;
	out->slot = slot;
	out->pc = b->pc;
	out->n_insns = b->n_insns;
	out->n_segs = (u16)n_segs;
	out->n_slots = b->n_slots;
}
