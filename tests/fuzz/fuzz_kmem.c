/* Any bytes as a recording of a kernel's allocator, and as its zoneinfo: read, replayed and reported. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/kmem_report.h"
#include "model/base/error.h"

/* Two zones and two CPUs, one of them below its high mark. */
static struct kmem_zoneinfo zones = {
	.n = 2,
	.cpus = 2,
	.zone = { { .name = "DMA",
		    .start = 1,
		    .spanned = 4095,
		    .present = 3998,
		    .managed = 3840,
		    .free = 3000,
		    .low = 21,
		    .high = 25,
		    .cpu = { { 0, 0, 1, 10, 240 }, { 9, 12, 1, 10, 240 } } },
		  { .name = "Normal",
		    .start = 0x100000,
		    .spanned = 0x300000,
		    .present = 0x300000,
		    .managed = 2916352,
		    .free = 2654643,
		    .low = 16677,
		    .high = 20012,
		    .cpu = { { 21013, 21709, 63, 8338, 182272 }, { 300, 400, 63, 300, 182272 } } } },
};

static void replay(const char *path, const struct kmem_zoneinfo *info)
{
	struct kmem_recording rec;
	struct kmem_replay r;
	FILE *null = fopen("/dev/null", "w");

	kmem_recording_read(&rec, path, info, true);
	kmem_replay_run(&r, &rec, info, rec.n & 1);
	kmem_report_table(null, &r, "fuzz");
	kmem_report_json(null, &r);
	kmem_replay_fini(&r);
	kmem_recording_fini(&rec);
	fclose(null);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct kmem_zoneinfo info;
	int fd = memfd_create("fuzz", 0);
	char path[64], err[KMEM_ERRBUF];

	if (!size || write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (data[0] == 'N')
		ASSERT(kmem_zoneinfo_read(&info, path, err) || *err);
	else
		replay(path, &zones);
	close(fd);
	return 0;
}
