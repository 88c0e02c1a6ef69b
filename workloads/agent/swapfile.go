package agent

import (
	"os"
	"path/filepath"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

var swapFile = filepath.Join(wire.NFSRoot, ".swap")

// swapOnMount has the guest swap to a file on the mount, as the scenario wants it.
func (n *nfsServer) swapOnMount() error {
	if n.mount.Swap == 0 {
		return nil
	}
	// The agent must answer also if what is swapped out does not come back.
	if err := workloads.StayInMemory(); err != nil {
		return err
	}
	if err := writeWhole(swapFile, n.mount.Swap); err != nil {
		return err
	}
	return swapTo(swapFile)
}

// writeWhole makes a file of that size. The kernel refuses a swap file with holes.
func writeWhole(path string, size wire.Size) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	zeros := make([]byte, 1<<20)
	for left := size; left > 0; {
		some := zeros[:min(left, wire.Size(len(zeros)))]
		if _, err := f.Write(some); err != nil {
			return err
		}
		left -= wire.Size(len(some))
	}
	return f.Sync()
}

// swapOff stops swapping to that file, so that the mount can be taken down.
func (n *nfsServer) swapOff() error {
	if n.mount.Swap == 0 {
		return nil
	}
	return workloads.Run("swapoff", swapFile)
}
