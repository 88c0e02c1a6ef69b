package texts

import (
	"strings"
	"testing"

	"loopfault/results/waitfor"
)

// FuzzTexts gives a hostile text under a name that means something, and under one that does not. Both are explained, in
// bounded time and without control characters.
func FuzzTexts(f *testing.F) {
	f.Add("stacks.txt", "== 1 (a) D\n[<0>] evict+0x1/0x2\n")
	f.Add("rpc-tasks.txt", "==> x <==\n"+oneRPC)
	f.Add("t", sysrqW+oneRPC+"netid: tcp\nport: 2049\n")
	f.Add("collect.json", `{"format": 1, "apart_seconds": 1e300, "uptime_seconds": -1}`)
	f.Add("t", "  PID STAT WCHAN COMMAND\n1 D x y\n== 1 (\x1b[2J) D\nclnt[a] RPC tasks[9999999999]\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		all := New()
		for range 2 {
			_ = all.Add(name, strings.NewReader(text)) // a second collection is refused
		}
		e, _ := all.Evidence()
		x := waitfor.Explain(e)
		for _, r := range x.Text() {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
				t.Fatalf("%U in the explanation of %q", r, text)
			}
		}
	})
}
