package guest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The kernel answers EBUSY for a writable mapping as it does for a page that reclaim holds.
func TestSealingWaitsForWhoStillHoldsTheMemory(t *testing.T) {
	const size = 1 << 16
	file, err := anonymous("ram", size)
	require.NoError(t, err)
	defer file.Close()
	mapped, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = seal(short, file)
	require.ErrorIs(t, err, unix.EBUSY, "as long as it is mapped")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = file.WriteAt([]byte("x"), 0)
	require.NoError(t, err, "a failed seal leaves the file as it was")

	unmapped := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond, func() { unmapped <- unix.Munmap(mapped) })
	require.NoError(t, seal(t.Context(), file))
	require.NoError(t, <-unmapped)
	_, err = file.WriteAt([]byte("y"), 0)
	assert.ErrorIs(t, err, unix.EPERM)
}
