#include "traces/recorder/qemu_plugin.h"

#include <dlfcn.h>
#include <string.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

/* qemu_plugin_scoreboard_new() came with QEMU 9.0, whose oldest accepted interface is 2. */
__attribute__((constructor)) static void choose_version(void)
{
	if (dlsym(RTLD_DEFAULT, "qemu_plugin_scoreboard_new"))
		qemu_plugin_version = 2;
}

/* Both forms under one name: up to interface 2 it returns a pointer, from 3 on it copies and returns a size.
 */
void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *buf, size_t len);

size_t plugin_insn_bytes(const struct qemu_plugin_insn *insn, u8 *buf, size_t len, int cur)
{
	size_t size = MIN(len, qemu_plugin_insn_size(insn));

	if (cur >= 3)
		qemu_plugin_insn_data(insn, buf, size);
	else
		memcpy(buf, qemu_plugin_insn_data(insn, NULL, 0), size);
	return size;
}
