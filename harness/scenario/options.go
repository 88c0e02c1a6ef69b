package scenario

import (
	"slices"

	"loopfault/workloads/scenarios"
)

// partOf are options that some kernels do not have because what they stand for is part of
// another there: up to 6.12 NFSv4 cannot be had without 4.0, from 7.2 on not without 4.1.
var partOf = map[string]string{"CONFIG_NFS_V4_0": "CONFIG_NFS_V4", "CONFIG_NFS_V4_1": "CONFIG_NFS_V4"}

// PartOf is the option that stands for this one as well in kernels that do not have it, "" if
// there is none. A kernel that has it says whether it is on as soon as that other is.
func PartOf(option string) string { return partOf[option] }

// NeededOptions are the kernel options that some scenario of the catalogue, or a variant of
// it, cannot run without.
func NeededOptions() []string {
	var needed []string
	add := func(s Scenario) {
		for _, opt := range s.KernelOptions() {
			if PartOf(opt) == "" {
				needed = append(needed, opt)
			}
		}
	}
	for _, name := range scenarios.Names() {
		s, _, err := Find(name)
		if err != nil {
			continue // a test reads them all
		}
		add(s)
		for variant := range s.Variants {
			if v, err := s.vary(variant); err == nil {
				add(v)
			}
		}
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}
