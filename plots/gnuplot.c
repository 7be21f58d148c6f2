#include "plots/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/error.h"

/* One way to write a picture; sizes follow from the canvas so that all look alike. */
struct terminal {
	u32 format;
	const char *end;
	const char *tail; /* stands in the last bytes of a complete file */
	void (*set)(FILE *gp, u32 height);
};

static void set_svg(FILE *gp, u32 height)
{
	fprintf(gp,
		"set terminal svg size %u,%u noenhanced font 'Arial, Helvetica, sans-serif,16' background "
		"rgb '#FFFFFF'\n",
		FIGURE_WIDTH, height);
}

/* Twice the canvas: sharp on paper and on dense screens. */
static void set_png(FILE *gp, u32 height)
{
	fprintf(gp,
		"set terminal pngcairo size %u,%u noenhanced font 'Arial,16' fontscale 1.5 linewidth 2 "
		"pointscale 3.6 "
		"background rgb '#FFFFFF'\n",
		2 * FIGURE_WIDTH, 2 * height);
}

/* 16 cm wide: the text width of a page. */
static void set_pdf(FILE *gp, u32 height)
{
	fprintf(gp,
		"set terminal pdfcairo size 16cm,%.2fcm noenhanced font 'Arial,16' fontscale 0.425 linewidth "
		"0.7 "
		"pointscale 1.05 background rgb '#FFFFFF'\n",
		16.0 * height / FIGURE_WIDTH);
}

static const struct terminal terminals[] = {
	{ FIGURE_SVG, "svg", "</svg>", set_svg },
	{ FIGURE_PNG, "png", "IEND", set_png },
	{ FIGURE_PDF, "pdf", "%%EOF", set_pdf },
};

static void set_output(FILE *gp, const struct figure *f, const struct terminal *t)
{
	char *name = xasprintf("%s.%s", f->stem, t->end);

	t->set(gp, f->height);
	fputs("set output ", gp);
	figure_quote(gp, name);
	fputc('\n', gp);
	free(name);
}

char *gnuplot_script(const struct figure *f, u32 formats)
{
	char *text, *dat = xasprintf("%s.dat", f->stem);
	bool first = true;
	size_t size, i;
	FILE *gp = open_memstream(&text, &size);

	fputs("# Drawn by mmsim plot. Run gnuplot on this file, in its directory, to draw it again.\n"
	      "set encoding utf8\nDATA = ",
	      gp);
	figure_quote(gp, dat);
	fputc('\n', gp);
	for (i = 0; i < ARRAY_SIZE(terminals); i++) {
		if (!(formats & terminals[i].format))
			continue;
		set_output(gp, f, &terminals[i]);
		fputs(first ? f->gp_text : "replot\n", gp);
		first = false;
	}
	fputs("set output\n", gp);
	fclose(gp);
	free(dat);
	return text;
}

static int spawn(const char *dir, char *script)
{
	char *argv[] = { "gnuplot", "-d", script, NULL };
	posix_spawn_file_actions_t actions;
	int bad, status;
	pid_t pid;

	setenv("LC_ALL", "C.UTF-8", 1); /* in others gnuplot complains that it cannot show a degree sign */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
	bad = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (bad == ENOENT)
		fail("plots need the program gnuplot, which is not installed: install the package "
		     "gnuplot-nox");
	if (bad)
		fail("cannot run gnuplot: %s", strerror(bad));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("cannot wait for gnuplot: %s", strerror(errno));
	return status;
}

#define TAIL 32

static bool is_complete(const char *path, const char *tail)
{
	char last[TAIL + 1];
	size_t n = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return false;
	if (!fseek(f, -TAIL, SEEK_END))
		n = fread(last, 1, TAIL, f);
	fclose(f);
	return memmem(last, n, tail, strlen(tail)) != NULL;
}

/* gnuplot itself does not notice that a disk is full. */
static void check_pictures(const char *dir, const char *stem, u32 formats)
{
	char *path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(terminals); i++) {
		if (!(formats & terminals[i].format))
			continue;
		path = xasprintf("%s/%s.%s", dir, stem, terminals[i].end);
		if (!is_complete(path, terminals[i].tail))
			fail("gnuplot did not write all of '%s': is the disk full?", path);
		free(path);
	}
}

void gnuplot_run(const char *dir, const char *stem, u32 formats)
{
	char *script = xasprintf("./%s.gp", stem);
	int status = spawn(dir, script);

	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("gnuplot could not draw '%s/%s.gp': what it said stands above", dir, stem);
	free(script);
	check_pictures(dir, stem, formats);
}
