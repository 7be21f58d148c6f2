#include "model/mm/footprint.h"

#include "model/mm/alloc.h"
#include "model/mm/percpu.h"

/* Lines: stack and per-CPU written; task_struct read and written; mm_struct and kernel data read. */
struct footprint {
	u8 stack, percpu, task_read, task_write, mm, data;
};

/*
 * Together a fault's rows come to the lines counted for an anonymous write fault with what its code touches
 * itself (page tables, mapping, page, lists): 41 lines of objects read and 19 written, 22 of the stack, 19 of
 * kernel data. An empty system call reads 8 and writes 4 with 6 of the stack, mmap 20 and 17, munmap 54 and
 * 37, madvise 49 and 23; fork reads 368 and writes 1,170 of which 832 are zeroed pages.
 */
static const struct footprint footprints[NR_KERNEL_STEPS] = {
	[STEP_FAULT_ENTRY] = { 3, 4, 4, 1, 0, 4 },   [STEP_VMA_LOOKUP] = { 3, 0, 1, 0, 2, 2 },
	[STEP_TABLE_WALK] = { 6, 0, 2, 1, 1, 3 },    [STEP_ANON_FAULT] = { 7, 0, 3, 0, 0, 4 },
	[STEP_PAGE_CHARGE] = { 1, 3, 0, 0, 0, 3 },   [STEP_RMAP_ADD] = { 1, 2, 0, 0, 0, 1 },
	[STEP_LRU_ADD] = { 1, 2, 0, 0, 0, 0 },       [STEP_RSS_ADD] = { 0, 1, 0, 0, 1, 0 },
	[STEP_FAULT_EXIT] = { 2, 1, 2, 0, 0, 3 },    [STEP_WP_FAULT] = { 3, 0, 0, 0, 0, 3 },
	[STEP_FILE_FAULT] = { 4, 0, 0, 0, 1, 6 },    [STEP_HUGE_FAULT] = { 4, 1, 0, 0, 1, 4 },
	[STEP_SYSCALL] = { 6, 5, 6, 1, 0, 5 },       [STEP_MMAP] = { 10, 2, 2, 1, 4, 8 },
	[STEP_MUNMAP] = { 20, 4, 2, 1, 4, 15 },      [STEP_MPROTECT] = { 20, 2, 2, 1, 4, 12 },
	[STEP_MADVISE] = { 15, 4, 2, 1, 4, 12 },     [STEP_FORK] = { 30, 20, 12, 4, 12, 100 },
	[STEP_EXIT_MM] = { 30, 20, 12, 4, 12, 100 }, [STEP_FLUSH] = { 2, 2, 0, 0, 1, 2 },
};

/*
 * Percent of a row: stacks and data of i386 kernels are half as large (4-byte words, a third of the text),
 * and 2.6.37 stands between.
 */
static const u8 percent[NR_ERA_CLASSES] = { 35, 40, 70, 100 };

#define LINE 64u
/* Between the data of two steps. */
#define DATA_STRIDE (100u * LINE)

static u32 bytes(const struct kernel *k, u32 lines)
{
	return (lines * percent[era_class(k->cfg.era)] + 99) / 100 * LINE;
}

void footprint_charge(const struct kernel *k, struct cpu *c, const struct mm *mm, enum kernel_step s)
{
	const struct footprint *f = &footprints[s];
	const struct task *t = k->cpu[c->id].task;
	enum kernel_path path = kernel_step_path[s];

	if (!t)
		return;
	if (f->stack)
		c->ops->store(c, path, t->stack - bytes(k, f->stack), bytes(k, f->stack));
	if (f->percpu)
		c->ops->store(c, path, percpu_va(k->pa, c->id, percpu_words(s)), bytes(k, f->percpu));
	if (f->task_read)
		c->ops->load(c, path, t->va, bytes(k, f->task_read));
	if (f->task_write)
		c->ops->store(c, path, t->va, bytes(k, f->task_write));
	if (f->mm && mm)
		c->ops->load(c, path, mm->va, bytes(k, f->mm));
	if (f->data)
		c->ops->load(c, path, k->data_va + (u64)s * DATA_STRIDE, bytes(k, f->data));
}
