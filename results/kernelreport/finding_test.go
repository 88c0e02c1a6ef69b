package kernelreport_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/kernelreport"
)

func TestFindingsOfOneSortShareASignature(t *testing.T) {
	a := kernelreport.FromFinding(kernelreport.KindDataCorruption, "an acknowledged write is lost", "state/1")
	b := kernelreport.FromFinding(kernelreport.KindDataCorruption, "an acknowledged write is lost", "state/2")
	c := kernelreport.FromFinding(kernelreport.KindLockViolation, "two processes held one lock", "state/2")
	assert.Equal(t, "BUG: an acknowledged write is lost", a.Title)
	assert.Equal(t, "v3:data_corruption:an-acknowledged-write-is-lost:-", a.Signature)
	assert.Equal(t, a.Signature, b.Signature)
	assert.NotEqual(t, a.Signature, c.Signature)
	assert.Equal(t, "state/1", a.Tasks[0].Comm)
}
