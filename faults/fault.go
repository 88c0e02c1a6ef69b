// Package faults holds what goes wrong on purpose, one file per fault or pressure.
//
// Each fault can be armed, proved, disarmed and described. A fault that was
// armed has done nothing yet: only Prove, which reads the kernel's own
// counters, says how often it landed. The package talks to a guest through the
// narrow Target interface; it starts no guests and decides no verdicts.
package faults

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"loopfault/workloads/wire"
)

// Target is what a fault needs of a guest. All paths are the guest's. Every
// method returns an error when the guest does not answer before ctx ends.
type Target interface {
	// ReadFile reads a whole file.
	ReadFile(ctx context.Context, path string) (string, error)
	// WriteFile writes an existing file in one write(2).
	WriteFile(ctx context.Context, path, data string) error
	// Mkdir makes a directory and its parents.
	Mkdir(ctx context.Context, path string) error
	// Symbols looks kernel symbols up by name or address.
	Symbols(ctx context.Context, q wire.SymbolQuery) ([]wire.Symbol, error)
	// Text reads kernel memory from start to end.
	Text(ctx context.Context, start, end uint64) ([]byte, error)
	// Outage does one step of an outage.
	Outage(ctx context.Context, o wire.Outage) (wire.OutageCounts, error)
}

// Proof is the evidence of what a fault did since it was armed.
type Proof struct {
	Landed int64            `json:"landed"`           // times the fault really happened
	Counts map[string]int64 `json:"counts,omitempty"` // the kernel counters behind it, by name
	// Schedule is the order that was drawn, for replay.
	Schedule string `json:"schedule,omitempty"`
}

// Fault is one fault or pressure. Arm, Prove and Disarm are called in this
// order, Prove any number of times; Disarm is safe after a failed Arm.
type Fault interface {
	Describe() string
	Arm(ctx context.Context, t Target) error
	Prove(ctx context.Context, t Target) (Proof, error)
	Disarm(ctx context.Context, t Target) error
}

// Repeater is a fault that has to be driven while it is armed: Again is called
// once per Period. A Period of 0 means never.
type Repeater interface {
	Period() time.Duration
	Again(ctx context.Context, t Target) error
}

// Seeded is a fault that draws random numbers, from a seed that it is given before
// it is armed.
type Seeded interface{ Seed(seed uint64) }

// Unsupported is the error of a fault that this kernel cannot do.
type Unsupported struct {
	Fault  string   // which
	Lacks  string   // what is missing, as a user would look for it
	Config []string // kernel options that would bring it
}

func (u *Unsupported) Error() string {
	s := fmt.Sprintf("%s: this kernel has no %s", u.Fault, u.Lacks)
	if len(u.Config) > 0 {
		s += " (needs " + strings.Join(u.Config, ", ") + ")"
	}
	return s
}

// knob is one kernel file and the value it is to hold.
type knob struct{ path, value string }

// set writes knobs in order and reads each back: if the kernel took a different
// value, the error names the knob.
func set(ctx context.Context, t Target, knobs []knob) error {
	for _, k := range knobs {
		if err := t.WriteFile(ctx, k.path, k.value); err != nil {
			return fmt.Errorf("write %q to %s: %w", k.value, k.path, err)
		}
		got, err := t.ReadFile(ctx, k.path)
		if err != nil {
			return fmt.Errorf("read back %s: %w", k.path, err)
		}
		if !sameValue(strings.TrimSpace(got), k.value) {
			return fmt.Errorf("%s holds %q after writing %q", k.path, strings.TrimSpace(got), k.value)
		}
	}
	return nil
}

// sameValue compares as the kernel prints: hexadecimal and decimal forms of a
// number are the same.
func sameValue(got, want string) bool {
	if got == want {
		return true
	}
	g, errG := strconv.ParseInt(got, 0, 64)
	w, errW := strconv.ParseInt(want, 0, 64)
	if errG == nil && errW == nil {
		return g == w
	}
	gu, errG := strconv.ParseUint(got, 0, 64)
	wu, errW := strconv.ParseUint(want, 0, 64)
	return errG == nil && errW == nil && gu == wu
}

func readInt(ctx context.Context, t Target, path string) (int64, error) {
	text, err := t.ReadFile(ctx, path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
