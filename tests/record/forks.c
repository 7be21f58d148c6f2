/*
 * Children: some compute on a copy of the parent's memory, one runs a command, one is killed, one crashes,
 * and all hand bytes to each other through pipes.
 *
 * usage: forks [CHILDREN]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (64 * 4096)

static void work(char *memory, int in, int out, int n)
{
	char *own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	memset(own, n, SIZE);
	memcpy(memory, own, SIZE / 2);
	if (read(in, &byte, 1) != 1)
		_exit(9);
	byte++;
	if (write(out, &byte, 1) != 1)
		_exit(9);
	munmap(own, SIZE);
	_exit(n);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 6, sum = 0, status;
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int to[2], from[2];
	char byte = 0;
	pid_t pid;

	if (pipe(to) || pipe(from))
		return 8;
	memset(memory, 3, SIZE);
	for (int i = 0; i < n; i++) {
		pid = fork();
		if (!pid)
			work(memory, to[0], from[1], i);
		if (write(to[1], &byte, 1) != 1 || read(from[0], &byte, 1) != 1)
			return 7;
	}
	while (waitpid(-1, &status, 0) > 0)
		sum += WEXITSTATUS(status);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	usleep(20000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	sum += WTERMSIG(status);
	pid = fork();
	if (!pid)
		*(volatile int *)8 = 1;
	waitpid(pid, &status, 0);
	sum += WTERMSIG(status);
	if (system("/bin/true") != 0)
		return 6;
	printf("%d %d\n", sum, byte);
	return 0;
}
