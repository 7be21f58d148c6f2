#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traces/recorder/recorder.h"

/* Finds the place that --mark names: a symbol of the program or of a library, or an address as nm prints it.
 */

struct elf_file {
	const u8 *bytes;
	size_t len;
};

static bool elf_map(struct elf_file *f, int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return false;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	*f = (struct elf_file){ p, (size_t)st.st_size };
	return !memcmp(p, ELFMAG, SELFMAG) && f->bytes[EI_CLASS] == ELFCLASS64;
}

static bool within(const struct elf_file *f, u64 at, u64 len)
{
	return at <= f->len && len <= f->len - at;
}

/* The symbol's value in one symbol table, or 0. */
static u64 find_in_table(const struct elf_file *f, const Elf64_Shdr *tab, const Elf64_Shdr *str,
			 const char *name)
{
	const Elf64_Sym *sym = (const Elf64_Sym *)(f->bytes + tab->sh_offset);

	if (!within(f, tab->sh_offset, tab->sh_size) || !within(f, str->sh_offset, str->sh_size) ||
	    !str->sh_size || f->bytes[str->sh_offset + str->sh_size - 1])
		return 0;
	for (u64 i = 0; i < tab->sh_size / sizeof(*sym); i++) {
		if (sym[i].st_value && sym[i].st_name < str->sh_size &&
		    !strcmp((const char *)f->bytes + str->sh_offset + sym[i].st_name, name))
			return sym[i].st_value;
	}
	return 0;
}

static u64 find_symbol(const struct elf_file *f, const char *name)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)f->bytes;
	const Elf64_Shdr *sh = (const Elf64_Shdr *)(f->bytes + eh->e_shoff);
	u64 value = 0;

	if (!within(f, eh->e_shoff, (u64)eh->e_shnum * sizeof(*sh)))
		return 0;
	for (u32 i = 0; i < eh->e_shnum && !value; i++) {
		if ((sh[i].sh_type == SHT_SYMTAB || sh[i].sh_type == SHT_DYNSYM) &&
		    sh[i].sh_link < eh->e_shnum)
			value = find_in_table(f, &sh[i], &sh[sh[i].sh_link], name);
	}
	return value;
}

/* The difference between run-time and linked addresses of the segment that holds this offset of the file. */
static u64 bias_of(const struct elf_file *f, u64 addr, u64 offset)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)f->bytes;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(f->bytes + eh->e_phoff);

	if (!within(f, eh->e_phoff, (u64)eh->e_phnum * sizeof(*ph)))
		return addr - offset;
	for (u32 i = 0; i < eh->e_phnum; i++) {
		u64 first = ph[i].p_offset & ~4095ull;

		if (ph[i].p_type == PT_LOAD && first <= offset && offset < ph[i].p_offset + ph[i].p_filesz)
			return addr - (ph[i].p_vaddr - ph[i].p_offset + offset);
	}
	return addr - offset;
}

static bool wanted(void)
{
	return process.shared->window.mark[0] && !process.mark_addr;
}

void mark_resolve_mapped(int fd, u64 addr, u64 offset)
{
	struct elf_file f = { 0 };
	u64 value = 0;

	if (!wanted())
		return;
	if (elf_map(&f, fd))
		value = find_symbol(&f, process.shared->window.mark);
	if (value)
		process.mark_addr = value + bias_of(&f, addr, offset);
	if (f.bytes)
		munmap((void *)f.bytes, f.len);
}

void mark_resolve(const char *path, u64 bias)
{
	struct elf_file f = { 0 };
	char *end;
	u64 value;
	int fd;

	if (!wanted())
		return;
	value = strtoull(process.shared->window.mark, &end, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*end)
		value = fd >= 0 && elf_map(&f, fd) ? find_symbol(&f, process.shared->window.mark) : 0;
	if (value)
		process.mark_addr = value + bias;
	if (f.bytes)
		munmap((void *)f.bytes, f.len);
	if (fd >= 0)
		close(fd);
}
