#include "analysis/profile_state.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"

const char *const profile_files[] = { MAPPINGS_FILE, PAGES_FILE, LINES_FILE, CODE_FILE, NULL };

#define NO_VPN (~(u64)0)

/* ---- what is where ---- */

/* The latest first: it is the likeliest. */
static u32 space_of(struct profile *p, u32 recording, u32 pid)
{
	u32 i;

	for (i = p->n_spaces; i-- > 0;)
		if (p->space[i].recording == recording && p->space[i].pid == pid)
			return i;
	p->space = xrealloc(p->space, (p->n_spaces + 1) * sizeof(*p->space));
	p->space[p->n_spaces] = (struct profile_space){ .recording = recording, .pid = pid };
	return p->n_spaces++;
}

static u32 mapping_of(struct profile *p, const char *name, const char *path, u64 bytes)
{
	u32 i;

	for (i = 0; i < p->n_mappings; i++)
		if (!strcmp(p->mapping[i].name, name) && !p->mapping[i].path == !path)
			return i;
	p->mapping = xrealloc(p->mapping, (p->n_mappings + 1) * sizeof(*p->mapping));
	p->mapping[p->n_mappings] = (struct profile_mapping){ .name = xstrdup(name),
							      .path = path ? xstrdup(path) : NULL,
							      .bytes = bytes };
	return p->n_mappings++;
}

static struct symbols *symbols_of(struct profile *p, u32 mapping)
{
	struct profile_mapping *m = &p->mapping[mapping];

	if (m->path && !m->looked)
		m->symbols = symbols_open(m->path, m->bytes);
	m->looked = true;
	return m->symbols;
}

/* Memory right behind a file's, of which the file says that it begins with zeros. */
static bool is_bss(struct profile *p, const struct profile_space *s, u64 addr,
		   const struct footprint_place *place, u64 *offset, u32 *mapping)
{
	struct footprint_place file;
	char *name;

	if (!place->start || !footprint_place(p->footprint[s->recording], s->pid, place->start - 1, &file) ||
	    !file.is_file)
		return false;
	*offset = file.offset + (addr - (place->start - 1));
	name = xasprintf("%s .bss", file.name);
	*mapping = mapping_of(p, name, file.name, file.file_bytes);
	free(name);
	return symbols_of(p, *mapping) && symbols_loads(symbols_of(p, *mapping), *offset);
}

u32 profile_place(struct profile *p, u32 space, u64 addr, u64 *offset)
{
	const struct profile_space *s = &p->space[space];
	struct footprint_place place;
	u32 mapping;

	footprint_place(p->footprint[s->recording], s->pid, addr, &place);
	if (!place.is_file && is_bss(p, s, addr, &place, offset, &mapping))
		return mapping;
	*offset = place.offset;
	return mapping_of(p, place.name, place.is_file ? place.name : NULL, place.file_bytes);
}

u32 profile_page(struct profile *p, u32 space, u64 vpn)
{
	u64 *known = map64_find(&p->space[space].pages, vpn);
	struct profile_page *page;

	if (known)
		return (u32)*known;
	if (p->n_pages == p->cap_pages) {
		p->cap_pages = 2 * p->cap_pages + 1024;
		p->page = xrealloc(p->page, p->cap_pages * sizeof(*p->page));
	}
	page = &p->page[p->n_pages];
	*page = (struct profile_page){ .vpn = vpn, .space = space };
	page->mapping = profile_place(p, space, vpn << PROFILE_PAGE_SHIFT, &page->offset);
	p->mapping[page->mapping].pages++;
	map64_set(&p->space[space].pages, vpn, p->n_pages);
	return p->n_pages++;
}

static struct profile_line *line_of(struct profile *p, u32 space, u64 line)
{
	u64 *known = map64_find(&p->space[space].lines, line);

	if (known)
		return &p->line[*known];
	if (p->n_lines == p->cap_lines) {
		p->cap_lines = 2 * p->cap_lines + 1024;
		p->line = xrealloc(p->line, p->cap_lines * sizeof(*p->line));
	}
	map64_set(&p->space[space].lines, line, p->n_lines);
	p->line[p->n_lines] = (struct profile_line){ .line = line, .space = space };
	return &p->line[p->n_lines++];
}

static struct profile_code *code_of(struct profile *p, u32 space, u64 ip)
{
	u64 *known = map64_find(&p->space[space].code, ip);

	if (known)
		return &p->place[*known];
	if (p->n_places == p->cap_places) {
		p->cap_places = 2 * p->cap_places + 1024;
		p->place = xrealloc(p->place, p->cap_places * sizeof(*p->place));
	}
	map64_set(&p->space[space].code, ip, p->n_places);
	p->place[p->n_places] = (struct profile_code){ .ip = ip, .space = space };
	return &p->place[p->n_places++];
}

/* ---- what is told ---- */

static void runs(void *arg, u32 core, u32 recording, u32 pid)
{
	struct profile *p = arg;
	u32 space = space_of(p, recording % p->n_files, pid);

	if (space == p->core[core].space)
		return;
	p->core[core].space = space;
	p->core[core].vpn = NO_VPN;
}

static struct profile_page *page_at(struct profile *p, u32 core, u64 va)
{
	struct profile_core *c = &p->core[core];
	u64 vpn = va >> PROFILE_PAGE_SHIFT;

	if (vpn != c->vpn) {
		c->page = profile_page(p, c->space, vpn);
		c->vpn = vpn;
	}
	return &p->page[c->page];
}

static void accesses(void *arg, u32 core, const u64 *va, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		page_at(arg, core, va[i])->accesses++;
}

static void count(struct profile_counts *c, const struct profile_sample *s)
{
	u64 wait = s->cycles > s->hit ? s->cycles - s->hit : 0;

	c->slow++;
	c->stores += s->store;
	c->l1_misses += s->served != MEM_L1;
	c->dram += s->served == MEM_DRAM;
	c->remote += s->served == MEM_REMOTE;
	c->stlb += s->how == XLATE_STLB;
	c->walks += s->how == XLATE_WALK;
	c->faults += s->how == XLATE_FAULT;
	*(s->store ? &c->store_wait : &c->load_wait) += wait;
}

static void sample(void *arg, u32 core, const struct profile_sample *s)
{
	struct profile *p = arg;
	u32 space = p->core[core].space;
	struct profile_line *line;

	count(&page_at(p, core, s->va)->c, s);
	line = line_of(p, space, s->va >> p->line_shift);
	line->pa = s->pa >> p->line_shift;
	line->cores |= 1ull << core % 64;
	count(&line->c, s);
	count(&code_of(p, space, s->ip)->c, s);
}

static void event(void *arg, u32 recording, u32 pid, const struct tr_event *ev)
{
	struct profile *p = arg;

	footprint_event(p->footprint[recording % p->n_files], pid, ev);
}

/* ---- symbols ---- */

char *profile_symbol(struct profile *p, u32 mapping, u64 offset, bool behind)
{
	const struct symbols *s = symbols_of(p, mapping);
	const char *name = NULL;
	u64 far = 0;

	if (s)
		name = symbols_find(s, offset, &far);
	if (!name)
		return xstrdup("");
	return behind && far ? xasprintf("%s+0x%llx", name, (unsigned long long)far) : xstrdup(name);
}

/* ---- one profile ---- */

struct profile *profile_new(u32 cores, u32 n_files, u32 line)
{
	struct profile *p = xcalloc(1, sizeof(*p));
	u32 i;

	p->hook = (struct profile_hook){
		.arg = p, .runs = runs, .accesses = accesses, .sample = sample, .event = event
	};
	p->n_files = n_files;
	p->line_shift = log2_floor(line);
	p->core = xcalloc(cores, sizeof(*p->core));
	for (i = 0; i < cores; i++)
		p->core[i] = (struct profile_core){ .space = ~0u, .vpn = NO_VPN };
	p->footprint = xcalloc(n_files, sizeof(struct footprint *));
	for (i = 0; i < n_files; i++)
		p->footprint[i] = footprint_new();
	return p;
}

struct profile_hook *profile_hook(struct profile *p)
{
	return &p->hook;
}

void profile_free(struct profile *p)
{
	u32 i;

	if (!p)
		return;
	for (i = 0; i < p->n_files; i++)
		footprint_free(p->footprint[i]);
	for (i = 0; i < p->n_mappings; i++) {
		free(p->mapping[i].name);
		free(p->mapping[i].path);
		symbols_free(p->mapping[i].symbols);
	}
	for (i = 0; i < p->n_spaces; i++) {
		map64_fini(&p->space[i].pages);
		map64_fini(&p->space[i].lines);
		map64_fini(&p->space[i].code);
	}
	free(p->footprint);
	free(p->core);
	free(p->space);
	free(p->mapping);
	free(p->page);
	free(p->line);
	free(p->place);
	free(p);
}
