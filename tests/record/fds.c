/* Closes every descriptor but its standard ones, goes on, and starts a thread. usage: fds */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *thread(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t t;

	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL))
		return 1;
	puts("alive");
	return 0;
}
