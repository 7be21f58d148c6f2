/*
 * Threads that map, remap and unmap memory, grow the heap, and hand pages to each other through a mutex and
 * a condition while the others run. Every page is used right after it was handed over, by another thread than
 * the one that mapped it, and given back by a third.
 *
 * usage: threads [ROUNDS]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define THREADS 4
#define SLOTS   8
#define SIZE    (16 * 4096)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char *slot[SLOTS];
static int filled, rounds;

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static void put(char *p)
{
	pthread_mutex_lock(&lock);
	while (filled == SLOTS)
		pthread_cond_wait(&changed, &lock);
	slot[filled++] = p;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static char *take(void)
{
	char *p;

	pthread_mutex_lock(&lock);
	while (!filled)
		pthread_cond_wait(&changed, &lock);
	p = slot[--filled];
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return p;
}

static void *maker(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		char *p = map(SIZE);

		for (int k = 0; k < SIZE; k += 4096)
			p[k] = (char)i;
		put(p);
	}
	return NULL;
}

static void *user(void *arg)
{
	long sum = 0;

	for (int i = 0; i < rounds; i++) {
		char *p = take(), *q;
		void *heap;

		for (int k = 0; k < SIZE; k += 512)
			sum += p[k];
		if (i & 1) {
			q = mremap(p, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
			if (q == MAP_FAILED)
				abort();
			for (int k = 0; k < 2 * SIZE; k += 64)
				q[k] = 1;
			mprotect(q, SIZE, PROT_READ);
			sum += q[77];
			munmap(q, 2 * SIZE);
		} else {
			madvise(p, SIZE, MADV_DONTNEED);
			p[5] = 1;
			munmap(p, SIZE);
		}
		heap = malloc(200000 + 1000 * (size_t)(i % 7));
		memset(heap, 1, 1000);
		free(heap);
	}
	return (void *)(intptr_t)sum;
}

int main(int argc, char **argv)
{
	pthread_t t[THREADS];
	void *result;
	long sum = 0;

	rounds = argc > 1 ? atoi(argv[1]) : 200;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, i & 1 ? user : maker, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &result);
		sum += (intptr_t)result;
	}
	printf("%ld\n", sum);
	return 0;
}
