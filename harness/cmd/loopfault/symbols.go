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

// openSymbols opens the vmlinux that the flags name; nil if there is none, or none with debug information, which is
// said and no error. Answers are kept in the cache.
func openSymbols(e *env, vmlinux, name string) (*sourceLines, error) {
	if vmlinux == "" && name == "" {
		return nil, nil
	}
	store, err := cache.Open("")
	if err != nil {
		return nil, err
	}
	if name != "" {
		built, err := kernel.Resolve(store, name)
		if err != nil {
			return nil, err
		}
		if vmlinux = built.Vmlinux; vmlinux == "" {
			return nil, usagef("kernel %s comes without its vmlinux", name)
		}
	}
	k, err := symbols.Open(vmlinux)
	if err != nil {
		return nil, usageError{err}
	}
	d, err := symbols.NewDecoder(k, store.Path("symbols"))
	if errors.Is(err, symbols.ErrNoDebugInfo) {
		fmt.Fprintf(e.stderr, "loopfault: %s: %v; going on without source lines\n", vmlinux, err)
		return nil, k.Close()
	}
	return &sourceLines{kernel: k, decoder: d}, err
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
