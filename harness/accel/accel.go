// Package accel chooses how QEMU executes guests on this host, by booting one.
// An open of /dev/kvm proves nothing, nor does a new VM or vCPU: on some hosts
// every stock kernel spins for ever under KVM. The answer is cached in the cache
// directory until the host changes. The package does not measure speed and does
// not configure guests beyond guest.Accel.
package accel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/guest"
	"loopfault/harness/timeouts"
)

// Env overrides the choice: "kvm" or "tcg".
const Env = "LOOPFAULT_ACCEL"

const kvmDevice = "/dev/kvm"

// Config says what to probe with.
type Config struct {
	QEMU     string  // as guest.Options.QEMU
	Kernel   string  // bzImage that is booted without a root disk
	Slowness float64 // how many times longer than the stock kernel it takes to boot; 0 for as long
	CacheDir string  // where the answer is remembered; "" for nowhere
	Fresh    bool    // probe even if an answer is remembered
	Override string  // "kvm", "tcg" or "": usually the value of Env
	Log      *slog.Logger
}

// Choice is the accelerator to use and why.
type Choice struct {
	Accel      guest.Accel
	Why        string    // one line for people, such as "kvm: …; using tcg"
	Attempts   []Attempt // boots that were made, in order; may be empty
	Remembered bool      // the answer is from an earlier probe
}

// Timeouts are the budgets for guests under this accelerator, whose kernel is so
// many times slower than the stock one.
func (c Choice) Timeouts(slowness float64) timeouts.Timeouts {
	return timeouts.For(c.Accel.Scale() * slowness)
}

// Attempt is one probe.
type Attempt struct {
	Accel    guest.Accel
	Boots    bool
	Outcome  string        // one line
	Evidence string        // QEMU's and the guest's last lines
	Took     time.Duration // in nanoseconds in JSON
}

// Probe returns the accelerator to use. It fails, with errs.Infrastructure, if
// no accelerator boots the kernel, and with errs.Usage for a bad override.
func Probe(ctx context.Context, c Config) (Choice, error) {
	switch c.Override {
	case "tcg":
		return Choice{Accel: guest.TCG(), Why: "tcg, because " + Env + " says so"}, nil
	case "", "kvm":
	default:
		return Choice{}, &errs.Error{Class: errs.Usage, Message: fmt.Sprintf(`%s: "kvm" or "tcg" expected, got %q`, Env, c.Override)}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	host, err := identify(c.QEMU)
	if err != nil {
		return Choice{}, err
	}
	if known, ok := recall(c.CacheDir, host); ok && !c.Fresh && (c.Override == "" || known.Accel.Name == c.Override) {
		known.Remembered = true
		return known, nil
	}
	choice, err := c.probe(ctx)
	if err != nil {
		return Choice{}, err
	}
	if err := remember(c.CacheDir, host, choice); err != nil {
		c.Log.Warn("the accelerator is not remembered", "error", err)
	}
	return choice, nil
}

func (c Config) probe(ctx context.Context) (Choice, error) {
	var choice Choice
	kvm, err := c.tryKVM(ctx, &choice)
	if err != nil {
		return Choice{}, err
	}
	if kvm == "" {
		choice.Why = choice.Attempts[len(choice.Attempts)-1].Outcome
		return choice, nil
	}
	if c.Override == "kvm" {
		return Choice{}, &errs.Error{
			Class: errs.Infrastructure, Message: Env + "=kvm, but " + kvm, Evidence: evidence(choice.Attempts),
		}
	}
	tcg, err := c.boot(ctx, guest.TCG())
	if err != nil {
		return Choice{}, err
	}
	choice.Attempts = append(choice.Attempts, tcg)
	if !tcg.Boots {
		return Choice{}, &errs.Error{
			Class:    errs.Infrastructure,
			Message:  fmt.Sprintf("no accelerator boots %s: %s; %s", c.Kernel, kvm, tcg.Outcome),
			Evidence: evidence(choice.Attempts),
		}
	}
	choice.Accel = tcg.Accel
	choice.Why = kvm + "; using tcg"
	return choice, nil
}

// tryKVM sets choice.Accel and returns "", or says why KVM is no use. The CPU
// model "host" is best; where KVM is itself emulated, QEMU aborts on a register
// ("failed to set MSR") that a plain model does not have.
func (c Config) tryKVM(ctx context.Context, choice *Choice) (why string, err error) {
	if err := openKVM(); err != nil {
		return "kvm: " + err.Error(), nil
	}
	for _, cpu := range []string{"host", "qemu64"} {
		attempt, err := c.boot(ctx, guest.KVM(cpu))
		if err != nil {
			return "", err
		}
		choice.Attempts = append(choice.Attempts, attempt)
		if attempt.Boots {
			choice.Accel = attempt.Accel
			return "", nil
		}
		why = attempt.Outcome
	}
	return why, nil
}

func openKVM() error {
	file, err := os.OpenFile(kvmDevice, os.O_RDWR, 0)
	switch {
	case err == nil:
		return file.Close()
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("this host has no " + kvmDevice)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: permission denied (is the user in group kvm?)", kvmDevice)
	default:
		return err
	}
}

// lastTry is how many times longer than usual the accelerator may take that everything can
// fall back to. 40 s were too short for a 7.3 kernel of Debian's beside four other guests.
const lastTry = 4

// boot starts the kernel without a root disk. A working kernel prints its banner,
// boots to the end, and panics for lack of a root. An error means that the probe
// could not run: wrong input, or ctx ended.
func (c Config) boot(ctx context.Context, a guest.Accel) (Attempt, error) {
	began := time.Now()
	budget := timeouts.For(a.Scale() * max(c.Slowness, 1))
	if a.Name == guest.TCG().Name { // the last that is tried, so a busy host gets the time that it needs
		budget.FirstLine, budget.Boot = lastTry*budget.FirstLine, lastTry*budget.Boot
	}
	attempt := Attempt{Accel: a}
	name := a.Name
	if a.Name == "kvm" {
		name = "kvm with -cpu " + a.CPU
	}
	g, err := guest.Start(ctx, guest.Spec{Name: "accel-probe", Kernel: c.Kernel, MemoryMiB: 256, CPUs: 2},
		guest.Options{Accel: a, QEMU: c.QEMU, Timeouts: budget, Log: c.Log})
	if err != nil && (ctx.Err() != nil || errs.ClassOf(err) == errs.Usage) {
		return attempt, err
	}
	if err != nil {
		attempt.Outcome = fmt.Sprintf("%s: %v", name, err)
		attempt.Evidence = errs.EvidenceOf(err)
		attempt.Took = time.Since(began)
		return attempt, nil
	}
	attempt.Outcome, attempt.Boots = watch(ctx, g, budget)
	attempt.Outcome = name + ": " + attempt.Outcome
	attempt.Evidence = strings.Join(g.Console().Tail(20), "\n")
	if err := g.Close(ctx); err != nil {
		attempt.Outcome, attempt.Boots = attempt.Outcome+"; "+err.Error(), false
	}
	attempt.Took = time.Since(began)
	return attempt, ctx.Err()
}

func watch(ctx context.Context, g *guest.Guest, budget timeouts.Timeouts) (outcome string, boots bool) {
	first, cancel := context.WithTimeout(ctx, budget.FirstLine)
	defer cancel()
	if _, err := g.Console().Wait(first, func(line string) bool { return strings.Contains(line, "Linux version") }); err != nil {
		if g.State() == guest.Gone {
			return fmt.Sprint(g.Err()), false
		}
		if len(g.Console().Tail(1)) == 0 {
			return fmt.Sprintf("its test guest did not boot: it printed nothing in %v", budget.FirstLine), false
		}
		return fmt.Sprintf("the guest did not say which Linux it is in %v", budget.FirstLine), false
	}
	whole, cancel := context.WithTimeout(ctx, budget.Boot)
	defer cancel()
	switch state, _ := g.Await(whole, guest.Panicked); state {
	case guest.Panicked:
		return "a guest boots", true
	case guest.Gone:
		return fmt.Sprint(g.Err()), false
	default:
		return fmt.Sprintf("the guest started to boot, but was not done in %v", budget.Boot), false
	}
}

func evidence(attempts []Attempt) string {
	var b strings.Builder
	for _, a := range attempts {
		fmt.Fprintf(&b, "%s\n%s\n", a.Outcome, a.Evidence)
	}
	return b.String()
}
