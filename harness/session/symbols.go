package session

import (
	"errors"
	"fmt"
	"io"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/symbols"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// SourceLines adds source lines to reports and counts what it could.
type SourceLines struct {
	kernel  *symbols.Kernel
	decoder *symbols.Decoder
	tally   symbols.Tally
}

// Decode adds source lines to a report; without any it stays as it is.
func (s *SourceLines) Decode(r *kernelreport.Report) {
	if s != nil {
		s.decoder.Decode(r, &s.tally)
	}
}

// OpenSymbols opens the vmlinux that the flags name, or one of the same code; nil if there is none, or none
// with debug information, which is a warning and no error.
func (e *Session) OpenSymbols(vmlinux, name string) (*SourceLines, error) {
	if vmlinux == "" && name == "" {
		return nil, nil
	}
	store, err := cache.Open("")
	if err != nil {
		return nil, err
	}
	if name == "" {
		lines, err := openLines(store, vmlinux)
		return e.orWithout(vmlinux, lines, err)
	}
	built, err := kernel.Resolve(store, name)
	if err != nil {
		return nil, err
	}
	if built.Vmlinux == "" {
		return nil, errs.Usagef("kernel %s has no vmlinux beside it", name)
	}
	lines, err := linesOfBuild(store, built)
	return e.orWithout(built.Vmlinux, lines, err)
}

// orWithout continues without lines if there is no debug information, with a warning.
func (e *Session) orWithout(vmlinux string, lines *SourceLines, err error) (*SourceLines, error) {
	if errors.Is(err, symbols.ErrNoDebugInfo) {
		fmt.Fprintf(e.Warnings, "loopfault: %s: %v; going on without source lines\n", vmlinux, err)
		return nil, nil
	}
	return lines, err
}

// Close saves the answers, and prints how many there were.
func (s *SourceLines) Close(warnings io.Writer) error {
	if s == nil {
		return nil
	}
	if s.tally.Left > 0 {
		fmt.Fprintf(warnings, "loopfault: source lines for %d of %d stack entries:\n", s.tally.Decoded, s.tally.Decoded+s.tally.Left)
		for _, why := range s.tally.Reasons() {
			fmt.Fprintf(warnings, "  %s\n", why)
		}
	}
	return errors.Join(s.decoder.Close(), s.kernel.Close())
}
