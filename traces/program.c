#include "traces/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel's own limit (fs/exec.c: exec_binprm) and line length (BINPRM_BUF_SIZE). */
#define MAX_SCRIPTS 5
#define SCRIPT_LINE 256

static const struct {
	u16 machine;
	u8 class;
	const char *isa;
} machines[] = {
	{ EM_X86_64, ELFCLASS64, "x86_64" },
	{ EM_386, ELFCLASS32, "i386" },
	{ EM_AARCH64, ELFCLASS64, "aarch64" },
	{ EM_RISCV, ELFCLASS64, "riscv64" },
};

static const char *isa_of(const Elf64_Ehdr *eh)
{
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return NULL;
	for (u32 i = 0; i < ARRAY_SIZE(machines); i++) {
		if (machines[i].machine == eh->e_machine && machines[i].class == eh->e_ident[EI_CLASS])
			return machines[i].isa;
	}
	return NULL;
}

/* "#! interpreter [argument]": both go in front of what is there, as the kernel does it. */
static bool take_script(struct program *p, char *line, const char *script)
{
	char *interp, *end, *argument;
	u32 n_new;

	line[strcspn(line, "\n")] = '\0';
	interp = line + 2 + strspn(line + 2, " \t");
	end = interp + strcspn(interp, " \t");
	argument = end + strspn(end, " \t");
	*end = '\0';
	argument[strcspn(argument, "\t")] = '\0';
	n_new = 1 + (*argument != '\0');
	if (!*interp || p->n_prefix + n_new > PROGRAM_MAX_PREFIX)
		return false;
	memmove(p->prefix + n_new, p->prefix, p->n_prefix * sizeof(*p->prefix));
	p->n_prefix += n_new;
	p->prefix[n_new - 1] = strdup(script);
	if (n_new == 2)
		p->prefix[0] = strdup(argument);
	snprintf(p->path, sizeof(p->path), "%s", interp);
	return true;
}

static bool complain(char *err, const char *path, const char *what)
{
	snprintf(err, PROGRAM_ERRBUF, "%.*s: %s", PROGRAM_ERRBUF / 2, path, what);
	return false;
}

/* Its first bytes, NUL after them; false with err filled if it cannot be executed at all. */
static bool read_head(struct program *p, char head[SCRIPT_LINE + 1], char *err)
{
	struct stat st;
	ssize_t len;
	int fd;

	memset(head, 0, SCRIPT_LINE + 1);
	if (stat(p->path, &st))
		return complain(err, p->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain(err, p->path, "not a regular file");
	if (access(p->path, X_OK))
		return complain(err, p->path, "not executable (chmod +x makes it so)");
	p->privileged = st.st_mode & (S_ISUID | S_ISGID);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, head, SCRIPT_LINE);
	if (fd >= 0)
		close(fd);
	return len >= 0 || complain(err, p->path, "cannot be read, which recording needs");
}

bool program_resolve(struct program *p, const char *path, char err[PROGRAM_ERRBUF])
{
	char head[SCRIPT_LINE + 1], script[sizeof(p->path)];

	memset(p, 0, sizeof(*p));
	snprintf(p->path, sizeof(p->path), "%s", path);
	for (int depth = 0; depth < MAX_SCRIPTS; depth++) {
		if (!read_head(p, head, err))
			return false;
		if (!memcmp(head, ELFMAG, SELFMAG)) {
			p->isa = isa_of((const Elf64_Ehdr *)head);
			return p->isa || complain(err, p->path,
						  "an ELF file of an architecture that is not recorded "
						  "(x86_64, i386, aarch64, riscv64 are)");
		}
		memcpy(script, p->path, sizeof(script));
		if (memcmp(head, "#!", 2) || !take_script(p, head, script))
			return complain(err, p->path,
					"neither an ELF program nor a script with an interpreter");
	}
	return complain(err, path, "a script whose interpreter is a script, too often");
}

void program_release(struct program *p)
{
	for (u32 i = 0; i < p->n_prefix; i++)
		free(p->prefix[i]);
	p->n_prefix = 0;
}

static u32 count(char **list)
{
	u32 n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* QEMU splits -plugin at commas, and takes two for one. */
static char *plugin_argument(const char *plugin, const char *options)
{
	char *arg = malloc(2 * strlen(plugin) + strlen(options) + 2), *p = arg;

	if (!arg)
		return NULL;
	for (; *plugin; plugin++) {
		if (*plugin == ',')
			*p++ = ',';
		*p++ = *plugin;
	}
	*p++ = ',';
	memcpy(p, options, strlen(options) + 1);
	return arg;
}

/* Moves LD_ variables from env to -E options; QEMU splits those at commas, so such a one stays. */
static char **take_loader_variables(char **out, char **env)
{
	char **kept = env;

	for (; env && *env; env++) {
		if (strncmp(*env, "LD_", 3) || strchr(*env, ',')) {
			*kept++ = *env;
			continue;
		}
		*out++ = "-E";
		*out++ = *env;
	}
	if (kept)
		*kept = NULL;
	return out;
}

char **program_command(const struct program *p, const char *qemu, const char *plugin, const char *options,
		       char **argv, char **env)
{
	char **command = calloc(count(argv) + 2 * count(env) + p->n_prefix + 8, sizeof(*command));
	char **out = command;

	if (!command)
		return NULL;
	*out++ = (char *)qemu;
	*out++ = "-plugin";
	*out++ = plugin_argument(plugin, options);
	out = take_loader_variables(out, env);
	*out++ = "-0";
	*out++ = p->n_prefix || !argv[0] ? (char *)p->path : argv[0];
	*out++ = (char *)p->path;
	for (u32 i = 0; i < p->n_prefix; i++)
		*out++ = p->prefix[i];
	if (argv[0]) {
		for (argv++; *argv; argv++)
			*out++ = *argv;
	}
	return command;
}

void program_command_free(char **command)
{
	if (command)
		free(command[2]);
	free(command);
}
