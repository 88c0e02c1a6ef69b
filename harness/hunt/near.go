package hunt

import (
	"bufio"
	"fmt"
	"io"

	"loopfault/results/evidence"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// sleepOf is the sleep of a task, in guest seconds, that is halfway to a hang: longer than a request takes that the
// server puts off once.
const sleepOf = 6.0

// Nearness is how near a trial came to a hang, 0 to 1: by the longest uninterruptible sleep of any task under load, given
// the lines of the trial's history; a stall is 1, and a hang as well.
func Nearness(t store.Trial, history io.Reader) (float64, error) {
	if t.Verdict.Kind == verdict.Stall || t.Verdict.Kind == verdict.Hang {
		return 1, nil
	}
	longest := 0.0
	lines := bufio.NewScanner(history)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		l, ok := evidence.Parse(lines.Bytes())
		var s evidence.Sample
		if ok && l.Type == evidence.Workload && l.Into(&s) {
			longest = max(longest, s.Oldest)
		}
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("history of trial %d: %w", t.N, err)
	}
	return longest / (longest + sleepOf), nil
}

// maxLine is the longest line of a history that is read.
const maxLine = 1 << 20
