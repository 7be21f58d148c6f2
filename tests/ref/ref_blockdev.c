#include "tests/ref/ref_blockdev.h"

const struct disk_cfg ref_disk = {
	.seek_average = { 8500000, 0 },
	.seek_track = { 1000000, 0 },
	.rpm = 7200,
	.depth = 128,
	.write_batch = 16,
	.bandwidth = 100000000,
	.size = 1ull << 30,
};

const struct flash_cfg ref_flash = {
	.latency = { 15000, 0 },
	.read = { 60000, 0 },
	.write = { 15000, 0 },
	.program = { 660000, 0 },
	.spread = 50,
	.slow = 100,
	.dies = 4,
	.depth = 32,
	.program_pages = 16,
	.bandwidth = 500000000,
	.buffer = 1u << 20,
	.size = 1ull << 30,
};
