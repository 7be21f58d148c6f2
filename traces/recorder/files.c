#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traces/recorder/recorder.h"

/* Hashes of the files whose names this process has put into the recording; a forked child keeps them. */
#define MAX_NAMED 65536u
static _Atomic u64 named[MAX_NAMED];

static enum fd_kind socket_kind(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_UNIX ? FD_PIPE : FD_OUTSIDE;
}

/* Descriptors of the recorded program are the process's own. */
enum fd_kind fd_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return FD_NONE;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return FD_FILE;
	if (S_ISSOCK(st.st_mode))
		return socket_kind(fd);
	return S_ISCHR(st.st_mode) ? FD_OUTSIDE : FD_PIPE; /* FIFOs, eventfd and their like */
}

/* True if it was not in the table; then it is now. */
static bool name_once(struct file_ref file)
{
	u64 hash = ((file.ino * 0x9e3779b97f4a7c15ull) ^ (file.dev * 0xc2b2ae3d27d4eb4full)) | 1;

	for (u32 i = 0; i < MAX_NAMED; i++) {
		_Atomic u64 *entry = &named[(hash >> 40 ^ i) % MAX_NAMED];
		u64 old = 0;

		if (atomic_compare_exchange_strong(entry, &old, hash))
			return true;
		if (old == hash)
			return false;
	}
	return true;
}

void file_name(struct thread *t, struct file_ref file, u64 size, const char *path)
{
	const struct tr_event ev = { .kind = TR_EV_FILE, .len = size };

	if (name_once(file))
		event_put(t, &ev, file, path);
}

struct file_ref file_of_fd(struct thread *t, int fd)
{
	return file_before(t, fd, 0, 0);
}

struct file_ref file_before(struct thread *t, int fd, u64 end, u64 written)
{
	char link[64], path[TR_MAX_NAME + 1];
	struct file_ref file;
	struct stat st;
	ssize_t len;
	u64 size;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return (struct file_ref){ 0 };
	file = (struct file_ref){ st.st_dev, st.st_ino };
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, TR_MAX_NAME);
	path[MAX(len, 0)] = '\0';
	size = (u64)st.st_size;
	file_name(t, file, written && size == end ? size - written : size, path);
	return file;
}
