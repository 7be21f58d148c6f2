#include "tests/ref/ref_shootdown.h"

#include <string.h>

#include "model/base/error.h"

void ref_shoot_init(struct ref_shoot *r, bool modern, u32 ids)
{
	u32 i, id;

	memset(r, 0, sizeof(*r));
	r->modern = modern;
	r->ids = ids;
	for (i = 0; i < REF_SHOOT_CPUS; i++) {
		r->cpu[i].loaded = REF_SHOOT_NONE;
		for (id = 0; id < 8; id++)
			r->cpu[i].owner[id] = REF_SHOOT_NONE;
	}
}

static void take_id(struct ref_shoot *r, struct ref_shoot_cpu *c, u32 mm)
{
	u32 id = c->next;

	c->next = (c->next + 1) % (r->ids ? r->ids : 1);
	if (c->owner[id] != REF_SHOOT_NONE)
		c->tagged[c->owner[id]] = false;
	if (c->used[id] && r->ids)
		r->st.recycled++;
	c->owner[id] = mm;
	c->used[id] = true;
	c->tagged[mm] = true;
	c->missed[mm].n = 0;
}

void ref_shoot_switch(struct ref_shoot *r, u32 cpu, u32 mm)
{
	struct ref_shoot_cpu *c = &r->cpu[cpu];

	if (c->loaded != mm && c->loaded != REF_SHOOT_NONE && !r->modern)
		r->mask[c->loaded][cpu] = false;
	c->loaded = mm;
	c->lazy = false;
	r->mask[mm][cpu] = true;
	if (!c->tagged[mm]) {
		take_id(r, c, mm);
	} else if (c->missed[mm].n) {
		r->st.stale++;
		c->missed[mm].n = 0;
	}
}

void ref_shoot_idle(struct ref_shoot *r, u32 cpu)
{
	r->cpu[cpu].lazy = true;
}

static void change(struct ref_shoot *r, u32 mm)
{
	u32 i;

	r->changes++;
	for (i = 0; i < REF_SHOOT_CPUS; i++) {
		struct ref_shoot_missed *m = &r->cpu[i].missed[mm];

		if (!r->cpu[i].tagged[mm])
			continue;
		ASSERT(m->n < REF_SHOOT_MISSED);
		m->change[m->n++] = r->changes;
	}
}

static void leave(struct ref_shoot *r, u32 cpu)
{
	struct ref_shoot_cpu *c = &r->cpu[cpu];

	r->st.left++;
	if (!r->modern)
		r->mask[c->loaded][cpu] = false;
	if (!r->ids)
		c->missed[c->loaded].n = 0;
	c->loaded = REF_SHOOT_NONE;
}

/* What it has loaded: a change of so many pages, or of everything. */
static void flush_loaded(struct ref_shoot *r, u32 cpu, u64 pages, u64 *of_pages, u64 *full)
{
	struct ref_shoot_cpu *c = &r->cpu[cpu];
	struct ref_shoot_missed *m;

	if (c->loaded == REF_SHOOT_NONE)
		return;
	m = &c->missed[c->loaded];
	if (c->lazy) {
		leave(r, cpu);
	} else if (r->modern && !m->n) {
		r->st.up_to_date++;
	} else if (pages && (!r->modern || (m->n == 1 && m->change[0] == r->changes))) {
		*of_pages += pages;
		m->n = 0;
	} else {
		++*full;
		m->n = 0;
	}
}

static bool is_asked(const struct ref_shoot *r, const struct ref_shoot_cpu *c, u32 mm, bool tables)
{
	if (!r->modern || tables)
		return true;
	return !c->lazy && (mm == REF_SHOOT_NONE || c->loaded == mm);
}

static void ask(struct ref_shoot *r, u32 cpu, u32 mm, u64 pages, bool tables)
{
	if (!is_asked(r, &r->cpu[cpu], mm, tables)) {
		r->st.deferred++;
		return;
	}
	r->st.ipis++;
	if (mm != REF_SHOOT_NONE && r->cpu[cpu].loaded != mm) {
		r->st.wrong_cpu++;
		r->mask[mm][cpu] = false;
		return;
	}
	flush_loaded(r, cpu, pages, &r->st.remote_pages, &r->st.remote_full);
}

void ref_shoot_flush(struct ref_shoot *r, u32 cpu, u32 mm, u64 pages, bool tables)
{
	u32 i;

	change(r, mm);
	if (r->cpu[cpu].loaded == mm)
		flush_loaded(r, cpu, pages, &r->st.pages, &r->st.full);
	for (i = 0; i < REF_SHOOT_CPUS; i++)
		if (i != cpu && r->mask[mm][i])
			ask(r, i, mm, pages, tables);
}

void ref_shoot_put_off(struct ref_shoot *r, u32 mm)
{
	u32 i;

	change(r, mm);
	for (i = 0; i < REF_SHOOT_CPUS; i++)
		r->put_off[i] |= r->mask[mm][i];
}

void ref_shoot_flush_put_off(struct ref_shoot *r, u32 cpu)
{
	u32 i;

	for (i = 0; i < REF_SHOOT_CPUS; i++) {
		if (!r->put_off[i])
			continue;
		r->put_off[i] = false;
		if (i == cpu)
			flush_loaded(r, cpu, 0, &r->st.pages, &r->st.full);
		else
			ask(r, i, REF_SHOOT_NONE, 0, false);
	}
}

void ref_shoot_end(struct ref_shoot *r, u32 mm)
{
	u32 i, id;

	for (i = 0; i < REF_SHOOT_CPUS; i++) {
		struct ref_shoot_cpu *c = &r->cpu[i];

		for (id = 0; id < 8; id++)
			if (c->owner[id] == mm)
				c->owner[id] = REF_SHOOT_NONE;
		if (c->loaded == mm)
			c->loaded = REF_SHOOT_NONE;
		c->tagged[mm] = r->mask[mm][i] = false;
		c->missed[mm].n = 0;
	}
}
