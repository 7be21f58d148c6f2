/*
 * Whatever chooses a line's place, a load sees what was stored last: two address spaces whose pages are
 * synonyms and homonyms of a few frames, mapped anew, protected, flushed and switched at random, beside the
 * kernel's own accesses. A naive twin has the page tables as an array and follows the data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/core/core_state.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_l1_data.h"

#define STEPS  60000u
#define SPACES 2u
#define PAGES  10u
#define FRAMES 6u
#define PAGE   0x1000ull
#define HEAP   0x10000000ull
#define MEMORY 0x2003000ull
#define CODE   0x3000000ull

static const struct variant {
	const char *name;
	u32 sets, ways;
	enum cache_indexing indexing;
	enum cache_alias alias;
	bool tagged, through;
	enum way_predictor way;
} variants[] = {
	{ "pipt", 256, 2, INDEX_PIPT, ALIAS_HARDWARE, true, false, WAY_NONE },
	{ "vipt, a colour", 32, 2, INDEX_VIPT, ALIAS_HARDWARE, true, false, WAY_UTAG },
	{ "vipt", 256, 2, INDEX_VIPT, ALIAS_HARDWARE, true, false, WAY_NONE },
	{ "vipt, utag", 512, 2, INDEX_VIPT, ALIAS_HARDWARE, true, false, WAY_UTAG },
	{ "vipt, flushed", 256, 2, INDEX_VIPT, ALIAS_FLUSH, true, false, WAY_NONE },
	{ "vipt, through", 128, 2, INDEX_VIPT, ALIAS_HARDWARE, true, true, WAY_NONE },
	{ "vivt", 256, 2, INDEX_VIVT, ALIAS_HARDWARE, true, false, WAY_NONE },
	{ "vivt, small", 8, 4, INDEX_VIVT, ALIAS_HARDWARE, true, false, WAY_NONE },
	{ "vivt, no tags", 64, 2, INDEX_VIVT, ALIAS_HARDWARE, false, false, WAY_NONE },
	{ "vivt, flushed", 128, 2, INDEX_VIVT, ALIAS_FLUSH, true, false, WAY_NONE },
	{ "vivt, no tags, flushed", 8, 4, INDEX_VIVT, ALIAS_FLUSH, false, false, WAY_NONE },
	{ "vivt, through", 64, 2, INDEX_VIVT, ALIAS_HARDWARE, true, true, WAY_NONE },
};

struct mapping {
	u32 frame;
	bool writes;
};

struct twin {
	const struct variant *v;
	struct ref_machine m;
	struct ref_tables tables[SPACES];
	struct mapping map[SPACES][PAGES];
	struct ref_l1_data data;
	struct cpu *cpu;
	struct rng rng;
	u32 space;   /* the present one */
	u32 copied;  /* pages given a frame of their own by a write fault */
	u32 aliases; /* faults over aliases */
	u32 load, store;
};

static u64 frame_pa(u32 frame)
{
	return MEMORY + frame * PAGE;
}

static u32 below(struct twin *t, u32 n)
{
	return (u32)rng_below(&t->rng, n);
}

/* Writes the entry of a page as the twin has it, and drops what is known of it. */
static void write_entry(struct twin *t, u32 space, u32 page)
{
	const struct mapping *m = &t->map[space][page];
	u32 flags = PTE_USER | PTE_ACCESSED | (m->writes ? PTE_WRITE : 0);

	if (m->writes && below(t, 2))
		flags |= PTE_DIRTY;
	ref_tables_map(&t->tables[space], HEAP + page * PAGE, frame_pa(m->frame), 0, flags);
	t->cpu->ops->flush_page(t->cpu, (u16)(space + 1), HEAP + page * PAGE);
}

/* A write to a page that may not be written gives it a frame that may be; else it can but be an alias. */
static enum trap_result resolve(struct ref_machine *rm, struct cpu *cpu, const struct trap *trap)
{
	struct twin *t = rm->arg;
	u32 page = (u32)((trap->va - HEAP) / PAGE);
	struct mapping *m;

	if (trap->va < HEAP) {
		ref_tables_map(&t->tables[t->space], trap->va, CODE + (trap->va & 0xf000), 0,
			       PTE_USER | PTE_EXEC | PTE_ACCESSED);
		return TRAP_RETRY;
	}
	assert_true(page < PAGES && trap->present);
	m = &t->map[t->space][page];
	if (trap->access == ACCESS_WRITE && !m->writes) {
		m->frame = below(t, FRAMES);
		m->writes = true;
		write_entry(t, t->space, page);
		t->copied++;
		ref_l1_data_look(&t->data);
		ref_l1_data_storing(&t->data, frame_pa(m->frame) + trap->va % PAGE);
	} else {
		assert_int_equal(t->v->alias, ALIAS_FLUSH);
		t->aliases++;
	}
	return TRAP_RETRY;
}

static void setup(struct twin *t, const struct variant *v)
{
	const struct tr_slot load = { .size = 8, .kind = TR_LOAD }, store = { .size = 8, .kind = TR_STORE };
	struct cache_cfg *l1 = &t->m.hw.l1d;
	u32 space, page;

	memset(t, 0, sizeof(*t));
	t->v = v;
	ref_machine_cfg(&t->m);
	l1->size = (u64)v->sets * v->ways * 64;
	l1->ways = v->ways;
	l1->indexing = v->indexing;
	l1->alias = v->alias;
	l1->asid_tagged = v->tagged;
	l1->write = v->through ? WRITE_THROUGH : WRITE_BACK;
	l1->allocate = !v->through;
	l1->way_predictor = v->way;
	t->m.hw.dtlb.any = (struct tlb_array_cfg){ .entries = 8, .ways = 2 };
	t->m.resolve = resolve;
	t->m.arg = t;
	ref_machine_init(&t->m);
	t->cpu = core_cpu(t->m.core);
	rng_init(&t->rng, 7, v->name);
	ref_l1_data_init(&t->data, &t->m.core->l1d, MEMORY);
	t->tables[0] = t->tables[1] = t->m.tables;
	t->tables[1].root = 0x800 << FRAME_SHIFT;
	t->tables[1].next_frame = 0x801;
	ptmem_add(t->m.tables.ptmem, 0x800);
	for (space = 0; space < SPACES; space++) {
		for (page = 0; page < PAGES; page++) {
			t->map[space][page] = (struct mapping){ below(t, FRAMES), below(t, 2) };
			write_entry(t, space, page);
		}
	}
	t->load = ref_machine_block(&t->m, 0x400000, 1, &load, 1);
	t->store = ref_machine_block(&t->m, 0x400040, 1, &store, 1);
}

static void teardown(struct twin *t)
{
	ref_l1_data_fini(&t->data);
	ref_machine_fini(&t->m);
}

/* Half of the accesses go to few lines. */
static u64 some_offset(struct twin *t)
{
	return (below(t, 2) ? below(t, 3) : below(t, 64)) * 64 + below(t, 8) * 8;
}

static u64 pa_of(const struct twin *t, u64 va)
{
	return frame_pa(t->map[t->space][(va - HEAP) / PAGE].frame) + va % PAGE;
}

/* By the program, or by the kernel through the program's address. */
static void access_user(struct twin *t, bool write, bool kernel)
{
	u64 va = HEAP + below(t, PAGES) * PAGE + some_offset(t), done = 0;
	bool forbidden = write && !t->map[t->space][(va - HEAP) / PAGE].writes;
	u32 copied = t->copied;

	if (write && !forbidden)
		ref_l1_data_storing(&t->data, pa_of(t, va));
	if (kernel)
		assert_int_equal(core_user_copy(t->m.core, va, 8, write, &done), CORE_DONE);
	else
		ref_machine_run(&t->m, write ? t->store : t->load, &va, 1);
	assert_int_equal(t->copied, copied + forbidden);
	ref_l1_data_look(&t->data);
	if (write)
		ref_l1_data_stored(&t->data, pa_of(t, va));
	else
		ref_l1_data_loaded(&t->data, pa_of(t, va));
}

/* By the kernel in its direct map. */
static void access_kernel(struct twin *t, bool write)
{
	u64 pa = frame_pa(below(t, FRAMES)) + some_offset(t);

	if (write) {
		ref_l1_data_storing(&t->data, pa);
		t->cpu->ops->store(t->cpu, KPATH_FAULT, pa, 8);
		ref_l1_data_look(&t->data);
		ref_l1_data_stored(&t->data, pa);
	} else {
		t->cpu->ops->load(t->cpu, KPATH_FAULT, pa, 8);
		ref_l1_data_look(&t->data);
		ref_l1_data_loaded(&t->data, pa);
	}
}

static void remap(struct twin *t)
{
	u32 space = below(t, SPACES), page = below(t, PAGES);

	t->map[space][page] = (struct mapping){ below(t, FRAMES), below(t, 3) > 0 };
	write_entry(t, space, page);
}

static void flush(struct twin *t)
{
	u16 asid = (u16)(1 + below(t, SPACES));
	u64 va = HEAP + below(t, PAGES) * PAGE;

	switch (below(t, 4)) {
	case 0:
		t->cpu->ops->flush_page(t->cpu, asid, va);
		break;
	case 1:
		t->cpu->ops->flush_range(t->cpu, asid, va, va + 3 * PAGE);
		break;
	case 2:
		t->cpu->ops->flush_asid(t->cpu, asid);
		break;
	default:
		t->cpu->ops->flush_all(t->cpu);
	}
}

/* Another core reads a line, or writes it: the only copy is found by its physical address. */
static void probe(struct twin *t)
{
	struct cache *l1 = &t->m.core->l1d;
	u64 pa = frame_pa(below(t, FRAMES)) + some_offset(t);
	enum probe what = below(t, 2) ? PROBE_SHARE : PROBE_DROP;
	bool there = ref_l1_data_copy(&t->data, pa) != TAG_MISS;
	u32 answer = above_probe(&l1->above, pa, what, core_now(t->m.core));

	assert_int_equal((answer & PROBE_FOUND) != 0, there);
	ref_l1_data_probed(&t->data, pa, answer & PROBE_DIRTY);
	ref_l1_data_look(&t->data);
	assert_int_equal(ref_l1_data_copy(&t->data, pa) != TAG_MISS, there && what == PROBE_SHARE);
	if (there && what == PROBE_SHARE)
		ref_l1_data_loaded(&t->data, pa);
}

static void step(struct twin *t)
{
	u32 what = below(t, 100);

	if (what < 72) {
		access_user(t, below(t, 3) == 0, false);
	} else if (what < 78) {
		access_user(t, false, true);
	} else if (what < 82) {
		access_kernel(t, below(t, 2));
	} else if (what < 86) {
		probe(t);
	} else if (what < 92) {
		remap(t);
	} else if (what < 98) {
		t->space ^= 1;
		t->cpu->ops->switch_to(t->cpu, t->tables[t->space].root, (u16)(t->space + 1));
	} else {
		flush(t);
	}
	ref_l1_data_look(&t->data);
}

/* No line of a vivt cache serves an access that the tables would not grant. */
static void check_grants(const struct twin *t)
{
	const struct cache *c = &t->m.core->l1d;
	u32 id;

	for (id = 0; id < tags_ids(&c->tags); id++) {
		u64 key = c->tags.key[id], asid = key >> c->index.va_lines;
		u64 va = (key & ((1ull << c->index.va_lines) - 1)) << c->line_shift;
		const struct mapping *m;

		if (key == TAG_NO_KEY || !asid || !c->index.grants[id])
			continue;
		assert_true(va >= HEAP && va < HEAP + PAGES * PAGE);
		m = &t->map[t->v->tagged ? asid - 1 : t->space][(va - HEAP) / PAGE];
		assert_int_equal(c->index.line[id] << c->line_shift, frame_pa(m->frame) + va % PAGE);
		assert_true(m->writes || !(c->index.grants[id] >> ACCESS_WRITE & 1));
	}
}

static void test_loads_see_the_last_store(void **state)
{
	struct twin *t = malloc(sizeof(*t));
	const struct variant *v;
	u32 i;

	for (v = variants; v < variants + ARRAY_SIZE(variants); v++) {
		setup(t, v);
		for (i = 0; i < STEPS; i++) {
			step(t);
			if (i % 16 == 0 && v->indexing == INDEX_VIVT)
				check_grants(t);
			if (i % 1024 == 0)
				core_sane(t->m.core);
		}
		assert_true(t->copied > 100);
		assert_int_equal(t->aliases > 100, v->alias == ALIAS_FLUSH);
		assert_int_equal(ref_stat(&t->m, "core0.l1d.alias_evictions") > 100,
				 v->indexing == INDEX_VIVT || (v->indexing == INDEX_VIPT && v->sets > 64));
		assert_int_equal(ref_stat(&t->m, "core0.l1d.way_mispredicts") > 100, v->way != WAY_NONE);
		teardown(t);
	}
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_see_the_last_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
