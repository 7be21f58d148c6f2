#include "model/mm/vmalloc.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/kpgtable.h"
#include "model/mm/page.h"
#include "model/mm/shootdown.h"
#include "model/mm/slab.h"

/* ---- addresses ---- */

/* Lazy since 2.6.28, in the middle of what ERA_2_6_26 stands for. */
static bool frees_lazily(const struct kernel *k)
{
	return k->cfg.era >= ERA_2_6_26;
}

static u64 data_va(const struct vmalloc *v, u64 offset)
{
	return layout_data_va(&v->k->layout, DATA_VMAP + offset);
}

/* The first area that ends behind va. */
static u32 area_index(const struct vmalloc *v, u64 va)
{
	u32 low = 0, high = v->n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (v->area[mid].end <= va)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct vmap_area *area_at(struct vmalloc *v, u64 start)
{
	u32 i = area_index(v, start);

	ASSERT(i < v->n && v->area[i].start == start && !v->area[i].lazy);
	return &v->area[i];
}

static struct vmap_area *insert_area(struct vmalloc *v, u32 i, u64 start, u64 bytes)
{
	if (v->n == v->cap) {
		v->cap = MAX(2 * v->cap, 16);
		v->area = xrealloc(v->area, v->cap * sizeof(*v->area));
	}
	memmove(&v->area[i + 1], &v->area[i], (v->n++ - i) * sizeof(*v->area));
	v->area[i] = (struct vmap_area){ .start = start, .end = start + bytes };
	return &v->area[i];
}

static void remove_area(struct vmalloc *v, u32 i)
{
	free(v->area[i].pfn);
	memmove(&v->area[i], &v->area[i + 1], (--v->n - i) * sizeof(*v->area));
}

/* ---- the kernel's objects ---- */

/* Words of struct vm_struct and, since 2.6.28, struct vmap_area: include/linux/vmalloc.h. */
#define VM_STRUCT_WORDS (v->k->cfg.era < ERA_2_5_66 ? 4u : frees_lazily(v->k) ? 8u : 7u)
#define VMAP_AREA_WORDS (v->k->cfg.era == ERA_6_X ? 9u : 13u)

static u32 object_bytes(const struct vmalloc *v)
{
	return (frees_lazily(v->k) ? VMAP_AREA_WORDS : VM_STRUCT_WORDS) * v->k->layout.word;
}

static void touch_object(const struct vmalloc *v, struct cpu *c, u64 va, u32 bytes, bool write)
{
	if (va && write)
		charge_store(&v->k->charger, c, KPATH_VMALLOC, va, bytes);
	else if (va)
		charge_load(&v->k->charger, c, KPATH_VMALLOC, va, bytes);
}

static void free_object(const struct vmalloc *v, struct cpu *c, u64 va)
{
	if (va)
		kfree(v->k->slabs, c, va);
}

struct vmap_objects {
	u64 object, vm;
};

/* False: no memory. A kernel without slabs has none. */
static bool take_objects(const struct vmalloc *v, struct cpu *c, struct vmap_objects *o)
{
	struct slabs *s = v->k->slabs;

	*o = (struct vmap_objects){ 0 };
	if (!s)
		return true;
	o->object = kmalloc(s, c, object_bytes(v), GFP_KERNEL);
	if (o->object && frees_lazily(v->k)) {
		o->vm = kmalloc(s, c, VM_STRUCT_WORDS * v->k->layout.word, GFP_KERNEL);
		if (!o->vm)
			kfree(s, c, o->object);
	}
	return o->object && (o->vm || !frees_lazily(v->k));
}

static void look_at(struct vmalloc *v, struct cpu *c, u32 i)
{
	v->st.looked_at++;
	kernel_step(v->k, c, STEP_VMAP_SCAN);
	touch_object(v, c, v->area[i].object, 4 * v->k->layout.word, false);
}

/* Along vmlist each area is looked at up to the hole; a tree is as deep as the logarithm. */
static void charge_search(struct vmalloc *v, struct cpu *c, u32 hole)
{
	u32 low = 0, high = v->n, i, mid;

	if (!frees_lazily(v->k)) {
		for (i = 0; i <= hole && i < v->n; i++)
			look_at(v, c, i);
		return;
	}
	while (low < high) {
		mid = (low + high) / 2;
		look_at(v, c, mid);
		if (mid < hole)
			low = mid + 1;
		else
			high = mid;
	}
}

/* ---- finding addresses ---- */

/* The lowest hole; false: there is none. */
static bool find_hole(struct vmalloc *v, struct cpu *c, u64 bytes, u64 align, u32 *index, u64 *start)
{
	const struct layout *l = &v->k->layout;
	u64 at = align_up(l->vmalloc_start, align);
	u32 i;

	for (i = 0; i < v->n; i++) {
		if (at + bytes <= v->area[i].start)
			break;
		if (at < v->area[i].end)
			at = align_up(v->area[i].end, align);
	}
	charge_search(v, c, i);
	*index = i;
	*start = at;
	return at + bytes > at && at + bytes <= l->vmalloc_end;
}

/* The new area is linked to its neighbours. */
static void link_area(struct vmalloc *v, struct cpu *c, u32 i, u64 start, u64 bytes,
		      const struct vmap_objects *o)
{
	struct vmap_area *a = insert_area(v, i, start, bytes);

	a->object = o->object;
	a->vm = o->vm;
	touch_object(v, c, o->object, object_bytes(v), true);
	touch_object(v, c, o->vm, VM_STRUCT_WORDS * v->k->layout.word, true);
	touch_object(v, c, i ? v->area[i - 1].object : data_va(v, 64), v->k->layout.word, true);
}

/* alloc_vmap_area(), __get_vm_area(): bytes, and a guard page. 0: no room. */
static u64 take_addresses(struct vmalloc *v, struct cpu *c, u64 bytes, u64 align)
{
	u64 whole = bytes + page_size(v->k), start = 0;
	struct vmap_objects o;
	bool found;
	u32 i;

	kernel_step(v->k, c, STEP_VMAP_AREA);
	if (!take_objects(v, c, &o)) {
		v->st.failed++;
		return 0;
	}
	spin_lock(&v->k->charger, c, KPATH_VMALLOC, &v->lock);
	found = find_hole(v, c, whole, align, &i, &start);
	if (!found && v->st.lazy) {
		vmalloc_purge(v->k, c);
		found = find_hole(v, c, whole, align, &i, &start);
	}
	if (found)
		link_area(v, c, i, start, whole, &o);
	spin_unlock(&v->k->charger, c, &v->lock);
	if (found)
		return start;
	free_object(v, c, o.object);
	free_object(v, c, o.vm);
	v->st.failed++;
	return 0;
}

/* ---- the end of mappings ---- */

static void flush(struct vmalloc *v, struct cpu *c, u64 start, u64 end)
{
	v->st.flushes++;
	kernel_flush_range(v->k, c, start, end);
}

void vmalloc_purge(struct kernel *k, struct cpu *c)
{
	struct vmalloc *v = k->vmalloc;
	u64 start = ~(u64)0, end = 0;
	u32 i, kept = 0;

	if (!v->st.lazy)
		return;
	kernel_step(k, c, STEP_VMAP_PURGE);
	for (i = 0; i < v->n; i++) {
		if (!v->area[i].lazy) {
			v->area[kept++] = v->area[i];
			continue;
		}
		kernel_step(k, c, STEP_VMAP_PURGE_AREA);
		free_object(v, c, v->area[i].object);
		start = MIN(start, v->area[i].start);
		end = MAX(end, v->area[i].end);
	}
	v->n = kept;
	v->st.lazy = 0;
	v->st.purges++;
	flush(v, c, start, end);
}

/* mm/vmalloc.c:lazy_max_pages() */
static u64 lazy_max_pages(const struct kernel *k)
{
	u32 fls = k->n_cpus ? log2_floor(k->n_cpus) + 1 : 1;

	return ((u64)fls << 25) >> k->page_shift;
}

/* free_unmap_vmap_area() or, until 2.6.27, unmap_vm_area(). */
static void end_area(struct vmalloc *v, struct cpu *c, struct vmap_area *a)
{
	u64 start = a->start, end = a->end;

	if (!frees_lazily(v->k)) {
		free_object(v, c, a->object);
		remove_area(v, (u32)(a - v->area));
		flush(v, c, start, end);
		return;
	}
	touch_object(v, c, a->object, object_bytes(v), true);
	free(a->pfn);
	a->pfn = NULL;
	a->lazy = true;
	v->st.lazy += (end - start) >> v->k->page_shift;
	if (v->st.lazy > lazy_max_pages(v->k))
		vmalloc_purge(v->k, c);
}

static void give_page(struct kernel *k, struct cpu *c, u64 pfn)
{
	bool last = frame_put(k->frames, c, pfn);

	ASSERT(last);
}

/* kvfree() */
static void free_array(struct vmalloc *v, struct cpu *c, u64 array)
{
	const struct layout *l = &v->k->layout;

	if (array >= l->vmalloc_start && array < l->vmalloc_end)
		vfree(v->k, c, array);
	else
		free_object(v, c, array);
}

void vfree(struct kernel *k, struct cpu *c, u64 va)
{
	struct vmalloc *v = k->vmalloc;
	struct vmap_area *a = area_at(v, va);
	u64 n = a->mapped >> k->page_shift, *pfn = a->pfn, array = a->array, vm = a->vm, i, unmapped;
	struct ladder_scope scope;

	ladder_begin(k->charger.ladder, c, &scope);
	a->pfn = NULL;
	a->array = a->vm = 0;
	kernel_step(k, c, STEP_VUNMAP);
	spin_lock(&k->charger, c, KPATH_VMALLOC, &v->lock);
	unmapped = kpgtable_unmap(k->kpgtable, c, KPATH_VMALLOC, va, a->mapped);
	ASSERT(unmapped == n);
	for (i = 0; i < n; i++)
		kernel_step(k, c, STEP_VUNMAP_PAGE);
	end_area(v, c, a);
	spin_unlock(&k->charger, c, &v->lock);
	for (i = 0; pfn && i < n; i++) {
		touch_object(v, c, array ? array + i * k->layout.word : 0, k->layout.word, false);
		give_page(k, c, pfn[i]);
	}
	free(pfn);
	free_array(v, c, array);
	free_object(v, c, vm);
	v->st.unmaps++;
	ladder_end(k->charger.ladder, &scope, LADDER_VFREE);
}

/* ---- mappings ---- */

/* Maps the next page of an area; false: no memory for a table. */
static bool map_page(struct vmalloc *v, struct cpu *c, struct vmap_area *a, u64 pa)
{
	const struct kmapping m = { .c = c,
				    .path = KPATH_VMALLOC,
				    .va = a->start + a->mapped,
				    .pa = pa,
				    .bytes = page_size(v->k),
				    .flags = PTE_KERNEL,
				    .largest = v->k->format->leaf[0] };

	kernel_step(v->k, c, STEP_VMAP_PAGE);
	if (!kpgtable_map(v->k->kpgtable, &m))
		return false;
	a->mapped += m.bytes;
	v->st.pages++;
	return true;
}

/* __vmalloc_area_node(): from kmalloc(), or if it is larger than a page from vmalloc() itself. */
static bool make_array(struct vmalloc *v, struct cpu *c, u64 start, u64 n)
{
	u64 bytes = n * v->k->layout.word, array;

	if (!v->k->slabs || v->k->cfg.era < ERA_2_5_66)
		return true;
	array = bytes > page_size(v->k) ? vmalloc(v->k, c, bytes)
					: kmalloc(v->k->slabs, c, bytes, GFP_KERNEL);
	area_at(v, start)->array = array;
	return array;
}

/* Pages from the allocator until the area is full. */
static bool fill_area(struct vmalloc *v, struct cpu *c, struct vmap_area *a, u64 n)
{
	struct kernel *k = v->k;
	u64 i, pfn;

	a->pfn = xmalloc(n * sizeof(*a->pfn));
	for (i = 0; i < n; i++) {
		touch_object(v, c, a->array ? a->array + i * k->layout.word : 0, k->layout.word, true);
		pfn = page_alloc(k, c, GFP_KERNEL | GFP_HIGHMEM, 0, ~(u64)0);
		if (pfn == NO_FRAME)
			return false;
		a->pfn[i] = pfn;
		if (!map_page(v, c, a, pfn << FRAME_SHIFT)) {
			give_page(k, c, pfn);
			return false;
		}
	}
	return true;
}

/* The mapping at `start` is there, or what there is of it goes away. */
static u64 finish(struct vmalloc *v, struct cpu *c, u64 start, bool ok)
{
	v->st.maps++;
	if (ok)
		return start;
	vfree(v->k, c, start);
	v->st.failed++;
	return 0;
}

u64 vmalloc(struct kernel *k, struct cpu *c, u64 bytes)
{
	u64 size = align_up(bytes, page_size(k)), start;
	struct vmalloc *v = k->vmalloc;
	struct ladder_scope scope;
	bool ok;

	if (!size || size < bytes || size > frames_total(k->frames) << FRAME_SHIFT)
		return 0;
	ladder_begin(k->charger.ladder, c, &scope);
	start = take_addresses(v, c, size, page_size(k));
	if (!start)
		return 0;
	ok = make_array(v, c, start, size >> k->page_shift) &&
	     fill_area(v, c, area_at(v, start), size >> k->page_shift);
	/* vmalloc_area_pages() of 2.4.0; later ones know that nothing was mapped there before. */
	if (k->cfg.era == ERA_2_4_0)
		flush(v, c, start, start + size);
	start = finish(v, c, start, ok);
	if (start)
		ladder_end(k->charger.ladder, &scope, LADDER_VMALLOC);
	return start;
}

u64 vmap(struct kernel *k, struct cpu *c, const u64 *pfn, u64 n)
{
	struct vmalloc *v = k->vmalloc;
	u64 start = n ? take_addresses(v, c, n << k->page_shift, page_size(k)) : 0, i;
	bool ok = true;

	if (!start)
		return 0;
	for (i = 0; ok && i < n; i++)
		ok = map_page(v, c, area_at(v, start), pfn[i] << FRAME_SHIFT);
	return finish(v, c, start, ok);
}

/*
 * VM_IOREMAP: aligned to a power of two from the size (2.6.9: the next one above it), up to 128 pages
 * (IOREMAP_MAX_ORDER; more where large pages are used for it, which are not here). 2.4 aligns nothing.
 */
static u64 ioremap_align(const struct kernel *k, u64 bytes)
{
	u32 order = frees_lazily(k) ? log2_ceil(bytes) : log2_floor(bytes) + 1;

	if (k->cfg.era < ERA_2_5_66)
		return page_size(k);
	return 1ull << MIN(MAX(order, k->page_shift), k->page_shift + 7);
}

u64 ioremap(struct kernel *k, struct cpu *c, u64 pa, u64 bytes)
{
	struct vmalloc *v = k->vmalloc;
	u64 from = page_down(k, pa), end = page_up(k, pa + bytes), start;
	bool ok = true;

	if (!bytes || end < pa || end > 1ull << k->format->pa_bits)
		return 0;
	start = take_addresses(v, c, end - from, ioremap_align(k, end - from));
	if (!start)
		return 0;
	for (; ok && from < end; from += page_size(k))
		ok = map_page(v, c, area_at(v, start), from);
	/* arch/i386/mm/ioremap.c:remap_area_pages() */
	if (k->cfg.era <= ERA_2_6_18)
		flush(v, c, start, start + area_at(v, start)->mapped);
	return finish(v, c, start, ok);
}

/* ---- */

bool vmalloc_is_lazy(const struct vmalloc *v, u64 va)
{
	u32 i = area_index(v, va);

	return i < v->n && v->area[i].start <= va && v->area[i].lazy;
}

void vmalloc_each_page(const struct vmalloc *v, vmalloc_fn fn, void *arg)
{
	u64 j;
	u32 i;

	for (i = 0; i < v->n; i++)
		for (j = 0; v->area[i].pfn && j < v->area[i].mapped >> v->k->page_shift; j++)
			fn(arg, v->area[i].pfn[j]);
}

void vmalloc_sane(const struct vmalloc *v)
{
	u64 lazy = 0, page = page_size(v->k);
	u32 i;

	for (i = 0; i < v->n; i++) {
		const struct vmap_area *a = &v->area[i];

		ASSERT(a->start < a->end && !(a->start & (page - 1)) && !(a->end & (page - 1)));
		ASSERT(a->start + a->mapped + page <= a->end);
		ASSERT(!i || v->area[i - 1].end <= a->start);
		lazy += a->lazy ? (a->end - a->start) >> v->k->page_shift : 0;
	}
	ASSERT(lazy == v->st.lazy);
}

/* What lies in the range from the beginning: the image, on AArch64. */
static void reserve_image(struct vmalloc *v)
{
	const struct layout *l = &v->k->layout;
	u64 page = page_size(v->k), start = MAX(align_down(l->text, page), l->vmalloc_start);
	u64 end = align_up(l->text + l->image_bytes, page);

	if (l->text && start < l->vmalloc_end && end > l->vmalloc_start)
		insert_area(v, 0, start, end + page - start);
}

struct vmalloc *vmalloc_new(struct kernel *k)
{
	struct vmalloc *v = xcalloc(1, sizeof(*v));

	ASSERT(k->kpgtable);
	v->k = k;
	v->lock.va = data_va(v, 0);
	reserve_image(v);
	return v;
}

void vmalloc_free(struct vmalloc *v)
{
	if (!v)
		return;
	while (v->n)
		remove_area(v, v->n - 1);
	free(v->area);
	free(v);
}

#define STAT_STRUCT struct vmalloc_stats
static const struct stat_desc vmalloc_stats[] = { VMALLOC_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void vmalloc_stats_add(const struct vmalloc *v, struct stats *s)
{
	stats_add(s, "mm.vmalloc", vmalloc_stats, &v->st);
	stats_set_level(s, "mm.vmalloc.lazy");
}
