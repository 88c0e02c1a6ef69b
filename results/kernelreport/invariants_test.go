package kernelreport

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// reboot divides joined logs: what follows is another boot, whatever was open before it.
const reboot = "\n[    0.000000] Linux version 6.12.0 (a@b) #1\n"

// checkInvariants is what must hold for any input. It returns the reports.
func checkInvariants(t testing.TB, text []byte) []Report {
	t.Helper()
	for l := range bytes.Lines(text) {
		l = bytes.TrimSuffix(l, []byte("\n"))
		ln := strip(l[:min(len(l), maxLine)])
		it := classify(ln.body, false)
		switch it.what {
		case lineFrame:
			if !it.frame.tidy || it.frame.style == styleDecoded {
				continue // counts inside a stack only
			}
			fallthrough
		case lineHeader, linePanic, lineTask, lineTrace, linePath, lineCut, lineRule, lineBoot:
			require.True(t, mayMatter(ln.body, marksOf(ln.body)), "the quick test misses %q", ln.body)
		}
	}
	reports := Parse(text)
	last := 0
	for i := range reports {
		r := &reports[i]
		require.True(t, 0 <= r.Start && r.Start < r.End && r.End <= len(text), "report %d: start %d, end %d of %d", i, r.Start, r.End, len(text))
		require.GreaterOrEqual(t, r.Start, last, "reports out of order")
		last = r.Start
		require.NotEmpty(t, r.Kind)
		require.NotEmpty(t, r.Title)
		require.NotEmpty(t, r.Signature)
		require.GreaterOrEqual(t, r.Count, 1)
		require.NotNil(t, r.Tasks)
		for _, k := range r.Tasks {
			require.NotEmpty(t, k.Role)
			require.NotNil(t, k.Frames)
		}
	}
	return reports
}

// checkExcerpts: each report is found again in its excerpt, saying the same. Where several writers are mixed the excerpt
// lacks what the others began before, so that there only the beginning must be recognised, and not even that of a stack
// without header: lines that went to another report fill it up.
func checkExcerpts(t testing.TB, text []byte, reports []Report) {
	t.Helper()
	writers := map[string]bool{}
	for l := range bytes.Lines(text) {
		if ln := strip(l[:min(len(l), maxLine)]); len(ln.body) > 0 {
			writers[fmt.Sprintf("%q %q %v", ln.host, ln.caller, ln.bare)] = true
		}
	}
	for i := range reports {
		r := reports[i]
		if len(writers) > 1 && strings.Contains(r.Corrupted, "no header before the stack") {
			continue
		}
		if bytes.Contains(text[r.Start:r.End], []byte("ame stack as ")) {
			continue // the stack is in another report
		}
		anchored := 0
		for l := range bytes.Lines(text[r.Start:r.End]) {
			anchored += b2i(newEngine(nil).anchor(bytes.TrimRight(l, "\r\n")) > 0)
		}
		if anchored == 1 {
			continue // its prefix was learned from the lines around it, which the excerpt lacks
		}
		again := Parse(text[r.Start:r.End])
		want := sameButPlace(r)
		found := false
		var got []string
		for _, a := range again {
			s := sameButPlace(a)
			if bytes.Contains(text[r.Start:r.End], []byte("COMMAND: ")) {
				s, want = listed.ReplaceAllString(s, ""), listed.ReplaceAllString(want, "")
			}
			got = append(got, s)
			found = found || a.Start == 0 && (s == want && a.End == r.End-r.Start || len(writers) > 1)
		}
		require.True(t, found, "report %d is not in its excerpt:\n%s\ngot:\n%s\nexcerpt:\n%q", i, want, got, text[r.Start:r.End])
	}
}

func sameButPlace(r Report) string {
	r.Count = 1
	return fmt.Sprint(describe([]Report{r}))
}

// listed is what lists of tasks, and the command that printed the stack, told of a task before its report began.
var listed = regexp.MustCompile(` state=\S* seconds=\S*`)

// checkStream: a Scanner that gets the text in small pieces says what Parse says.
func checkStream(t testing.TB, text []byte, reports []Report) {
	t.Helper()
	s := NewScanner(iotest.HalfReader(bytes.NewReader(text)))
	var got []Report
	for s.Scan() {
		got = append(got, s.Report())
	}
	require.NoError(t, s.Err())
	require.Equal(t, len(reports), len(got))
	for i := range got {
		require.Equal(t, reports[i], got[i])
	}
}

// checkJoin: two logs after each other give the reports of both.
func checkJoin(t testing.TB, a, b []byte, ra, rb []Report) {
	t.Helper()
	joined := append(append(append([]byte{}, a...), reboot...), b...)
	shift := len(a) + len(reboot)
	got := Parse(joined)
	require.Equal(t, len(ra)+len(rb), len(got), "joined logs")
	for i := range got {
		want := Report{}
		if i < len(ra) {
			want = ra[i]
		} else {
			want = rb[i-len(ra)]
			want.Start += shift
			want.End += shift
		}
		require.Equal(t, want, got[i], "report %d of the joined logs", i)
	}
}

func TestInvariantsOnCorpus(t *testing.T) {
	files := goldenFiles(t)
	for i, g := range files {
		reports := checkInvariants(t, g.log)
		checkExcerpts(t, g.log, reports)
		checkStream(t, g.log, reports)
		next := files[(i+1)%len(files)]
		checkJoin(t, g.log, next.log, reports, Parse(next.log))
	}
}

// damageRounds is how often each log is damaged; KERNELREPORT_DAMAGE asks for more.
func damageRounds() int {
	if n, err := strconv.Atoi(os.Getenv("KERNELREPORT_DAMAGE")); err == nil {
		return n
	}
	return 10
}

// TestDamagedCorpus feeds the corpus with lines lost, doubled, cut and shuffled.
func TestDamagedCorpus(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, g := range goldenFiles(t) {
		lines := bytes.SplitAfter(g.log, []byte("\n"))
		for range damageRounds() {
			var text []byte
			for _, l := range lines {
				switch rng.IntN(20) {
				case 0:
				case 1:
					text = append(append(text, l...), l...)
				case 2:
					text = append(text, l[:rng.IntN(len(l)+1)]...)
				case 3:
					text = append(text, lines[rng.IntN(len(lines))]...)
				default:
					text = append(text, l...)
				}
			}
			reports := checkInvariants(t, text)
			checkExcerpts(t, text, reports)
			checkStream(t, text, reports)
		}
	}
}

// processorTime is what this process has used so far: on a busy machine the wall clock accuses the innocent.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// checkLive: a text that is written in two pieces, and looked at in between, has the reports of the whole.
func checkLive(t *testing.T, text []byte, want []Report) {
	t.Helper()
	l := NewLive()
	_, _ = l.Write(text[:len(text)/2])
	half, _, _ := l.Reports()
	require.Equal(t, Parse(text[:len(text)/2]), append([]Report{}, half...))
	_, _ = l.Write(text[len(text)/2:])
	all, size, _ := l.Reports()
	require.Equal(t, len(text), size)
	require.Equal(t, want, append([]Report{}, all...))
}

func FuzzParse(f *testing.F) {
	for _, g := range goldenFiles(f) {
		f.Add(g.log)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		began := processorTime(t)
		reports := checkInvariants(t, text)
		if spent := processorTime(t) - began; spent > time.Second && len(text) < 1<<20 {
			t.Fatalf("%d bytes took %s", len(text), spent)
		}
		checkExcerpts(t, text, reports)
		checkStream(t, text, reports)
		checkLive(t, text, reports)
		checkJoin(t, text, text, reports, reports)
	})
}
