package paths_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/results/paths"
)

// FuzzHistogram: whatever the kernel's table holds, each stack has frames, and not too many.
func FuzzHistogram(f *testing.F) {
	f.Add("{ common_stacktrace:\n         a+0x1/0x2 [nfs]\n         b.isra.0+0x1/0x2\n} hitcount:          3\nTotals:\n    Dropped: 1\n")
	f.Add("{ stacktrace:\n} hitcount: 99999999999999999999999\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range paths.ReadHistogram(text).Stacks {
			require.NotEmpty(t, s.Frames)
			require.LessOrEqual(t, len(s.Frames), 64)
		}
	})
}
