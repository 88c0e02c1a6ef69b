// Package guesttest gives tests a kernel and a tiny initial RAM disk to boot
// real guests with. It is for tests only, skips nothing but with go test -short, and
// holds no assertions.
package guesttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"loopfault/harness/accel"
	"loopfault/harness/guest"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
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

// Needed skips a test that boots guests, or needs their kernels, with go test -short.
func Needed(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a guest, which -short leaves out")
	}
}

// allTests is set by `make test-all`.
const allTests = "LOOPFAULT_TEST_ALL"

// All says whether tests are to take in what `make test` leaves out for time.
func All() bool { return os.Getenv(allTests) != "" }

// Seldom skips a test, but in `make test-all`: one whose subject hardly breaks alone.
func Seldom(t testing.TB) {
	t.Helper()
	if Needed(t); !All() {
		t.Skip("takes long, and hardly breaks alone: left to make test-all")
	}
}

// New finds a kernel, building it if need be, and makes the initial RAM disk.
func New(ctx context.Context) (*Fixture, error) {
	kernel, err := Kernel(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guesttest-")
	if err != nil {
		return nil, err
	}
	f := &Fixture{Kernel: kernel, Initrd: filepath.Join(dir, "initrd"), dir: dir}
	if err := f.build(ctx); err != nil {
		return nil, errors.Join(err, f.Remove())
	}
	return f, nil
}

// Kernel is the bzImage that tests boot: the project's stock kernel, built now
// if it is not there yet.
func Kernel(ctx context.Context) (string, error) {
	if path := os.Getenv(KernelEnv); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	built, err := Build(ctx, "stock")
	return built.BzImage, err
}

// Build is a kernel of the catalogue, built now if it is not there yet.
func Build(ctx context.Context, name string) (kernel.Build, error) {
	c, err := cache.Open("")
	if err != nil {
		return kernel.Build{}, err
	}
	builder := kernel.Builder{Cache: c}
	return builder.Current(ctx, name)
}

// Accel is the accelerator that the project would choose here.
func Accel(ctx context.Context, bzImage string) (accel.Choice, error) {
	c, err := cache.Open("")
	if err != nil {
		return accel.Choice{}, err
	}
	return accel.Probe(ctx, accel.Config{Kernel: bzImage, CacheDir: c.Path("accel"), Override: os.Getenv(accel.Env)})
}

// Image is the project's root image, with the agent as it is in this source
// tree, built now if it is not there yet.
func (f *Fixture) Image(ctx context.Context) (image.Image, error) {
	c, err := cache.Open("")
	if err != nil {
		return image.Image{}, err
	}
	agent, err := Agent(ctx, f.dir)
	if err != nil {
		return image.Image{}, err
	}
	builder := image.Builder{Cache: c}
	return builder.Ensure(ctx, image.DefaultSpec(), agent)
}

// Agent builds the guest's agent into dir, as the Makefile does, else the image
// would be another one.
func Agent(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "loopfault-agent")
	return path, goBuild(ctx, path, "loopfault/workloads/cmd/loopfault-agent")
}

// Remove deletes the fixture's files.
func (f *Fixture) Remove() error { return os.RemoveAll(f.dir) }

// Spec is the smallest guest that answers.
func (f *Fixture) Spec(name string) guest.Spec {
	return guest.Spec{Name: name, Kernel: f.Kernel, Initrd: f.Initrd, MemoryMiB: 256, CPUs: 2}
}

func goBuild(ctx context.Context, binary, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, out)
	}
	return nil
}

func (f *Fixture) build(ctx context.Context) error {
	binary := filepath.Join(f.dir, "init")
	if err := goBuild(ctx, binary, "loopfault/harness/guest/guesttest/testinit"); err != nil {
		return err
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
