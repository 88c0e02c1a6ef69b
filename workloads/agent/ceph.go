package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// cephCluster is a monitor, an object store and a metadata server in this guest, and two
// kernel clients of them. The image has them ready to be started.
type cephCluster struct {
	spec   wire.Ceph
	client string // what the metadata server calls the client that the load works on
	evicts int    // how often its session was evicted
	store  *os.Process
}

const (
	cephState = "/var/lib/ceph"
	cephRun   = "/run/ceph"
	cephKnobs = wire.Debugfs + "/ceph"
	// cephMonitor is where clients find the cluster, as in ceph.conf of the image.
	cephMonitor = "127.0.0.1:6789:/"
)

func (c *cephCluster) bringUp() error {
	return takeSteps([]setUpStep{
		{"swap", swapOn},
		{"lay out " + cephState, layOutCluster},
		{"start Ceph's daemons", c.start},
		{"wait for the metadata server", awaitMDS},
		{"set up the metadata server", c.configure},
		{"mount the first client", func() error { return c.mount(wire.CephRoot) }},
		{"find the first client", c.findClient},
		{"mount the second client", func() error { return c.mount(wire.CephBehind) }},
		{"make the load directory", func() error { return makeLoadDir(wire.CephRoot) }},
	})
}

func (*cephCluster) mounted() (wire.Mounted, error) { return wire.Mounted{Vers: "ceph"}, nil }
func (*cephCluster) roots() []string                { return []string{wire.CephRoot, wire.CephBehind} }
func (*cephCluster) behind() string                 { return wire.CephBehind }

// layOutCluster makes what the image holds of the cluster writable.
func layOutCluster() error {
	state := filepath.Join(cephRun, "state")
	if err := os.MkdirAll(state, 0o755); err != nil {
		return err
	}
	if err := workloads.Run("cp", "-a", cephState+"/.", state); err != nil {
		return err
	}
	return unix.Mount(state, cephState, "", unix.MS_BIND, "")
}

// start starts the daemons. They find each other, in whatever order they get ready.
func (c *cephCluster) start() (err error) {
	for _, argv := range [][]string{{"ceph-mon", "-f", "-i", "a"}, {"ceph-mds", "-f", "-i", "a"}} {
		if _, err := startCephDaemon(argv...); err != nil {
			return err
		}
	}
	c.store, err = startCephDaemon("ceph-osd", "-f", "-i", "0")
	return err
}

// startCephDaemon starts a daemon that the OOM killer spares: it is part of the set-up.
func startCephDaemon(argv ...string) (*os.Process, error) {
	out, err := os.Create(filepath.Join(cephRun, argv[0]+".out"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		err := cmd.Wait()
		fmt.Printf("loopfault: %s ended: %v\n", argv[0], err)
	}()
	return cmd.Process, workloads.WriteKnob(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "oom_score_adj"), "-1000")
}

// awaitMDS waits until the metadata server serves.
func awaitMDS() error {
	var last error
	for began := time.Now(); time.Since(began) < clusterPatience; time.Sleep(clusterPause) {
		var status struct {
			State string `json:"state"`
		}
		if last = askMDS(&status, command{"prefix": "status"}); last != nil {
			continue
		}
		if status.State == "up:active" {
			return nil
		}
		last = fmt.Errorf("it is %s", status.State)
	}
	return fmt.Errorf("it does not serve after %s: %w", clusterPatience, last)
}

// configure has evicted clients blocklisted, or not.
func (c *cephCluster) configure() error {
	value := strconv.FormatBool(c.spec.Blocklists())
	return askMDS(nil, command{"prefix": "config set", "var": "mds_session_blocklist_on_evict", "val": []string{value}})
}

// mount makes one client. Clients of one cluster would otherwise share what they can, and
// be one.
func (c *cephCluster) mount(root string) error {
	options := "name=admin,noshare"
	if c.spec.Options != "" {
		options += "," + c.spec.Options
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(cephMonitor, root, "ceph", 0, options); err != nil {
		return fmt.Errorf("mount %s (CONFIG_CEPH_FS): %w", root, err)
	}
	return nil
}

// findClient reads from the kernel under which number the cluster knows its only client.
func (c *cephCluster) findClient() error {
	clients, err := filepath.Glob(cephKnobs + "/*.client*")
	if err != nil {
		return err
	}
	if len(clients) != 1 {
		return fmt.Errorf("there are %d clients in %s, want 1", len(clients), cephKnobs)
	}
	_, c.client, _ = strings.Cut(filepath.Base(clients[0]), ".client")
	return nil
}

// evicting has the metadata server throw the first client's session out. The client is
// told, and makes a new one when it has a request: there is nothing to end.
func (c *cephCluster) evicting() procedure {
	return procedure{
		begin: func(context.Context) error {
			before, err := c.sessions()
			if err != nil {
				return err
			}
			if !slices.Contains(before, c.client) {
				return fmt.Errorf("client %s has no session that could be evicted", c.client)
			}
			if err := askMDS(nil, command{"prefix": "session evict", "filters": []string{"id=" + c.client}}); err != nil {
				return err
			}
			after, err := c.sessions()
			if err != nil {
				return err
			}
			if slices.Contains(after, c.client) {
				return errors.New("the metadata server still has the session that it was to evict")
			}
			c.evicts++
			return os.WriteFile(wire.EvictionsFile, []byte(strconv.Itoa(c.evicts)), 0o644)
		},
		end: func(context.Context) error { return nil },
	}
}

// stopping stops the object store and lets it go on.
func (c *cephCluster) stopping() procedure {
	return procedure{
		begin: func(context.Context) error {
			if err := c.store.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			return os.WriteFile(wire.StoppedFile, nil, 0o644)
		},
		end: func(context.Context) error {
			err := os.Remove(wire.StoppedFile)
			if errors.Is(err, os.ErrNotExist) {
				err = nil
			}
			return errors.Join(err, c.store.Signal(syscall.SIGCONT))
		},
	}
}

// sessions are the numbers of the clients that have one.
func (c *cephCluster) sessions() (clients []string, err error) {
	var list []struct {
		ID int64 `json:"id"`
	}
	if err := askMDS(&list, command{"prefix": "session ls"}); err != nil {
		return nil, err
	}
	for _, s := range list {
		clients = append(clients, strconv.FormatInt(s.ID, 10))
	}
	return clients, nil
}

const (
	// The host bounds the bring-up itself, see readyPause.
	clusterPatience = 3 * time.Minute
	clusterPause    = 100 * time.Millisecond
)
