package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// Shell is a login into a guest.
type Shell struct {
	Command string   // to run there; "": an interactive shell
	Gdb     bool     // let a debugger attach to the guest's processors, and print how
	Console string   // file for the serial console of a guest that is booted; "": none
	In      *os.File // of the command, as are Out and Err
	Out     io.Writer
	Err     io.Writer
	Tell    io.Writer // what is said beside it
}

// BootStored is Boot with the scenario and the kernel of a stored trial.
func (sh Shell) BootStored(ctx context.Context, e *Session, name string) error {
	spec, _, err := e.ReplayOf(ctx, name, GuestFlags{})
	if err != nil {
		return err
	}
	return sh.Boot(ctx, spec.Scenario, Machine{Kernels: []kernel.Build{spec.Arms[0].Kernel}, Image: spec.Image, Options: spec.Guest})
}

// BootScenario is Boot with the scenario and the kernel of these names.
func (sh Shell) BootScenario(ctx context.Context, e *Session, ref scenario.Ref, name string) error {
	s, _, err := FindScenario(ref)
	if err != nil {
		return err
	}
	m, err := e.MachineFor(ctx, s, name)
	if err != nil {
		return err
	}
	return sh.Boot(ctx, s, m)
}

// Boot boots a guest with a scenario's mount up and logs in. That the command ends with another status than 0 is an *ssh.ExitError.
func (sh Shell) Boot(ctx context.Context, s scenario.Scenario, m Machine) (err error) {
	opts := m.Options
	if sh.Console != "" {
		if opts.ConsolePath, err = filepath.Abs(sh.Console); err != nil {
			return errs.ByUser(err)
		}
	}
	fmt.Fprintf(sh.Tell, "booting kernel %s (%s)\n", m.Kernels[0].Name, m.Options.Accel.Name)
	spec := trial.MachineOf(s, m.Kernels[0], m.Image, opts.Timeouts)
	spec.Devices = sh.devices()
	return InGuest(ctx, s, spec, opts, func(g *guest.Guest, _ *control.Client) error {
		sh.sayGdb(m.Kernels[0], g)
		if sh.Command == "" {
			fmt.Fprintf(sh.Tell, "%s; leave the shell to end the guest\n", whereMounted(s))
		}
		return sh.login(ctx, g)
	})
}

// AtHang has a campaign of one arm log into a guest that hangs, once its evidence was collected. ended is called with what came of
// the login, as Boot returns it.
func (sh Shell) AtHang(spec *campaign.Spec, ended func(error)) {
	k := spec.Arms[0].Kernel
	spec.Devices = sh.devices()
	spec.AtHang = func(ctx context.Context, g *guest.Guest) {
		fmt.Fprintf(sh.Tell, "\nthe guest hangs; its evidence is kept. Leave the shell to end the trial.\n")
		sh.sayGdb(k, g)
		ended(sh.login(ctx, g))
	}
}

// whereMounted says where things are in the guest.
func whereMounted(s scenario.Scenario) string {
	if s.Ceph != nil {
		return fmt.Sprintf("one client of the Ceph cluster is mounted on %s, the other on %s", wire.CephRoot, wire.CephBehind)
	}
	return fmt.Sprintf("the loop-back mount is on %s, the exported file system on %s", wire.NFSRoot, wire.ExportRoot)
}

func (sh Shell) devices() []guest.Device {
	if !sh.Gdb {
		return nil
	}
	return []guest.Device{guest.GDB{}}
}

// sayGdb prints the line that attaches a debugger.
func (sh Shell) sayGdb(k kernel.Build, g *guest.Guest) {
	if sh.Gdb {
		fmt.Fprintf(sh.Tell, "the guest stands still while a debugger is attached; to attach one, with source lines if the kernel is of flavour debuginfo:\n")
		fmt.Fprintf(sh.Tell, "    gdb %s -ex 'target remote %s'\n", k.Vmlinux, g.Listener(guest.GDBSocket))
	}
}

func (sh Shell) login(ctx context.Context, g *guest.Guest) error {
	login, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	defer login.Close()
	return login.Shell(ctx, sh.In, sh.Out, sh.Err, sh.Command)
}
