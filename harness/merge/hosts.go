package merge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"loopfault/results/store"
)

// hosts are the machines that trials ran on, each under a name of its own: two machines may
// call themselves the same.
type hosts struct {
	labels map[*shard]string // of the host that a shard began on

	mu     sync.Mutex
	byName map[string]*store.MergedHost
}

func newHosts(shards []*shard) *hosts {
	h := &hosts{labels: map[*shard]string{}, byName: map[string]*store.MergedHost{}}
	taken := map[string]store.MergedHost{}
	for _, s := range shards {
		is := store.MergedHost{Host: s.manifest.Host, QEMU: s.manifest.Versions["qemu"], Accel: s.manifest.QEMU.Accel}
		name := cmp.Or(is.Name, "host")
		label := name
		for i := 2; ; i++ {
			other, used := taken[label]
			if !used || other == is {
				break
			}
			label = fmt.Sprintf("%s (%d)", name, i)
		}
		taken[label] = is
		h.labels[s] = label
		is.Name = label
		h.byName[label] = &is
	}
	return h
}

// label is the name of the host that a trial of a shard ran on. A shard that went on
// elsewhere says so in the trial alone; of that machine no more is known, but that QEMU and
// accelerator are the same.
func (h *hosts) label(s *shard, ran string) string {
	if ran == "" || ran == s.manifest.Host.Name {
		return h.labels[s]
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byName[ran] == nil {
		h.byName[ran] = &store.MergedHost{Host: store.Host{Name: ran}, QEMU: s.manifest.Versions["qemu"], Accel: s.manifest.QEMU.Accel}
	}
	return ran
}

func (h *hosts) count(label string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.byName[label].Trials++
}

// list is the hosts that ran trials, by name.
func (h *hosts) list() (list []store.MergedHost) {
	for _, name := range slices.Sorted(maps.Keys(h.byName)) {
		if host := *h.byName[name]; host.Trials > 0 {
			list = append(list, host)
		}
	}
	return list
}
