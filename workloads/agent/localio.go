package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// localIOKnob exists in kernels with CONFIG_NFS_LOCALIO, and is Y when they start.
const localIOKnob = "/sys/module/nfs/parameters/localio_enabled"

// setLocalIO says whether mounts made from now on may read and write without RPC.
func setLocalIO(on bool) error {
	err := workloads.WriteKnob(localIOKnob, map[bool]string{true: "Y", false: "N"}[on])
	if !on && errors.Is(err, os.ErrNotExist) {
		return nil // it cannot do that
	}
	return err
}

// localIOWithin is how long the client may take to learn that its server is on the same
// machine: kernels of 2025 and later ask beside the mount.
const localIOWithin = 10 * time.Second

// proveLocalIO fails if the mount should write without RPC and does not: what is written
// comes to the file, and no WRITE is counted.
func (n *nfsServer) proveLocalIO() error {
	if n.mount.LocalIO != wire.LocalIOOn {
		return nil
	}
	file := filepath.Join(wire.NFSRoot, ".localio")
	defer os.Remove(file)
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		before, err := nfsMounted()
		if err != nil {
			return err
		}
		if err := writeSynced(file); err != nil {
			return err
		}
		after, err := nfsMounted()
		if err != nil {
			return err
		}
		switch sent := after.Ops["WRITE"] - before.Ops["WRITE"]; {
		case sent == 0:
			return nil
		case time.Since(began) > localIOWithin:
			return fmt.Errorf("the client still sends WRITE %s after the mount", localIOWithin)
		}
	}
}

func writeSynced(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString("local")
	return errors.Join(err, f.Sync(), f.Close())
}
