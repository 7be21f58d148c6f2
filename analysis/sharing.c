#include "analysis/sharing.h"

#include <inttypes.h>

#include "analysis/format.h"

void sharing_print(FILE *f, const struct results *r)
{
	struct text a, b;
	u32 i;

	if (!r->n_sharing || !r->sharing[0].false_misses)
		return;
	fprintf(f, "\n  %-20s%14s%18s%18s\n", "falsely shared line", "", "false misses", "true misses");
	for (i = 0; i < r->n_sharing && i < SHARING_PRINTED && r->sharing[i].false_misses; i++)
		fprintf(f, "  0x%-18" PRIx64 "%14s%18s%18s\n", r->sharing[i].line * r->line_bytes, "",
			format_count_in(&a, r->sharing[i].false_misses, 18),
			format_count_in(&b, r->sharing[i].true_misses, 18));
}

void sharing_write(FILE *f, const struct results *r)
{
	u32 i;

	fputs("address,false_sharing,true_sharing\n", f);
	for (i = 0; i < r->n_sharing; i++)
		fprintf(f, "0x%" PRIx64 ",%" PRIu32 ",%" PRIu32 "\n", r->sharing[i].line * r->line_bytes,
			r->sharing[i].false_misses, r->sharing[i].true_misses);
}
