/*
 * Ways to end. usage: ends segv | abort | spin | handler
 * handler: faults 50 times and goes on by siglongjmp, then exits with 3.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf back;

static void on_segv(int sig)
{
	siglongjmp(back, 1);
}

static int fault_often(void)
{
	volatile int times = 0;
	volatile int *nowhere = (volatile int *)16;

	signal(SIGSEGV, on_segv);
	while (times < 50) {
		times++;
		if (!sigsetjmp(back, 1))
			*nowhere = times;
	}
	return 3;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	volatile unsigned long count = 0;

	for (int i = 0; i < 100000; i++)
		count += (unsigned long)i;
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "handler"))
		return fault_often();
	if (!strcmp(how, "spin")) {
		if (write(1, "spinning\n", 9) != 9)
			return 1;
		for (;;)
			count++;
	}
	return 0;
}
