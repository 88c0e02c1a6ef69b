package guest

import (
	"io"
	"log/slog"
	"os"

	"loopfault/errs"
	"loopfault/harness/ssh"
	"loopfault/harness/timeouts"
)

// Options say how this host runs a guest. They do not change what the guest is.
type Options struct {
	Accel       Accel             // required; see accel.Probe
	QEMU        string            // program; "" means $LOOPFAULT_QEMU, else qemu-system-x86_64 from $PATH
	ConsolePath string            // file that gets the serial console from the first byte on, truncated first; "" for none. Of a guest that prints without end it keeps the beginning and the end
	Console     io.Writer         // gets all that the console prints, in order and soon; may be nil
	Dir         string            // directory whose file system holds scratch disks (never a visible file); "" means os.TempDir
	Freezable   bool              // Freeze may be called: the guest's memory is kept where a snapshot can use it
	SSH         ssh.Identity      // for Dial; may be zero if Dial is never called
	Timeouts    timeouts.Timeouts // zero means timeouts.For(Accel.Scale())
	Log         *slog.Logger      // may be nil
}

func (o Options) complete() Options {
	o.QEMU = QEMU(o.QEMU)
	if o.Dir == "" {
		o.Dir = os.TempDir()
	}
	if o.Timeouts == (timeouts.Timeouts{}) {
		o.Timeouts = timeouts.For(o.Accel.Scale())
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// check finds what would make QEMU exit or boot nothing, for a better error message.
func (o Options) check(spec Spec) error {
	if o.Accel.Name != "kvm" && o.Accel.Name != "tcg" {
		return &errs.Error{Class: errs.Usage, Message: `accelerator: "kvm" or "tcg" expected, got "` + o.Accel.Name + `"`}
	}
	if err := checkKernel(spec.Kernel); err != nil {
		return err
	}
	for what, path := range map[string]string{"initrd": spec.Initrd, "root image": spec.Image} {
		if path == "" {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return &errs.Error{Class: errs.Usage, Message: what + " cannot be read", Err: err}
		}
		_ = file.Close()
	}
	return nil
}

// checkKernel looks for the x86 boot protocol's "HdrS" at 0x202. QEMU takes a
// file without it for a kernel of 1995 and complains about RAM disks.
func checkKernel(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return &errs.Error{Class: errs.Usage, Message: "kernel cannot be read", Err: err}
	}
	defer file.Close()
	var magic [4]byte
	if _, err := file.ReadAt(magic[:], 0x202); err != nil || string(magic[:]) != "HdrS" {
		return &errs.Error{Class: errs.Usage, Message: "kernel " + path + " is not a bzImage"}
	}
	return nil
}
