/* What the kernel has of a thread: task_struct and stack, at their addresses. */
#include "model/mm/mm.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/slab.h"
#include "model/mm/vmalloc.h"

/*
 * Bytes of a kernel stack (THREAD_SIZE): two pages on i386 and on x86-64 until 3.14, four since. In 2.4 the
 * task_struct lies at its bottom.
 */
static u32 stack_bytes(const struct kernel *k)
{
	return k->cfg.era == ERA_6_X ? 4u << 12 : 2u << 12;
}

static u32 stack_order(const struct kernel *k)
{
	u32 order = 0;

	while ((1u << order << k->page_shift) < stack_bytes(k))
		order++;
	return order;
}

/*
 * CONFIG_VMAP_STACK: since 4.9 stacks are mapped by small pages, with a hole before them; not those of idle
 * tasks here, which boot makes for nobody (in Linux only the first CPU's is part of the image).
 */
static bool maps_stacks(const struct kernel *k, const struct cpu *c)
{
	return k->cfg.era == ERA_6_X && k->vmalloc && c;
}

static bool is_mapped(const struct kernel *k, u64 va)
{
	return va >= k->layout.vmalloc_start && va < k->layout.vmalloc_end;
}

static u64 stack_alloc(struct kernel *k, struct cpu *c)
{
	u64 pfn;

	if (maps_stacks(k, c))
		return vmalloc(k, c, stack_bytes(k));
	pfn = alloc_pages(k->pa, c, GFP_KERNEL, stack_order(k));
	return pfn == NO_FRAME ? 0 : page_va(k->pa, pfn);
}

static void stack_free(struct kernel *k, struct cpu *c, u64 va)
{
	if (is_mapped(k, va))
		vfree(k, c, va);
	else
		free_pages(k->pa, c, (va - k->direct_map) >> k->page_shift, stack_order(k));
}

/* 2.4 has no cache of them: alloc_task_struct() gives both in one block. */
static u64 struct_alloc(struct kernel *k, struct cpu *c, u64 stack)
{
	if (k->cfg.era <= ERA_2_4_21)
		return stack;
	return kmem_cache_alloc(slabs_named(k->slabs, "task_struct"), c, GFP_KERNEL);
}

struct task *kernel_task_new(struct kernel *k, struct cpu *c)
{
	u64 stack, va;
	struct task *t;

	if (!k->slabs)
		return NULL;
	stack = stack_alloc(k, c);
	if (!stack)
		return NULL;
	va = struct_alloc(k, c, stack);
	if (!va) {
		stack_free(k, c, stack);
		return NULL;
	}
	t = xcalloc(1, sizeof(*t));
	*t = (struct task){ .va = va, .stack = stack + stack_bytes(k), .next = k->tasks };
	if (t->next)
		t->next->prev = t;
	k->tasks = t;
	return t;
}

void kernel_task_free(struct kernel *k, struct cpu *c, struct task *t)
{
	u32 i;

	if (!t)
		return;
	for (i = 0; i < k->n_cpus; i++)
		if (k->cpu[i].task == t)
			k->cpu[i].task = k->cpu[i].idle;
	if (k->cfg.era > ERA_2_4_21)
		kmem_cache_free(slabs_named(k->slabs, "task_struct"), c, t->va);
	stack_free(k, c, t->stack - stack_bytes(k));
	if (t->next)
		t->next->prev = t->prev;
	if (t->prev)
		t->prev->next = t->next;
	else
		k->tasks = t->next;
	free(t);
}

void tasks_each_stack(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	u64 lowest = k->direct_map,
	    end = lowest + layout_lowmem(&k->layout, k->pa->map.pages << k->page_shift);
	const struct task *t;

	for (t = k->tasks; t; t = t->next)
		if (lowest < t->stack && t->stack <= end)
			fn(arg, (t->stack - stack_bytes(k) - lowest) >> k->page_shift, stack_order(k));
}

void kernel_task_run(struct kernel *k, struct cpu *c, struct task *t)
{
	k->cpu[c->id].task = t ? t : k->cpu[c->id].idle;
}
