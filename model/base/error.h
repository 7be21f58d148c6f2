/*
 * Three kinds of wrong have three words:
 *   die()     the user's fault (configuration, trace, usage): message on stderr, exit status 2;
 *   fail()    the surroundings' fault (disk full, child died, out of host memory): message, exit status 1;
 *   ASSERT()  ours: prints where the simulation stood, so that every abort can be replayed, and aborts.
 * What goes wrong inside the simulated machine (a fault, OOM) is none of these: it is a result, an enum.
 *
 * A message says what is wrong, where, and what to do. No trailing newline; "mmsim: " is put in front.
 */
#ifndef MMSIM_BASE_ERROR_H
#define MMSIM_BASE_ERROR_H

#include "model/base/types.h"

_Noreturn void die(const char *fmt, ...) printf_like(1, 2);
_Noreturn void(fail)(const char *fmt, ...) printf_like(1, 2); /* (): cmocka has a macro fail */
void warn(const char *fmt, ...) printf_like(1, 2);

/*
 * Called by die() and fail() instead of printing and leaving; it must not return (longjmp out).
 * For unit tests and fuzzers. NULL restores the default. Returns the previous hook.
 */
typedef void (*die_hook_fn)(int status, const char *message);
die_hook_fn die_hook_set(die_hook_fn hook);

/* Where the simulation stands, printed by ASSERT; the engine keeps it current between chunks. */
struct sim_place {
	u32 core;
	u64 cycle;
	u64 record; /* block runs replayed so far */
};
extern struct sim_place sim_place;

_Noreturn void assert_failed(const char *what, const char *file, int line);

#define ASSERT(cond)                                                                                        \
	do {                                                                                                \
		if (unlikely(!(cond)))                                                                      \
			assert_failed(#cond, __FILE__, __LINE__);                                           \
	} while (0)

/* malloc, calloc and realloc that fail() instead of returning NULL; size 0 gives a unique pointer. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
/* Aligned to a power of two, which size is a multiple of; free() frees it. */
void *xaligned(size_t align, size_t size);
char *xstrdup(const char *s);
/* printf into a new string; the caller frees it. */
char *xasprintf(const char *fmt, ...) printf_like(1, 2);

#endif
