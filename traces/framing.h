/*
 * The records of a pcap file, checked before libtrace sees them, with headers written anew.
 *
 * libtrace 3.0.22 writes past its buffer for lengths of 65,521 to 65,535, aborts on some link types and on
 * absurd original lengths, and cannot go on after a damaged record; so what reaches it was looked at here.
 * The timestamp becomes the number of the packet. Private to traces/fmt_capture.c.
 */
#ifndef MMSIM_TRACES_FRAMING_H
#define MMSIM_TRACES_FRAMING_H

#include "traces/encode.h"
#include "traces/pcap.h"
#include "traces/source.h"

struct framing {
	struct source *src;
	bool swapped;
	bool found; /* framing_resync has put a header and a packet's first bytes into record[] */
	u64 records;
	u8 file_header[PCAP_FILE_HEADER]; /* for libtrace */
	u8 record[PCAP_RECORD_HEADER + TR_PACKET_MAX];
};

/* Is this a pcap file? *why says what is wrong if it is one, but no recording. */
bool framing_probe(const u8 *head, size_t len, const char **why);

/* Takes the file header of a source that framing_probe liked. */
void framing_start(struct framing *f, struct source *src);

/* The next record, its header first, in f->record; its length, or 0: the end (*why NULL) or damage. */
u32 framing_next(struct framing *f, const char **why);

/* Searches on for something that looks like a record of a recording. False: there is none. */
bool framing_resync(struct framing *f);

#endif
