// Package trial runs one trial: one guest, one scenario, one kernel, one seed.
//
// It boots the guest, brings server and mount up, arms pressure and faults,
// lets the workloads run while two detectors watch, takes the mount down and
// collects the counters. The steps before the workloads are the same in all
// trials of a kernel: Prepare does them once, and trials start from its
// snapshot. Raw evidence goes to disk first; package verdict gives the verdict.
// It plans nothing and compares nothing.
package trial

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/timeouts"
	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// Spec is all that makes a trial.
type Spec struct {
	Scenario scenario.Scenario
	Planned  store.Planned
	Kernel   kernel.Build
	Image    image.Image
	Dir      string // the trial's directory; made, with evidence/ in it, by the store
	Guest    guest.Options
	// Warm is where the trial starts from; nil to boot a guest for it.
	Warm *Prepared
	// Vmcore asks for a dump of the memory of a guest that hangs or panics.
	Vmcore bool
	// Devices are further ones of the guest.
	Devices []guest.Device
	// AtHang, if not nil, is called when the guest hangs and its evidence is
	// taken; the guest is closed when it returns.
	AtHang func(context.Context, *guest.Guest)
}

// Phases of a trial, as named in progress reports.
const (
	PhaseBoot    = "boot"
	PhaseRestore = "restore"
	PhaseBringUp = "bring-up"
	PhaseArm     = "arm"
	PhaseFreeze  = "freeze"
	PhaseWork    = "work"
	PhaseUmount  = "umount"
	PhaseCollect = "collect"
	// Of a trial that hangs, or is cut short under load.
	PhaseEvidence = "evidence"
	// Of a trial that hangs: whether it outlives its load.
	PhaseConfirm = "confirm"
)

// Unfit is the error of a kernel, or a root image, that cannot run the scenario at
// all: no trial of it can succeed, so there is no verdict.
type Unfit struct {
	Kernel  string // as the user named it
	Release string // of the root image, if that is what does not fit
	Why     string
	AtBoot  bool // it did not come up: worth a second try on a busy host
}

func (u *Unfit) Error() string {
	if u.Release != "" {
		return fmt.Sprintf("root image of Debian %s: %s", u.Release, u.Why)
	}
	return fmt.Sprintf("kernel %s: %s", u.Kernel, u.Why)
}

// Whose says that the choice of kernel or image is the user's.
func (*Unfit) Whose() errs.Class { return errs.Usage }

// MachineOf is the guest that a trial boots, as pure data.
func MachineOf(s scenario.Scenario, k kernel.Build, img image.Image, t timeouts.Timeouts) guest.Spec {
	t = t.Allow(s.Allowance())
	var disks []guest.Disk
	switch {
	case s.Ceph == nil:
		disks = append(disks, guest.Disk{Serial: wire.ExportDisk, SizeMiB: s.Export.Size.MiB()})
	case s.Ceph.Store == wire.StoreBlue:
		disks = append(disks, guest.Disk{Serial: wire.ExportDisk, SizeMiB: wire.StoreDisk.MiB()})
	}
	if s.Guest.Swap > 0 {
		disks = append(disks, guest.Disk{Serial: wire.SwapDisk, SizeMiB: s.Guest.Swap.MiB()})
	}
	return guest.Spec{
		Name:      "loopfault",
		Kernel:    k.BzImage,
		Initrd:    k.Initrd,
		Image:     img.Path,
		MemoryMiB: k.MemoryFor(s.Guest.Memory.MiB()),
		CPUs:      s.Guest.CPUs,
		Disks:     disks,
		Devices:   debuggerOf(s, k),
		Append: append(s.KernelArgs(),
			"init="+image.AgentPath,
			fmt.Sprintf("%s=%d", wire.StallArg, int(t.Suspicion(1).Seconds())),
		),
	}
}

// trial is one running trial. Everything in it belongs to the goroutine of Run;
// other goroutines send to it through channels.
type trial struct {
	spec      Spec
	phase     func(string)
	budgets   timeouts.Timeouts
	began     time.Time
	result    store.Trial
	history   *history
	guest     *guest.Guest
	agent     *control.Client
	samples   <-chan wire.Sample
	life      <-chan guest.Transition
	detectors detectors
	console   *kernelreport.Live // what the guest prints
	hush      hush               // for how long the guest has sent nothing
	listening bool               // a silent guest is waited for: a sample is all that counts
	setUp
	debugged  *debugged // nil if no fault needs it
	suspects  suspects  // what looks like a hang from early on
	turns     chan turn // of outages, from who drives them
	timings   map[string]float64
	wokeAt    time.Time // when the guest answered first, by the host's clock,
	woke      float64   // and by its own
	workAt    float64   // guest uptime at which the workloads were started
	stepAt    float64   // guest uptime at which the phase began
	collected bool      // evidence of what looks like a hang is there
	finished  bool      // all steps were taken, and nothing hangs
}

func newTrial(spec Spec, phase func(string)) (*trial, error) {
	h, err := newHistory(filepath.Join(spec.Dir, evidence.History))
	if err != nil {
		return nil, err
	}
	t := &trial{
		spec: spec, phase: phase, history: h, began: time.Now(),
		budgets: spec.Guest.Timeouts.Allow(spec.Scenario.Allowance()), timings: map[string]float64{},
		turns: make(chan turn), console: kernelreport.NewLive(),
		suspects: suspects{looks: make(chan look, 1)},
	}
	t.result = store.Trial{Planned: spec.Planned, Started: t.began.UTC(), Timings: t.timings}
	t.detectors.known = verdict.KnownSplats()
	t.result.Target, t.result.Below = spec.Scenario.Target.Function, spec.Scenario.Target.Below
	t.result.Faults = len(spec.Scenario.Faults)
	t.result.WantLayout, _ = wire.KernelLayout(spec.Scenario.Mount.Layout)
	return t, nil
}

// Run runs one trial and returns its record and all reports. phase is told
// when a phase begins. The error is not nil only when there is no verdict: an
// *Unfit kernel, or ctx's own error when it was cancelled.
func Run(ctx context.Context, spec Spec, phase func(string)) (store.Trial, []kernelreport.Report, error) {
	t, err := newTrial(spec, phase)
	if err != nil {
		return store.Trial{}, nil, err
	}
	return t.runAndJudge(ctx)
}

func (t *trial) runAndJudge(ctx context.Context) (store.Trial, []kernelreport.Report, error) {
	err := t.run(ctx)
	t.close()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	reports := t.judge(err)
	t.history.add(entry{Type: "verdict", What: string(t.result.Verdict.Kind), Detail: t.result.Title + t.result.Reason})
	if cerr := t.history.close(); cerr != nil && t.result.Failure == "" {
		t.result.Verdict = verdict.Verdict{Kind: verdict.Error, Reason: cerr.Error()}
	}
	var unfit *Unfit
	if errors.As(err, &unfit) || ctx.Err() != nil {
		return t.result, reports, err
	}
	return t.result, reports, nil
}

// errHang ends the normal course of a trial: every detector that could see the
// hang has seen it.
var errHang = errors.New("hang")

func (t *trial) run(ctx context.Context) error {
	steps := []step{{PhaseBoot, t.boot}, {PhaseBringUp, t.bringUp}, {PhaseArm, t.arm}}
	if t.spec.Warm != nil {
		steps = []step{{PhaseRestore, t.restore}}
	}
	steps = append(steps, step{PhaseWork, t.work}, step{PhaseUmount, t.umount}, step{PhaseCollect, t.collect})
	err := t.take(ctx, steps)
	switch {
	case err == nil:
		t.finished = true
	case errors.Is(err, errHang), errors.Is(err, errStep) && t.detectors.firstHang > 0: // others had not seen it yet
		t.detachDebugger()
		if !t.collected {
			t.collectEvidence(ctx)
		}
		t.prove(ctx)
		if err := t.confirm(ctx); err != nil {
			return err
		}
		t.dump(ctx)
		return t.hold(ctx)
	case errors.Is(err, errSilent):
		t.detachDebugger()
		t.collectOutside(ctx)
		if err := t.relisten(ctx); err != nil {
			return err
		}
		t.dump(ctx)
		return t.hold(ctx)
	case t.guest != nil && t.guest.State() == guest.Panicked:
		t.dump(ctx)
	case errors.Is(err, errStep) && t.workAt > 0:
		// No detector calls it a hang, but the cause of the delay is worth knowing.
		t.detachDebugger()
		t.collectEvidence(ctx)
		t.prove(ctx)
		if err := t.overdue(ctx, err); err != nil {
			return err
		}
		t.dump(ctx)
		return t.hold(ctx)
	case errors.Is(err, errStep):
		stepCtx, cancel := context.WithTimeout(ctx, t.budgets.Remote)
		defer cancel()
		return errors.Join(err, t.records(stepCtx)) // it may have found something nevertheless
	}
	return err
}

// hold gives AtHang access to the hung guest.
func (t *trial) hold(ctx context.Context) error {
	if t.spec.AtHang == nil {
		return nil
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		t.spec.AtHang(ctx, t.guest)
	}()
	for {
		select {
		case <-left:
			return nil
		case _, ok := <-t.samples: // its reader must not be held up
			if !ok {
				t.samples = nil
			}
		}
	}
}

// step is one phase and what is done in it.
type step struct {
	phase string
	do    func(context.Context) error
}

// take does one step after the other until one fails.
func (t *trial) take(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := t.timed(s.phase, func() error { return s.do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) timed(phase string, do func() error) error {
	t.phase(phase)
	t.stepAt = t.detectors.last
	t.history.add(entry{Type: "phase", What: phase})
	began := time.Now()
	err := do()
	t.timings[phase] = time.Since(began).Seconds()
	return err
}

func (t *trial) consolePath() string { return filepath.Join(t.spec.Dir, "console.log") }
func (t *trial) evidencePath(name string) string {
	return filepath.Join(t.spec.Dir, "evidence", name)
}

func (t *trial) close() {
	t.detachDebugger()
	if t.agent != nil {
		t.agent.Close()
	}
	if t.guest == nil {
		return
	}
	// The trial is over either way; ctx may be cancelled, QEMU must still go.
	ctx, cancel := context.WithTimeout(context.Background(), 2*t.budgets.Quit)
	defer cancel()
	if err := t.guest.Close(ctx); err != nil {
		t.history.add(entry{Type: "guest", What: "close", Detail: err.Error()})
	}
	if t.samples != nil {
		for range t.samples { // its reader ends when the channel does
		}
	}
}
