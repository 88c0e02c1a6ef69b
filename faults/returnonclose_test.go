package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The constant is found as compilers write it: stored straight into the reply, or
// passed to a function that writes it.
func TestTheConstantOfReturnOnClose(t *testing.T) {
	never := func(int) bool { return false }
	stored := []byte{
		0xe8, 0, 0, 0, 0, // call xdr_reserve_space
		0x48, 0x85, 0xc0, // test %rax,%rax
		0xc7, 0x00, 0, 0, 0, 1, // movl $0x1000000,(%rax)
		0xc7, 0x40, 0x04, 0, 0, 0, 1, // movl $0x1000000,0x4(%rax): another boolean
	}
	off, err := firstTrue(stored, never)
	require.NoError(t, err)
	assert.Equal(t, 13, off)

	passed := []byte{
		0xbe, 1, 0, 0, 0, // mov $1,%esi
		0x48, 0x89, 0xdf, // mov %rbx,%rdi
		0xe8, 0, 0, 0, 0, // call nfsd4_encode_bool
	}
	off, err = firstTrue(passed, func(off int) bool { return off == 8 })
	require.NoError(t, err)
	assert.Equal(t, 1, off)

	_, err = firstTrue(passed, never)
	require.ErrorIs(t, err, errNoTrue, "a 1 for somebody else is no boolean of the reply")
	_, err = firstTrue([]byte{0x0f, 0xff, 0x06}, never)
	require.ErrorIs(t, err, errNoTrue, "bytes that are no code")
}
