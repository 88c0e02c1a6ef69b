package kernel

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed patches/*.patch
var patchFiles embed.FS

//go:embed fragments/*.config
var fragmentFiles embed.FS

//go:embed flavours/*.config
var flavourFiles embed.FS

// debianSource is the source of the catalogue's kernels, and olderSource that of
// the one that needs a package of its own, which set-up does not install.
const (
	debianSource = "debian:6.12"
	olderSource  = "debian:6.1"
)

// Catalogue returns the kernels that come with the program: the unchanged one,
// one for each patch in patches/ and one for each flavour, a fragment in
// flavours/ on top of the others, named like their files; and the unchanged one
// of an older series.
func Catalogue() []Spec {
	specs := []Spec{{Name: "stock", Source: debianSource}, {Name: "stock-6.1", Source: olderSource}}
	for name, text := range embedded(patchFiles, "patches") {
		specs = append(specs, Spec{
			Name:    strings.TrimSuffix(name, ".patch"),
			Source:  debianSource,
			Patches: []Patch{{Name: name, Text: text}},
		})
	}
	for name, text := range embedded(flavourFiles, "flavours") {
		specs = append(specs, Spec{
			Name:      strings.TrimSuffix(name, ".config"),
			Source:    debianSource,
			Fragments: []Fragment{{Name: name, Text: text}},
		})
	}
	return specs
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
// names. They were there when the program was built, so reading cannot fail.
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
