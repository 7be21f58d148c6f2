/*
 * Many short processes: --tasks workers side by side, each of which does its work --iterations times.
 *
 * kernbench: what make does for an object of a kernel: sh, which executes gcc (with cc1 and as), fixdep, mv.
 * fork: lmbench's lat_proc, a child that exits at once.
 * exec: lat_proc, a child that executes a program of one page and the C library.
 * shell: lat_proc, a child that executes sh, which executes that program.
 *
 * What the programs map and touch is in images.c. make, gcc and lat_proc call vfork() where there is one;
 * here every child is forked, which parents of few pages (make's heap is 20) make cheap.
 *
 * Workers go on step by step together: a step is one process's run up to its next fork or end.
 * Marks: "work" when all workers have been executed once, "end" when they have done their work.
 */
#include <stdlib.h>

#include "model/base/error.h"
#include "traces/generate/images.h"

#define DEPTH 4u /* worker, sh, gcc, cc1 */

enum op { OP_FORK, OP_EXEC, OP_EXIT, OP_END };

struct step {
	enum op op;
	const struct image *image; /* of OP_EXEC */
};

#define CHILD(image)            \
	{ OP_FORK, NULL },      \
	{                       \
		OP_EXEC, &image \
	}
#define DONE                  \
	{                     \
		OP_EXIT, NULL \
	}
#define WHOLE_CHILD(image) CHILD(image), DONE

static const struct step kernbench[] = {
	CHILD(image_sh),
	CHILD(image_gcc),
	WHOLE_CHILD(image_cc1),
	WHOLE_CHILD(image_as),
	DONE,
	WHOLE_CHILD(image_fixdep),
	WHOLE_CHILD(image_mv),
	DONE,
	{ OP_END, NULL },
};
static const struct step fork_only[] = { { OP_FORK, NULL }, DONE, { OP_END, NULL } };
static const struct step exec[] = { WHOLE_CHILD(image_hello), { OP_END, NULL } };
static const struct step shell[] = { CHILD(image_sh), WHOLE_CHILD(image_hello), DONE, { OP_END, NULL } };

const char *const generate_works[] = { "kernbench", "fork", "exec", "shell", NULL };
static const struct work {
	const struct image *worker;
	const struct step *step;
} works[] = {
	{ &image_make, kernbench },
	{ &image_lat_proc, fork_only },
	{ &image_lat_proc, exec },
	{ &image_lat_proc, shell },
};

/* A worker and its children, each the child of the one before it. */
struct worker {
	struct tr_encoder *enc[DEPTH];
	const struct image *image[DEPTH];
	u32 depth; /* the last one's */
};

static void exec_image(struct image_use *u, struct worker *w, const struct image *image)
{
	w->image[w->depth] = image;
	image_exec(u, w->enc[w->depth], image);
}

/* Parent and child write the same pages: who comes first copies them. */
static void fork_child(struct image_use *u, struct worker *w)
{
	u32 pid = process_fork(u->g, w->enc[w->depth]);

	ASSERT(w->depth + 1 < DEPTH);
	w->enc[w->depth + 1] = process_begin(u->g, pid, u->g->seq);
	w->image[w->depth + 1] = w->image[w->depth];
	image_after_fork(u, w->enc[w->depth], w->image[w->depth]);
	w->depth++;
	image_after_fork(u, w->enc[w->depth], w->image[w->depth]);
}

static void end_child(struct image_use *u, struct worker *w)
{
	u64 ended = process_exit(u->g, w->enc[w->depth--]);

	process_wait(w->enc[w->depth], ended);
}

static void do_step(struct image_use *u, struct worker *w, const struct step *s)
{
	switch (s->op) {
	case OP_FORK:
		fork_child(u, w);
		break;
	case OP_EXEC:
		exec_image(u, w, s->image);
		break;
	default:
		end_child(u, w);
	}
}

static void work_once(struct image_use *u, struct worker *w, u64 n, const struct step *s)
{
	u64 i;

	for (; s->op != OP_END; s++)
		for (i = 0; i < n; i++)
			do_step(u, &w[i], s);
}

static void run(struct generation *g)
{
	const struct work *work = &works[g->o.work];
	struct worker *w = xcalloc(g->o.tasks, sizeof(*w));
	u64 i, ended = 0;
	struct process_family f;
	struct image_use u;

	image_use_begin(&u, g);
	f = process_fork_family(g, g->o.tasks);
	for (i = 0; i < f.n; i++) {
		w[i].enc[0] = process_family_begin(g, &f, i);
		exec_image(&u, &w[i], work->worker);
		process_wake(g, w[i].enc[0]);
	}
	process_wait(g->enc, g->seq);
	process_mark(g->enc, "work");
	process_wake(g, g->enc);
	tr_encoder_flush(g->enc);
	for (i = 0; i < f.n; i++)
		process_wait(w[i].enc[0], g->seq);
	for (i = 0; i < g->o.iterations; i++)
		work_once(&u, w, f.n, work->step);
	for (i = 0; i < f.n; i++)
		process_wake(g, w[i].enc[0]);
	process_wait(g->enc, g->seq);
	process_mark(g->enc, "end");
	for (i = 0; i < f.n; i++)
		ended = process_exit(g, w[i].enc[0]);
	process_wait(g->enc, ended);
	free(w);
}

const struct generator generate_forks = {
	.name = "forks",
	.help = "--tasks workers fork and execute programs --iterations times: --work kernbench, fork, exec, "
		"shell",
	.example = "--work kernbench --tasks 4 --iterations 10",
	.run = run,
};
