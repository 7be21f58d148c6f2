#include "model/mm/footprint.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/percpu.h"

/*
 * Lines: stack and per-CPU written; task_struct read and written; mm_struct and kernel data read. depth:
 * lines of stack that callers use.
 */
struct footprint {
	u8 depth, stack, percpu, task_read, task_write, mm, data;
};

/*
 * Together a fault's rows come to the lines counted for an anonymous write fault with what its code touches
 * itself (page tables, mapping, page, lists): 41 lines of objects read and 19 written, 22 of the stack, 19 of
 * kernel data. An empty system call reads 8 and writes 4 with 6 of the stack, mmap 20 and 17, munmap 54 and
 * 37, madvise 49 and 23; fork reads 368 and writes 1,170 of which 832 are zeroed pages. Those of a timer,
 * of kswapd and of an interrupt are estimates.
 */
static const struct footprint counted[NR_KERNEL_STEPS] = {
	[STEP_FAULT_ENTRY] = { 0, 3, 4, 4, 1, 0, 4 },   [STEP_VMA_LOOKUP] = { 3, 3, 0, 1, 0, 2, 2 },
	[STEP_TABLE_WALK] = { 3, 6, 0, 2, 1, 1, 3 },    [STEP_ANON_FAULT] = { 9, 7, 0, 3, 0, 0, 4 },
	[STEP_PAGE_CHARGE] = { 16, 2, 3, 0, 0, 0, 3 },  [STEP_RMAP_ADD] = { 18, 2, 2, 0, 0, 0, 1 },
	[STEP_LRU_ADD] = { 20, 2, 2, 0, 0, 0, 0 },      [STEP_RSS_ADD] = { 9, 1, 1, 0, 0, 1, 0 },
	[STEP_FAULT_EXIT] = { 0, 2, 1, 2, 0, 0, 3 },    [STEP_WP_FAULT] = { 9, 7, 0, 0, 0, 0, 3 },
	[STEP_FILE_FAULT] = { 9, 4, 0, 0, 0, 1, 6 },    [STEP_HUGE_FAULT] = { 9, 4, 1, 0, 0, 1, 4 },
	[STEP_SYSCALL] = { 0, 6, 5, 6, 1, 0, 5 },       [STEP_MMAP] = { 6, 10, 2, 2, 1, 4, 8 },
	[STEP_MUNMAP] = { 6, 20, 4, 2, 1, 4, 15 },      [STEP_MPROTECT] = { 6, 20, 2, 2, 1, 4, 12 },
	[STEP_MADVISE] = { 6, 15, 4, 2, 1, 4, 12 },     [STEP_FORK] = { 6, 30, 20, 12, 4, 12, 100 },
	[STEP_EXIT_MM] = { 6, 30, 20, 12, 4, 12, 100 }, [STEP_FLUSH] = { 22, 2, 2, 0, 0, 0, 2 },
	[STEP_TIMER_WORK] = { 0, 20, 12, 8, 4, 0, 24 }, [STEP_KSWAPD_RUN] = { 0, 12, 6, 8, 4, 0, 14 },
	[STEP_IPI_ENTRY] = { 0, 4, 3, 2, 1, 0, 4 },     [STEP_IPI_EXIT] = { 0, 1, 1, 2, 0, 0, 2 },
};

/*
 * Percent of a row: stacks and data of i386 kernels are half as large (4-byte words, a third of the text),
 * and 2.6.37 stands between.
 */
static const u8 percent[NR_ERA_CLASSES] = { 35, 40, 70, 100 };

#define LINE 64u
/* Between the data of two steps. */
#define DATA_STRIDE (100u * LINE)

/* Lines of a task_struct and of an mm_struct. */
static const u8 task_lines[NR_ERA_CLASSES] = { 26, 21, 27, 91 };
static const u8 mm_lines[NR_ERA_CLASSES] = { 2, 7, 13, 24 };

/* Bytes from an object's beginning. */
struct touched {
	u32 at, bytes;
};

/* What a step touches of each object; of the stack from its end downwards. */
struct step_footprint {
	struct touched stack, percpu, task_read, task_write, mm, data;
};

static u32 lines(enum era_class class, u32 n)
{
	return (n * percent[class] + 99u) / 100u;
}

/* `n` lines of an object that has `of`: steps look at different words of it. */
static struct touched touched(enum kernel_step s, u32 n, u32 of)
{
	u32 first = n < of ? s * 7 % (of - n) : 0;

	return (struct touched){ first * LINE, MIN(n, of) * LINE };
}

/* The data of small images lie closer together. */
static u32 data_of(const struct kernel *k, enum kernel_step s)
{
	u32 room = (u32)MAX(k->layout.image_bytes / 2 / DATA_STRIDE, 1);

	return s % room * DATA_STRIDE;
}

static struct step_footprint footprint_of(const struct kernel *k, enum kernel_step s)
{
	const struct footprint *f = &counted[s];
	enum era_class class = era_class(k->cfg.era);
	u32 stack = lines(class, f->stack);

	return (struct step_footprint){
		.stack = { (lines(class, f->depth) + stack) * LINE, stack * LINE },
		.percpu = { percpu_words(s), lines(class, f->percpu) * LINE },
		.task_read = touched(s, lines(class, f->task_read), task_lines[class]),
		.task_write = touched(s, lines(class, f->task_write), task_lines[class]),
		.mm = touched(s, lines(class, f->mm), mm_lines[class]),
		.data = { data_of(k, s), lines(class, f->data) * LINE },
	};
}

void footprint_init(struct kernel *k)
{
	u32 s;

	k->footprint = xcalloc(NR_KERNEL_STEPS, sizeof(*k->footprint));
	for (s = 0; s < NR_KERNEL_STEPS; s++)
		k->footprint[s] = footprint_of(k, (enum kernel_step)s);
}

static inline void load(struct cpu *c, u32 path, u64 object, struct touched t)
{
	if (t.bytes)
		c->ops->load(c, path, object + t.at, t.bytes);
}

void footprint_charge(const struct kernel *k, struct cpu *c, const struct mm *mm, enum kernel_step s)
{
	const struct step_footprint *f = &k->footprint[s];
	const struct task *t = k->cpu[c->id].task;
	u32 path = kernel_step_path[s];

	if (!t)
		return;
	if (f->stack.bytes)
		c->ops->store(c, path, t->stack - f->stack.at, f->stack.bytes);
	if (f->percpu.bytes)
		c->ops->store(c, path, percpu_va(k->pa, c->id, f->percpu.at), f->percpu.bytes);
	load(c, path, t->va, f->task_read);
	if (f->task_write.bytes)
		c->ops->store(c, path, t->va + f->task_write.at, f->task_write.bytes);
	if (mm && mm->va)
		load(c, path, mm->va, f->mm);
	load(c, path, k->data_va, f->data);
}
