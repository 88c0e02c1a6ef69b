package paths

import (
	"regexp"
	"strconv"
	"strings"
)

// Histogram is what a file events/SYSTEM/EVENT/hist in tracefs says of a trigger
// hist:keys=common_stacktrace (Documentation/trace/histogram.rst).
type Histogram struct {
	Stacks []Stack
	// Dropped is how many hits found no room in the table: they are in no stack.
	Dropped int64
}

var (
	frameLine   = regexp.MustCompile(`^\s+([A-Za-z_][A-Za-z0-9_.]*)(\+0x[0-9a-f]+/0x[0-9a-f]+)?(\s+\[[^\]]+\])?\s*$`)
	hitLine     = regexp.MustCompile(`^\s*\}? *hitcount: +([0-9]+)`)
	droppedLine = regexp.MustCompile(`^\s*Dropped: ([0-9]+)`)
)

// mostFrames bounds what is kept of one stack; the kernel's own bound is 31.
const mostFrames = 64

// ReadHistogram reads the file's text. Lines that it does not know are passed over;
// a stack without a count is no stack.
func ReadHistogram(text string) (h Histogram) {
	var frames []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.Contains(line, "stacktrace:") && strings.HasPrefix(line, "{") {
			frames = nil
			continue
		}
		if m := frameLine.FindStringSubmatch(line); m != nil && len(frames) < mostFrames {
			frames = append(frames, plainName(m[1]))
			continue
		}
		if m := hitLine.FindStringSubmatch(line); m != nil {
			if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && len(frames) > 0 {
				h.Stacks = append(h.Stacks, Stack{Frames: frames, Hits: n})
			}
			frames = nil
			continue
		}
		if m := droppedLine.FindStringSubmatch(line); m != nil {
			h.Dropped, _ = strconv.ParseInt(m[1], 10, 64)
		}
	}
	return h
}

// plainName is a function's name without what the compiler put behind it for a copy of
// its own: .isra.0, .constprop.0, .part.0.
func plainName(symbol string) string {
	name, _, _ := strings.Cut(symbol, ".")
	return name
}
