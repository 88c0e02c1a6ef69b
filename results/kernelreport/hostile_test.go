package kernelreport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// hostile are patterns that would make a careless parser quadratic: many writers, many open ends, long lines. A %d stands
// for the number of the repetition.
var hostile = map[string][2]string{ // what comes once, and what comes again and again
	"writers of one report": {"[    1.000000][   C0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:1]\n",
		"[    1.000000][T%[1]d] NMI backtrace for cpu %[1]d\n[    1.000000][T%[1]d] CPU: %[1]d PID: %[1]d Comm: x\n[    1.000000][T%[1]d]  f+0x1/0x2\n"},
	"reports never finished": {"", "[    1.000000][T%[1]d] INFO: task x:%[1]d blocked for more than 1 seconds.\n"},
	"cut headers":            {"", "INFO: task x:%d blocked\n"},
	"one endless stack":      {"", "[<0>] f%d+0x1/0x2\n"},
	"dividers":               {"", "------------[ cut here ]------------\nWARNING: CPU: 0 PID: %d at a.c:12 f+0x10/0x20\n"},
	"broken lines":           {"", strings.Repeat("a", 70) + "%d=\n"},
	"time stamps in a line":  {"%d", strings.Repeat("[12345678901234567890", 200) + "%d\n"},
	"names like patterns":    {"", "[<0>] " + strings.Repeat("sys_", 120) + "%d+0x1/0x2\n"},
	"dates before dates":     {"", strings.Repeat("Jan 1 ", 600) + "%d\n"},
	"quotes":                 {"", strings.Repeat("> ", 2000) + "%d\n"},
	"one endless line":       {"", "[<0>] f+0x1/0x2 %d "},
}

// TestHostileInputs: a thousand times what the parser needs on ordinary logs would be seconds of processor time; a
// quadratic one would need hours.
func TestHostileInputs(t *testing.T) {
	const size = 2 << 20
	for name, p := range hostile {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString(strings.ReplaceAll(p[0], "%d", "0"))
			for i := 0; text.Len() < size; i++ {
				fmt.Fprintf(&text, p[1], i)
			}
			began := processorTime(t)
			Parse([]byte(text.String()))
			assert.Less(t, processorTime(t)-began, 20*time.Second)
		})
	}
}
