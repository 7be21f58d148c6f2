/*
 * The recorder's dependence between accesses of a block. Codes are what GNU as makes of the instructions
 * beside them. The file under test belongs to the plugin, which is no part of the library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "traces/recorder/depend.c"

#define UNKNOWN   TR_DEP_UNKNOWN
#define NONE      TR_DEP_NONE
#define MAX_LINES 8

struct line {
	const char *code;  /* in hexadecimal digits; NULL ends */
	const char *kinds; /* its accesses: l, s or a */
	u16 dep[2];
};

static u32 digit(char c)
{
	return (u32)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static u32 kind_of(char c)
{
	return c == 'l' ? TR_LOAD : c == 's' ? TR_STORE : TR_ATOMIC;
}

static void expect(const struct line *line)
{
	u8 code[MAX_LINES * DEPEND_CODE] = { 0 };
	struct tr_slot slot[2 * MAX_LINES];
	u16 expected[2 * MAX_LINES];
	u32 n = 0, n_slots = 0;

	for (; line[n].code; n++) {
		for (u32 i = 0; line[n].code[2 * i]; i++)
			code[n * DEPEND_CODE + i] =
				(u8)(digit(line[n].code[2 * i]) << 4 | digit(line[n].code[2 * i + 1]));
		for (u32 i = 0; line[n].kinds[i]; i++) {
			expected[n_slots] = line[n].dep[i];
			slot[n_slots++] = (struct tr_slot){ .size = 8,
							    .insn = (u16)n,
							    .kind = (u8)kind_of(line[n].kinds[i]) };
		}
	}
	depend_fill(code, n, slot, n_slots);
	for (u32 i = 0; i < n_slots; i++)
		assert_int_equal(slot[i].dep, expected[i]);
}

static void test_a_chase(void **state)
{
	expect((struct line[]){
		{ "488b00", "l", { UNKNOWN } }, /* mov (%rax),%rax */
		{ "488b00", "l", { 1 } },
		{ "488b4008", "l", { 1 } }, /* mov 8(%rax),%rax */
		{ 0 },
	});
}

static void test_stores_between_count(void **state)
{
	expect((struct line[]){
		{ "488b18", "l", { UNKNOWN } }, /* mov (%rax),%rbx */
		{ "48890a", "s", { UNKNOWN } }, /* mov %rcx,(%rdx) */
		{ "488b4b10", "l", { 2 } },     /* mov 16(%rbx),%rcx */
		{ "48890b", "s", { 3 } },       /* mov %rcx,(%rbx) */
		{ 0 },
	});
}

static void test_stack_and_fixed_places_depend_on_nothing(void **state)
{
	expect((struct line[]){
		{ "53", "s", { NONE } },                 /* push %rbx */
		{ "4883ec20", "", { 0 } },               /* sub $32,%rsp */
		{ "488b7c2408", "l", { NONE } },         /* mov 8(%rsp),%rdi */
		{ "488b0510000000", "l", { NONE } },     /* mov 16(%rip),%rax */
		{ "64488b042528000000", "l", { NONE } }, /* mov %fs:40,%rax */
		{ "8b07", "l", { 3 } },                  /* mov (%rdi),%eax */
		{ "5b", "l", { NONE } },                 /* pop %rbx */
		{ 0 },
	});
	expect((struct line[]){
		{ "31c0", "", { 0 } },           /* xor %eax,%eax */
		{ "488d0d10000000", "", { 0 } }, /* lea 16(%rip),%rcx */
		{ "488b0cc1", "l", { NONE } },   /* mov (%rcx,%rax,8),%rcx */
		{ "488b0cd1", "l", { 1 } },      /* mov (%rcx,%rdx,8),%rcx */
		{ 0 },
	});
}

static void test_what_is_computed_from_a_load(void **state)
{
	expect((struct line[]){
		{ "480303", "l", { UNKNOWN } }, /* add (%rbx),%rax */
		{ "48c1e003", "", { 0 } },      /* shl $3,%rax */
		{ "488d4c1010", "", { 0 } },    /* lea 16(%rax,%rdx),%rcx */
		{ "480fb609", "l", { 1 } },     /* movzbq (%rcx),%rcx */
		{ "b801000000", "", { 0 } },    /* mov $1,%eax */
		{ "488b3c04", "l", { NONE } },  /* mov (%rsp,%rax),%rdi */
		{ 0 },
	});
}

static void test_two_operands_of_one_instruction(void **state)
{
	expect((struct line[]){
		{ "488b00", "l", { UNKNOWN } },  /* mov (%rax),%rax */
		{ "ff30", "ls", { 1, NONE } },   /* push (%rax) */
		{ "8f00", "ls", { NONE, 4 } },   /* pop (%rax) */
		{ "ff5010", "ls", { 5, NONE } }, /* call *16(%rax) */
		{ 0 },
	});
	expect((struct line[]){
		{ "488b37", "l", { UNKNOWN } },   /* mov (%rdi),%rsi */
		{ "48a5", "ls", { 1, UNKNOWN } }, /* movsq */
		{ 0 },
	});
}

static void test_atomics(void **state)
{
	expect((struct line[]){
		{ "f0480fc103", "a", { UNKNOWN } }, /* lock xadd %rax,(%rbx) */
		{ "488b08", "l", { 1 } },           /* mov (%rax),%rcx */
		{ "f0480fb10f", "a", { UNKNOWN } }, /* lock cmpxchg %rcx,(%rdi) */
		{ "488b08", "l", { 1 } },
		{ 0 },
	});
}

static void test_vector_registers_are_not_followed(void **state)
{
	expect((struct line[]){
		{ "f30f6f07", "l", { UNKNOWN } },   /* movdqu (%rdi),%xmm0 */
		{ "c5fd6f4620", "l", { UNKNOWN } }, /* vmovdqa 32(%rsi),%ymm0 */
		{ "31c0", "", { 0 } },
		{ "66480f7ec0", "", { 0 } }, /* movq %xmm0,%rax */
		{ "488b00", "l", { UNKNOWN } },
		{ 0 },
	});
}

static void test_leave(void **state)
{
	expect((struct line[]){
		{ "4889e5", "", { 0 } },       /* mov %rsp,%rbp */
		{ "488b45f8", "l", { NONE } }, /* mov -8(%rbp),%rax */
		{ "c9", "l", { NONE } },       /* leave */
		{ "c3", "l", { NONE } },       /* ret */
		{ 0 },
	});
}

static void test_what_is_not_understood_is_unknown(void **state)
{
	expect((struct line[]){
		{ "0fa2", "", { 0 } },            /* cpuid */
		{ "488b0424", "l", { UNKNOWN } }, /* mov (%rsp),%rax */
		{ "488b00", "l", { 1 } },
		{ 0 },
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chase),
		cmocka_unit_test(test_stores_between_count),
		cmocka_unit_test(test_stack_and_fixed_places_depend_on_nothing),
		cmocka_unit_test(test_what_is_computed_from_a_load),
		cmocka_unit_test(test_two_operands_of_one_instruction),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_vector_registers_are_not_followed),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_what_is_not_understood_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
