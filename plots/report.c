#include "plots/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/out.h"
#include "analysis/report.h"
#include "analysis/sweep_points.h"
#include "model/base/error.h"
#include "plots/report_page.h"

struct sheet {
	FILE *f;
	const struct answer *answer;
	const char *version;
	const json_t *data;
};

static void write_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

static void write_title(const struct sheet *p)
{
	write_text(p->f, p->answer->title);
}

static void write_style(const struct sheet *p)
{
	fputs(page_css, p->f);
}

static void write_script(const struct sheet *p)
{
	fputs(page_js, p->f);
}

static void write_version(const struct sheet *p)
{
	write_text(p->f, p->version);
}

static void write_answer(const struct sheet *p)
{
	const struct answer *a = p->answer;
	u32 i;

	for (i = 0; i < a->lead.n; i++) {
		fputs("<p>", p->f);
		write_text(p->f, a->lead.at[i]);
		fputs("</p>\n", p->f);
	}
	if (!a->findings.n)
		return;
	fputs("<ul class=\"found\">\n", p->f);
	for (i = 0; i < a->findings.n; i++) {
		fputs("<li>", p->f);
		write_text(p->f, a->findings.at[i]);
		fputs("</li>\n", p->f);
	}
	fputs("</ul>\n", p->f);
}

/* What could end the script, or begin a comment, is told by number. */
static void write_data(const struct sheet *p)
{
	char *text = json_dumps(p->data, JSON_COMPACT | JSON_PRESERVE_ORDER), *s;

	if (!text)
		fail("out of host memory for a report");
	for (s = text; *s; s++) {
		if (*s == '<')
			fputs("\\u003c", p->f);
		else
			fputc(*s, p->f);
	}
	free(text);
}

static const struct {
	const char *name;
	void (*write)(const struct sheet *p);
} places[] = {
	{ "{title}", write_title },     { "{style}", write_style }, { "{answer}", write_answer },
	{ "{version}", write_version }, { "{data}", write_data },   { "{script}", write_script },
};

static void write_page(const struct sheet *p)
{
	const char *s = page_html;
	u32 i;

	while (*s) {
		for (i = 0; i < ARRAY_SIZE(places) && strncmp(s, places[i].name, strlen(places[i].name)); i++)
			;
		if (i == ARRAY_SIZE(places)) {
			fputc(*s++, p->f);
		} else {
			places[i].write(p);
			s += strlen(places[i].name);
		}
	}
}

static char *gather(const char *dir, json_t **data, struct answer *answer)
{
	struct run r;
	char *bad;

	if (sweep_is_dir(dir))
		return report_sweep(data, answer, dir);
	bad = run_open(&r, dir, NULL);
	if (bad)
		return bad;
	*data = report_run(&r);
	report_run_answer(answer, &r);
	run_close(&r);
	return NULL;
}

char *report_write(const char *dir, const char *path, const char *version)
{
	const char *slash = strrchr(path, '/');
	char *to = slash ? xasprintf("%.*s", (int)MAX(slash - path, 1), path) : xstrdup("."), *bad;
	struct answer answer;
	json_t *data = NULL;
	struct out o;

	bad = gather(dir, &data, &answer);
	if (!bad) {
		out_open(&o, to, slash ? slash + 1 : path);
		write_page(&(struct sheet){ o.f, &answer, version, data });
		out_close(&o);
		answer_fini(&answer);
		json_decref(data);
	}
	free(to);
	return bad;
}
