/*
 * Threads that map and unmap while another one forks children that end in three ways, and many short threads.
 * With an argument another thread then executes a program, which ends the rest.
 *
 * usage: mixed [exec]
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAPPERS  4
#define CHILDREN 9
#define SHORT    50

static volatile int stop;

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void *mapper(void *arg)
{
	while (!stop) {
		char *p = map(65536);

		for (int i = 0; i < 65536; i += 512)
			p[i] = 1;
		munmap(p, 65536);
		free(malloc(100000));
	}
	return NULL;
}

static void child(int how)
{
	char *p = map(8192);

	p[0] = 1;
	if (how == 0)
		execl("/bin/true", "true", (char *)NULL);
	if (how == 1)
		_exit(munmap(p, 8192));
	raise(SIGKILL);
}

static void *forker(void *arg)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (!pid)
			child(i % 3);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void *short_thread(void *arg)
{
	return arg;
}

static void *executer(void *arg)
{
	usleep(50000);
	execl("/bin/echo", "echo", "from a thread", (char *)NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t mappers[MAPPERS], other, brief;

	for (int i = 0; i < MAPPERS; i++)
		pthread_create(&mappers[i], NULL, mapper, NULL);
	pthread_create(&other, NULL, forker, NULL);
	for (int i = 0; i < SHORT; i++) {
		pthread_create(&brief, NULL, short_thread, NULL);
		pthread_join(brief, NULL);
	}
	pthread_join(other, NULL);
	if (argc > 1) {
		pthread_create(&other, NULL, executer, NULL);
		pthread_join(other, NULL);
	}
	stop = 1;
	for (int i = 0; i < MAPPERS; i++)
		pthread_join(mappers[i], NULL);
	puts("done");
	return 0;
}
