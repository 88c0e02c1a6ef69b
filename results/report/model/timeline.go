package model

import (
	"bufio"
	"regexp"
	"slices"
	"strconv"

	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
)

// Timeline is one trial on the guest's clock, all times in seconds of its uptime.
type Timeline struct {
	Trial    store.Trial
	From, To float64
	Rate     []Rate    // of all workloads together
	Phases   []Mark    // when each began
	Faults   []Span    // armed, or an outage
	Landed   []float64 // faults that the kernel printed; it prints not all
	Pressure []Span
	Blocked  []Span // tasks asleep for too long
}

// Rate is operations per second since the sample before.
type Rate struct{ T, PerSecond float64 }

// Mark is a moment.
type Mark struct {
	T    float64
	Text string
}

// Span is a stretch of time.
type Span struct {
	From, To float64
	Text     string
	armed    bool // it may fire; whether it did is told elsewhere
}

// Bounds of what is read and kept of one trial.
const (
	maxHistory = 16 << 20 // bytes
	maxLanded  = 2000
	maxBlocked = 40
)

// timeline reads the history of a trial; nil if there is none. Lines that cannot be read are left out.
func timeline(run *store.Run, t store.Trial, reports []kernelreport.Report) *Timeline {
	f, err := run.Open(store.TrialFile(t.N, evidence.History))
	if err != nil {
		return nil
	}
	defer f.Close()
	l := &Timeline{Trial: t}
	var before sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxHistory)
	for lines.Scan() {
		if e, ok := evidence.Parse(lines.Bytes()); ok && e.T > 0 {
			l.take(e, &before)
		}
	}
	l.close()
	if l.To <= l.From {
		return nil
	}
	l.Landed = landed(run, t.N, reports)
	return l
}

// sample is how much was done at a time.
type sample struct {
	t   float64
	ops int64
}

func (l *Timeline) take(e evidence.Line, before *sample) {
	if l.From == 0 || e.T < l.From {
		l.From = e.T
	}
	l.To = max(l.To, e.T)
	switch e.Type {
	case evidence.Phase:
		// A phase goes on saying why it waits.
		if n := len(l.Phases); n == 0 || l.Phases[n-1].Text != e.What {
			l.Phases = append(l.Phases, Mark{e.T, e.What})
		}
	case evidence.Workload:
		var d evidence.Sample
		if e.Into(&d) && len(d.Ops) > 0 {
			l.rate(e.T, d.Ops, before)
		}
	case evidence.Fault:
		l.Faults = spans(l.Faults, e)
	case evidence.Pressure:
		l.Pressure = spans(l.Pressure, e)
	case evidence.Blocked:
		var d evidence.Sleeper
		if e.Into(&d) && d.Since > 0 && len(l.Blocked) < maxBlocked {
			l.Blocked = append(l.Blocked, Span{From: d.Since, Text: e.What})
		}
	}
}

func (l *Timeline) rate(t float64, ops []int64, before *sample) {
	now := sample{t: t}
	for _, n := range ops {
		now.ops += n
	}
	if before.t > 0 && now.t > before.t {
		l.Rate = append(l.Rate, Rate{now.t, float64(max(now.ops-before.ops, 0)) / (now.t - before.t)})
	}
	*before = now
}

// spans opens a span when a fault is armed or an outage begins, and closes it when it ends or is asked what it did.
// Of an outage, only the times count when it was there.
func spans(list []Span, e evidence.Line) []Span {
	switch e.What {
	case "armed":
		return append(list, Span{From: e.T, Text: e.Detail, armed: true})
	case "begun":
		list = slices.DeleteFunc(list, func(s Span) bool { return s.armed && s.Text == e.Detail })
		return append(list, Span{From: e.T, Text: e.Detail})
	case "ended", "proof":
		known := false
		for i := range slices.Backward(list) {
			known = known || list[i].Text == e.Detail
			if list[i].Text == e.Detail && list[i].To == 0 {
				list[i].To = e.T
				break
			}
		}
		if !known { // from before the snapshot that the trial began with
			return append(list, Span{To: e.T, Text: e.Detail})
		}
	}
	return list
}

// close ends what is still open at the end of the trial.
func (l *Timeline) close() {
	for _, list := range [][]Span{l.Faults, l.Pressure, l.Blocked} {
		for i := range list {
			if list[i].To == 0 {
				list[i].To = l.To
			}
		}
	}
}

// stamp is the kernel's own time at the beginning of a line.
var stamp = regexp.MustCompile(`^(?:<\d+>)?\[\s*(\d+\.\d+)\]`)

// landed reads off the console when faults landed.
func landed(run *store.Run, n int, reports []kernelreport.Report) []float64 {
	f, err := run.Open(store.TrialFile(n, evidence.Console))
	if err != nil {
		return nil
	}
	defer f.Close()
	var list []float64
	line := make([]byte, 48)
	for _, r := range reports {
		if r.Kind != kernelreport.KindFaultInjection || len(list) == maxLanded {
			continue
		}
		got, _ := f.ReadAt(line, int64(r.Start))
		if m := stamp.FindSubmatch(line[:got]); m != nil {
			t, _ := strconv.ParseFloat(string(m[1]), 64)
			list = append(list, t)
		}
	}
	return list
}

// samples are timelines of one trial of each arm that ended without a finding.
func samples(stored store.Stored) []Timeline {
	var list []Timeline
	for _, arm := range stored.Manifest.Arms {
		for _, t := range stored.Trials {
			if t.Arm != arm.Name || t.Signature != "" {
				continue
			}
			reports, _ := stored.Reports(t.N)
			if l := timeline(stored.Run, t, reports); l != nil && len(l.Rate) > 0 {
				list = append(list, *l)
				break
			}
		}
	}
	return list
}
