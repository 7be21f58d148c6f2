#include "analysis/events_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

static u64 number(const json_t *object, const char *key)
{
	return (u64)json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static struct events_lane *lane_of(struct events_table *t, const json_t *event)
{
	u32 pid = (u32)number(event, "pid"), tid = (u32)number(event, "tid"), i;

	for (i = 0; i < t->n_lanes; i++)
		if (t->lane[i].pid == pid && t->lane[i].tid == tid)
			return &t->lane[i];
	t->lane = xrealloc(t->lane, (t->n_lanes + 1) * sizeof(*t->lane));
	t->lane[i] = (struct events_lane){ pid, tid, NULL };
	t->n_lanes++;
	return &t->lane[i];
}

static void name_lane(struct events_table *t, const json_t *event)
{
	struct events_lane *l = lane_of(t, event);

	free(l->name);
	l->name = xstrdup(text(json_object_get(event, "args"), "name"));
}

/* NR_TIMELINE_KINDS: none is called that. */
static enum timeline_kind kind_of(const char *name)
{
	u32 i;

	for (i = 0; i < NR_TIMELINE_KINDS && strcmp(timeline_kinds[i].name, name); i++)
		;
	return (enum timeline_kind)i;
}

static struct events_row *add_row(struct events_table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->row = xrealloc(t->row, t->cap * sizeof(*t->row));
	}
	return &t->row[t->n++];
}

static void take_event(struct events_table *t, const json_t *event)
{
	const json_t *args = json_object_get(event, "args"), *mark = json_object_get(args, "text");
	enum timeline_kind kind = kind_of(text(event, "name"));
	u64 start = number(args, "cycle");

	if (kind == NR_TIMELINE_KINDS)
		return;
	*add_row(t) = (struct events_row){
		.lane = (u32)(lane_of(t, event) - t->lane),
		.kind = kind,
		.instant = *text(event, "ph") == 'i',
		.major = number(args, "major"),
		.start = start,
		.end = start + number(args, "cycles"),
		.text = mark ? xstrdup(json_string_value(mark)) : NULL,
	};
}

/* A line of the array, without the comma behind it; false: it is none. */
static bool take_line(struct events_table *t, char *line, size_t len)
{
	json_t *event;

	while (len && (line[len - 1] == '\n' || line[len - 1] == ','))
		len--;
	event = json_loadb(line, len, 0, NULL);
	if (!json_is_object(event)) {
		json_decref(event);
		return false;
	}
	if (!strcmp(text(event, "name"), "thread_name"))
		name_lane(t, event);
	else if (*text(event, "ph") != 'M' && *text(event, "ph") != 'e')
		take_event(t, event);
	json_decref(event);
	return true;
}

/* The line after the array: "],"otherData":{...}}". */
static bool take_tail(struct events_table *t, const char *line)
{
	const char *left = strstr(line, "\"left_out\":");

	if (strncmp(line, "],\"otherData\":", strlen("],\"otherData\":")) || !left)
		return false;
	t->left_out = strtoull(left + strlen("\"left_out\":"), NULL, 10);
	return true;
}

static char *read_lines(struct events_table *t, FILE *f, const char *path)
{
	bool complete = false;
	char *line = NULL, *bad = NULL;
	size_t size = 0;
	ssize_t len;
	u32 n = 1;

	if (getline(&line, &size, f) < 0 || !strstr(line, "\"traceEvents\":["))
		bad = xasprintf("'%s' does not begin as mmsim writes it", path);
	while (!bad && (len = getline(&line, &size, f)) >= 0) {
		n++;
		complete = take_tail(t, line);
		if (!complete && !take_line(t, line, (size_t)len))
			bad = xasprintf("line %u of '%s' is no event", n, path);
	}
	if (!bad && !complete)
		bad = xasprintf("'%s' is not complete", path);
	free(line);
	return bad;
}

char *events_read(struct events_table *t, const char *path)
{
	FILE *f = fopen(path, "r");
	char *bad;

	*t = (struct events_table){ 0 };
	if (!f)
		return xasprintf("cannot read '%s' (%s): 'mmsim replay --timeline -o DIR' writes it", path,
				 strerror(errno));
	bad = read_lines(t, f, path);
	fclose(f);
	if (bad)
		events_table_fini(t);
	return bad;
}

void events_table_fini(struct events_table *t)
{
	u32 i;

	for (i = 0; i < t->n; i++)
		free(t->row[i].text);
	for (i = 0; i < t->n_lanes; i++)
		free(t->lane[i].name);
	free(t->row);
	free(t->lane);
	*t = (struct events_table){ 0 };
}
