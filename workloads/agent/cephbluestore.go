package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
)

// The cluster that the image has keeps its objects in memory. One with BlueStore, the object
// store that production systems have, is made anew in the guest, on a disk: most of the store
// would be empty space in the image.

// storeID is what the object store is known by before it has a number.
const storeID = "6c6f6f70-6661-756c-7463-65706800000e"

// blueStore are options of an object store on a disk, for a guest of little memory.
func blueStore(disk string) []string {
	return []string{
		"--osd_objectstore=bluestore", "--bluestore_block_path=" + disk, "--bluestore_block_create=false",
		"--bluestore_cache_autotune=false", "--bluestore_cache_size=33554432",
		"--bluestore_rocksdb_options=compression=kNoCompression,write_buffer_size=4194304,max_write_buffer_number=2,max_background_compactions=1",
	}
}

// makeCluster makes a cluster that has nothing in it yet, and starts all of it but for its
// metadata server.
func (c *cephCluster) makeCluster(disk string) error {
	c.store.argv = append(c.store.argv, blueStore(disk)...)
	fsid, err := clusterID(cephConfFile)
	if err != nil {
		return err
	}
	monmap := filepath.Join(cephRun, "monmap")
	return takeSteps([]setUpStep{
		{"make room for it", emptyState},
		{"make a map of monitors", func() error {
			return workloads.Run("monmaptool", "--create", "--fsid", fmt.Sprintf("%x-%x-%x-%x-%x", fsid[:4], fsid[4:6], fsid[6:8], fsid[8:10], fsid[10:]),
				"--set-min-mon-release", "pacific", "--addv", "a", fmt.Sprintf("[v2:%s:3300,v1:%s:%s]", cephAddress, cephAddress, monitorPort), monmap)
		}},
		{"make the monitor's store", func() error { return workloads.Run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap) }},
		{"start the monitor", c.mon.start},
		{"announce the object store", func() error { return awaitMonitor(command{"prefix": "osd new", "uuid": storeID}) }},
		{"make the object store", func() error {
			return workloads.Run(append([]string{"ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storeID}, blueStore(disk)...)...)
		}},
		{"start the object store", c.startNewStore},
		{"make the file system", func() error {
			return askMonitor(
				command{"prefix": "osd pool create", "pool": "meta", "pg_num": 4},
				command{"prefix": "osd pool create", "pool": "data", "pg_num": 4},
				command{"prefix": "fs new", "fs_name": cephFS, "metadata": "meta", "data": "data"})
		}},
	})
}

// startNewStore starts the object store so that it takes its place in the map of stores,
// which the image's has already.
func (c *cephCluster) startNewStore() error {
	c.store.argv = append(c.store.argv, "--osd_crush_update_on_start=true")
	return c.store.start()
}

// emptyState covers what the image holds of its cluster.
func emptyState() error {
	if err := unix.Mount("tmpfs", cephState, "tmpfs", 0, ""); err != nil {
		return err
	}
	all := os.MkdirAll(cephRun, 0o755) // no daemon has started yet
	for _, dir := range []string{"mon", "osd/0", "mds/a"} {
		all = errors.Join(all, os.MkdirAll(filepath.Join(cephState, dir), 0o755))
	}
	return all
}

// awaitMonitor has a monitor that is starting do a command as soon as it can.
func awaitMonitor(c command) error {
	var last error
	for began := time.Now(); time.Since(began) < clusterPatience; time.Sleep(clusterPause) {
		if last = askMonitor(c); last == nil {
			return nil
		}
	}
	return fmt.Errorf("it does not serve after %s: %w", clusterPatience, last)
}
