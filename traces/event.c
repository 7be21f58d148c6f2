#include "traces/packet.h"

#include "model/base/error.h"

static const char *const kind_names[TR_NR_KINDS] = {
	[TR_LOAD] = "load",
	[TR_STORE] = "store",
	[TR_ATOMIC] = "atomic",
	[TR_PREFETCH] = "prefetch",
};

static const char *const event_names[TR_NR_EVENTS] = {
	[TR_EV_NONE] = "none",
	[TR_EV_MAP] = "mmap",
	[TR_EV_UNMAP] = "munmap",
	[TR_EV_REMAP] = "mremap",
	[TR_EV_PROTECT] = "mprotect",
	[TR_EV_ADVISE] = "madvise",
	[TR_EV_BRK] = "brk",
	[TR_EV_CLONE] = "clone",
	[TR_EV_FORK] = "fork",
	[TR_EV_EXEC] = "exec",
	[TR_EV_EXIT] = "exit",
	[TR_EV_SEEN] = "seen",
	[TR_EV_WAKE] = "wake",
	[TR_EV_WAIT] = "wait",
	[TR_EV_SLEEP] = "sleep",
	[TR_EV_READ] = "read",
	[TR_EV_WRITE] = "write",
	[TR_EV_SYSCALL] = "syscall",
	[TR_EV_MARK] = "mark",
	[TR_EV_FILE] = "file",
	[TR_EV_PAGE_ALLOC] = "page_alloc",
	[TR_EV_PAGE_FREE] = "page_free",
	[TR_EV_SLAB_ALLOC] = "slab_alloc",
	[TR_EV_SLAB_FREE] = "slab_free",
	[TR_EV_LOST] = "lost",
};

const char *tr_kind_name(enum tr_kind kind)
{
	ASSERT(kind < TR_NR_KINDS);
	return kind_names[kind];
}

const char *tr_event_name(enum tr_event_kind kind)
{
	ASSERT(kind < TR_NR_EVENTS);
	return event_names[kind];
}

/* Bit i of an event's mask says that field i is there, in this order; absent fields are 0. */
enum event_field {
	FIELD_PROT,
	FIELD_FLAGS,
	FIELD_FILE,
	FIELD_SEQ,
	FIELD_ADDR,
	FIELD_LEN,
	FIELD_ADDR2,
	FIELD_LEN2,
	FIELD_OFFSET,
	FIELD_ARG,
	NR_NUMBERS,
	FIELD_NAME = NR_NUMBERS,
	NR_FIELDS,
};

u8 *event_put(u8 *p, const struct tr_event *ev)
{
	/* TR_NO_OFFSET is common and must be short, hence zigzag. */
	const u64 number[NR_NUMBERS] = { ev->prot,  ev->flags, ev->file,           ev->seq, ev->addr, ev->len,
					 ev->addr2, ev->len2,  zigzag(ev->offset), ev->arg };
	u8 *mask_at = p + 1;
	u16 mask = 0;
	unsigned i;

	*p = ev->kind;
	p += 3;
	for (i = 0; i < NR_NUMBERS; i++) {
		if (!number[i])
			continue;
		mask |= 1u << i;
		p = put_varint(p, number[i]);
	}
	if (ev->name) {
		size_t len = strnlen(ev->name, TR_MAX_NAME);

		mask |= 1u << FIELD_NAME;
		p = put_varint(p, len);
		memcpy(p, ev->name, len);
		p += len;
	}
	put_le16(mask_at, mask);
	return p;
}

static bool name_get(const u8 **p, const u8 *end, char *name)
{
	u64 len;

	if (!get_varint(p, end, &len) || len > TR_MAX_NAME || len > (u64)(end - *p) || memchr(*p, 0, len))
		return false;
	memcpy(name, *p, len);
	name[len] = 0;
	*p += len;
	return true;
}

bool event_get(const u8 **p, const u8 *end, struct tr_event *ev, char *name)
{
	u64 number[NR_NUMBERS] = { 0 };
	unsigned i, mask;

	if (end - *p < 3 || (*p)[0] >= TR_NR_EVENTS)
		return false;
	ev->kind = (*p)[0];
	mask = get_le16(*p + 1);
	*p += 3;
	if (mask >> NR_FIELDS)
		return false;
	for (i = 0; i < NR_NUMBERS; i++)
		if ((mask & 1u << i) && !get_varint(p, end, &number[i]))
			return false;
	if (number[FIELD_PROT] > UINT8_MAX || number[FIELD_FLAGS] > UINT32_MAX ||
	    number[FIELD_FILE] > UINT32_MAX)
		return false;
	ev->prot = (u8)number[FIELD_PROT];
	ev->flags = (u32)number[FIELD_FLAGS];
	ev->file = (u32)number[FIELD_FILE];
	ev->seq = number[FIELD_SEQ];
	ev->addr = number[FIELD_ADDR];
	ev->len = number[FIELD_LEN];
	ev->addr2 = number[FIELD_ADDR2];
	ev->len2 = number[FIELD_LEN2];
	ev->offset = unzigzag(number[FIELD_OFFSET]);
	ev->arg = number[FIELD_ARG];
	ev->name = NULL;
	if (!(mask & 1u << FIELD_NAME))
		return true;
	ev->name = name;
	return name_get(p, end, name);
}
