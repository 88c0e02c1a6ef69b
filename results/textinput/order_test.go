package textinput

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
)

// journal is a log whose longest lines are longer than the terminals below.
const journal = `2025-01-06T03:14:07+0100 nas4 kernel: INFO: task cat:977 blocked for more than 122 seconds.
2025-01-06T03:14:07+0100 nas4 kernel:       Not tainted 6.12.117 #1
2025-01-06T03:14:07+0100 nas4 kernel: "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
2025-01-06T03:14:07+0100 nas4 kernel: task:cat             state:D stack:12552 pid:977   tgid:977   ppid:640    flags:0x00004002
2025-01-06T03:14:07+0100 nas4 kernel: Call Trace:
2025-01-06T03:14:07+0100 nas4 kernel:  <TASK>
2025-01-06T03:14:07+0100 nas4 kernel:  __schedule+0x3f2/0xb60
2025-01-06T03:14:07+0100 nas4 kernel:  schedule+0x27/0xf0
2025-01-06T03:14:07+0100 nas4 kernel:  rpc_wait_bit_killable+0xd/0x60 [sunrpc]
2025-01-06T03:14:07+0100 nas4 kernel:  __rpc_execute+0x13a/0x300 [sunrpc]
2025-01-06T03:14:07+0100 nas4 kernel:  nfs4_do_close+0x2a5/0x3b0 [nfsv4]
2025-01-06T03:14:07+0100 nas4 kernel:  __put_nfs_open_context+0xc6/0x110 [nfs]
2025-01-06T03:14:07+0100 nas4 kernel:  entry_SYSCALL_64_after_hwframe+0x76/0x7e
2025-01-06T03:14:07+0100 nas4 kernel:  </TASK>
`

// fold breaks lines as a terminal does; copies of its text have no blanks at the ends of lines.
func fold(text string, columns int) string {
	var out strings.Builder
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		for len(l) > columns {
			out.WriteString(strings.TrimRight(l[:columns], " ") + "\n")
			l = l[columns:]
		}
		out.WriteString(l + "\n")
	}
	return out.String()
}

// wrap breaks lines as a mail program does.
func wrap(text string, columns int) string {
	var out strings.Builder
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		for len(l) > columns {
			at := strings.LastIndexByte(l[:columns+1], ' ')
			out.WriteString(strings.TrimRight(l[:at], " ") + "\n")
			l = strings.TrimLeft(l[at:], " ")
		}
		out.WriteString(l + "\n")
	}
	return out.String()
}

func decodedText(t *testing.T, s string) string {
	t.Helper()
	r, err := Decode(strings.NewReader(s))
	require.NoError(t, err)
	got, err := io.ReadAll(iotest.OneByteReader(r))
	require.NoError(t, err)
	return string(got)
}

func TestTerminalsThatBreakLines(t *testing.T) {
	want := kernelreport.Parse([]byte(journal))
	require.Len(t, want, 1)
	for columns := minColumns; columns <= 90; columns++ {
		got := decodedText(t, "It hangs, see:\n\n"+fold(journal, columns)+"\nThanks, A.\n")
		found := kernelreport.Parse([]byte(got))
		require.Len(t, found, 1, "%d columns:\n%s", columns, got)
		assert.Equal(t, want[0].Signature, found[0].Signature, "%d columns", columns)
		assert.Equal(t, *want[0].Tasks[0].BlockedSeconds, *found[0].Tasks[0].BlockedSeconds, "%d columns", columns)
		assert.Equal(t, want[0].Tasks[0].Frames, found[0].Tasks[0].Frames, "%d columns:\n%s", columns, got)
		assert.Empty(t, found[0].Corrupted, "%d columns", columns)
		assert.Contains(t, got, "Thanks, A.\n", "%d columns", columns)
	}
}

func TestLinesThatNoTerminalBroke(t *testing.T) {
	long := "[    1.000000] " + strings.Repeat("x", 65) + "\n"
	for name, text := range map[string]string{
		"whole":                         journal,
		"broken once":                   long + "tail\n[    2.000000] a\n[    3.000000] b\n",
		"other lines as well":           long + "tail\n" + long + "tail\n[    2.000000] a\nfrom another program\n[    3.000000] b\n",
		"a longer line":                 long + "tail\n" + long + "tail\n[    2.000000] " + strings.Repeat("y", 90) + "\n[    3.000000] b\n",
		"narrow":                        fold(journal, 40),
		"no log":                        strings.Repeat(strings.Repeat("x", 80)+"\n", 9),
		"no time before the kernel's":   "INFO: task a:1 blocked for more than 120 seconds.\n" + strings.Repeat(strings.Repeat("y", 80)+"\n", 4),
		"a line as long as the longest": long + long + long,
	} {
		assert.Equal(t, text, decodedText(t, text), name)
	}
	for columns := minColumns; columns <= 120; columns++ {
		wrapped := wrap(journal, columns)
		assert.Equal(t, wrapped, decodedText(t, wrapped), "%d columns, wrapped between words", columns)
	}
	logs, err := filepath.Glob("../kernelreport/testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, log := range logs {
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		assert.Zero(t, foldedAt(text), log)
	}
}

func TestPartsOfAStoredLog(t *testing.T) {
	begin := "<3>[   10.000001] INFO: task a:1 blocked for more than 120 seconds.\n<6>[   10.000002] task:a               state:D stack:0     pid:1     tgid:1     ppid:0      flags:0x00000000\n<6>[   10.000003] Call Trace:\n<6>[   10.000004]  <TASK>\n<6>[   10.000005]  __schedule+0x1/0x2\n"
	middle := "<6>[   10.000006]  schedule+0x1/0x2\n<6>[   10.000007]  rpc_wait_bit_killable+0x1/0x2\n"
	end := "<6>[   10.000008]  nfs4_do_close+0x1/0x2\n<6>[   10.000009]  entry_SYSCALL_64_after_hwframe+0x1/0x2\n<6>[   10.000010]  </TASK>"
	whole := begin + middle + end + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"last first":       {"Panic#1 Part1\n" + end + "\nPanic#1 Part2\n" + middle + "Panic#1 Part3\n" + begin, whole},
		"in order already": {"Panic#1 Part3\n" + begin + "Panic#1 Part2\n" + middle + "Panic#1 Part1\n" + end, whole},
		"as files sort":    {"Panic#1 Part1\n" + end + "\nPanic#1 Part10\n" + begin + "Panic#1 Part2\n" + middle, whole},
		"two events":       {"Oops#1 Part1\na\nPanic#2 Part1\nd\nPanic#2 Part2\nc\nOops#1 Part2\nb\n", "b\na\n\nc\nd\n"},
		"one part":         {"Oops#1 Part1\n" + whole, whole},
		"no number":        {"Panic#1 Part\n" + end, "Panic#1 Part\n" + end},
		"not at the top":   {"see:\nPanic#1 Part1\n" + end + "\nPanic#1 Part2\n" + begin, "see:\nPanic#1 Part1\n" + end + "\nPanic#1 Part2\n" + begin},
		"nothing but one":  {"Panic#1 Part1\n", ""},
	} {
		assert.Equal(t, c.want, decodedText(t, c.text), name)
	}
	huge := "Panic#1 Part1\n" + strings.Repeat("x\n", maxStored/2) + "Panic#1 Part2\ny\n"
	assert.Equal(t, huge, decodedText(t, huge), "longer than a store: left as it is")
}
