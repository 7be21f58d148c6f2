#include "tests/ref/ref_mock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/base/error.h"

static char told[2][4096];
static u32 current;

static void printf_like(1, 2) tell(const char *fmt, ...)
{
	size_t n = strlen(told[current]);
	va_list ap;

	ASSERT(n + 32 < sizeof(told[0]));
	va_start(ap, fmt);
	vsnprintf(told[current] + n, sizeof(told[0]) - n, fmt, ap);
	va_end(ap);
}

const char *mock_told(void)
{
	const char *text = told[current];

	current = !current;
	told[current][0] = '\0';
	return text;
}

static u64 below_read(struct port *p, struct mem_req *r, u64 now)
{
	struct mock_below *b = container_of(p, struct mock_below, port);

	tell("r%llx%s ", (unsigned long long)r->pa, r->shared ? "+" : "");
	r->served = MEM_L3;
	r->shared |= b->shared;
	r->dirty = b->dirty;
	return now + b->latency;
}

static u64 below_write(struct port *p, const struct mem_req *r, u64 now)
{
	tell("w%llx:%u%s ", (unsigned long long)r->pa, r->bytes, r->cls == MEM_COHERENCE ? "c" : "");
	return now;
}

void mock_no_expect(struct port *p, u64 pa, bool write)
{
}

u64 mock_no_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return now;
}

void mock_no_gone(struct port *p, u64 pa, u64 now)
{
}

static u64 below_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	tell("u%llx ", (unsigned long long)r->pa);
	r->served = MEM_L3;
	return now + MOCK_LATENCY;
}

static void below_gone(struct port *p, u64 pa, u64 now)
{
	tell("g%llx ", (unsigned long long)pa);
}

static const struct port_ops below_ops = { below_read, below_write, mock_no_expect, below_upgrade,
					   below_gone };

void mock_below_init(struct mock_below *b)
{
	*b = (struct mock_below){ .port = { &below_ops }, .latency = MOCK_LATENCY };
	mock_told();
}

static u32 above_answer(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct mock_above *c = container_of(a, struct mock_above, above);
	u32 *line = &c->answer[pa / MOCK_LINE], answer = *line;

	if (what == PROBE_HOLDS)
		return answer;
	tell("%c%u:%llx ", what == PROBE_SHARE ? 's' : 'd', c->id, (unsigned long long)pa);
	*line = what == PROBE_SHARE ? answer & PROBE_FOUND : 0;
	return answer;
}

static void above_each(const struct above *a, above_line_fn fn, void *arg)
{
	const struct mock_above *c = container_of(a, struct mock_above, above);
	u32 i;

	for (i = 0; i < MOCK_LINES; i++) {
		if (c->answer[i])
			fn(arg, (u64)i * MOCK_LINE);
	}
}

static const struct above_ops mock_above_ops = { above_answer, above_each };

void mock_above_init(struct mock_above *a, u32 id)
{
	*a = (struct mock_above){ .above = { &mock_above_ops }, .id = id };
}
