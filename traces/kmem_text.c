#include "traces/kmem_text.h"

#include <string.h>

#include "traces/text.h"

/* Nothing in a kernel has a block of more than 2^MAX_ORDER pages. */
#define MAX_ORDER       30u
#define MAX_MIGRATETYPE 31u
#define MAX_CPU         65535u
#define MAX_PFN         ((u64)1 << 52)

const char *const kmem_kind_name[NR_KMEM_KINDS] = {
#define X(id, name) [KMEM_##id] = name,
	KMEM_EVENTS(X)
#undef X
};

/* ---- pid, cpu, time, event ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* SECONDS.FRACTION: and a blank; *end: after the colon. */
static bool parse_time(const char *p, u64 *ns, const char **end)
{
	u64 seconds, unit = 1000000000u;

	if (!text_decimal(&p, &seconds) || *p++ != '.' || !is_digit(*p))
		return false;
	if (__builtin_mul_overflow(seconds, unit, ns))
		return false;
	for (; is_digit(*p) && unit > 1; p++) {
		unit /= 10;
		if (__builtin_add_overflow(*ns, (u64)(*p - '0') * unit, ns))
			return false;
	}
	if (*p != ':' || !is_blank(p[1]))
		return false;
	*end = p + 1;
	return true;
}

/* The number that ends before `end`; *start: its first digit. */
static bool number_before(const char *line, const char *end, u64 max, u32 *v, const char **start)
{
	const char *p = end;
	u64 n;

	while (p > line && is_digit(p[-1]))
		p--;
	*start = p;
	if (p == end || !text_decimal(&p, &n) || n > max)
		return false;
	*v = (u32)n;
	return true;
}

static const char *blanks_before(const char *line, const char *end)
{
	while (end > line && is_blank(end[-1]))
		end--;
	return end;
}

/* "[CPU]" that ends before `end`, if one does; returns what is before it. */
static const char *cpu_before(const char *line, const char *end, struct kmem_event *ev)
{
	const char *start;
	u32 cpu;

	ev->cpu = KMEM_NO_CPU;
	if (end == line || end[-1] != ']')
		return end;
	if (!number_before(line, end - 1, MAX_CPU, &cpu, &start) || start == line || start[-1] != '[')
		return end;
	ev->cpu = cpu;
	return blanks_before(line, start - 1);
}

/* "PID" or "PID/TID" that ends before `end`, at the start of the line or after a blank. -1: no task. */
static bool pid_before(const char *line, const char *end, struct kmem_event *ev)
{
	const char *start;

	if (!number_before(line, end, INT32_MAX, &ev->tid, &start))
		return false;
	ev->pid = ev->tid;
	if (start > line && start[-1] == '/' && !number_before(line, start - 1, INT32_MAX, &ev->pid, &start))
		return false;
	if (start > line && start[-1] == '-') {
		start--;
		ev->pid = ev->tid = ~0u;
	}
	return start == line || is_blank(start[-1]);
}

/* Everything up to the event's name; NULL: this is not how perf begins a line. A command may hold anything.
 */
static const char *parse_head(const char *line, struct kmem_event *ev)
{
	const char *p, *end;

	for (p = line; *p; p++) {
		if (!is_digit(*p) || (p > line && !is_blank(p[-1])))
			continue;
		if (parse_time(p, &ev->time_ns, &end) &&
		    pid_before(line, cpu_before(line, blanks_before(line, p), ev), ev)) {
			text_skip_blanks(&end);
			return end;
		}
	}
	return NULL;
}

/* What perf prints beside events: comments, empty lines, and call chains: indented, an address and a name. */
static bool is_beside(const char *line)
{
	const char *p = line;
	u64 va;

	text_skip_blanks(&p);
	if (!*p || *p == '\r' || *p == '#')
		return true;
	if (p == line || !text_hex(&p, &va) || !is_blank(*p))
		return false;
	text_skip_blanks(&p);
	return *p && *p != '\r' && *p != '[';
}

/* An event's name ends with a colon; perf may be told to print a period before it. NULL: there is none. */
static const char *parse_event(const char *p)
{
	const char *end;
	u64 period;

	for (end = p; text_decimal(&end, &period) && is_blank(*end); end = p) {
		text_skip_blanks(&end);
		p = end;
	}
	for (end = p; *end && !is_blank(*end); end++)
		;
	return end > p && end[-1] == ':' ? p : NULL;
}

/* "kmem:NAME:"; *p goes behind it. */
static bool parse_kind(const char **p, enum kmem_kind *kind)
{
	static const char group[] = "kmem:";
	const char *name = *p + sizeof(group) - 1;
	u32 i;

	if (strncmp(*p, group, sizeof(group) - 1))
		return false;
	for (i = 0; i < NR_KMEM_KINDS; i++) {
		size_t n = strlen(kmem_kind_name[i]);

		if (strncmp(name, kmem_kind_name[i], n) || name[n] != ':')
			continue;
		*kind = i;
		*p = name + n + 1;
		return true;
	}
	return false;
}

/* ---- fields ---- */

/* Where the value of field NAME begins, NULL: there is no such field. */
static const char *field(const char *fields, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = strstr(fields, name); p; p = strstr(p + 1, name))
		if (p[n] == '=' && (p == fields || is_blank(p[-1])))
			return p + n + 1;
	return NULL;
}

static bool ends_word(char c)
{
	return !c || is_blank(c) || c == '\r';
}

/* Decimal, or hexadecimal with 0x. */
static bool field_number(const char *fields, const char *name, u64 max, u64 *v)
{
	const char *p = field(fields, name);

	if (!p)
		return false;
	if (!(p[0] == '0' && p[1] == 'x' ? text_hex(&p, v) : text_decimal(&p, v)))
		return false;
	return ends_word(*p) && *v <= max;
}

static bool field_u32(const char *fields, const char *name, u32 max, u32 *v)
{
	u64 n;

	if (!field_number(fields, name, max, &n))
		return false;
	*v = (u32)n;
	return true;
}

/* An address: hexadecimal, with 0x or without; %p of NULL may read "(nil)". */
static bool field_address(const char *fields, const char *name, u64 *v)
{
	const char *p = field(fields, name);

	*v = 0;
	if (p && !strncmp(p, "(nil)", 5))
		return ends_word(p[5]);
	return p && text_hex(&p, v) && ends_word(*p);
}

/* Up to a blank that stands before another field's name or the end: names of caches may have blanks. */
static struct kmem_word field_word(const char *fields, const char *name)
{
	const char *p = field(fields, name), *end, *next;

	if (!p)
		return (struct kmem_word){ 0 };
	for (end = p; *end && *end != '\r'; end = next) {
		for (next = end + 1; !ends_word(*next); next++)
			;
		if (is_blank(*end) && memchr(end, '=', (size_t)(next - end)))
			break;
	}
	end = blanks_before(p, end);
	return (struct kmem_word){ .at = p, .len = (u32)(end - p) };
}

/* ---- flags: names of include/trace/events/mmflags.h ---- */

#define RECLAIM  (KMEM_GFP_DIRECT_RECLAIM | KMEM_GFP_KSWAPD_RECLAIM)
#define KERNEL   (RECLAIM | KMEM_GFP_IO | KMEM_GFP_FS)
#define USER     (KERNEL | KMEM_GFP_HARDWALL)
#define HIGHUSER (USER | KMEM_GFP_HIGHMEM)
#define THP_LIGHT \
	((HIGHUSER & ~RECLAIM) | KMEM_GFP_MOVABLE | KMEM_GFP_COMP | KMEM_GFP_NOMEMALLOC | KMEM_GFP_NOWARN)

static const struct gfp_name {
	const char *name;
	u32 bits;
} gfp_names[] = {
	{ "GFP_KERNEL", KERNEL },
	{ "GFP_KERNEL_ACCOUNT", KERNEL | KMEM_GFP_ACCOUNT },
	{ "GFP_ATOMIC", KMEM_GFP_HIGH | KMEM_GFP_KSWAPD_RECLAIM },
	{ "GFP_NOWAIT", KMEM_GFP_KSWAPD_RECLAIM },
	{ "GFP_NOIO", RECLAIM },
	{ "GFP_NOFS", RECLAIM | KMEM_GFP_IO },
	{ "GFP_USER", USER },
	{ "GFP_HIGHUSER", HIGHUSER },
	{ "GFP_HIGHUSER_MOVABLE", HIGHUSER | KMEM_GFP_MOVABLE },
	{ "GFP_TRANSHUGE", THP_LIGHT | KMEM_GFP_DIRECT_RECLAIM },
	{ "GFP_TRANSHUGE_LIGHT", THP_LIGHT },
	{ "GFP_TEMPORARY", KERNEL | KMEM_GFP_RECLAIMABLE },
	{ "GFP_DMA", KMEM_GFP_DMA },
	{ "GFP_DMA32", KMEM_GFP_DMA32 },
	{ "__GFP_DMA", KMEM_GFP_DMA },
	{ "__GFP_DMA32", KMEM_GFP_DMA32 },
	{ "__GFP_HIGHMEM", KMEM_GFP_HIGHMEM },
	{ "__GFP_MOVABLE", KMEM_GFP_MOVABLE },
	{ "__GFP_RECLAIMABLE", KMEM_GFP_RECLAIMABLE },
	{ "__GFP_HIGH", KMEM_GFP_HIGH },
	{ "__GFP_IO", KMEM_GFP_IO },
	{ "__GFP_FS", KMEM_GFP_FS },
	{ "__GFP_ZERO", KMEM_GFP_ZERO },
	{ "__GFP_RECLAIM", RECLAIM },
	{ "__GFP_DIRECT_RECLAIM", KMEM_GFP_DIRECT_RECLAIM },
	{ "__GFP_KSWAPD_RECLAIM", KMEM_GFP_KSWAPD_RECLAIM },
	{ "__GFP_NORETRY", KMEM_GFP_NORETRY },
	{ "__GFP_RETRY_MAYFAIL", KMEM_GFP_RETRY_MAYFAIL },
	{ "__GFP_REPEAT", KMEM_GFP_RETRY_MAYFAIL },
	{ "__GFP_NOFAIL", KMEM_GFP_NOFAIL },
	{ "__GFP_NOWARN", KMEM_GFP_NOWARN },
	{ "__GFP_COMP", KMEM_GFP_COMP },
	{ "__GFP_NOMEMALLOC", KMEM_GFP_NOMEMALLOC },
	{ "__GFP_MEMALLOC", KMEM_GFP_MEMALLOC },
	{ "__GFP_THISNODE", KMEM_GFP_THISNODE },
	{ "__GFP_COLD", KMEM_GFP_COLD },
	{ "__GFP_ACCOUNT", KMEM_GFP_ACCOUNT },
	{ "__GFP_HARDWALL", KMEM_GFP_HARDWALL },
	{ "__GFP_WRITE", KMEM_GFP_WRITE },
};

static u32 gfp_bits(const char *name, size_t len)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++)
		if (strlen(gfp_names[i].name) == len && !memcmp(gfp_names[i].name, name, len))
			return gfp_names[i].bits;
	return KMEM_GFP_OTHER;
}

/* "none" and "0" stand for no flag at all. */
static bool names_no_flag(const char *p, size_t len)
{
	return (len == 4 && !memcmp(p, "none", 4)) || (len == 1 && *p == '0');
}

static bool field_gfp(const char *fields, u32 *gfp)
{
	const char *p = field(fields, "gfp_flags"), *end;

	*gfp = 0;
	while (p) {
		for (end = p; *end != '|' && !ends_word(*end); end++)
			;
		if (end == p)
			return false;
		if (!names_no_flag(p, (size_t)(end - p)))
			*gfp |= gfp_bits(p, (size_t)(end - p));
		if (*end != '|')
			return true;
		p = end + 1;
	}
	return false;
}

/* ---- events ---- */

static const char *parse_pfn(const char *f, struct kmem_event *ev)
{
	u64 page;

	if (!field_number(f, "pfn", MAX_PFN, &ev->pfn))
		return "no pfn";
	/* What an allocation that failed says. */
	if (ev->kind == KMEM_PAGE_ALLOC && !ev->pfn && field_address(f, "page", &page) && !page)
		ev->pfn = KMEM_NO_PFN;
	return NULL;
}

static const char *parse_page(const char *f, struct kmem_event *ev)
{
	bool typed = ev->kind == KMEM_PAGE_ALLOC || ev->kind == KMEM_ZONE_LOCKED ||
		     ev->kind == KMEM_PCPU_DRAIN;
	const char *why = parse_pfn(f, ev);
	u32 refill;

	if (why)
		return why;
	if (!field_u32(f, "order", MAX_ORDER, &ev->order))
		return "no order";
	if (typed && !field_u32(f, "migratetype", MAX_MIGRATETYPE, &ev->migratetype))
		return "no migratetype";
	if (ev->kind == KMEM_PAGE_ALLOC && !field_gfp(f, &ev->gfp))
		return "no gfp_flags";
	if (ev->kind == KMEM_ZONE_LOCKED && field_u32(f, "percpu_refill", 1, &refill))
		ev->percpu_refill = refill;
	return NULL;
}

static const char *parse_extfrag(const char *f, struct kmem_event *ev)
{
	const char *why = parse_pfn(f, ev);
	u32 change;

	if (why)
		return why;
	if (!field_u32(f, "alloc_order", MAX_ORDER, &ev->order) ||
	    !field_u32(f, "fallback_order", MAX_ORDER, &ev->fallback_order))
		return "no orders";
	if (!field_u32(f, "alloc_migratetype", MAX_MIGRATETYPE, &ev->migratetype) ||
	    !field_u32(f, "fallback_migratetype", MAX_MIGRATETYPE, &ev->fallback_migratetype))
		return "no migratetypes";
	ev->change_ownership = field_u32(f, "change_ownership", 1, &change) && change;
	return NULL;
}

static void parse_call_site(const char *f, struct kmem_event *ev)
{
	const char *p;

	ev->call_site = field_word(f, "call_site");
	p = ev->call_site.at;
	if (!ev->call_site.len || !text_hex(&p, &ev->call_site_va) ||
	    p != ev->call_site.at + ev->call_site.len)
		ev->call_site_va = 0;
}

static const char *parse_object(const char *f, struct kmem_event *ev)
{
	bool frees = ev->kind == KMEM_KFREE || ev->kind == KMEM_CACHE_FREE;

	if (!field_address(f, "ptr", &ev->ptr))
		return "no ptr";
	parse_call_site(f, ev);
	ev->cache = field_word(f, "name");
	if (frees)
		return NULL;
	if (!field_number(f, "bytes_req", UINT32_MAX, &ev->bytes_req) ||
	    !field_number(f, "bytes_alloc", UINT32_MAX, &ev->bytes_alloc))
		return "no bytes_req and bytes_alloc";
	return field_gfp(f, &ev->gfp) ? NULL : "no gfp_flags";
}

static const char *parse_fields(const char *f, struct kmem_event *ev)
{
	if (ev->kind == KMEM_EXTFRAG)
		return parse_extfrag(f, ev);
	return ev->kind < KMEM_EXTFRAG ? parse_page(f, ev) : parse_object(f, ev);
}

enum kmem_line kmem_parse(const char *line, struct kmem_event *ev, const char **why)
{
	const char *p;

	*ev = (struct kmem_event){ 0 };
	*why = NULL;
	p = parse_head(line, ev);
	if (!p && is_beside(line))
		return KMEM_LINE_OTHER;
	if (!p) {
		*why = "not a line of perf script";
		return KMEM_LINE_DAMAGED;
	}
	p = parse_event(p);
	if (!p) {
		*why = "no event";
		return KMEM_LINE_DAMAGED;
	}
	if (!parse_kind(&p, &ev->kind))
		return KMEM_LINE_OTHER;
	text_skip_blanks(&p);
	*why = parse_fields(p, ev);
	return *why ? KMEM_LINE_DAMAGED : KMEM_LINE_EVENT;
}
