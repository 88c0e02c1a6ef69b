package agent

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"loopfault/workloads/wire"
)

func nfsMounted() (wire.Mounted, error) {
	text, err := os.ReadFile("/proc/self/mountstats")
	if err != nil {
		return wire.Mounted{}, err
	}
	m, ok := parseMountstats(string(text), wire.NFSRoot)
	if !ok {
		return wire.Mounted{}, fmt.Errorf("%s is not an NFS mount", wire.NFSRoot)
	}
	return m, nil
}

// parseMountstats finds one mount's section. In it, "opts:" holds the
// negotiated version, "nfsv4:" the layout driver, and after "per-op
// statistics" each line starts with an operation and how often it was sent.
func parseMountstats(text, dir string) (wire.Mounted, bool) {
	m := wire.Mounted{Ops: map[string]int64{}}
	found, perOp := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "device ") {
			if found {
				break
			}
			found = strings.Contains(line, " mounted on "+dir+" with fstype nfs")
			continue
		}
		if !found {
			continue
		}
		name, rest, _ := strings.Cut(line, ":")
		switch {
		case perOp:
			sent, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			if n, err := strconv.ParseInt(sent, 10, 64); err == nil && n > 0 {
				m.Ops[name] = n
			}
		case name == "opts":
			m.Vers = option(rest, "vers=")
		case name == "nfsv4":
			m.Layout = option(rest, "pnfs=")
		case line == "per-op statistics":
			perOp = true
		}
	}
	return m, found
}

func option(list, key string) string {
	for _, o := range strings.Split(list, ",") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(o), key); ok {
			return v
		}
	}
	return ""
}
