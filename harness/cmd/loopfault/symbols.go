package main

import (
	"errors"
	"fmt"

	"loopfault/results/symbols"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// sourceLines decodes reports and counts what it could.
type sourceLines struct {
	kernel  *symbols.Kernel
	decoder *symbols.Decoder
	tally   symbols.Tally
}

// openSymbols opens the vmlinux that the flags name, or one of the same code; nil if there is none, or none with debug
// information, which is said and no error.
func openSymbols(e *env, vmlinux, name string) (*sourceLines, error) {
	if vmlinux == "" && name == "" {
		return nil, nil
	}
	store, err := cache.Open("")
	if err != nil {
		return nil, err
	}
	if name == "" {
		lines, err := openLines(store, vmlinux)
		return orWithout(e, vmlinux, lines, err)
	}
	built, err := kernel.Resolve(store, name)
	if err != nil {
		return nil, err
	}
	if built.Vmlinux == "" {
		return nil, usagef("kernel %s comes without its vmlinux", name)
	}
	lines, err := linesOfBuild(store, built)
	return orWithout(e, built.Vmlinux, lines, err)
}

// orWithout goes on without lines where there is no debug information, and says so.
func orWithout(e *env, vmlinux string, lines *sourceLines, err error) (*sourceLines, error) {
	if errors.Is(err, symbols.ErrNoDebugInfo) {
		fmt.Fprintf(e.stderr, "loopfault: %s: %v; going on without source lines\n", vmlinux, err)
		return nil, nil
	}
	return lines, err
}

// close keeps what was found out, and says how much that was.
func (s *sourceLines) close(e *env) error {
	if s == nil {
		return nil
	}
	if s.tally.Left > 0 {
		fmt.Fprintf(e.stderr, "loopfault: source lines for %d of %d stack entries:\n", s.tally.Decoded, s.tally.Decoded+s.tally.Left)
		for _, why := range s.tally.Reasons() {
			fmt.Fprintf(e.stderr, "  %s\n", why)
		}
	}
	return errors.Join(s.decoder.Close(), s.kernel.Close())
}
