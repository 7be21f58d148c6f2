/*
 * Little-endian numbers of 1 to 8 bytes and LEB128 numbers in packets and files.
 *
 * Readers of numbers take an end and say false rather than read past it. Private to traces/.
 */
#ifndef MMSIM_TRACES_BYTES_H
#define MMSIM_TRACES_BYTES_H

#include <endian.h>
#include <string.h>

#include "model/base/types.h"

static inline u16 get_le16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline u32 get_le32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline u64 get_le64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline void put_le16(u8 *p, u16 v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le32(u8 *p, u32 v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le64(u8 *p, u64 v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* A signed number of n = 1..8 bytes. Reads 8: the caller keeps that much after its bytes. */
static inline s64 get_signed(const u8 *p, unsigned n)
{
	unsigned unused = 64 - 8 * n;

	return (s64)(get_le64(p) << unused) >> unused;
}

static inline bool fits_signed(s64 v, unsigned n)
{
	unsigned unused = 64 - 8 * n;

	return (s64)((u64)v << unused) >> unused == v;
}

/* 0, -1, 1, -2, ... become 0, 1, 2, 3, ... */
static inline u64 zigzag(u64 v)
{
	return (v << 1) ^ (u64)((s64)v >> 63);
}

static inline u64 unzigzag(u64 v)
{
	return (v >> 1) ^ -(v & 1);
}

#define VARINT_MAX 10u /* bytes of the longest LEB128 number of 64 bits */

static inline u8 *put_varint(u8 *p, u64 v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (u8)v | 0x80;
	*p++ = (u8)v;
	return p;
}

/* Advances *p. False: the number is cut off by end, or longer than 64 bits. */
static inline bool get_varint(const u8 **p, const u8 *end, u64 *v)
{
	unsigned shift;

	*v = 0;
	for (shift = 0; shift < 64 && *p < end; shift += 7) {
		u8 byte = *(*p)++;

		*v |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return shift < 63 || byte <= 1;
	}
	return false;
}

#endif
