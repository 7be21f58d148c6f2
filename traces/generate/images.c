#include "traces/generate/images.h"

#include "model/base/error.h"

/*
 * Pages by size(1) of Debian 3.1's binaries (glibc 2.3.2, bash 2.05b, gcc 3.3.5, binutils 2.15, make 3.80),
 * rounded. What a run touches is a guess: a third to a half of a library's text, all writable data.
 */
static const struct image_object ld = { "/lib/ld-2.3.2.so", 22, 18, 1, 1, 0, 0 },
				 libc = { "/lib/libc-2.3.2.so", 299, 80, 9, 6, 3, 2 },
				 libdl = { "/lib/libdl-2.3.2.so", 2, 2, 1, 1, 0, 0 },
				 libncurses = { "/lib/libncurses.so.5.4", 55, 8, 8, 3, 0, 0 },
				 libbfd = { "/usr/lib/libbfd-2.15.so", 146, 40, 18, 10, 0, 0 },
				 libopcodes = { "/usr/lib/libopcodes-2.15.so", 60, 4, 2, 1, 0, 0 },
				 bash = { "/bin/bash", 146, 70, 6, 6, 5, 4 },
				 make = { "/usr/bin/make", 34, 28, 1, 1, 1, 1 },
				 gcc = { "/usr/bin/gcc-3.3", 20, 16, 1, 1, 1, 1 },
				 cc1 = { "/usr/lib/gcc-lib/i486-linux/3.3.5/cc1", 880, 420, 5, 5, 150, 60 },
				 as = { "/usr/bin/as", 57, 36, 4, 4, 8, 6 },
				 fixdep = { "fixdep", 2, 2, 1, 1, 1, 1 },
				 mv = { "/bin/mv", 15, 10, 1, 1, 1, 1 },
				 lat_proc = { "lat_proc", 12, 6, 1, 1, 1, 1 },
				 hello = { "/tmp/hello", 1, 1, 1, 1, 0, 0 };

const struct image image_make = { "make", { &make, &ld, &libc }, 20, 3, 4, 0, 6 };
const struct image image_sh = { "sh", { &bash, &ld, &libncurses, &libdl, &libc }, 28, 3, 12, 2, 60 };
const struct image image_gcc = { "gcc", { &gcc, &ld, &libc }, 20, 4, 6, 4, 40 };
const struct image image_cc1 = { "cc1", { &cc1, &ld, &libc }, 900, 8, 4, 120, 300 };
const struct image image_as = { "as", { &as, &ld, &libopcodes, &libbfd, &libc }, 120, 3, 4, 4, 30 };
const struct image image_fixdep = { "fixdep", { &fixdep, &ld, &libc }, 4, 2, 4, 60, 130 };
const struct image image_mv = { "mv", { &mv, &ld, &libc }, 4, 2, 4, 2, 20 };
const struct image image_lat_proc = { "lat_proc", { &lat_proc, &ld, &libc }, 4, 3, 4, 0, 4 };
const struct image image_hello = { "hello", { &hello, &ld, &libc }, 2, 2, 2, 2, 10 };

/* i386's places: mmap_base of 2.4 to 2.6.8, and the stack's end. */
#define LIBRARIES      GENERATE_DATA
#define STACK_END      0xbffff000ull
#define STACK          32u /* pages mapped */
#define SOURCES        (64ull << 20)
#define LINES_PER_PAGE (GENERATE_PAGE / GENERATE_LINE)

void image_use_begin(struct image_use *u, struct generation *g)
{
	*u = (struct image_use){
		.g = g,
		.load = generate_block(g, TR_LOAD, TR_DEP_NONE),
		.store = generate_block(g, TR_STORE, TR_DEP_NONE),
	};
}

static u32 file_of(struct image_use *u, struct tr_encoder *enc, const struct image_object *o)
{
	u32 i;

	for (i = 0; i < u->n_objects; i++)
		if (u->object[i] == o)
			return u->file[i];
	ASSERT(i < ARRAY_SIZE(u->object));
	u->object[i] = o;
	u->file[i] = process_file(u->g, enc, o->path, (u64)(o->text + o->data) * GENERATE_PAGE);
	u->n_objects++;
	return u->file[i];
}

/* A line a page, of each page another one. */
static void touch(struct tr_encoder *enc, u32 block, u64 at, u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++)
		process_touch(enc, block,
			      at + (u64)i * GENERATE_PAGE + i * 7 % LINES_PER_PAGE * GENERATE_LINE);
}

/* Text, data and bss one after the other, as the ELF loaders do. Returns the end. */
static u64 map_object(struct image_use *u, struct tr_encoder *enc, const struct image_object *o, u64 at)
{
	struct process_map m = {
		.addr = at,
		.len = (u64)o->text * GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_EXEC,
		.file = file_of(u, enc, o),
	};

	process_map(enc, &m);
	m.addr += m.len;
	m.offset = m.len;
	m.len = (u64)o->data * GENERATE_PAGE;
	m.prot = TR_PROT_READ | TR_PROT_WRITE;
	process_map(enc, &m);
	m.addr += m.len;
	m.len = (u64)o->bss * GENERATE_PAGE;
	m.file = TR_NO_FILE;
	m.flags = TR_MAP_ANON;
	if (m.len)
		process_map(enc, &m);
	return m.addr + m.len;
}

static void use_object(const struct image_use *u, struct tr_encoder *enc, const struct image_object *o,
		       u64 at)
{
	touch(enc, u->load, at, o->text_used);
	at += (u64)o->text * GENERATE_PAGE;
	touch(enc, u->store, at, o->data_used);
	at += (u64)o->data * GENERATE_PAGE;
	touch(enc, u->store, at, o->bss_used);
}

static u64 stack_at(const struct image *image)
{
	return STACK_END - (u64)image->stack * GENERATE_PAGE;
}

/* The heap begins where the binary's bss ends. */
static u64 heap_at(const struct image *image)
{
	const struct image_object *o = image->object[0];

	return GENERATE_CODE + (u64)(o->text + o->data + o->bss) * GENERATE_PAGE;
}

static void map_rest(struct tr_encoder *enc, const struct image *image)
{
	struct process_map m = {
		.addr = heap_at(image),
		.len = (u64)image->heap * GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_ANON | TR_MAP_HEAP,
	};

	process_map(enc, &m);
	m.addr = STACK_END - STACK * GENERATE_PAGE;
	m.len = STACK * GENERATE_PAGE;
	m.flags = TR_MAP_ANON | TR_MAP_GROWSDOWN;
	process_map(enc, &m);
}

/* Input comes into the last page of the heap. */
static void read_files(struct image_use *u, struct tr_encoder *enc, const struct image *image)
{
	struct tr_event ev = {
		.kind = TR_EV_READ,
		.addr = heap_at(image) + (image->heap - 1u) * GENERATE_PAGE,
		.len = GENERATE_PAGE,
	};
	u32 i;

	if (image->files && !u->source)
		u->source = process_file(u->g, enc, "sources", SOURCES);
	ev.file = u->source;
	for (i = 0; i < image->files; i++)
		for (ev.offset = (u64)i * IMAGE_FILE; ev.offset < (u64)(i + 1) * IMAGE_FILE;
		     ev.offset += GENERATE_PAGE)
			tr_encode_event(enc, &ev);
}

void image_exec(struct image_use *u, struct tr_encoder *enc, const struct image *image)
{
	u64 at[IMAGE_OBJECTS], end = GENERATE_CODE;
	u32 i;

	process_exec(enc, image->object[0]->path);
	for (i = 0; i < IMAGE_OBJECTS && image->object[i]; i++) {
		at[i] = i == 1 ? LIBRARIES : end;
		end = map_object(u, enc, image->object[i], at[i]);
	}
	map_rest(enc, image);
	for (i = 0; i < IMAGE_OBJECTS && image->object[i]; i++)
		use_object(u, enc, image->object[i], at[i]);
	touch(enc, u->store, stack_at(image), image->stack);
	touch(enc, u->store, heap_at(image), image->heap);
	read_files(u, enc, image);
	for (i = 0; i < image->calls; i++)
		process_syscall(enc, i);
}

void image_after_fork(struct image_use *u, struct tr_encoder *enc, const struct image *image)
{
	u32 stack = MIN(image->stack, image->shared_rw);

	touch(enc, u->store, stack_at(image), stack);
	touch(enc, u->store, heap_at(image), MIN(image->heap, image->shared_rw - stack));
}

u32 image_mappings(const struct image *image)
{
	u32 n = 2, i;

	for (i = 0; i < IMAGE_OBJECTS && image->object[i]; i++)
		n += image->object[i]->bss ? 3 : 2;
	return n;
}

u32 image_read(const struct image *image)
{
	u32 n = 0, i;

	for (i = 0; i < IMAGE_OBJECTS && image->object[i]; i++)
		n += image->object[i]->text_used;
	return n;
}

u32 image_written(const struct image *image)
{
	u32 n = image->heap + image->stack, i;

	for (i = 0; i < IMAGE_OBJECTS && image->object[i]; i++)
		n += image->object[i]->data_used + image->object[i]->bss_used;
	return n;
}
