// Package verdict says what one trial showed, from what was observed of it.
//
// It is a pure function of the observations: it reads no guest and no file, so
// a verdict can be derived again from a stored trial. Unknown never becomes a
// pass: a trial whose target did not run, whose fault did not land or that was
// cut short is inconclusive, with the reason.
package verdict

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
)

// Kind is what a trial showed.
type Kind string

const (
	Clean        Kind = "clean"        // exercised, landed, nothing hung
	Hang         Kind = "hang"         // something stopped for good: it went on without any load
	Stall        Kind = "stall"        // something stopped, and came back when the load was gone
	Crash        Kind = "crash"        // oops, KASAN, lockdep, panic; data that is not what it was
	Inconclusive Kind = "inconclusive" // nothing can be concluded; Reason says why
	Error        Kind = "error"        // the harness's own failure; never counted
)

// Kinds lists all of them in the order of tables.
func Kinds() []Kind { return []Kind{Clean, Hang, Stall, Crash, Inconclusive, Error} }

// Counts says whether a trial that ended so says something about how often its kernel hangs.
func (k Kind) Counts() bool { return k == Clean || k == Hang || k == Stall || k == Crash }

// Counted is how many trials of some count.
func Counted(by map[Kind]int) (n int) {
	for k, some := range by {
		if k.Counts() {
			n += some
		}
	}
	return n
}

// Heads are the words over the columns of a table, in the order of Kinds.
func Heads() (heads []string) {
	for _, k := range Kinds() {
		if k == Inconclusive {
			k = "inconcl." // the word is wider than its numbers
		}
		heads = append(heads, string(k))
	}
	return heads
}

// Names of detectors.
const (
	Khungtaskd = "khungtaskd"  // the kernel's hung-task detector
	TaskWatch  = "task watch"  // the agent's watch over blocked tasks
	StallWatch = "stall watch" // the harness's watch over the pace of the workloads
	LoopWatch  = "loop watch"  // the harness's count of the client's operations: too many of a kind
	Silence    = "silence"     // the harness's own ear: the guest runs and says nothing
	Console    = "console"     // any other kernel report
	Checker    = "checker"     // a workload that checks what it reads
	Sysrq      = "sysrq"       // a task dump that the evidence collector asked for; evidence, no detector
	Known      = "known splat" // a crash report that is on the list of known ones; none of our business
	// Doubtful is khungtaskd alone, whose period is fixed, in a guest that ran slower than it should.
	Doubtful = "khungtaskd in a slow guest"
	// Impatient is the same for the kernel's other watchdogs: stalls and lockups.
	Impatient = "watchdog in a slow guest"
	// Hurried is khungtaskd alone, after its timeout was lowered since the load was gone.
	Hurried = "khungtaskd with its timeout lowered"
)

// Proves says whether a detector's word counts for a verdict.
func Proves(detector string) bool {
	return !slices.Contains([]string{Sysrq, Known, Doubtful, Impatient, Hurried}, detector)
}

// How a hang was confirmed, once it looked like one and the load was taken away.
const (
	Proven   = "proven"   // the tasks slept on, and no task, RPC or timer is left that could wake them
	Outlived = "outlived" // they slept on for longer than the longest timer known to be pending
	Back     = "back"     // they came back: a stall
)

// Confirmation is what became of what looked like a hang when workers were stopped,
// pressure lifted and faults disarmed.
type Confirmation struct {
	How     string  `json:"how"`               // proven, outlived, back
	Quiet   float64 `json:"quiet_seconds"`     // guest seconds without load that were watched
	Lasted  float64 `json:"lasted_seconds"`    // since the first of its tasks fell asleep, to the end of the watch or until they came back
	Timer   string  `json:"timer,omitempty"`   // the longest timer known to be pending; "" for none
	Seconds float64 `json:"timer_seconds"`     // how long it may run, 0 without one
	Under   string  `json:"under,omitempty"`   // who waits for whom, as seen under load
	Without string  `json:"without,omitempty"` // the same without load; "" when they came back
	Asleep  []int   `json:"asleep,omitempty"`  // process ids of the tasks still blocked at the end of the watch
}

// String says it in one clause.
func (c Confirmation) String() string {
	switch c.How {
	case Back:
		if c.Quiet == 0 {
			return fmt.Sprintf("lasted %.0f s, and then ended by itself", c.Lasted)
		}
		return fmt.Sprintf("lasted %.0f s, and continued once the load was stopped", c.Lasted)
	case Proven:
		return fmt.Sprintf("proven: after %.0f s without load, nothing is left that could wake its tasks", c.Quiet)
	}
	if c.Timer == "" {
		return fmt.Sprintf("outlived its load: still there after %.0f s without load, and no timer is pending", c.Quiet)
	}
	return fmt.Sprintf("outlived its load: still there after %.0f s without load; the longest pending timer lasts %.0f s: %s", c.Quiet, c.Seconds, c.Timer)
}

// Observations are what is known of a trial when it is over.
type Observations struct {
	WantLayout string `json:"want_layout"` // as mountstats spells it, "" for no demand
	Layout     string `json:"layout"`      // as negotiated

	Target    string   `json:"target,omitempty"`          // the function that should be called, "" for none
	Below     []string `json:"below,omitempty"`           // functions that should stand below it on the stack; none: any call will do
	Exercised int64    `json:"exercised"`                 // calls of it that came so
	Elsewhere int64    `json:"calls_elsewhere,omitempty"` // calls of it that did not

	Faults          int   `json:"faults"`                     // faults the scenario armed
	Landed          int64 `json:"landed"`                     // hits of them, of calls that came so
	LandedElsewhere int64 `json:"landed_elsewhere,omitempty"` // hits of calls that did not

	Operations int64                 `json:"operations"` // of all workers
	Reports    []kernelreport.Report `json:"-"`          // everything a detector reported, each with its Detector; stored apart

	// Confirmed is nil if nothing looked like a hang, or nothing could be watched: the guest
	// stayed silent, or the kernel alone saw it.
	Confirmed *Confirmation `json:"confirmed,omitempty"`

	CutShort string `json:"cut_short,omitempty"` // why the trial did not run to its end, "" when it did
	Failure  string `json:"failure,omitempty"`   // what failed in the harness, "" for nothing
}

// Verdict is the outcome.
type Verdict struct {
	Kind      Kind     `json:"verdict"`
	Reason    string   `json:"reason,omitempty"`    // why inconclusive, or what failed
	Doubt     Doubt    `json:"doubt,omitempty"`     // the kind of reason that makes it inconclusive
	Title     string   `json:"title,omitempty"`     // of the report that decided
	Signature string   `json:"signature,omitempty"` // of that report
	Detectors []string `json:"detectors,omitempty"` // all that saw a hang or crash
	AlsoCut   string   `json:"also_cut_short,omitempty"`
	Known     []string `json:"known_splats,omitempty"` // signatures of known splats, which decide nothing
}

// Decide gives the verdict. A failure of the harness outranks all, since then
// nothing else can be trusted; a crash outranks a hang, which it may have
// caused; a hang that ended without load is a stall; each outranks doubts about whether the target was reached, because
// a hang is a finding however it came about.
func Decide(o Observations) Verdict {
	v := decide(o)
	for _, r := range o.Reports {
		if r.Detector == Known && !slices.Contains(v.Known, r.Signature) {
			v.Known = append(v.Known, r.Signature)
		}
	}
	return v
}

func decide(o Observations) Verdict {
	if o.Failure != "" {
		return Verdict{Kind: Error, Reason: o.Failure}
	}
	for _, kind := range []Kind{Crash, Hang} {
		v, ok := found(kind, o)
		if ok && kind == Hang && o.Confirmed != nil && o.Confirmed.How == Back {
			v.Kind = Stall
		}
		if ok && unwatched(v, o) {
			return Verdict{Kind: Inconclusive, Doubt: CutShort, Reason: "a workload made no progress, with no task blocked, and the trial was cut short before it could go on without load: " + o.CutShort}
		}
		if ok {
			return v
		}
	}
	if d, reason := doubt(o); d != "" {
		return Verdict{Kind: Inconclusive, Reason: reason, Doubt: d}
	}
	return Verdict{Kind: Clean}
}

// unwatched says that only the pace of a workload looks like a hang, and that it was not seen whether the workload goes on without
// load: a guest that is starved by its host looks the same.
func unwatched(v Verdict, o Observations) bool {
	return v.Kind == Hang && slices.Equal(v.Detectors, []string{StallWatch}) && o.Confirmed == nil && o.CutShort != ""
}

// found is the verdict by reports of one kind. The first of those that tell most
// names it. Dumps that
// we asked for ourselves prove nothing, nor does a detector that a slow guest
// may have fooled.
func found(kind Kind, o Observations) (Verdict, bool) {
	v := Verdict{Kind: kind, AlsoCut: o.CutShort}
	told := -1
	for _, s := range o.Reports {
		if KindOf(s.Kind) != kind || !Proves(s.Detector) {
			continue
		}
		if t := tells(s, o.Confirmed); t > told {
			v.Title, v.Signature, told = s.Title, s.Signature, t
		}
		if !slices.Contains(v.Detectors, s.Detector) {
			v.Detectors = append(v.Detectors, s.Detector)
		}
	}
	return v, len(v.Detectors) > 0
}

// tells ranks reports as names of a hang: one without a stack says least; the
// workers of a stalled workload wait for whom a detector saw blocked, if any; and
// whoever waits for a lock waits for somebody who tells more. A task that came back when
// the load was gone, while others slept on, was slow and did not hang.
func tells(r kernelreport.Report, c *Confirmation) int {
	if len(r.Tasks) > 0 && r.Tasks[0].WaitFrame == "" {
		return 0
	}
	rank := 1
	if c != nil && len(r.Tasks) > 0 && r.Tasks[0].PID != nil && slices.Contains(c.Asleep, *r.Tasks[0].PID) {
		rank += 4
	}
	if !r.WaitsForLock() {
		rank++
	}
	if r.Kind != kernelreport.KindWorkloadStall {
		rank += 2
	}
	return rank
}

func doubt(o Observations) (Doubt, string) {
	switch {
	case o.CutShort != "":
		return CutShort, "cut short: " + o.CutShort
	case o.WantLayout != "" && !strings.EqualFold(o.Layout, o.WantLayout):
		return NotGranted, fmt.Sprintf("layout not granted: want %s, the mount has %q", o.WantLayout, o.Layout)
	case o.Operations == 0:
		return Idle, "the workloads did nothing"
	case o.Target != "" && o.Exercised == 0 && o.Elsewhere > 0:
		return NotExercised, fmt.Sprintf("not exercised: %s was called only on other paths, not below %s", o.Target, strings.Join(o.Below, " < "))
	case o.Target != "" && o.Exercised == 0:
		return NotExercised, fmt.Sprintf("not exercised: %s was never called", o.Target)
	case o.Faults > 0 && o.Landed == 0 && o.LandedElsewhere > 0:
		return NotLanded, "fault did not land on the path: only in calls on other paths"
	case o.Faults > 0 && o.Landed == 0:
		return NotLanded, "fault did not land"
	}
	return "", ""
}

// KindOf sorts kernel reports: which kinds are hangs, which are crashes, and
// which ("") say nothing about the kernel's health.
func KindOf(k kernelreport.Kind) Kind {
	switch k {
	case kernelreport.KindHungTask, kernelreport.KindBlockedTask, kernelreport.KindProcStack,
		kernelreport.KindWorkloadStall, kernelreport.KindGuestSilent, kernelreport.KindRCUStall, kernelreport.KindSoftLockup, kernelreport.KindHardLockup, kernelreport.KindWorkqueueLockup:
		return Hang
	case kernelreport.KindFaultInjection, kernelreport.KindWarning, kernelreport.KindLostLock:
		return "" // what we asked for, and what the kernel itself goes on after
	}
	return Crash
}
