package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
	"loopfault/harness/session"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages"
)

type doctorCmd struct{}

// check is one line of the doctor: its subject, its result, and whether guests
// can be run or kernels built without it.
type check struct {
	What  string `json:"check"`
	Found string `json:"found"`
	OK    bool   `json:"ok"`
}

// checksOutput is what doctor --json prints.
type checksOutput struct {
	Checks []check `json:"checks"`
}

func (doctorCmd) Run(ctx context.Context, e *env) error {
	here := session.ThisHost()
	checks := hostChecks(here)
	if here.Fits() == nil { // else there is no point in installing anything
		checks = append(checks, e.checkTools(ctx)...)
	}
	if e.json {
		if err := e.printJSON(checksOutput{checks}); err != nil {
			return err
		}
	}
	for _, k := range checks {
		mark := map[bool]string{true: "ok", false: "MISSING"}[k.OK]
		fmt.Fprintf(e.Text, "%-8s %-12s %s\n", mark, k.What, k.Found)
	}
	if slices.ContainsFunc(checks, func(k check) bool { return !k.OK }) {
		return &outcome{exitInfrastructure}
	}
	return nil
}

// wantedFiles is room for the campaign's own files and some ten guests: the harness has
// about twenty open for each, QEMU about sixty.
const wantedFiles = 1024

func hostChecks(h session.Host) []check {
	if err := h.Fits(); err != nil {
		return []check{{"host", err.Error(), false}}
	}
	c := check{"host", "x86-64, with apt-get", true}
	if !h.Apt {
		c = check{"host", "there is no apt-get here: kernels and the root image are built from Debian's packages, so build and run in a Debian machine (12, 13 or sid), or in the container that Containerfile describes", false}
	}
	files := check{"open files", fmt.Sprintf("up to %d", h.Files), true}
	if h.Files < wantedFiles {
		files = check{"open files", fmt.Sprintf("up to %d, want %d: raise the hard limit (ulimit -Hn; in a container --ulimit nofile=4096:4096)", h.Files, wantedFiles), false}
	}
	return []check{c, files}
}

func (e *env) checkTools(ctx context.Context) []check {
	checks := []check{e.checkQEMU(ctx), checkPackages(), checkAgent()}
	c, err := cache.Open("")
	if err != nil {
		return append(checks, check{"cache", err.Error(), false})
	}
	return append(checks, checkDisk(c), e.checkAccel(ctx, c))
}

func (e *env) checkQEMU(ctx context.Context) check {
	v := session.QEMUVersion()
	if v == session.NotFound {
		return check{"qemu", guest.QEMU("") + " not found: install the Debian package qemu-system-x86, or set LOOPFAULT_QEMU", false}
	}
	if err := guest.CheckNetwork(ctx, ""); err != nil {
		return check{"qemu", v + ": " + err.Error(), false}
	}
	return check{"qemu", v, true}
}

// checkPackages looks for everything a build of kernels and images calls.
func checkPackages() check {
	var needs []string
	for _, p := range packages.Host() {
		needs = append(needs, p.Needs...)
	}
	if err := packages.Require(needs...); err != nil {
		return check{"packages", err.Error(), false}
	}
	return check{"packages", fmt.Sprintf("all %d of vmimages/packages/host.txt", len(packages.Host())), true}
}

func checkAgent() check {
	p, err := session.AgentPath()
	if err != nil {
		return check{"agent", err.Error(), false}
	}
	return check{"agent", p, true}
}

// buildSpace is what an empty cache grows to with one kernel and one image.
const buildSpace = 6 << 30

func checkDisk(c *cache.Cache) check {
	var st unix.Statfs_t
	if err := unix.Statfs(c.Path(), &st); err != nil {
		return check{"disk", err.Error(), false}
	}
	free := st.Bavail * uint64(st.Bsize)
	return check{"disk", fmt.Sprintf("%.1f GB free in %s (a first build takes %.0f GB)", float64(free)/1e9, c.Path(), float64(buildSpace)/1e9), free > buildSpace}
}

// checkAccel boots a guest with an existing kernel; without one it cannot
// check.
func (e *env) checkAccel(ctx context.Context, c *cache.Cache) check {
	list, err := kernel.List(c)
	if err != nil {
		return check{"accelerator", err.Error(), false}
	}
	if len(list) == 0 {
		return check{"accelerator", "unknown until a kernel is built to boot: `loopfault kernel build stock`", true}
	}
	quickest := slices.MinFunc(list, func(a, b kernel.Build) int { return cmp.Compare(a.Slowness(), b.Slowness()) })
	choice, err := e.Accel(ctx, c, quickest, true)
	if err != nil {
		return check{"accelerator", err.Error(), false}
	}
	return check{"accelerator", fmt.Sprintf("%s: %s", choice.Accel.Name, choice.Why), true}
}
