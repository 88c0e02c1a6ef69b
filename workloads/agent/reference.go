package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loopfault/workloads/wire"
)

// referenceBlock is what is written at once: as much as NFS has in one WRITE.
const referenceBlock = 128 << 10

// reference writes to the exported file system past NFS, and says how fast that was on
// the guest's own clock.
func reference(p wire.Reference) (wire.Rate, error) {
	path := filepath.Join(wire.ExportRoot, ".reference")
	f, err := os.Create(path)
	if err != nil {
		return wire.Rate{}, err
	}
	defer os.Remove(path)
	defer f.Close()
	block, began := make([]byte, referenceBlock), time.Now()
	for left := int64(p.Bytes); left > 0; left -= referenceBlock {
		if _, err := f.Write(block[:min(left, referenceBlock)]); err != nil {
			return wire.Rate{}, err
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return wire.Rate{}, err
	}
	seconds := time.Since(began).Seconds()
	if seconds <= 0 {
		return wire.Rate{}, fmt.Errorf("%d bytes in no time: the guest's clock stands still", p.Bytes)
	}
	return wire.Rate{BytesPerSecond: float64(p.Bytes) / seconds}, nil
}
