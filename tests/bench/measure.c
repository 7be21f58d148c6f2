/*
 * measure RUNS PROGRAM ARGS...: runs a program RUNS times and prints what the best run took: "CPU_SECONDS
 * WALL_SECONDS MAX_RSS_KB". CPU seconds are user and system of the whole process, its threads and the
 * children that it waited for. The program's standard output goes to nowhere; a run that fails ends the
 * measurement.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cost {
	double cpu, wall;
	long rss_kb;
};

static double wall_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec * 1e-6;
}

static void become(char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* Returns false if the program did not succeed. */
static bool run(char **argv, struct cost *c)
{
	struct rusage usage;
	double begin = wall_now();
	int status;
	pid_t pid = fork();

	if (pid == 0)
		become(argv);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return false;
	c->wall = wall_now() - begin;
	c->cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	c->rss_kb = usage.ru_maxrss;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	struct cost best = { 0 }, c;

	if (runs < 1) {
		fprintf(stderr, "usage: measure RUNS PROGRAM ARGS...\n");
		return 2;
	}
	for (int i = 0; i < runs; i++) {
		if (!run(argv + 2, &c)) {
			fprintf(stderr, "measure: %s failed\n", argv[2]);
			return 1;
		}
		if (i == 0 || c.cpu < best.cpu)
			best = c;
	}
	printf("%.3f %.3f %ld\n", best.cpu, best.wall, best.rss_kb);
	return 0;
}
