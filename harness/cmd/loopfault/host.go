package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"loopfault/harness/guest"
	"loopfault/vmimages/packages"
)

// host is what has to be right about a machine before any package can help it.
type host struct {
	arch  string // as Go calls it
	apt   bool
	files uint64 // how many this process may have open
}

// wantedFiles is room for the campaign's own files and some ten guests: the harness has
// about twenty open for each, QEMU about sixty.
const wantedFiles = 1024

func thisHost() host {
	h := host{arch: runtime.GOARCH}
	_, err := packages.Find("apt-get")
	h.apt = err == nil
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		h.files = limit.Max // Go raises the other one to this
	}
	return h
}

// fits is an error on machines that cannot run guests whatever is installed.
func (h host) fits() error {
	if h.arch != "amd64" {
		return &guest.Error{Fault: guest.Infrastructure, Message: "this machine is " + h.arch +
			": guests run on x86-64 only, since kernels are built by the machine's own compiler for its own architecture"}
	}
	return nil
}

func (h host) checks() []check {
	if err := h.fits(); err != nil {
		return []check{{"host", err.Error(), false}}
	}
	c := check{"host", "x86-64, with apt-get", true}
	if !h.apt {
		c = check{"host", "there is no apt-get here: kernels and the root image are built from Debian's packages, so build and run in a Debian machine (12, 13 or sid), or in the container that Containerfile describes", false}
	}
	files := check{"open files", fmt.Sprintf("up to %d", h.files), true}
	if h.files < wantedFiles {
		files = check{"open files", fmt.Sprintf("up to %d, want %d: raise the hard limit (ulimit -Hn; in a container --ulimit nofile=4096:4096)", h.files, wantedFiles), false}
	}
	return []check{c, files}
}
