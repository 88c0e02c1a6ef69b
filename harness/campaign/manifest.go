package campaign

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"loopfault/harness/guest"
	"loopfault/harness/trial"
	"loopfault/results/store"
)

func manifest(spec Spec) (store.Manifest, error) {
	text, err := json.Marshal(spec.Scenario)
	if err != nil {
		return store.Manifest{}, err
	}
	m := store.Manifest{
		Started: time.Now().UTC(), Command: spec.Command,
		Scenario: text, Name: spec.Scenario.Ref().String(),
		Terms:    spec.Terms,
		Image:    store.Image{Key: spec.Image.Key, SHA256: spec.Image.SHA256},
		Versions: spec.Versions, Host: host(), Bundle: spec.Bundle,
	}
	if spec.Shard != (store.Shard{}) {
		m.Host.Name = hostName()
	}
	for _, a := range spec.Arms {
		arm, err := armOf(a)
		if err != nil {
			return store.Manifest{}, err
		}
		arm.MayStall = a.Control && spec.Scenario.ControlStalls
		m.Arms = append(m.Arms, arm)
	}
	opts := spec.GuestOf(spec.Arms[0])
	machine := trial.MachineOf(spec.Scenario, spec.Arms[0].Kernel, spec.Image, opts.Timeouts)
	argv := guest.Command(machine, opts)
	m.QEMU = store.QEMU{Binary: argv[0], Accel: spec.Guest.Accel.Name, Reason: spec.AccelWhy, Argv: argv}
	return m, nil
}

func armOf(a Arm) (store.Arm, error) {
	k := a.Kernel
	bzImage, err := filepath.Abs(k.BzImage) // a resumed campaign may start elsewhere
	if err != nil {
		return store.Arm{}, err
	}
	arm := store.Arm{
		Name: a.Name, Kernel: k.Name, Control: a.Control, NoFault: a.NoFault, Version: k.Version, BzImage: bzImage,
		KernelHash: k.ImageHash, KernelKey: k.Key, ConfigHash: k.ConfigHash, SourceHash: k.SourceHash,
		Patches: []store.Patch{}, Instrumentation: k.Instrumentation,
		Source: k.Source, Commit: k.Commit, Compiler: k.Compiler, Fragments: k.Fragments, Build: k.Commands(),
	}
	for _, p := range k.Patches {
		arm.Patches = append(arm.Patches, store.Patch{Name: p.Name, SHA256: p.SHA256, Reverse: p.Reverse})
	}
	for _, p := range k.InstrumentationPatches {
		arm.InstrumentationPatches = append(arm.InstrumentationPatches, store.Patch{Name: p.Name, SHA256: p.SHA256})
	}
	return arm, nil
}

func host() store.Host {
	h := store.Host{Cores: runtime.NumCPU()}
	h.Kernel = firstField("/proc/sys/kernel/osrelease", "")
	h.CPU = firstField("/proc/cpuinfo", "model name")
	fmt.Sscanf(firstField("/proc/meminfo", "MemTotal"), "%d", &h.MemMiB)
	h.MemMiB /= 1 << 10
	return h
}

// hostName tells the hosts of shards apart. Other runs are not told where they ran:
// their files are handed on, and it is not needed.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// firstField reads the value of the first "key : value" line of a proc file,
// or its first line when key is empty.
func firstField(path, key string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key == "" {
			return strings.TrimSpace(line)
		}
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
