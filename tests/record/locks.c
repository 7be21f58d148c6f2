/* Locks its memory in each way that there is. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

int main(void)
{
	char *map = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mlock(map, 8 * PAGE) || munlock(map, 4 * PAGE))
		return 1;
	/* MLOCK_ONFAULT, of pages of which one is used; older QEMUs do not know the call. */
	syscall(SYS_mlock2, map + 8 * PAGE, 8 * PAGE, 1);
	map[9 * PAGE] = 1;
	if (munlockall())
		return 2;
	map = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
		   0);
	return map == MAP_FAILED || mlockall(MCL_FUTURE) || munlockall() ? 3 : 0;
}
