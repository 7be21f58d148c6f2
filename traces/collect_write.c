#include "traces/collect_write.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/capture_write.h"
#include "traces/encode.h"

#define QUEUE_LEN 64u

struct item {
	u64 insns;
	u32 len; /* 0: sync */
	u8 packet[TR_PACKET_MAX];
};

struct capture_queue {
	struct capture_writer *writer;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	u64 put, done; /* items */
	bool closing;
	_Atomic bool failed;
	struct item item[QUEUE_LEN];
};

static void write_item(struct capture_queue *q, const struct item *it)
{
	bool ok = it->len ? capture_write(q->writer, it->packet, it->len, it->insns)
			  : capture_sync(q->writer);

	if (!ok)
		atomic_store(&q->failed, true);
}

static void *writer_main(void *arg)
{
	struct capture_queue *q = arg;

	pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->done == q->put && !q->closing)
			pthread_cond_wait(&q->changed, &q->lock);
		if (q->done == q->put)
			break;
		pthread_mutex_unlock(&q->lock);
		if (!atomic_load(&q->failed))
			write_item(q, &q->item[q->done % QUEUE_LEN]);
		pthread_mutex_lock(&q->lock);
		q->done++;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

struct capture_queue *capture_queue_open(const char *path, char err[TR_ERRBUF])
{
	struct capture_writer *writer = capture_create(path, err);
	struct capture_queue *q;

	if (!writer)
		return NULL;
	q = xcalloc(1, sizeof(*q));
	q->writer = writer;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	if (pthread_create(&q->thread, NULL, writer_main, q))
		fail("cannot start the thread that writes the capture");
	return q;
}

void capture_queue_put(struct capture_queue *q, const u8 *packet, u32 len, u64 insns)
{
	struct item *it;

	pthread_mutex_lock(&q->lock);
	while (q->put - q->done == QUEUE_LEN)
		pthread_cond_wait(&q->changed, &q->lock);
	it = &q->item[q->put % QUEUE_LEN];
	it->insns = insns;
	it->len = len;
	if (len)
		memcpy(it->packet, packet, len);
	q->put++;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void capture_queue_sync(struct capture_queue *q)
{
	capture_queue_put(q, NULL, 0, 0);
}

const char *capture_queue_error(struct capture_queue *q)
{
	return atomic_load(&q->failed) ? capture_write_error(q->writer) : NULL;
}

bool capture_queue_close(struct capture_queue *q, char err[TR_ERRBUF])
{
	bool ok;

	pthread_mutex_lock(&q->lock);
	q->closing = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	ok = capture_close(q->writer, err);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
	return ok;
}
