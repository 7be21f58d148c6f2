#include "tests/ref/ref_mm.h"

#include <stdlib.h>

#include "model/base/error.h"

#define RIGHTS    (MM_READ | MM_WRITE | MM_EXEC)
#define GUARD_GAP 256u

static const struct ref_page empty_page = { .frame = -1 };

struct ref_mm *ref_mm_new(u32 stack_pages, bool zero_page, u64 first_vpn, u32 around)
{
	struct ref_mm *t = xcalloc(1, sizeof(*t));

	t->stack_pages = stack_pages;
	t->zero_page = zero_page;
	t->first_vpn = first_vpn;
	t->around = around;
	t->refs[0] = zero_page;
	t->live = zero_page;
	return t;
}

static s32 frame_new(struct ref_mm *t)
{
	u32 f = 1;

	while (t->refs[f])
		f++;
	ASSERT(f < REF_FRAMES - 1);
	t->refs[f] = 1;
	t->live++;
	return (s32)f;
}

static void frame_drop(struct ref_mm *t, s32 f)
{
	ASSERT(t->refs[f]);
	if (--t->refs[f] == 0)
		t->live--;
}

static void page_drop(struct ref_mm *t, struct ref_page *p)
{
	if (p->frame >= 0)
		frame_drop(t, p->frame);
	p->frame = -1;
	p->writable = REF_NO;
}

static bool joined(const struct ref_page *a, const struct ref_page *b)
{
	return a->mapped && b->mapped && a->flags == b->flags && a->object == b->object &&
	       a->index + 1 == b->index;
}

/* The page after the last of the run of like pages that goes on from i. */
static u32 run_end(const struct ref_space *s, u32 i)
{
	while (i + 1 < REF_PAGES && joined(&s->page[i], &s->page[i + 1]))
		i++;
	return i + 1;
}

/* Like neighbours are one mapping: what one has had, all have had. */
static void spread_anon(struct ref_space *s)
{
	u32 i, j, end;
	bool anon;

	for (i = 0; i < REF_PAGES; i = end) {
		end = run_end(s, i);
		anon = false;
		for (j = i; j < end; j++)
			anon |= s->page[j].anon;
		for (j = i; j < end; j++)
			s->page[j].anon = anon && s->page[j].mapped;
	}
}

static u32 object_users(const struct ref_mm *t, u32 object)
{
	u32 m, i, n = 0;

	for (m = 0; m < REF_MMS; m++)
		for (i = 0; i < REF_PAGES; i++)
			n += t->space[m].page[i].mapped && t->space[m].page[i].object == object;
	return n;
}

static void object_free(struct ref_mm *t, struct ref_object *o)
{
	u32 i;

	for (i = 0; i < REF_OBJ_PAGES; i++)
		if (o->frame[i] >= 0)
			frame_drop(t, o->frame[i]);
	o->used = false;
}

/* Ends every operation. */
static void settle(struct ref_mm *t, u32 m)
{
	u32 o;

	spread_anon(&t->space[m]);
	for (o = 1; o < REF_OBJECTS; o++)
		if (t->object[o].used && t->object[o].anon && !object_users(t, o))
			object_free(t, &t->object[o]);
}

static u32 object_open(struct ref_mm *t, u32 object, bool anon)
{
	struct ref_object *o;
	u32 i;

	if (!object)
		for (object = REF_NAMED; t->object[object].used; object++)
			ASSERT(object + 1 < REF_OBJECTS);
	o = &t->object[object];
	if (o->used)
		return object;
	o->used = true;
	o->anon = anon;
	for (i = 0; i < REF_OBJ_PAGES; i++)
		o->frame[i] = -1;
	return object;
}

static void unmap(struct ref_mm *t, u32 m, u32 s, u32 e)
{
	u32 i;

	for (i = s; i < e; i++) {
		page_drop(t, &t->space[m].page[i]);
		t->space[m].page[i] = empty_page;
	}
}

static void map(struct ref_mm *t, u32 m, u32 s, u32 e, const struct ref_page *like)
{
	u32 i;

	unmap(t, m, s, e);
	for (i = s; i < e; i++) {
		struct ref_page *p = &t->space[m].page[i];

		*p = *like;
		p->mapped = true;
		p->frame = -1;
		p->writable = REF_NO;
		p->index = like->index + (i - s);
	}
}

void ref_mmap(struct ref_mm *t, u32 m, u32 s, u32 e, u32 flags, u32 object, u32 index)
{
	struct ref_page like = { .flags = flags, .index = index };

	if (flags & MM_SHARED)
		like.object = object_open(t, object, (flags & MM_ANON) || !object);
	else if (object && !(flags & MM_ANON))
		like.object = object_open(t, object, false);
	else
		like.flags |= MM_ANON;
	if (!like.object)
		like.index = s;
	map(t, m, s, e, &like);
	if ((flags & MM_HEAP) && t->space[m].brk < e)
		t->space[m].brk = e;
	settle(t, m);
}

void ref_munmap(struct ref_mm *t, u32 m, u32 s, u32 e)
{
	unmap(t, m, s, e);
	settle(t, m);
}

bool ref_mprotect(struct ref_mm *t, u32 m, u32 s, u32 e, u32 rights)
{
	bool hole = false;
	u32 i;

	for (i = s; i < e; i++) {
		struct ref_page *p = &t->space[m].page[i];

		hole |= !p->mapped;
		if (!p->mapped || (p->flags & RIGHTS) == rights)
			continue;
		p->flags = (p->flags & ~RIGHTS) | rights;
		if (p->frame >= 0)
			p->writable = (rights & MM_WRITE) &&
				      ((p->flags & MM_SHARED) || t->refs[p->frame] == 1);
	}
	settle(t, m);
	return !hole;
}

static void punch(struct ref_mm *t, u32 object, u32 index)
{
	s32 *f = &t->object[object].frame[index];
	u32 m, i;

	for (m = 0; *f >= 0 && m < REF_MMS; m++)
		for (i = 0; i < REF_PAGES; i++) {
			struct ref_page *p = &t->space[m].page[i];

			if (p->mapped && p->object == object && p->index == index && p->frame == *f)
				page_drop(t, p);
		}
	if (*f >= 0)
		frame_drop(t, *f);
	*f = -1;
}

void ref_madvise(struct ref_mm *t, u32 m, u32 s, u32 e, u32 advice)
{
	u32 i;

	for (i = s; i < e; i++) {
		struct ref_page *p = &t->space[m].page[i];

		if (!p->mapped)
			continue;
		if (advice == 4 || (advice == 8 && !p->object))
			page_drop(t, p);
		else if (advice == 9 && p->object && (p->flags & MM_SHARED))
			punch(t, p->object, p->index);
	}
	settle(t, m);
}

void ref_brk(struct ref_mm *t, u32 m, u32 s, u32 e)
{
	struct ref_space *sp = &t->space[m];
	struct ref_page like = { .flags = MM_READ | MM_WRITE | MM_ANON | MM_HEAP };
	u32 old = sp->brk > s ? sp->brk : s;

	like.index = old;

	if (e < old)
		unmap(t, m, e, old);
	else
		map(t, m, old, e, &like);
	sp->brk = e;
	settle(t, m);
}

bool ref_mremap(struct ref_mm *t, u32 m, u32 fs, u32 fe, u32 ts, u32 te, bool no_memory)
{
	struct ref_page *page = t->space[m].page, tail;
	u32 kept = fe - fs < te - ts ? fe - fs : te - ts, last = fe > fs ? fe - 1 : fs, i;

	if (te == ts || (fs != ts && fe > ts && te > fs) || !page[last].mapped)
		return false;
	tail = page[last];
	tail.index = fs == ts || tail.object || tail.anon ? tail.index + fs + kept - last : ts + kept;
	if (fs != ts)
		unmap(t, m, ts, te);
	for (i = 0; !no_memory && fs != ts && i < kept; i++) {
		page[ts + i] = page[fs + i];
		if (!page[ts + i].object && !page[ts + i].anon)
			page[ts + i].index = ts + i;
		page[fs + i] = empty_page;
	}
	if (!no_memory && fe > fs + kept)
		unmap(t, m, fs + kept, fe);
	if (!no_memory && te > ts + kept)
		map(t, m, ts + kept, te, &tail);
	settle(t, m);
	return true;
}

void ref_fork(struct ref_mm *t, u32 from, u32 to)
{
	u32 i;

	t->space[to] = t->space[from];
	for (i = 0; i < REF_PAGES; i++) {
		struct ref_page *p = &t->space[from].page[i], *q = &t->space[to].page[i];

		if (q->frame < 0)
			continue;
		q->writable = REF_NO;
		if (!p->anon) {
			q->frame = -1;
			continue;
		}
		p->writable = REF_NO;
		t->refs[p->frame]++;
	}
}

void ref_fork_failed(struct ref_mm *t, u32 from)
{
	u32 i;

	for (i = 0; i < REF_PAGES; i++) {
		struct ref_page *p = &t->space[from].page[i];

		if (p->anon && p->writable == REF_YES)
			p->writable = REF_MAYBE;
	}
}

void ref_exit(struct ref_mm *t, u32 m)
{
	unmap(t, m, 0, REF_PAGES);
	settle(t, m);
	t->space[m].used = false;
}

/* The stack above an unmapped page grows down to it, if it may. */
static void grow_stack(struct ref_mm *t, u32 m, u32 page)
{
	struct ref_space *s = &t->space[m];
	u32 above = page, below = page, i;

	while (above < REF_PAGES && !s->page[above].mapped)
		above++;
	if (above == REF_PAGES || above == page || !(s->page[above].flags & MM_GROWSDOWN) ||
	    run_end(s, above) - page > t->stack_pages)
		return;
	while (below > 0 && !s->page[below - 1].mapped)
		below--;
	if (below > 0 && !(s->page[below - 1].flags & MM_GROWSDOWN) && (s->page[below - 1].flags & RIGHTS) &&
	    page < below + GUARD_GAP)
		return;
	for (i = page; i < above; i++) {
		s->page[i] = empty_page;
		s->page[i].mapped = true;
		s->page[i].flags = s->page[above].flags;
		s->page[i].anon = s->page[above].anon;
		s->page[i].index = s->page[above].index - (above - i);
	}
	spread_anon(s);
}

static bool allowed(const struct ref_page *p, enum access_kind access)
{
	u32 needed = access == ACCESS_WRITE ? MM_WRITE : access == ACCESS_EXEC ? MM_EXEC : RIGHTS;

	return p->mapped && (p->flags & needed);
}

static void give(struct ref_mm *t, u32 m, u32 page, s32 frame)
{
	struct ref_space *s = &t->space[m];
	struct ref_page *p = &s->page[page];

	if (p->frame >= 0)
		frame_drop(t, p->frame);
	p->frame = frame;
	p->writable = p->flags & MM_WRITE ? REF_YES : REF_NO;
	p->anon = true;
	spread_anon(s);
}

/* Maps the object's page. */
static void share(struct ref_mm *t, struct ref_page *p)
{
	p->frame = t->object[p->object].frame[p->index];
	t->refs[p->frame]++;
	p->writable = (p->flags & MM_SHARED) && (p->flags & MM_WRITE);
}

/*
 * A read of an object's page maps what lies around it: an aligned window of the same table (512 pages) and
 * mapping, moved up where the mapping begins inside it. A file has all its pages, as long as there are
 * frames.
 */
static void map_around(struct ref_mm *t, struct ref_space *s, u32 page, u32 frames)
{
	u32 end = run_end(s, page), first = page, n = 0;

	while (first > 0 && (t->first_vpn + first) % t->around &&
	       joined(&s->page[first - 1], &s->page[first]))
		first--;
	for (; first + n < end && n < t->around && (!n || (t->first_vpn + first + n) % 512); n++) {
		struct ref_page *p = &s->page[first + n];
		struct ref_object *o = &t->object[p->object];

		if (p->frame >= 0 || (o->frame[p->index] < 0 && o->anon))
			continue;
		if (o->frame[p->index] < 0 && t->live == frames)
			return;
		if (o->frame[p->index] < 0)
			o->frame[p->index] = frame_new(t);
		share(t, p);
	}
}

/* frames: how many the kernel may use at most for other things than tables. */
static enum ref_outcome first_touch(struct ref_mm *t, u32 m, u32 page, bool write, u32 frames)
{
	struct ref_page *p = &t->space[m].page[page];
	s32 *f;

	if (!p->object && !write && t->zero_page) {
		p->frame = 0;
		t->refs[0]++;
		return REF_ZERO_PAGE;
	}
	if (!p->object) {
		give(t, m, page, frame_new(t));
		return REF_ZERO;
	}
	f = &t->object[p->object].frame[p->index];
	if (*f < 0)
		*f = frame_new(t);
	if (write && !(p->flags & MM_SHARED)) {
		give(t, m, page, frame_new(t));
		return REF_COW;
	}
	share(t, p);
	if (!write)
		map_around(t, &t->space[m], page, frames);
	return REF_FILE;
}

enum ref_outcome ref_touch(struct ref_mm *t, u32 m, u32 page, enum access_kind access, bool trapped,
			   u32 frames)
{
	struct ref_page *p = &t->space[m].page[page];
	bool write = access == ACCESS_WRITE;

	grow_stack(t, m, page);
	if (!allowed(p, access))
		return REF_SEGV;
	if (p->frame < 0)
		return first_touch(t, m, page, write, frames);
	if (!write || p->writable == REF_YES)
		return REF_HIT;
	if (p->writable == REF_MAYBE && !trapped) {
		p->writable = REF_YES;
		return REF_HIT;
	}
	if ((p->flags & MM_SHARED) || t->refs[p->frame] == 1) {
		p->writable = REF_YES;
		return REF_REUSE;
	}
	give(t, m, page, frame_new(t));
	return REF_COW;
}

void ref_touch_failed(struct ref_mm *t, u32 m, u32 page, enum access_kind access, u32 data_frames)
{
	struct ref_page *p = &t->space[m].page[page];
	s32 *f;

	grow_stack(t, m, page);
	ASSERT(allowed(p, access));
	if (data_frames == t->live)
		return;
	/* The object got its page, and then there was none left for the copy. */
	ASSERT(data_frames == t->live + 1 && p->object && access == ACCESS_WRITE && !(p->flags & MM_SHARED));
	f = &t->object[p->object].frame[p->index];
	ASSERT(*f < 0);
	*f = frame_new(t);
}
