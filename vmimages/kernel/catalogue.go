package kernel

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

// patchFiles are the catalogue's patches, in the usual shape and in those that other
// versions of the source need.
//
//go:embed patches
var patchFiles embed.FS

const patchDir = "patches"

//go:embed fragments/*.config
var fragmentFiles embed.FS

//go:embed flavours/*.config
var flavourFiles embed.FS

// olderAlias is what the unchanged kernel of an older series was called before series were
// part of names.
const olderAlias, olderSeries = "stock-6.1", "6.1"

// Catalogue returns the kernels that come with the program, of the default series and
// under the names without one: the unchanged one, one for each patch in patches/ and
// one for each flavour, a fragment in flavours/ on top of the others, named like
// their files.
func Catalogue() []Spec {
	specs, _ := catalogueOf("")
	return specs
}

// catalogueOf returns the kernels of a series, "" being the default one, and why others
// do not exist in it, by name.
func catalogueOf(series string) (specs []Spec, absent map[string]string) {
	suffix := at + series
	if series == "" {
		suffix, series = "", DefaultSeries
	}
	v, _ := parseVersion(series) // of ours
	source, absent := DebianPrefix+series, map[string]string{}
	specs = []Spec{{Name: "stock" + suffix, Source: source}}
	for file := range embedded(patchFiles, patchDir) {
		name := strings.TrimSuffix(file, ".patch")
		patch, why := planted(name, v)
		if why != "" {
			absent[name+suffix] = why
			continue
		}
		specs = append(specs, Spec{Name: name + suffix, Source: source, Patches: []Patch{patch}})
	}
	for file, text := range embedded(flavourFiles, "flavours") {
		specs = append(specs, Spec{
			Name:      strings.TrimSuffix(file, ".config") + suffix,
			Source:    source,
			Fragments: []Fragment{{Name: file, Text: text}},
		})
	}
	if suffix == "" {
		specs = append(specs, Spec{Name: olderAlias, Source: DebianPrefix + olderSeries})
	}
	return specs, absent
}

// BaseFragments returns the fragments that every build starts from, in the
// order in which they are applied on top of tinyconfig.
func BaseFragments() []Fragment {
	var list []Fragment
	for name, text := range embedded(fragmentFiles, "fragments") {
		list = append(list, Fragment{Name: name, Text: text})
	}
	return list
}

// embedded yields the files of a compiled-in directory in the order of their
// names. They are compiled in, so reading cannot fail.
func embedded(files embed.FS, dir string) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			text, err := files.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				panic(err)
			}
			if !yield(e.Name(), text) {
				return
			}
		}
	}
}
