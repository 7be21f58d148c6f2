/*
 * Names of functions and data in an ELF file, by their place in the file: its symbol table, and the dynamic
 * one, which stripped files have, too. Little-endian files of 32 and 64 bits; nothing in the file is trusted.
 */
#ifndef MMSIM_ANALYSIS_SYMBOLS_H
#define MMSIM_ANALYSIS_SYMBOLS_H

#include "model/base/types.h"

struct symbols;

/* NULL: no such file, it has another length (0: any does) than when it was recorded, or it has no symbols. */
struct symbols *symbols_open(const char *path, u64 bytes);
void symbols_free(struct symbols *s);
/* Is the offset in a part that is loaded, or behind its end in memory that begins with zeros (.bss)? */
bool symbols_loads(const struct symbols *s, u64 offset);
/* The symbol that the byte at an offset of the file belongs to, and how far behind its beginning; NULL: none.
 */
const char *symbols_find(const struct symbols *s, u64 offset, u64 *behind);

#endif
