package session

import (
	"errors"
	"io"

	"loopfault/errs"
	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/symbols"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// symbolizer returns a function that adds source lines to reports, for kernels whose exact build is still in
// the cache with its debug information; other reports stay as printed. The second function saves the answers.
func (e *Session) symbolizer(m store.Manifest) (func(store.Arm, *kernelreport.Report), func() error) {
	open := map[string]*SourceLines{} // by arm; nil: there are none
	add := func(arm store.Arm, r *kernelreport.Report) {
		lines, known := open[arm.Name]
		if !known {
			lines = linesOf(arm)
			open[arm.Name] = lines
		}
		lines.Decode(r)
	}
	return add, func() error {
		var errs []error
		for _, lines := range open {
			errs = append(errs, lines.Close(io.Discard))
		}
		return errors.Join(errs...)
	}
}

// linesOf opens the vmlinux with the source lines of an arm's kernel, nil if there is none: that exact build
// was removed, or neither it nor a twin has debug information.
func linesOf(arm store.Arm) *SourceLines {
	c, err := cache.Open("")
	if err != nil {
		return nil
	}
	built, err := kernel.Resolve(c, arm.Kernel)
	if err != nil || built.ImageHash != arm.KernelHash { // built anew under that name
		built, err = kernel.Keyed(c, arm.KernelKey)
	}
	if err != nil || built.ImageHash != arm.KernelHash {
		return nil
	}
	lines, err := linesOfBuild(c, built)
	if err != nil {
		return nil
	}
	return lines
}

// linesOfBuild opens the vmlinux of a build, or of a twin if only that has debug information.
func linesOfBuild(c *cache.Cache, built kernel.Build) (*SourceLines, error) {
	lines, err := openLines(c, built.Vmlinux)
	if err == nil {
		return lines, nil
	}
	twins, terr := kernel.Twins(c, built)
	if terr != nil {
		return nil, terr
	}
	for _, t := range twins {
		if lines, terr := openLines(c, t.Vmlinux); terr == nil {
			return lines, nil
		}
	}
	return nil, err
}

// openLines opens a vmlinux; answers are kept in the cache. The error of one without debug information is
// symbols.ErrNoDebugInfo.
func openLines(c *cache.Cache, vmlinux string) (*SourceLines, error) {
	k, err := symbols.Open(vmlinux)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	d, err := symbols.NewDecoder(k, c.Path("symbols"))
	if err != nil {
		k.Close()
		return nil, err
	}
	return &SourceLines{kernel: k, decoder: d}, nil
}
