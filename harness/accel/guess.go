package accel

import "loopfault/harness/guest"

// Guess is the accelerator that Probe would most likely choose, without booting anything: the cached one, or
// KVM if its device opens. It is for printing command lines, not for running them.
func Guess(c Config) (Choice, error) {
	if c.Override == "tcg" {
		return Choice{Accel: guest.TCG(), Why: "tcg, because " + Env + " says so"}, nil
	}
	host, err := identify(c.QEMU)
	if err != nil {
		return Choice{}, err
	}
	if known, ok := recall(c.CacheDir, host); ok {
		known.Remembered = true
		return known, nil
	}
	if err := openKVM(); err != nil && c.Override != "kvm" {
		return Choice{Accel: guest.TCG(), Why: "tcg, as kvm does not open: " + err.Error()}, nil
	}
	return Choice{Accel: guest.KVM("host"), Why: "kvm, as its device opens; no guest was booted to try it"}, nil
}
