#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "traces/recorder/qemu_plugin.h"
#include "traces/recorder/recorder.h"

/*
 * QEMU maps the program, its interpreter, the stack and its own signal-return page before the first
 * instruction, and no call shows it. The segments of the two ELF files are known from their headers. Anything
 * else is found when it is first touched: an address that lies in no known mapping, yet was accessed, lies in
 * a mapping of the host's list that existed at the start. So no mapping of QEMU itself is ever taken for one
 * of the program.
 */

#define PAGE         4096ull
#define PAGE_DOWN(a) ((a) & ~(PAGE - 1))
#define PAGE_UP(a)   PAGE_DOWN((a) + PAGE - 1)

#define MAX_SEGMENTS 64

struct range {
	u64 lo, hi;
};

/* Sorted, disjoint, not adjacent. */
static struct range *known;
static u32 n_known, max_known;
static pthread_mutex_t maps_lock = PTHREAD_MUTEX_INITIALIZER;
static bool started, stack_found;

/* First known range that ends after addr. */
static u32 range_after(u64 addr)
{
	u32 lo = 0, hi = n_known;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (known[mid].hi > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void replace(u32 at, u32 n_old, const struct range *with, u32 n_new)
{
	if (n_known + n_new > max_known) {
		max_known = 2 * max_known + 64;
		known = realloc(known, max_known * sizeof(*known));
		if (!known)
			abort();
	}
	memmove(known + at + n_new, known + at + n_old, (n_known - at - n_old) * sizeof(*known));
	memcpy(known + at, with, n_new * sizeof(*with));
	n_known += n_new - n_old;
}

static void add_locked(u64 lo, u64 hi)
{
	u32 at = lo ? range_after(lo - 1) : 0;
	u32 n = 0;
	struct range r = { lo, hi };

	for (; at + n < n_known && known[at + n].lo <= hi; n++) {
		r.lo = MIN(r.lo, known[at + n].lo);
		r.hi = MAX(r.hi, known[at + n].hi);
	}
	replace(at, n, &r, 1);
}

static void remove_locked(u64 lo, u64 hi)
{
	u32 at = range_after(lo);
	u32 n = 0, n_left = 0;
	struct range left[2];

	for (; at + n < n_known && known[at + n].lo < hi; n++) {
		if (known[at + n].lo < lo)
			left[n_left++] = (struct range){ known[at + n].lo, lo };
		if (known[at + n].hi > hi)
			left[n_left++] = (struct range){ hi, known[at + n].hi };
	}
	replace(at, n, left, n_left);
}

void maps_add(u64 addr, u64 len)
{
	pthread_mutex_lock(&maps_lock);
	add_locked(PAGE_DOWN(addr), PAGE_UP(addr + len));
	pthread_mutex_unlock(&maps_lock);
}

void maps_remove(u64 addr, u64 len)
{
	pthread_mutex_lock(&maps_lock);
	remove_locked(PAGE_DOWN(addr), PAGE_UP(addr + len));
	pthread_mutex_unlock(&maps_lock);
}

/* Another thread of the parent may have held the lock. */
void maps_forked(void)
{
	pthread_mutex_init(&maps_lock, NULL);
}

/* --- the host's list --- */

struct host_map {
	u64 lo, hi, offset;
	u8 prot;
	bool shared;
	struct file_ref file;
	char name[TR_MAX_NAME + 1];
};

static bool host_map_parse(const char *line, struct host_map *m)
{
	unsigned long long lo, hi, offset, ino;
	unsigned major, minor;
	char perm[8];
	int name = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &lo, &hi, perm, &offset, &major, &minor, &ino,
		   &name) < 7)
		return false;
	m->lo = lo;
	m->hi = hi;
	m->offset = offset;
	m->prot = (u8)((perm[0] == 'r' ? TR_PROT_READ : 0) | (perm[1] == 'w' ? TR_PROT_WRITE : 0) |
		       (perm[2] == 'x' ? TR_PROT_EXEC : 0));
	m->shared = perm[3] == 's';
	m->file = (struct file_ref){ makedev(major, minor), ino };
	snprintf(m->name, sizeof(m->name), "%.*s", (int)strcspn(line + name, "\n"), line + name);
	return true;
}

/* The first mapping for which want() is true. */
static bool host_map_find(struct host_map *m, bool (*want)(const struct host_map *m, u64 a, u64 b), u64 a,
			  u64 b)
{
	char line[TR_MAX_NAME + 256];
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = host_map_parse(line, m) && want(m, a, b);
	if (f)
		fclose(f);
	return found;
}

static bool holds_address(const struct host_map *m, u64 addr, u64 unused)
{
	return m->lo <= addr && addr < m->hi;
}

static bool is_file_at(const struct host_map *m, u64 ino, u64 offset)
{
	return m->file.ino == ino && m->offset == offset;
}

/* --- the ELF files --- */

struct image {
	u64 bias, entry, first_exec; /* first_exec: lowest address of executable segments, as linked */
	u32 n;
	struct {
		u64 vaddr, filesz, memsz, offset;
		u8 prot;
	} seg[MAX_SEGMENTS];
	char interp[256];
	struct file_ref file;
	u64 size;
};

static u8 prot_of_segment(u32 flags)
{
	return (u8)((flags & PF_R ? TR_PROT_READ : 0) | (flags & PF_W ? TR_PROT_WRITE : 0) |
		    (flags & PF_X ? TR_PROT_EXEC : 0));
}

static void image_add(struct image *im, int fd, u32 type, u32 flags, u64 vaddr, u64 filesz, u64 memsz,
		      u64 offset)
{
	if (type == PT_INTERP && pread(fd, im->interp, sizeof(im->interp) - 1, (off_t)offset) < 0)
		im->interp[0] = '\0';
	if (type == PT_INTERP)
		im->interp[MIN(filesz, sizeof(im->interp) - 1)] = '\0';
	if (type != PT_LOAD || im->n == MAX_SEGMENTS)
		return;
	if (flags & PF_X)
		im->first_exec = MIN(im->first_exec, vaddr);
	im->seg[im->n].vaddr = vaddr;
	im->seg[im->n].filesz = filesz;
	im->seg[im->n].memsz = memsz;
	im->seg[im->n].offset = offset;
	im->seg[im->n++].prot = prot_of_segment(flags);
}

static void read_segments64(struct image *im, int fd)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return;
	im->entry = eh.e_entry;
	for (u32 i = 0; i < eh.e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + i * sizeof(ph))) == sizeof(ph))
			image_add(im, fd, ph.p_type, ph.p_flags, ph.p_vaddr, ph.p_filesz, ph.p_memsz,
				  ph.p_offset);
	}
}

static void read_segments32(struct image *im, int fd)
{
	Elf32_Ehdr eh;
	Elf32_Phdr ph;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh))
		return;
	im->entry = eh.e_entry;
	for (u32 i = 0; i < eh.e_phnum; i++) {
		if (pread(fd, &ph, sizeof(ph), (off_t)(eh.e_phoff + i * sizeof(ph))) == sizeof(ph))
			image_add(im, fd, ph.p_type, ph.p_flags, ph.p_vaddr, ph.p_filesz, ph.p_memsz,
				  ph.p_offset);
	}
}

static bool image_read(struct image *im, const char *path)
{
	unsigned char ident[EI_NIDENT];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && !fstat(fd, &st) && pread(fd, ident, sizeof(ident), 0) == sizeof(ident);

	memset(im, 0, sizeof(*im));
	im->first_exec = UINT64_MAX;
	if (ok && ident[EI_CLASS] == ELFCLASS32)
		read_segments32(im, fd);
	else if (ok)
		read_segments64(im, fd);
	if (ok) {
		im->file = (struct file_ref){ st.st_dev, st.st_ino };
		im->size = (u64)st.st_size;
	}
	if (fd >= 0)
		close(fd);
	return ok && im->n && im->first_exec != UINT64_MAX;
}

static void put_initial(struct thread *t, u64 lo, u64 hi, u8 prot, u32 flags, struct file_ref file,
			u64 offset, const char *name)
{
	const struct tr_event ev = {
		.kind = TR_EV_MAP,
		.seq = 0,
		.addr = lo,
		.len = hi - lo,
		.prot = prot,
		.flags = TR_MAP_INITIAL | flags | (file.ino ? 0 : TR_MAP_ANON),
		.offset = file.ino ? offset : 0,
	};

	if (lo >= hi)
		return;
	event_put(t, &ev, file, name);
	maps_add(lo, hi - lo);
}

static void image_put(struct thread *t, const struct image *im, const char *path)
{
	if (im->bias & (PAGE - 1))
		return;
	file_name(t, im->file, im->size, path);
	for (u32 i = 0; i < im->n; i++) {
		u64 start = im->bias + im->seg[i].vaddr;
		u64 lo = PAGE_DOWN(start);
		u64 file_end = im->seg[i].filesz ? PAGE_UP(start + im->seg[i].filesz) : lo;
		u64 end = PAGE_UP(start + im->seg[i].memsz);

		put_initial(t, lo, file_end, im->seg[i].prot, 0, im->file, PAGE_DOWN(im->seg[i].offset),
			    NULL);
		put_initial(t, file_end, end, im->seg[i].prot, 0, (struct file_ref){ 0 }, 0, "[bss]");
	}
}

/* A 32-bit program's memory lies at an offset in QEMU's. */
static void find_guest_base(const struct image *im)
{
	struct host_map m;

	if (host_map_find(&m, is_file_at, im->file.ino, PAGE_DOWN(im->seg[0].offset)))
		process.guest_base = m.lo - (im->bias + PAGE_DOWN(im->seg[0].vaddr));
}

/* QEMU gives the interpreter's entry as the program's if there is one. */
static void interpreter_put(struct thread *t, const char *path)
{
	const char *prefix = getenv("QEMU_LD_PREFIX");
	char full[TR_MAX_NAME];
	struct image im;

	snprintf(full, sizeof(full), "%s%s", prefix ? prefix : "", path);
	if (!image_read(&im, full) && !image_read(&im, path))
		return;
	im.bias = qemu_plugin_entry_code() - im.entry;
	image_put(t, &im, path);
}

void maps_start(struct thread *t)
{
	char *path;
	struct image im;

	if (started)
		return;
	started = true;
	path = (char *)qemu_plugin_path_to_binary();
	if (path && image_read(&im, path)) {
		char *real = realpath(path, NULL);

		im.bias = qemu_plugin_start_code() - im.first_exec;
		find_guest_base(&im);
		image_put(t, &im, real ? real : path);
		if (im.interp[0])
			interpreter_put(t, im.interp);
		mark_resolve(real ? real : path, im.bias);
		free(real);
	}
	free(path);
}

/* Between the known ranges around addr, as much as the host's mapping there covers. */
static void clip_to_unknown(u64 addr, u64 *lo, u64 *hi)
{
	u32 i = range_after(addr);

	if (i > 0)
		*lo = MAX(*lo, known[i - 1].hi);
	if (i < n_known)
		*hi = MIN(*hi, known[i].lo);
}

static bool is_known(u64 addr)
{
	u32 i;
	bool yes;

	pthread_mutex_lock(&maps_lock);
	i = range_after(addr);
	yes = i < n_known && known[i].lo <= addr;
	pthread_mutex_unlock(&maps_lock);
	return yes;
}

void maps_check(struct thread *t, u64 addr, bool fetched)
{
	struct host_map m = { 0 };
	u64 lo = PAGE_DOWN(addr), hi = lo + PAGE;
	bool is_stack;

	if (likely(is_known(addr)))
		return;
	if (host_map_find(&m, holds_address, addr + process.guest_base, 0)) {
		lo = m.lo - process.guest_base;
		hi = m.hi - process.guest_base;
	}
	pthread_mutex_lock(&maps_lock);
	clip_to_unknown(addr, &lo, &hi);
	pthread_mutex_unlock(&maps_lock);
	is_stack = !stack_found && !fetched && !m.file.ino && m.prot & TR_PROT_WRITE;
	stack_found |= is_stack;
	if (m.file.ino)
		file_name(t, m.file, 0, m.name);
	put_initial(t, lo, hi, (u8)(m.prot | (fetched ? TR_PROT_READ | TR_PROT_EXEC : 0)),
		    (is_stack ? TR_MAP_GROWSDOWN : 0) | (m.shared ? TR_MAP_SHARED : 0), m.file,
		    m.offset + (lo + process.guest_base - m.lo),
		    is_stack  ? "[stack]"
		    : fetched ? "[vdso]"
			      : NULL);
}
