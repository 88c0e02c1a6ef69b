package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
	"loopfault/workloads/wire"
)

// Shares of a score. What a text does not tell is left out, and the rest counts for all.
const (
	shareFunctions = 0.6
	shareAspect    = 0.1 // each of operation, version, layout and side
)

// score says how well a scenario fits a hang, 0 to 1, and what agrees and differs beside the functions. It is 0 if they share
// no function.
func score(r scenario.Ranked, h kernelreport.Report, t Told) (fits float64, agrees, differs []string) {
	if r.Score == 0 {
		return 0, nil, nil
	}
	// One function that both name may be chance, several are less and less so.
	n := float64(len(r.Shared))
	got, all := shareFunctions*r.Score*n/(n+1), shareFunctions
	for _, a := range aspects(r.Scenario, h, t) {
		all += shareAspect
		if a.same {
			got += shareAspect
			agrees = append(agrees, a.what)
		} else {
			differs = append(differs, a.what)
		}
	}
	return got / all, agrees, differs
}

// aspect is something that a text tells and a scenario has or has not.
type aspect struct {
	what string
	same bool
}

func aspects(s scenario.Scenario, h kernelreport.Report, t Told) (list []aspect) {
	if op := h.Traits().Operation; op != "-" {
		list = append(list, aspect{"operation " + op, slices.Contains(operations(s), op)})
	}
	if len(t.Vers) > 0 {
		has := with(slices.Clone(s.Applies.Vers), s.Mount.Vers)
		list = append(list, aspect{"NFS " + strings.Join(t.Vers, " or "), slices.ContainsFunc(t.Vers, func(v string) bool {
			return slices.ContainsFunc(has, func(h string) bool { return h == v || strings.HasPrefix(h, v+".") })
		})})
	}
	if len(t.Layouts) > 0 {
		has := with(slices.Clone(s.Applies.Layout), s.Mount.Layout)
		what := "layout " + strings.Join(t.Layouts, " or ")
		if slices.Equal(t.Layouts, []string{wire.LayoutNone}) {
			what = "no layouts"
		}
		list = append(list, aspect{what, slices.ContainsFunc(t.Layouts, func(l string) bool { return slices.Contains(has, l) })})
	}
	if side := sideOf(h.Traits().Telling); side != "" {
		list = append(list, aspect{side + " side", slices.Contains(sidesOf(s), side)})
	}
	return list
}

// sideOf is on which side of NFS a stack is: an nfsd thread may be an NFS client, too, but not the other way round.
func sideOf(functions []string) string {
	side := ""
	for _, f := range functions {
		switch {
		case hasAny(f, []string{"nfsd", "svc_"}):
			return "server"
		case hasAny(f, []string{"nfs", "pnfs_", "rpc_", "ff_layout_"}):
			side = "client"
		}
	}
	return side
}

func sidesOf(s scenario.Scenario) (sides []string) {
	for _, f := range s.Functions() {
		if side := sideOf([]string{f}); side != "" {
			sides = with(sides, side)
		}
	}
	return sides
}

// operations are what tasks of a scenario are about, as the parser of reports calls it: those of the functions that it names,
// and what its workloads do.
func operations(s scenario.Scenario) (ops []string) {
	for _, f := range s.Functions() {
		one := kernelreport.FromStack("", 0, "D", 0, fmt.Sprintf("[<0>] %s+0x1/0x2\n", f))
		if op := one.Traits().Operation; op != "-" {
			ops = with(ops, op)
		}
	}
	for _, w := range s.Workloads {
		switch {
		case w.SharedFile != nil:
			ops = with(ops, "open", "write", "sync", "truncate", "unlink", "close", "exit", "writeback")
		case w.Umount != nil, w.Container != nil:
			ops = with(ops, "umount", "mount", "exit")
		case w.Evict != nil:
			ops = with(ops, "evict", "reclaim")
		case w.Writer != nil:
			ops = with(ops, "write", "sync", "writeback", "close")
		case w.Reader != nil:
			ops = with(ops, "read", "open")
		case w.State != nil:
			ops = with(ops, "open", "lock", "close", "rename", "unlink")
		case w.Hog != nil:
			ops = with(ops, "reclaim")
		case w.Pages != nil:
			ops = with(ops, "reclaim", "fault")
		case w.CopyUp != nil:
			ops = with(ops, "open", "read", "write", "unlink", "evict")
		case w.ServerCopy != nil:
			ops = with(ops, "open", "write", "close")
		case w.Directory != nil:
			ops = with(ops, "open", "rename", "unlink")
		case w.Opens != nil:
			ops = with(ops, "open", "close")
		case w.StaleTruncate != nil:
			ops = with(ops, "write", "truncate", "writeback")
		case w.ReadaheadClose != nil:
			ops = with(ops, "read", "close", "evict")
		}
	}
	return ops
}
