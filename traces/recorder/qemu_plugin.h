/*
 * The part of QEMU's plugin interface that the recorder uses, declared here because distributions package
 * no header for it, and everything that depends on the version of QEMU.
 *
 * One plugin serves all: the functions below keep their signatures from QEMU 4.2 on, but QEMU up to 8.2
 * accepts interface version 1 only and QEMU from 9.0 on accepts 2 and up only. QEMU reads qemu_plugin_version
 * after it has loaded the plugin, so a constructor sets it by what the running QEMU exports. The one function
 * that changed, qemu_plugin_insn_data(), is called in the form of the interface that QEMU reports.
 *
 * Not here: registers (absent before 9.0), system emulation, scoreboards. For traces/recorder only.
 */
#ifndef MMSIM_RECORDER_QEMU_PLUGIN_H
#define MMSIM_RECORDER_QEMU_PLUGIN_H

#include "model/base/types.h"

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

/* Handles of QEMU. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

struct qemu_plugin_info {
	const char *target_name; /* "x86_64", ... */
	struct {
		int min, cur; /* interface versions that this QEMU accepts */
	} version;
	bool system_emulation;
};

enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum { QEMU_PLUGIN_MEM_RW = 3 };

typedef void (*qemu_plugin_tb_trans_fn)(u64 id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_exec_fn)(unsigned vcpu, void *udata);
typedef void (*qemu_plugin_mem_fn)(unsigned vcpu, u32 meminfo, u64 vaddr, void *udata);
typedef void (*qemu_plugin_syscall_fn)(u64 id, unsigned vcpu, s64 num, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5,
				       u64 a6, u64 a7, u64 a8);
typedef void (*qemu_plugin_syscall_ret_fn)(u64 id, unsigned vcpu, s64 num, s64 ret);
typedef void (*qemu_plugin_atexit_fn)(u64 id, void *udata);

/* Called by QEMU. */
QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(u64 id, const struct qemu_plugin_info *info, int argc,
					   char **argv);

/* Exported by QEMU. */
void qemu_plugin_register_vcpu_tb_trans_cb(u64 id, qemu_plugin_tb_trans_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_exec_fn fn, int flags,
					  void *udata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_exec_fn fn, int flags,
					    void *udata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_fn fn, int flags, int rw,
				      void *udata);
void qemu_plugin_register_vcpu_syscall_cb(u64 id, qemu_plugin_syscall_fn fn);
void qemu_plugin_register_vcpu_syscall_ret_cb(u64 id, qemu_plugin_syscall_ret_fn fn);
void qemu_plugin_register_atexit_cb(u64 id, qemu_plugin_atexit_fn fn, void *udata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
u64 qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
u64 qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
unsigned qemu_plugin_mem_size_shift(u32 meminfo);
bool qemu_plugin_mem_is_store(u32 meminfo);
const char *qemu_plugin_path_to_binary(void); /* the caller frees it */
u64 qemu_plugin_start_code(void);
u64 qemu_plugin_entry_code(void);

/* One report for an atomic's load and store: QEMU keeps the directions above its access index. */
static inline bool plugin_mem_is_both(u32 meminfo)
{
	return (meminfo >> 16 & QEMU_PLUGIN_MEM_RW) == QEMU_PLUGIN_MEM_RW;
}

/* The instruction's bytes, at most len. cur: version.cur of the running QEMU. Returns how many. */
size_t plugin_insn_bytes(const struct qemu_plugin_insn *insn, u8 *buf, size_t len, int cur);

#endif
