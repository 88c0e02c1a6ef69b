package campaign

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/scenario"
	"loopfault/vmimages/kernel"
)

// A flavour's guests need more memory than the scenario gives them, and so do their
// snapshots.
func TestRoomCountsEachKernelsMemory(t *testing.T) {
	s, _, err := scenario.Find("create-known")
	assert.NoError(t, err)
	plain, watched := Arm{Name: "a"}, Arm{Name: "b", Kernel: kernel.Build{Instrumentation: []string{"KASAN"}}}
	spec := Spec{Scenario: s, Arms: []Arm{plain}}
	mib := s.Guest.Memory.MiB()
	assert.Equal(t, mib+qemuMiB, spec.GuestMiB())
	assert.Equal(t, 3, spec.jobsIn(mib+3*(mib+qemuMiB)))
	assert.Equal(t, 2, spec.jobsIn(mib+3*(mib+qemuMiB)-1))

	spec.Arms = []Arm{plain, watched}
	more := watched.Kernel.MemoryFor(mib)
	assert.Greater(t, more, mib)
	assert.Equal(t, more+qemuMiB, spec.GuestMiB())
	assert.Equal(t, 2, spec.jobsIn(mib+more+2*(more+qemuMiB)))
	spec.Cold = true
	assert.Equal(t, 2, spec.jobsIn(2*(more+qemuMiB)), "no snapshots")
}
