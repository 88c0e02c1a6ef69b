package kernel

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"loopfault/errs"
)

// Carried are the files of a build that guests need, and that a build is known by where it is carried to: by name in the
// directory that Load reads, with the path of each, "" for the one that Record writes.
func (b Build) Carried() map[string]string {
	files := map[string]string{fileRecord: ""}
	for name, path := range map[string]string{fileBzImage: b.BzImage, fileConfig: b.Config, fileInitrd: b.Initrd} {
		if path != "" {
			files[name] = path
		}
	}
	return files
}

// Record is build.json without the paths that a build has on this machine.
func (b Build) Record() ([]byte, error) {
	b.Dir, b.BzImage, b.Vmlinux, b.SystemMap, b.Config, b.Initrd = "", "", "", "", "", ""
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

// Load reads a build from a directory that it was carried to.
func Load(dir string) (Build, error) {
	b, err := load(dir)
	if err != nil {
		return Build{}, errs.Usagef("kernel in %s: %w", dir, err)
	}
	return b, nil
}

// PatchText is the text of a patch of the catalogue, or of the instrumentation, by its sha256; false for a user's own,
// whose text is not kept.
func PatchText(sum string) (text []byte, ok bool) {
	for _, files := range []embed.FS{patchFiles, instrumentationFiles} {
		_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".patch" {
				return err
			}
			this, err := files.ReadFile(name)
			if own := sha256.Sum256(this); hex.EncodeToString(own[:]) == sum {
				text, ok = this, true
				return fs.SkipAll
			}
			return err
		})
	}
	return text, ok
}

// SourceNote says in lines what a build was made from, and how its source is had.
func (b Build) SourceNote() string {
	var t strings.Builder
	line := func(what, says string) {
		if says != "" {
			fmt.Fprintf(&t, "%-14s %s\n", what+":", says)
		}
	}
	line("kernel", b.Name)
	line("version", b.Version)
	line("source", b.Source)
	line("commit", b.Commit)
	line("source sha256", b.SourceHash)
	line("compiler", b.Compiler)
	line("configuration", strings.Join(append([]string{"config"}, b.Fragments...), ", "))
	for _, p := range append(b.Patches[:len(b.Patches):len(b.Patches)], b.InstrumentationPatches...) {
		says := p.Name + ", sha256 " + p.SHA256
		if p.Reverse {
			says += ", taken out"
		}
		if _, ok := PatchText(p.SHA256); !ok {
			says += ", a file of whoever built it"
		}
		line("patch", says)
	}
	for _, words := range b.Commands() {
		line("built by", strings.Join(words, " "))
	}
	if strings.HasPrefix(b.Source, DebianPrefix) {
		line("had from", "the Debian archive, https://snapshot.debian.org for older versions")
	}
	return t.String()
}
