//go:build fleet

package fleet_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/vmimages/packages"
)

// cluster is a Slurm of one node with three slots, on this machine, for one test: its own controller, node daemon and
// keys, as whoever runs the test, in a directory of its own. It ends with the test.
type cluster struct {
	t      *testing.T
	dir    string
	node   string
	daemon map[string]*exec.Cmd
}

// config is slurm.conf. Arrays are small, so that eight shards need more than one.
const config = `ClusterName=fleettest
SlurmctldHost=NODE(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=DIR/munge.socket
CryptoType=crypto/munge
SlurmUser=USER
SlurmdUser=USER
SlurmctldPort=PORT1
SlurmdPort=PORT2
StateSaveLocation=DIR/state
SlurmdSpoolDir=DIR/spool
SlurmctldPidFile=DIR/slurmctld.pid
SlurmdPidFile=DIR/slurmd.pid
SlurmctldLogFile=DIR/slurmctld.log
SlurmdLogFile=DIR/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2
ReturnToService=2
JobRequeue=1
KillWait=30
MaxArraySize=6
SlurmdParameters=config_overrides
NodeName=NODE NodeAddr=127.0.0.1 CPUs=3 RealMemory=20000 State=UNKNOWN
PartitionName=p Nodes=NODE Default=YES MaxTime=INFINITE State=UP
`

// newCluster starts one. The path of its directory has to be short enough for a socket.
func newCluster(t *testing.T) *cluster {
	require.NoError(t, packages.Require("slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo", "munged", "munge"))
	dir, err := os.MkdirTemp("", "fleet-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	me, err := user.Current()
	require.NoError(t, err)
	node, err := os.Hostname()
	require.NoError(t, err)
	node, _, _ = strings.Cut(node, ".")
	c := &cluster{t: t, dir: dir, node: node, daemon: map[string]*exec.Cmd{}}
	for _, d := range []string{"state", "spool"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o700))
	}
	key := make([]byte, 128)
	_, _ = rand.Read(key)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "munge.key"), key, 0o400))
	text := strings.NewReplacer("NODE", node, "DIR", dir, "USER", me.Username, "PORT1", port(t), "PORT2", port(t)).Replace(config)
	conf := filepath.Join(dir, "slurm.conf")
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o644))
	t.Setenv("SLURM_CONF", conf)

	t.Cleanup(func() {
		for _, name := range []string{"slurmd", "slurmctld", "munged"} {
			c.kill(name)
		}
		if t.Failed() {
			for _, name := range []string{"slurmctld.log", "slurmd.log"} {
				text, _ := os.ReadFile(filepath.Join(dir, name))
				t.Logf("end of %s:\n%s", name, text[max(0, len(text)-4000):])
			}
		}
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	c.start("munged", "--foreground", "--force", "--socket="+in("munge.socket"), "--key-file="+in("munge.key"), "--pid-file="+in("munged.pid"), "--log-file="+in("munged.log"), "--seed-file="+in("munged.seed"))
	require.Eventually(t, func() bool { return exec.Command("munge", "-n", "--socket="+in("munge.socket")).Run() == nil }, 20*time.Second, 100*time.Millisecond)
	c.start("slurmctld", "-D", "-c")
	c.start("slurmd", "-D", "-N", node)
	c.idle()
	return c
}

func port(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, p, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return p
}

// start starts a daemon, which ends with this process.
func (c *cluster) start(name string, args ...string) {
	path, err := packages.Find(name)
	require.NoError(c.t, err)
	cmd := exec.Command(path, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.t, cmd.Start())
	c.daemon[name] = cmd
}

// kill ends a daemon at once.
func (c *cluster) kill(name string) {
	cmd := c.daemon[name]
	if cmd == nil {
		return
	}
	delete(c.daemon, name)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// restart ends the controller in order, as an upgrade does, and starts it again with the state that it kept.
func (c *cluster) restart() {
	cmd := c.daemon["slurmctld"]
	require.NoError(c.t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait()
	c.start("slurmctld", "-D")
}

// idle waits until the node takes jobs.
func (c *cluster) idle() {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--format=%T").Output()
		return err == nil && strings.TrimSpace(string(out)) == "idle"
	}, time.Minute, 200*time.Millisecond, "the node is not there")
}

// do runs a command of Slurm.
func (c *cluster) do(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	require.NoError(c.t, err, "%v: %s", args, out)
	return string(out)
}

// task is the number that Slurm has for the job of a shard.
func (c *cluster) task(id string, shard, most int) string {
	c.t.Helper()
	first := (shard - 1) / most * most
	for line := range strings.Lines(c.do("squeue", "--noheader", "--array", "--states=all", "--format=%j|%K|%A")) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if f[0] == fmt.Sprintf("loopfault-%s-%d", id, first) && f[1] == fmt.Sprint(shard-first) {
			return f[2]
		}
	}
	require.Fail(c.t, "no job", "of shard %d", shard)
	return ""
}
