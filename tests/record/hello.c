/* Two threads, atomics, a mapping and some output: for every architecture. usage: hello */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n;

static void *count(void *arg)
{
	for (int i = 0; i < 1000; i++)
		__atomic_fetch_add(&n, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

int main(void)
{
	pthread_t t;
	char *p;

	if (pthread_create(&t, NULL, count, NULL))
		return 1;
	count(NULL);
	pthread_join(t, NULL);
	p = malloc(300000);
	if (!p)
		return 1;
	memset(p, 1, 300000);
	printf("hello %d %d\n", n, p[299999]);
	free(p);
	return 0;
}
