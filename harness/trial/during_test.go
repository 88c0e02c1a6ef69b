package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGuestClocksMayBeSlowButNotWild(t *testing.T) {
	for _, c := range []struct{ guest, host float64 }{{0, 0}, {-1, 0}, {10, 10.2}, {3, 60}, {4, 0.1}, {20, 10}} {
		assert.NoError(t, clockFault(c.guest, c.host), "%+v", c)
	}
	assert.EqualError(t, clockFault(309, 40), "the guest's clock runs wild: 309 s of its own in 40 s of the host")
}
