package campaign

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What one guest takes of the host beside its own memory: QEMU with the code it
// translated (measured: 150 MiB in a trial of 20 s).
const qemuMiB = 256

// reserveMiB is left to the host, in memory and on each disk that is written to.
const reserveMiB = 256

// NoRoom says that the host has too little of something for one more trial. The
// campaign's results so far are kept.
type NoRoom struct {
	Of      string // the scarce resource
	LeftMiB int
}

func (n *NoRoom) Error() string {
	return fmt.Sprintf("the host is out of %s: %d MiB are left, %d MiB are kept free", n.Of, n.LeftMiB, reserveMiB)
}

// room looks at memory and at the disks of the results and of scratch files.
func room(results, scratch string) error {
	if mib := availableMiB(); mib < reserveMiB {
		return &NoRoom{"memory", mib}
	}
	if scratch == "" {
		scratch = os.TempDir()
	}
	for _, dir := range []string{results, scratch} {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			return fmt.Errorf("free space of %s: %w", dir, err)
		}
		if mib := int(st.Bavail * uint64(st.Bsize) >> 20); mib < reserveMiB {
			return &NoRoom{"disk space in " + dir, mib}
		}
	}
	return nil
}

// memoryOf is what the guests of an arm are given, in MiB: a kernel that watches
// itself needs more than the scenario says.
func (s Spec) memoryOf(a Arm) int { return a.Kernel.MemoryFor(s.Scenario.Guest.Memory.MiB()) }

// GuestMiB is the memory budget of one guest, of the arm that needs most.
func (s Spec) GuestMiB() int {
	most := 0
	for _, a := range s.Arms {
		most = max(most, s.memoryOf(a))
	}
	return most + qemuMiB
}

// MostJobs is how many guests fit into the host's memory beside each arm's
// snapshot; below 1, none fits.
func (s Spec) MostJobs() int { return s.jobsIn(availableMiB() - reserveMiB) }

func (s Spec) jobsIn(mib int) int {
	for _, a := range s.Arms {
		if !s.Cold {
			mib -= s.memoryOf(a)
		}
	}
	return mib / s.GuestMiB()
}

// DefaultJobs is as many guests as the host has cores for, and memory.
func (s Spec) DefaultJobs() int {
	return max(1, min(runtime.NumCPU()/s.Scenario.Guest.CPUs, s.MostJobs()))
}

// availableMiB is the memory available without swapping, on the host or in the
// tightest of our control groups.
func availableMiB() int {
	var kib int
	if _, err := fmt.Sscanf(firstField("/proc/meminfo", "MemAvailable"), "%d", &kib); err != nil {
		return math.MaxInt32
	}
	mib := kib >> 10
	group, ok := strings.CutPrefix(strings.TrimSpace(firstLine("/proc/self/cgroup")), "0::")
	for dir := group; ok && dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		path := filepath.Join("/sys/fs/cgroup", dir)
		limit, err := strconv.ParseInt(firstLine(path+"/memory.max"), 10, 64)
		if err != nil {
			continue // "max", or no memory controller
		}
		used, err := strconv.ParseInt(firstLine(path+"/memory.current"), 10, 64)
		if err == nil {
			mib = min(mib, int((limit-used)>>20))
		}
	}
	return mib
}

func firstLine(path string) string { return firstField(path, "") }
