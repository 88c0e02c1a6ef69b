package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

const path = "/usr/sbin:/usr/bin:/sbin:/bin"

type mount struct {
	source, target, fs, data string
	flags                    uintptr
	optional                 bool // a kernel may lack it; its users report that
}

// The root file system is mounted read-only and shared by many guests, so
// every place that is written to is a tmpfs.
var earlyMounts = []mount{
	{"proc", "/proc", "proc", "", 0, false},
	{"sysfs", "/sys", "sysfs", "", 0, false},
	{"devtmpfs", "/dev", "devtmpfs", "", 0, false},
	{"devpts", "/dev/pts", "devpts", "mode=0620,ptmxmode=0666", 0, false},
	{"tmpfs", "/dev/shm", "tmpfs", "", 0, false},
	{"tmpfs", "/run", "tmpfs", "mode=0755", 0, false},
	{"tmpfs", "/tmp", "tmpfs", "", 0, false},
	{"tmpfs", "/mnt", "tmpfs", "mode=0755", 0, false},
	{"tmpfs", "/var/lib/nfs", "tmpfs", "mode=0755", 0, false},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", "", 0, true},
	{"debugfs", wire.Debugfs, "debugfs", "", 0, true},
	{"tracefs", wire.Tracefs, "tracefs", "", 0, true},
}

// Init is process 1. It returns only when the guest cannot be set up at all.
func Init() error {
	if err := enterImage(); err != nil {
		return err
	}
	os.Setenv("PATH", path)
	for _, m := range earlyMounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil && !errors.Is(err, syscall.EROFS) && !m.optional {
			return err
		}
		err := unix.Mount(m.source, m.target, m.fs, m.flags, m.data)
		if err != nil && err != unix.EBUSY && !m.optional {
			return fmt.Errorf("mount %s on %s: %w", m.fs, m.target, err)
		}
	}
	unix.Sethostname([]byte("loopfault"))
	// Coredumps of killed workers would be written to the file system under test.
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	// Distributions' kernels use transparent huge pages by default: workers that hardly
	// use memory would be OOM-killed in their small cgroup before they begin. All roles
	// inherit this.
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0) // fails only on a kernel without them
	if err := network(); err != nil {
		return err
	}
	roles := map[int]string{}
	for _, role := range []struct {
		argv  []string
		start func(*exec.Cmd) error
	}{
		{[]string{"/proc/self/exe", "watch"}, workloads.StartSpared},
		{[]string{"/proc/self/exe", "serve"}, workloads.StartSpared},
		{[]string{"/usr/sbin/sshd", "-D", "-e"}, (*exec.Cmd).Start},
	} {
		pid, err := spawn(role.start, role.argv...)
		if err != nil {
			return err
		}
		roles[pid] = strings.Join(role.argv, " ")
	}
	return reap(roles)
}

func network() error {
	for _, argv := range []string{
		"ip link set lo up",
		"ip addr add 10.0.2.15/24 dev eth0", // the address QEMU's user network forwards to
		"ip link set eth0 up",
	} {
		if err := workloads.Run(strings.Fields(argv)...); err != nil {
			return err
		}
	}
	return os.MkdirAll("/run/sshd", 0o755)
}

// spawn starts a role without waiting for it; reap collects it.
func spawn(start func(*exec.Cmd) error, argv ...string) (pid int, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Dir = "/"
	if err := start(cmd); err != nil {
		return 0, fmt.Errorf("start %s: %w", strings.Join(argv, " "), err)
	}
	pid = cmd.Process.Pid
	return pid, cmd.Process.Release()
}

// reap collects every orphan for ever. The end of a role is logged on the
// console; killed workers end here too and are not logged.
func reap(roles map[int]string) error {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("process 1 has no children left: %w", err)
		}
		if role, ok := roles[pid]; ok {
			fmt.Printf("loopfault: %s ended: exit status %d, signal %d\n", role, status.ExitStatus(), status.Signal())
		}
	}
}
