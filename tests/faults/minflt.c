/* Runs a program and prints how many minor faults the kernel counted for it and its children. */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct rusage usage;
	pid_t pid;
	int status;

	if (argc < 2 || posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ))
		return 2;
	if (wait4(pid, &status, 0, &usage) != pid || status)
		return 1;
	fprintf(stderr, "%ld\n", usage.ru_minflt);
	return 0;
}
