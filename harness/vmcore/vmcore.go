// Package vmcore reads what the memory dump of a Linux machine says of a hang: tasks and their stacks, locks and who has
// them, RPCs, connections and layouts.
//
// It runs a script of its own under drgn, which knows the kernel's structures from the debug information of its vmlinux,
// and makes the texts of it that package waitfor explains. It explains nothing itself, and takes no dumps.
package vmcore

import (
	"bytes"
	"context"
	"debug/elf"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"loopfault/errs"
	"loopfault/results/report/plain"
	"loopfault/results/safefile"
	"loopfault/vmimages/packages"
)

//go:embed dump.py
var script string

// maxOutput is how much the script may print, in bytes; a dump with its most tasks, each with its longest stack, is less.
const maxOutput = 256 << 20

// Exit codes of the script.
const (
	noDrgn   = 3
	noReader = 4
)

// Dump is what the script prints.
type Dump struct {
	Drgn       string      `json:"drgn"`
	Release    string      `json:"release"`
	Tasks      []Task      `json:"tasks"`
	Locks      []Lock      `json:"locks"`
	RPCs       []RPC       `json:"rpcs"` // nil if they could not be read
	Transports []Transport `json:"transports"`
	Layouts    []Layout    `json:"layouts"`
	Problems   []string    `json:"problems"` // what could not be read, and why
}

// Task is one thread.
type Task struct {
	PID   int      `json:"pid"`
	Comm  string   `json:"comm"`
	State string   `json:"state"` // one letter
	Stack []string `json:"stack"` // innermost first, "f+0x1/0x2"
	Ran   float64  `json:"ran"`   // seconds since it last ran; 0 if not known
}

// Lock is a mutex or rw-semaphore that a task sleeps for.
type Lock struct {
	PID   int    `json:"pid"`   // who sleeps
	Owner int    `json:"owner"` // pid of who has it; 0 if none, or not known: of readers an rw-semaphore knows too little
	Comm  string `json:"comm"`  // of the owner
}

// RPC is one of a client's tasks.
type RPC struct {
	Number    int    `json:"number"`
	Flags     uint64 `json:"flags"`
	Status    int    `json:"status"`
	Client    uint64 `json:"client"`
	XID       uint32 `json:"xid"`
	Timer     int64  `json:"timer"` // ticks left, 0 if none runs
	Ops       string `json:"ops"`
	Program   string `json:"program"`
	Version   int    `json:"version"`
	Procedure string `json:"procedure"`
	Action    string `json:"action"`
	Queue     string `json:"queue"` // empty if it is on none
}

// Transport is a connection to a server.
type Transport struct {
	NetID string `json:"netid"`
	Addr  string `json:"addr"`
	Port  string `json:"port"`
	State uint64 `json:"state"`
}

// Layout is the header of an inode's layout.
type Layout struct {
	Inode       uint64   `json:"inode"`
	References  int      `json:"references"`
	Outstanding int      `json:"outstanding"` // LAYOUTGETs under way
	Blocked     uint64   `json:"blocked"`     // how often LAYOUTGETs were forbidden
	Flags       []string `json:"flags"`
}

// Read reads a dump with the vmlinux of its kernel. An error of class Infrastructure says what is not installed; what the
// files are not is the user's.
func Read(ctx context.Context, core, vmlinux string) (*Dump, error) {
	for _, name := range []string{core, vmlinux} {
		if info, err := os.Stat(name); err != nil {
			return nil, errs.ByUser(err)
		} else if !info.Mode().IsRegular() {
			return nil, errs.Usagef("%s is no regular file; want a memory dump and the vmlinux of its kernel", name)
		}
	}
	python, err := findPython(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "loopfault-vmcore-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	readable, err := withoutORC(ctx, vmlinux, dir)
	if err != nil {
		return nil, err
	}
	args := []string{core, readable}
	if modules := modulesOf(vmlinux); modules != "" {
		args = append(args, modules)
	}
	r, err := run(ctx, python, args...)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", core, err)
	case r.code == noReader:
		return nil, errs.Usagef("drgn cannot read %s with %s: %s", core, vmlinux, r.complaint)
	case r.code != 0:
		return nil, fmt.Errorf("%s: the script that reads it with drgn ended with code %d: %s", core, r.code, r.complaint)
	}
	d := &Dump{}
	if err := json.Unmarshal(r.out, d); err != nil {
		return nil, fmt.Errorf("%s: what was read of it by drgn: %w", core, err)
	}
	return d, nil
}

// orcTables are the sections of the kernel's own unwinder, under the names that drgn looks for.
var orcTables = []string{".orc_unwind", ".orc_unwind_ip", ".orc_header"}

// withoutORC is the path of a vmlinux in which drgn finds DWARF alone. drgn before 0.0.25 prefers the tables of the kernel's own
// unwinder and does not know their form since Linux 6.4, which .orc_header came with: only kernel threads have stacks then.
// Where that section is, the tables get other names, in a copy in dir; removing them would miss symbols.
func withoutORC(ctx context.Context, vmlinux, dir string) (string, error) {
	file, err := elf.Open(vmlinux)
	if err != nil {
		return "", errs.Usagef("%s is no vmlinux: %w", vmlinux, err)
	}
	newer := file.Section(".orc_header") != nil
	if file.Close(); !newer {
		return vmlinux, nil
	}
	tool, err := packages.Find("objcopy")
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, "vmlinux")
	var args []string
	for _, s := range orcTables {
		args = append(args, "--rename-section", s+"=.unused"+s)
	}
	if out, err := exec.CommandContext(ctx, tool, append(args, "--", vmlinux, to)...).CombinedOutput(); err != nil {
		return "", errs.Infraf("objcopy cannot copy %s: %s", vmlinux, plain.Short(strings.TrimSpace(string(out)), 200))
	}
	return to, nil
}

// modulesOf is where the modules of a vmlinux lie, with their debug information: beside it as distributions install it, as
// DIR/lib/modules/RELEASE/{vmlinux,kernel} or as DIR/boot/vmlinux-RELEASE and DIR/lib/modules/RELEASE, or in the tree that the
// kernel was built in. It is empty if there is none of these.
func modulesOf(vmlinux string) string {
	dir, name := filepath.Split(vmlinux)
	there := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	if release, ok := strings.CutPrefix(name, "vmlinux-"); ok {
		if beside := filepath.Join(dir, "..", "lib", "modules", release); there(beside) {
			return beside
		}
	}
	if there(filepath.Join(dir, "Module.symvers")) || filepath.Base(filepath.Dir(filepath.Clean(dir))) == "modules" {
		return filepath.Clean(dir)
	}
	return ""
}

// systemPython is the Python that Debian's packages are for; another may come first in $PATH.
var systemPython = "/usr/bin/python3"

// findPython returns a Python that finds drgn, or an error that names the Debian package of it.
func findPython(ctx context.Context) (python string, err error) {
	err = errs.Infraf("memory dumps are read by drgn, which is not installed: install the Debian package %s", packages.Of(drgnNeeds))
	for _, name := range []string{"python3", systemPython} {
		if _, missing := exec.LookPath(name); missing != nil {
			continue
		}
		r, rerr := run(ctx, name)
		switch {
		case rerr != nil || r.code == noReader: // it wants the files
			return name, rerr
		case r.code == noDrgn:
			err = errs.Infraf("memory dumps are read by drgn, which is not installed (%s): install the Debian package %s", r.complaint, packages.Of(drgnNeeds))
		default:
			err = errs.Infraf("python3 cannot run the script that reads memory dumps, code %d: %s", r.code, r.complaint)
		}
	}
	return "", err
}

// result is how the script ended.
type result struct {
	out       []byte
	code      int
	complaint string // on standard error, one line
}

// run runs the script under a Python.
func run(ctx context.Context, python string, args ...string) (r result, err error) {
	cmd := exec.CommandContext(ctx, python, append([]string{"-"}, args...)...)
	cmd.Stdin = strings.NewReader(script)
	var stdout bounded
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	if stdout.full {
		return r, errs.Usagef("its tasks come to more than %d MiB of text", maxOutput>>20)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return result{stdout.Bytes(), cmd.ProcessState.ExitCode(), plain.Short(strings.TrimSpace(stderr.String()), 300)}, err
}

// drgnNeeds is what the Debian package of drgn brings.
const drgnNeeds = "/usr/lib/python3/dist-packages/drgn/__init__.py"

// bounded keeps no more than maxOutput.
type bounded struct {
	bytes.Buffer
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		b.full = true
		return 0, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}

// IsDump reports whether a file begins as memory dumps do: an ELF core, or what makedumpfile and QEMU write.
func IsDump(name string) bool {
	f, err := safefile.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 32)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	if bytes.HasPrefix(head, []byte("KDUMP   ")) || bytes.HasPrefix(head, []byte("makedumpfile\x00")) {
		return true
	}
	const core = 4 // ET_CORE
	return bytes.HasPrefix(head, []byte("\x7fELF")) && len(head) > 17 && head[16] == core && head[17] == 0
}
