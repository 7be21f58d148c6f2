#include "analysis/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/error.h"

struct symbol {
	u64 value, end;
	const char *name;
};

/* A loaded part of the file: addresses from its offsets. */
struct part {
	u64 offset, len, addr; /* len: in memory */
};

struct symbols {
	const u8 *bytes;
	u64 len;
	bool wide;         /* 64 bits */
	struct symbol *at; /* by value */
	u64 n, cap;
	struct part *part;
	u32 n_parts;
};

static bool within(const struct symbols *s, u64 at, u64 len)
{
	return at <= s->len && len <= s->len - at;
}

/* A field of a struct that differs between the two widths; at is its beginning in the file, anyhow aligned.
 */
#define FIELD_OF(s, at, type, field)                            \
	({                                                      \
		type copy;                                      \
		memcpy(&copy, (s)->bytes + (at), sizeof(copy)); \
		(u64) copy.field;                               \
	})
#define FIELD(s, at, type, field) \
	((s)->wide ? FIELD_OF(s, at, Elf64_##type, field) : FIELD_OF(s, at, Elf32_##type, field))
#define BYTES(s, type) ((s)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

/* ---- reading ---- */

static void add_symbol(struct symbols *s, u64 at, u64 names, u64 names_len)
{
	u64 name = FIELD(s, at, Sym, st_name), value = FIELD(s, at, Sym, st_value),
	    size = FIELD(s, at, Sym, st_size);
	u32 type = FIELD(s, at, Sym, st_info) & 15;

	if ((type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC) || !size || name >= names_len ||
	    !FIELD(s, at, Sym, st_shndx) || value + size < value)
		return;
	if (s->n == s->cap) {
		s->cap = 2 * s->cap + 1024;
		s->at = xrealloc(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = (struct symbol){ value, value + size, (const char *)s->bytes + names + name };
}

/* strings: the header of the section that has the names. */
static void read_table(struct symbols *s, u64 header, u64 strings)
{
	u64 at = FIELD(s, header, Shdr, sh_offset), len = FIELD(s, header, Shdr, sh_size);
	u64 names = FIELD(s, strings, Shdr, sh_offset), names_len = FIELD(s, strings, Shdr, sh_size), i;

	if (!within(s, at, len) || !within(s, names, names_len) || !names_len ||
	    s->bytes[names + names_len - 1])
		return;
	for (i = 0; i + BYTES(s, Sym) <= len; i += BYTES(s, Sym))
		add_symbol(s, at + i, names, names_len);
}

static void read_sections(struct symbols *s)
{
	u64 at = FIELD(s, 0, Ehdr, e_shoff), n = FIELD(s, 0, Ehdr, e_shnum), each = BYTES(s, Shdr), i, link;

	if (!within(s, at, n * each))
		return;
	for (i = 0; i < n; i++) {
		u64 type = FIELD(s, at + i * each, Shdr, sh_type);

		link = FIELD(s, at + i * each, Shdr, sh_link);
		if ((type == SHT_SYMTAB || type == SHT_DYNSYM) && link < n)
			read_table(s, at + i * each, at + link * each);
	}
}

static void read_parts(struct symbols *s)
{
	u64 at = FIELD(s, 0, Ehdr, e_phoff), n = FIELD(s, 0, Ehdr, e_phnum), each = BYTES(s, Phdr), i;

	if (!within(s, at, n * each))
		return;
	s->part = xcalloc(MAX(n, 1u), sizeof(*s->part));
	for (i = 0; i < n; i++)
		if (FIELD(s, at + i * each, Phdr, p_type) == PT_LOAD)
			s->part[s->n_parts++] = (struct part){ FIELD(s, at + i * each, Phdr, p_offset),
							       FIELD(s, at + i * each, Phdr, p_memsz),
							       FIELD(s, at + i * each, Phdr, p_vaddr) };
}

/* Of several names of one place the alphabet's first, so that the order of the tables does not matter. */
static int by_value(const void *x, const void *y)
{
	const struct symbol *a = x, *b = y;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool is_elf(struct symbols *s)
{
	if (s->len < sizeof(Elf64_Ehdr) || memcmp(s->bytes, ELFMAG, SELFMAG) ||
	    s->bytes[EI_DATA] != ELFDATA2LSB)
		return false;
	s->wide = s->bytes[EI_CLASS] == ELFCLASS64;
	return s->wide || s->bytes[EI_CLASS] == ELFCLASS32;
}

static bool map_file(struct symbols *s, const char *path, u64 bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (!bytes || (u64)st.st_size == bytes)) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		s->len = (u64)st.st_size;
	}
	close(fd);
	if (p == MAP_FAILED)
		return false;
	s->bytes = p;
	return true;
}

struct symbols *symbols_open(const char *path, u64 bytes)
{
	struct symbols *s = xcalloc(1, sizeof(*s));

	if (map_file(s, path, bytes) && is_elf(s)) {
		read_sections(s);
		read_parts(s);
	}
	if (s->n) {
		qsort(s->at, s->n, sizeof(*s->at), by_value);
		return s;
	}
	symbols_free(s);
	return NULL;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	if (s->bytes)
		munmap((void *)s->bytes, s->len);
	free(s->at);
	free(s->part);
	free(s);
}

/* ---- finding ---- */

static bool address_of(const struct symbols *s, u64 offset, u64 *addr)
{
	u32 i;

	for (i = s->n_parts; i-- > 0;) { /* the last one is the one with zeros behind it */
		const struct part *p = &s->part[i];

		*addr = offset - p->offset + p->addr;
		if (offset >= p->offset && offset - p->offset < p->len)
			return true;
	}
	return false;
}

bool symbols_loads(const struct symbols *s, u64 offset)
{
	u64 addr;

	return address_of(s, offset, &addr);
}

const char *symbols_find(const struct symbols *s, u64 offset, u64 *behind)
{
	u64 addr, low = 0, high = s->n, first;

	if (!address_of(s, offset, &addr))
		return NULL;
	while (low < high) { /* the first that begins behind it */
		u64 mid = (low + high) / 2;

		if (s->at[mid].value > addr)
			high = mid;
		else
			low = mid + 1;
	}
	if (!low || s->at[low - 1].end <= addr)
		return NULL;
	for (first = low - 1;
	     first && s->at[first - 1].value == s->at[low - 1].value && s->at[first - 1].end > addr;)
		first--;
	*behind = addr - s->at[first].value;
	return s->at[first].name;
}
