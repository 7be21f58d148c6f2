/*
 * Conditions on values of keys, as --where takes them: "l1d.size <= l2.size && l2.ways != 3".
 *
 * Numbers may have the ends that values of keys have: K, M, G, T (powers of 1024); ps, ns, us, ms, s (then in
 * ns); kHz, MHz, GHz. A name of letters, digits, '_' and '.' is a key; other words stand in quotes, "lru",
 * and can be compared with == and != only. From weak to strong: ||, &&, comparisons, + -, * / %, !; ( )
 * groups.
 */
#ifndef MMSIM_ANALYSIS_EXPR_H
#define MMSIM_ANALYSIS_EXPR_H

#include "model/base/types.h"

/* The value of a key as a user would write it; NULL: there is no such key. Valid until the next call. */
typedef const char *(*expr_get_fn)(void *arg, const char *key);

/* NULL, and in *holds whether it does; or what is wrong (a new string). */
char *expr_test(const char *text, expr_get_fn get, void *arg, bool *holds);

enum expr_unit { EXPR_PLAIN, EXPR_BYTES, EXPR_NS, EXPR_HZ };
/* A whole text that is a number with an end or without; false: it is none. */
bool expr_number(const char *text, double *value, enum expr_unit *unit);

#endif
