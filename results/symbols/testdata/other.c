#include "inline.h"

static __attribute__((noinline)) int twin(int x)
{
	innermost(x);
	innermost(x * x);
	sink = x / 7;
	return sink + x;
}

int other(int x)
{
	return twin(x) ^ x;
}
