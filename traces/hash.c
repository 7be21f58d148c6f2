/*
 * xxhash.h stands first: it spells out attributes for which types.h has macros. Inlined, so that the plugin
 * needs no library.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "traces/hash.h"

u64 hash_bytes(const void *bytes, size_t len, u64 seed)
{
	return XXH64(bytes, len, seed);
}
