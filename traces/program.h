/*
 * What an executable file is, and the command that runs it under QEMU with the recorder's plugin.
 *
 * Used by `mmsim record` for the program that it starts and by the plugin for those that the program
 * executes; depends on the C library only.
 */
#ifndef MMSIM_TRACES_PROGRAM_H
#define MMSIM_TRACES_PROGRAM_H

#include "model/base/types.h"

#define PROGRAM_ERRBUF     512u
#define PROGRAM_MAX_PREFIX 8u

struct program {
	char path[4096]; /* the ELF file that runs: the program or its interpreter (#!) */
	const char *isa; /* "x86_64", "i386", "aarch64", "riscv64" */
	bool privileged; /* set-user-id or set-group-id: it would lose that under QEMU */
	u32 n_prefix;    /* of a script: words that go between argv[0] and the program's own arguments */
	char *prefix[PROGRAM_MAX_PREFIX];
};

/* Follows scripts to their interpreter. False: err says what is wrong with the file. */
bool program_resolve(struct program *p, const char *path, char err[PROGRAM_ERRBUF]);
void program_release(struct program *p);

/*
 * argv of the emulator: qemu -plugin <plugin>,<options> [-E LD_...] -0 argv[0] path arguments. Variables
 * that the dynamic loader obeys are taken out of env (which may be NULL) and given to the program only.
 * Returns NULL if there is no memory; strings are shared with the arguments.
 */
char **program_command(const struct program *p, const char *qemu, const char *plugin, const char *options,
		       char **argv, char **env);
void program_command_free(char **command);

#endif
