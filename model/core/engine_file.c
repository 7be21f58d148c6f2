/*
 * Files of recordings, where the kernel has a page cache: which of them are the same, and calls on them.
 *
 * A file that has a name is the same for all recordings that name it so; a number whose name was not told
 * when it was used first is a file of its own. Whether a file is memory and nothing else only its name tells.
 */
#include "model/core/engine_state.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

/* Identities: of files with names from here on; of others the recording and its number of the file. */
#define NAMED (1ull << 62)
/* A read or write moves at most that much (MAX_RW_COUNT, include/linux/fs.h). */
#define MAX_COPY 0x7ffff000ull

void engine_files_free(struct engine *e)
{
	while (e->files.n)
		free(e->files.name[--e->files.n]);
	free(e->files.name);
	map64_fini(&e->files.of_number);
}

static u64 number_of(const struct recording *r, u32 file)
{
	return ((u64)r->index + 1) << 32 | file;
}

u64 engine_file(struct engine *e, const struct recording *r, u32 file)
{
	u64 number = number_of(r, file), *id = map64_find(&e->files.of_number, number);

	if (id)
		return *id;
	if (kernel_has_files(e->p.kernel))
		map64_set(&e->files.of_number, number, number);
	return number;
}

/* *is_new: nobody has named it yet. */
static u64 by_name(struct engine_files *f, const char *name, bool *is_new)
{
	u32 i;

	for (i = 0; i < f->n; i++)
		if (!strcmp(f->name[i], name))
			return NAMED + i;
	*is_new = true;
	if (f->n == f->cap) {
		f->cap = MAX(16u, f->cap * 2);
		f->name = xrealloc(f->name, f->cap * sizeof(*f->name));
	}
	f->name[f->n++] = xstrdup(name);
	return NAMED + i;
}

/* What /proc/PID/fd calls it. Many have the same name. */
static bool is_memfd(const struct tr_event *ev)
{
	return ev->name && !strncmp(ev->name, "/memfd:", 7);
}

/* Memory and nothing else: a memfd, or a file where the C library's shm_open() has them. */
static bool is_shmem(const struct tr_event *ev)
{
	return is_memfd(ev) || (ev->name && !strncmp(ev->name, "/dev/shm/", 9));
}

enum step engine_name_file(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;
	u64 number = number_of(th->rec, ev->file), id = number;
	bool files = kernel_has_files(e->p.kernel), is_new = !files || is_memfd(ev);

	if (ev->file == TR_NO_FILE || map64_find(&e->files.of_number, number))
		return STEP_DONE;
	if (!is_new && ev->name && *ev->name)
		id = by_name(&e->files, ev->name, &is_new);
	if (is_new && is_shmem(ev))
		kernel_file_is_shmem(e->p.kernel, e->on->cpu, id);
	if (files)
		map64_set(&e->files.of_number, number, id);
	if (files && is_new)
		kernel_file_size(e->p.kernel, e->on->cpu, id, ev->len);
	return STEP_DONE;
}

/* Mappings that were there before the program began tell no length of their file. */
void engine_file_is_mapped(struct engine *e, struct thread *th, const struct tr_event *ev)
{
	if (kernel_has_files(e->p.kernel) && ev->file != TR_NO_FILE && ev->flags & TR_MAP_INITIAL &&
	    ev->offset != TR_NO_OFFSET)
		kernel_file_reaches(e->p.kernel, e->on->cpu, engine_file(e, th->rec, ev->file),
				    ev->offset + ev->len);
}

bool engine_has_file(const struct engine *e, const struct tr_event *ev)
{
	return kernel_has_files(e->p.kernel) && ev->file != TR_NO_FILE && ev->offset != TR_NO_OFFSET;
}

/* ---- read() and write() ---- */

static enum core_stop copy_page(struct engine *e, struct thread *th, u64 va, u32 bytes, bool write)
{
	u64 user = th->event.addr + th->io.done, done = bytes;
	struct kernel *k = e->p.kernel;
	enum core_stop stop = CORE_DONE;

	engine_note_place(e, true);
	if (e->mode != ENGINE_SKIP) {
		stop = core_file_copy(e->on->core, user, bytes, write, va, &done);
		e->st.efaults += stop == CORE_SEGV;
	} else if (engine_repeat_within(e, true, user, user + bytes)) {
		stop = CORE_SEGV;
		done = e->repeat->note[e->repeat->next - 1].va - user;
	}
	kernel_file_copied(k, e->on->cpu, &th->io, va, (u32)done);
	e->st.user_bytes += done;
	return stop;
}

static enum step end_call(struct engine *e)
{
	kernel_syscall(e->p.kernel, e->on->cpu);
	return STEP_DONE;
}

enum step engine_file_io(struct engine *e, struct thread *th, bool write)
{
	const struct tr_event *ev = &th->event;
	u32 bytes;
	u64 va;

	th->io.file = engine_file(e, th->rec, ev->file);
	th->io.offset = ev->offset;
	th->io.len = MIN(ev->len, MAX_COPY);
	th->io.write = !write;
	for (;;) {
		switch (kernel_file_io(e->p.kernel, e->on->cpu, &th->io, &va, &bytes)) {
		case FILE_IO_WAIT:
			return engine_block(e, th);
		case FILE_IO_DONE:
		case FILE_IO_NOMEM:
			return end_call(e);
		case FILE_IO_COPY:
			break;
		}
		switch (copy_page(e, th, va, bytes, write)) {
		case CORE_QUANTUM:
		case CORE_AHEAD:
			return STEP_AGAIN;
		case CORE_BLOCK:
			return engine_block(e, th);
		case CORE_OOM:
			return engine_kill_oom(e, th);
		case CORE_SEGV:
			return end_call(e);
		case CORE_DONE:
			break;
		}
		if (engine_others_turn(e))
			return STEP_AGAIN;
	}
}

/* ---- the others ---- */

bool engine_is_file_call(const struct engine *e, const struct tr_event *ev)
{
	bool of_mapping = ev->flags == TR_CALL_MSYNC || ev->flags == TR_CALL_MSYNC_BEGIN;

	return kernel_has_files(e->p.kernel) && ev->flags && ev->flags <= TR_CALL_MSYNC_BEGIN &&
	       (of_mapping || ev->file != TR_NO_FILE);
}

/* Begins what is to be written. */
static void begin_sync(struct engine *e, struct thread *th, u64 file)
{
	const struct tr_event *ev = &th->event;

	if (ev->flags == TR_CALL_MSYNC || ev->flags == TR_CALL_MSYNC_BEGIN)
		mm_msync(th->proc->mm, e->on->cpu, ev->addr, ev->len, ev->flags == TR_CALL_MSYNC);
	else
		kernel_file_write(e->p.kernel, e->on->cpu, file, ev->offset, ev->len);
}

static bool sync_waits(struct engine *e, struct thread *th, u64 file)
{
	const struct tr_event *ev = &th->event;

	switch (ev->flags) {
	case TR_CALL_SYNC:
		return kernel_file_wait(e->p.kernel, e->on->cpu, file, ev->offset, ev->len);
	case TR_CALL_MSYNC:
		return mm_msync_wait(th->proc->mm, e->on->cpu, ev->addr, ev->len);
	default:
		return false;
	}
}

enum step engine_file_call(struct engine *e, struct thread *th)
{
	const struct tr_event *ev = &th->event;
	u64 file = ev->file == TR_NO_FILE ? 0 : engine_file(e, th->rec, ev->file);
	struct kernel *k = e->p.kernel;
	struct cpu *c = e->on->cpu;

	switch (ev->flags) {
	case TR_CALL_TRUNCATE:
		kernel_file_truncate(k, c, file, ev->len);
		break;
	case TR_CALL_ADVISE:
		kernel_file_advise(k, c, file, ev->offset, ev->len, (u32)ev->addr2);
		break;
	default:
		if (!th->io.begun)
			begin_sync(e, th, file);
		th->io.begun = true;
		if (sync_waits(e, th, file))
			return engine_block(e, th);
		break;
	}
	return end_call(e);
}
