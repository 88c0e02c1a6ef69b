package reproduce

import (
	"regexp"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/workloads/wire"
)

// Told is what a text tells of the hang to look for.
type Told struct {
	Hangs   []kernelreport.Report // each signature once
	Vers    []string              // NFS versions that it may be about, "4" for any of those; none if it does not tell
	Layouts []string              // layouts that it may be about, as in mount.layout; none if it does not tell
}

var (
	mountedVers   = regexp.MustCompile(`\bvers=(3|4\.[012])\b`)
	mountedLayout = regexp.MustCompile(`\bpnfs=([A-Z0-9_]+|not configured)`)
)

// layoutNames are layouts by their names in mountstats. There is no scenario with files layouts.
var layoutNames = map[string]string{
	"LAYOUT_FLEX_FILES": wire.LayoutFlexfiles, "LAYOUT_SCSI": wire.LayoutSCSI, "LAYOUT_BLOCK_VOLUME": wire.LayoutBlock,
	"LAYOUT_NFSV4_1_FILES": "files", "not configured": wire.LayoutNone,
}

// layoutMarks are how functions of a layout's driver begin.
var layoutMarks = []struct {
	begins  []string
	layouts []string
}{
	{[]string{"ff_layout_", "nfs4_ff_"}, []string{wire.LayoutFlexfiles}},
	{[]string{"bl_", "ext_tree_", "nfs4_block_"}, []string{wire.LayoutSCSI, wire.LayoutBlock}},
	{[]string{"filelayout_"}, []string{"files"}},
}

// Tell collects what reports and the mounts of a text (mountstats, mount) tell. Stacks count before mounts, of which a
// machine may have several.
func Tell(hangs []kernelreport.Report, mounts string) Told {
	t := Told{Hangs: hangs}
	for _, h := range hangs {
		for _, f := range h.Traits().Telling {
			switch {
			case strings.HasPrefix(f, "nfs3_") || strings.HasPrefix(f, "nfsd3_"):
				t.Vers = with(t.Vers, "3")
			case strings.HasPrefix(f, "nfs40_"):
				t.Vers = with(t.Vers, "4.0")
			}
			for _, m := range layoutMarks {
				if hasAny(f, m.begins) {
					t.Layouts = with(t.Layouts, m.layouts...)
				}
			}
		}
	}
	fromStack := len(t.Layouts) > 0
	for _, m := range mountedVers.FindAllStringSubmatch(mounts, -1) {
		t.Vers = with(t.Vers, m[1])
	}
	for _, m := range mountedLayout.FindAllStringSubmatch(mounts, -1) {
		if name := layoutNames[m[1]]; name != "" && !fromStack {
			t.Layouts = with(t.Layouts, name)
		}
	}
	if len(t.Vers) == 0 && slices.ContainsFunc(hangs, isFour) {
		t.Vers = []string{"4"}
	}
	return t
}

// isFour says that a stack passes through NFSv4.
func isFour(h kernelreport.Report) bool {
	return slices.ContainsFunc(h.Traits().Telling, func(f string) bool { return hasAny(f, []string{"nfs4_", "nfsd4_", "pnfs_"}) })
}

func with(list []string, more ...string) []string {
	for _, m := range more {
		if !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

func hasAny(f string, begins []string) bool {
	return slices.ContainsFunc(begins, func(b string) bool { return strings.HasPrefix(f, b) })
}
