/* Writes a file in many ways, and makes sure of it. usage: files PATH */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[50000];
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	char *map;

	if (fd < 0 || write(fd, buffer, sizeof(buffer)) != sizeof(buffer) || fsync(fd) || fdatasync(fd))
		return 1;
	if (sync_file_range(fd, 4096, 8192, SYNC_FILE_RANGE_WRITE) || ftruncate(fd, 30000))
		return 2;
	map = mmap(NULL, 30000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 3;
	memset(map, 1, 20000);
	if (msync(map, 30000, MS_SYNC) || msync(map, 30000, MS_ASYNC))
		return 4;
	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		return 5;
	return pread(fd, buffer, 30000, 0) != 30000 || buffer[19999] != 1 || buffer[20000] != 0;
}
