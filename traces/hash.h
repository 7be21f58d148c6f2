/*
 * XXH64 of some bytes: the checksum of packets. Private to traces/.
 */
#ifndef MMSIM_TRACES_HASH_H
#define MMSIM_TRACES_HASH_H

#include "model/base/types.h"

u64 hash_bytes(const void *bytes, size_t len, u64 seed);

#endif
