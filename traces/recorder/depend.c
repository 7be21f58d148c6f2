#include "traces/recorder/depend.h"

#include <string.h>

/* Opcodes: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A. */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, N_REGS = 16 };
#define BIT(r)   (1u << (r))
#define ALL_REGS 0xffffu

/* What a register's value comes from: a slot of the block, or one of these. */
#define FROM_NOTHING (-1) /* no access */
#define FROM_BEFORE  (-2) /* something before the block */

/* An instruction's prefixes, opcode and operands. */
struct insn {
	const u8 *p; /* next byte */
	u8 rex, opcode;
	u8 map; /* 1: one byte, 2: 0f, 3: 0f 38, 4: 0f 3a */
	bool rep, repne, data16, vex;
	u8 modrm;
	bool is_mem;
	u8 reg, rm; /* register numbers */
	u32 mem;    /* registers of the explicit operand's address */
};

/* What it does with integer registers and memory. */
struct effect {
	u32 load, store;    /* registers of the addresses */
	u32 writes, reads;  /* registers that get a value, and those it is made of */
	bool takes_load;    /* the value is made of what was loaded, too */
	bool takes_unknown; /* or of a vector register */
	bool leaves;        /* leave: rsp = rbp, rbp is loaded */
};

/* --- decoding --- */

static void decode_prefixes(struct insn *in)
{
	for (;; in->p++) {
		switch (*in->p) {
		case 0x66:
			in->data16 = true;
			break;
		case 0xf2:
			in->repne = true;
			break;
		case 0xf3:
			in->rep = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x67:
		case 0xf0:
			break;
		default:
			if ((*in->p & 0xf0) == 0x40)
				in->rex = *in->p++;
			return;
		}
	}
}

/* VEX: inverted R, X, B like those of REX, map and prefix in the second or third byte. EVEX likewise. */
static void decode_vex(struct insn *in)
{
	u8 kind = *in->p++;
	u8 b1 = *in->p++, last = b1;

	in->vex = true;
	in->map = 2;
	in->rex = (u8)(0x40 | (~b1 >> 5 & 4));
	if (kind != 0xc5) {
		in->rex = (u8)(0x40 | (~b1 >> 5 & 7));
		in->map = (u8)((b1 & 3) + 1);
		last = *in->p++;
	}
	if (kind == 0x62)
		in->p++;
	in->rep = (last & 3) == 2;
	in->repne = (last & 3) == 3;
	in->opcode = *in->p++;
}

static void decode_opcode(struct insn *in)
{
	if (*in->p == 0xc4 || *in->p == 0xc5 || *in->p == 0x62) {
		decode_vex(in);
		return;
	}
	in->map = 1;
	in->opcode = *in->p++;
	if (in->opcode != 0x0f)
		return;
	in->map = 2;
	in->opcode = *in->p++;
	if (in->opcode != 0x38 && in->opcode != 0x3a)
		return;
	in->map = in->opcode == 0x38 ? 3 : 4;
	in->opcode = *in->p++;
}

static void decode_modrm(struct insn *in)
{
	u8 mod = *in->p >> 6, low = *in->p & 7, sib;

	in->modrm = *in->p++;
	in->reg = (u8)((in->modrm >> 3 & 7) | (in->rex & 4 ? 8 : 0));
	in->rm = (u8)(low | (in->rex & 1 ? 8 : 0));
	in->is_mem = mod != 3;
	if (!in->is_mem)
		return;
	if (low != 4) {
		in->mem = mod == 0 && low == 5 ? 0 : BIT(in->rm); /* rip is no register here */
		return;
	}
	sib = *in->p;
	if (mod != 0 || (sib & 7) != 5)
		in->mem |= BIT((sib & 7) | (in->rex & 1 ? 8 : 0));
	if ((sib >> 3 & 7) != 4 || in->rex & 2)
		in->mem |= BIT((sib >> 3 & 7) | (in->rex & 2 ? 8 : 0));
}

/* The high byte registers of instructions without REX belong to the first four. */
static u8 byte_register(const struct insn *in, u8 r)
{
	return r >= 4 && r < 8 && !in->rex ? (u8)(r - 4) : r;
}

/* --- shapes that many instructions share --- */

static void read_rm(const struct insn *in, struct effect *e)
{
	if (in->is_mem) {
		e->load = in->mem;
		e->takes_load = true;
	} else {
		e->reads |= BIT(in->rm);
	}
}

/* rm = rm op something */
static void modify_rm(const struct insn *in, struct effect *e, bool byte)
{
	if (in->is_mem) {
		e->load = e->store = in->mem;
	} else {
		u8 r = byte ? byte_register(in, in->rm) : in->rm;

		e->writes |= BIT(r);
		e->reads |= BIT(r);
	}
}

static void only_read_rm(const struct insn *in, struct effect *e)
{
	if (in->is_mem)
		e->load = in->mem;
}

static void write_reg(const struct insn *in, struct effect *e, bool partial, bool byte)
{
	u8 r = byte ? byte_register(in, in->reg) : in->reg;

	e->writes |= BIT(r);
	if (partial || byte)
		e->reads |= BIT(r);
}

static void forget(struct effect *e)
{
	e->writes = ALL_REGS;
	e->takes_unknown = true;
}

static void push(struct effect *e)
{
	e->store = BIT(RSP);
}

static void pop(struct effect *e)
{
	e->load = BIT(RSP);
}

/* --- one-byte opcodes --- */

/* 00..3f: eight operations in six forms each; the last is cmp. */
static void arithmetic(const struct insn *in, struct effect *e)
{
	bool byte = !(in->opcode & 1), compare = in->opcode >= 0x38;
	bool clears = (in->opcode & 0xf8) == 0x30 || (in->opcode & 0xf8) == 0x28; /* xor, sub */
	u32 form = in->opcode & 7;

	if (form >= 4) {
		e->writes = e->reads = compare ? 0 : BIT(RAX);
	} else if (compare) {
		only_read_rm(in, e);
	} else if (clears && !in->is_mem && in->reg == in->rm && !byte) {
		e->writes = BIT(in->reg);
	} else if (form < 2) {
		modify_rm(in, e, byte);
		e->reads |= BIT(byte ? byte_register(in, in->reg) : in->reg);
	} else {
		write_reg(in, e, true, byte);
		read_rm(in, e);
	}
}

static void move(const struct insn *in, struct effect *e)
{
	bool byte = !(in->opcode & 1), partial = byte || in->data16;

	if (in->opcode >= 0x8a) {
		write_reg(in, e, partial, byte);
		read_rm(in, e);
	} else if (in->is_mem) {
		e->store = in->mem;
	} else {
		e->writes = BIT(byte ? byte_register(in, in->rm) : in->rm);
		e->reads = BIT(byte ? byte_register(in, in->reg) : in->reg) | (partial ? e->writes : 0);
	}
}

static void move_immediate(const struct insn *in, struct effect *e)
{
	if (in->is_mem)
		e->store = in->mem;
	else if (in->opcode == 0xc7)
		e->writes = BIT(in->rm);
}

static void exchange(const struct insn *in, struct effect *e)
{
	if (in->is_mem) {
		e->store = in->mem;
		write_reg(in, e, false, in->opcode == 0x86);
		read_rm(in, e);
	} else {
		e->writes = e->reads = BIT(in->rm) | BIT(in->reg);
	}
}

static void string_operation(const struct insn *in, struct effect *e)
{
	switch (in->opcode & 0xfe) {
	case 0xa4: /* movs */
		e->load = BIT(RSI);
		e->store = BIT(RDI);
		break;
	case 0xa6: /* cmps */
		e->load = BIT(RSI) | BIT(RDI);
		break;
	case 0xaa: /* stos */
		e->store = BIT(RDI);
		break;
	case 0xac: /* lods */
		e->load = BIT(RSI);
		e->writes = BIT(RAX);
		e->takes_load = true;
		break;
	case 0xae: /* scas */
		e->load = BIT(RDI);
		break;
	}
}

/* f6, f7 */
static void unary(const struct insn *in, struct effect *e)
{
	u32 op = in->modrm >> 3 & 7;

	if (op < 2) {
		only_read_rm(in, e);
	} else if (op < 4) {
		modify_rm(in, e, in->opcode == 0xf6);
	} else {
		e->writes = e->reads = BIT(RAX) | BIT(RDX);
		read_rm(in, e);
	}
}

/* fe, ff */
static void group5(const struct insn *in, struct effect *e)
{
	u32 op = in->modrm >> 3 & 7;

	if (op < 2) {
		modify_rm(in, e, in->opcode == 0xfe);
		return;
	}
	only_read_rm(in, e);
	if (op == 2 || op == 3 || op == 6)
		push(e);
}

static void one_byte_with_modrm(const struct insn *in, struct effect *e)
{
	switch (in->opcode) {
	case 0x63:
	case 0x69:
	case 0x6b:
		write_reg(in, e, in->data16, false);
		read_rm(in, e);
		break;
	case 0x80 ... 0x83:
		if ((in->modrm >> 3 & 7) == 7)
			only_read_rm(in, e);
		else
			modify_rm(in, e, !(in->opcode & 1));
		break;
	case 0x84:
	case 0x85:
	case 0xd8 ... 0xdf: /* x87: memory operands, no integer registers but ax */
		only_read_rm(in, e);
		e->store = e->load;
		if (in->opcode == 0xdf)
			e->writes = BIT(RAX);
		break;
	case 0x86:
	case 0x87:
		exchange(in, e);
		break;
	case 0x88 ... 0x8b:
		move(in, e);
		break;
	case 0x8d:
		write_reg(in, e, in->data16, false);
		e->reads |= in->mem;
		break;
	case 0x8f:
		pop(e);
		e->store = in->mem;
		e->takes_load = true;
		e->writes = in->is_mem ? 0 : BIT(in->rm);
		break;
	case 0xc0:
	case 0xc1:
	case 0xd0 ... 0xd3:
		modify_rm(in, e, !(in->opcode & 1));
		e->reads |= in->opcode >= 0xd2 ? BIT(RCX) : 0;
		break;
	case 0xc6:
	case 0xc7:
		move_immediate(in, e);
		break;
	case 0xf6:
	case 0xf7:
		unary(in, e);
		break;
	case 0xfe:
	case 0xff:
		group5(in, e);
		break;
	}
}

static bool has_modrm(u8 op)
{
	return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 || op == 0x6b ||
	       (op >= 0x80 && op <= 0x8f) || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0xc7 ||
	       (op >= 0xd0 && op <= 0xd3) || (op >= 0xd8 && op <= 0xdf) || op == 0xf6 || op == 0xf7 ||
	       op >= 0xfe;
}

static void one_byte(struct insn *in, struct effect *e)
{
	u8 low = (u8)((in->opcode & 7) | (in->rex & 1 ? 8 : 0));

	if (has_modrm(in->opcode)) {
		decode_modrm(in);
		if (in->opcode < 0x40)
			arithmetic(in, e);
		else
			one_byte_with_modrm(in, e);
		return;
	}
	switch (in->opcode) {
	case 0x00 ... 0x3f:
		arithmetic(in, e);
		break;
	case 0x50 ... 0x57:
	case 0x68:
	case 0x6a:
	case 0x9c:
	case 0xe8:
		push(e);
		break;
	case 0x58 ... 0x5f:
		e->writes = BIT(low);
		e->takes_load = true;
		pop(e);
		break;
	case 0x9d:
	case 0xc2:
	case 0xc3:
		pop(e);
		break;
	case 0x90 ... 0x97:
		e->writes = e->reads = low ? BIT(RAX) | BIT(low) : 0;
		break;
	case 0x70 ... 0x7f:
	case 0x98:
	case 0xa8:
	case 0xa9:
	case 0xb0 ... 0xb7:
	case 0xe0 ... 0xe3:
	case 0xe9:
	case 0xeb:
		break;
	case 0x99:
		e->writes = BIT(RDX);
		e->reads = BIT(RAX);
		break;
	case 0xa4 ... 0xa7:
	case 0xaa ... 0xaf:
		string_operation(in, e);
		break;
	case 0xb8 ... 0xbf:
		e->writes = BIT(low);
		break;
	case 0xc9:
		e->leaves = true;
		e->load = BIT(RBP);
		break;
	default:
		forget(e);
	}
}

/* --- opcodes behind 0f --- */

/* Vector instructions that write an integer register: reg or, for moves to it, rm. True: in is one. */
static bool vector_to_integer(const struct insn *in, struct effect *e)
{
	bool to_rm = false;

	if (in->map == 4)
		to_rm = in->opcode >= 0x14 && in->opcode <= 0x17;
	else if (in->map == 2)
		to_rm = in->opcode == 0x7e && !in->rep;
	if (to_rm) {
		if (in->is_mem)
			e->store = in->mem;
		else
			e->writes = BIT(in->rm);
		e->takes_unknown = true;
		return true;
	}
	if (in->map != 2 || (in->opcode != 0x2c && in->opcode != 0x2d && in->opcode != 0x50 &&
			     in->opcode != 0xc5 && in->opcode != 0xd7))
		return false;
	e->writes = BIT(in->reg);
	if (in->is_mem)
		e->load = in->mem;
	e->takes_load = in->is_mem;
	e->takes_unknown = !in->is_mem;
	return true;
}

/* Anything else of the vector maps leaves the integer registers alone; memory is read or written. */
static void vector(const struct insn *in, struct effect *e)
{
	if (vector_to_integer(in, e))
		return;
	if (in->map == 3 && in->opcode >= 0xf0)
		forget(e); /* crc32, adcx, BMI: rare */
	if (in->map == 4 && ((in->opcode >= 0x60 && in->opcode <= 0x63) || in->opcode == 0xf0))
		forget(e);
	if (in->vex && in->map == 2 && in->opcode == 0x93)
		forget(e);
	if (in->is_mem)
		e->load = e->store = in->mem;
}

static void compare_exchange(const struct insn *in, struct effect *e)
{
	e->writes = BIT(RAX) | (in->is_mem ? 0 : BIT(in->rm));
	e->reads = BIT(RAX);
	e->store = in->is_mem ? in->mem : 0;
	read_rm(in, e);
}

static void wide_compare_exchange(const struct insn *in, struct effect *e)
{
	if (in->is_mem) {
		e->load = e->store = in->mem;
		e->writes = BIT(RAX) | BIT(RDX);
		e->takes_load = true;
	} else {
		e->writes = BIT(in->rm); /* rdrand */
	}
}

/* The integer instructions behind 0f that have operands. False: in is none. */
static bool two_byte_integer(const struct insn *in, struct effect *e)
{
	switch (in->opcode) {
	case 0x40 ... 0x4f:
	case 0xaf:
		write_reg(in, e, true, false);
		read_rm(in, e);
		return true;
	case 0xb6:
	case 0xb7:
	case 0xb8:
	case 0xbc ... 0xbf:
		write_reg(in, e, in->data16, false);
		read_rm(in, e);
		return true;
	case 0x90 ... 0x9f:
		if (in->is_mem)
			e->store = in->mem;
		return true;
	case 0xa3:
		only_read_rm(in, e);
		return true;
	case 0xba:
		if ((in->modrm >> 3 & 7) == 4)
			only_read_rm(in, e);
		else
			modify_rm(in, e, false);
		return true;
	case 0xa4:
	case 0xa5:
	case 0xab ... 0xad:
	case 0xb3:
	case 0xbb:
		modify_rm(in, e, false);
		e->reads |= BIT(in->reg);
		return true;
	case 0xb0:
	case 0xb1:
		compare_exchange(in, e);
		return true;
	case 0xc0:
	case 0xc1:
		exchange(in, e);
		return true;
	case 0xc3:
		e->store = in->mem;
		return true;
	case 0xc7:
		wide_compare_exchange(in, e);
		return true;
	default:
		return false;
	}
}

static void two_byte(struct insn *in, struct effect *e)
{
	switch (in->opcode) {
	case 0x80 ... 0x8f:
	case 0x77:
	case 0xc8 ... 0xcf: /* bswap: the same register */
		return;
	case 0x31:
		e->writes = BIT(RAX) | BIT(RDX);
		return;
	case 0x00 ... 0x0c:
	case 0x20 ... 0x27:
	case 0x30:
	case 0x32 ... 0x37:
	case 0xa0 ... 0xa2:
	case 0xa8 ... 0xaa:
		forget(e);
		return;
	}
	decode_modrm(in);
	if (!two_byte_integer(in, e))
		vector(in, e);
}

static void decode(const u8 *code, struct effect *e)
{
	struct insn in = { .p = code };

	memset(e, 0, sizeof(*e));
	decode_prefixes(&in);
	decode_opcode(&in);
	if (in.map == 1) {
		one_byte(&in, e);
	} else if (in.map == 2 && !in.vex) {
		two_byte(&in, e);
	} else if (!in.vex || in.map != 2 || in.opcode != 0x77) {
		decode_modrm(&in);
		vector(&in, e);
	}
}

/* --- following --- */

static s32 later(s32 a, s32 b)
{
	if (a >= 0 || b >= 0)
		return MAX(a, b);
	return MIN(a, b); /* from before the block, if one is */
}

static s32 value_of(const s32 *from, u32 regs)
{
	s32 v = FROM_NOTHING;

	for (u32 r = 0; r < N_REGS; r++) {
		if (regs & BIT(r))
			v = later(v, from[r]);
	}
	return v;
}

static u16 dep_of(s32 from, u32 slot)
{
	if (from == FROM_BEFORE)
		return TR_DEP_UNKNOWN;
	return from == FROM_NOTHING ? TR_DEP_NONE : (u16)(slot - (u32)from);
}

/* The instruction's registers after it; loaded: the slot of its load, FROM_BEFORE if it made none. */
static void apply(s32 *from, const struct effect *e, s32 loaded)
{
	s32 value = value_of(from, e->reads);

	if (e->takes_load)
		value = later(value, loaded);
	if (e->takes_unknown)
		value = later(value, FROM_BEFORE);
	for (u32 r = 0; r < N_REGS; r++) {
		if (e->writes & BIT(r))
			from[r] = value;
	}
	if (e->leaves) {
		from[RSP] = from[RBP];
		from[RBP] = loaded;
	}
}

void depend_fill(const u8 *code, u32 n_insns, struct tr_slot *slot, u32 n_slots)
{
	s32 from[N_REGS];
	u32 s = 0;

	for (u32 r = 0; r < N_REGS; r++)
		from[r] = r == RSP ? FROM_NOTHING : FROM_BEFORE;
	for (u32 i = 0; i < n_insns; i++) {
		s32 loaded = FROM_BEFORE;
		struct effect e;

		decode(code + i * DEPEND_CODE, &e);
		for (; s < n_slots && slot[s].insn == i; s++) {
			slot[s].dep = dep_of(value_of(from, slot[s].kind == TR_STORE ? e.store : e.load), s);
			if (slot[s].kind != TR_STORE)
				loaded = (s32)s;
		}
		apply(from, &e, loaded);
	}
}

void depend_addresses(const u8 *code, u32 *load, u32 *store)
{
	struct effect e;

	decode(code, &e);
	*load = e.load;
	*store = e.store;
}
