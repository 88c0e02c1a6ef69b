package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// proveLocalIO fails if the mount should write without RPC and does not: what is written comes to the file, and the server
// is asked to WRITE nothing. A client with layouts asks its data server, which is the same machine.
func (n *nfsServer) proveLocalIO() error {
	if n.mount.LocalIO != wire.LocalIOOn {
		return nil
	}
	file := filepath.Join(wire.NFSRoot, ".localio")
	defer os.Remove(file)
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		before, err := servedWrites()
		if err != nil {
			return err
		}
		if err := writeSynced(file); err != nil {
			return err
		}
		after, err := servedWrites()
		if err != nil {
			return err
		}
		switch {
		case after == before:
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

const nfsdStats = "/proc/net/rpc/nfsd"

func servedWrites() (int64, error) {
	text, err := os.ReadFile(nfsdStats)
	if err != nil {
		return 0, err
	}
	return writesIn(string(text))
}

// writesIn reads how many WRITEs of NFSv3 and v4 nfsd was asked for from its statistics: lines of a name, a count of numbers,
// and so many numbers, one a procedure or operation.
func writesIn(stats string) (sum int64, err error) {
	number := map[string]int{"proc3": 7, "proc4ops": 38} // of WRITE (RFC 1813, RFC 8881)
	found := 0
	for line := range strings.Lines(stats) {
		fields := strings.Fields(line)
		if len(fields) == 0 || number[fields[0]] == 0 {
			continue
		}
		at := 2 + number[fields[0]]
		if at >= len(fields) {
			return 0, fmt.Errorf("%s has no WRITE in its line %s", nfsdStats, fields[0])
		}
		n, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", nfsdStats, err)
		}
		sum += n
		found++
	}
	if found == 0 {
		return 0, fmt.Errorf("%s has neither a line proc3 nor proc4ops", nfsdStats)
	}
	return sum, nil
}
