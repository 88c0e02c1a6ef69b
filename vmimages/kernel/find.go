package kernel

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// Files of a build directory.
const (
	fileBzImage   = "bzImage"
	fileVmlinux   = "vmlinux"
	fileSystemMap = "System.map"
	fileConfig    = "config"
	fileInitrd    = "initrd"
	fileRecord    = "build.json"
	fileNotes     = "notes" // a directory
)

// load reads a build directory of the cache.
func load(dir string) (Build, error) {
	text, err := os.ReadFile(filepath.Join(dir, fileRecord))
	if err != nil {
		return Build{}, err
	}
	var b Build
	if err := json.Unmarshal(text, &b); err != nil {
		return Build{}, err
	}
	b.place(dir, map[*string]string{
		&b.BzImage: fileBzImage, &b.Vmlinux: fileVmlinux, &b.SystemMap: fileSystemMap, &b.Config: fileConfig,
		&b.Initrd: fileInitrd,
	})
	if b.BzImage == "" {
		return Build{}, fs.ErrNotExist
	}
	return b, nil
}

// place fills in the paths of the files that are there.
func (b *Build) place(dir string, files map[*string]string) {
	b.Dir = dir
	for field, name := range files {
		*field = ""
		if st, err := os.Stat(filepath.Join(dir, name)); err == nil && st.Mode().IsRegular() {
			*field = filepath.Join(dir, name)
		}
	}
}

// named binds name to a build.
func (b *Builder) named(built Build, name string) (Build, error) {
	built.Name = name
	link, to := b.Cache.Path(roomNames, name), filepath.Join("..", "builds", built.Key)
	if old, err := os.Readlink(link); err == nil && old == to {
		return built, nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return Build{}, err
	}
	if err := renameio.Symlink(to, link); err != nil {
		return Build{}, errs.Infraf("cannot name kernel %s: %w", name, err)
	}
	return built, nil
}

// List returns the named builds of a cache, sorted by name.
func List(c *cache.Cache) ([]Build, error) {
	entries, err := os.ReadDir(c.Path(roomNames))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errs.Infraf("cannot list kernels: %w", err)
	}
	var list []Build
	for _, e := range entries {
		dir, err := filepath.EvalSymlinks(c.Path(roomNames, e.Name()))
		if err != nil {
			continue // its build was removed by hand
		}
		b, err := load(dir)
		if err != nil {
			continue
		}
		b.Name = e.Name()
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Build) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Resolve finds a kernel by what a user calls it: the name of a build, the path of
// a bzImage, or the directory of a kernel build. Names win over files. What is
// not known about a kernel stays empty in the Build; errors are Usage errors.
func Resolve(c *cache.Cache, k string) (Build, error) {
	list, err := List(c)
	if err != nil {
		return Build{}, err
	}
	for _, b := range list {
		if b.Name == k {
			return b, nil
		}
	}
	st, err := os.Stat(k)
	switch {
	case k == "" || err != nil && !strings.ContainsRune(k, filepath.Separator):
		return Build{}, unknown(k, list)
	case err != nil:
		return Build{}, errs.Usagef("kernel: %w", err)
	case st.IsDir():
		return fromTree(k)
	}
	return fromImage(k)
}

func unknown(k string, list []Build) error {
	var built, known []string
	for _, b := range list {
		built = append(built, b.Name)
		known = append(known, b.Name)
	}
	inCatalogue := len(SeriesOf(k)) > 0 || strings.ContainsAny(k, at+plus) && !strings.ContainsRune(k, filepath.Separator)
	if _, err := Named(k); err == nil {
		return errs.Usagef("kernel %s is not built yet: run loopfault kernel build %s", k, k)
	} else if inCatalogue {
		return err
	}
	for _, name := range CatalogueNames() {
		if !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	have := "none is built yet"
	if len(built) > 0 {
		have = "built are " + strings.Join(built, ", ")
	}
	return errs.Usagef("no kernel %q%s (%s; loopfault kernel list has those that can be built, and a path of a bzImage or of a kernel build works too)", k, didYouMean(k, known), have)
}

// fromTree takes a directory in which somebody built a kernel.
func fromTree(dir string) (Build, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Build{}, errs.Usagef("kernel %s: %w", dir, err)
	}
	if b, err := load(dir); err == nil {
		return b, nil
	}
	image := filepath.Join(dir, "arch/x86/boot/bzImage")
	if _, err := os.Stat(image); err != nil {
		return Build{}, errs.Usagef("kernel %s holds no built kernel: there is no arch/x86/boot/bzImage in it", dir)
	}
	b, err := fromImage(image)
	if err != nil {
		return Build{}, err
	}
	b.place(dir, map[*string]string{&b.Vmlinux: "vmlinux", &b.SystemMap: "System.map", &b.Config: ".config"})
	b.Name = dir
	if b.Config != "" {
		text, err := os.ReadFile(b.Config)
		if err != nil {
			return Build{}, errs.Usagef("kernel %s: %w", dir, err)
		}
		sum := sha256.Sum256(text)
		b.ConfigHash, b.Instrumentation = hex.EncodeToString(sum[:]), parseConfig(text).instrumentation()
	}
	return b, nil
}

// Offsets in the header of an x86 boot image (Documentation/arch/x86/boot.rst).
const (
	offBootFlag = 0x1fe
	offMagic    = 0x202
	offVersion  = 0x20e // where the version string is, counted from 0x200
	bootFlag    = 0xaa55
)

// fromImage takes a bzImage and reads its version out of the boot header.
func fromImage(path string) (Build, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Build{}, errs.Usagef("kernel %s: %w", path, err)
	}
	f, err := os.Open(abs)
	if err != nil {
		return Build{}, errs.Usagef("kernel: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Build{}, errs.Usagef("kernel: %w", err)
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Build{}, errs.Usagef("cannot read kernel %s: %w", path, err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return Build{}, errs.Usagef("%s is an ELF file, not a bzImage: give the bzImage (arch/x86/boot/bzImage) or the whole build directory", path)
	case n < offVersion+2 || binary.LittleEndian.Uint16(head[offBootFlag:]) != bootFlag || string(head[offMagic:offMagic+4]) != "HdrS":
		return Build{}, errs.Usagef("%s is no x86 kernel image: it has no boot header", path)
	}
	h := sha256.New()
	h.Write(head)
	if _, err := io.Copy(h, f); err != nil {
		return Build{}, errs.Usagef("cannot read kernel %s: %w", path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return Build{
		Name: path, Key: sum, Version: bootVersion(head), Dir: filepath.Dir(abs), BzImage: abs,
		ImageHash: sum, Patches: []AppliedPatch{}, Built: st.ModTime().UTC(),
	}, nil
}

// bootVersion is the first word of the version string, "" if the header has none.
func bootVersion(head []byte) string {
	off := int(binary.LittleEndian.Uint16(head[offVersion:]))
	if off == 0 || off+0x200 >= len(head) {
		return ""
	}
	text, _, _ := bytes.Cut(head[off+0x200:], []byte{0})
	word, _, _ := strings.Cut(string(text[:min(len(text), 256)]), " ")
	return word
}
