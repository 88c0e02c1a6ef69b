package main

import (
	"fmt"
	"os/exec"
	"strings"

	"loopfault/results/report/text"

	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages"
)

type doctorCmd struct{}

// check is one line of the doctor: what was looked at, what was found, and
// whether guests can be run or kernels built without it.
type check struct {
	what, found string
	ok          bool
}

func (doctorCmd) Run(e *env) error {
	here := thisHost()
	checks := here.checks()
	if here.fits() == nil { // else there is no point in installing anything
		checks = append(checks, e.checkTools()...)
	}
	bad, g := 0, text.Table{Head: []string{"check", "ok", "found"}}
	for _, k := range checks {
		g.Add(k.what, k.ok, k.found)
		mark := "ok"
		if !k.ok {
			mark, bad = "MISSING", bad+1
		}
		if !e.json {
			fmt.Fprintf(e.stdout, "%-8s %-12s %s\n", mark, k.what, k.found)
		}
	}
	if e.json {
		if err := e.table("checks", g); err != nil {
			return err
		}
	}
	if bad > 0 {
		return &outcome{exitInfrastructure}
	}
	return nil
}

func (e *env) checkTools() []check {
	checks := []check{e.checkQEMU(), checkPackages(), checkAgent()}
	c, err := cache.Open("")
	if err != nil {
		return append(checks, check{"cache", err.Error(), false})
	}
	return append(checks, checkDisk(c), e.checkAccel(c))
}

func (e *env) checkQEMU() check {
	v := qemuVersion()
	if v == notFound {
		return check{"qemu", guest.QEMU("") + " not found: install the Debian package qemu-system-x86, or set LOOPFAULT_QEMU", false}
	}
	if err := guest.CheckNetwork(e.ctx, ""); err != nil {
		return check{"qemu", v + ": " + err.Error(), false}
	}
	return check{"qemu", v, true}
}

const notFound = "not found"

func qemuVersion() string {
	out, err := exec.Command(guest.QEMU(""), "--version").Output()
	if err != nil {
		return notFound
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimPrefix(first, "QEMU emulator version ")
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
	p, err := agentPath()
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

// checkAccel boots a guest with a kernel that is built already; without one
// nothing can be proved.
func (e *env) checkAccel(c *cache.Cache) check {
	list, err := kernel.List(c)
	if err != nil {
		return check{"accelerator", err.Error(), false}
	}
	if len(list) == 0 {
		return check{"accelerator", "unknown until a kernel is built to boot: `loopfault kernel build stock`", true}
	}
	choice, err := e.accel(c, list[0], true)
	if err != nil {
		return check{"accelerator", err.Error(), false}
	}
	return check{"accelerator", fmt.Sprintf("%s: %s", choice.Accel.Name, choice.Why), true}
}
