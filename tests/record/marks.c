/* Calls one function five times, to be recorded with a mark at it. */
static volatile int a[4096];

__attribute__((noinline)) void work(int n)
{
	for (int i = 0; i < n; i++)
		a[i % 4096] += i;
}

__attribute__((noinline)) static void rest(int n)
{
	for (int i = 0; i < n; i++)
		a[i % 4096] -= i;
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		work(10000);
		rest(20000);
	}
	return 0;
}
