package observe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"loopfault/results/observe"
)

// FuzzTrace: whatever a trace buffer holds, events are of tasks and have stacks of no more frames than it has lines.
func FuzzTrace(f *testing.F) {
	f.Add(" evict-12 [000] ..... 10.5: got_lock: (nfs4_f+0x1/0x2) object=0xffff\n evict-12 [000] ..... 10.5: <stack trace>\n => nfs4_f\n => vfs_x\n")
	f.Add("<...>-1 ( 1) [001] d..2 1.000001: a: (b+0x0 [nfs])\n => b\n => 0xffff\n")
	f.Add(" => f\n\xff\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range observe.ReadTrace(text, []observe.Point{{Name: "got-lock"}, {Name: "a"}}) {
			require.NotEmpty(t, e.Point)
			require.LessOrEqual(t, len(e.Stack), len(text)/2)
		}
	})
}
