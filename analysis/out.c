#include "analysis/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"

void out_open(struct out *o, const char *dir, const char *name)
{
	o->path = xasprintf("%s/%s", dir, name);
	o->tmp = xasprintf("%s.part", o->path);
	o->f = fopen(o->tmp, "w");
	if (!o->f)
		fail("cannot write '%s': %s", o->tmp, strerror(errno));
}

/* The error of whatever went wrong since the file was opened; 0 if nothing did. */
static int finish(FILE *f)
{
	int bad = ferror(f) ? EIO : 0;

	if (fflush(f))
		bad = errno;
	if (fclose(f) && !bad)
		bad = errno;
	return bad;
}

void out_close(struct out *o)
{
	int bad = finish(o->f);

	if (bad) {
		unlink(o->tmp);
		fail("cannot write '%s': %s", o->path, strerror(bad));
	}
	if (rename(o->tmp, o->path))
		fail("cannot move '%s' into place: %s", o->tmp, strerror(errno));
	free(o->path);
	free(o->tmp);
	o->f = NULL;
}
