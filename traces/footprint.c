#include "traces/footprint.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define PAGE_SHIFT 12

/* Recently touched pages, so that few touches ask the big table. */
#define RECENT 1024u

struct area {
	u64 start, end;
	u32 label;
	u64 zero; /* where offset 0 would be */
};

struct areas {
	struct area *area; /* by address, apart */
	u32 n, max;
};

/* An address space. */
struct space {
	u32 pid;
	u32 generation; /* counts changes, so that a page's label is looked up once after each */
	struct areas now;
	struct areas ever; /* the same, but nothing is ever taken away */
};

struct page {
	u64 vpn;
	u32 space; /* index + 1; 0: free */
	u32 generation;
	u32 label;
};

struct label {
	u32 file; /* TR_NO_FILE: named by name alone */
	char *name;
	u64 pages, mapped;
	u64 bytes; /* of the file */
};

struct footprint {
	struct space *space;
	u32 n_spaces;
	struct label *label;
	u32 n_labels;
	struct page *page; /* open addressing */
	u64 n_pages, max_pages;
	struct page recent[RECENT];
	struct footprint_row *row;
};

enum { LABEL_NONE, LABEL_HEAP, LABEL_STACK, LABEL_ANON };

static u32 label_of(struct footprint *f, u32 file, const char *name)
{
	u32 i;

	for (i = 0; i < f->n_labels; i++)
		if (file ? f->label[i].file == file : !f->label[i].file && !strcmp(f->label[i].name, name))
			return i;
	f->label = xrealloc(f->label, (f->n_labels + 1) * sizeof(*f->label));
	f->label[i] = (struct label){ .file = file, .name = name ? xstrdup(name) : NULL };
	f->n_labels++;
	return i;
}

struct footprint *footprint_new(void)
{
	struct footprint *f = xcalloc(1, sizeof(*f));

	f->max_pages = 1024;
	f->page = xcalloc(f->max_pages, sizeof(*f->page));
	label_of(f, TR_NO_FILE, "(no mapping)");
	label_of(f, TR_NO_FILE, "[heap]");
	label_of(f, TR_NO_FILE, "[stack]");
	label_of(f, TR_NO_FILE, "[anon]");
	return f;
}

void footprint_free(struct footprint *f)
{
	u32 i;

	for (i = 0; i < f->n_spaces; i++) {
		free(f->space[i].now.area);
		free(f->space[i].ever.area);
	}
	for (i = 0; i < f->n_labels; i++)
		free(f->label[i].name);
	free(f->space);
	free(f->label);
	free(f->page);
	free(f->row);
	free(f);
}

/* ---- address spaces ---- */

static struct space *space_of(struct footprint *f, u32 pid)
{
	u32 i;

	for (i = 0; i < f->n_spaces; i++)
		if (f->space[i].pid == pid)
			return &f->space[i];
	f->space = xrealloc(f->space, (f->n_spaces + 1) * sizeof(*f->space));
	f->space[i] = (struct space){ .pid = pid, .generation = 1 };
	f->n_spaces++;
	return &f->space[i];
}

static u32 first_ending_after(const struct areas *as, u64 addr)
{
	u32 low = 0, high = as->n;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (as->area[mid].end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static void insert_at(struct areas *as, u32 i, struct area a)
{
	if (as->n == as->max) {
		as->max = MAX(16, 2 * as->max);
		as->area = xrealloc(as->area, as->max * sizeof(*as->area));
	}
	memmove(&as->area[i + 1], &as->area[i], (as->n - i) * sizeof(*as->area));
	as->area[i] = a;
	as->n++;
}

/* Splits the area that goes across addr, if one does. */
static void split(struct areas *as, u64 addr)
{
	u32 i = first_ending_after(as, addr);
	struct area low;

	if (i == as->n || as->area[i].start >= addr)
		return;
	low = as->area[i];
	low.end = addr;
	as->area[i].start = addr;
	insert_at(as, i, low);
}

static void take_away(struct areas *as, u64 start, u64 end)
{
	u32 first, last;

	if (!as->n)
		return;
	split(as, start);
	split(as, end);
	first = first_ending_after(as, start);
	last = first_ending_after(as, end);
	memmove(&as->area[first], &as->area[last], (as->n - last) * sizeof(*as->area));
	as->n -= last - first;
}

static void put(struct areas *as, struct area a)
{
	take_away(as, a.start, a.end);
	insert_at(as, first_ending_after(as, a.start), a);
}

/* NULL: there is none. */
static const struct area *area_in(const struct areas *as, u64 addr)
{
	u32 i = first_ending_after(as, addr);

	return i < as->n && as->area[i].start <= addr ? &as->area[i] : NULL;
}

static u32 label_in(const struct areas *as, u64 addr)
{
	const struct area *a = area_in(as, addr);

	return a ? a->label : LABEL_NONE;
}

static void unmap(struct space *s, u64 start, u64 len)
{
	if (start + len <= start)
		return;
	take_away(&s->now, start, start + len);
	s->generation++;
}

static void map(struct footprint *f, struct space *s, u64 start, u64 len, u32 label, u64 offset)
{
	struct area a = { start, start + len, label, start - offset };

	if (a.end <= a.start)
		return;
	put(&s->now, a);
	put(&s->ever, a);
	s->generation++;
	f->label[label].mapped += len;
}

/* Another thread's packet may tell of an unmapping before this one's touches that came first. */
static const struct area *area_at(const struct space *s, u64 addr)
{
	const struct area *a = area_in(&s->now, addr);

	return a ? a : area_in(&s->ever, addr);
}

static u32 label_at(const struct space *s, u64 addr)
{
	const struct area *a = area_at(s, addr);

	return a ? a->label : LABEL_NONE;
}

static u32 label_of_map(struct footprint *f, const struct tr_event *ev)
{
	if (ev->flags & TR_MAP_HEAP)
		return LABEL_HEAP;
	if (ev->flags & TR_MAP_GROWSDOWN)
		return LABEL_STACK;
	if (ev->file != TR_NO_FILE)
		return label_of(f, ev->file, NULL);
	return ev->name && *ev->name ? label_of(f, TR_NO_FILE, ev->name) : LABEL_ANON;
}

static void name_file(struct footprint *f, u32 file, const char *name, u64 bytes)
{
	struct label *l;
	u32 i;

	if (file == TR_NO_FILE)
		return;
	i = label_of(f, file, NULL); /* may move the labels */
	l = &f->label[i];
	free(l->name);
	l->name = name ? xstrdup(name) : NULL;
	l->bytes = bytes;
}

static void copy_space(struct footprint *f, u32 from, u32 to)
{
	struct space *child, *parent;
	u32 i;

	space_of(f, to); /* may move them all */
	child = space_of(f, to);
	parent = space_of(f, from);
	for (i = 0; i < parent->now.n; i++) {
		put(&child->now, parent->now.area[i]);
		put(&child->ever, parent->now.area[i]);
	}
	child->generation++;
}

static void remap(struct footprint *f, struct space *s, const struct tr_event *ev)
{
	const struct area *old = area_at(s, ev->addr);
	u32 label = old ? old->label : label_of_map(f, ev);
	u64 offset = old ? ev->addr - old->zero : 0;

	unmap(s, ev->addr, ev->len);
	map(f, s, ev->addr2, ev->len2, label, offset);
}

void footprint_event(struct footprint *f, u32 pid, const struct tr_event *ev)
{
	struct space *s = space_of(f, pid);

	switch (ev->kind) {
	case TR_EV_MAP:
		map(f, s, ev->addr, ev->len, label_of_map(f, ev), ev->file != TR_NO_FILE ? ev->offset : 0);
		break;
	case TR_EV_UNMAP:
		unmap(s, ev->addr, ev->len);
		break;
	case TR_EV_REMAP:
		remap(f, s, ev);
		break;
	case TR_EV_BRK:
		map(f, s, ev->addr2, ev->addr - MIN(ev->addr, ev->addr2), LABEL_HEAP, 0);
		break;
	case TR_EV_FORK:
		copy_space(f, pid, (u32)ev->arg);
		break;
	case TR_EV_EXEC:
		s->now.n = s->ever.n = 0;
		s->generation++;
		break;
	case TR_EV_FILE:
		name_file(f, ev->file, ev->name, ev->len);
		break;
	}
}

/* ---- pages ---- */

static u64 page_hash(u64 vpn, u32 space)
{
	return (vpn + ((u64)space << 40)) * 0x9e3779b97f4a7c15u >> 20;
}

static struct page *find_page(struct page *table, u64 size, u64 vpn, u32 space)
{
	u64 i = page_hash(vpn, space) & (size - 1);

	while (table[i].space && (table[i].vpn != vpn || table[i].space != space))
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void grow_pages(struct footprint *f)
{
	u64 size = 2 * f->max_pages, i;
	struct page *table = xcalloc(size, sizeof(*table));

	for (i = 0; i < f->max_pages; i++)
		if (f->page[i].space)
			*find_page(table, size, f->page[i].vpn, f->page[i].space) = f->page[i];
	free(f->page);
	f->page = table;
	f->max_pages = size;
}

static struct page *page_of(struct footprint *f, u64 vpn, u32 space)
{
	struct page *p = find_page(f->page, f->max_pages, vpn, space);

	if (p->space)
		return p;
	if (f->n_pages > f->max_pages / 2) {
		grow_pages(f);
		p = find_page(f->page, f->max_pages, vpn, space);
	}
	*p = (struct page){ .vpn = vpn, .space = space, .label = UINT32_MAX };
	f->n_pages++;
	return p;
}

/* A page counts again when something else has been mapped there. */
static void touch_page(struct footprint *f, const struct space *s, u64 vpn)
{
	u32 space = (u32)(s - f->space) + 1, label;
	struct page *recent = &f->recent[vpn % RECENT], *p;

	if (recent->vpn == vpn && recent->space == space && recent->generation == s->generation)
		return;
	p = page_of(f, vpn, space);
	if (p->generation != s->generation) {
		label = label_at(s, vpn << PAGE_SHIFT);
		if (p->label != label) {
			f->label[label].pages++;
			if (p->label == LABEL_NONE) /* known only now */
				f->label[LABEL_NONE].pages--;
		}
		p->label = label;
		p->generation = s->generation;
	}
	*recent = *p;
}

void footprint_touch(struct footprint *f, u32 pid, u64 addr, u64 len)
{
	const struct space *s = space_of(f, pid);
	u64 first = addr >> PAGE_SHIFT, last = (addr + len - 1) >> PAGE_SHIFT;

	touch_page(f, s, first);
	while (first < last)
		touch_page(f, s, ++first);
}

u64 footprint_pages(const struct footprint *f)
{
	return f->n_pages;
}

static const char *name_of(const struct label *l)
{
	return l->name ? l->name : "(file without a name)";
}

const char *footprint_name(const struct footprint *f, u32 pid, u64 addr)
{
	u32 i;

	for (i = 0; i < f->n_spaces; i++)
		if (f->space[i].pid == pid)
			return name_of(&f->label[label_at(&f->space[i], addr)]);
	return name_of(&f->label[LABEL_NONE]);
}

bool footprint_place(const struct footprint *f, u32 pid, u64 addr, struct footprint_place *place)
{
	const struct area *a = NULL;
	u32 i;

	for (i = 0; i < f->n_spaces; i++)
		if (f->space[i].pid == pid)
			a = area_at(&f->space[i], addr);
	*place = (struct footprint_place){ .name = name_of(&f->label[a ? a->label : LABEL_NONE]) };
	if (!a)
		return false;
	place->is_file = f->label[a->label].file != TR_NO_FILE;
	place->offset = addr - a->zero;
	place->file_bytes = f->label[a->label].bytes;
	place->start = a->start;
	return true;
}

static int by_pages(const void *a, const void *b)
{
	const struct footprint_row *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Pages touched before the packet came that tells of their mapping. */
static void name_late(struct footprint *f)
{
	u64 i;

	for (i = 0; i < f->max_pages; i++) {
		struct page *p = &f->page[i];

		if (!p->space || p->label != LABEL_NONE)
			continue;
		p->label = label_in(&f->space[p->space - 1].ever, p->vpn << PAGE_SHIFT);
		f->label[LABEL_NONE].pages--;
		f->label[p->label].pages++;
	}
}

u32 footprint_rows(struct footprint *f, const struct footprint_row **rows)
{
	u32 i, n = 0;

	name_late(f);
	free(f->row);
	f->row = xcalloc(f->n_labels, sizeof(*f->row));
	for (i = 0; i < f->n_labels; i++) {
		const struct label *l = &f->label[i];

		if (l->pages || l->mapped)
			f->row[n++] = (struct footprint_row){ name_of(l), l->pages, l->mapped };
	}
	qsort(f->row, n, sizeof(*f->row), by_pages);
	*rows = f->row;
	return n;
}
