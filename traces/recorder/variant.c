#include <stdlib.h>
#include <string.h>

#include "traces/recorder/depend.h"
#include "traces/recorder/qemu_plugin.h"
#include "traces/recorder/recorder.h"

/* Widest access that one instruction makes in parts: QEMU reports vector registers in halves of 8 bytes. */
#define MERGE_PART 8u
#define MERGE_MAX  64u

#define TB_BUCKETS (1u << 16)

static struct tb *tbs[TB_BUCKETS];
static pthread_mutex_t tbs_lock = PTHREAD_MUTEX_INITIALIZER;

static struct tb **bucket_of(u64 pc)
{
	return &tbs[(pc ^ pc >> 16) & (TB_BUCKETS - 1)];
}

static struct tb *tb_find(u64 pc, u32 n_insns, const u8 *insn_size, const u8 *code)
{
	for (struct tb *tb = *bucket_of(pc); tb; tb = tb->next) {
		if (tb->pc == pc && tb->n_insns == n_insns && !memcmp(tb->insn_size, insn_size, n_insns) &&
		    !memcmp(tb->code, code, n_insns * DEPEND_CODE))
			return tb;
	}
	return NULL;
}

static struct tb *tb_new(u64 pc, u32 n_insns, const u8 *insn_size, const u8 *code)
{
	struct tb *tb = calloc(1, sizeof(*tb) + n_insns * (1 + DEPEND_CODE));

	if (!tb)
		abort();
	tb->pc = pc;
	tb->n_insns = n_insns;
	tb->code = tb->insn_size + n_insns;
	memcpy(tb->insn_size, insn_size, n_insns);
	memcpy(tb->code, code, n_insns * DEPEND_CODE);
	tb->next = *bucket_of(pc);
	*bucket_of(pc) = tb;
	return tb;
}

/* QEMU translates the same code again after it has thrown away its translations. */
struct tb *tb_intern(u64 pc, u32 n_insns, const u8 *insn_size, const u8 *code)
{
	struct tb *tb;

	pthread_mutex_lock(&tbs_lock);
	tb = tb_find(pc, n_insns, insn_size, code);
	if (!tb)
		tb = tb_new(pc, n_insns, insn_size, code);
	pthread_mutex_unlock(&tbs_lock);
	return tb;
}

u64 tb_insn_pc(const struct tb *tb, u32 i)
{
	u64 pc = tb->pc;

	for (u32 k = 0; k < i; k++)
		pc += tb->insn_size[k];
	return pc;
}

static bool is_part(const struct thread *t, u32 i, u32 so_far)
{
	return t->key[i] == t->key[i - 1] && !KEY_ATOMIC(t->key[i]) && !KEY_REPEAT(t->key[i]) &&
	       1u << qemu_plugin_mem_size_shift(KEY_INFO(t->key[i])) == MERGE_PART &&
	       t->addr[i] == t->addr[i - 1] + MERGE_PART && so_far + MERGE_PART <= MERGE_MAX;
}

/*
 * An atomic instruction has one memory operand, so all its accesses are one. QEMU reports a load and a store,
 * or several of each, or both in one. On x86 the instruction says that it is atomic; elsewhere only atomics
 * load and store the same place.
 */
static bool is_rest_of_atomic(const struct thread *t, u32 i)
{
	if (KEY_INSN(t->key[i]) != KEY_INSN(t->key[i - 1]))
		return false;
	if (process.x86)
		return KEY_ATOMIC(t->key[i]);
	return t->addr[i] == t->addr[i - 1] && qemu_plugin_mem_is_store(KEY_INFO(t->key[i])) &&
	       !qemu_plugin_mem_is_store(KEY_INFO(t->key[i - 1]));
}

static void extend_atomic(struct tr_slot *slot, u64 offset, u64 key)
{
	u32 end = (u32)offset + (1u << qemu_plugin_mem_size_shift(KEY_INFO(key)));

	slot->kind = TR_ATOMIC;
	if (offset < MERGE_MAX)
		slot->size = MAX(slot->size, end);
}

static void fill_slot(struct tr_slot *slot, u64 key, u32 from)
{
	u32 insn = KEY_INSN(key);

	*slot = (struct tr_slot){
		.size = 1u << qemu_plugin_mem_size_shift(KEY_INFO(key)),
		.insn = (u16)(insn > from ? insn - from : 0),
		.dep = TR_DEP_UNKNOWN,
		.kind = qemu_plugin_mem_is_store(KEY_INFO(key)) ? TR_STORE : TR_LOAD,
	};
	if (KEY_ATOMIC(key) || plugin_mem_is_both(KEY_INFO(key)))
		slot->kind = TR_ATOMIC;
}

/* Fills part[] and slot[] from the thread's accesses; returns the number of slots. */
static u32 make_slots(const struct thread *t, u8 *part, struct tr_slot *slot)
{
	u32 n = 0, first = 0;

	for (u32 i = 0; i < t->n; i++) {
		part[i] = 1;
		if (n && is_rest_of_atomic(t, i)) {
			extend_atomic(&slot[n - 1], t->addr[i] - t->addr[first], t->key[i]);
		} else if (n && is_part(t, i, slot[n - 1].size)) {
			slot[n - 1].size += MERGE_PART;
		} else {
			part[i] = 0;
			first = i;
			fill_slot(&slot[n++], t->key[i], t->from);
		}
	}
	return n;
}

/* Puts the static block into the shared area. Returns its number, or 0 with *ok false if the area is full. */
static u64 block_publish(const struct thread *t, u32 to, const struct tr_slot *slot, u32 n_slots, bool *ok)
{
	u32 n_insns = to - t->from;
	size_t len = rec_block_bytes(n_insns, n_slots);
	u64 at = atomic_fetch_add(&process.shared->blocks_used, len);
	struct rec_block *b = (struct rec_block *)(process.blocks + at);
	struct tr_slot *slots = (struct tr_slot *)(b + 1);

	*ok = at + len <= REC_BLOCK_AREA;
	if (!*ok)
		return 0;
	b->pc = tb_insn_pc(t->tb, t->from);
	b->n_insns = (u16)n_insns;
	b->n_slots = (u16)n_slots;
	memcpy(slots, slot, n_slots * sizeof(*slot));
	memcpy(slots + n_slots, t->tb->insn_size + t->from, n_insns);
	return at / 8;
}

static struct variant *variant_new(struct thread *t, u32 to)
{
	struct tr_slot slot[MAX_RAW];
	struct variant *v = calloc(1, sizeof(*v) + t->n * (sizeof(u64) + 1));
	u8 *part;
	bool ok;

	if (!v)
		abort();
	part = (u8 *)(v->key + t->n);
	memcpy(v->key, t->key, t->n * sizeof(u64));
	v->part = part;
	v->from = (u16)t->from;
	v->to = (u16)to;
	v->n_raw = (u16)t->n;
	v->n_slots = (u16)make_slots(t, part, slot);
	if (process.x86 && !process.guest32)
		depend_fill(t->tb->code + t->from * DEPEND_CODE, to - t->from, slot, v->n_slots);
	v->merged = v->n_slots != v->n_raw;
	v->block = block_publish(t, to, slot, v->n_slots, &ok);
	if (!ok) {
		free(v);
		atomic_store(&process.shared->blocks_lost, 1);
		return NULL;
	}
	v->next = atomic_load(&t->tb->first);
	while (!atomic_compare_exchange_weak(&t->tb->first, &v->next, v))
		;
	return v;
}

bool variant_parts_fit(const struct thread *t, const struct variant *v)
{
	for (u32 i = 1; v->merged && i < v->n_raw; i++) {
		if (v->part[i] && !is_rest_of_atomic(t, i) && t->addr[i] != t->addr[i - 1] + MERGE_PART)
			return false;
	}
	return true;
}

static void check_mappings(struct thread *t)
{
	for (u32 i = 0; i < t->n; i++) {
		maps_check(t, t->addr[i], false);
		maps_check(t, t->addr[i] + (1u << qemu_plugin_mem_size_shift(KEY_INFO(t->key[i]))) - 1,
			   false);
	}
}

void variant_settle(struct thread *t)
{
	u32 left = atomic_load(&process.settling);

	if (!left)
		return;
	atomic_store(&process.settling, left - 1);
	check_mappings(t);
}

const struct variant *variant_get(struct thread *t, u32 to)
{
	struct variant *v;

	if (to == t->from && !t->n)
		return NULL;
	variant_settle(t);
	for (v = atomic_load(&t->tb->first); v; v = v->next) {
		if (v->from == t->from && v->to == to && v->n_raw == t->n &&
		    !memcmp(v->key, t->key, t->n * sizeof(u64)) && variant_parts_fit(t, v))
			break;
	}
	if (!v) {
		check_mappings(t);
		v = variant_new(t, to);
	}
	if (v && v->from == 0 && v->to == t->tb->n_insns && !atomic_load(&process.settling))
		atomic_store_explicit(&t->tb->usual, v, memory_order_release);
	return v;
}

static bool is_handler(u64 pc)
{
	for (u32 i = 1; i < ARRAY_SIZE(process.handler); i++) {
		if (process.handler[i] == pc)
			return true;
	}
	return false;
}

/*
 * A fault, or QEMU itself when it must do an atomic access alone or when code changes under it, leaves a
 * block at an instruction that would have accessed memory. That is known if the accesses are the beginning of
 * a shape seen before and the thread went on at the next access's own instruction, or at a signal handler.
 * Otherwise the block is taken as complete: at most the rest of one block is fetched too much, and only at
 * the first fault there.
 */
u32 variant_left_at(const struct thread *t, u64 next_pc)
{
	const struct tb *tb = t->tb;

	for (const struct variant *v = atomic_load(&tb->first); v; v = v->next) {
		u32 at;

		if (v->from != t->from || v->to != tb->n_insns || v->n_raw <= t->n ||
		    memcmp(v->key, t->key, t->n * sizeof(u64)))
			continue;
		at = KEY_INSN(v->key[t->n]);
		if (at < t->from || (next_pc != tb_insn_pc(tb, at) && !is_handler(next_pc)))
			continue;
		return t->n && KEY_INSN(t->key[t->n - 1]) == at ? at + 1 : at;
	}
	return tb->n_insns;
}
