#include "model/arch/addr.h"

const char *const page_size_name[NR_PAGE_SIZES] = { "p4k", "p16k", "p64k",  "p2m",
						    "p4m", "p32m", "p512m", "p1g" };
const u8 page_size_shift[NR_PAGE_SIZES] = { 12, 14, 16, 21, 22, 25, 29, 30 };
