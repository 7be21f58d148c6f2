#include "model/mm/step.h"

#include "model/base/bits.h"
#include "model/mm/charge.h"

const u8 kernel_step_path[NR_KERNEL_STEPS] = {
#define X(id, path, a, b, c, d, help) KPATH_##path,
	KERNEL_STEPS(X)
#undef X
};

const u32 kernel_step_instructions[NR_KERNEL_STEPS][NR_ERA_CLASSES] = {
#define X(id, path, a, b, c, d, help) { a, b, c, d },
	KERNEL_STEPS(X)
#undef X
};

const char *const kernel_step_name[NR_KERNEL_STEPS] = {
#define X(id, path, a, b, c, d, help) #id,
	KERNEL_STEPS(X)
#undef X
};

/*
 * Text: 10 to 13 instructions a line of 64 bytes on straight paths (counted: the lines that a fault, a fork,
 * an exit fetch against their instructions), and of a function 30 to 50 % is executed, so steps lie that much
 * apart.
 */
#define INSTRUCTIONS_A_LINE 11u
#define TEXT_LINE           64u
/* However long exit and wait ran, they fetched 1,916 lines: long steps are loops, which have theirs already.
 */
#define STEP_LINES_MAX 1916u

void charger_init(struct charger *ch, enum kernel_era era, u64 text_va, u32 percent, bool on)
{
	enum era_class class = era_class(era);
	u64 va = text_va;
	u32 s, lines;

	ch->on = on;
	ch->ladder = NULL;
	for (s = 0; s < NR_KERNEL_STEPS; s++) {
		u32 counted = kernel_step_instructions[s][class];

		lines = (counted + INSTRUCTIONS_A_LINE - 1) / INSTRUCTIONS_A_LINE;
		lines = MIN(lines, STEP_LINES_MAX);
		ch->step[s] = (struct step_text){ va, lines * TEXT_LINE, (counted * percent + 50) / 100 };
		va += (u64)lines * TEXT_LINE * 5 / 2 & ~(u64)(TEXT_LINE - 1);
	}
}
