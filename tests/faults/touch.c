/* touch N MODE: N fresh pages, each written (w), read (r), or written by parent and then by a child (f). */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

static void touch(volatile char *p, unsigned long n, int write)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (write)
			p[i * PAGE] = 1;
		else
			(void)p[i * PAGE];
	}
}

int main(int argc, char **argv)
{
	unsigned long n = strtoul(argv[1], NULL, 10);
	char mode = argv[2][0], *p;

	p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	touch(p, n, mode != 'r');
	if (mode != 'f')
		return 0;
	if (fork() == 0) {
		touch(p, n, 1);
		_exit(0);
	}
	wait(NULL);
	touch(p, n, 1);
	return 0;
}
