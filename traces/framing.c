#include "traces/framing.h"

#include "traces/packet.h"

#define FIELD_CAPLEN   8u
#define FIELD_LINKTYPE 20u

static bool known_magic(u32 magic)
{
	return magic == PCAP_MAGIC_NS || magic == PCAP_MAGIC_US;
}

static u32 field(const u8 *p, bool swapped)
{
	u32 v = get_le32(p);

	return swapped ? __builtin_bswap32(v) : v;
}

bool framing_probe(const u8 *head, size_t len, const char **why)
{
	bool swapped;

	*why = NULL;
	if (len < 4)
		return false;
	if (get_le32(head) == 0x0a0d0d0a) {
		*why = "is a pcapng file; convert it with `editcap -F nsecpcap`";
		return true;
	}
	swapped = !known_magic(get_le32(head));
	if (!known_magic(field(head, swapped)))
		return false;
	if (len < PCAP_FILE_HEADER)
		*why = "ends within its header";
	else if (field(head + FIELD_LINKTYPE, swapped) != PCAP_LINKTYPE)
		*why = "is a pcap file of something else (its link type is not 147)";
	return true;
}

void framing_start(struct framing *f, struct source *src)
{
	f->src = src;
	source_read(src, f->file_header, PCAP_FILE_HEADER);
	f->swapped = !known_magic(get_le32(f->file_header));
	pcap_put_file_header(f->file_header);
}

static u32 cut_off(const struct framing *f, const char **why)
{
	*why = source_failed(f->src) ? source_failed(f->src) : "the last packet is cut off";
	return 0;
}

u32 framing_next(struct framing *f, const char **why)
{
	size_t have = f->found ? PCAP_RECORD_HEADER + sizeof(u32) : 0;
	u32 len;

	*why = NULL;
	f->found = false;
	if (!have) {
		have = source_read(f->src, f->record, PCAP_RECORD_HEADER);
		if (!have && !source_failed(f->src))
			return 0;
		if (have < PCAP_RECORD_HEADER)
			return cut_off(f, why);
	}
	len = field(f->record + FIELD_CAPLEN, f->swapped);
	if (len < PACKET_HEADER || len > TR_PACKET_MAX) {
		*why = "a packet's length is absurd";
		return 0;
	}
	pcap_put_record_header(f->record, f->records, len);
	len += PCAP_RECORD_HEADER;
	if (have + source_read(f->src, f->record + have, len - have) < len)
		return cut_off(f, why);
	f->records++;
	return len;
}

static bool plausible(const struct framing *f, const u8 *record)
{
	u32 len = field(record + FIELD_CAPLEN, f->swapped);

	return get_le32(record + PCAP_RECORD_HEADER) == PACKET_MAGIC && len >= PACKET_HEADER &&
	       len <= TR_PACKET_MAX;
}

bool framing_resync(struct framing *f)
{
	const size_t need = PCAP_RECORD_HEADER + sizeof(u32);
	size_t have = source_read(f->src, f->record, need);

	while (have == need && !plausible(f, f->record)) {
		memmove(f->record, f->record + 1, need - 1);
		have = need - 1 + source_read(f->src, f->record + need - 1, 1);
	}
	f->found = have == need;
	return f->found;
}
