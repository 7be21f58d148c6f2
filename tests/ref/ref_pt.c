#include "tests/ref/ref_pt.h"

#define BIT(n) (1ull << (n))
/* Bits high to low of x, in place. */
#define FIELD(x, high, low) ((x) & ((BIT((high) - (low) + 1) - 1) << (low)))

/* How an address is cut up, from the root on: the widths of the indices; what is left is the offset. */
static const struct {
	u32 index[6]; /* 0 ends them */
	u32 offset;
	u32 entry; /* bytes */
	bool root_in_registers;
} cuts[NR_REF_PT] = {
	[REF_X86_64] = { { 9, 9, 9, 9 }, 12, 8, false },
	[REF_LA57] = { { 9, 9, 9, 9, 9 }, 12, 8, false },
	[REF_I386] = { { 10, 10 }, 12, 4, false },
	[REF_PAE] = { { 2, 9, 9 }, 12, 8, true },
	[REF_ARM_4K] = { { 9, 9, 9, 9 }, 12, 8, false },
	[REF_ARM_16K] = { { 1, 11, 11, 11 }, 14, 8, false },
	[REF_ARM_64K] = { { 6, 13, 13 }, 16, 8, false },
	[REF_SV39] = { { 9, 9, 9 }, 12, 8, false },
	[REF_SV48] = { { 9, 9, 9, 9 }, 12, 8, false },
};

struct decoded {
	bool present, leaf;
	bool run; /* AArch64: contiguous */
	u64 next;
	struct ref_pt rights;
};

static u64 read_memory(const struct ptmem *m, u64 pa, u32 bytes)
{
	u64 word = ptmem_entries(m, pa / 4096)[pa % 4096 / 8];

	return bytes == 8 ? word : pa % 8 ? word >> 32 : word & 0xffffffff;
}

static struct decoded decode_x86(u64 e, bool last, bool has_nx)
{
	struct decoded d = { .present = e & BIT(0), .leaf = last || (e & BIT(7)) };

	d.next = has_nx ? FIELD(e, 51, 12) : FIELD(e, 31, 12);
	d.rights = (struct ref_pt){ .write = e & BIT(1),
				    .user = e & BIT(2),
				    .accessed = e & BIT(5),
				    .dirty = e & BIT(6),
				    .exec = !has_nx || !(e & BIT(63)) };
	return d;
}

static struct decoded decode_arm(u64 e, bool last)
{
	struct decoded d = { .present = e & BIT(0), .leaf = last || !(e & BIT(1)), .next = FIELD(e, 47, 12) };
	bool clean = e & BIT(7), dbm = e & BIT(51);

	if (last && !(e & BIT(1)))
		d.present = false;
	d.run = d.leaf && (e & BIT(52));
	d.rights = (struct ref_pt){ .write = dbm || !clean,
				    .user = e & BIT(6),
				    .accessed = e & BIT(10),
				    .dirty = !clean || (e & BIT(55)),
				    .exec = !(e & BIT(54)) };
	return d;
}

static struct decoded decode_riscv(u64 e)
{
	struct decoded d = { .present = e & BIT(0), .leaf = e & 14, .next = FIELD(e, 53, 10) << 2 };

	d.rights = (struct ref_pt){ .write = e & BIT(2),
				    .exec = e & BIT(3),
				    .user = e & BIT(4),
				    .accessed = e & BIT(6),
				    .dirty = e & BIT(7) };
	return d;
}

static struct decoded decode(enum ref_pt_kind kind, u64 e, u32 depth)
{
	bool last = !cuts[kind].index[depth + 1];

	switch (kind) {
	case REF_PAE:
		if (depth == 0)
			return (struct decoded){ .present = e & BIT(0), .next = FIELD(e, 51, 12) };
		/* fall through */
	case REF_X86_64:
	case REF_LA57:
		return decode_x86(e, last, true);
	case REF_I386:
		return decode_x86(e, last, false);
	case REF_ARM_4K:
	case REF_ARM_16K:
	case REF_ARM_64K:
		return decode_arm(e, last);
	default:
		return decode_riscv(e);
	}
}

/* Bits of the address below the index of that depth. */
static u32 bits_below(enum ref_pt_kind kind, u32 depth)
{
	u32 bits = cuts[kind].offset;

	while (cuts[kind].index[++depth])
		bits += cuts[kind].index[depth];
	return bits;
}

/* How many entries a run has, as a shift (Arm ARM D8, the Contiguous bit); `up`: levels above the pages. */
static u32 run_shift(enum ref_pt_kind kind, u32 up)
{
	if (kind == REF_ARM_4K)
		return 4;
	if (kind == REF_ARM_16K)
		return up ? 5 : 7;
	return up ? 0 : 5;
}

static struct ref_pt walk(const struct ref_tspace *s, u64 table, u64 va, u32 depth, struct ref_reads *reads);

/* What the space beneath makes of an address, if there is one. */
static u64 beneath(const struct ref_tspace *s, u64 pa, u32 *shift, struct ref_reads *reads)
{
	struct ref_pt r;

	if (!s->beneath)
		return pa;
	r = walk(s->beneath, s->beneath->root, pa, 0, reads);
	*shift = r.shift < *shift ? r.shift : *shift;
	return r.pa;
}

static void note_read(struct ref_reads *reads, u64 at)
{
	reads->at[reads->n++ % REF_MAX_READS] = at;
}

static struct ref_pt walk(const struct ref_tspace *s, u64 table, u64 va, u32 depth, struct ref_reads *reads)
{
	enum ref_pt_kind kind = s->kind;
	u32 below = bits_below(kind, depth), bytes = cuts[kind].entry, ignored = 64;
	u64 at = table + (va >> below) % BIT(cuts[kind].index[depth]) * bytes;
	struct decoded d = decode(kind, read_memory(s->m, at, bytes), depth);

	if (depth || !cuts[kind].root_in_registers)
		note_read(reads, beneath(s, at, &ignored, reads));
	if (d.present && !d.leaf)
		return walk(s, d.next, va, depth + 1, reads);
	if (d.run)
		below += run_shift(kind, cuts[kind].index[depth + 1] != 0);
	d.rights.present = d.present;
	d.rights.shift = below;
	d.rights.page_shift = below;
	while (cuts[kind].index[depth + 1 + d.rights.level])
		d.rights.level++;
	d.rights.pa = d.next / BIT(below) * BIT(below) + va % BIT(below);
	d.rights.entry_pa = at;
	if (s->beneath && d.present)
		d.rights.pa = beneath(s, d.rights.pa, &d.rights.shift, reads);
	return d.rights;
}

struct ref_pt ref_space_walk(const struct ref_tspace *s, u64 va, struct ref_reads *reads)
{
	struct ref_pt r;

	reads->n = 0;
	r = walk(s, s->root, va, 0, reads);
	r.reads = reads->n;
	return r;
}

struct ref_pt ref_pt_walk(enum ref_pt_kind kind, const struct ptmem *m, u64 root, u64 va)
{
	const struct ref_tspace s = { .kind = kind, .m = m, .root = root };
	struct ref_reads reads;

	return ref_space_walk(&s, va, &reads);
}
