package session

import (
	"strings"

	"loopfault/results/safefile"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/scenarios"
)

// NamesFor are the values that a flag or an argument of the command line may have by its name, as far as they can be listed at
// once: a shell waits for them.
func (e *Session) NamesFor(argument string) []string {
	switch argument {
	case "scenario", "scenarios":
		return scenarios.Names()
	case "kernel":
		names := kernel.CatalogueNames()
		for _, name := range kernel.CatalogueNames() {
			for _, series := range kernel.SeriesOf(name) {
				names = append(names, name+"@"+series)
			}
		}
		return names
	case "run", "trial", "trial-or-text":
		return append(e.runNames(), "latest")
	}
	return nil
}

// runNames reads them from the directory: a completion must not wait for an index.
func (e *Session) runNames() (list []string) {
	entries, _ := safefile.ListIn(e.Results, ".")
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			list = append(list, entry.Name())
		}
	}
	return list
}
