package workloads

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain plays the processes that workers start, which are this program.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "worker": // what startWriter starts: it works until it is killed
		time.Sleep(time.Hour) // and not select: without cgo the runtime would end what can never go on
	case len(os.Args) == 3 && os.Args[1] == "starts":
		runtime.LockOSThread() // as RunTask does
		w, err := Env{Rand: NewRand(1, "umount/0")}.startWriter(os.Args[2], "", 65534, 1, 0)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(w.Process.Pid)
		time.Sleep(time.Hour)
	}
	os.Exit(m.Run())
}

// Trials end by SIGKILL of the workers. Writers that went on would be clients of a server that is taken down.
func TestKilledWorkersLeaveNoWriters(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root starts processes of other users")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	worker := exec.CommandContext(ctx, "/proc/self/exe", "starts", t.TempDir())
	out, err := worker.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, worker.Start())
	defer worker.Wait()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, line)
	alive := func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(line) + "/stat")
		return err == nil && !strings.Contains(string(stat), ") Z ") // it may not have been reaped
	}
	require.True(t, alive(), line)
	require.NoError(t, worker.Process.Kill())
	assert.Eventually(t, func() bool { return !alive() }, 10*time.Second, 5*time.Millisecond)
}
