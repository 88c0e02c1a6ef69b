// Package guesttest gives tests a kernel and a tiny initial RAM disk to boot
// real guests with. It is for tests only, never skips silently, and holds no
// assertions.
package guesttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"loopfault/harness/guest"
)

// KernelEnv names a bzImage for tests, instead of the project's own build.
const KernelEnv = "LOOPFAULT_TEST_KERNEL"

// Fixture is what tests boot. It lives in one temporary directory; use it from
// TestMain, so that it is built once and removed at the end.
type Fixture struct {
	Kernel string // bzImage
	Initrd string // testinit, packed
	dir    string
}

// New finds a kernel and builds the initial RAM disk.
func New() (*Fixture, error) {
	kernel, err := Kernel()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guesttest-")
	if err != nil {
		return nil, err
	}
	f := &Fixture{Kernel: kernel, Initrd: filepath.Join(dir, "initrd"), dir: dir}
	if err := f.build(); err != nil {
		return nil, fmt.Errorf("%w (and %v)", err, f.Remove())
	}
	return f, nil
}

// Kernel is the bzImage that tests boot.
func Kernel() (string, error) {
	path := os.Getenv(KernelEnv)
	if path == "" {
		return "", fmt.Errorf("no kernel to test with: set %s to a bzImage", KernelEnv)
	}
	_, err := os.Stat(path)
	return path, err
}

// Remove deletes the fixture's files.
func (f *Fixture) Remove() error { return os.RemoveAll(f.dir) }

// Spec is the smallest guest that answers.
func (f *Fixture) Spec(name string) guest.Spec {
	return guest.Spec{Name: name, Kernel: f.Kernel, Initrd: f.Initrd, MemoryMiB: 256, CPUs: 2}
}

func (f *Fixture) build() error {
	binary := filepath.Join(f.dir, "init")
	cmd := exec.Command("go", "build", "-o", binary, "loopfault/harness/guest/guesttest/testinit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build testinit: %w: %s", err, out)
	}
	text, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	return os.WriteFile(f.Initrd, archive("init", text), 0o644)
}

// archive is a cpio file in "newc" form with one executable file. The kernel
// brings /dev/console itself.
func archive(name string, text []byte) []byte {
	var b bytes.Buffer
	entry := func(name string, mode int, text []byte) {
		fmt.Fprintf(&b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
			0, mode, 0, 0, 1, 0, len(text), 0, 0, 0, 0, len(name)+1, 0, name)
		pad(&b)
		b.Write(text)
		pad(&b)
	}
	entry(name, 0o100755, text)
	entry("TRAILER!!!", 0, nil)
	return b.Bytes()
}

// pad fills up to the next multiple of four bytes.
func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
