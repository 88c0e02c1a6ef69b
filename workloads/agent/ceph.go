package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// cephCluster is a monitor, an object store and a metadata server in this guest, and two
// kernel clients of them. The image has them ready to be started.
type cephCluster struct {
	spec   wire.Ceph
	linked bool   // the first client has a link of its own
	client string // what the metadata server calls the client that the load works on
	evicts int    // how often its session was evicted

	mon, mds, store *cephDaemon
}

const (
	cephState = "/var/lib/ceph"
	cephRun   = "/run/ceph"
	cephKnobs = wire.Debugfs + "/ceph"
	// cephAddress is that of all daemons, as in ceph.conf of the image.
	cephAddress = "10.9.9.1"
)

func (c *cephCluster) bringUp() error {
	return takeSteps([]setUpStep{
		{"swap", swapOn},
		{"give the cluster its address", func() error { return workloads.Run("ip", "addr", "add", cephAddress+"/32", "dev", "lo") }},
		{"start Ceph's daemons", c.start},
		{"wait for the metadata server", c.awaitMDS},
		{"set the session time-out", c.setTimeout},
		{"give the first client a link of its own", c.makeLink},
		{"mount the first client", c.mountFirst},
		{"find the first client", c.findClient},
		{"mount the second client", c.mountSecond},
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
func (c *cephCluster) start() error {
	c.mon = &cephDaemon{argv: []string{"ceph-mon", "-f", "-i", "a"}}
	c.mds = &cephDaemon{argv: append([]string{"ceph-mds", "-f", "-i", "a"}, c.mdsOptions()...)}
	c.store = &cephDaemon{argv: []string{"ceph-osd", "-f", "-i", "0"}}
	if c.spec.Store == wire.StoreBlue {
		disk, err := diskBySerial(wire.ExportDisk)
		if err != nil {
			return err
		}
		return takeSteps([]setUpStep{
			{"make a cluster", func() error { return c.makeCluster(disk) }},
			{"start the metadata server", c.mds.start},
		})
	}
	return takeSteps([]setUpStep{
		{"lay out " + cephState, layOutCluster},
		{"start the monitor", c.mon.start},
		{"start the metadata server", c.mds.start},
		{"start the object store", c.store.start},
	})
}

// setTimeout sets for how long a client may be silent until its session is stale.
func (c *cephCluster) setTimeout() error {
	seconds := int(c.spec.SessionTimeout.D().Seconds())
	if seconds == 0 {
		return nil
	}
	return askMonitor(command{"prefix": "fs set", "fs_name": cephFS, "var": "session_timeout", "val": strconv.Itoa(seconds)})
}

// cephFS is the name of the cluster's file system.
const cephFS = "loop"

// awaitMDS waits until the metadata server serves, or is gone.
func (c *cephCluster) awaitMDS() error {
	var last error
	for began := time.Now(); time.Since(began) < clusterPatience; time.Sleep(clusterPause) {
		if !c.mds.alive() { // seen to crash as it starts; a trial that cannot begin is tried once more
			return errors.New("it has ended by itself: the console says how")
		}
		var status struct {
			State string `json:"state"`
		}
		if last = mdsSocket.ask(&status, command{"prefix": "status"}); last != nil {
			continue
		}
		if status.State == "up:active" {
			return nil
		}
		last = fmt.Errorf("it is %s", status.State)
	}
	return fmt.Errorf("it does not serve after %s: %w", clusterPatience, last)
}

// mdsOptions have clients that lose their session blocklisted, or not, by a metadata server
// that is started anew as well.
func (c *cephCluster) mdsOptions() []string {
	value := "=" + strconv.FormatBool(c.spec.Blocklists())
	return []string{"--" + blocklistOnEvict + value, "--mds_session_blocklist_on_timeout" + value}
}

const blocklistOnEvict = "mds_session_blocklist_on_evict"

const (
	// The host bounds the bring-up itself, see readyPause.
	clusterPatience = 3 * time.Minute
	clusterPause    = 100 * time.Millisecond
)
