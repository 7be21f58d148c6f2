/* mmsim info --json */
#include <jansson.h>

#include "cli/info.h"

/* Names need not be UTF-8. */
static json_t *text(const char *s)
{
	json_t *j = s ? json_string(s) : json_null();

	return j ? j : json_string("?");
}

static json_t *integer(u64 n)
{
	return json_integer((json_int_t)n);
}

static json_t *threads_json(const struct info *in)
{
	json_t *all = json_array();
	u32 i, k;

	for (i = 0; i < in->n_threads; i++) {
		const struct info_thread *th = &in->thread[i];
		json_t *one = json_pack("{sI sI so so}", "process", (json_int_t)th->pid, "thread",
					(json_int_t)th->tid, "instructions", integer(th->insns), "block_runs",
					integer(th->runs));

		for (k = 0; k < TR_NR_KINDS; k++)
			json_object_set_new(one, tr_kind_name(k), integer(th->by_kind[k]));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *events_json(const struct info *in)
{
	json_t *all = json_object();
	u32 i;

	for (i = 0; i < TR_NR_EVENTS; i++)
		if (in->events[i])
			json_object_set_new(all, tr_event_name(i),
					    json_pack("{so so}", "count", integer(in->events[i]), "bytes",
						      integer(in->event_bytes[i])));
	return all;
}

static json_t *marks_json(const struct info *in)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < in->n_marks; i++)
		json_array_append_new(all, json_pack("{so so}", "name", text(in->mark[i].name), "passed",
						     integer(in->mark[i].passed)));
	return all;
}

static json_t *mappings_json(const struct info *in)
{
	const struct footprint_row *row;
	u32 n = footprint_rows(in->footprint, &row), i;
	json_t *all = json_array();

	for (i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{so so so}", "name", text(row[i].name), "pages_touched",
						     integer(row[i].pages), "bytes_mapped",
						     integer(row[i].mapped)));
	return all;
}

json_t *info_json(const struct info *in, const char *error)
{
	u64 runs, longest, insns = info_sum_insns(in, &runs, &longest);
	json_t *j = json_pack("{so ss ss}", "file", text(trace_path(in->t)), "format", trace_format(in->t),
			      "isa", trace_isa(in->t));
	u32 k;

	json_object_set_new(j, "bytes", integer(trace_bytes_read(in->t)));
	json_object_set_new(j, "packets", integer(in->packets));
	json_object_set_new(j, "packet_bytes", integer(in->bytes));
	json_object_set_new(j, "dictionary_bytes", integer(in->dict_bytes));
	json_object_set_new(j, "processes", integer(info_processes(in)));
	json_object_set_new(j, "instructions", integer(insns));
	json_object_set_new(j, "longest_thread", integer(longest));
	json_object_set_new(j, "block_runs", integer(runs));
	for (k = 0; k < TR_NR_KINDS; k++)
		json_object_set_new(j, tr_kind_name(k), integer(info_sum_kind(in, k)));
	json_object_set_new(j, "unknown_dependence", integer(in->unknown));
	json_object_set_new(j, "passed_over", integer(trace_skipped(in->t)));
	json_object_set_new(j, "damaged", integer(trace_lost(in->t)));
	json_object_set_new(j, "pages_touched", integer(footprint_pages(in->footprint)));
	json_object_set_new(j, "threads", threads_json(in));
	json_object_set_new(j, "events", events_json(in));
	json_object_set_new(j, "marks", marks_json(in));
	json_object_set_new(j, "mappings", mappings_json(in));
	json_object_set_new(j, "verified", json_boolean(in->verify));
	json_object_set_new(j, "faults", integer(in->faults));
	json_object_set_new(j, "fault", in->faults ? text(in->fault) : json_null());
	json_object_set_new(j, "error", text(error));
	return j;
}
