/* Any bytes as a packet whose checksum is right. The first input bytes stand where the process id does. */
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/decode.h"
#include "traces/hash.h"
#include "traces/packet.h"

static void decode(const u8 *bytes, u32 len)
{
	struct tr_dict *dict = tr_dict_new();
	struct tr_cursor *c = cursor_new(dict);
	struct tr_chunk chunk;
	const char *why;
	struct packet *p = packet_parse(dict, bytes, len, &why);
	u32 runs = 0;

	if (p) {
		tr_cursor_set(c, &p->pub);
		while (tr_cursor_next(c, &chunk))
			runs += chunk.n_runs;
		ASSERT(runs <= p->pub.n_runs);
	}
	free(p);
	tr_cursor_free(c);
	tr_dict_free(dict);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 packet[TR_PACKET_MAX];
	u32 len = PACKET_OFF_PID + (u32)size;

	if (len > TR_PACKET_MAX)
		return 0;
	put_le32(packet + PACKET_OFF_MAGIC, PACKET_MAGIC);
	put_le32(packet + PACKET_OFF_VERSION, PACKET_VERSION);
	memcpy(packet + PACKET_OFF_PID, data, size);
	put_le64(packet + PACKET_OFF_CHECKSUM, hash_bytes(packet + PACKET_OFF_PID, size, get_le64(packet)));
	decode(packet, len);
	return 0;
}
