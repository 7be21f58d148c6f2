#include "model/arch/cpu.h"

const char *const kernel_path_name[NR_KERNEL_PATHS] = {
#define X(id, name, help) name,
	KERNEL_PATHS(X)
#undef X
};

const char *const kernel_path_help[NR_KERNEL_PATHS] = {
#define X(id, name, help) help,
	KERNEL_PATHS(X)
#undef X
};

const char *const access_cause_name[NR_ACCESS_CAUSES] = {
#define X(id, name, help) name,
	ACCESS_CAUSES(X)
#undef X
};
