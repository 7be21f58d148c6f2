/* Does each reader find its format and give back what the file says, and does a bad file get a clear message?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <bzlib.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "model/base/error.h"
#include "traces/bytes.h"
#include "traces/capture_write.h"
#include "traces/encode.h"
#include "traces/reader.h"
#include "traces/trace.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define FILE_NAME "readers.tmp"

/* ---- files ---- */

static void write_file(const void *bytes, size_t len)
{
	FILE *f = fopen(FILE_NAME, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void write_gzip(const void *bytes, size_t len)
{
	gzFile f = gzopen(FILE_NAME, "wb");

	assert_int_equal(gzwrite(f, bytes, (unsigned)len), len);
	gzclose(f);
}

static void write_bzip2(const void *bytes, size_t len)
{
	BZFILE *f = BZ2_bzopen(FILE_NAME, "wb");

	assert_int_equal(BZ2_bzwrite(f, (void *)bytes, (int)len), len);
	BZ2_bzclose(f);
}

static void write_xz(const void *bytes, size_t len)
{
	size_t room = lzma_stream_buffer_bound(len), n = 0;
	u8 *out = xmalloc(room);

	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, bytes, len, out, &n, room),
			 LZMA_OK);
	write_file(out, n);
	free(out);
}

static void (*const write_as[])(const void *bytes, size_t len) = { write_file, write_gzip, write_bzip2,
								   write_xz };

static u8 *read_whole(size_t *len)
{
	FILE *f = fopen(FILE_NAME, "r");
	u8 *bytes = xmalloc(1 << 20);

	*len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

/* ---- what a trace says, as text ---- */

struct said {
	char format[32];
	char text[8192]; /* "i pc size" and "r|w|a|p addr size[ dep]" a line, "event name" */
	size_t len;
	u32 packets;
	u64 lost;
	enum trace_status ended;
	char error[TR_ERRBUF];
	bool opened;
};

static void say(struct said *s, const char *fmt, ...) printf_like(2, 3);
static void say(struct said *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->len += (size_t)vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, ap);
	va_end(ap);
	assert_true(s->len < sizeof(s->text));
}

static u32 say_slots(struct said *s, const struct tr_block *b, u32 slot, u32 insn, const u64 *addr)
{
	for (; slot < b->n_slots && b->slot[slot].insn == insn; slot++) {
		say(s, "%c %" PRIx64 " %u", "rwap"[b->slot[slot].kind], addr[slot], b -> slot[slot].size);
		if (b->slot[slot].dep == TR_DEP_UNKNOWN)
			say(s, "\n");
		else
			say(s, " %u\n", b->slot[slot].dep);
	}
	return slot;
}

static void say_run(struct said *s, const struct tr_block *b, const u64 *addr)
{
	u64 pc = b->pc;
	u32 insn, slot = 0;

	for (insn = 0; insn < b->n_insns; insn++) {
		say(s, "i %" PRIx64 " %u\n", pc, b->insn_size[insn]);
		pc += b->insn_size[insn];
		slot = say_slots(s, b, slot, insn, addr);
	}
	say_slots(s, b, slot, 0, addr);
}

static void say_packet(struct said *s, struct trace *t, struct tr_cursor *c, const struct trace_packet *p)
{
	struct tr_chunk chunk;

	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		const u64 *addr = chunk.addr;
		u32 i;

		for (i = 0; i < chunk.n_runs; i++) {
			const struct tr_block *b = trace_block(t, chunk.block[i]);

			say_run(s, b, addr);
			addr += b->n_slots;
		}
		if (chunk.event)
			say(s, "event %s\n", tr_event_name(chunk.event->kind));
	}
}

static void listen(const char *path, const struct trace_opts *opts, struct said *s)
{
	struct trace_packet *p;
	struct tr_cursor *c;
	struct trace *t;

	memset(s, 0, sizeof(*s));
	t = trace_open(path, opts, s->error);
	s->opened = t != NULL;
	if (!t)
		return;
	snprintf(s->format, sizeof(s->format), "%s", trace_format(t));
	c = tr_cursor_new(t);
	while ((s->ended = trace_next(t, &p)) == TRACE_OK) {
		s->packets++;
		say_packet(s, t, c, p);
		trace_packet_free(t, p);
	}
	if (s->ended == TRACE_ERROR)
		snprintf(s->error, sizeof(s->error), "%s", trace_error(t));
	s->lost = trace_lost(t);
	tr_cursor_free(c);
	trace_close(t);
}

/* In each compression, with and without the thread, by name and as standard input. */
static void expect(const void *bytes, size_t len, const char *format, const char *text)
{
	static struct said s;
	u32 i;

	for (i = 0; i < 4 * ARRAY_SIZE(write_as); i++) {
		struct trace_opts opts = { .decode_thread = i & 1 };
		int saved = dup(STDIN_FILENO), fd;

		write_as[i / 4](bytes, len);
		if (i & 2) {
			fd = open(FILE_NAME, O_RDONLY);
			dup2(fd, STDIN_FILENO);
			close(fd);
		}
		listen(i & 2 ? "-" : FILE_NAME, &opts, &s);
		dup2(saved, STDIN_FILENO);
		close(saved);
		assert_string_equal(s.error, "");
		assert_int_equal(s.ended, TRACE_END);
		assert_string_equal(s.format, format);
		assert_string_equal(s.text, text);
	}
	unlink(FILE_NAME);
}

static void expect_text(const char *file, const char *format, const char *text)
{
	expect(file, strlen(file), format, text);
}

/* The message must have each of the words in it. */
static void expect_error(const struct trace_opts *opts, const char *path, const char *word, const char *word2)
{
	static struct said s;

	listen(path, opts, &s);
	assert_true(!s.opened || s.ended == TRACE_ERROR);
	assert_non_null(strstr(s.error, word));
	assert_non_null(strstr(s.error, word2));
	assert_non_null(strstr(s.error, path));
}

/* ---- text formats ---- */

static void test_lackey(void **state)
{
	expect_text(
		"==123== Lackey, an example Valgrind tool\n==123== \n"
		"I  04001000,3\n L 1ffeffe7e0,8\nI  04001003,5\n S 1ffeffe7d8,8\n M 0421c7cc,4\nSB 4001000\n"
		"I  04001008,2\n==123== done\n",
		"lackey",
		"i 4001000 3\nr 1ffeffe7e0 8\ni 4001003 5\nw 1ffeffe7d8 8\na 421c7cc 4\ni 4001008 2\n");
	expect_text(" L 10,4\nI  100,2", "lackey", "r 10 4\ni 100 2\n");
}

static void test_xdin(void **state)
{
	expect_text("r 10 8\ni 401000 3\nw 7fff0 10\nr 7fff8 1\ni 401003 5 a comment\nm 20 4\nc 0 0\nv 0 "
		    "0\n\ni 0x401008 F\n",
		    "xdin", "r 10 8\ni 401000 3\nw 7fff0 16\nr 7fff8 1\ni 401003 5\nr 20 4\ni 401008 15\n");
}

static void test_din(void **state)
{
	expect_text("0 1003\n2 0x400 rest\n1 1007\n4 0\n3 20\n2 ffffffffffffffff\n", "din",
		    "r 1000 4\ni 400 4\nw 1004 4\nr 20 4\ni fffffffffffffffc 4\n");
}

/* More data than an instruction can have, and packets full of different instructions. */
static void test_long_text(void **state)
{
	static char file[1 << 21];
	struct trace_opts opts = { 0 };
	size_t len = 0;
	struct trace *t;
	struct trace_packet *p;
	u64 insns = 0, addrs = 0;
	char err[TR_ERRBUF];
	u32 i, j;

	for (i = 0; i < 20000; i++) {
		len += (size_t)sprintf(file + len, "i %x 4\n", i * 4096);
		for (j = 0; j < (i % 100 ? 1 : 600); j++)
			len += (size_t)sprintf(file + len, "r %x 4\n", i * j * 77);
	}
	write_xz(file, len);
	t = trace_open(FILE_NAME, &opts, err);
	assert_non_null(t);
	for (i = 0; trace_next(t, &p) == TRACE_OK; i++) {
		assert_int_equal(p->insns, insns);
		assert_int_equal(p->number, i);
		insns += p->n_insns;
		addrs += p->n_addrs;
		trace_packet_free(t, p);
	}
	trace_close(t);
	assert_true(i > 1);
	assert_int_equal(insns, 20000);
	assert_int_equal(addrs, 20000 + 200 * 599);
	unlink(FILE_NAME);
}

static void bad_text(const char *file, const char *format, const char *word, const char *line)
{
	struct trace_opts opts = { .format = format };
	static struct said s;

	write_file(file, strlen(file));
	expect_error(&opts, FILE_NAME, word, line);
	opts.keep_going = true;
	listen(FILE_NAME, &opts, &s);
	assert_int_equal(s.ended, TRACE_END);
	assert_int_equal(s.lost, 1);
	assert_int_equal(s.packets, 1);
	unlink(FILE_NAME);
}

static void test_bad_text(void **state)
{
	bad_text("i 10 4\nr zz 4\n", "xdin", "address", "line 2: 'r zz 4'");
	bad_text("i 10 4\nr 10\n", "xdin", "size", "line 2");
	bad_text("i 10 4\nr 10 0\n", "xdin", "size is 0", "line 2");
	bad_text("i 10 4\ni 10 100\n", "xdin", "255", "line 2");
	bad_text("i 10 4\nx 10 1\n", "xdin", "label", "line 2");
	bad_text("2 10\n7 10\n", "din", "label", "line 2");
	bad_text("2 10\n0 10fffffffffffffff\n", "din", "address", "line 2");
	bad_text("I  10,4\n Q 10,4\n", "lackey", "lackey", "line 2");
	bad_text("I  10,4\n L 10\n", "lackey", "address,size", "line 2");
}

/* ---- ChampSim ---- */

static void champsim_record(u8 *r, u64 ip, bool taken, u8 dst, u8 src, u64 store, u64 load)
{
	memset(r, 0, 64);
	put_le64(r, ip);
	r[8] = r[9] = taken;
	r[10] = dst;
	r[12] = src;
	put_le64(r + 16, store);
	put_le64(r + 32, load);
}

static void test_champsim(void **state)
{
	u8 r[5 * 64];

	champsim_record(r, 0x400000, false, 3, 1, 0, 0x1000); /* load r3 <- [r1] */
	champsim_record(r + 64, 0x400004, false, 4, 3, 0, 0); /* r4 <- r3 */
	champsim_record(r + 128, 0x400007, false, 5, 4, 0,
			0x2000);                               /* load r5 <- [r4]: waits for the first load */
	champsim_record(r + 192, 0x40000c, true, 26, 0, 0, 0); /* jump */
	champsim_record(r + 256, 0x400000, false, 0, 5, 0x3000, 0x3000); /* add [r5]: waits for the second */
	expect(r, sizeof(r), "champsim",
	       "i 400000 4\nr 1000 1 0\ni 400004 3\ni 400007 5\nr 2000 1 1\ni 40000c 4\n"
	       "i 400000 4\nr 3000 1 1\nw 3000 1 2\n");
}

static void test_cloudsuite(void **state)
{
	u8 r[2 * 96] = { 0 };

	put_le64(r, 0x1000);
	r[10] = 7;
	put_le64(r + 24, 0x8888);
	put_le64(r + 56 + 24, 0x9999);
	put_le64(r + 96, 0x1006);
	r[96 + 14] = 7;
	put_le64(r + 96 + 56, 0xaaaa);
	expect(r, sizeof(r), "cloudsuite", "i 1000 6\nr 9999 1 0\nw 8888 1 0\ni 1006 4\nr aaaa 1 2\n");
}

static void test_champsim_cut(void **state)
{
	u8 r[3 * 64];
	struct trace_opts opts = { .format = "champsim", .keep_going = true };
	static struct said s;

	champsim_record(r, 0x400000, false, 0, 0, 0, 0x1000);
	champsim_record(r + 64, 0x400004, false, 0, 0, 0, 0x1008);
	champsim_record(r + 128, 0x400008, false, 0, 0, 0, 0x1010);
	write_file(r, sizeof(r) - 10);
	opts.keep_going = false;
	expect_error(&opts, FILE_NAME, "cut off", "record 2");
	opts.keep_going = true;
	listen(FILE_NAME, &opts, &s);
	assert_string_equal(s.text, "i 400000 4\nr 1000 1 0\ni 400004 4\nr 1008 1 0\n");
	assert_int_equal(s.lost, 1);
	unlink(FILE_NAME);
}

/* ---- captures ---- */

#define N_PACKETS 4u

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	assert_true(capture_write(arg, packet, len, insns));
}

/* N_PACKETS packets of one run and one event each. */
static void write_capture(const char *path)
{
	char err[TR_ERRBUF];
	struct capture_writer *w = capture_create(path, err);
	struct tr_dict *dict = tr_dict_new();
	struct tr_encoder_cfg cfg = {
		.dict = dict, .pid = 1, .tid = 1, .isa = "x86_64", .emit = emit, .arg = w
	};
	struct tr_encoder *e = tr_encoder_new(&cfg);
	u8 size[3] = { 1, 2, 3 };
	struct tr_slot slot[2] = { { .size = 8, .dep = TR_DEP_UNKNOWN },
				   { .size = 4, .insn = 2, .kind = TR_STORE } };
	struct tr_block b = { .n_insns = 3, .n_slots = 2, .insn_size = size, .slot = slot };
	struct tr_event mark = { .kind = TR_EV_MARK, .name = "here" };
	u64 addr[2] = { 0x1000, 0x7fff12345678 };
	u32 i;

	for (i = 0; i < N_PACKETS; i++) {
		b.pc = 0x400000 + i;
		tr_encode_run(e, tr_dict_add(dict, &b), addr);
		tr_encode_event(e, &mark);
		tr_encoder_flush(e);
	}
	tr_encoder_free(e);
	tr_dict_free(dict);
	assert_true(capture_close(w, err));
}

static const char captured[] =
	"i 400000 1\nr 1000 8\ni 400001 2\ni 400003 3\nw 7fff12345678 4 0\nevent mark\n"
	"i 400001 1\nr 1000 8\ni 400002 2\ni 400004 3\nw 7fff12345678 4 0\nevent mark\n"
	"i 400002 1\nr 1000 8\ni 400003 2\ni 400005 3\nw 7fff12345678 4 0\nevent mark\n"
	"i 400003 1\nr 1000 8\ni 400004 2\ni 400006 3\nw 7fff12345678 4 0\nevent mark\n";

static void test_capture(void **state)
{
	size_t len;
	u8 *bytes;

	write_capture(FILE_NAME);
	bytes = read_whole(&len);
	expect(bytes, len, "capture", captured);
	free(bytes);
}

static void test_capture_gzip(void **state)
{
	static struct said s;

	write_capture("readers.tmp.gz");
	listen("readers.tmp.gz", NULL, &s);
	assert_string_equal(s.text, captured);
	unlink("readers.tmp.gz");
}

/* Whole packets in the first len bytes of the capture. */
static u32 whole_packets(const u8 *bytes, size_t len)
{
	size_t at = 24;
	u32 n = 0;

	while (at + 16 <= len && at + 16 + get_le32(bytes + at + 8) <= len) {
		at += 16 + get_le32(bytes + at + 8);
		n++;
	}
	return at == len ? n : n | 0x100;
}

/* Cut anywhere: what stands before the cut comes out, and the cut is reported unless it is between packets.
 */
static void test_cut_capture(void **state)
{
	struct trace_opts opts = { 0 };
	static struct said s;
	size_t len, n;
	u8 *bytes;

	write_capture(FILE_NAME);
	bytes = read_whole(&len);
	for (n = 24; n < len; n++) {
		u32 whole = whole_packets(bytes, n);

		write_file(bytes, n);
		listen(FILE_NAME, &opts, &s);
		assert_true(s.opened);
		assert_int_equal(s.packets, whole & 0xff);
		assert_int_equal(s.ended, whole & 0x100 ? TRACE_ERROR : TRACE_END);
		assert_memory_equal(s.text, captured, s.len);
	}
	for (n = 0; n < 24; n++) {
		write_file(bytes, n);
		listen(FILE_NAME, &opts, &s);
		assert_false(s.opened);
		assert_true(strlen(s.error) > sizeof(FILE_NAME));
	}
	free(bytes);
	unlink(FILE_NAME);
}

static void test_cut_compressed(void **state)
{
	struct trace_opts opts = { .keep_going = true };
	static struct said s;
	size_t len, n;
	u8 *bytes;
	u32 i;

	for (i = 1; i < ARRAY_SIZE(write_as); i++) {
		write_capture(FILE_NAME);
		bytes = read_whole(&len);
		write_as[i](bytes, len);
		free(bytes);
		bytes = read_whole(&len);
		for (n = 0; n < len; n++) {
			write_file(bytes, n);
			listen(FILE_NAME, &opts, &s);
			assert_memory_equal(s.text, captured, s.len);
			if (!s.opened)
				assert_true(strlen(s.error) > sizeof(FILE_NAME));
			else
				assert_int_equal(s.ended, TRACE_END);
		}
		free(bytes);
	}
	unlink(FILE_NAME);
}

/* One bit wrong: never a wrong address, never a crash, and what stands before it comes out. */
static void test_flipped_bits(void **state)
{
	struct trace_opts opts = { .keep_going = true };
	static struct said s;
	size_t len, bit;
	u8 *bytes;

	write_capture(FILE_NAME);
	bytes = read_whole(&len);
	for (bit = 24 * 8; bit < len * 8; bit += 3) { /* each bit of a byte gets its turn */
		u32 before = whole_packets(bytes, bit / 8) & 0xff;
		const char *p;

		bytes[bit / 8] ^= (u8)(1u << bit % 8);
		write_file(bytes, len);
		bytes[bit / 8] ^= (u8)(1u << bit % 8);
		listen(FILE_NAME, &opts, &s);
		assert_true(s.opened);
		assert_int_equal(s.ended, TRACE_END);
		assert_in_range(s.packets, before, N_PACKETS);
		if (s.packets < N_PACKETS)
			assert_true(s.lost > 0);
		for (p = strstr(s.text, "event"); p; p = strstr(p + 1, "event"))
			assert_memory_equal(p, "event mark\n", 11);
		assert_memory_equal(s.text, captured, before * (sizeof(captured) - 1) / N_PACKETS);
	}
	free(bytes);
	unlink(FILE_NAME);
}

/* After a length that cannot be, the next packets are found again. */
static void test_resync(void **state)
{
	struct trace_opts opts = { 0 };
	static struct said s;
	size_t len, at;
	u8 *bytes;

	write_capture(FILE_NAME);
	bytes = read_whole(&len);
	at = 24 + 16 + get_le32(bytes + 24 + 8);
	put_le32(bytes + at + 8, 0x7fffffff);
	write_file(bytes, len);
	expect_error(&opts, FILE_NAME, "length", "after 1 packets");
	opts.keep_going = true;
	listen(FILE_NAME, &opts, &s);
	assert_int_equal(s.packets, N_PACKETS - 1);
	assert_int_equal(s.lost, 1);
	free(bytes);
	unlink(FILE_NAME);
}

/* ---- other files ---- */

static void test_bad_files(void **state)
{
	static const u8 ethernet[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0xff, 0xff, [20] = 1 };
	static const u8 fcs[24] = { 0x4d, 0x3c,        0xb2, 0xa1,       2, 0, 4,
				    0,    [16] = 0xff, 0xff, [20] = 147, 0, 0, 0x24 };
	static const u8 pcapng[28] = { 0x0a, 0x0d, 0x0d, 0x0a, 28 };
	struct trace_opts named = { .format = "tarot" };

	expect_error(NULL, "there/is/no/such.file", "cannot be opened", "No such file");
	assert_int_equal(mkdir("readers.dir", 0777), 0);
	expect_error(NULL, "readers.dir", "is a directory", "");
	rmdir("readers.dir");
	write_file("", 0);
	expect_error(NULL, FILE_NAME, "is empty", "");
	write_gzip("", 0);
	expect_error(NULL, FILE_NAME, "is empty", "");
	write_file("#include <stdio.h>\nint main(void)\n", 34);
	expect_error(NULL, FILE_NAME, "no trace", "lackey");
	write_file(ethernet, sizeof(ethernet));
	expect_error(NULL, FILE_NAME, "link type", "147");
	write_file(fcs, sizeof(fcs));
	expect_error(NULL, FILE_NAME, "link type", "147");
	write_file(pcapng, sizeof(pcapng));
	expect_error(NULL, FILE_NAME, "pcapng", "editcap");
	write_file("i 10 4\n", 7);
	expect_error(&named, FILE_NAME, "tarot", "xdin");
	unlink(FILE_NAME);
}

static void test_full_disk(void **state)
{
	char err[TR_ERRBUF] = "";
	struct capture_writer *w;

	if (access("/dev/full", W_OK))
		skip();
	w = capture_create("/dev/full", err);
	assert_null(w);
	assert_non_null(strstr(err, "No space left"));
	assert_non_null(strstr(err, "/dev/full"));
	assert_null(capture_create("there/is/no/such.dir", err));
	assert_non_null(strstr(err, "cannot create"));
}

/* Other programs take our captures for pcap files. */
static void test_tcpdump(void **state)
{
	char line[256] = "";
	FILE *f;

	if (system("command -v tcpdump >/dev/null 2>&1"))
		skip();
	write_capture(FILE_NAME);
	f = popen("tcpdump -r " FILE_NAME " 2>/dev/null | grep -c UNSUPPORTED", "r");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(pclose(f), 0);
	assert_int_equal(atoi(line), N_PACKETS);
	unlink(FILE_NAME);
}

static void test_complete_readers(void **state)
{
	static const struct reader_ops *const all[] = { &fmt_capture, &fmt_lackey,   &fmt_din,
							&fmt_xdin,    &fmt_champsim, &fmt_cloudsuite };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		assert_true(all[i]->name && all[i]->help);
		assert_true(all[i]->probe && all[i]->open && all[i]->next && all[i]->resync && all[i]->close);
		assert_int_equal(all[i]->probe((const u8 *)"", 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lackey),       cmocka_unit_test(test_xdin),
		cmocka_unit_test(test_din),          cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_bad_text),     cmocka_unit_test(test_champsim),
		cmocka_unit_test(test_cloudsuite),   cmocka_unit_test(test_champsim_cut),
		cmocka_unit_test(test_capture),      cmocka_unit_test(test_capture_gzip),
		cmocka_unit_test(test_cut_capture),  cmocka_unit_test(test_cut_compressed),
		cmocka_unit_test(test_flipped_bits), cmocka_unit_test(test_resync),
		cmocka_unit_test(test_bad_files),    cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_tcpdump),      cmocka_unit_test(test_complete_readers),
	};

	char dir[] = "/tmp/mmsim-test-readers.XXXXXX";
	int failed;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
