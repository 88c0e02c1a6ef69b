package main

import (
	"errors"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/symbols"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// symbolizer gives what adds source lines to reports of a run's kernels, for those whose very build is still in the
// cache with its debug information; the others are left as printed. The second function keeps the answers.
func symbolizer(e *env, m store.Manifest) (func(store.Arm, *kernelreport.Report), func() error) {
	open := map[string]*sourceLines{} // by arm; nil: there are none
	var tally symbols.Tally
	add := func(arm store.Arm, r *kernelreport.Report) {
		lines, known := open[arm.Name]
		if !known {
			lines = linesOf(e, arm)
			open[arm.Name] = lines
		}
		if lines != nil {
			lines.decoder.Decode(r, &tally)
		}
	}
	return add, func() error {
		var errs []error
		for _, lines := range open {
			errs = append(errs, lines.close(e))
		}
		return errors.Join(errs...)
	}
}

// linesOf opens the vmlinux of an arm's kernel, nil if it is not there, another one by now, or without debug
// information.
func linesOf(e *env, arm store.Arm) *sourceLines {
	c, err := cache.Open("")
	if err != nil {
		return nil
	}
	built, err := kernel.Resolve(c, arm.Kernel)
	if err != nil || built.ImageHash != arm.KernelHash || built.Vmlinux == "" {
		return nil
	}
	k, err := symbols.Open(built.Vmlinux)
	if err != nil {
		return nil
	}
	if !k.HasDebugInfo() {
		k.Close()
		return nil
	}
	d, err := symbols.NewDecoder(k, c.Path("symbols"))
	if err != nil {
		k.Close()
		return nil
	}
	return &sourceLines{kernel: k, decoder: d}
}
