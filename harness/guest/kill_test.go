package guest_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/errs"
	"loopfault/harness/guest"
)

// victimEnv makes the test binary a harness that is about to be killed: it
// boots a guest from the kernel and initrd named there, with its scratch disk
// in $TMPDIR, prints the process id of QEMU and waits.
const victimEnv = "LOOPFAULT_TEST_VICTIM"

func beVictim() {
	kernel, initrd, _ := strings.Cut(os.Getenv(victimEnv), ":")
	g, err := guest.Start(context.Background(), guest.Spec{
		Name: "orphan", Kernel: kernel, Initrd: initrd, MemoryMiB: 256, CPUs: 2,
		Disks: []guest.Disk{{Serial: "export", SizeMiB: 512}},
	}, guest.Options{Accel: guest.TCG(), Timeouts: budgets()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err, errs.EvidenceOf(err))
		os.Exit(1)
	}
	fmt.Fprintln(g.Agent(), "fill /dev/vda")
	if _, err := bufio.NewReader(g.Agent()).ReadString('\n'); err != nil {
		fmt.Fprintln(os.Stderr, err, strings.Join(g.Console().Tail(20), "\n"))
		os.Exit(1)
	}
	pid, err := childOf(os.Getpid())
	fmt.Println(pid, err)
	<-g.Done()
}

// childOf finds the child of a process.
func childOf(parent int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	if fields := strings.Fields(string(text)); len(fields) > 0 {
		return strconv.Atoi(fields[0])
	}
	// Children are listed under the thread that forked them.
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", parent))
	for _, thread := range threads {
		text, err = os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", parent, thread.Name()))
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			return strconv.Atoi(fields[0])
		}
	}
	return 0, fmt.Errorf("process %d has no child: %v", parent, err)
}

func TestKilledHarnessLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	victim := exec.Command(self)
	victim.Env = append(os.Environ(), victimEnv+"="+fixture(t).Kernel+":"+fixture(t).Initrd, "TMPDIR="+tmp)
	var said bytes.Buffer
	victim.Stderr = &said
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = victim.Wait()
		require.NoError(t, err, said.String())
	}
	word, _, _ := strings.Cut(line, " ")
	qemu, err := strconv.Atoi(word)
	require.NoError(t, err, line)
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", qemu))
	require.NoError(t, err)
	require.Contains(t, string(name), "qemu")
	handle, err := unix.PidfdOpen(qemu, 0)
	require.NoError(t, err)
	defer unix.Close(handle)

	require.NoError(t, victim.Process.Kill())
	_ = victim.Wait()
	gone := []unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}
	n, err := unix.Poll(gone, int(budgets().Quit.Milliseconds()))
	require.NoError(t, err)
	assert.Equal(t, 1, n, "qemu must die with the harness")

	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestScratchDisksHaveNoName(t *testing.T) {
	opts := options(t)
	opts.Dir = t.TempDir()
	spec := fixture(t).Spec("scratch")
	spec.Disks = []guest.Disk{{Serial: "a", SizeMiB: 100}}
	g := boot(t, spec, opts)
	left, err := os.ReadDir(opts.Dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, g.Close(t.Context()))
}

// A QEMU killed from outside is the infrastructure's fault, and nobody who waits
// for the guest waits for ever.
func TestQEMUKilledFromOutside(t *testing.T) {
	g := boot(t, fixture(t).Spec("killed"), options(t))
	a := talk(t, g)
	a.ask("echo up")
	// The console is slower than the agent's port.
	_, err := g.Console().Wait(within(t, budgets().Boot), func(l string) bool { return l == "testinit: ready" })
	require.NoError(t, err)
	pid, err := childOf(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGKILL))
	<-g.Done()
	require.False(t, a.lines.Scan())
	assert.NoError(t, a.lines.Err(), "EOF, not a time-out")
	require.Error(t, g.Err())
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(g.Err()))
	assert.Equal(t, unix.SIGKILL, g.Exit().Signal)
	assert.False(t, g.Exit().Asked)
	assert.Contains(t, errs.EvidenceOf(g.Err()), "testinit: ready")
	assert.Error(t, g.Monitor().Execute(t.Context(), "query-status", nil, nil))
	require.NoError(t, g.Close(t.Context()))
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(g.Err()), "closing explains nothing away")
}

func TestFrozenQEMUIsReaped(t *testing.T) {
	opts := options(t)
	g := boot(t, fixture(t).Spec("frozen"), opts)
	pid, err := childOf(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGSTOP))
	began := time.Now()
	require.NoError(t, g.Close(t.Context()))
	assert.Less(t, time.Since(began), opts.Timeouts.Quit+opts.Timeouts.Command)
	assert.Equal(t, guest.Gone, g.State())
	assert.Equal(t, unix.SIGKILL, g.Exit().Signal)
	assert.NoError(t, g.Err(), "we asked for it")
}

func TestCloseWithoutTimeLeft(t *testing.T) {
	g := boot(t, fixture(t).Spec("hasty"), options(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, g.Close(ctx))
	assert.Equal(t, guest.Gone, g.State())
}
