package trial

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What keeps the guest or us from running is no silence of the guest.
func TestSilenceCountsOnlyWhileTheGuestCouldSpeak(t *testing.T) {
	const s = time.Second
	var h hush
	h.heard(10*s, 3*s)
	assert.Equal(t, 1*s, h.measure(11*s, 3*s))
	assert.Equal(t, 1500*time.Millisecond, h.measure(12*s, 3500*time.Millisecond), "it waited for a processor for half of the time")
	assert.Equal(t, 1500*time.Millisecond, h.measure(13*s, 5*s), "its threads waited for longer in all than the time that passed")
	assert.Equal(t, 3500*time.Millisecond, h.measure(73*s, 5*s), "the host was suspended for a minute")
	h.heard(74*s, 5*s)
	assert.Equal(t, 1*s, h.measure(75*s, 5*s), "what was before does not count any more")
}
