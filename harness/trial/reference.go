package trial

import (
	"context"
	"fmt"

	"loopfault/workloads/wire"
)

// referenceBytes is how much is written to the exported file system itself, for the
// reference: a fraction of a second's work, and little beside the memory of any guest.
const referenceBytes = 16 << 20

// referenceShare is what part of the reference a writer over NFS is expected to reach at
// least. Measured under emulation: six writers together reach 0.5 to 2 times the
// reference on stock kernels, 0.01 times and less where nfsd is throttled.
const referenceShare = 1. / 4

// measureReference finds out how fast the exported file system takes writes that do not
// go over NFS, if the scenario wants its writers compared with that.
func (t *trial) measureReference(ctx context.Context) error {
	if t.spec.Scenario.Reference == "" {
		return nil
	}
	rate, err := t.agent.Reference(ctx, wire.Reference{Bytes: referenceBytes})
	if err != nil {
		return fmt.Errorf("write to the exported file system: %w", err)
	}
	t.detectors.pace.reference = promised(t.spec.Scenario.Workloads, rate.BytesPerSecond)
	t.history.add(entry{Type: "guest", What: "reference", Detail: fmt.Sprintf("%.1f MiB/s written to the exported file system itself", rate.BytesPerSecond/(1<<20)),
		Data: map[string]float64{"bytes_per_second": rate.BytesPerSecond}})
	return nil
}

// promised is how many operations a second the buffered writers of each kind should do at
// least, given the rate in bytes a second past NFS: together they do referenceShare of
// it, were each of their writes as long as it may be.
func promised(workloads []wire.Workload, rate float64) map[string]float64 {
	largest := map[string]wire.Size{}
	for _, w := range workloads {
		if w.Writer == nil || w.Writer.Mode != "" && w.Writer.Mode != wire.WriteBuffered || w.Writer.Block <= 0 {
			continue
		}
		kind := w.Writer.Kind()
		largest[kind] = max(largest[kind], w.Writer.Block)
	}
	all := map[string]float64{}
	for kind, block := range largest {
		all[kind] = rate * referenceShare / float64(len(largest)) / float64(block)
	}
	return all
}
