package bundle

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"loopfault"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/progress"
)

// Spec says what to pack. Its Contents have everything but the directories of kernels and the files.
type Spec struct {
	Contents
	Scenario []byte         // its YAML
	Kernels  []kernel.Build // of the arms
	Image    image.Image
	Program  string // path of loopfault itself
}

// Add adds an arm.
func (s *Spec) Add(a Arm, k kernel.Build) {
	s.Arms, s.Kernels = append(s.Arms, a), append(s.Kernels, k)
}

// source is where a file of the bundle comes from: a path, or its text.
type source struct {
	File
	path string
	text []byte
}

func (s source) open() (io.ReadCloser, error) {
	if s.path == "" {
		return io.NopCloser(bytes.NewReader(s.text)), nil
	}
	return os.Open(s.path)
}

// Pack writes a bundle, and returns what it has in it.
func Pack(ctx context.Context, w io.Writer, s Spec, report progress.Func) (Contents, error) {
	files, err := s.sources()
	if err != nil {
		return Contents{}, err
	}
	step := report.Begin("bundle", "packing "+s.Name, 10*time.Second)
	defer step.End()
	if err := sumAll(ctx, files); err != nil {
		return Contents{}, err
	}
	c := s.Contents
	c.Format = Format
	for _, f := range files {
		c.Files = append(c.Files, f.File)
	}
	note := source{File: File{Name: noteFile}, text: []byte(c.note())}
	if err := note.sum(); err != nil {
		return Contents{}, err
	}
	files = append(files, note)
	c.Files = append(c.Files, note.File)
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return Contents{}, err
	}
	return c, write(ctx, w, append(text, '\n'), files, func(done int64) { step.Advance(done, c.Bytes()) })
}

// sources are all files of the bundle by name, except the note, which tells their sizes.
func (s *Spec) sources() ([]source, error) {
	files, err := s.machine()
	if err != nil {
		return nil, err
	}
	files = append(files,
		source{File: File{Name: programFile, Program: true}, path: s.Program},
		source{File: File{Name: scriptFile, Program: true}, text: []byte(script)},
		source{File: File{Name: scenarioFile}, text: s.Scenario})
	texts, err := loopfault.Licences.ReadDir(licencesDir)
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		text, err := loopfault.Licences.ReadFile(path.Join(licencesDir, t.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, source{File: File{Name: path.Join(licencesDir, t.Name())}, text: text})
	}
	slices.SortFunc(files, func(a, b source) int { return cmp.Compare(a.Name, b.Name) })
	return files, nil
}

// machine are the files of kernels and root image.
func (s *Spec) machine() ([]source, error) {
	record, err := s.Image.Record()
	if err != nil {
		return nil, err
	}
	files := []source{
		{File: File{Name: path.Join(imageDir, image.FSName)}, path: s.Image.Path},
		{File: File{Name: path.Join(imageDir, image.Manifest)}, text: record},
	}
	s.Arms = slices.Clone(s.Arms)
	for i, k := range s.Kernels {
		at := slices.IndexFunc(s.Kernels, func(o kernel.Build) bool { return o.ImageHash == k.ImageHash && o.Name == k.Name })
		s.Arms[i].Dir = path.Join(kernelsDir, fmt.Sprint(at+1))
		if at < i {
			continue // two arms may have one kernel
		}
		own, err := kernelFiles(k, s.Arms[i].Dir)
		if err != nil {
			return nil, err
		}
		files = append(files, own...)
	}
	return files, nil
}

// kernelFiles are a kernel with what is to be handed on with it: configuration, patches, and where its source is had.
func kernelFiles(k kernel.Build, dir string) (files []source, err error) {
	for name, from := range k.Carried() {
		f := source{File: File{Name: path.Join(dir, name)}, path: from}
		if from == "" {
			if f.text, err = k.Record(); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	files = append(files, source{File: File{Name: path.Join(dir, "SOURCE.txt")}, text: []byte(k.SourceNote())})
	have := map[string]bool{}
	for _, p := range slices.Concat(k.Patches, k.InstrumentationPatches) {
		text, ok := kernel.PatchText(p.SHA256)
		if name := path.Join(dir, "patches", path.Base(p.Name)); ok && !have[name] {
			have[name] = true
			files = append(files, source{File: File{Name: name}, text: text})
		}
	}
	return files, nil
}

func sumAll(ctx context.Context, files []source) error {
	for i := range files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := files[i].sum(); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) sum() error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	if s.Bytes, err = io.Copy(h, in); err != nil {
		return err
	}
	s.SHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
}

// write writes the archive: the contents first, so that all that follows is known when it is unpacked.
func write(ctx context.Context, w io.Writer, contents []byte, files []source, tell func(int64)) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) // the same bytes on any number of processors
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewWriter(z)
	head := source{File: File{Name: contentsFile, Bytes: int64(len(contents))}, text: contents}
	if err := head.sum(); err != nil {
		return err
	}
	sums := ""
	done := int64(0)
	for _, f := range append([]source{head}, files...) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		sums += f.SHA256 + "  " + f.Name + "\n"
		if err := f.write(t); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		done += f.Bytes
		tell(done)
	}
	last := source{File: File{Name: sumsFile, Bytes: int64(len(sums))}, text: []byte(sums)}
	if err := last.write(t); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

// epoch is the time of every file in a bundle; any fixed time works.
var epoch = time.Unix(0, 0)

func (s source) write(t *tar.Writer) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	h := tar.Header{Typeflag: tar.TypeReg, Name: s.Name, Size: s.Bytes, Mode: int64(s.mode()), ModTime: epoch, Format: tar.FormatPAX}
	if err := t.WriteHeader(&h); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(t, sum), in); err != nil {
		return err
	}
	if s.SHA256 != "" && hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
		return fmt.Errorf("it changed while it was packed")
	}
	return nil
}

func (f File) mode() os.FileMode {
	if f.Program {
		return 0o755
	}
	return 0o644
}
