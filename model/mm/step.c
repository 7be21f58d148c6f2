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

/* A small machine's image has not room for all steps: there they share their text. */
void charger_init(struct charger *ch, enum kernel_era era, u64 text_va, u64 text_bytes, u32 percent, bool on)
{
	enum era_class class = era_class(era);
	u64 va = text_va;
	u32 s, lines;

	ch->on = on;
	ch->ladder = NULL;
	ch->runs = NULL;
	for (s = 0; s < NR_KERNEL_STEPS; s++) {
		u32 counted = kernel_step_instructions[s][class];

		lines = (counted + INSTRUCTIONS_A_LINE - 1) / INSTRUCTIONS_A_LINE;
		lines = MIN(lines, STEP_LINES_MAX);
		if (va + (u64)lines * TEXT_LINE > text_va + text_bytes)
			va = text_va;
		ch->step[s] = (struct step_text){ .va = va,
						  .bytes = lines * TEXT_LINE,
						  .instructions = (counted * percent + 50) / 100 };
		va += (u64)lines * TEXT_LINE * 5 / 2 & ~(u64)(TEXT_LINE - 1);
	}
}
