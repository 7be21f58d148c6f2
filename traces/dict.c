#include "traces/dict.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "traces/bytes.h"

/* Entries live in pages that never move, so that readers need no lock. */
#define PAGE_ENTRIES 4096u
#define MAX_PAGES    4096u

/* First byte of a body: counts below 15 in its halves; 15 says that the count follows. */
#define COUNT_MORE 15u
/* An instruction's size in half a byte; 0 says that it follows after all halves. */
#define INSN_SIZE_MORE 0u
/* A slot's first byte. */
#define SLOT_INSN_MORE  3u /* bits 0-1: instructions further than the last slot's */
#define SLOT_KIND_SHIFT 2  /* bits 2-3 */
#define SLOT_SIZE_SHIFT 4  /* bits 4-6: log2 of the size */
#define SLOT_SIZE_MORE  7u
#define SLOT_DEP        0x80u /* bit 7: a dependence follows, 0 meaning unknown */

struct tr_dict {
	pthread_mutex_t lock; /* all but reading entries below count */
	_Atomic(u32) count;
	struct dict_entry *_Atomic page[MAX_PAGES];
	u32 *table;     /* open addressing: id + 1, or 0 */
	u32 *hash;      /* of the entry in the same place */
	u32 table_size; /* a power of two */
};

struct tr_dict *tr_dict_new(void)
{
	struct tr_dict *d = xcalloc(1, sizeof(*d));

	pthread_mutex_init(&d->lock, NULL);
	d->table_size = 4096;
	d->table = xcalloc(d->table_size, sizeof(*d->table));
	d->hash = xcalloc(d->table_size, sizeof(*d->hash));
	return d;
}

void tr_dict_free(struct tr_dict *d)
{
	u32 i;

	if (!d)
		return;
	for (i = 0; i < d->count; i++) {
		struct dict_entry *e = (struct dict_entry *)dict_entry(d, i);

		free((void *)e->body);
		free((void *)e->block.insn_size);
		free((void *)e->block.slot);
	}
	for (i = 0; i < MAX_PAGES; i++)
		free(d->page[i]);
	free(d->table);
	free(d->hash);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

const struct dict_entry *dict_entry(const struct tr_dict *d, u32 id)
{
	return &atomic_load_explicit(&d->page[id / PAGE_ENTRIES], memory_order_acquire)[id % PAGE_ENTRIES];
}

u32 dict_count(const struct tr_dict *d)
{
	return atomic_load_explicit(&d->count, memory_order_acquire);
}

const struct tr_block *tr_dict_get(const struct tr_dict *d, u32 id)
{
	return &dict_entry(d, id)->block;
}

/* ---- coding one block ---- */

static u8 *put_slot(u8 *p, const struct tr_slot *s, u16 last_insn)
{
	unsigned ahead = MIN((unsigned)(s->insn - last_insn), SLOT_INSN_MORE);
	unsigned log2 = (unsigned)__builtin_ctz(s->size);
	bool plain_size = !(s->size & (s->size - 1)) && log2 < SLOT_SIZE_MORE;

	*p++ = (u8)(ahead | s->kind << SLOT_KIND_SHIFT |
		    (plain_size ? log2 : SLOT_SIZE_MORE) << SLOT_SIZE_SHIFT | (s->dep ? SLOT_DEP : 0));
	if (ahead == SLOT_INSN_MORE)
		p = put_varint(p, s->insn - last_insn - SLOT_INSN_MORE);
	if (!plain_size)
		p = put_varint(p, s->size);
	if (s->dep)
		p = put_varint(p, s->dep == TR_DEP_UNKNOWN ? 0 : s->dep);
	return p;
}

static u32 put_body(u8 *body, const struct tr_block *b)
{
	u8 *p = body;
	u16 last_insn = 0;
	u32 i;

	*p++ = (u8)(MIN(b->n_insns, COUNT_MORE) | MIN(b->n_slots, COUNT_MORE) << 4);
	if (b->n_insns >= COUNT_MORE)
		p = put_varint(p, b->n_insns - COUNT_MORE);
	if (b->n_slots >= COUNT_MORE)
		p = put_varint(p, b->n_slots - COUNT_MORE);
	memset(p, 0, (b->n_insns + 1) / 2);
	for (i = 0; i < b->n_insns; i++)
		p[i / 2] |= (u8)((b->insn_size[i] < 16 ? b->insn_size[i] : INSN_SIZE_MORE) << (i % 2 * 4));
	p += (b->n_insns + 1) / 2;
	for (i = 0; i < b->n_insns; i++)
		if (b->insn_size[i] >= 16)
			*p++ = b->insn_size[i];
	for (i = 0; i < b->n_slots; i++) {
		p = put_slot(p, &b->slot[i], last_insn);
		last_insn = b->slot[i].insn;
	}
	return (u32)(p - body);
}

static bool get_count(const u8 **p, const u8 *end, unsigned half, unsigned max, u16 *count)
{
	u64 more = 0;

	if (half == COUNT_MORE && !get_varint(p, end, &more))
		return false;
	if (more > max || half + more > max)
		return false;
	*count = (u16)(half + more);
	return true;
}

static bool get_insn_sizes(const u8 **p, const u8 *end, u32 n, u8 *size)
{
	const u8 *halves = *p;
	u32 i;

	if ((u64)(end - *p) < (n + 1) / 2)
		return false;
	*p += (n + 1) / 2;
	for (i = 0; i < n; i++) {
		size[i] = halves[i / 2] >> (i % 2 * 4) & 15;
		if (size[i] != INSN_SIZE_MORE)
			continue;
		if (*p == end || !**p)
			return false;
		size[i] = *(*p)++;
	}
	return true;
}

static bool get_slot(const u8 **p, const u8 *end, u32 last_insn, u32 n_insns, struct tr_slot *s)
{
	u64 ahead, size, dep = 0;
	u8 head;

	if (*p == end)
		return false;
	head = *(*p)++;
	ahead = head & SLOT_INSN_MORE;
	if (ahead == SLOT_INSN_MORE && !get_varint(p, end, &ahead))
		return false;
	if ((head & 3) == SLOT_INSN_MORE)
		ahead += SLOT_INSN_MORE;
	size = head >> SLOT_SIZE_SHIFT & 7;
	if (size < SLOT_SIZE_MORE)
		size = 1u << size;
	else if (!get_varint(p, end, &size))
		return false;
	if ((head & SLOT_DEP) && !get_varint(p, end, &dep))
		return false;
	if (ahead > TR_MAX_INSNS || last_insn + ahead >= MAX(n_insns, 1) || !size || size > TR_MAX_SIZE ||
	    dep > TR_DEP_MAX)
		return false;
	s->insn = (u16)(last_insn + ahead);
	s->size = (u32)size;
	s->dep = (head & SLOT_DEP) && !dep ? TR_DEP_UNKNOWN : (u16)dep;
	s->kind = head >> SLOT_KIND_SHIFT & 3;
	return true;
}

/* Allocates b's arrays. False: nonsense; nothing is kept. */
static bool get_body(const u8 *p, u32 len, struct tr_block *b)
{
	const u8 *end = p + len;
	struct tr_slot *slot = NULL;
	u8 *size = NULL;
	u32 i, last_insn = 0;
	u8 counts;

	if (p == end)
		return false;
	counts = *p++;
	if (!get_count(&p, end, counts & 15, TR_MAX_INSNS, &b->n_insns) ||
	    !get_count(&p, end, counts >> 4, TR_MAX_SLOTS, &b->n_slots))
		return false;
	size = xmalloc(b->n_insns);
	slot = xcalloc(b->n_slots, sizeof(*slot));
	b->insn_size = size;
	b->slot = slot;
	if (!get_insn_sizes(&p, end, b->n_insns, size))
		goto out_free;
	for (i = 0; i < b->n_slots; i++) {
		if (!get_slot(&p, end, last_insn, b->n_insns, &slot[i]))
			goto out_free;
		last_insn = slot[i].insn;
	}
	if (p == end)
		return true;
out_free:
	free(size);
	free(slot);
	return false;
}

/* ---- the table ---- */

/* Blocks differ in pc, or in the first bytes of their bodies; that some differ later costs a comparison. */
static u32 body_hash(u64 pc, const u8 *body, u32 len)
{
	u64 head = 0;

	memcpy(&head, body, len < sizeof(head) ? len : sizeof(head));
	return (u32)((pc ^ head * 0xff51afd7ed558ccdu) * 0x9e3779b97f4a7c15u >> 32);
}

/* Where (pc, body) is in the table, or the free place where it belongs. */
static u32 find_place(const struct tr_dict *d, u64 pc, const u8 *body, u32 len, u32 hash)
{
	u32 mask = d->table_size - 1, i;

	for (i = hash & mask; d->table[i]; i = (i + 1) & mask) {
		const struct dict_entry *e;

		if (d->hash[i] != hash)
			continue;
		e = dict_entry(d, d->table[i] - 1);
		if (e->block.pc == pc && e->body_len == len && !memcmp(e->body, body, len))
			break;
	}
	return i;
}

static void grow_table(struct tr_dict *d)
{
	u32 *old = d->table, *old_hash = d->hash, old_size = d->table_size, i;

	d->table_size *= 2;
	d->table = xcalloc(d->table_size, sizeof(*d->table));
	d->hash = xcalloc(d->table_size, sizeof(*d->hash));
	for (i = 0; i < old_size; i++) {
		u32 j = old_hash[i] & (d->table_size - 1);

		if (!old[i])
			continue;
		while (d->table[j])
			j = (j + 1) & (d->table_size - 1);
		d->table[j] = old[i];
		d->hash[j] = old_hash[i];
	}
	free(old);
	free(old_hash);
}

static struct dict_entry *new_entry(struct tr_dict *d, u32 id)
{
	if (id >= PAGE_ENTRIES * MAX_PAGES)
		fail("more than %u different basic blocks in one trace", PAGE_ENTRIES * MAX_PAGES);
	if (!d->page[id / PAGE_ENTRIES])
		atomic_store_explicit(&d->page[id / PAGE_ENTRIES],
				      xcalloc(PAGE_ENTRIES, sizeof(struct dict_entry)), memory_order_release);
	return &d->page[id / PAGE_ENTRIES][id % PAGE_ENTRIES];
}

/* With d->lock held. False: an unknown block whose body makes no sense. */
static bool intern_body(struct tr_dict *d, u64 pc, const u8 *body, u32 len, u32 *id)
{
	u32 hash = body_hash(pc, body, len);
	u32 place = find_place(d, pc, body, len, hash);
	struct tr_block b = { .pc = pc };
	struct dict_entry *e;
	u32 i;

	if (d->table[place]) {
		*id = d->table[place] - 1;
		return true;
	}
	if (!get_body(body, len, &b))
		return false;
	*id = d->count;
	e = new_entry(d, *id);
	e->block = b;
	e->body = memcpy(xmalloc(len), body, len);
	e->body_len = len;
	for (i = 0; i < b.n_insns; i++)
		e->code_len += b.insn_size[i];
	atomic_store_explicit(&d->count, *id + 1, memory_order_release);
	d->table[place] = *id + 1;
	d->hash[place] = hash;
	if (d->count > d->table_size / 2)
		grow_table(d);
	return true;
}

static void check_block(const struct tr_block *b)
{
	u32 i, last = 0;

	ASSERT(b->n_insns <= TR_MAX_INSNS && b->n_slots <= TR_MAX_SLOTS);
	for (i = 0; i < b->n_insns; i++)
		ASSERT(b->insn_size[i]);
	for (i = 0; i < b->n_slots; i++) {
		const struct tr_slot *s = &b->slot[i];

		ASSERT(s->size && s->size <= TR_MAX_SIZE && s->kind < TR_NR_KINDS);
		ASSERT(s->insn >= last && s->insn < MAX(b->n_insns, 1));
		last = s->insn;
	}
}

u32 tr_dict_add(struct tr_dict *d, const struct tr_block *b)
{
	u8 body[DICT_BODY_MAX];
	bool ok;
	u32 id, len;

	check_block(b);
	len = put_body(body, b);
	pthread_mutex_lock(&d->lock);
	ok = intern_body(d, b->pc, body, len, &id);
	pthread_mutex_unlock(&d->lock);
	ASSERT(ok);
	return id;
}

bool dict_intern(struct tr_dict *d, const u8 *bytes, u32 len, u32 n, u32 *id)
{
	const u8 *p = bytes, *end = bytes + len;
	u64 pc = 0, delta, body_len;
	bool ok = true;
	u32 i;

	pthread_mutex_lock(&d->lock);
	for (i = 0; i < n && ok; i++) {
		ok = get_varint(&p, end, &delta) && get_varint(&p, end, &body_len) &&
		     body_len <= (u64)(end - p);
		if (!ok)
			break;
		pc += unzigzag(delta);
		ok = intern_body(d, pc, p, (u32)body_len, &id[i]);
		p += body_len;
		if (ok)
			pc += dict_entry(d, id[i])->code_len;
	}
	pthread_mutex_unlock(&d->lock);
	return ok && p == end;
}
