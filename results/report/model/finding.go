package model

import (
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/symbols"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/trialdir"
)

// Finding is one signature of a hang or crash, over all arms.
type Finding struct {
	Kind      verdict.Kind
	Signature string
	Title     string
	Detectors []string
	Arms      []ArmCount
	Trials    []int       // that ended with it
	First     store.Trial // the first of them, by preference of no control; all that follows is of it
	Wanted    bool        // only controls ended with it
	Known     string      // why it is known, from the campaign's list of known issues
	Injected  string      // see the function of that name
	Commands  []string    // that run the first trial again
	Stack     *Stack      // nil: no report with a stack is stored
	Console   string      // what the kernel printed of it, "" when it did not
	Why       *waitfor.Explanation
	Timeline  *Timeline // nil: there is no history
	Files     []string  // of the trial's directory, relative to it
}

// ArmCount is how many trials of an arm ended with the finding.
type ArmCount struct {
	Name    string
	Control bool
	Count   int
}

// Stack is the most informative stack of a finding.
type Stack struct {
	Comm, State string
	PID         *int
	Blocked     *int // seconds
	Detector    string
	Frames      []kernelreport.Frame
}

// Who is the task; a workload that stalls as a whole is none.
func (s Stack) Who() string {
	if s.Comm == "" {
		return "a task of the workload"
	}
	return s.Comm
}

// Text is the stack as the kernel's tools print one, a line for each entry.
func (s Stack) Text() string {
	var b strings.Builder
	symbols.Fprint(&b, "", s.Frames)
	return b.String()
}

// consoleBytes is the most of a console that is quoted.
const consoleBytes = 24 << 10

func findings(m store.Manifest, trials []store.Trial) []Finding {
	var list []Finding
	for _, t := range trials {
		if t.Signature == "" || !t.Verdict.Kind.Counts() || t.Verdict.Kind == verdict.Clean {
			continue
		}
		i := slices.IndexFunc(list, func(f Finding) bool { return f.Signature == t.Signature && f.Kind == t.Verdict.Kind })
		if i < 0 {
			i = len(list)
			list = append(list, Finding{Kind: t.Verdict.Kind, Signature: t.Signature, Title: t.Title, Wanted: true})
		}
		list[i].add(Run{Manifest: m}.Arm(t.Arm), t)
	}
	for i, f := range list {
		arm := Run{Manifest: m}.Arm(f.First.Arm)
		if k := m.KnownIssue(f.First); k != nil {
			list[i].Known = k.Why()
		}
		list[i].Injected, list[i].Commands = Injected(arm, f.First), replay(m, arm, f.First)
	}
	slices.SortStableFunc(list, func(a, b Finding) int {
		if a.Wanted != b.Wanted {
			return map[bool]int{false: -1, true: 1}[a.Wanted]
		}
		return len(b.Trials) - len(a.Trials)
	})
	return list
}

func (f *Finding) add(arm store.Arm, t store.Trial) {
	if len(f.Trials) == 0 || f.Wanted && !arm.Control { // a kernel without a planted bug tells more
		f.First = t
	}
	f.Trials = append(f.Trials, t.N)
	f.Wanted = f.Wanted && arm.Control
	for _, d := range t.Detectors {
		if !slices.Contains(f.Detectors, d) {
			f.Detectors = append(f.Detectors, d)
		}
	}
	i := slices.IndexFunc(f.Arms, func(c ArmCount) bool { return c.Name == t.Arm })
	if i < 0 {
		i = len(f.Arms)
		f.Arms = append(f.Arms, ArmCount{Name: t.Arm, Control: arm.Control})
	}
	f.Arms[i].Count++
}

// read adds what lies in the files of the first trial.
func (f *Finding) read(stored store.Stored, o Options) {
	n := f.First.N
	reports, _ := stored.Reports(n)
	arm := Run{Manifest: stored.Manifest}.Arm(f.First.Arm)
	if r := telling(reports, f.Signature); r != nil {
		if o.Symbolize != nil {
			o.Symbolize(arm, r)
		}
		f.Stack = stackOf(*r)
	}
	f.Console = printed(stored.Run, n, reports, f.Signature)
	if f.Kind == verdict.Hang || f.Kind == verdict.Stall {
		if x, err := trialdir.Explain(stored.Run, n); err == nil && x.Class != waitfor.Nothing {
			f.Why = &x
		}
	}
	f.Timeline = timeline(stored.Run, f.First, reports)
	f.Files = files(stored.Run, n)
}

// telling is the report that gave a finding its name, by preference one with a stack.
func telling(reports []kernelreport.Report, signature string) *kernelreport.Report {
	var found *kernelreport.Report
	for i, r := range reports {
		if r.Signature == signature && verdict.Proves(r.Detector) && (found == nil || stackOf(*found) == nil) {
			found = &reports[i]
		}
	}
	return found
}

func stackOf(r kernelreport.Report) *Stack {
	for _, t := range r.Tasks {
		if len(t.Frames) > 0 && (t.Role == kernelreport.RoleVictim || t.Role == kernelreport.RoleOwner) {
			return &Stack{Comm: t.Comm, State: t.State, PID: t.PID, Blocked: t.BlockedSeconds, Detector: r.Detector, Frames: t.Frames}
		}
	}
	return nil
}

// printed is what the console says of a finding: the kernel's own report of that name, or else the first one of its
// detectors.
func printed(run *store.Run, n int, reports []kernelreport.Report, signature string) string {
	var best *kernelreport.Report
	for i, r := range reports {
		onConsole := r.Detector == verdict.Khungtaskd || r.Detector == verdict.Console
		if !onConsole || verdict.KindOf(r.Kind) == "" {
			continue
		}
		if best == nil || r.Signature == signature && best.Signature != signature {
			best = &reports[i]
		}
	}
	if best == nil || best.End <= best.Start {
		return ""
	}
	text, _ := readAt(run, n, "console.log", int64(best.Start), min(best.End-best.Start, consoleBytes))
	if best.End-best.Start > consoleBytes {
		text += "\n[… the rest is in console.log]\n"
	}
	return text
}
