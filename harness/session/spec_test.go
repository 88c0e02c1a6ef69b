package session

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/accel"
	"loopfault/harness/campaign"
	"loopfault/harness/guest"
	"loopfault/vmimages/kernel"
)

// What is compared is watched with one patience; a control with its own.
func TestPatienceIsThatOfWhatIsCompared(t *testing.T) {
	m := Machine{Choice: accel.Choice{Accel: guest.TCG()}}
	slow := kernel.Build{Instrumentation: []string{"PROVE_LOCKING"}}
	arms := []campaign.Arm{{Name: "base"}, {Name: "watched", Kernel: slow}, {Name: "control", Control: true}, {Name: "quiet", Kernel: slow, NoFault: true}}
	m.setPatience(arms)
	assert.Greater(t, arms[0].Timeouts.Stall, m.Choice.Timeouts(1).Stall)
	assert.Equal(t, arms[0].Timeouts, arms[1].Timeouts)
	assert.Equal(t, m.Choice.Timeouts(1), arms[2].Timeouts)
	assert.Equal(t, m.Choice.Timeouts(slow.Slowness()), arms[3].Timeouts)

	arms = []campaign.Arm{{Name: "base"}, {Name: "control", Kernel: slow, Control: true}}
	m.setPatience(arms)
	assert.Equal(t, m.Choice.Timeouts(1), arms[0].Timeouts, "a slow control does not make the base's patience longer")
}
