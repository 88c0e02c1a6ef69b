package try

import (
	"path/filepath"

	"loopfault/results/summary"
	"loopfault/vmimages/kernel"
)

// Output is what try --json prints.
type Output struct {
	Seed      uint64        `json:"seed"`
	Base      OutputKernel  `json:"base"`
	Patched   OutputKernel  `json:"patched"`
	Scenarios []OutputCheck `json:"scenarios"` // as far as it came
	Mail      string        `json:"mail"`      // the text to mail
}

// OutputKernel is one of the two kernels.
type OutputKernel struct {
	Name    string                `json:"name"`
	Source  string                `json:"source"`
	Version string                `json:"version"` // uname -r
	Patches []kernel.AppliedPatch `json:"patches"`
}

// OutputCheck is one scenario: its run, with all that summary.json has.
type OutputCheck struct {
	Run       string `json:"run"`
	Dir       string `json:"dir"`
	NoControl string `json:"no_control,omitempty"` // why no kernel with a planted bug ran
	summary.Summary
}

// Output is the outcome as it is printed, of runs in a results directory, with the seed of the plans and the text to mail.
func (o Outcome) Output(results string, seed uint64, mail string) Output {
	out := Output{Seed: seed, Base: outputOf(o.Base), Patched: outputOf(o.Patched), Mail: mail}
	for _, c := range o.Checked {
		out.Scenarios = append(out.Scenarios, OutputCheck{c.Run.Name, filepath.Join(results, c.Run.Name), c.NoControl, c.Run.Summary})
	}
	return out
}

func outputOf(b kernel.Build) OutputKernel {
	return OutputKernel{b.Name, b.Source, b.Version, append([]kernel.AppliedPatch{}, b.Patches...)}
}
