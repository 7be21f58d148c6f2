#include "model/mm/footprint.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/percpu.h"

_Static_assert(NR_KERNEL_STEPS <= CPU_CODES, "a step is a code of cpu_touches");

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

enum { ON_STACK, IN_PERCPU, IN_TASK, IN_MM, IN_DATA };

static u32 lines(enum era_class class, u32 n)
{
	return (n * percent[class] + 99u) / 100u;
}

static void add(struct cpu_touches *t, u32 object, bool write, s32 at, u32 n)
{
	if (n)
		t->touch[t->n++] = (struct cpu_touch){ (u8)object, write, at, n * LINE };
}

/* `n` lines of an object that has `of`: steps look at different words of it. */
static void add_some(struct cpu_touches *t, u32 object, bool write, u32 n, u32 of)
{
	u32 first = n < of ? t->code * 7 % (of - n) : 0;

	add(t, object, write, (s32)(first * LINE), MIN(n, of));
}

/* The data of small images lie closer together. */
static s32 data_of(const struct kernel *k, u32 s)
{
	u32 room = (u32)MAX(k->layout.image_bytes / 2 / DATA_STRIDE, 1);

	return (s32)(s % room * DATA_STRIDE);
}

/* The stack grows downwards. */
static struct cpu_touches footprint_of(const struct kernel *k, enum kernel_step s)
{
	const struct footprint *f = &counted[s];
	enum era_class class = era_class(k->cfg.era);
	u32 stack = lines(class, f->stack), depth = lines(class, f->depth) + stack;
	struct cpu_touches t = { .code = s };

	add(&t, ON_STACK, true, -(s32)(depth * LINE), stack);
	add(&t, IN_PERCPU, true, (s32)percpu_words(s), lines(class, f->percpu));
	add_some(&t, IN_TASK, false, lines(class, f->task_read), task_lines[class]);
	add_some(&t, IN_TASK, true, lines(class, f->task_write), task_lines[class]);
	add_some(&t, IN_MM, false, lines(class, f->mm), mm_lines[class]);
	add(&t, IN_DATA, false, data_of(k, s), lines(class, f->data));
	return t;
}

void footprint_init(struct kernel *k)
{
	u32 s;

	k->footprint = xcalloc(NR_KERNEL_STEPS, sizeof(*k->footprint));
	for (s = 0; s < NR_KERNEL_STEPS; s++)
		k->footprint[s] = footprint_of(k, (enum kernel_step)s);
}

void footprint_charge(const struct kernel *k, struct cpu *c, const struct mm *mm, enum kernel_step s)
{
	const struct task *t = k->cpu[c->id].task;
	u64 object[CPU_OBJECTS] = { 0 };

	if (!t || !k->footprint[s].n)
		return;
	object[ON_STACK] = t->stack;
	object[IN_PERCPU] = percpu_va(k->pa, c->id, 0);
	object[IN_TASK] = t->va;
	object[IN_MM] = mm && counted[s].mm ? mm->va : 0;
	object[IN_DATA] = k->data_va;
	c->ops->touch(c, kernel_step_path[s], &k->footprint[s], object);
}
