extern volatile int sink;

static inline __attribute__((always_inline)) void innermost(int x)
{
	if (x & 1)
		sink = x * 5; /* innermost */
	sink++;
}
