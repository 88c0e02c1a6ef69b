package reproduce

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/campaign"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// hangs is a runner whose trials end with a report.
type hangs struct {
	campaign.Runner
	of map[int]kernelreport.Report
}

func (h hangs) Trial(_ context.Context, p store.Planned, _ string, _ func(string)) (store.Trial, []kernelreport.Report, error) {
	r := h.of[p.N]
	r.Detector = verdict.TaskWatch
	return store.Trial{Planned: p, Verdict: verdict.Verdict{Kind: verdict.Hang}}, []kernelreport.Report{r}, nil
}

// A trial that hangs as any of the wanted hangs is one that reproduces.
func TestAnyOfTheWantedHangsCounts(t *testing.T) {
	m := &matcher{wanted: []kernelreport.Report{ofCeph, ofUmount, ofWrite}, alike: map[int]match.Match{}}
	run := m.around(hangs{of: map[int]kernelreport.Report{1: ofWrite, 2: hung("xfs_ilock xfs_file_read_iter vfs_read"), 3: ofUmount}})
	for n := 1; n <= 3; n++ {
		_, _, err := run.Trial(t.Context(), store.Planned{N: n}, "", nil)
		require.NoError(t, err)
	}
	for n, want := range map[int]string{1: ofWrite.Signature, 2: "", 3: ofUmount.Signature} {
		found, ok := m.match(n)
		assert.Equal(t, want != "", ok, n)
		assert.Equal(t, want, found.Signature, n)
	}
}
