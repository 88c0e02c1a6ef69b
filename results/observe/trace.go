package observe

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"loopfault/results/paths"
)

// Event is one passing of a point.
type Event struct {
	Point  string
	Task   int     // pid
	At     float64 // seconds of the trace's clock
	Object uint64  // 0 when nothing says which
	Stack  []string
}

// below says whether functions stand below the point's on the stack.
func (e Event) below(functions []string) bool {
	return len(functions) == 0 || len(e.Stack) > 0 && paths.Stack{Frames: e.Stack}.Took(e.Stack[0], functions)
}

// notBelow says whether some function stands below the point's on the stack, above the first of those that have to: what is
// further down was under way before.
func (e Event) notBelow(below, functions []string) bool {
	stack := e.Stack
	if len(below) > 0 {
		first := strings.Split(below[0], "|")
		if at := slices.IndexFunc(stack, func(f string) bool { return slices.Contains(first, f) }); at >= 0 {
			stack = stack[:at]
		}
	}
	return slices.ContainsFunc(functions, func(f string) bool { return Event{Stack: stack}.below([]string{f}) })
}

// Field is the name of the value that says which object an event is about.
const Field = "object"

// EventOf is the name that a point's event has in the kernel.
func EventOf(point string) string { return strings.ReplaceAll(point, "-", "_") }

var (
	eventLine = regexp.MustCompile(`-([0-9]+)\s+(?:\(\s*[-0-9]*\)\s+)?\[[0-9]+\]\s+\S*\s*([0-9]+\.[0-9]+): ([a-z0-9_]+): \(([A-Za-z0-9_.]+)\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?(?: \[[^\]]*\])?\)(.*)$`)
	stackLine = regexp.MustCompile(`-([0-9]+)\s+(?:\(\s*[-0-9]*\)\s+)?\[[0-9]+\]\s+\S*\s*[0-9]+\.[0-9]+: <stack trace>`)
	frameLine = regexp.MustCompile(`^ => ([A-Za-z_][A-Za-z0-9_]*)`)
	fieldForm = regexp.MustCompile(` ([a-z0-9_]+)=(0x[0-9a-f]+|-?[0-9]+)`)
)

// ReadTrace reads the text of a trace buffer (Documentation/trace/ftrace.rst), in the
// order of its lines: passings of points, each with the stack that follows it. Lines of
// other events are passed over.
func ReadTrace(text string, points []Point) []Event {
	var events []Event
	var at *Event                 // whose stack is being read
	var function string           // that the point of at is in
	open := map[int]int{}         // by task: the index of its last event, which has no stack yet
	functions := map[int]string{} // likewise, where that is
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := frameLine.FindStringSubmatch(line); m != nil {
			if at != nil && (len(at.Stack) > 0 || m[1] == function) { // what is above it is the probe's
				at.Stack = append(at.Stack, m[1])
			}
			continue
		}
		if strings.HasPrefix(line, " => ") {
			continue // an address without a name: a trampoline's
		}
		at = nil
		if m := stackLine.FindStringSubmatch(line); m != nil {
			task, _ := strconv.Atoi(m[1])
			if i, ok := open[task]; ok {
				at, function = &events[i], functions[task]
				delete(open, task)
			}
			continue
		}
		m := eventLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := slices.IndexFunc(points, func(p Point) bool { return EventOf(p.Name) == m[3] })
		if p < 0 {
			continue
		}
		e := Event{Point: points[p].Name}
		e.Task, _ = strconv.Atoi(m[1])
		e.At, _ = strconv.ParseFloat(m[2], 64)
		for _, f := range fieldForm.FindAllStringSubmatch(m[5], -1) {
			if f[1] == Field {
				n, _ := strconv.ParseUint(f[2], 0, 64)
				e.Object = n - points[p].Minus
			}
		}
		events = append(events, e)
		open[e.Task], functions[e.Task] = len(events)-1, plain(m[4])
	}
	return settle(events, points)
}

// plain is a function's name without the compiler's own endings.
func plain(symbol string) string {
	name, _, _ := strings.Cut(symbol, ".")
	return name
}

// settle leaves out what does not stand on the stack that its point asks for, and gives
// events without an object that of their task's last one.
func settle(events []Event, points []Point) []Event {
	last := map[int]uint64{}
	var kept []Event
	for _, e := range events {
		p := points[slices.IndexFunc(points, func(p Point) bool { return p.Name == e.Point })]
		if !e.below(p.Below) || e.notBelow(p.Below, p.NotBelow) {
			continue
		}
		if e.Object == 0 {
			e.Object = last[e.Task]
		}
		last[e.Task] = e.Object
		kept = append(kept, e)
	}
	return kept
}
