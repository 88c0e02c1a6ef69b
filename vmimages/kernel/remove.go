package kernel

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// Remove forgets the named kernels that any of the patterns matches ("bisect-*") and
// deletes their builds, but for those that another name stands for as well. It
// returns the names. A pattern that matches nothing is a Usage error, and then
// nothing is removed. Sources and objects stay: building again is quick.
func Remove(c *cache.Cache, patterns ...string) ([]string, error) {
	list, err := List(c)
	if err != nil {
		return nil, err
	}
	gone, err := matching(list, patterns)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, b := range gone {
		if err := os.Remove(c.Path(roomNames, b.Name)); err != nil {
			return names, errs.Infraf("cannot remove kernel %s: %w", b.Name, err)
		}
		names = append(names, b.Name)
	}
	for _, b := range gone {
		if slices.ContainsFunc(list, func(o Build) bool { return o.Key == b.Key && !slices.Contains(names, o.Name) }) {
			continue
		}
		if err := os.RemoveAll(c.Path(roomBuilds, filepath.Base(b.Key))); err != nil {
			return names, errs.Infraf("cannot remove kernel %s: %w", b.Name, err)
		}
	}
	return names, nil
}

// matching lists the builds of all patterns, each once.
func matching(list []Build, patterns []string) (found []Build, err error) {
	for _, p := range patterns {
		none := true
		for _, b := range list {
			match, err := path.Match(p, b.Name)
			if err != nil {
				return nil, errs.Usagef("kernel %q is no name and no pattern: %w", p, err)
			}
			if !match {
				continue
			}
			none = false
			if !slices.ContainsFunc(found, func(o Build) bool { return o.Name == b.Name }) {
				found = append(found, b)
			}
		}
		if none {
			return nil, unknown(p, list)
		}
	}
	return found, nil
}
