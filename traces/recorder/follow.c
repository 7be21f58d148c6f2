#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/program.h"
#include "traces/recorder/qemu_plugin.h"
#include "traces/recorder/recorder.h"

/*
 * QEMU would hand execve to the host, which runs the new program natively and unseen. Here the call is made
 * in QEMU's stead, of QEMU itself with the new program and this plugin, which goes on in the thread's stream.
 * Not followed, so that the recording of the process ends with its TR_EV_EXEC: programs that cannot run so
 * (of other architectures, set-user-id), and execveat.
 */

#define MAX_WORDS 65536u

static char *guest_string(u64 addr)
{
	char *s = NULL;
	size_t len = 0, room = 0;

	for (;; len++) {
		if (len == room) {
			char *grown = realloc(s, room = 2 * room + 128);

			if (!grown)
				break;
			s = grown;
		}
		if (!guest_read(s + len, addr + len, 1))
			break;
		if (!s[len])
			return s;
	}
	free(s);
	return NULL;
}

static char **guest_strings(u64 addr)
{
	size_t size = process.guest32 ? 4 : 8;
	char **list = calloc(MAX_WORDS + 1, sizeof(*list));

	for (u32 i = 0; list && addr && i < MAX_WORDS; i++) {
		u64 at = 0;

		if (!guest_read(&at, addr + i * size, size) || !at)
			break;
		list[i] = guest_string(at);
		if (!list[i])
			break;
	}
	return list;
}

static void free_strings(char **list)
{
	for (u32 i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

/* A program may execute itself by the name that /proc gives it, which here would be QEMU. */
static bool is_self(const char *path)
{
	char own[64];

	snprintf(own, sizeof(own), "/proc/%d/exe", (int)process.pid);
	return !strcmp(path, "/proc/self/exe") || !strcmp(path, own);
}

/* The emulator for isa: the one that runs now, or its neighbour. */
static bool find_qemu(const char *isa, char *path, size_t size)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (len <= 0)
		return false;
	exe[len] = '\0';
	if (!strcmp(isa, process.isa))
		snprintf(path, size, "%s", exe);
	else
		snprintf(path, size, "%s/qemu-%s", dirname(exe), isa);
	return !access(path, X_OK);
}

static void run_under_qemu(struct thread *t, const struct program *p, u64 argv_at, u64 envp_at)
{
	char **argv = guest_strings(argv_at), **env = guest_strings(envp_at);
	char **all = NULL;
	char qemu[4096], options[512];
	u32 n = 0;

	snprintf(options, sizeof(options), "memory=%s,plugin=%s,slot=%d", process.collector_path,
		 process.plugin_path, stream_slot(t));
	while (env && env[n])
		n++;
	if (argv && env && find_qemu(p->isa, qemu, sizeof(qemu)))
		all = calloc(n + 1, sizeof(*all));
	if (all) {
		char **command;

		memcpy(all, env, n * sizeof(*all));
		command = program_command(p, qemu, process.plugin_path, options, argv, all);
		if (command)
			execve(qemu, command, all);
		program_command_free(command);
	}
	free(all);
	free_strings(argv);
	free_strings(env);
}

void follow_exec(struct thread *t, u64 path_at, u64 argv_at, u64 envp_at)
{
	char err[PROGRAM_ERRBUF];
	struct program p;
	char *path = guest_string(path_at);

	if (path && is_self(path)) {
		free(path);
		path = (char *)qemu_plugin_path_to_binary();
	}
	if (path && !t->muted && program_resolve(&p, path, err)) {
		if (!p.privileged)
			run_under_qemu(t, &p, argv_at, envp_at);
		program_release(&p);
	}
	free(path);
}

/*
 * The other threads ran on, and may have taken numbers, until the kernel ended them after the call's own
 * number: what replaces the address space gets a number now that they are gone.
 */
void exec_followed(struct thread *t)
{
	struct rec_stream *s = t->stream;
	char name[TR_MAX_NAME + 1];
	struct tr_event ev;

	if (!atomic_load(&s->has_last_word))
		return;
	ev = s->last_word.ev;
	event_simple(t, TR_EV_SYSCALL, ev.seq, ev.len);
	ev.len = 0;
	ev.seq = seq_take();
	ev.arg = 1;
	snprintf(name, sizeof(name), "%.*s", (int)MIN(s->last_word.name_len, TR_MAX_NAME), s->last_name);
	event_put(t, &ev, (struct file_ref){ 0 }, name);
	last_word_clear(t);
}
