#include "model/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_place sim_place;

static die_hook_fn die_hook;

die_hook_fn die_hook_set(die_hook_fn hook)
{
	die_hook_fn old = die_hook;

	die_hook = hook;
	return old;
}

static _Noreturn void leave(int status, const char *fmt, va_list ap)
{
	char message[2048];

	vsnprintf(message, sizeof(message), fmt, ap);
	if (die_hook)
		die_hook(status, message);
	fflush(stdout);
	fprintf(stderr, "mmsim: %s\n", message);
	exit(status);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	leave(2, fmt, ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	leave(1, fmt, ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	fputs("mmsim: warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void assert_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "mmsim: internal error: %s:%d: %s (core %u, cycle %llu, record %llu)\n", file, line,
		what, sim_place.core, (unsigned long long)sim_place.cycle,
		(unsigned long long)sim_place.record);
	abort();
}

static void *checked(void *p, size_t size)
{
	if (!p)
		fail("out of host memory: %zu bytes were asked for", size);
	return p;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1), n * size);
}

void *xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1), size);
}

void *xaligned(size_t align, size_t size)
{
	return checked(aligned_alloc(align, size), size);
}

char *xstrdup(const char *s)
{
	return checked(strdup(s), strlen(s) + 1);
}

char *xasprintf(const char *fmt, ...)
{
	char *s;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		fail("out of host memory while formatting a message");
	return s;
}
