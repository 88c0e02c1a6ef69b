package evidence

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHowMuchATaskRan(t *testing.T) {
	for line, want := range map[string]Task{
		"loopfault: in the kernel for 0.36 s of 0.40 s, without a pause": {Kernel: 0.36, Watched: 0.4},
		"loopfault: in the kernel for 0.36 s of 0.40 s":                  {Kernel: 0.36, Watched: 0.4, Paused: true},
		"loopfault: in the kernel for 0.50 s of 0.40 s":                  {},
		"loopfault: in the kernel for +Inf s of +Inf s":                  {},
		"loopfault: in the kernel for NaN s of 1 s":                      {},
		"loopfault: in the kernel for -1 s of 1 s":                       {},
		"loopfault: in the kernel for 1 s of 1e308 s":                    {},
		"loopfault: in the kernel for 1 s":                               {},
	} {
		text := "== 7 (a (b)) R 1\n" + line + "\n[<0>] f+0x1/0x2\n"
		want.PID, want.Comm, want.State, want.Switches, want.Stack = 7, "a (b)", "R", -1, "[<0>] f+0x1/0x2\n"
		for got := range Tasks(strings.Lines(text)) {
			assert.Equal(t, want, got, line)
		}
	}
}
