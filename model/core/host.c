#include "model/core/host.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/arch/cpu.h"
#include "model/base/error.h"

/* ---- files ---- */

/* The first line of a file, without its end; false: there is none. */
static bool read_line(const char *root, const char *path, char *buf, size_t size)
{
	char full[512];
	bool got;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "r");
	if (!f)
		return false;
	got = fgets(buf, (int)size, f) != NULL;
	fclose(f);
	if (got)
		buf[strcspn(buf, "\n")] = 0;
	return got;
}

/* "0-3,8" names five processors. */
static u32 list_count(const char *list)
{
	u32 n = 0;
	char *end;

	while (isdigit((unsigned char)*list)) {
		u64 first = strtoull(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoull(end + 1, &end, 10);
		n += last >= first ? (u32)(last - first + 1) : 0;
		list = *end == ',' ? end + 1 : end;
	}
	return n;
}

static bool read_list(const char *root, const char *path, u32 *n)
{
	char buf[1024];

	if (!read_line(root, path, buf, sizeof(buf)))
		return false;
	*n = list_count(buf);
	return *n != 0;
}

static u64 read_number(const char *root, const char *dir, const char *file)
{
	char path[256], buf[64], *end;
	u64 n;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!read_line(root, path, buf, sizeof(buf)))
		return 0;
	n = strtoull(buf, &end, 10);
	return *end == 'K' ? n << 10 : *end == 'M' ? n << 20 : n;
}

/* threads: hardware threads of a core. */
static bool read_cache(struct host *h, const char *root, u32 index, u32 threads)
{
	struct host_cache *c = &h->cache[h->n_caches];
	char dir[128], path[192], type[32];
	u32 cpus = 1;

	snprintf(dir, sizeof(dir), "/sys/devices/system/cpu/cpu0/cache/index%u", index);
	snprintf(path, sizeof(path), "%s/type", dir);
	if (h->n_caches == ARRAY_SIZE(h->cache) || !read_line(root, path, type, sizeof(type)))
		return false;
	snprintf(path, sizeof(path), "%s/shared_cpu_list", dir);
	read_list(root, path, &cpus);
	*c = (struct host_cache){
		.level = (u32)read_number(root, dir, "level"),
		.type = type[0],
		.size = read_number(root, dir, "size"),
		.ways = (u32)read_number(root, dir, "ways_of_associativity"),
		.line = (u32)read_number(root, dir, "coherency_line_size"),
		.sharers = MAX(cpus / threads, 1),
	};
	h->n_caches += c->size && c->ways && c->line;
	return true;
}

/* Calls for each "key : value" of a file like /proc/cpuinfo until fn says stop. */
static void read_pairs(struct host *h, const char *root, const char *path,
		       void (*fn)(struct host *h, const char *key, const char *value))
{
	char full[512], line[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':'), *end;

		if (!colon)
			continue;
		line[strcspn(line, "\n")] = 0;
		for (end = colon; end > line && isspace((unsigned char)end[-1]); end--)
			;
		*end = 0;
		fn(h, line, colon + 1 + strspn(colon + 1, " \t"));
	}
	fclose(f);
}

static void take_cpuinfo(struct host *h, const char *key, const char *value)
{
	if (!strcmp(key, "model name") && !h->name[0])
		snprintf(h->name, sizeof(h->name), "%s", value);
	else if (!strcmp(key, "cpu MHz") && !h->hz)
		h->hz = strtoull(value, NULL, 10) * 1000000u;
}

static void take_meminfo(struct host *h, const char *key, const char *value)
{
	if (!strcmp(key, "MemTotal"))
		h->memory = strtoull(value, NULL, 10) << 10;
}

void host_read_files(struct host *h, const char *root)
{
	u32 cpus = 1, threads = 1, i;

	read_list(root, "/sys/devices/system/cpu/online", &cpus);
	read_list(root, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", &threads);
	h->cores = MAX(cpus / threads, 1);
	h->hz = read_number(root, "/sys/devices/system/cpu/cpu0/cpufreq", "cpuinfo_max_freq") * 1000u;
	read_pairs(h, root, "/proc/cpuinfo", take_cpuinfo);
	read_pairs(h, root, "/proc/meminfo", take_meminfo);
	for (i = 0; read_cache(h, root, i, threads); i++)
		;
}

/* ---- cpuid ---- */

static void add_tlb(struct host *h, u32 level, char kind, u32 sizes, u32 entries, u32 ways)
{
	if (!entries || !sizes || h->n_tlbs == HOST_TLBS)
		return;
	h->tlb[h->n_tlbs++] = (struct host_tlb){ .level = level,
						 .kind = kind,
						 .sizes = sizes,
						 .entries = entries,
						 .ways = ways >= entries ? 0 : ways };
}

/* Intel SDM volume 2A, CPUID, "Deterministic Address Translation Parameters". */
bool host_take_leaf18(struct host *h, u32 ebx, u32 ecx, u32 edx)
{
	static const char kinds[] = { 0, 'D', 'I', 'U', 'D', 0 /* a TLB for stores alone */ };
	u32 type = edx & 0x1f, ways = ebx >> 16, sizes = 0;

	if (!type)
		return false;
	sizes |= ebx & 1 ? 1u << PAGE_4K : 0;
	sizes |= ebx & 2 ? 1u << PAGE_2M : 0;
	sizes |= ebx & 4 ? 1u << PAGE_4M : 0;
	sizes |= ebx & 8 ? 1u << PAGE_1G : 0;
	if (type < sizeof(kinds) && kinds[type])
		add_tlb(h, edx >> 5 & 7, kinds[type], sizes, ways * MIN(ecx, 0xffffu),
			edx & 1u << 8 ? 0 : ways);
	return true;
}

/*
 * AMD's arrays hold pages of all sizes since family 10h or so; cpuid tells of each size by itself, with as
 * many entries, and where it does not count ways with others. The ways of 4K pages are the array's.
 */
static bool joins(struct host *h, u32 level, char kind, u32 sizes, u32 entries)
{
	u32 i;

	for (i = 0; i < h->n_tlbs; i++) {
		struct host_tlb *t = &h->tlb[i];

		if (t->level == level && t->kind == kind && t->entries == entries) {
			t->sizes |= sizes;
			return true;
		}
	}
	return false;
}

static void add_amd_tlb(struct host *h, u32 level, u32 sizes, u32 entries[2], u32 ways[2])
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (!joins(h, level, "ID"[i], sizes, entries[i]))
			add_tlb(h, level, "ID"[i], sizes, entries[i], ways[i]);
}

/* Halves of eight bits of entries and eight of ways, 255: fully associative. */
static void take_counted(struct host *h, u32 sizes, u32 reg)
{
	u32 entries[2] = { reg & 0xff, reg >> 16 & 0xff }, ways[2] = { reg >> 8 & 0xff, reg >> 24 };
	u32 i;

	for (i = 0; i < 2; i++)
		ways[i] = ways[i] == 0xff ? 0 : ways[i];
	add_amd_tlb(h, 1, sizes, entries, ways);
}

/*
 * Halves of twelve bits of entries and a code of four; 0: there is none. Codes between the numbers that they
 * name are what is below: a Zen 4 says 8 of its 24 ways.
 */
static void take_coded(struct host *h, u32 level, u32 sizes, u32 reg)
{
	static const u8 code[16] = { 0, 1, 2, 3, 4, 6, 8, 8, 16, 16, 32, 48, 64, 96, 128, 0 };
	u32 entries[2], ways[2], i;

	for (i = 0; i < 2; i++) {
		u32 half = reg >> 16 * i & 0xffff;

		entries[i] = half >> 12 ? half & 0xfff : 0;
		ways[i] = code[half >> 12];
	}
	add_amd_tlb(h, level, sizes, entries, ways);
}

/* AMD64 Architecture Programmer's Manual volume 3, Fn8000_0005, _0006 and _0019. */
void host_take_amd_leaf(struct host *h, u32 leaf, u32 eax, u32 ebx)
{
	switch (leaf) {
	case 0x80000005:
		take_counted(h, 1u << PAGE_4K, ebx);
		take_counted(h, 1u << PAGE_2M, eax);
		break;
	case 0x80000006:
		take_coded(h, 2, 1u << PAGE_4K, ebx);
		take_coded(h, 2, 1u << PAGE_2M, eax);
		break;
	case 0x80000019:
		take_coded(h, 1, 1u << PAGE_1G, eax);
		take_coded(h, 2, 1u << PAGE_1G, ebx);
		break;
	}
}

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

static void read_intel_tlbs(struct host *h)
{
	u32 a, b, c, d, last = 0, i;

	if (__get_cpuid_count(0x18, 0, &a, &b, &c, &d))
		last = a;
	for (i = 0; i <= last && __get_cpuid_count(0x18, i, &a, &b, &c, &d); i++)
		host_take_leaf18(h, b, c, d);
}

static void read_amd_tlbs(struct host *h)
{
	static const u32 leaves[] = { 0x80000005, 0x80000006, 0x80000019 };
	u32 a, b, c, d, i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++)
		if (__get_cpuid(leaves[i], &a, &b, &c, &d))
			host_take_amd_leaf(h, leaves[i], a, b);
}

void host_read_cpuid(struct host *h)
{
	u32 a, b, c, d;

	if (!__get_cpuid(0, &a, &b, &c, &d))
		return;
	memcpy(h->vendor, &b, 4);
	memcpy(h->vendor + 4, &d, 4);
	memcpy(h->vendor + 8, &c, 4);
	if (__get_cpuid(1, &a, &b, &c, &d)) {
		h->family = a >> 8 & 0xf;
		h->model = (a >> 4 & 0xf) | (a >> 12 & 0xf0);
		if (h->family == 0xf)
			h->family += a >> 20 & 0xff;
	}
	if (!strcmp(h->vendor, "GenuineIntel"))
		read_intel_tlbs(h);
	else if (!strcmp(h->vendor, "AuthenticAMD"))
		read_amd_tlbs(h);
}
#else
void host_read_cpuid(struct host *h)
{
}
#endif

/* ---- the machine file ---- */

/* Which built-in machine says the rest. Families: arch/x86/include/asm/intel-family.h, AMD's guides. */
static const char *nearest(const struct host *h)
{
	if (!strcmp(h->vendor, "AuthenticAMD"))
		return h->family >= 0x19 ? "zen4" : "zen2";
	if (!strcmp(h->vendor, "GenuineIntel") && h->family == 0xf)
		return "pentium4";
	if (!strcmp(h->vendor, "GenuineIntel") && h->family == 6 && h->model < 0x0e)
		return "pentium3";
	if (!strcmp(h->vendor, "GenuineIntel") && h->family == 6 && h->model < 0x8f && h->model != 0x6a)
		return "skylake-sp";
#ifdef __aarch64__
	return "cortex-a72";
#elif defined(__riscv)
	return "sifive-u74";
#else
	return "golden-cove";
#endif
}

static const char *size_text(u64 bytes, char *buf, size_t size)
{
	if (bytes % (1u << 20) == 0)
		snprintf(buf, size, "%lluM", (unsigned long long)(bytes >> 20));
	else if (bytes % (1u << 10) == 0)
		snprintf(buf, size, "%lluK", (unsigned long long)(bytes >> 10));
	else
		snprintf(buf, size, "%llu", (unsigned long long)bytes);
	return buf;
}

/*
 * Ways that make the sets a power of two: as many as there are, or the next more. Where they are told
 * inexactly, too few is the rule (AMD's codes). 0: no number of ways up to 4096 does.
 */
static u32 fitting_ways(u64 entries, u32 ways)
{
	u64 odd = entries / (entries & -entries), fit = odd;

	while (fit < ways)
		fit *= 2;
	return fit <= MIN(entries, 4096u) ? (u32)fit : 0;
}

/* Cores that share a level: their number divides all, and the `above` of the level above divide it. */
static u32 fitting_sharers(u32 sharers, u32 cores, u32 above)
{
	u32 n = MIN(sharers, cores);

	while (n > above && (cores % n || n % above))
		n--;
	return MAX(n, above);
}

#define MAX_SLICES 256u

/* Sets are a power of two times the slices, of which a first level has one. Returns the slices. */
static u32 fit_cache(struct host_cache *c)
{
	u64 lines = c->size / c->line, sets = MAX(lines / c->ways, 1), slices = sets / (sets & -sets);
	u32 fit;

	if (sets * c->ways == lines && slices <= (c->level > 1 ? MAX_SLICES : 1))
		return (u32)slices;
	fit = fitting_ways(lines, c->ways);
	if (fit) {
		c->ways = fit;
	} else {
		sets = 1ull << log2_floor(sets);
		c->size = sets * c->ways * c->line;
	}
	return 1;
}

static void write_cache(const struct host_cache *told, u32 sharers, FILE *f)
{
	static const char *const names[] = { "l1d", "l2", "l3", "l4" };
	struct host_cache c = *told;
	u32 slices = fit_cache(&c);
	char size[32];

	fprintf(f, "\n%s = {\n", c.level == 1 && c.type == 'I' ? "l1i" : names[c.level - 1]);
	if (c.size != told->size || c.ways != told->ways)
		fprintf(f, "\t# it is said to have %llu bytes, %u ways: sets would be no power of two\n",
			(unsigned long long)told->size, told->ways);
	fprintf(f, "\tsize = \"%s\";\n\tways = %u;\n\tline = %u;\n", size_text(c.size, size, sizeof(size)),
		c.ways, c.line);
	if (c.level > 1)
		fprintf(f, "\tslices = %u;\n\tsharers = %u;\n", slices, sharers);
	fprintf(f, "};\n");
}

static const struct host_cache *find_cache(const struct host *h, u32 level, char type)
{
	u32 i;

	for (i = 0; i < h->n_caches; i++)
		if (h->cache[i].level == level && h->cache[i].type == type)
			return &h->cache[i];
	return NULL;
}

static void write_caches(const struct host *h, FILE *f)
{
	u32 cores = MIN(h->cores, MAX_CPUS), above = 1, i;
	const struct host_cache *c;

	for (i = 0; i < h->n_caches; i++) {
		c = &h->cache[i];
		if (c->level < 1 || c->level > 4)
			continue;
		if (c->level > 1)
			above = fitting_sharers(c->sharers, cores, above);
		write_cache(c, above, f);
	}
	for (i = 2; i <= 3 && h->n_caches; i++) {
		c = find_cache(h, i, 'U');
		if (!c)
			fprintf(f, "\nl%u = { size = 0; };\n", i);
	}
}

#define TLB_MAX 65536u /* entries, model/hw/tlb_cfg.c */

/* Sets are a power of two; without ways, and fully associative, at most 4096 entries. */
static struct host_tlb fit_tlb(const struct host_tlb *told)
{
	struct host_tlb t = *told;
	u32 ways = t.ways ? MIN(t.ways, 4096u) : MIN(t.entries, 4096u);

	if (!t.entries || (!t.ways && t.entries <= 4096))
		return t;
	t.ways = t.entries <= TLB_MAX ? fitting_ways(t.entries, ways) : 0;
	if (!t.ways) {
		t.ways = ways;
		t.entries = ways << log2_floor(MIN(t.entries, TLB_MAX) / ways);
	}
	if (t.ways == t.entries)
		t.ways = 0;
	return t;
}

static void note_fit(const struct host_tlb *told, const struct host_tlb *t, FILE *f)
{
	if (t->entries != told->entries || t->ways != told->ways)
		fprintf(f, "\t# it is said to have %u entries, %u ways: sets would be no power of two\n",
			told->entries, told->ways);
}

static void write_tlb_array(const struct host_tlb *told, enum page_size size, FILE *f)
{
	static const char *const names[NR_PAGE_SIZES] = {
		[PAGE_4K] = "p4k", [PAGE_2M] = "p2m", [PAGE_4M] = "p4m", [PAGE_1G] = "p1g"
	};
	struct host_tlb t = fit_tlb(told);

	note_fit(told, &t, f);
	fprintf(f, "\t%s = { entries = %u; ways = %u; };\n", names[size], t.entries, t.ways);
}

/* Whether this array serves what is asked for; a unified one serves both. */
static bool serves(const struct host_tlb *t, u32 level, char kind)
{
	return t->level == level && (t->kind == kind || t->kind == 'U' || (level > 1 && t->kind == 'D'));
}

static const struct host_tlb *find_tlb(const struct host *h, u32 level, char kind, enum page_size size)
{
	u32 i;

	for (i = 0; i < h->n_tlbs; i++)
		if (serves(&h->tlb[i], level, kind) && h->tlb[i].sizes & 1u << size)
			return &h->tlb[i];
	return NULL;
}

/*
 * What skylake-sp says of its second level is of 128 sets of 12 ways: the hash, of which Broadwell's 256 sets
 * have another (model/hw/tlb_cfg.c), and trees of four ways.
 */
static void write_stlb_kind(const struct host *h, const struct host_tlb *t, FILE *f)
{
	u32 ways = t->ways ? t->ways : t->entries, sets = t->entries / ways;

	if (t->level != 2 || strcmp(nearest(h), "skylake-sp"))
		return;
	fprintf(f, "\tset_hash = \"%s\";\n", sets == 128 ? "xor7" : sets == 256 ? "xor8" : "none");
	if (ways % 4)
		fprintf(f, "\treplacement = \"lru\";\n");
}

/* The array for 4K pages holds all that it serves, and what nothing is said of; others have their own. */
static void write_tlb(const struct host *h, const char *name, u32 level, char kind, FILE *f)
{
	static const enum page_size large[] = { PAGE_2M, PAGE_4M, PAGE_1G };
	static const struct host_tlb none = { 0 };
	const struct host_tlb *any = find_tlb(h, level, kind, PAGE_4K), *own;
	struct host_tlb t;
	u32 i;

	if (!any)
		return;
	t = fit_tlb(any);
	fprintf(f, "\n%s = {\n", name);
	note_fit(any, &t, f);
	fprintf(f, "\tentries = %u;\n\tways = %u;\n", t.entries, t.ways);
	write_stlb_kind(h, &t, f);
	write_tlb_array(&none, PAGE_4K, f);
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		own = find_tlb(h, level, kind, large[i]);
		write_tlb_array(own && own != any ? own : &none, large[i], f);
	}
	fprintf(f, "};\n");
}

#define GB (1ull << 30)

void host_write(const struct host *h, FILE *f)
{
	const char *rest = nearest(h);

	fprintf(f, "# %s, as its kernel and cpuid describe it\n#\n", h->name[0] ? h->name : "This machine");
	fprintf(f,
		"# Sizes, ways, sharers and TLBs are from /sys/devices/system/cpu and cpuid. What these do\n"
		"# not tell (latencies, buffers, replacement, walk caches, DRAM) is %s's: a guess.\n",
		rest);
	fprintf(f, "@include \"%s.cfg\"\n\ncores = %u;\n", rest, MIN(h->cores, MAX_CPUS));
	if (h->memory)
		fprintf(f, "memory = { size = \"%lluG\"; };\n",
			(unsigned long long)MIN((h->memory + GB - 1) / GB, 1024u));
	if (h->hz)
		fprintf(f, "core = { frequency = \"%lluMHz\"; };\n", (unsigned long long)(h->hz / 1000000u));
	write_caches(h, f);
	write_tlb(h, "itlb", 1, 'I', f);
	write_tlb(h, "dtlb", 1, 'D', f);
	write_tlb(h, "stlb", 2, 'D', f);
}
