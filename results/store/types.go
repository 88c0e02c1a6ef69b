package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"loopfault/results/known"
	"loopfault/results/observe"
	"loopfault/results/paths"
	"loopfault/results/verdict"
)

// Manifest is manifest.json: all that made a run, written before its first
// trial.
type Manifest struct {
	Format   int             `json:"format"` // of this tree, see Format
	Run      string          `json:"run"`
	Started  time.Time       `json:"started"`
	Command  []string        `json:"command"` // as the user typed it
	Scenario json.RawMessage `json:"scenario"`
	Name     string          `json:"scenario_name"`
	Arms     []Arm           `json:"arms"`
	Terms
	QEMU     QEMU              `json:"qemu"`
	Image    Image             `json:"image"`
	Host     Host              `json:"host"`
	Versions map[string]string `json:"versions"`         // loopfault, go, qemu
	Merged   *Merged           `json:"merged,omitempty"` // what the run was merged from, nil if it was not
	Bundle   string            `json:"bundle,omitempty"` // the unpacked bundle that kernels and image are of, "" for none
}

// Terms are the requested parameters of a campaign. With them, its scenario and the same kernels it can be
// resumed.
type Terms struct {
	Seed      uint64   `json:"seed"`                   // of the plan
	Trials    int      `json:"trials"`                 // planned for each arm, 0 for no bound
	For       Duration `json:"for,omitempty"`          // no trial starts after so much working time; 0 for no bound
	Until     string   `json:"until,omitempty"`        // what stops it early, see UntilHang
	Power     float64  `json:"power,omitempty"`        // asked for of comparisons, between 0 and 1; 0 for the default
	Rate      float64  `json:"rate,omitempty"`         // to be shown of arms that do not hang, likewise
	Family    int      `json:"family,omitempty"`       // runs whose comparisons are read together; 0 for this one alone
	Part      string   `json:"part,omitempty"`         // of what the run is a part, as the command that made it names it
	Cold      bool     `json:"cold,omitempty"`         // every trial boots its own guest
	TrialSeed *uint64  `json:"trial_seed,omitempty"`   // of every trial, instead of the plan's
	ReplayOf  string   `json:"replay_of,omitempty"`    // RUN/N: the trial that this run repeats
	Stalls    bool     `json:"count_stalls,omitempty"` // stalls count as hangs do, in rates, comparisons and what stops early
	Vmcore    bool     `json:"vmcore,omitempty"`       // the memory of guests that hang is dumped
	Shard     Shard    `json:"shard,omitzero"`         // of the plan that the run has, as in "2/8"; none: all of it
	Deal      Deal     `json:"deal,omitempty"`         // how rounds are dealt out to shards: as older versions did, or "controls apart"
	// Known are known hangs and crashes: they do not count in rates, comparisons and what stops early.
	Known []known.Issue `json:"known,omitempty"`
}

// Whole is the name of what the run is a part of; "" if it stands alone.
func (t Terms) Whole() string {
	whole, _, _ := strings.Cut(t.Part, "/")
	return whole
}

// Duration is written as Go writes it, as in 10m0s.
type Duration time.Duration

// D is the same as the standard library has it.
func (d Duration) D() time.Duration { return time.Duration(d) }

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText is for encoding/json.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// What may stop a campaign early; "" is nothing but its bounds.
const (
	UntilHang       = "hang"       // the first hang of an arm that is no control
	UntilDifference = "difference" // every comparison has shown a difference; they are tested sequentially
	UntilAnswer     = "answer"     // likewise, or has had the trials that the power asked for takes
)

// Sequential says whether comparisons are tested so that they may be looked at
// after every trial. A shard does not see the trials before its own and tests
// nothing by itself: the run that it is merged into does.
func (t Terms) Sequential() bool {
	return (t.Until == UntilDifference || t.Until == UntilAnswer) && t.Shard == (Shard{})
}

// Hit says whether a trial counts as one that hung, in rates and comparisons.
func (m Manifest) Hit(t Trial) bool {
	k := t.Verdict.Kind
	return k == verdict.Hang && m.KnownIssue(t) == nil || k == verdict.Stall && m.StallsCount(t.Arm)
}

// KnownIssue is the list's entry for a trial's hang or crash, nil if it is not listed. The list is read as of
// the day on which the run began. Hangs of a control are never listed.
func (m Manifest) KnownIssue(t Trial) *known.Issue {
	if t.Verdict.Kind != verdict.Hang && t.Verdict.Kind != verdict.Crash {
		return nil
	}
	i := slices.IndexFunc(m.Arms, func(a Arm) bool { return a.Name == t.Arm })
	if i < 0 || m.Arms[i].Control || m.Arms[i].NoFault {
		return nil
	}
	scenario, _, _ := strings.Cut(m.Name, ":")
	w := known.Where{Scenario: scenario, Kernel: m.Arms[i].Kernel, Version: m.Arms[i].Version}
	h := known.Hang{Signature: t.Verdict.Signature, Resource: t.Resource}
	k := slices.IndexFunc(m.Known, func(k known.Issue) bool { return k.Covers(w, h) && !k.Expired(m.Started) })
	if k < 0 {
		return nil
	}
	return &m.Known[k]
}

// StallsCount says whether stalls of an arm count as hangs do.
func (m Manifest) StallsCount(arm string) bool {
	return m.Stalls || slices.ContainsFunc(m.Arms, func(a Arm) bool { return a.Name == arm && a.MayStall })
}

// Format is the version of the result tree that this code writes.
const Format = 1

// Arm is one kernel under comparison.
type Arm struct {
	Name       string  `json:"name"`
	Kernel     string  `json:"kernel"`              // as the user named it
	Control    bool    `json:"control"`             // carries a planted bug and has to hang
	MayStall   bool    `json:"may_stall,omitempty"` // a control that has shown its bug when it stalls
	NoFault    bool    `json:"no_fault,omitempty"`  // runs without the scenario's faults and must not hang
	Version    string  `json:"version"`             // uname -r
	BzImage    string  `json:"bzimage"`             // path it was booted from
	KernelHash string  `json:"kernel_hash"`         // sha256 of the bzImage
	KernelKey  string  `json:"kernel_key"`          // of its build
	ConfigHash string  `json:"config_hash"`
	SourceHash string  `json:"source_hash"`
	Patches    []Patch `json:"patches"`
	// InstrumentationPatches change the set-up and not the subject, and are the same for
	// every kernel that is built from source.
	InstrumentationPatches []Patch `json:"instrumentation_patches,omitempty"`

	Source    string     `json:"source,omitempty"`    // debian:VERSION, debian:PACKAGE or a directory
	Commit    string     `json:"commit,omitempty"`    // of git that the directory was a checkout of, as far as known
	Compiler  string     `json:"compiler,omitempty"`  // first line of gcc --version
	Fragments []string   `json:"fragments,omitempty"` // configuration on top of the built-in one, by file name
	Build     [][]string `json:"build,omitempty"`     // words of each command that builds the kernel; none: nobody knows
	// Instrumentation lists the options that watch this kernel or break it on purpose, as far as known.
	Instrumentation []string `json:"instrumentation,omitempty"`
}

// From says in words from which source and by which compiler the kernel was built; "" if unknown.
func (a Arm) From() string {
	var parts []string
	add := func(format, what string) {
		if what != "" {
			parts = append(parts, fmt.Sprintf(format, what))
		}
	}
	add("from %s", a.Source)
	add("commit %s", a.Commit)
	add("configuration %s", strings.Join(a.Fragments, ", "))
	add("by %s", a.Compiler)
	return strings.Join(parts, ", ")
}

// Patch is one change to an arm's source.
type Patch struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Reverse bool   `json:"reverse,omitempty"`
}

// Planned is one trial of the plan.
type Planned struct {
	N    int    `json:"n"`
	Arm  string `json:"arm"`
	Seed uint64 `json:"seed"`
}

// QEMU says how guests were run.
type QEMU struct {
	Binary string   `json:"binary"`
	Accel  string   `json:"accel"`
	Reason string   `json:"accel_reason"`
	Argv   []string `json:"argv"` // of the first arm's guest
}

// Image is the root image.
type Image struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256"`
}

// Host is the machine the run was made on.
type Host struct {
	Name   string `json:"name,omitempty"` // as the machine calls itself
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	MemMiB int    `json:"memory_mib"`
}

// Trial is verdict.json: the result of one trial and the data behind it.
type Trial struct {
	Planned
	verdict.Verdict
	verdict.Observations
	Explanation    string                 `json:"explanation,omitempty"`          // one line on who waits for whom, of a trial that hung
	Class          string                 `json:"explanation_class,omitempty"`    // of the explanation, as waitfor.Class names it
	Resource       string                 `json:"explanation_resource,omitempty"` // what tasks wait for in the end
	Kernel         string                 `json:"kernel"`                         // uname -r of the guest
	Host           string                 `json:"host,omitempty"`                 // machine that it ran on, of a trial of a shard
	Started        time.Time              `json:"started"`
	Seconds        float64                `json:"seconds"`                    // host time, boot to verdict
	WorkSeconds    float64                `json:"work_seconds,omitempty"`     // exposure: guest time under load, until the hang or the end of the load; 0 if not known
	HangAt         float64                `json:"hang_at,omitempty"`          // guest uptime at which the hang was first reported
	Warm           bool                   `json:"warm,omitempty"`             // started from a snapshot
	FirstOpSeconds float64                `json:"first_op_seconds,omitempty"` // host time, start of the trial to the first operation of a workload
	Tracking       string                 `json:"tracking,omitempty"`         // how the server tracked its clients, in the kernel's words
	Recoveries     []float64              `json:"recoveries,omitempty"`       // seconds from each outage to recovery
	Proofs         map[string]int64       `json:"proofs,omitempty"`           // kernel counters behind landed and pressure
	Workers        map[string]int64       `json:"workers,omitempty"`          // operations of each worker
	Paths          map[string]paths.Count `json:"paths,omitempty"`            // calls of the target, and faults landed in them, by the way that led to it
	Observed       []observe.Observed     `json:"observed,omitempty"`         // claims about the mechanism, each counted
	Instrumented   []string               `json:"instrumented,omitempty"`     // how features of changed kernels were provided
	Ops            map[string]int64       `json:"nfs_ops,omitempty"`          // operations on the wire during the trial
	Timings        map[string]float64     `json:"timings,omitempty"`          // seconds of each phase
	Dump           *Dump                  `json:"dump,omitempty"`             // evidence/vmcore, when it was asked for and due
	Schedule       string                 `json:"schedule,omitempty"`         // order of vCPUs at fault explore's points
	Nth            []Nth                  `json:"nth,omitempty"`              // results of failing each allocation
	Attempts       int                    `json:"attempts,omitempty"`         // more than 1 after infrastructure errors
}

// Dump is the outcome of a dump of a guest's memory.
type Dump struct {
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	Missing string  `json:"missing,omitempty"` // why there is none
}

// Nth is the result of failing the n-th allocation of a path.
type Nth struct {
	N         int            `json:"n"`
	Tries     int            `json:"tries"`
	Landed    int            `json:"landed"`
	Functions map[string]int `json:"functions,omitempty"` // functions whose allocation failed, and how often
	Errors    map[string]int `json:"errors,omitempty"`    // that the caller was told
}
