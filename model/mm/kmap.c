#include "model/mm/kmap.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/kpgtable.h"
#include "model/mm/pgtable.h"
#include "model/mm/shootdown.h"

static bool is_high(const struct kernel *k, u64 pfn)
{
	return pfn << FRAME_SHIFT >= k->layout.direct_end && k->kmaps;
}

/* PageHighMem(): page->flags. */
static void touch_page(const struct kernel *k, struct cpu *c, u64 pfn)
{
	if (k->pa)
		charge_load(&k->charger, c, KPATH_KMAP, page_struct_va(&k->pa->map, pfn), k->layout.word);
}

/* The address of a page of low memory. Where there is no high memory, nobody even asks. */
static u64 low_address(const struct kernel *k, struct cpu *c, u64 pfn)
{
	if (k->kmaps) {
		touch_page(k, c, pfn);
		kernel_step(k, c, STEP_KMAP_LOW);
		k->kmaps->st.low++;
	}
	return kernel_va(k, pfn << FRAME_SHIFT);
}

void kmap_might_sleep(const struct kernel *k, const struct cpu *c)
{
	if (k->kmaps && c && k->kmaps->depth[c->id])
		k->kmaps->st.misuses++;
}

/* ---- kmap() ---- */

static u64 slot_va(const struct kmaps *m, u32 slot)
{
	return m->k->layout.pkmap + ((u64)slot << FRAME_SHIFT);
}

static u64 slot_pte(const struct kmaps *m, u32 slot)
{
	return m->pte + (u64)slot * m->k->format->entry_bytes;
}

static void touch(const struct kmaps *m, struct cpu *c, u64 offset, u32 bytes, bool write)
{
	u64 va = layout_data_va(&m->k->layout, offset);

	if (write)
		charge_store(&m->k->charger, c, KPATH_KMAP, va, bytes);
	else
		charge_load(&m->k->charger, c, KPATH_KMAP, va, bytes);
}

#define ADDRESS_BUCKETS 128u /* PA_HASH_ORDER 7 */

/* mm/highmem.c:page_slot(): a bucket with its lock, in a line; and what it leads to. Until 2.4: page.virtual.
 */
static void touch_address(const struct kmaps *m, struct cpu *c, u64 pfn, u32 slot, bool write)
{
	u64 bucket = hash64(pfn) >> 57;

	if (m->k->cfg.era < ERA_2_5_66)
		return;
	touch(m, c, DATA_PAGE_ADDRESS + bucket % ADDRESS_BUCKETS * 64, 8, write);
	if (slot < m->slots)
		touch(m, c, DATA_ADDRESS_MAPS + (u64)slot * 32, 16, write);
}

static void clear_slot(struct kmaps *m, struct cpu *c, u32 slot)
{
	kernel_step(m->k, c, STEP_KMAP_SWEEP_SLOT);
	kpgtable_set(m->k->kpgtable, c, KPATH_KMAP, slot_pte(m, slot), NO_FRAME);
	touch_address(m, c, m->pfn[slot], slot, true);
	map64_remove(&m->slot_of, m->pfn[slot]);
	m->count[slot] = 0;
	m->st.cleared++;
}

/* Until 2.6.2x the flush came whether or not something was cleared. */
static void flush_all_zero_pkmaps(struct kmaps *m, struct cpu *c)
{
	u64 before = m->st.cleared;
	u32 slot;

	m->st.wraps++;
	for (slot = 0; slot < m->slots; slot++) {
		kernel_step(m->k, c, STEP_KMAP_SWEEP);
		if (slot % 16 == 0)
			touch(m, c, DATA_PKMAP_COUNT + slot * 4, 64, false);
		if (m->count[slot] == 1)
			clear_slot(m, c, slot);
	}
	if (m->st.cleared == before && m->k->cfg.era >= ERA_2_6_26)
		return;
	m->st.flushes++;
	kernel_flush_range(m->k, c, slot_va(m, 0), slot_va(m, m->slots));
}

/* The next free slot, at most once around; false: there is none. */
static bool find_slot(struct kmaps *m, struct cpu *c, u32 *slot)
{
	u32 n;

	for (n = m->slots; n; n--) {
		m->last = (m->last + 1) % m->slots;
		if (!m->last) {
			flush_all_zero_pkmaps(m, c);
			n = m->slots;
		}
		kernel_step(m->k, c, STEP_KMAP_SCAN);
		touch(m, c, DATA_PKMAP_COUNT + m->last * 4, 4, false);
		m->st.looked_at++;
		*slot = m->last;
		if (!m->count[m->last])
			return true;
	}
	return false;
}

/* map_new_virtual(); false: the caller waits. */
static bool map_slot(struct kmaps *m, struct cpu *c, u64 pfn, u32 *slot)
{
	kernel_step(m->k, c, STEP_KMAP_NEW);
	if (!find_slot(m, c, slot)) {
		m->st.waits++;
		return false;
	}
	kpgtable_set(m->k->kpgtable, c, KPATH_KMAP, slot_pte(m, *slot), pfn << FRAME_SHIFT);
	touch_address(m, c, pfn, *slot, true);
	m->pfn[*slot] = pfn;
	m->count[*slot] = 1;
	map64_set(&m->slot_of, pfn, *slot);
	return true;
}

u64 kmap(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct kmaps *m = k->kmaps;
	const u64 *known;
	bool mapped = true;
	u32 slot = 0;

	kmap_might_sleep(k, c);
	if (!is_high(k, pfn))
		return low_address(k, c, pfn);
	kernel_step(k, c, STEP_KMAP);
	touch_page(k, c, pfn);
	m->st.maps++;
	spin_lock(&k->charger, c, KPATH_KMAP, &m->lock);
	known = map64_find(&m->slot_of, pfn);
	touch_address(m, c, pfn, known ? (u32)*known : m->slots, false);
	if (known) {
		slot = (u32)*known;
		m->st.found++;
	} else {
		mapped = map_slot(m, c, pfn, &slot);
	}
	if (mapped) {
		m->count[slot]++;
		touch(m, c, DATA_PKMAP_COUNT + slot * 4, 4, true);
	}
	spin_unlock(&k->charger, c, &m->lock);
	return mapped ? slot_va(m, slot) : 0;
}

void kunmap(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct kmaps *m = k->kmaps;
	const u64 *slot = m ? map64_find(&m->slot_of, pfn) : NULL;

	if (!is_high(k, pfn))
		return;
	if (!slot || m->count[*slot] < 2) {
		m->st.misuses++;
		return;
	}
	kernel_step(k, c, STEP_KUNMAP);
	touch_page(k, c, pfn);
	spin_lock(&k->charger, c, KPATH_KMAP, &m->lock);
	touch_address(m, c, pfn, (u32)*slot, false);
	m->count[*slot]--;
	touch(m, c, DATA_PKMAP_COUNT + (u32)*slot * 4, 4, true);
	spin_unlock(&k->charger, c, &m->lock);
}

/* ---- kmap_atomic() ---- */

/* Slots of fixed use that come first (asm-i386/fixmap.h): the vsyscall page, the APICs. */
#define FIX_KMAP_BEGIN 8u
/* asm-i386/kmap_types.h: KM_USER0, then KM_USER1; a stack of slots since 2.6.37. */
#define KM_USER0 3u

static u32 atomic_slot(const struct kmaps *m, u32 cpu, u32 depth)
{
	u32 first = m->k->cfg.era < ERA_2_6_37 ? KM_USER0 : 0;

	return cpu * KM_TYPE_NR + (first + depth) % KM_TYPE_NR;
}

static u64 atomic_va(const struct kmaps *m, u32 slot)
{
	return m->k->layout.fixmap_top - ((u64)(FIX_KMAP_BEGIN + slot) << FRAME_SHIFT);
}

static bool flushes_at_end(const struct kernel *k)
{
	return k->cfg.era >= ERA_2_6_18;
}

u64 kmap_atomic(const struct kernel *k, struct cpu *c, u64 pfn)
{
	struct kmaps *m = k->kmaps;
	u32 slot;

	if (!is_high(k, pfn))
		return low_address(k, c, pfn);
	ASSERT(m->depth[c->id] < KM_TYPE_NR);
	slot = atomic_slot(m, c->id, m->depth[c->id]++);
	m->st.atomics++;
	kernel_step(k, c, STEP_KMAP_ATOMIC);
	touch_page(k, c, pfn);
	kpgtable_set(k->kpgtable, c, KPATH_KMAP, m->fix_pte[slot], pfn << FRAME_SHIFT);
	if (!flushes_at_end(k))
		kernel_flush_here(k, c, atomic_va(m, slot));
	return atomic_va(m, slot);
}

void kunmap_atomic(const struct kernel *k, struct cpu *c, u64 va)
{
	struct kmaps *m = k->kmaps;
	u32 slot;

	if (!m || va - kernel_va(k, 0) < k->layout.direct_end)
		return;
	ASSERT(m->depth[c->id]);
	slot = atomic_slot(m, c->id, --m->depth[c->id]);
	ASSERT(va == atomic_va(m, slot));
	kernel_step(k, c, STEP_KUNMAP_ATOMIC);
	if (!flushes_at_end(k))
		return;
	kpgtable_set(k->kpgtable, c, KPATH_KMAP, m->fix_pte[slot], NO_FRAME);
	kernel_flush_here(k, c, va);
}

/* ---- */

void kmaps_sane(const struct kmaps *m)
{
	u64 mapped = 0;
	u32 i;

	for (i = 0; i < m->slots; i++) {
		const u64 *slot = m->count[i] ? map64_find(&m->slot_of, m->pfn[i]) : NULL;
		u64 pa = kpgtable_pa(m->k->kpgtable, slot_va(m, i), NULL, NULL);

		ASSERT(!m->count[i] == (pa == NO_FRAME));
		ASSERT(!m->count[i] || (slot && *slot == i && pa == m->pfn[i] << FRAME_SHIFT));
		mapped += m->count[i] != 0;
	}
	ASSERT(mapped == m->slot_of.n);
}

/* Tables of all slots, which are there from boot on. */
static bool find_entries(struct kmaps *m)
{
	u32 i;

	m->pte = kpgtable_entry(m->k->kpgtable, m->k->layout.pkmap);
	for (i = 0; m->pte != NO_ENTRY && i < MAX_CPUS * KM_TYPE_NR; i++) {
		m->fix_pte[i] = kpgtable_entry(m->k->kpgtable, atomic_va(m, i));
		if (m->fix_pte[i] == NO_ENTRY)
			return false;
	}
	return m->pte != NO_ENTRY;
}

struct kmaps *kmaps_new(struct kernel *k)
{
	struct kmaps *m = xcalloc(1, sizeof(*m));

	ASSERT(k->kpgtable && k->layout.pkmap);
	m->k = k;
	m->slots = k->layout.pkmap_slots;
	m->count = xcalloc(m->slots, sizeof(*m->count));
	m->pfn = xcalloc(m->slots, sizeof(*m->pfn));
	m->fix_pte = xcalloc((u64)MAX_CPUS * KM_TYPE_NR, sizeof(*m->fix_pte));
	m->lock.va = layout_data_va(&k->layout, DATA_KMAP);
	if (find_entries(m))
		return m;
	kmaps_free(m);
	return NULL;
}

void kmaps_free(struct kmaps *m)
{
	if (!m)
		return;
	map64_fini(&m->slot_of);
	free(m->count);
	free(m->pfn);
	free(m->fix_pte);
	free(m);
}

#define STAT_STRUCT struct kmap_stats
static const struct stat_desc kmap_stats[] = { KMAP_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void kmaps_stats_add(const struct kmaps *m, struct stats *s)
{
	stats_add(s, "mm.kmap", kmap_stats, &m->st);
}
