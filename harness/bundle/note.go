package bundle

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// script runs the bundle where it was unpacked. The host's answer to which accelerator works is kept beside it, unless
// the user has a cache.
const script = `#!/bin/sh
# Runs what this bundle holds: see README.txt. Arguments are those of "loopfault run", such as --trials 10.
here=$(cd "$(dirname "$0")" && pwd) || exit 69
: "${LOOPFAULT_CACHE:=$here/cache}"
export LOOPFAULT_CACHE
exec "$here/loopfault" run --bundle "$here" "$@"
`

// note is README.txt.
func (c Contents) note() string {
	var t strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&t, format, args...) }
	what := fmt.Sprintf("a campaign of scenario %s, %d trials of each arm, seed %d", c.Name, c.Terms.Trials, c.Seed)
	if c.Trial != nil {
		what = fmt.Sprintf("trial %s of scenario %s", c.Trial.Name, c.Name)
	}
	p("This is %s.\n\n"+
		"All that it takes is here: loopfault, kernels, the guests' root image, the scenario. The host needs QEMU\n"+
		"(qemu-system-x86_64) and nothing else: no compiler, no network, no root.\n\n", what)
	if c.Trial != nil {
		p("    ./reproduce              boots a guest, runs the trial, and says whether the same came of it\n" +
			"    ./reproduce --trials 20  up to 20 times, until it does: timing is not in a seed\n\n")
		p("What came of it was: %s %s\n\n", c.Trial.Verdict, c.Trial.Title)
	} else {
		p("    ./reproduce                runs the campaign, into ./results-data\n" +
			"    ./reproduce --shard 2/8    runs the second of eight parts of it, as one of eight machines\n\n")
	}
	p("Exit codes: 0 clean, 1 a hang or crash, 2 inconclusive, 64 bad usage, 69 something is wrong with the host.\n\n")
	p("Arms:\n")
	for _, a := range c.Arms {
		role := ""
		switch {
		case a.Control:
			role = ", a control: a bug was planted in it on purpose"
		case a.NoFault:
			role = ", runs without the scenario's faults"
		}
		p("    %s: kernel %s in %s%s\n", a.Name, a.Kernel, a.Dir, role)
	}
	p("\nSizes, unpacked (%s together):\n", size(c.Bytes()))
	for _, part := range c.parts() {
		p("    %-12s %s\n", part.Name, size(part.Bytes))
	}
	p("\nThe files are what SHA256SUMS says (sha256sum -c SHA256SUMS).\n\n" +
		"Licences: loopfault is under Apache-2.0, kernels and kernel patches are under GPL-2.0-only; the texts are in\n" +
		"LICENSES. kernels/*/SOURCE.txt says where each kernel's source is had; its patches and its configuration lie\n" +
		"beside it. image/manifest.json lists the Debian packages of the root image with their versions; their sources\n" +
		"are at https://snapshot.debian.org.\n")
	return t.String()
}

// parts are the top-level files and directories, the largest first.
func (c Contents) parts() (list []File) {
	for _, f := range c.Files {
		top, _, below := strings.Cut(f.Name, "/")
		if kernel, _, deeper := strings.Cut(strings.TrimPrefix(f.Name, kernelsDir+"/"), "/"); top == kernelsDir && deeper {
			top = path.Join(kernelsDir, kernel)
		}
		if !below && !f.Program {
			continue
		}
		i := slices.IndexFunc(list, func(p File) bool { return p.Name == top })
		if i < 0 {
			i = len(list)
			list = append(list, File{Name: top})
		}
		list[i].Bytes += f.Bytes
	}
	slices.SortStableFunc(list, func(a, b File) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return list
}

func size(n int64) string { return humanize.IBytes(uint64(n)) }
