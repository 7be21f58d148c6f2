/* Names of system calls, beside those of <sys/syscall.h> on an x86-64, and where there are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "analysis/syscalls.h"

#include <cmocka.h> /* last: its fail() is a macro */

static void known_numbers(void **state)
{
	assert_string_equal(syscall_name_x86_64(0), "read");
	assert_string_equal(syscall_name_x86_64(257), "openat");
	assert_string_equal(syscall_name_x86_64(334), "rseq");
	assert_string_equal(syscall_name_x86_64(424), "pidfd_send_signal");
	assert_string_equal(syscall_name_x86_64(450), "set_mempolicy_home_node");
}

static void gaps_have_no_name(void **state)
{
	static const u32 unused[] = { 335, 423, 451, 1023, ~0u };

	for (u32 i = 0; i < ARRAY_SIZE(unused); i++)
		assert_null(syscall_name_x86_64(unused[i]));
}

#ifdef __x86_64__
#define SAME(name) assert_string_equal(syscall_name_x86_64(SYS_##name), #name)
static void as_on_this_host(void **state)
{
	SAME(rt_sigaction);
	SAME(sched_yield);
	SAME(getdents);
	SAME(arch_prctl);
	SAME(set_tid_address);
	SAME(epoll_pwait);
	SAME(getrandom);
	SAME(statx);
	SAME(io_uring_setup);
	SAME(clone3);
	SAME(futex_waitv);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(gaps_have_no_name),
#ifdef __x86_64__
		cmocka_unit_test(as_on_this_host),
#endif
	};

	return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
