package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"loopfault/errs"
	"loopfault/harness/trial"
	"loopfault/results/kernelreport"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Guests runs trials in real guests: for each arm it boots one guest and takes
// a snapshot, and each trial runs in a guest restored from it.
type Guests struct {
	spec Spec
	dir  string // the results directory
	arms map[string]*frozenArm
}

// frozenArm is an arm's snapshot, made when it is first asked for.
type frozenArm struct {
	mu       sync.Mutex
	prepared *trial.Prepared
	users    map[*trial.Prepared]int // trials that run from each
	failed   int                     // times that no snapshot could be made
}

// NewGuests makes the runner of a campaign that writes below dir. It must be
// closed.
func NewGuests(spec Spec, dir string) *Guests {
	g := &Guests{spec: spec, dir: dir, arms: map[string]*frozenArm{}}
	for _, a := range spec.Arms {
		g.arms[a.Name] = &frozenArm{users: map[*trial.Prepared]int{}}
	}
	return g
}

// Close releases the snapshots, once no trial runs any more.
func (g *Guests) Close() {
	for _, a := range g.arms {
		a.mu.Lock()
		a.replace(nil)
		a.mu.Unlock()
	}
}

// Room says whether the host has the memory and the disk space of one more
// trial; if not, the error is a *NoRoom.
func (g *Guests) Room() error { return room(g.dir, g.spec.Guest.Dir) }

// Trial runs p. A kernel that does not boot is retried once.
func (g *Guests) Trial(ctx context.Context, p store.Planned, dir string, phase func(string)) (store.Trial, []kernelreport.Report, error) {
	t, reports, err := g.trial(ctx, p, dir, phase)
	var unfit *trial.Unfit
	if errors.As(err, &unfit) && unfit.AtBoot && ctx.Err() == nil {
		return g.trial(ctx, p, dir, phase)
	}
	return t, reports, err
}

func (g *Guests) trial(ctx context.Context, p store.Planned, dir string, phase func(string)) (store.Trial, []kernelreport.Report, error) {
	arm := g.spec.arm(p.Arm)
	spec := trial.Spec{
		Scenario: g.spec.Scenario, Planned: p,
		Kernel: arm.Kernel, Image: g.spec.Image,
		Dir: dir, Guest: g.spec.GuestOf(arm), AtHang: g.spec.AtHang, Vmcore: g.spec.Vmcore, Devices: g.spec.Devices,
	}
	if arm.NoFault {
		spec.Scenario.Faults = nil
	}
	if !g.spec.Cold {
		var err error
		if spec.Warm, err = g.warm(ctx, spec, phase); err != nil {
			return store.Trial{}, nil, err
		}
	}
	t, reports, err := trial.Run(ctx, spec, phase)
	// After a failure of ours the next attempt must not fail for the same reason.
	g.arms[p.Arm].release(spec.Warm, err == nil && t.Verdict.Kind == verdict.Error)
	return t, reports, err
}

// mostFailures is how often an arm's snapshot may fail before each of its
// trials boots its own guest.
const mostFailures = 2

// warm returns the arm's snapshot, or nil if the trial has to boot its own
// guest: a kernel that hangs before the load begins is judged there.
func (g *Guests) warm(ctx context.Context, spec trial.Spec, phase func(string)) (*trial.Prepared, error) {
	a := g.arms[spec.Planned.Arm]
	a.mu.Lock() // trials of one arm wait for its one boot
	defer a.mu.Unlock()
	if a.prepared != nil && a.prepared.Check() != nil { // QEMU was upgraded, say
		a.replace(nil)
	}
	if a.prepared != nil {
		a.users[a.prepared]++
		return a.prepared, nil
	}
	if a.failed >= mostFailures {
		return nil, nil
	}
	var err error
	if spec.Dir, err = preparedDir(spec.Dir); err != nil {
		return nil, err
	}
	p, err := trial.Prepare(ctx, spec, func(p string) { phase("prepare: " + p) })
	var unfit *trial.Unfit
	switch {
	case err == nil:
		a.replace(p)
		a.users[p]++
		return p, nil
	case errors.As(err, &unfit), ctx.Err() != nil:
		return nil, err
	}
	a.failed++
	return nil, safefile.WriteIn(spec.Dir, "failed.txt", []byte(fmt.Sprintln(err, errs.EvidenceOf(err))), 0o644)
}

// preparedDir is where the boot for a snapshot is recorded, below the trial that
// first requested it.
func preparedDir(trialDir string) (string, error) {
	dir := filepath.Join(trialDir, "prepare")
	return dir, os.MkdirAll(filepath.Join(dir, "evidence"), 0o755)
}

// release ends one use of a snapshot; a suspect one is not used again.
func (a *frozenArm) release(p *trial.Prepared, suspect bool) {
	if p == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.users[p]--
	switch {
	case suspect && p == a.prepared:
		a.replace(nil)
	case p != a.prepared && a.users[p] == 0:
		p.Close()
		delete(a.users, p)
	}
}

// replace makes p the snapshot, and closes the previous one once no trial uses it.
func (a *frozenArm) replace(p *trial.Prepared) {
	if old := a.prepared; old != nil && a.users[old] == 0 {
		old.Close()
		delete(a.users, old)
	}
	a.prepared = p
}
