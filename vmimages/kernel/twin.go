package kernel

import (
	"bytes"
	"encoding/hex"
	"os"
	"slices"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// Keyed finds a build by its key, whatever its name refers to by now. Errors are Usage errors.
func Keyed(c *cache.Cache, key string) (Build, error) {
	if sum, err := hex.DecodeString(key); err != nil || len(sum) != 32 {
		return Build{}, errs.Usagef("kernel key %q: want 64 hex digits", key)
	}
	b, err := load(c.Path(roomBuilds, key))
	if err != nil {
		return Build{}, errs.Usagef("kernel %.12s is not in the cache: %w", key, err)
	}
	return b, nil
}

// Twins are the named builds whose code is that of b, byte for byte: one with debug information tells where b's
// functions stand in the source.
func Twins(c *cache.Cache, b Build) ([]Build, error) {
	list, err := List(c)
	if err != nil || b.SourceHash == "" || b.SystemMap == "" {
		return nil, err
	}
	code, err := codeOf(b)
	if err != nil {
		return nil, err
	}
	var twins []Build
	for _, t := range list {
		if t.Key == b.Key || t.SourceHash != b.SourceHash || t.SystemMap == "" || !slices.EqualFunc(t.Patches, b.Patches, samePatch) {
			continue
		}
		// Equal sources do not make equal code, since configurations differ; the addresses of all functions tell.
		if its, err := codeOf(t); err == nil && bytes.Equal(code, its) {
			twins = append(twins, t)
		}
	}
	return twins, nil
}

func samePatch(a, b AppliedPatch) bool { return a.SHA256 == b.SHA256 && a.Reverse == b.Reverse }

// codeOf is the part of a build's System.map that is about functions.
func codeOf(b Build) ([]byte, error) {
	text, err := os.ReadFile(b.SystemMap)
	if err != nil {
		return nil, errs.Infraf("kernel %s: %w", b.Name, err)
	}
	var code []byte
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) == 3 && bytes.ContainsAny(fields[1], "tTwW") {
			code = append(code, line...)
		}
	}
	return code, nil
}
