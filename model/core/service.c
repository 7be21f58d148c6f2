#include "model/core/service.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/sim/word.h"

#define AT(field) offsetof(struct service_cfg, field)

enum { KERNEL_AS_THREAD, KERNEL_CLASS };
static const char *const kernel_names[] = { "thread", "{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}", NULL };

const struct opt service_opts[] = {
	{ "recordings", OPT_STRING, AT(recordings), "", 0, 0, NULL,
	  "classes of service of the first recording, the second, ... (\"0,1\"); of others 0", NULL },
	{ "pids", OPT_STRING, AT(pids), "", 0, 0, NULL,
	  "classes of single processes by their recorded numbers (\"1234:1,1240:2\")", NULL },
	{ "kernel", OPT_ENUM, AT(kernel), "thread", 0, 0, NULL,
	  "class of the kernel's own accesses: that of the thread, or one of its own", kernel_names },
	{ 0 },
};

/* A number at *text that ends at one of the characters, which is passed. */
static bool scan(const char **text, char stop, u64 *n)
{
	char *end;

	*n = strtoull(*text, &end, 10);
	if (end == *text || **text < '0' || **text > '9' || (*end && *end != stop))
		return false;
	*text = *end ? end + 1 : end;
	return true;
}

static const char *check_list(const char *text, bool with_pids)
{
	u64 pid, class;

	while (text && *text) {
		if (with_pids && (!scan(&text, ':', &pid) || pid > UINT32_MAX))
			return "processes and their classes are wanted, as \"1234:1,1240:2\"";
		if (!scan(&text, ',', &class) || class >= PARTITION_CLASSES)
			return "classes are numbers from 0 to 15";
	}
	return NULL;
}

const char *service_check(const struct service_cfg *cfg, const char **key)
{
	const char *why;

	*key = "recordings";
	why = check_list(cfg->recordings, false);
	if (why)
		return why;
	*key = "pids";
	return check_list(cfg->pids, true);
}

void service_keep(struct service_cfg *cfg)
{
	cfg->recordings = xstrdup(cfg->recordings ? cfg->recordings : "");
	cfg->pids = xstrdup(cfg->pids ? cfg->pids : "");
}

void service_drop(struct service_cfg *cfg)
{
	free(cfg->recordings);
	free(cfg->pids);
}

u8 service_of(const struct service_cfg *cfg, u32 recording, u32 pid)
{
	const char *text = cfg->pids;
	u64 class = 0, at;
	u32 i;

	while (text && *text && scan(&text, ':', &at) && scan(&text, ',', &class)) {
		if (at == pid)
			return (u8)class;
	}
	text = cfg->recordings;
	for (i = 0; text && *text && scan(&text, ',', &class); i++) {
		if (i == recording)
			return (u8)class;
	}
	return 0;
}

u8 service_of_kernel(const struct service_cfg *cfg, u8 thread)
{
	return (cfg->kernel & WORD_INDEX) == KERNEL_CLASS ? (u8)(cfg->kernel >> WORD_BITS) : thread;
}
