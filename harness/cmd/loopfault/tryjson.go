package main

import (
	"path/filepath"

	"loopfault/harness/try"
	"loopfault/results/summary"
	"loopfault/vmimages/kernel"
)

// tryOutput is what try --json prints.
type tryOutput struct {
	Seed      uint64       `json:"seed"`
	Base      triedKernel  `json:"base"`
	Patched   triedKernel  `json:"patched"`
	Scenarios []triedCheck `json:"scenarios"` // as far as it came
	Mail      string       `json:"mail"`      // the text to mail
}

// triedKernel is one of the two kernels.
type triedKernel struct {
	Name    string                `json:"name"`
	Source  string                `json:"source"`
	Version string                `json:"version"` // uname -r
	Patches []kernel.AppliedPatch `json:"patches"`
}

// triedCheck is one scenario: its run, with all that summary.json has.
type triedCheck struct {
	Run       string `json:"run"`
	Dir       string `json:"dir"`
	NoControl string `json:"no_control,omitempty"` // why no kernel with a planted bug ran
	summary.Summary
}

func tryOutputOf(e *env, out try.Outcome, seed uint64, mail string) tryOutput {
	t := tryOutput{Seed: seed, Base: triedKernelOf(out.Base), Patched: triedKernelOf(out.Patched), Mail: mail}
	for _, c := range out.Checked {
		t.Scenarios = append(t.Scenarios, triedCheck{c.Run.Name, filepath.Join(e.Results, c.Run.Name), c.NoControl, c.Run.Summary})
	}
	return t
}

func triedKernelOf(b kernel.Build) triedKernel {
	return triedKernel{b.Name, b.Source, b.Version, append([]kernel.AppliedPatch{}, b.Patches...)}
}
