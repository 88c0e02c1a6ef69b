package kernelreport

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the expectations of testdata/*.txt; read the diff before you commit it")

// A golden file is a header of "WORD: …" lines, an empty line, and the log. SOURCE (where the log is from) and FORMAT
// (which formats it exercises, for the table in the notes) are the author's; the rest is what Parse must say.
type golden struct {
	path   string
	author []string // SOURCE and FORMAT lines
	expect []string
	log    []byte
}

func readGolden(t testing.TB, path string) golden {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	head, log, ok := bytes.Cut(text, []byte("\n\n"))
	require.True(t, ok, "%s: no empty line after the header", path)
	g := golden{path: path, log: log}
	for l := range strings.Lines(string(head)) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "SOURCE: ") || strings.HasPrefix(l, "FORMAT: ") {
			g.author = append(g.author, l)
		} else {
			g.expect = append(g.expect, l)
		}
	}
	require.Len(t, g.author, 2, "%s: want one SOURCE and one FORMAT line", path)
	return g
}

func goldenFiles(t testing.TB) []golden {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var out []golden
	for _, p := range paths {
		out = append(out, readGolden(t, p))
	}
	return out
}

// describe writes reports in the words of the golden files.
func describe(reports []Report) []string {
	var out []string
	if len(reports) == 0 {
		return []string{"NOTHING:"}
	}
	for _, r := range reports {
		out = append(out, fmt.Sprintf("REPORT: %s | %s", r.Kind, r.Title), "SIGNATURE: "+r.Signature)
		if r.Kernel != "" {
			out = append(out, "KERNEL: "+r.Kernel)
		}
		if r.Corrupted != "" {
			out = append(out, "CORRUPTED: "+r.Corrupted)
		}
		if r.Count != 1 {
			out = append(out, fmt.Sprintf("COUNT: %d", r.Count))
		}
		for _, k := range r.Tasks {
			s := fmt.Sprintf("TASK: %s %q pid=%s tgid=%s state=%s seconds=%s wait=%s blame=%s", k.Role, k.Comm,
				num(k.PID), num(k.TGID), k.State, num(k.BlockedSeconds), k.WaitFrame, k.BlameFrame)
			if k.Workqueue != "" {
				s += fmt.Sprintf(" workqueue=%q", k.Workqueue)
			}
			out = append(out, s)
			var stack []string
			for _, f := range k.Frames {
				s := f.Func
				if f.Questionable {
					s = "?" + s
				}
				if f.Module != "" {
					s += "[" + f.Module + "]"
				}
				if f.File != "" {
					s += fmt.Sprintf("(%s:%d)", f.File, f.Line)
				}
				stack = append(stack, s)
			}
			out = append(out, fmt.Sprintf("STACK: %d %s", len(stack), strings.Join(stack, " ")))
		}
	}
	return out
}

func num(n *int) string {
	if n == nil {
		return "null"
	}
	return fmt.Sprint(*n)
}

func TestGolden(t *testing.T) {
	for _, g := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(g.path), ".txt"), func(t *testing.T) {
			reports := Parse(g.log)
			got := describe(reports)
			if *update {
				head := strings.Join(append(append([]string{}, g.author...), got...), "\n")
				require.NoError(t, os.WriteFile(g.path, append([]byte(head+"\n\n"), g.log...), 0o644))
				return
			}
			assert.Equal(t, strings.Join(g.expect, "\n"), strings.Join(got, "\n"))
		})
	}
}
