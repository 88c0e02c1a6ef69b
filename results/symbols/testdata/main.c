/* A tree of calls like a kernel's: inlined into each other, split off, of one name in two files. */
#include "inline.h"

extern int other(int x);

volatile int sink;

static inline __attribute__((always_inline)) void middle(int x)
{
	sink = x;
	innermost(x + 1); /* middle calls */
}

static __attribute__((noinline)) int twin(int x)
{
	middle(x * 3);
	return sink;
}

__attribute__((noinline)) int outer(int x)
{
	sink = 0;
	middle(x); /* outer calls */
	if (__builtin_expect(sink < 0, 0))
		__builtin_trap();
	return twin(x) + other(x);
}

int start_kernel(void)
{
	return outer(sink);
}
