/*
 * The two headers of a classic pcap file that carries a recording. Private to traces/.
 */
#ifndef MMSIM_TRACES_PCAP_H
#define MMSIM_TRACES_PCAP_H

#include "traces/bytes.h"

#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_MAGIC_US 0xa1b2c3d4u
#define PCAP_LINKTYPE 147u /* LINKTYPE_USER0 */
#define PCAP_SNAPLEN  262144u

#define PCAP_FILE_HEADER \
	24u /* magic, u16 major, u16 minor, i32 zone, u32 sigfigs, u32 snaplen, u32 linktype */
#define PCAP_RECORD_HEADER 16u /* u32 seconds, u32 nanoseconds, u32 captured length, u32 original length */

static inline void pcap_put_file_header(u8 *p)
{
	memset(p, 0, PCAP_FILE_HEADER);
	put_le32(p, PCAP_MAGIC_NS);
	put_le16(p + 4, 2);
	put_le16(p + 6, 4);
	put_le32(p + 16, PCAP_SNAPLEN);
	put_le32(p + 20, PCAP_LINKTYPE);
}

static inline void pcap_put_record_header(u8 *p, u64 ns, u32 len)
{
	put_le32(p, (u32)(ns / 1000000000u));
	put_le32(p + 4, (u32)(ns % 1000000000u));
	put_le32(p + 8, len);
	put_le32(p + 12, len);
}

#endif
