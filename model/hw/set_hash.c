#include "model/hw/set_hash.h"

const char *const set_hash_names[] = { "none", "xor", "fold", NULL };
const char *const slice_hash_names[] = { "mix", "intel", NULL };

u32 set_hash_fold(const struct set_hash *h, u64 line)
{
	u64 mask = (1ull << h->bits) - 1, set = line & mask;

	if (!h->bits)
		return 0;
	for (line >>= h->bits; line; line >>= h->bits) {
		set ^= line & mask;
		if (h->kind == SET_HASH_XOR)
			break;
	}
	return (u32)set;
}

/* Bits of a physical address, to be XORed to the slice number's bits o0, o1 and o2. */
static const u64 intel_bits[] = { 0x1b5f575440, 0x2eb5faa880, 0x3cccc93100 };

u32 set_hash_intel_slice(const struct set_hash *h, u64 line)
{
	u32 i, slice = 0;

	for (i = 0; i < ARRAY_SIZE(intel_bits) && 1u << i < h->slices; i++)
		slice |= (u32)__builtin_parityll(line << h->line_shift & intel_bits[i]) << i;
	return slice;
}
